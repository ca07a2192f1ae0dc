//! A query as a person types it, understood: words for the index, conditions for the rows.

use crate::model::Channel;
use crate::store::normalise::{Purpose, tokens, umlauts_spelled};
use crate::time::Millis;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A query, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What the index is asked.
    pub matching: String,
    /// What must not match, where there is nothing that must: each is asked of the index row by row.
    pub without: Vec<String>,
    /// Words to mark, with whether a beginning suffices.
    pub marks: Vec<(String, bool)>,
    /// Conditions that all must hold, each with whether it must *not*.
    pub conditions: Vec<(Condition, bool)>,
    /// Only from this instant on.
    pub after: Option<Millis>,
    /// Only before this instant.
    pub before: Option<Millis>,
    /// Words that were not understood, in words.
    pub warnings: Vec<String>,
}

impl Query {
    /// Whether it asks for anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matching.is_empty()
            && self.without.is_empty()
            && self.conditions.is_empty()
            && self.before.is_none()
            && self.after.is_none()
    }

    /// Whether the rows of the conversations alone can answer it.
    #[must_use]
    pub fn only_conversations(&self) -> bool {
        self.matching.is_empty()
            && self.without.is_empty()
            && self.before.is_none()
            && self.after.is_none()
            && self.conditions.iter().all(|(c, _)| c.of_conversation())
    }
}

/// A condition on a message or on the conversation it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// On a channel.
    Channel(Channel),
    /// With files.
    Files,
    /// Written by the person who searches.
    Mine,
    /// Carries a tag.
    Tag(String),
    /// Its customer stands at a stage.
    Stage(String),
    /// Assigned.
    Assignee(Who),
    /// `open`, `waiting`, `unassigned`, `snoozed`, `resolved`, `unread`.
    Is(&'static str),
}

impl Condition {
    /// Whether it speaks of the conversation rather than of one message.
    #[must_use]
    pub fn of_conversation(&self) -> bool {
        !matches!(self, Self::Channel(_) | Self::Files | Self::Mine)
    }
}

/// To whom a conversation is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The person who searches.
    Me,
    /// Nobody.
    Nobody,
    /// Somebody whose name has these words or beginnings of words, normalised.
    Named(Vec<String>),
}

/// What `is:` knows.
const STATES: [&str; 6] = [
    "open",
    "waiting",
    "unassigned",
    "snoozed",
    "resolved",
    "unread",
];

/// Understand a query: words, "phrases", `-not`, `from:`, `to:`, `subject:`, `file:`, `in:`, `tag:`, `stage:`,
/// `assignee:me|nobody|name`, `is:open|waiting|unassigned|snoozed|resolved|unread`, `has:attachment`, `before:`,
/// `after:`. `today` is the day that `before:` and `after:` count from.
#[must_use]
pub fn parse(text: &str, today: Date) -> Query {
    let mut reading = Reading {
        today,
        ..Reading::default()
    };
    let pieces = pieces(text);
    let count = pieces.len();
    for (i, p) in pieces.into_iter().enumerate() {
        let last = i + 1 == count && !text.ends_with(char::is_whitespace);
        reading.piece(&p, last);
    }
    reading.done()
}

/// The day it is where this computer stands.
#[must_use]
pub fn today(now: Millis) -> Date {
    jiff::Timestamp::from_millisecond(now)
        .unwrap_or_default()
        .to_zoned(TimeZone::system())
        .date()
}

struct Piece {
    not: bool,
    field: Option<String>,
    text: String,
    phrase: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let not = rest.starts_with('-') && rest.len() > 1;
        let body = if not { &rest[1..] } else { rest };
        let field_end = body
            .find(|c: char| !c.is_ascii_alphabetic())
            .filter(|i| *i > 0 && body[*i..].starts_with(':') && body.len() > i + 1);
        let (field, body) = match field_end {
            Some(i) => (Some(body[..i].to_ascii_lowercase()), &body[i + 1..]),
            None => (None, body),
        };
        let (text, phrase, after) = match body.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(end) => (&quoted[..end], true, &quoted[end + 1..]),
                None => (quoted, true, ""),
            },
            None => {
                let end = body.find(char::is_whitespace).unwrap_or(body.len());
                (&body[..end], false, &body[end..])
            }
        };
        out.push(Piece {
            not,
            field,
            text: text.to_owned(),
            phrase,
        });
        rest = after.trim_start();
    }
    out
}

#[derive(Default)]
struct Reading {
    q: Query,
    today: Date,
    parts: Vec<String>,
    nots: Vec<String>,
}

impl Reading {
    fn piece(&mut self, p: &Piece, last: bool) {
        let column = match p.field.as_deref() {
            Some("from") if p.text.eq_ignore_ascii_case("me") => {
                return self.condition(Condition::Mine, p.not);
            }
            Some("from") => "sender : ",
            Some("to" | "cc") => "recipients : ",
            Some("subject") => "subject : ",
            Some("file" | "filename") => "files : ",
            Some(field) => {
                if self.operator(field, p) {
                    return;
                }
                ""
            }
            None => "",
        };
        // What is no operator is a word: `http://x`, `12:30`.
        let text = match (&p.field, column) {
            (Some(f), "") => format!("{f}:{}", p.text),
            _ => p.text.clone(),
        };
        self.words(&text, column, p, last);
    }

    fn condition(&mut self, c: Condition, not: bool) {
        self.q.conditions.push((c, not));
    }

    /// Whether `field:` is an operator that is no column of the index.
    fn operator(&mut self, field: &str, p: &Piece) -> bool {
        let value = p.text.to_lowercase();
        match field {
            "in" => match Channel::parse(&value) {
                Some(c) => self.condition(Condition::Channel(c), p.not),
                None => self.warn(format!("in:{} is not a channel", p.text)),
            },
            "has" => match value.as_str() {
                "attachment" | "attachments" | "file" | "files" => {
                    self.condition(Condition::Files, p.not);
                }
                _ => self.warn(format!(
                    "has:{} is not understood; has:attachment is",
                    p.text
                )),
            },
            "tag" => self.condition(Condition::Tag(value), p.not),
            "stage" => self.condition(Condition::Stage(value), p.not),
            "assignee" | "assigned" => self.condition(Condition::Assignee(who(&value)), p.not),
            "is" => match STATES.into_iter().find(|s| *s == value) {
                Some(s) => self.condition(Condition::Is(s), p.not),
                None => self.warn(format!("is:{} is not one of {}", p.text, STATES.join(", "))),
            },
            "before" | "after" => self.range(field, p),
            _ => return false,
        }
        true
    }

    fn warn(&mut self, what: String) {
        self.q.warnings.push(what);
    }

    /// `-before:` a day is from that day on, and the other way round.
    fn range(&mut self, field: &str, p: &Piece) {
        let Some(at) = day(&p.text, self.today) else {
            return self.warn(format!(
                "{field}: needs a day such as 2026-11-30, yesterday, or 7d"
            ));
        };
        if (field == "before") == p.not {
            self.q.after = Some(self.q.after.map_or(at, |a| a.max(at)));
        } else {
            self.q.before = Some(self.q.before.map_or(at, |b| b.min(at)));
        }
    }

    fn words(&mut self, text: &str, column: &str, p: &Piece, last: bool) {
        let found = tokens(text, Purpose::Query);
        // `Müller` also looks for `Mueller`; documents hold both forms of what is written with an umlaut.
        let spelled: Vec<Option<String>> = found
            .iter()
            .map(|t| umlauts_spelled(&text[t.start..t.end]).filter(|s| *s != t.word))
            .collect();
        let words: Vec<String> = found.into_iter().map(|t| t.word).collect();
        let Some(end) = words.len().checked_sub(1) else {
            return;
        };
        let open = |i: usize| last && !p.phrase && !p.not && i == end;
        // Words hold letters and digits only, so quoting them is complete.
        let expression = if p.phrase {
            format!("{column}\"{}\"", words.join(" "))
        } else {
            let all: Vec<String> = words
                .iter()
                .zip(&spelled)
                .enumerate()
                .map(|(i, (w, also))| {
                    let star = if open(i) { "*" } else { "" };
                    match also {
                        Some(a) => format!("({column}\"{w}\"{star} OR {column}\"{a}\"{star})"),
                        None => format!("{column}\"{w}\"{star}"),
                    }
                })
                .collect();
            format!("({})", all.join(" AND "))
        };
        if p.not {
            return self.nots.push(expression);
        }
        self.parts.push(expression);
        for (i, (w, also)) in words.into_iter().zip(spelled).enumerate() {
            self.q.marks.push((w, open(i)));
            self.q.marks.extend(also.map(|a| (a, open(i))));
        }
    }

    fn done(mut self) -> Query {
        self.q.matching = self.parts.join(" AND ");
        if self.q.matching.is_empty() {
            self.q.without = self.nots;
        } else {
            for n in self.nots {
                self.q.matching = format!("({}) NOT {n}", self.q.matching);
            }
        }
        self.q
    }
}

fn who(value: &str) -> Who {
    match value {
        "me" => Who::Me,
        "nobody" | "none" => Who::Nobody,
        name => Who::Named(
            tokens(name, Purpose::Query)
                .into_iter()
                .map(|t| t.word)
                .collect(),
        ),
    }
}

/// A day as people write it: `2026-11-30`, `2026-11`, `2026`, `30.11.2026`, `today`, `yesterday`, `7d`, `2w`, `3m`, `1y`.
fn day(text: &str, today: Date) -> Option<Millis> {
    let text = text.to_lowercase();
    let date = match text.as_str() {
        "today" => today,
        "yesterday" => today.yesterday().ok()?,
        _ => ago(&text, today).or_else(|| written(&text))?,
    };
    let start = date.to_zoned(TimeZone::system()).ok()?;
    Some(start.timestamp().as_millisecond())
}

fn ago(text: &str, today: Date) -> Option<Date> {
    let (n, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let n: i64 = n.parse().ok().filter(|n| (0..=100_000).contains(n))?;
    let span = match unit {
        "d" => jiff::Span::new().try_days(n),
        "w" => jiff::Span::new().try_weeks(n),
        "m" => jiff::Span::new().try_months(n),
        "y" => jiff::Span::new().try_years(n),
        _ => return None,
    };
    today.checked_sub(span.ok()?).ok()
}

fn written(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let n = |i: usize| parts.get(i).and_then(|p| p.parse::<i16>().ok());
    let small = |i: usize| parts.get(i).and_then(|p| p.parse::<i8>().ok());
    let year_first = parts.first().is_some_and(|p| p.len() == 4);
    match (parts.len(), year_first) {
        (1, true) => Date::new(n(0)?, 1, 1).ok(),
        (2, true) => Date::new(n(0)?, small(1)?, 1).ok(),
        (3, true) => Date::new(n(0)?, small(1)?, small(2)?).ok(),
        // With dots the day comes first everywhere; with slashes nobody knows.
        (3, false) if text.contains('.') => Date::new(n(2)?, small(1)?, small(0)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn q(text: &str) -> Query {
        parse(text, TODAY)
    }

    fn start(y: i16, m: i8, d: i8) -> Option<Millis> {
        let z = Date::new(y, m, d).unwrap().to_zoned(TimeZone::system());
        Some(z.unwrap().timestamp().as_millisecond())
    }

    #[test]
    fn the_last_word_may_be_a_beginning_and_a_finished_one_may_not() {
        assert_eq!(q("lamp bro").matching, r#"("lamp") AND ("bro"*)"#);
        assert_eq!(q("lamp ").matching, r#"("lamp")"#);
    }

    #[test]
    fn operators_narrow_and_what_is_no_operator_is_a_word() {
        let q = q("from:anna to:bert in:email has:attachment -spam \"late delivery\" http://x");
        assert_eq!(
            q.conditions,
            [
                (Condition::Channel(Channel::Email), false),
                (Condition::Files, false)
            ]
        );
        for part in [
            r#"sender : "anna""#,
            r#"recipients : "bert""#,
            r#""late delivery""#,
            r#""http""#,
        ] {
            assert!(q.matching.contains(part), "{part} in {}", q.matching);
        }
        assert!(q.matching.ends_with(r#"NOT ("spam")"#), "{}", q.matching);
    }

    #[test]
    fn every_condition_can_be_turned_round() {
        let q = q("-in:sms -has:attachment -tag:vip -stage:won -is:open -assignee:me -from:me");
        assert_eq!(q.conditions.len(), 7);
        assert!(q.conditions.iter().all(|(_, not)| *not) && q.warnings.is_empty());
    }

    #[test]
    fn conditions_on_the_conversation_are_understood_and_unknown_states_are_named() {
        let q = q("is:waiting -tag:VIP stage:won assignee:\"Tom B\" assignee:nobody is:happy");
        assert_eq!(
            q.conditions,
            [
                (Condition::Is("waiting"), false),
                (Condition::Tag("vip".into()), true),
                (Condition::Stage("won".into()), false),
                (
                    Condition::Assignee(Who::Named(vec!["tom".into(), "b".into()])),
                    false
                ),
                (Condition::Assignee(Who::Nobody), false),
            ]
        );
        assert_eq!(q.warnings.len(), 1);
        assert!(q.only_conversations());
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        for (text, (y, m, d)) in [
            ("2026-11-30", (2026, 11, 30)),
            ("30.11.2026", (2026, 11, 30)),
            ("2026-11", (2026, 11, 1)),
            ("2025", (2025, 1, 1)),
            ("today", (2026, 11, 22)),
            ("Yesterday", (2026, 11, 21)),
            ("7d", (2026, 11, 15)),
            ("2w", (2026, 11, 8)),
            ("1m", (2026, 10, 22)),
        ] {
            assert_eq!(q(&format!("after:{text}")).after, start(y, m, d), "{text}");
        }
        for bad in ["soon", "2026-13-01", "11/12/2026", "99999999999d", "é"] {
            assert_eq!(q(&format!("before:{bad}")).warnings.len(), 1, "{bad}");
        }
    }

    #[test]
    fn two_ends_narrow_and_a_turned_end_is_the_other_one() {
        let both = q("after:2026-01-01 after:2026-03-01 before:2026-06-01 before:2026-05-01");
        assert_eq!(
            (both.after, both.before),
            (start(2026, 3, 1), start(2026, 5, 1))
        );
        assert_eq!(q("-before:2026-03-01").after, start(2026, 3, 1));
    }

    #[test]
    fn only_words_that_must_not_be_there_are_a_query_too() {
        let q = q("-lamp -\"late delivery\"");
        assert_eq!(q.without, [r#"("lamp")"#, r#""late delivery""#]);
        assert!(q.matching.is_empty() && !q.is_empty());
    }

    #[test]
    fn hostile_queries_reach_the_index_as_words_only() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5(subject, sender, recipients, body, files)",
        )
        .unwrap();
        for bad in [
            "\"",
            "a\" OR b",
            "NEAR(",
            "*",
            "col:x*",
            "-",
            "(((",
            "from:\"",
            "'; DROP TABLE x",
            "subject:-x",
            "-file:\"a\" -b",
        ] {
            let q = q(bad);
            for m in q
                .without
                .iter()
                .chain(Some(&q.matching))
                .filter(|m| !m.is_empty())
            {
                conn.query_row(
                    "SELECT count(*) FROM search WHERE search MATCH ?1",
                    [m],
                    |r| r.get::<_, i64>(0),
                )
                .unwrap_or_else(|e| panic!("{bad:?} → {m}: {e}"));
            }
        }
    }
}
