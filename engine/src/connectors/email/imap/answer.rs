//! One answer of an IMAP server, read leniently: what is understood is taken, what is not is [`Answer::Other`], and
//! nothing that a server can say makes reading fail or panic. Names are kept as bytes became text (lossily).

use std::borrow::Cow;

/// Deepest nesting of lists that is followed.
const DEPTH: usize = 32;

/// The verdict in a status answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// OK, PREAUTH.
    Ok,
    /// NO.
    No,
    /// BAD.
    Bad,
    /// BYE.
    Bye,
}

/// A status with its code (`[…]`, words in it upper-cased in front) and its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The verdict.
    pub(super) verdict: Verdict,
    /// What stood in brackets: its first word in capitals, and the rest.
    pub(super) code: Option<(String, String)>,
    /// The sentence for people.
    pub(super) text: String,
}

impl Said {
    /// The number of a code such as `UIDNEXT 7`.
    pub(super) fn number<T: std::str::FromStr>(&self, code: &str) -> Option<T> {
        let (name, rest) = self.code.as_ref()?;
        (name == code)
            .then(|| rest.split_whitespace().next()?.parse().ok())
            .flatten()
    }

    /// Whether the code is this one.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_ref().is_some_and(|c| c.0 == code)
    }
}

/// A folder in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name on the wire.
    pub(super) name: String,
    /// Marks such as `\Sent`, in small letters.
    pub(super) marks: Vec<String>,
    /// What separates levels.
    pub(super) delimiter: Option<String>,
}

/// What was told of one mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    /// Its number.
    pub(super) uid: Option<u32>,
    /// Its size.
    pub(super) size: Option<u64>,
    /// The server's time of it.
    pub(super) date: Option<String>,
    /// Its flags.
    pub(super) flags: Option<Vec<String>>,
    /// All of it.
    pub(super) body: Option<Vec<u8>>,
    /// Its header, or some fields of it.
    pub(super) header: Option<Vec<u8>>,
    /// Gmail's number of it.
    pub(super) gmail: Option<u64>,
    /// Gmail's number of its thread.
    pub(super) thread: Option<u64>,
    /// Gmail's labels.
    pub(super) labels: Option<Vec<String>>,
}

impl Fetched {
    /// Whether it carries the mark of having been read, where flags were told.
    pub(super) fn seen(&self) -> Option<bool> {
        let flags = self.flags.as_ref()?;
        Some(flags.iter().any(|f| f.eq_ignore_ascii_case("\\Seen")))
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// `+`: go on.
    Continue(String),
    /// The end of a command.
    Done(String, Said),
    /// A status that belongs to no command.
    Status(Said),
    /// What the server can do, in capitals.
    Capability(Vec<String>),
    /// How many mails are in the folder.
    Exists(u32),
    /// A mail was removed.
    Expunge,
    /// Mails were removed; `true` = earlier than this connection.
    Vanished(bool, Vec<(u32, u32)>),
    /// About one mail.
    Fetch(Box<Fetched>),
    /// One folder of the list.
    List(Line),
    /// Numbers found.
    Search(Vec<u32>),
    /// Figures of a folder: its name, and `MESSAGES 3` and so on.
    Figures(String, Vec<(String, String)>),
    /// Something that is not understood or not needed.
    Other,
}

/// Reads one answer: a line with the literals in it, the last line end included or not.
pub(super) fn read(bytes: &[u8]) -> Answer {
    let mut scan = Scan { rest: bytes };
    let Some(tag) = scan.bare() else {
        return Answer::Other;
    };
    if tag.first() == Some(&b'+') {
        return Answer::Continue(scan.line());
    }
    if tag != b"*" {
        let name = text(tag);
        return match scan.said() {
            Some(said) if said.verdict != Verdict::Bye => Answer::Done(name, said),
            _ => Answer::Other,
        };
    }
    untagged(scan)
}

fn untagged(mut scan: Scan<'_>) -> Answer {
    let start = scan.clone();
    let word = scan.bare().map(|w| text(w).to_ascii_uppercase());
    match word.as_deref() {
        Some("OK" | "NO" | "BAD" | "BYE" | "PREAUTH") => {
            let mut start = start;
            start.said().map_or(Answer::Other, Answer::Status)
        }
        Some("CAPABILITY") => Answer::Capability(words(&scan.line())),
        Some("LIST" | "LSUB") => line_of(&mut scan).map_or(Answer::Other, Answer::List),
        Some("SEARCH") => Answer::Search(numbers(&scan.line())),
        Some("STATUS") => figures(&mut scan).unwrap_or(Answer::Other),
        Some("VANISHED") => vanished(&scan.line()),
        Some(n) => match n.parse::<u32>() {
            Ok(n) => about(n, &mut scan),
            Err(_) => Answer::Other,
        },
        None => Answer::Other,
    }
}

fn about(n: u32, scan: &mut Scan<'_>) -> Answer {
    match scan.bare().map(|w| text(w).to_ascii_uppercase()).as_deref() {
        Some("EXISTS") => Answer::Exists(n),
        Some("EXPUNGE") => Answer::Expunge,
        Some("FETCH") => fetched(scan).map_or(Answer::Other, |f| Answer::Fetch(Box::new(f))),
        _ => Answer::Other,
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace()
        .map(str::to_ascii_uppercase)
        .collect()
}

/// The numbers of a search; what follows them in brackets (MODSEQ) is no number of a mail.
fn numbers(line: &str) -> Vec<u32> {
    line.split_whitespace()
        .take_while(|w| !w.starts_with('('))
        .filter_map(|w| w.parse().ok())
        .filter(|n| *n > 0)
        .collect()
}

fn vanished(line: &str) -> Answer {
    let line = line.trim();
    let (earlier, set) = match line.strip_prefix("(EARLIER)") {
        Some(set) => (true, set),
        None => (false, line),
    };
    let range = |part: &str| {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        let (a, b): (u32, u32) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
        Some((a.min(b), a.max(b)))
    };
    Answer::Vanished(earlier, set.split(',').filter_map(range).collect())
}

fn line_of(scan: &mut Scan<'_>) -> Option<Line> {
    let Word::List(marks) = scan.word(0)? else {
        return None;
    };
    let delimiter = scan.word(0)?;
    let name = scan.word(0)?.into_text()?;
    Some(Line {
        name,
        marks: marks
            .into_iter()
            .filter_map(Word::into_text)
            .map(|m| m.to_ascii_lowercase())
            .collect(),
        delimiter: match delimiter {
            Word::Text(t) => Some(text(&t)).filter(|t| !t.is_empty()),
            _ => None,
        },
    })
}

fn figures(scan: &mut Scan<'_>) -> Option<Answer> {
    let name = scan.word(0)?.into_text()?;
    let Word::List(items) = scan.word(0)? else {
        return None;
    };
    let mut all = Vec::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next().and_then(Word::into_text), items.next()) {
        let value = match value {
            // MAILBOXID (F123)
            Word::List(inner) => inner.into_iter().find_map(Word::into_text),
            other => other.into_text(),
        };
        all.push((key.to_ascii_uppercase(), value.unwrap_or_default()));
    }
    Some(Answer::Figures(name, all))
}

/// What was told of one mail; `None` when the line does not end as such a line ends, for then no part of it can be
/// trusted (a literal of a wrong size swallows or leaves text).
fn fetched(scan: &mut Scan<'_>) -> Option<Fetched> {
    scan.spaces();
    if scan.rest.first() != Some(&b'(') {
        return None;
    }
    let Word::List(items) = scan.word(0)? else {
        return None;
    };
    if !scan.line().trim().is_empty() {
        return None;
    }
    let mut f = Fetched::default();
    let mut items = items.into_iter();
    while let Some(name) = items.next().and_then(Word::into_text) {
        let Some(value) = items.next() else { break };
        item(&mut f, &name.to_ascii_uppercase(), value);
    }
    Some(f)
}

fn item(f: &mut Fetched, name: &str, value: Word<'_>) {
    match name {
        "UID" => f.uid = value.number().filter(|n| *n > 0),
        "RFC822.SIZE" => f.size = value.number(),
        "INTERNALDATE" => f.date = value.into_content().map(|d| text(&d)),
        "FLAGS" => f.flags = value.into_texts(),
        "X-GM-MSGID" => f.gmail = value.number(),
        "X-GM-THRID" => f.thread = value.number(),
        "X-GM-LABELS" => f.labels = value.into_texts(),
        "RFC822" | "BODY[]" => f.body = value.into_content(),
        "RFC822.HEADER" => f.header = value.into_content(),
        // What was asked for from byte 0 on is answered as `BODY[]<0>`.
        n if n.starts_with("BODY[]<0>") => f.body = value.into_content(),
        n if n.starts_with("BODY[HEADER") => f.header = value.into_content(),
        _ => {}
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word<'a> {
    Atom(&'a [u8]),
    Text(Cow<'a, [u8]>),
    List(Vec<Word<'a>>),
}

impl Word<'_> {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Atom(a) => Some(text(a)),
            Self::Text(t) => Some(text(&t)),
            Self::List(_) => None,
        }
    }

    /// A string's bytes; NIL and bare words have none.
    fn into_content(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(t) => Some(t.into_owned()),
            Self::Atom(_) | Self::List(_) => None,
        }
    }

    fn into_texts(self) -> Option<Vec<String>> {
        match self {
            Self::List(all) => Some(all.into_iter().filter_map(Self::into_text).collect()),
            Self::Atom(_) | Self::Text(_) => None,
        }
    }

    fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::Atom(a) => std::str::from_utf8(a).ok()?.parse().ok(),
            Self::Text(_) | Self::List(_) => None,
        }
    }
}

#[derive(Clone)]
struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(n.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn spaces(&mut self) {
        let n = self
            .rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        self.take(n);
    }

    /// Up to the next space or line end.
    fn bare(&mut self) -> Option<&'a [u8]> {
        self.spaces();
        let n = self
            .rest
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\r' | b'\n'))
            .count();
        Some(self.take(n)).filter(|w| !w.is_empty())
    }

    /// All that is left, without the line end.
    fn line(&mut self) -> String {
        let all = self.take(self.rest.len());
        text(all).trim_matches([' ', '\r', '\n']).to_owned()
    }

    fn said(&mut self) -> Option<Said> {
        let verdict = match text(self.bare()?).to_ascii_uppercase().as_str() {
            "OK" | "PREAUTH" => Verdict::Ok,
            "NO" => Verdict::No,
            "BAD" => Verdict::Bad,
            "BYE" => Verdict::Bye,
            _ => return None,
        };
        let line = self.line();
        let coded = line.strip_prefix('[').and_then(|l| l.split_once(']'));
        Some(match coded {
            Some((code, text)) => {
                let (name, rest) = code.split_once(' ').unwrap_or((code, ""));
                Said {
                    verdict,
                    code: Some((name.to_ascii_uppercase(), rest.trim().to_owned())),
                    text: text.trim().to_owned(),
                }
            }
            None => Said {
                verdict,
                code: None,
                text: line,
            },
        })
    }

    fn word(&mut self, depth: usize) -> Option<Word<'a>> {
        self.spaces();
        match self.rest {
            [b'"', ..] => self.quoted(),
            [b'{', ..] | [b'~', b'{', ..] => self.literal(),
            [b'(', ..] if depth < DEPTH => self.list(depth),
            [b')' | b'(', ..] | [] => None,
            _ => self.atom(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Word<'a>> {
        self.take(1);
        let mut all = Vec::new();
        loop {
            self.spaces();
            if self.rest.first() == Some(&b')') {
                self.take(1);
                return Some(Word::List(all));
            }
            let word = self.word(depth + 1)?;
            // Text that goes on after a literal's end is the rest of a literal announced too short.
            let ended = matches!(self.rest, [b' ' | b')' | b'\t', ..]);
            if matches!(word, Word::Text(_)) && !ended {
                return None;
            }
            all.push(word);
        }
    }

    fn atom(&mut self) -> Option<Word<'a>> {
        let mut bracket = false;
        let n = self
            .rest
            .iter()
            .take_while(|b| {
                match b {
                    b'[' => bracket = true,
                    b']' => bracket = false,
                    b'\r' | b'\n' => return false,
                    // `BODY[HEADER.FIELDS (MESSAGE-ID)]` is one name.
                    b' ' | b'(' | b')' | b'"' => return bracket,
                    _ => {}
                }
                true
            })
            .count();
        Some(self.take(n)).filter(|w| !w.is_empty()).map(Word::Atom)
    }

    fn quoted(&mut self) -> Option<Word<'a>> {
        self.take(1);
        let plain = self
            .rest
            .iter()
            .take_while(|b| !matches!(b, b'"' | b'\\' | b'\r' | b'\n'))
            .count();
        if self.rest.get(plain) == Some(&b'"') {
            let content = self.take(plain);
            self.take(1);
            return Some(Word::Text(Cow::Borrowed(content)));
        }
        let mut content = Vec::new();
        loop {
            match *self.take(1).first()? {
                b'"' => return Some(Word::Text(Cow::Owned(content))),
                b'\\' => content.push(*self.take(1).first()?),
                b'\r' | b'\n' => return None,
                b => content.push(b),
            }
        }
    }

    fn literal(&mut self) -> Option<Word<'a>> {
        let end = self.rest.iter().position(|b| *b == b'\n')?;
        let head = text(self.take(end + 1));
        let size: usize = head
            .trim_start_matches(['~', '{'])
            .trim_end_matches(['\r', '\n', '}', '+', '-'])
            .parse()
            .ok()?;
        if self.rest.len() < size {
            return None;
        }
        Some(Word::Text(Cow::Borrowed(self.take(size))))
    }
}

/// The size of the literal that this line announces at its end. A sentence may end in braces too, so the sentences
/// of status answers announce nothing.
pub(super) fn announced(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let inner = line.strip_suffix(b"}")?;
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let open = inner.iter().rposition(|b| *b == b'{')?;
    let digits = inner.get(open + 1..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // More digits than a number can have are a number nobody honest sends.
    Some(
        std::str::from_utf8(digits)
            .ok()?
            .parse()
            .unwrap_or(u64::MAX),
    )
}

/// Whether an answer that begins so is a sentence to its end.
pub(super) fn is_sentence(start: &[u8]) -> bool {
    if start.first() == Some(&b'+') {
        return true;
    }
    let mut scan = Scan { rest: start };
    scan.bare();
    let word = scan.bare().map(|w| text(w).to_ascii_uppercase());
    matches!(
        word.as_deref(),
        Some("OK" | "NO" | "BAD" | "BYE" | "PREAUTH")
    )
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
