//! Text messages as a network counts them (GSM 03.38, 3GPP TS 23.038), and long texts in several messages.

/// The default alphabet; each takes one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What stands behind an escape; each takes two.
const ESCAPED: &str = "^{}\\[~]|€\u{c}";

/// How many messages of the network a text is sent as. Nothing that takes two places is torn between two of them.
#[must_use]
pub fn segments(text: &str) -> usize {
    let plain = text
        .chars()
        .all(|c| BASIC.contains(c) || ESCAPED.contains(c));
    let size = |c: char| match plain {
        true if ESCAPED.contains(c) => 2,
        true => 1,
        false => c.len_utf16(),
    };
    let (alone, joined) = if plain { (160, 153) } else { (70, 67) };
    let places: usize = text.chars().map(size).sum();
    if places <= alone {
        return usize::from(places > 0);
    }
    let (mut count, mut used) = (1, 0);
    for c in text.chars() {
        if used + size(c) > joined {
            count += 1;
            used = 0;
        }
        used += size(c);
    }
    count
}

/// A text in several messages that each fit: parted between paragraphs where that works, else between lines,
/// sentences, words, and in the middle of what is longer than a message by itself.
#[must_use]
pub fn message_parts(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if fits(rest) {
            out.push(rest.to_owned());
            break;
        }
        let most = longest(rest, &fits);
        let head = rest.get(..most).unwrap_or(rest);
        let at = ["\n\n", "\n", ". ", "! ", "? ", "。", " "]
            .iter()
            .find_map(|mark| {
                head.rfind(mark)
                    .map(|i| i + mark.trim_end().len())
                    // A part of a few words helps nobody.
                    .filter(|i| *i * 3 >= most)
            })
            .unwrap_or(most);
        let (part, later) = rest.split_at(at);
        let part = part.trim();
        if !part.is_empty() {
            out.push(part.to_owned());
        }
        rest = later.trim_start();
    }
    out
}

/// The longest beginning that fits, in bytes; one character at least.
fn longest(text: &str, fits: &impl Fn(&str) -> bool) -> usize {
    let ends: Vec<usize> = text.char_indices().map(|(i, c)| i + c.len_utf8()).collect();
    let n = ends.partition_point(|end| text.get(..*end).is_some_and(fits));
    ends.get(n.saturating_sub(1)).copied().unwrap_or(text.len())
}

/// What a customer wishes of text messages to them, said with one of the words that networks and laws reserve for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// No more of them.
    Stop,
    /// Again.
    Start,
}

/// The wish that a text is, if it is nothing else: the whole message, in any case.
#[must_use]
pub fn wish(text: &str) -> Option<Wish> {
    match text.trim().to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => Some(Wish::Stop),
        "START" | "YES" | "UNSTOP" => Some(Wish::Start),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_as_the_network_counts_them() {
        for (text, n) in [
            (String::new(), 0),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("я".repeat(70), 1),
            ("я".repeat(71), 2),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), n, "{} characters", text.chars().count());
        }
    }

    #[test]
    fn stop_is_a_wish_only_where_nothing_else_is_said() {
        assert_eq!(wish(" stop\n"), Some(Wish::Stop));
        assert_eq!(wish("Unstop"), Some(Wish::Start));
        assert_eq!(wish("Please stop"), None);
        assert_eq!(wish("STOP."), None);
        assert_eq!(wish(""), None);
    }

    #[test]
    fn a_long_text_is_parted_where_a_reader_would_pause_and_nothing_of_it_is_lost() {
        let fits = |t: &str| t.chars().count() <= 40;
        let text = "First paragraph, short enough.\n\nSecond one is longer than that. It has two sentences, and words.";
        let parts = message_parts(text, fits);
        assert_eq!(parts[0], "First paragraph, short enough.");
        assert_eq!(parts[1], "Second one is longer than that.");
        let words = |t: &str| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&parts.join(" ")), words(text));
        assert!(parts.iter().all(|p| fits(p)));
        let long = "ü".repeat(100);
        let parts = message_parts(&long, fits);
        assert_eq!(
            parts.concat(),
            long,
            "what has no pause is cut between characters"
        );
    }
}
