//! Invitations (iCalendar, RFC 5545): enough of them to say in words what is wanted. The calendar itself is kept as
//! a file; nothing here answers it.

use super::budget::MAX_FIELD;
use super::html::cut;

/// Most lines of a calendar that are looked at.
const MAX_LINES: usize = 5_000;

/// What a calendar says of its first event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    method: String,
    summary: String,
    start: String,
    end: String,
    place: String,
    organizer: String,
    answers: Vec<String>,
}

/// Reads the first event of a calendar, if it has one.
pub(super) fn read(text: &str) -> Option<Card> {
    let mut card = Card::default();
    let (mut inside, mut nested) = (false, 0usize);
    for line in unfolded(text) {
        let Some((name, params, value)) = property(&line) else {
            continue;
        };
        match (name.as_str(), value.to_ascii_uppercase().as_str()) {
            ("BEGIN", "VEVENT" | "VTODO") if !inside => inside = true,
            ("BEGIN", _) if inside => nested += 1,
            ("END", "VEVENT" | "VTODO") if inside && nested == 0 => return Some(card),
            ("END", _) if inside => nested = nested.saturating_sub(1),
            ("METHOD", word) if !inside => card.method = word.to_owned(),
            _ if inside && nested == 0 => card.take(&name, &params, &value),
            _ => {}
        }
    }
    inside.then_some(card)
}

impl Card {
    fn take(&mut self, name: &str, params: &str, value: &str) {
        let text = || cut(&plain(value), MAX_FIELD).to_owned();
        match name {
            "SUMMARY" => self.summary = text(),
            "LOCATION" => self.place = text(),
            "DTSTART" => self.start = when(params, value),
            "DTEND" | "DUE" => self.end = when(params, value),
            "ORGANIZER" => self.organizer = who(params, value),
            "ATTENDEE" if self.answers.len() < 20 => {
                let word = match parameter(params, "PARTSTAT").to_ascii_uppercase().as_str() {
                    "ACCEPTED" => "accepted",
                    "DECLINED" => "declined",
                    "TENTATIVE" => "may come",
                    _ => return,
                };
                self.answers.push(format!("{} {word}", who(params, value)));
            }
            _ => {}
        }
    }

    /// The event in a few lines.
    pub(super) fn text(&self) -> String {
        let head = match self.method.as_str() {
            "CANCEL" => "Cancelled",
            "REPLY" => "Answer to an invitation",
            "COUNTER" => "Another time is proposed",
            "PUBLISH" | "" => "Event",
            _ => "Invitation",
        };
        let span = match (self.start.is_empty(), self.end.is_empty()) {
            (true, _) => String::new(),
            (false, true) => self.start.clone(),
            (false, false) => format!("{} – {}", self.start, self.end),
        };
        let mut lines = vec![format!(
            "{head}: {}",
            if self.summary.is_empty() {
                "…"
            } else {
                &self.summary
            }
        )];
        for (word, value) in [
            ("When", &span),
            ("Where", &self.place),
            ("Organised by", &self.organizer),
        ] {
            if !value.is_empty() {
                lines.push(format!("{word}: {value}"));
            }
        }
        // Who comes is news in an answer only.
        if self.method == "REPLY" {
            lines.extend(self.answers.iter().cloned());
        }
        lines.join("\n")
    }

    /// Whether a text already says what the event is called.
    pub(super) fn is_said_in(&self, text: &str) -> bool {
        !text.trim().is_empty() && (self.summary.is_empty() || text.contains(&self.summary))
    }
}

fn unfolded(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        match (line.strip_prefix([' ', '\t']), out.last_mut()) {
            (Some(rest), Some(last)) if last.len() < 4 * MAX_FIELD => last.push_str(rest),
            (Some(_), _) => {}
            (None, _) => out.push(line.to_owned()),
        }
    }
    out
}

/// Name, parameters and value of a line; a colon in quotes is none.
fn property(line: &str) -> Option<(String, String, String)> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(i, c)| {
        if c == '"' {
            quoted = !quoted;
        }
        (c == ':' && !quoted).then_some(i)
    })?;
    let (front, value) = line.split_at(colon);
    let (name, params) = front.split_once(';').unwrap_or((front, ""));
    Some((
        name.trim().to_ascii_uppercase(),
        params.to_owned(),
        value.get(1..)?.trim().to_owned(),
    ))
}

fn parameter(params: &str, name: &str) -> String {
    let mut quoted = false;
    let found = params.split(|c| {
        if c == '"' {
            quoted = !quoted;
        }
        c == ';' && !quoted
    });
    found
        .filter_map(|p| p.split_once('='))
        .find(|(n, _)| n.trim().eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim().trim_matches('"').to_owned())
        .unwrap_or_default()
}

fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(c) => out.push(c),
                None => {}
            },
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `20240102T100000Z` as `2024-01-02 10:00 UTC`; a zone by its name; a day alone where it is one.
fn when(params: &str, value: &str) -> String {
    let (date, time) = value.split_once('T').unwrap_or((value, ""));
    let part = |s: &str, a: usize, b: usize| s.get(a..b).unwrap_or_default().to_owned();
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return String::new();
    }
    let day = format!(
        "{}-{}-{}",
        part(date, 0, 4),
        part(date, 4, 6),
        part(date, 6, 8)
    );
    if time.len() < 4 || !time.bytes().take(4).all(|b| b.is_ascii_digit()) {
        return day;
    }
    let zone = if time.ends_with('Z') {
        "UTC".to_owned()
    } else {
        plain(&parameter(params, "TZID"))
    };
    format!(
        "{day} {}:{} {}",
        part(time, 0, 2),
        part(time, 2, 4),
        cut(&zone, 60)
    )
    .trim_end()
    .to_owned()
}

fn who(params: &str, value: &str) -> String {
    let address = value
        .strip_prefix("mailto:")
        .or_else(|| value.strip_prefix("MAILTO:"))
        .unwrap_or(value);
    let name = plain(&parameter(params, "CN"));
    let shown = if name.is_empty() || name == address {
        address.to_owned()
    } else {
        format!("{name} <{address}>")
    };
    cut(&shown, 400).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITATION: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Berlin\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=\"Europe/Berlin\":20240102T100000\r\nDTEND:20240102T110000Z\r\nSUMMARY:Fitting\\, second\r\n  round\r\nLOCATION:Shop\\nBack room\r\nORGANIZER;CN=\"Berg; Anna\":mailto:anna@shop.test\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Tom:mailto:tom@x.test\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn an_invitation_is_said_in_words() {
        assert_eq!(
            read(INVITATION).unwrap().text(),
            "Invitation: Fitting, second round\nWhen: 2024-01-02 10:00 Europe/Berlin – 2024-01-02 11:00 UTC\nWhere: Shop Back room\nOrganised by: Berg; Anna <anna@shop.test>"
        );
        let reply = read(&INVITATION.replace("REQUEST", "REPLY"))
            .unwrap()
            .text();
        assert!(
            reply.starts_with("Answer to an invitation: ")
                && reply.ends_with("Tom <tom@x.test> accepted"),
            "{reply}"
        );
    }

    #[test]
    fn what_is_no_event_is_none() {
        assert_eq!(read(""), None);
        assert_eq!(
            read("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nEND:VTIMEZONE\nEND:VCALENDAR"),
            None
        );
        assert!(read("BEGIN:VEVENT\nDTSTART:nonsense\nSUMMARY").is_some());
    }
}
