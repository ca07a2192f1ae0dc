//! One normaliser for documents and queries, so that both speak of the same words.
//!
//! NFKC, case fold, ß→ss, ı→i, umlauts also spelled out; Arabic marks and tatweel dropped, alef, ya and ta-marbuta folded, the article also
//! without it; CJK and Thai runs as overlapping pairs; order and phone numbers additionally as one joined word.

use unicode_normalization::UnicodeNormalization;

/// Stored with the index; another version means another index.
pub const VERSION: i64 = 2;

/// A word and where it stands in the source, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Normalised.
    pub word: String,
    /// Start in the source.
    pub start: usize,
    /// End in the source.
    pub end: usize,
}

/// How a text is cut: documents get every form, queries only the one that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find.
    Query,
}

/// The text of a document as the index takes it: its words, one space apart.
#[must_use]
pub fn document(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    append(&mut out, text);
    out
}

/// Put the words of a text behind those that are there. Other forms of words come last, so that phrases stay whole.
pub fn append(out: &mut String, text: &str) {
    let push = |out: &mut String, word: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    };
    let mut others = String::new();
    scan(text, Purpose::Document, &mut |word, _, _, other| {
        push(if other { &mut others } else { out }, word);
    });
    if !others.is_empty() {
        push(out, &others);
    }
}

/// The words of a text with their places; other forms of words come last.
#[must_use]
pub fn tokens(text: &str, purpose: Purpose) -> Vec<Token> {
    let (mut out, mut others) = (Vec::new(), Vec::new());
    scan(text, purpose, &mut |word, start, end, other| {
        let token = Token {
            word: word.to_owned(),
            start,
            end,
        };
        if other {
            others.push(token);
        } else {
            out.push(token);
        }
    });
    out.append(&mut others);
    out
}

/// `Müller` as `mueller`, for words with an umlaut: Germans write both.
#[must_use]
pub fn umlauts_spelled(word: &str) -> Option<String> {
    // An umlaut is one sign, or a letter and U+0308; compatible forms of either are none of these.
    if !word.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü', '\u{0308}']) {
        return None;
    }
    let composed: String = word.nfkc().flat_map(char::to_lowercase).collect();
    if !composed.contains(['ä', 'ö', 'ü']) {
        return None;
    }
    let spelled = composed
        .replace('ä', "ae")
        .replace('ö', "oe")
        .replace('ü', "ue");
    Some(fold(&spelled))
}

/// Takes a word, its place, and whether it is another form of a word that was there already.
type Sink<'a> = dyn FnMut(&str, usize, usize, bool) + 'a;

fn scan(text: &str, purpose: Purpose, sink: &mut Sink<'_>) {
    let mut runs = Runs { text, at: 0 };
    let mut lower = String::new();
    while let Some((start, end, kind)) = runs.next() {
        let run = &text[start..end];
        match kind {
            Kind::Ideographs => pairs(run, start, purpose, sink),
            Kind::Word if run.is_ascii() => {
                lower.clear();
                lower.push_str(run);
                lower.make_ascii_lowercase();
                sink(&lower, start, end, false);
            }
            Kind::Word => word(run, start, end, purpose, sink),
        }
    }
    joined_numbers(text, purpose, sink);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Ideographs,
}

struct Runs<'a> {
    text: &'a str,
    at: usize,
}

impl Runs<'_> {
    fn next(&mut self) -> Option<(usize, usize, Kind)> {
        let rest = &self.text[self.at..];
        let (skip, first) = rest.char_indices().find(|(_, c)| is_word(*c))?;
        let start = self.at + skip;
        let kind = kind_of(first);
        let len = self.text[start..]
            .char_indices()
            .find(|(_, c)| !is_word(*c) || kind_of(*c) != kind)
            .map_or(self.text.len() - start, |(i, _)| i);
        self.at = start + len;
        Some((start, start + len, kind))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && (c.is_alphanumeric() || is_mark(c)))
}

/// Marks that stand inside words: combining marks, Arabic harakat and tatweel, joiners.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0610}'..='\u{061a}' | '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06ed}' | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' | '\u{200c}' | '\u{200d}' | '\u{3099}' | '\u{309a}')
}

fn kind_of(c: char) -> Kind {
    match c {
        '\u{0e00}'..='\u{0e7f}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{20000}'..='\u{323af}'
        | '\u{ff66}'..='\u{ff9f}' => Kind::Ideographs,
        _ => Kind::Word,
    }
}

fn pairs(run: &str, start: usize, purpose: Purpose, sink: &mut Sink<'_>) {
    let chars: Vec<(usize, char)> = run.char_indices().collect();
    let end_of = |i: usize| chars.get(i + 1).map_or(run.len(), |(at, _)| *at);
    if chars.len() == 1 || purpose == Purpose::Document {
        // Single signs are words of their own in documents, so that a query of one sign finds them.
        for (i, (at, _)) in chars.iter().enumerate() {
            sink(
                &fold(&run[*at..end_of(i)]),
                start + at,
                start + end_of(i),
                false,
            );
        }
    }
    for (i, w) in chars.windows(2).enumerate() {
        let (from, to) = (w[0].0, end_of(i + 1));
        sink(&fold(&run[from..to]), start + from, start + to, false);
    }
}

fn word(run: &str, start: usize, end: usize, purpose: Purpose, sink: &mut Sink<'_>) {
    let folded = fold(run);
    if folded.is_empty() {
        return;
    }
    sink(&folded, start, end, false);
    if purpose == Purpose::Query {
        return;
    }
    if let Some(bare) = folded.strip_prefix("ال").filter(|b| b.chars().count() >= 3) {
        sink(bare, start, end, true);
    }
    if let Some(spelled) = umlauts_spelled(run) {
        sink(&spelled, start, end, true);
    }
}

/// The normal form of one word.
fn fold(s: &str) -> String {
    if s.is_ascii() {
        return s.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(s.len());
    if s.chars().all(|c| folded_alone(c, &mut out)) {
        return out;
    }
    folded_together(s)
}

/// Fold a sign that stands for itself whatever is beside it. Most letters of most languages do, and so need none of
/// what Unicode asks for where signs combine.
fn folded_alone(c: char, out: &mut String) -> bool {
    match c {
        _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
        'أ' | 'إ' | 'آ' => out.push('ا'),
        'ى' => out.push('ي'),
        'ة' => out.push('ه'),
        'ß' => out.push_str("ss"),
        'ا'..='غ' | 'ف'..='ي' | '\u{0430}'..='\u{0438}' | '\u{043a}'..='\u{044f}' => {
            out.push(c);
        }
        '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' => out.push(c),
        'À'..='ÿ' => {
            let Some(plain) = PLAIN.get(c as usize - 'À' as usize) else {
                return false;
            };
            out.push(*plain);
        }
        _ => return false,
    }
    true
}

/// The letters from `À` to `ÿ` in lower case without their accents.
const PLAIN: [char; 64] = [
    'a', 'a', 'a', 'a', 'a', 'a', 'æ', 'c', 'e', 'e', 'e', 'e', 'i', 'i', 'i', 'i', 'ð', 'n', 'o',
    'o', 'o', 'o', 'o', '×', 'ø', 'u', 'u', 'u', 'u', 'y', 'þ', 'ß', 'a', 'a', 'a', 'a', 'a', 'a',
    'æ', 'c', 'e', 'e', 'e', 'e', 'i', 'i', 'i', 'i', 'ð', 'n', 'o', 'o', 'o', 'o', 'o', '÷', 'ø',
    'u', 'u', 'u', 'u', 'y', 'þ', 'y',
];

/// The normal form of a word in which signs may combine.
fn folded_together(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.nfkc().flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'ı' => out.push('i'),
            '\u{0307}'
            | '\u{0610}'..='\u{061a}'
            | '\u{0640}'
            | '\u{064b}'..='\u{065f}'
            | '\u{0670}'
            | '\u{06d6}'..='\u{06ed}'
            | '\u{200c}'
            | '\u{200d}' => {}
            'أ' | 'إ' | 'آ' | 'ٱ' => out.push('ا'),
            'ى' => out.push('ي'),
            'ة' => out.push('ه'),
            c => out.push(c),
        }
    }
    unaccented(&out)
}

/// Diacritics are folded here too, so that marks computed from the words agree with the index.
fn unaccented(s: &str) -> String {
    if s.is_ascii() {
        return s.to_owned();
    }
    s.nfd()
        .filter(|c| !matches!(c, '\u{0300}'..='\u{036f}'))
        .nfc()
        .collect()
}

/// `ORD-12 345`, `#12345` and `+49 (30) 123-456` also as one word: letters and digits joined, and for seven
/// digits or more the last seven and nine of them.
fn joined_numbers(text: &str, purpose: Purpose, sink: &mut Sink<'_>) {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let (start, end, digits) = number_run(bytes, i);
        i = end.max(i + 1);
        let raw = &text[start..end];
        let joined: String = raw
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let split = joined.len() != raw.len();
        if split && digits >= 4 && joined.len() <= 32 {
            sink(&joined, start, end, true);
        }
        if digits >= 7 && purpose == Purpose::Document {
            let only: String = joined.chars().filter(char::is_ascii_digit).collect();
            for n in [7, 9] {
                if only.len() > n {
                    sink(&only[only.len() - n..], start, end, true);
                }
            }
        }
    }
}

/// From a digit: back over a short prefix of letters joined by `-`, `#` or nothing; on over digits and separators.
fn number_run(bytes: &[u8], at: usize) -> (usize, usize, usize) {
    let mut start = at;
    let mut back = at;
    if back > 0 && matches!(bytes[back - 1], b'-' | b'_' | b'/') {
        back -= 1;
    }
    let letters = bytes[..back]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    if (1..=5).contains(&letters) {
        start = back - letters;
    }
    let (mut end, mut digits, mut j) = (at, 0, at);
    while j < bytes.len() {
        let b = bytes[j];
        if b.is_ascii_digit() {
            digits += 1;
            j += 1;
            end = j;
        } else if matches!(b, b'-' | b'.' | b'/' | b' ' | b'(' | b')')
            && bytes
                .get(j + 1)
                .is_some_and(|n| n.is_ascii_digit() || matches!(n, b'(' | b' '))
            && j - end < 2
        {
            j += 1;
        } else {
            break;
        }
    }
    (start, end, digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way is only a faster one.
        #[test]
        fn folding_sign_by_sign_is_folding(s in "[a-zA-ZÀ-ÿĀ-ſ\u{0300}-\u{0310}а-яА-Яёйﾞا-ئ\u{0640}\u{064b}-\u{0655}أإآؤئぁ-ヿ一-丏가-갠\u{11a8}ｱ-ｵ\u{3099}ﬁ²]{0,8}") {
            prop_assert_eq!(fold(&s), folded_together(&s));
        }

        #[test]
        fn a_word_without_an_umlaut_has_one_spelling(s in "[a-zäöüÄÖÜ\u{0308}\u{0300}ǖｕｏßé]{1,6}") {
            let composed: String = s.nfkc().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(umlauts_spelled(&s).is_some(), composed.contains(['ä', 'ö', 'ü']));
        }
    }

    fn words(s: &str, p: Purpose) -> Vec<String> {
        tokens(s, p).into_iter().map(|t| t.word).collect()
    }

    #[test]
    fn german_turkish_and_accents_meet_their_plain_forms() {
        assert_eq!(
            words("STRASSE Straße", Purpose::Query),
            ["strasse", "strasse"]
        );
        assert_eq!(words("IĞDIR ığdır", Purpose::Query)[1], "igdir");
        assert_eq!(words("Café Ångström", Purpose::Query), ["cafe", "angstrom"]);
    }

    #[test]
    fn umlauts_are_found_spelled_out_and_phrases_stay_whole() {
        assert_eq!(
            document("Herr Müller ruft an"),
            "herr muller ruft an mueller"
        );
        assert_eq!(umlauts_spelled("Ha\u{308}user").as_deref(), Some("haeuser"));
        assert_eq!(umlauts_spelled("blue"), None);
    }

    #[test]
    fn arabic_is_found_with_and_without_article_marks_and_hamza() {
        let doc = words("الفَاتُورَة", Purpose::Document);
        assert!(doc.contains(&words("فاتورة", Purpose::Query)[0]), "{doc:?}");
        assert_eq!(words("أحمد", Purpose::Query), words("احمد", Purpose::Query));
    }

    #[test]
    fn chinese_is_found_by_one_sign_and_by_two() {
        let doc = words("退款政策", Purpose::Document);
        assert!(doc.contains(&"退款".to_owned()) && doc.contains(&"政".to_owned()));
        assert_eq!(words("退款政", Purpose::Query), ["退款", "款政"]);
    }

    #[test]
    fn an_order_number_is_found_in_any_spelling() {
        let doc = words("your order ORD-12345 is late", Purpose::Document);
        assert!(doc.contains(&"ord12345".to_owned()), "{doc:?}");
        assert!(words("ord12345", Purpose::Query).contains(&"ord12345".to_owned()));
    }

    #[test]
    fn a_phone_number_is_found_by_its_last_digits() {
        let doc = words("call +49 (30) 123-4567 now", Purpose::Document);
        assert!(
            doc.contains(&"49301234567".to_owned()) && doc.contains(&"1234567".to_owned()),
            "{doc:?}"
        );
    }

    #[test]
    fn places_point_into_the_source() {
        for t in tokens("Über 退款 ORD-12345, naïve", Purpose::Document) {
            assert!(
                "Über 退款 ORD-12345, naïve".get(t.start..t.end).is_some(),
                "{t:?}"
            );
        }
    }
}
