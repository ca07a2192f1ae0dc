//! Everything that goes to stdout: one JSON document, or lines for people.

use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Where a command's answer goes.
pub struct Printer {
    json: bool,
    bold: bool,
}

impl Printer {
    /// To stdout, as JSON or as text.
    pub fn new(json: bool) -> Self {
        let bold =
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { json, bold }
    }

    /// Whether JSON was asked for.
    pub fn json(&self) -> bool {
        self.json
    }

    /// The answer: the value as one line of JSON, or the lines that `text` makes of it.
    pub fn answer<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, value)?;
            writeln!(out)?;
        } else {
            let text = text(value);
            write!(
                out,
                "{text}{}",
                if text.is_empty() || text.ends_with('\n') {
                    ""
                } else {
                    "\n"
                }
            )?;
        }
        out.flush()
    }

    /// Make the marked stretches (UTF-16 units) of a text visible, where the terminal can.
    pub fn marked(&self, text: &str, marks: &[(u32, u32)]) -> String {
        if !self.bold {
            return line(text);
        }
        let mut out = String::new();
        let mut unit = 0u32;
        for c in text.chars() {
            if marks.iter().any(|m| m.0 == unit) {
                out.push_str("\x1b[1m");
            }
            out.push_str(&line(c.encode_utf8(&mut [0; 4])));
            unit += u32::try_from(c.len_utf16()).unwrap_or(1);
            if marks.iter().any(|m| m.1 == unit) {
                out.push_str("\x1b[0m");
            }
        }
        out
    }
}

/// Marks that turn the reading direction: they could make a text say something else than it holds.
fn steers(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A stranger's text for a terminal: escape sequences and the like must not reach it.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control() && !steers(*c))
        .collect()
}

/// The same on one line.
pub fn line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !steers(*c))
        .collect()
}

/// Cut to a width in columns.
pub fn fit(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut wide = 0;
    for c in text.chars() {
        wide += c.width().unwrap_or(0);
        if wide > most.saturating_sub(1) {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Rows under a heading, in aligned columns. The last column is as long as it is.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&h| h.to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(rows.iter().map(|r| r.iter().map(|c| line(c)).collect()))
        .collect();
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|i| {
            rows.iter()
                .filter_map(|r| r.get(i))
                .map(|c| c.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for r in &rows {
        let mut text = String::new();
        for (cell, width) in r.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Say something to the person beside the answer; never part of it.
pub fn aside(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", line(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_cannot_command_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\r\nc\x07\u{9b}31m"), "a[2Jb\nc31m");
        assert_eq!(line("one\ntwo\u{202e}x"), "one twox");
    }

    #[test]
    fn columns_stand_below_each_other_whatever_the_letters_wide() {
        let t = table(
            &["NAME", "N"],
            &[
                vec!["日本".into(), "1".into()],
                vec!["Anna Berg".into(), "2".into()],
            ],
        );
        assert_eq!(t, "NAME       N\n日本       1\nAnna Berg  2\n");
    }

    #[test]
    fn what_is_too_wide_is_cut_and_says_so() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 3), "abc");
    }

    #[test]
    fn found_words_are_marked_by_utf16_places() {
        let p = Printer {
            json: false,
            bold: true,
        };
        assert_eq!(p.marked("😀 lamp x", &[(3, 7)]), "😀 \x1b[1mlamp\x1b[0m x");
        assert_eq!(
            Printer {
                json: false,
                bold: false
            }
            .marked("a lamp", &[(2, 6)]),
            "a lamp"
        );
    }
}
