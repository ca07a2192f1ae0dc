//! What is said, in five languages. The texts lie beside this file, one a language.
//!
//! `@name a|b` is a list. `= topic` begins what people talk about: `#` a subject, `<` the customer, `>` the team, `~` a
//! file at the end of a line. `[a|b]` is one of them, `{order}` is filled in.

use super::dice::Dice;
use std::collections::BTreeMap;

/// A language of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tongue {
    English,
    German,
    Dutch,
    French,
    Arabic,
}

/// A file that a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Picture,
    Paper,
    Table,
}

/// One turn of a talk.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// The team says it, not the customer.
    pub(super) ours: bool,
    pub(super) text: &'static str,
    pub(super) file: Option<FileKind>,
}

/// What people talk about.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) key: &'static str,
    pub(super) subject: &'static str,
    pub(super) turns: Vec<Turn>,
}

/// All that is said in one language.
#[derive(Debug, Default)]
pub(super) struct Words {
    lists: BTreeMap<&'static str, Vec<&'static str>>,
    pub(super) topics: Vec<Topic>,
}

const TEXTS: [(Tongue, &str); 5] = [
    (Tongue::English, include_str!("words/en.txt")),
    (Tongue::German, include_str!("words/de.txt")),
    (Tongue::Dutch, include_str!("words/nl.txt")),
    (Tongue::French, include_str!("words/fr.txt")),
    (Tongue::Arabic, include_str!("words/ar.txt")),
];

/// All languages.
pub(super) fn all() -> BTreeMap<Tongue, Words> {
    TEXTS
        .iter()
        .map(|(tongue, text)| (*tongue, Words::read(text)))
        .collect()
}

impl Words {
    fn read(text: &'static str) -> Self {
        let mut words = Self::default();
        for line in text.lines() {
            let Some((mark, rest)) = line.split_at_checked(1) else {
                continue;
            };
            let rest = rest.trim();
            match (mark, words.topics.last_mut()) {
                ("@", _) => {
                    if let Some((name, all)) = rest.split_once(' ') {
                        words.lists.insert(name, choices(all));
                    }
                }
                ("=", _) => words.topics.push(Topic {
                    key: rest,
                    subject: "",
                    turns: Vec::new(),
                }),
                ("#", Some(topic)) => topic.subject = rest,
                ("<" | ">", Some(topic)) => topic.turns.push(turn(mark == ">", rest)),
                _ => {}
            }
        }
        words
    }

    /// A list by its name; empty where there is none.
    pub(super) fn list(&self, name: &str) -> &[&'static str] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// One of a list, with its choices made.
    pub(super) fn one(&self, name: &str, dice: &mut Dice) -> String {
        let text = dice.one(self.list(name));
        spun(text, dice)
    }

    /// A topic by its key; the first where a language has none of it.
    pub(super) fn topic(&self, key: &str) -> Option<&Topic> {
        self.topics
            .iter()
            .find(|t| t.key == key)
            .or(self.topics.first())
    }
}

fn turn(ours: bool, line: &'static str) -> Turn {
    let (text, file) = match line.rsplit_once(" ~") {
        Some((text, "png")) => (text, Some(FileKind::Picture)),
        Some((text, "pdf")) => (text, Some(FileKind::Paper)),
        Some((text, "csv")) => (text, Some(FileKind::Table)),
        _ => (line, None),
    };
    Turn { ours, text, file }
}

/// What stands between bars outside of brackets.
fn choices(text: &'static str) -> Vec<&'static str> {
    let (mut out, mut depth, mut from) = (Vec::new(), 0u32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                out.extend(text.get(from..i));
                from = i + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(from..));
    out
}

/// The text with one of each choice.
pub(super) fn spun(text: &str, dice: &mut Dice) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let Some((inside, behind)) = after.split_once(']') else {
            break;
        };
        let all: Vec<&str> = inside.split('|').collect();
        out.push_str(dice.one(&all));
        rest = behind;
    }
    out.push_str(rest);
    // A choice may be nothing at all.
    out.trim().replace("  ", " ")
}
