//! Search: newest first, every word must be there, the last one may be a beginning; hits are marked in Rust.

use super::files::unpack_text;
use super::normalise::{Purpose, Token, tokens};
use crate::error::Result;
use crate::model::{Channel, CustomerId, Direction, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, ToSql, params_from_iter};

/// A query, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What the index is asked.
    pub matching: String,
    /// Words to mark, with whether a beginning suffices.
    pub marks: Vec<(String, bool)>,
    /// Only this channel.
    pub channel: Option<Channel>,
    /// Only with files.
    pub has_file: bool,
    /// Only from this instant on.
    pub after: Option<Millis>,
    /// Only before this instant.
    pub before: Option<Millis>,
    /// Conditions on the conversation, with whether they must not hold.
    pub about: Vec<(About, bool)>,
    /// Words that were not understood, in words.
    pub warnings: Vec<String>,
}

/// A condition on the conversation a message is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Carries a tag.
    Tag(String),
    /// Its customer stands at a stage.
    Stage(String),
    /// `open`, `waiting`, `unassigned`, `snoozed`, `resolved`, `unread`.
    Is(&'static str),
}

impl About {
    /// SQL over the conversation `c`, and its argument.
    fn sql(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Tag(t) => (
                "EXISTS (SELECT 1 FROM json_each(c.tags) WHERE value = ?)",
                Some(t),
            ),
            Self::Stage(s) => ("coalesce(c.stage, '') = ?", Some(s)),
            Self::Is("open") => ("c.shelf = 0", None),
            Self::Is("waiting") => ("(c.shelf = 0 AND c.wait_since IS NOT NULL)", None),
            Self::Is("unassigned") => ("(c.shelf = 0 AND c.assignee IS NULL)", None),
            Self::Is("snoozed") => ("c.shelf = 1", None),
            Self::Is("unread") => ("c.unread > 0", None),
            Self::Is(_) => ("c.shelf = 2", None),
        }
    }
}

const STATES: [&str; 6] = [
    "open",
    "waiting",
    "unassigned",
    "snoozed",
    "resolved",
    "unread",
];

/// Understand a query: words, "phrases", `-not`, `from:`, `to:`, `subject:`, `in:`, `tag:`, `stage:`,
/// `is:open|waiting|unassigned|snoozed|resolved|unread`, `has:attachment`, `before:`, `after:`.
#[must_use]
pub fn parse(text: &str) -> Query {
    let mut q = Query::default();
    let mut parts: Vec<String> = Vec::new();
    let mut nots: Vec<String> = Vec::new();
    let pieces = pieces(text);
    let count = pieces.len();
    for (i, p) in pieces.into_iter().enumerate() {
        let last = i + 1 == count && !text.ends_with(char::is_whitespace);
        piece(&mut q, &mut parts, &mut nots, &p, last);
    }
    q.matching = parts.join(" AND ");
    if !q.matching.is_empty() {
        for n in nots {
            q.matching = format!("({}) NOT {n}", q.matching);
        }
    } else if !nots.is_empty() {
        q.warnings
            .push("a search needs a word that must be there, not only words that must not".into());
    }
    q
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

fn piece(q: &mut Query, parts: &mut Vec<String>, nots: &mut Vec<String>, p: &Piece, last: bool) {
    let columns = match p.field.as_deref() {
        Some("in") if p.not => {
            q.warnings
                .push("-in: is not understood; name the channel that you look for".into());
            return;
        }
        Some("in") => {
            match Channel::parse(&p.text.to_lowercase()) {
                Some(c) => q.channel = Some(c),
                None => q.warnings.push(format!("in:{} is not a channel", p.text)),
            }
            return;
        }
        Some("has")
            if !p.not
                && matches!(
                    p.text.to_lowercase().as_str(),
                    "attachment" | "attachments" | "file" | "files"
                ) =>
        {
            q.has_file = true;
            return;
        }
        Some("tag") => {
            q.about.push((About::Tag(p.text.to_lowercase()), p.not));
            return;
        }
        Some("stage") => {
            q.about.push((About::Stage(p.text.to_lowercase()), p.not));
            return;
        }
        Some("is") => {
            match STATES.into_iter().find(|s| p.text.eq_ignore_ascii_case(s)) {
                Some(s) => q.about.push((About::Is(s), p.not)),
                None => {
                    q.warnings
                        .push(format!("is:{} is not one of {}", p.text, STATES.join(", ")));
                }
            }
            return;
        }
        Some(f @ ("before" | "after")) => {
            match day(&p.text) {
                Some(at) if f == "before" => q.before = Some(at),
                Some(at) => q.after = Some(at),
                None => q
                    .warnings
                    .push(format!("{f}: needs a day such as 2026-11-30")),
            }
            return;
        }
        Some("from" | "to") => "people : ",
        Some("subject") => "subject : ",
        Some(_) | None => "",
    };
    let text = match (&p.field, columns) {
        (Some(f), "") => format!("{f}:{}", p.text),
        _ => p.text.clone(),
    };
    let words: Vec<String> = tokens(&text, Purpose::Query)
        .into_iter()
        .map(|t| t.word)
        .collect();
    if words.is_empty() {
        return;
    }
    // Words hold letters and digits only, so quoting them is complete.
    let open = last && !p.phrase && !p.not;
    let expression = if p.phrase {
        format!("{columns}\"{}\"", words.join(" "))
    } else {
        let n = words.len();
        let all: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(i, w)| {
                format!(
                    "{columns}\"{w}\"{}",
                    if open && i + 1 == n { "*" } else { "" }
                )
            })
            .collect();
        format!("({})", all.join(" AND "))
    };
    if p.not {
        nots.push(expression);
    } else {
        let n = words.len();
        q.marks.extend(
            words
                .into_iter()
                .enumerate()
                .map(|(i, w)| (w, open && i + 1 == n)),
        );
        parts.push(expression);
    }
}

fn day(text: &str) -> Option<Millis> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::system())
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// A stretch of text with the found places, in UTF-16 units as the window counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    /// Text.
    pub text: String,
    /// `[start, end)`.
    pub marks: Vec<(u32, u32)>,
}

/// One found message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place in the order, for paging.
    pub rid: i64,
    /// Message.
    pub message: MessageId,
    /// Shown conversation.
    pub conversation: CustomerId,
    /// Customer's name.
    pub name: String,
    /// When.
    pub at: Millis,
    /// Channel.
    pub channel: Channel,
    /// Which way.
    pub direction: Direction,
    /// Subject.
    pub subject: Option<MarkedText>,
    /// Around the first hit.
    pub snippet: MarkedText,
}

/// Messages that match, newest first, older than `before` if given.
///
/// # Errors
/// When the store fails.
pub fn find(conn: &Connection, q: &Query, limit: usize, before: Option<i64>) -> Result<Vec<Found>> {
    if q.matching.is_empty()
        && q.channel.is_none()
        && !q.has_file
        && q.before.is_none()
        && q.after.is_none()
        && q.about.is_empty()
    {
        return Ok(Vec::new());
    }
    let mut sql = String::from(
        "SELECT m.rid, m.id, c.id, c.name, m.sent_at, m.channel, m.direction, m.subject, b.text FROM ",
    );
    let mut args: Vec<Box<dyn ToSql>> = Vec::new();
    let key = if q.matching.is_empty() {
        "m.rid"
    } else {
        "s.rowid"
    };
    if q.matching.is_empty() {
        sql.push_str("message m");
    } else {
        sql.push_str("search s JOIN message m ON m.rid = s.rowid");
    }
    sql.push_str(" JOIN body b ON b.rid = m.rid JOIN customer o ON o.id = m.conversation JOIN conversation c ON c.id = o.root WHERE 1");
    let mut condition = |text: &str, v: Box<dyn ToSql>| {
        args.push(v);
        sql.push_str(&format!(" AND {text} ?{}", args.len()));
    };
    if !q.matching.is_empty() {
        condition("search MATCH", Box::new(q.matching.clone()));
    }
    if let Some(b) = before {
        condition(&format!("{key} <"), Box::new(b));
    }
    if let Some(b) = q.before {
        condition(
            &format!("{key} <"),
            Box::new(b.clamp(0, (1 << 43) - 1) << 20),
        );
    }
    if let Some(a) = q.after {
        condition(
            &format!("{key} >="),
            Box::new(a.clamp(0, (1 << 43) - 1) << 20),
        );
    }
    if let Some(c) = q.channel {
        condition("m.channel =", Box::new(c.as_str()));
    }
    if q.has_file {
        condition("m.has_files =", Box::new(1));
    }
    for (about, not) in &q.about {
        let (text, value) = about.sql();
        if let Some(v) = value {
            args.push(Box::new(v.to_owned()));
        }
        let text = text.replace('?', &format!("?{}", args.len()));
        sql.push_str(&format!(" AND {}{text}", if *not { "NOT " } else { "" }));
    }
    args.push(Box::new(i64::try_from(limit).unwrap_or(200)));
    sql.push_str(&format!(" ORDER BY {key} DESC LIMIT ?{}", args.len()));
    let mut s = conn.prepare_cached(&sql)?;
    let mut rows = s.query(params_from_iter(args.iter().map(AsRef::as_ref)))?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let subject: Option<String> = r.get(7)?;
        let body = unpack_text(&r.get::<_, Vec<u8>>(8)?)?;
        out.push(Found {
            rid: r.get(0)?,
            message: r.get(1)?,
            conversation: r.get(2)?,
            name: r.get(3)?,
            at: r.get(4)?,
            channel: Channel::parse(&r.get::<_, String>(5)?).unwrap_or(Channel::Email),
            direction: Direction::from_i64(r.get(6)?),
            subject: subject.map(|t| marked(t, &q.marks)),
            snippet: excerpt(&body, &q.marks),
        });
    }
    Ok(out)
}

fn hits<'t>(all: &'t [Token], marks: &[(String, bool)]) -> Vec<&'t Token> {
    all.iter()
        .filter(|t| {
            marks.iter().any(|(w, open)| {
                if *open {
                    t.word.starts_with(w.as_str())
                } else {
                    t.word == *w
                }
            })
        })
        .collect()
}

fn marked(text: String, marks: &[(String, bool)]) -> MarkedText {
    let all = tokens(&text, Purpose::Document);
    let mut spans: Vec<(usize, usize)> = hits(&all, marks)
        .into_iter()
        .map(|t| (t.start, t.end))
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (a, b) in spans {
        match merged.last_mut() {
            Some(l) if a <= l.1 => l.1 = l.1.max(b),
            _ => merged.push((a, b)),
        }
    }
    let utf16 = |to: usize| u32::try_from(text[..to].encode_utf16().count()).unwrap_or(u32::MAX);
    let marks = merged
        .into_iter()
        .map(|(a, b)| (utf16(a), utf16(b)))
        .collect();
    MarkedText { text, marks }
}

/// At most 180 characters around the first hit, on one line.
fn excerpt(body: &str, marks: &[(String, bool)]) -> MarkedText {
    const BEFORE: usize = 50;
    const LENGTH: usize = 180;
    // Marks deep inside a very long text are not worth reading all of it.
    let head: String = body.chars().take(20_000).collect();
    let all = tokens(&head, Purpose::Document);
    let first = hits(&all, marks)
        .into_iter()
        .map(|t| t.start)
        .min()
        .unwrap_or(0);
    let skip = head[..first].chars().count().saturating_sub(BEFORE);
    let line: String = head
        .chars()
        .skip(skip)
        .take(LENGTH)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let line = line
        .split(' ')
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let line = if skip > 0 { format!("…{line}") } else { line };
    marked(line, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_may_be_a_beginning_and_a_finished_one_may_not() {
        assert_eq!(parse("lamp bro").matching, r#"("lamp") AND ("bro"*)"#);
        assert_eq!(parse("lamp ").matching, r#"("lamp")"#);
    }

    #[test]
    fn operators_narrow_and_what_is_no_operator_is_a_word() {
        let q = parse("from:anna in:email has:attachment -spam \"late delivery\" http://x");
        assert_eq!((q.channel, q.has_file), (Some(Channel::Email), true));
        assert!(
            q.matching.contains(r#"people : "anna""#)
                && q.matching.contains(r#""late delivery""#)
                && q.matching.ends_with(r#"NOT ("spam")"#),
            "{}",
            q.matching
        );
    }

    #[test]
    fn conditions_on_the_conversation_are_understood_and_unknown_states_are_named() {
        let q = parse("is:waiting -tag:vip stage:won is:happy");
        assert_eq!(
            q.about,
            [
                (About::Is("waiting"), false),
                (About::Tag("vip".into()), true),
                (About::Stage("won".into()), false)
            ]
        );
        assert_eq!(q.warnings.len(), 1);
    }

    #[test]
    fn hostile_queries_reach_the_index_as_words_only() {
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
        ] {
            let q = parse(bad);
            let conn = Connection::open_in_memory().unwrap();
            conn.execute_batch(
                "CREATE VIRTUAL TABLE search USING fts5(subject, people, body, files)",
            )
            .unwrap();
            if !q.matching.is_empty() {
                conn.query_row(
                    "SELECT count(*) FROM search WHERE search MATCH ?1",
                    [&q.matching],
                    |r| r.get::<_, i64>(0),
                )
                .unwrap_or_else(|e| panic!("{bad:?} → {}: {e}", q.matching));
            }
        }
    }

    #[test]
    fn marks_count_as_the_window_counts() {
        let m = marked("😀 Lämpchen lamp".into(), &[("lamp".into(), true)]);
        assert_eq!(m.marks, [(3, 11), (12, 16)]);
    }
}
