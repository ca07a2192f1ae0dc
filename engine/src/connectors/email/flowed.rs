//! `format=flowed` (RFC 3676): lines that were broken to travel are joined again, at each depth of quoting.

/// The text as it was typed; `delsp` when the space at a break was only put there for it.
pub(super) fn unwrap(text: &str, delsp: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    // The depth of a line that goes on.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        let flows = content.ends_with(' ') && !signature;
        let kept = if flows && delsp {
            content.strip_suffix(' ').unwrap_or(content)
        } else {
            content
        };
        match lines.last_mut() {
            Some(last) if open == Some(depth) && !signature => last.push_str(kept),
            _ => {
                let mark = ">".repeat(depth);
                let space = if depth > 0 && !kept.is_empty() {
                    " "
                } else {
                    ""
                };
                lines.push(format!("{mark}{space}{kept}"));
            }
        }
        open = flows.then_some(depth);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_joined_and_others_are_not() {
        assert_eq!(
            unwrap("one \r\ntwo\r\nthree\r\n", false),
            "one two\nthree\n"
        );
        assert_eq!(unwrap("日本 \n語", true), "日本語");
        assert_eq!(
            unwrap(" >no quote\n From here", false),
            ">no quote\nFrom here"
        );
        assert_eq!(unwrap("> a \n> b\n>> c \n> d", false), "> a b\n>> c \n> d");
        assert_eq!(unwrap("text \n-- \nAnna", false), "text \n-- \nAnna");
        assert_eq!(unwrap("", false), "");
    }
}
