//! Bytes become letters: by the charset that is named, unless the bytes themselves say otherwise.

mod shift;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Most bytes that are looked at to tell a charset.
const LOOKED_AT: usize = 64 * 1024;

/// Reads text in the charset of that label; without one, or under one that is wrong, by what the bytes look like.
pub(super) fn decode(label: Option<&str>, bytes: &[u8]) -> String {
    let label = label.map(tidy).unwrap_or_default();
    if let Some(shifted) = shift::named(&label) {
        return shifted.decode(bytes);
    }
    if bytes.is_ascii() && !bytes.contains(&0x1B) && !seven_bit(&label) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    match named(&label) {
        // UTF-8 under a western label is always a wrong label: no western text is UTF-8 by chance.
        Some(e) if e == WINDOWS_1252 && std::str::from_utf8(bytes).is_ok() => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Some(e) if e == UTF_8 => unlabelled(bytes),
        Some(e) => e.decode(bytes).0.into_owned(),
        None => match charset_decoder(label.as_bytes())
            .filter(|_| !label.is_empty() && !is_no_label(&label))
        {
            Some(decode) => decode(bytes),
            None => unlabelled(bytes),
        },
    }
}

/// A label without quotes, comments and spaces.
fn tidy(label: &str) -> String {
    label
        .trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ';' | ',')
        })
        .split(['*', ';', ' '])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// Labels that name no charset.
fn is_no_label(label: &str) -> bool {
    label.contains("unknown")
        || matches!(
            label,
            "default" | "default_charset" | "none" | "binary" | "8bit" | "x-user-defined" | "ansi"
        )
}

/// Charsets whose text looks like ASCII while it is not.
fn seven_bit(label: &str) -> bool {
    label.contains("utf-7")
        || label.contains("utf7")
        || label.starts_with("utf-16")
        || label.starts_with("hz")
        || label.starts_with("iso-2022")
}

fn named(label: &str) -> Option<&'static Encoding> {
    if is_no_label(label) {
        return None;
    }
    let alias = match label {
        "ascii" | "us-ascii" | "usascii" | "us" | "ansi_x3.4-1968" | "646" | "iso646-us"
        | "utf8mb4" | "utf_8" | "unicode-1-1-utf-8" | "utf-8-sig" => "utf-8",
        "cp932" | "ms932" | "windows-932" | "x-ms-cp932" => "shift_jis",
        "cp936" | "ms936" | "windows-936" | "gb-2312" | "gb18030-2000" | "gb_18030" => "gb18030",
        "cp949" | "ms949" | "windows-949" | "uhc" | "x-windows-949" | "ks_c_5601" | "ksc5601"
        | "ks-c-5601-1987" => "euc-kr",
        "cp950" | "ms950" | "windows-950" | "big-5" | "x-windows-950" => "big5",
        "cp874" | "tis620" | "ms874" => "windows-874",
        "unicode" | "ucs-2" | "utf16" => "utf-16",
        "koi8r" | "koi-8" => "koi8-r",
        other => other,
    };
    // `win1251`, `cp-1252`, `windows1250`, `x-ansi-1252`: a code page by its number alone.
    let number = alias
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    let page = (number.len() == 4 && number.starts_with("125") && !alias.starts_with("iso"))
        .then(|| format!("windows-{number}"));
    let spaced = alias.replace('_', "-");
    [Some(alias), page.as_deref(), Some(spaced.as_str())]
        .into_iter()
        .flatten()
        .filter_map(|l| Encoding::for_label_no_replacement(l.as_bytes()))
        .next()
}

/// Text whose charset nobody names.
fn unlabelled(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let escapes = bytes
            .windows(3)
            .any(|w| matches!(w, b"\x1b$B" | b"\x1b$@" | b"\x1b(J"));
        let says = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
        if bytes.contains(&0x0E) && says(shift::KOREAN) {
            return shift::Shifted::Korean.decode(bytes);
        }
        return if escapes {
            ISO_2022_JP.decode(bytes).0.into_owned()
        } else {
            text.trim_start_matches('\u{FEFF}').to_owned()
        };
    }
    // UTF-8 that was cut or damaged in a place or two is still UTF-8.
    let lossy = String::from_utf8_lossy(bytes);
    let (mut lost, mut good) = (0usize, 0usize);
    for c in lossy.chars().filter(|c| !c.is_ascii()) {
        *(if c == '\u{FFFD}' {
            &mut lost
        } else {
            &mut good
        }) += 1;
    }
    if good > 4 * lost {
        return lossy.into_owned();
    }
    if matches!(bytes.get(..2), Some([0xFF, 0xFE] | [0xFE, 0xFF])) {
        return UTF_8.decode(bytes).0.into_owned();
    }
    guess(bytes).decode(bytes).0.into_owned()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..LOOKED_AT).unwrap_or(bytes), true);
    let told = detector.guess(None, Utf8Detection::Deny);
    // A few letters among ASCII are western ones; the detector needs more than that to tell anything else.
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    if high <= 3 && bytes.len() > 3 * high {
        WINDOWS_1252
    } else {
        told
    }
}

/// Header bytes as text: UTF-8, else the charset that the mail names, else by what they look like.
pub(super) fn header(bytes: &[u8], declared: Option<&str>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => decode(declared, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood_under_the_names_programs_give_them() {
        for (label, bytes, want) in [
            ("iso-8859-1", &b"\x93a\x94 \x80"[..], "\u{201C}a\u{201D} €"),
            ("\"utf8\"", "ü".as_bytes(), "ü"),
            ("UTF-8; format=flowed", "ü".as_bytes(), "ü"),
            ("gb2312", b"\x81\x30\x81\x36\xc4\xe3", "\u{86}你"),
            ("ks_c_5601-1987", b"\xc7\xd1", "한"),
            ("cp-1252", b"\xfc", "ü"),
            ("win-1251", b"\xcf\xf0", "Пр"),
            ("cp850", b"\x81", "ü"),
            ("cp932", b"\x82\xa0", "あ"),
            ("iso-2022-jp", b"\x1b$B$\"\x1b(B", "あ"),
            ("iso-2022-kr", b"\x1b$)C\x0eGQ\x0f", "한"),
            ("ISO_2022-KR", b"\x0eGQ\x0f", "한"),
            ("hz-gb-2312", b"~{VP~}", "中"),
            ("utf-7", b"+APw-", "ü"),
            ("x-unknown", b"Gr\xfc\xdfe", "Grüße"),
            ("unknown-8bit", "Grüße".as_bytes(), "Grüße"),
            ("nonsense", b"Gr\xfc\xdfe", "Grüße"),
            ("us-ascii", b"Stra\xdfe", "Straße"),
            ("koi8-r", b"\xc4\xc1", "да"),
        ] {
            assert_eq!(decode(Some(label), bytes), want, "{label}");
        }
    }

    #[test]
    fn a_wrong_western_label_over_utf_8_is_not_believed() {
        assert_eq!(
            decode(Some("iso-8859-1"), "Grüße aus Köln".as_bytes()),
            "Grüße aus Köln"
        );
    }

    #[test]
    fn text_without_a_label_is_told_by_its_bytes() {
        let russian = "Здравствуйте, подскажите пожалуйста, когда будет доставлен мой заказ?";
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode(russian);
        assert_eq!(decode(None, &cyrillic), russian);
        let (koi, _, _) = encoding_rs::KOI8_R.encode(russian);
        assert_eq!(decode(None, &koi), russian);
        let japanese = "ご注文ありがとうございます。商品は明日発送いたします。";
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(japanese);
        assert_eq!(decode(None, &sjis), japanese);
        assert_eq!(decode(None, b"\x1b$B$\"\x1b(B"), "あ");
        assert_eq!(decode(None, b"\x1b$)C\x0eGQ\x0f"), "한");
        assert_eq!(decode(None, b"Gr\xfc\xdfe \x80"), "Grüße €");
    }

    #[test]
    fn utf_8_that_was_cut_in_a_letter_is_still_utf_8() {
        let text = "Grüße aus Köln, schöne Tage, müde";
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0xC3);
        assert_eq!(decode(Some("utf-8"), &bytes), format!("{text}\u{FFFD}"));
    }
}
