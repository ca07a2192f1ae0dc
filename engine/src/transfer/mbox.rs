//! Mailbox files, read as a stream: whatever their size, one mail is held at a time.
//!
//! A mail begins with a line `From …` that has a time and a year and is followed by a header. Content-Length decides
//! nothing, as whoever wrote the mail wrote it too; it only tells whether `>From ` was written by the sender
//! (mboxcl2) or by the program that filed the mail (mboxo, mboxrd, mboxcl).

use crate::time::Millis;
use std::io::{self, BufRead};

/// Longest piece of a line that is looked at as one.
const PIECE: usize = 64 * 1024;

/// A mail of a mailbox file.
#[derive(Debug)]
pub struct Entry {
    /// Where its `From ` line begins.
    pub at: u64,
    /// Where the next one begins.
    pub next: u64,
    /// The time in its `From ` line.
    pub filed: Option<Millis>,
    /// Its bytes; `None` when there are more than fit.
    pub raw: Option<Vec<u8>>,
}

/// Reads a mailbox file.
pub struct Mbox<R> {
    from: R,
    limit: usize,
    offset: u64,
    /// The piece after a line that may begin a mail.
    ahead: Option<Piece>,
    /// The `From ` line of the mail to come.
    head: Option<(u64, Vec<u8>)>,
    /// Its first line has no time: then none needs one.
    loose: bool,
    ended: bool,
    line_ended: bool,
}

#[derive(Debug, Clone)]
struct Piece {
    at: u64,
    bytes: Vec<u8>,
    starts_line: bool,
}

impl<R: BufRead> Mbox<R> {
    /// A reader that stands at `offset` of its file, where a `From ` line begins.
    pub fn new(from: R, offset: u64, limit: usize) -> Self {
        Self {
            from,
            limit,
            offset,
            ahead: None,
            head: None,
            loose: false,
            ended: false,
            line_ended: true,
        }
    }

    /// The next mail; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read, or (`InvalidData`) does not begin as a mailbox file does.
    pub fn next_mail(&mut self) -> io::Result<Option<Entry>> {
        if self.head.is_none() && !self.ended {
            self.first()?;
        }
        let Some((at, line)) = self.head.take() else {
            return Ok(None);
        };
        let mut mail = Mail::new(self.limit);
        let mut blank = true;
        loop {
            let Some(piece) = self.piece()? else {
                self.ended = true;
                break;
            };
            if self.begins_mail(&piece, blank)? {
                self.head = Some((piece.at, piece.bytes));
                break;
            }
            blank = piece.starts_line && trimmed(&piece.bytes).is_empty();
            mail.add(&piece);
        }
        let next = self.head.as_ref().map_or(self.offset, |h| h.0);
        Ok(Some(Entry {
            at,
            next,
            filed: filed(&line),
            raw: mail.whole(),
        }))
    }

    fn first(&mut self) -> io::Result<()> {
        loop {
            let Some(mut piece) = self.piece()? else {
                self.ended = true;
                return Ok(());
            };
            if piece.at == 0
                && let Some(rest) = piece.bytes.strip_prefix(b"\xef\xbb\xbf")
            {
                piece.bytes = rest.to_vec();
            }
            if trimmed(&piece.bytes).is_empty() {
                continue;
            }
            if !piece.bytes.starts_with(b"From ") {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it does not begin with a line “From …”, so it is no mailbox file",
                ));
            }
            self.loose = !dated(&piece.bytes);
            self.head = Some((piece.at, piece.bytes));
            return Ok(());
        }
    }

    fn begins_mail(&mut self, p: &Piece, after_blank: bool) -> io::Result<bool> {
        if !p.starts_line || !p.bytes.starts_with(b"From ") {
            return Ok(false);
        }
        if !(dated(&p.bytes) || self.loose && after_blank) {
            return Ok(false);
        }
        if self.ahead.is_none() {
            self.ahead = self.read_piece()?;
        }
        Ok(self
            .ahead
            .as_ref()
            .is_none_or(|a| is_header(&a.bytes) || a.bytes.starts_with(b">From ")))
    }

    fn piece(&mut self) -> io::Result<Option<Piece>> {
        match self.ahead.take() {
            Some(p) => Ok(Some(p)),
            None => self.read_piece(),
        }
    }

    fn read_piece(&mut self) -> io::Result<Option<Piece>> {
        let at = self.offset;
        let mut bytes = Vec::new();
        loop {
            let buffer = match self.from.fill_buf() {
                Ok(b) => b,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if buffer.is_empty() {
                break;
            }
            let room = PIECE - bytes.len();
            let end = buffer.iter().take(room).position(|b| *b == b'\n');
            let n = end.map_or(buffer.len().min(room), |i| i + 1);
            bytes.extend_from_slice(buffer.get(..n).unwrap_or_default());
            self.from.consume(n);
            if end.is_some() || bytes.len() >= PIECE {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        self.offset += bytes.len() as u64;
        let starts_line = std::mem::replace(&mut self.line_ended, bytes.ends_with(b"\n"));
        Ok(Some(Piece {
            at,
            bytes,
            starts_line,
        }))
    }
}

/// A mail as its pieces come.
struct Mail {
    limit: usize,
    bytes: Vec<u8>,
    too_large: bool,
    /// Where lines were marked with a `>` that may not be the sender's.
    marked: Vec<usize>,
    /// It holds a line `From ` that begins no mail.
    bare: bool,
    body: Option<usize>,
}

impl Mail {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: Vec::new(),
            too_large: false,
            marked: Vec::new(),
            bare: false,
            body: None,
        }
    }

    fn add(&mut self, p: &Piece) {
        if self.too_large || self.bytes.len() + p.bytes.len() > self.limit {
            self.too_large = true;
            self.bytes = Vec::new();
            self.marked = Vec::new();
            return;
        }
        if p.starts_line {
            let after = p.bytes.iter().position(|b| *b != b'>').unwrap_or(0);
            let from = p
                .bytes
                .get(after..)
                .is_some_and(|r| r.starts_with(b"From "));
            if from && after > 0 {
                self.marked.push(self.bytes.len());
            }
            self.bare |= from && after == 0;
            if self.body.is_none() && trimmed(&p.bytes).is_empty() {
                self.body = Some(self.bytes.len() + p.bytes.len());
            }
        }
        self.bytes.extend_from_slice(&p.bytes);
    }

    fn whole(mut self) -> Option<Vec<u8>> {
        if self.too_large {
            return None;
        }
        // The blank line before the next mail is the file's, not the mail's.
        for end in [&b"\n\r\n"[..], b"\n\n"] {
            if self.bytes.ends_with(end) {
                let n = self.bytes.len() - (end.len() - 1);
                self.bytes.truncate(n);
                break;
            }
        }
        if self.marked.is_empty() || self.bare && self.length_is_honest() {
            return Some(self.bytes);
        }
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut rest = 0;
        for mark in self.marked {
            out.extend_from_slice(self.bytes.get(rest..mark).unwrap_or_default());
            rest = mark + 1;
        }
        out.extend_from_slice(self.bytes.get(rest..).unwrap_or_default());
        Some(out)
    }

    fn length_is_honest(&self) -> bool {
        let Some(body) = self.body else { return false };
        let said = header(&self.bytes, "content-length").and_then(|v| v.parse::<usize>().ok());
        let is = self.bytes.len().saturating_sub(body);
        said.is_some_and(|n| n == is || n == is + 1)
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `Name: …`.
fn is_header(line: &[u8]) -> bool {
    let n = line
        .iter()
        .take_while(|b| matches!(b, b'!'..=b'9' | b';'..=b'~'))
        .count();
    n > 0 && n <= 76 && line.get(n) == Some(&b':')
}

/// It holds a time and a year.
fn dated(line: &[u8]) -> bool {
    let time = line.windows(5).any(|w| {
        w[0].is_ascii_digit()
            && w[1].is_ascii_digit()
            && w[2] == b':'
            && w[3].is_ascii_digit()
            && w[4].is_ascii_digit()
    });
    time && trimmed(line)
        .split(|b| *b == b' ')
        .any(|w| year(w).is_some())
}

fn year(word: &[u8]) -> Option<i16> {
    let text = std::str::from_utf8(word).ok()?;
    let n: i16 = text.parse().ok()?;
    (text.len() == 4 && (1970..2200).contains(&n)).then_some(n)
}

/// The time of a `From ` line: `From who Mon Mar  2 09:00:00 2026`, perhaps with a zone.
fn filed(line: &[u8]) -> Option<Millis> {
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split_whitespace().collect();
    let i = words
        .iter()
        .position(|w| w.len() >= 5 && w.get(2..3) == Some(":") && w.is_ascii())?;
    let month = match words.get(i.checked_sub(2)?)?.to_lowercase().as_str() {
        "jan" => 1,
        "feb" => 2,
        "mar" => 3,
        "apr" => 4,
        "may" => 5,
        "jun" => 6,
        "jul" => 7,
        "aug" => 8,
        "sep" => 9,
        "oct" => 10,
        "nov" => 11,
        "dec" => 12,
        _ => return None,
    };
    let day: i8 = words.get(i - 1)?.parse().ok()?;
    let rest = words.get(i + 1..)?;
    let year = rest.iter().find_map(|w| year(w.as_bytes()))?;
    let mut clock = words[i].split(':').map(str::parse::<i8>);
    let (h, m) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let s = clock.next().unwrap_or(Ok(0)).ok()?;
    let zone = rest.iter().find_map(|w| zone(w)).unwrap_or(0);
    let at = jiff::civil::date(year, month, 1)
        .with()
        .day(day)
        .build()
        .ok()?
        .at(0, 0, 0, 0)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_millisecond();
    if !(0..24).contains(&h) || !(0..60).contains(&m) || !(0..61).contains(&s) {
        return None;
    }
    let seconds = i64::from(h) * 3_600 + i64::from(m) * 60 + i64::from(s) - zone;
    Some(at + seconds * 1_000)
}

/// Seconds east of Greenwich.
fn zone(word: &str) -> Option<i64> {
    let digits = word.strip_prefix(['+', '-'])?;
    if digits.len() != 4 {
        return None;
    }
    let n: i64 = digits.parse().ok()?;
    let seconds = (n / 100) * 3_600 + (n % 100) * 60;
    Some(if word.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// A header field of a mail, by a plain look at its first lines.
#[must_use]
pub fn header(raw: &[u8], name: &str) -> Option<String> {
    for line in raw.split(|b| *b == b'\n').take(400) {
        let line = trimmed(line);
        if line.is_empty() {
            return None;
        }
        let Some((field, value)) = line.split_at_checked(name.len()) else {
            continue;
        };
        if field.eq_ignore_ascii_case(name.as_bytes())
            && let Some(v) = value.strip_prefix(b":")
        {
            return Some(String::from_utf8_lossy(v).trim().to_owned());
        }
    }
    None
}
