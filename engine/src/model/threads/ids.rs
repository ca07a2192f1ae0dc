//! Message-IDs as they really stand in mails: without brackets, folded in the middle, several where one belongs,
//! with comments and prose around them.

/// Longest id that is kept, in bytes.
const LONGEST: usize = 2_000;
/// Longest field that is read, in bytes.
const LONGEST_FIELD: usize = 64 * 1024;

/// Every Message-ID in a `Message-ID`, `In-Reply-To` or `References` field, in order, without angle brackets.
///
/// What stands in brackets is an id. Without any bracket a word counts if nothing but such words is there: old
/// programs wrote prose into `In-Reply-To`.
#[must_use]
pub fn read(field: &str) -> Vec<String> {
    let field = cut(field, LONGEST_FIELD);
    let mut bracketed = Vec::new();
    let mut outside = String::new();
    let mut rest = field;
    while let Some(at) = rest.find(['<', '(', '"']) {
        let (before, from) = rest.split_at(at);
        outside.push_str(before);
        outside.push(' ');
        rest = match from.as_bytes().first() {
            Some(b'<') => {
                let (id, after) = in_brackets(from);
                bracketed.extend(id);
                after
            }
            Some(b'(') => after_comment(from),
            _ => {
                outside.push_str("\" ");
                after_quotes(from)
            }
        };
    }
    outside.push_str(rest);
    let words: Vec<&str> = outside
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '>'))
        .map(|w| w.trim_matches(':'))
        .filter(|w| !w.is_empty())
        .collect();
    let ids_only = words.iter().all(|w| is_bare_id(w));
    let mut ids = bracketed;
    match words.as_slice() {
        // A single word without an @ is somebody's idea of an id.
        [one] if ids.is_empty() && !one.contains(['@', '"']) => ids.push((*one).to_owned()),
        _ if ids_only => ids.extend(words.iter().map(|w| (*w).to_owned())),
        _ => {}
    }
    ids.retain(|id| !id.is_empty() && id.len() <= LONGEST);
    ids
}

fn is_bare_id(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(l, r)| !l.is_empty() && !r.is_empty() && !word.contains('"'))
}

/// The id behind an opening bracket, and what follows it. Where the closing one is missing the id ends before the
/// next opening one, or at white space.
fn in_brackets(from: &str) -> (Option<String>, &str) {
    let body = from.get(1..).unwrap_or_default();
    let close = body.find('>');
    let open = body.find('<');
    let (raw, after) = match (close, open) {
        (Some(c), o) if o.is_none_or(|o| c < o) => {
            (&body[..c], body.get(c + 1..).unwrap_or_default())
        }
        // `<<id@host>>`: the second one counts.
        (_, Some(o)) => (&body[..o], &body[o..]),
        _ => {
            let end = body.find(char::is_whitespace).unwrap_or(body.len());
            (&body[..end], &body[end..])
        }
    };
    let id: String = raw
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    ((!id.is_empty()).then_some(id), after)
}

/// Behind a comment, nested ones included; one that is never closed hides nothing.
fn after_comment(from: &str) -> &str {
    let mut depth = 0usize;
    for (at, c) in from.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return &from[at + 1..];
                }
            }
            '<' if depth > 8 => break,
            _ => {}
        }
    }
    &from[1..]
}

fn after_quotes(from: &str) -> &str {
    let body = &from[1..];
    body.find('"').map_or(body, |end| &body[end + 1..])
}

fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The form in which ids are compared: without brackets, white space and needless quotes, the host in lower case
/// (some servers write it anew).
#[must_use]
pub fn canonical(id: &str) -> String {
    let id: String = id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    match id.rsplit_once('@') {
        Some((left, host)) => {
            let plain = left
                .strip_prefix('"')
                .and_then(|l| l.strip_suffix('"'))
                .filter(|l| !l.is_empty() && !l.contains(['"', '\\']))
                .unwrap_or(left);
            format!("{plain}@{}", host.to_ascii_lowercase())
        }
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_however_they_are_written() {
        for (field, wanted) in [
            ("<a@x>", vec!["a@x"]),
            ("  <a@x>\r\n\t<b@y>  ", vec!["a@x", "b@y"]),
            ("<a@x><b@y>", vec!["a@x", "b@y"]),
            ("a@x", vec!["a@x"]),
            ("a@x b@y, c@z", vec!["a@x", "b@y", "c@z"]),
            (
                "<a-long-id-that-was\r\n folded@x>",
                vec!["a-long-id-that-wasfolded@x"],
            ),
            ("<a@x> (added by <gw@y>)", vec!["a@x"]),
            ("(c (nested)) <a@x>", vec!["a@x"]),
            ("<a@x> (never closed <b@y>", vec!["a@x", "b@y"]),
            ("Your message of \"Mon, 1 Jan\" <a@x>", vec!["a@x"]),
            ("<a@x> b@y", vec!["a@x", "b@y"]),
            ("<<a@x>>", vec!["a@x"]),
            ("<a@x <b@y>", vec!["a@x", "b@y"]),
            ("<a@x", vec!["a@x"]),
            ("a@x>", vec!["a@x"]),
            ("<no-host-at-all>", vec!["no-host-at-all"]),
            ("no-host-at-all", vec!["no-host-at-all"]),
            ("Your message of Monday", vec![]),
            ("mail from anna@x of Monday", vec![]),
            ("<>", vec![]),
            ("< >", vec![]),
            ("", vec![]),
            ("(", vec![]),
            ("a>)", vec![]),
            ("\"", vec![]),
        ] {
            assert_eq!(read(field), wanted, "{field:?}");
        }
    }

    #[test]
    fn the_same_id_written_otherwise_is_the_same() {
        for other in ["<A@x.test>", " A@X.Test ", "<\"A\"@x.test>", "<A @x.test>"] {
            assert_eq!(canonical(other), "A@x.test", "{other}");
        }
        assert_ne!(canonical("a@x.test"), canonical("A@x.test"));
        assert_eq!(canonical("<NoHost>"), "NoHost");
    }

    proptest::proptest! {
        #[test]
        fn no_field_breaks_the_reader(field in "[<>()\", @a-c\\r\\n\\tü]{0,60}") {
            for id in read(&field) {
                proptest::prop_assert!(!id.is_empty() && !id.contains(['<', '>']) && !id.contains(char::is_whitespace), "{id:?}");
            }
        }
    }
}
