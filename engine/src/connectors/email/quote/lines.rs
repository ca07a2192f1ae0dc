//! The engine: which lines are quoted, which are a signature, and which are what the person wrote.

use super::{attribution, headers, signature};
use crate::model::FoldKind;

/// What the source says of a line by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// In a block that is quoted if an introduction stands above it, or nothing below it.
    Soft,
    /// In a block that is quoted only if an introduction stands above it.
    Weak,
    /// Quoted: by its `>`, or in a block that cites.
    Quoted,
    /// In a part that a mail program marked as history.
    History,
    /// Marked as the introduction of a quotation.
    Intro,
    /// Where the header of a quoted mail begins, marked by a mail program.
    Header,
    /// Marked as a signature.
    Signature,
    /// A line drawn across.
    Rule,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub text: &'a str,
    pub mark: Mark,
    /// Nothing to see: no text and no picture.
    pub blank: bool,
}

/// What was found: a kind for each folded line, and a line whose beginning alone is visible.
#[derive(Debug, Default)]
pub struct Found {
    pub kinds: Vec<Option<FoldKind>>,
    pub split: Option<(usize, usize)>,
}

/// How a line counts while reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Blank,
    Own,
    Quoted,
    /// Introduces the quotation below it.
    Intro,
    /// The rest of the mail.
    Rest,
    /// Passed on: shown.
    Passed,
    /// A phone's line, or marked as a signature.
    Sign,
}

/// Finds what can be folded. `forward`: the mail passes another one on, by its subject.
pub fn find(lines: &[Line<'_>], forward: bool) -> Found {
    let mut reader = Reader {
        lines,
        texts: lines.iter().map(|l| l.text).collect(),
        fields: lines.iter().map(|l| headers::field(l.text)).collect(),
        roles: Vec::new(),
        split: None,
        forward,
        met: false,
    };
    reader.roles = lines.iter().map(|l| first_role(l)).collect();
    reader.mend_broken_lines();
    reader.read();
    reader.soft_end();
    reader.decide()
}

fn first_role(line: &Line<'_>) -> Role {
    match line.mark {
        _ if line.blank => Role::Blank,
        Mark::Quoted | Mark::History => Role::Quoted,
        Mark::Signature => Role::Sign,
        _ if signature::sent_from(line.text) => Role::Sign,
        _ => Role::Own,
    }
}

struct Reader<'a> {
    lines: &'a [Line<'a>],
    texts: Vec<&'a str>,
    /// What each line names as a field of a mail's header; asked again and again.
    fields: Vec<headers::Named<'a>>,
    roles: Vec<Role>,
    split: Option<(usize, usize)>,
    forward: bool,
    /// Own words were met while reading.
    met: bool,
}

impl<'a> Reader<'a> {
    fn role(&self, i: usize) -> Role {
        self.roles.get(i).copied().unwrap_or(Role::Blank)
    }

    fn set(&mut self, from: usize, to: usize, role: Role) {
        if let Some(part) = self.roles.get_mut(from..to) {
            part.fill(role);
        }
    }

    fn mark(&self, i: usize) -> Mark {
        self.lines.get(i).map(|l| l.mark).unwrap_or_default()
    }

    /// A quoted line that was broken without its `>`: the rest of a link, or a few small words.
    fn mend_broken_lines(&mut self) {
        for i in 1..self.lines.len().saturating_sub(1) {
            let above = self.texts.get(i - 1).copied().unwrap_or_default();
            let open = self.role(i - 1) == Role::Quoted && self.mark(i - 1) == Mark::Quoted;
            if self.role(i) != Role::Own || !open || above.len() > 2_000 {
                continue;
            }
            let next = (i + 1..self.lines.len().min(i + 4)).find(|j| self.role(*j) != Role::Own);
            let Some(next) = next.filter(|j| self.role(*j) == Role::Quoted) else {
                continue;
            };
            let text = self.texts.get(i).copied().unwrap_or_default().trim();
            let link = above
                .rfind("(http")
                .or(above.rfind("<http"))
                .is_some_and(|at| {
                    !above.get(at..).unwrap_or_default().contains([')', '>'])
                        && text.contains([')', '>'])
                });
            let linked = (text.starts_with("(http") || text.starts_with("<http"))
                && text.ends_with([')', '>']);
            let small = next == i + 1
                && above.len() >= 66
                && text.len() <= 24
                && text.starts_with(char::is_lowercase)
                && !above.trim_end().ends_with(['.', '?', '!', ':']);
            if link || linked || small {
                self.set(i, next, Role::Quoted);
            }
        }
    }

    /// A block at the very end is taken for history, if anything stands above it.
    fn soft_end(&mut self) {
        let n = self.lines.len();
        let end = (0..n)
            .rev()
            .find(|i| !matches!(self.role(*i), Role::Blank | Role::Sign))
            .unwrap_or(0);
        if self.role(end) != Role::Own || self.mark(end) != Mark::Soft {
            return;
        }
        let start = (0..=end)
            .rev()
            .find(|i| self.role(*i) != Role::Blank && self.mark(*i) != Mark::Soft)
            .map_or(0, |i| i + 1);
        if self.own_before(start) {
            for i in start..=end {
                if self.role(i) == Role::Own {
                    self.set(i, i + 1, Role::Quoted);
                }
            }
        }
    }

    fn own_before(&self, i: usize) -> bool {
        self.roles.iter().take(i).any(|r| *r == Role::Own)
    }

    /// From the top: introductions, headers, marks; stops where all the rest is history or is passed on.
    fn read(&mut self) {
        let mut i = 0;
        while i < self.lines.len() {
            match self.step(i) {
                Some(next) => {
                    self.met |= self.role(i) == Role::Own;
                    i = next;
                }
                None => return,
            }
        }
    }

    fn step(&mut self, i: usize) -> Option<usize> {
        let text = self.texts.get(i).copied().unwrap_or_default();
        let top = i == 0 || self.role(i - 1) != Role::Quoted;
        match self.role(i) {
            Role::Blank | Role::Sign if self.mark(i) != Mark::Header => return Some(i + 1),
            Role::Quoted if !top => return Some(i + 1),
            _ => {}
        }
        let plain = text.trim_start().trim_start_matches(['>', ' ']);
        if headers::forwarded(plain) && self.role(i) != Role::Passed {
            return self.pass_on(i);
        }
        if self.role(i) == Role::Quoted {
            return Some(i + 1);
        }
        if headers::reply_above(text) {
            return self.above(i);
        }
        if self.mark(i) == Mark::Intro {
            return self.intro(i, 1);
        }
        let rest = self.texts.get(i..).unwrap_or_default();
        if self.split.is_none()
            && let Some(at) =
                attribution::inside(text, rest.get(1..rest.len().min(4)).unwrap_or_default())
        {
            return self.share(i, at);
        }
        if let Some((n, sure)) = attribution::at(rest.get(..rest.len().min(8)).unwrap_or_default())
        {
            let next = self.after_blanks(i + n);
            let quoted = next.is_some_and(|j| self.is_quote(j));
            if quoted || sure == attribution::Sure::Alone {
                return self.intro(i, n);
            }
        }
        if self.header(i) {
            return self.cut(i);
        }
        Some(i + 1)
    }

    /// The header of the quoted mail, or a mark that stands for it.
    fn header(&self, i: usize) -> bool {
        let rest = self.texts.get(i..).unwrap_or_default();
        let Some(text) = rest.first() else {
            return false;
        };
        if self.mark(i) == Mark::Header || headers::original(text) || self.block_at(i) {
            return true;
        }
        (headers::frame(text) || self.mark(i) == Mark::Rule)
            && self
                .after_blanks(i + 1)
                .is_some_and(|j| j <= i + 3 && self.block_at(j))
    }

    /// Whether a written-out header begins at this line.
    fn block_at(&self, i: usize) -> bool {
        let lines = self.texts.get(i..).unwrap_or_default();
        headers::block_at(lines, self.fields.get(i..).unwrap_or_default())
    }

    fn after_blanks(&self, from: usize) -> Option<usize> {
        (from..self.lines.len()).find(|j| self.role(*j) != Role::Blank)
    }

    fn is_quote(&self, j: usize) -> bool {
        self.role(j) == Role::Quoted || matches!(self.mark(j), Mark::Soft | Mark::Weak)
    }

    /// An introduction of `n` lines: what is quoted below it, or all the rest where nothing is marked.
    fn intro(&mut self, i: usize, n: usize) -> Option<usize> {
        self.set(i, i + n, Role::Intro);
        let mut j = self.after_blanks(i + n)?;
        // A mark may say in several lines what one would do.
        while self.mark(j) == Mark::Intro && self.role(j) == Role::Own {
            self.set(j, j + 1, Role::Intro);
            j = self.after_blanks(j + 1)?;
        }
        if !self.is_quote(j) {
            self.set(j, self.lines.len(), Role::Rest);
            return None;
        }
        let soft = matches!(self.mark(j), Mark::Soft | Mark::Weak);
        while j < self.lines.len()
            && (self.role(j) == Role::Blank
                || self.role(j) == Role::Quoted
                || soft && matches!(self.mark(j), Mark::Soft | Mark::Weak))
        {
            if self.role(j) != Role::Blank {
                self.set(j, j + 1, Role::Quoted);
            }
            j += 1;
        }
        Some(j)
    }

    /// Own words and an introduction on one line.
    fn share(&mut self, i: usize, at: usize) -> Option<usize> {
        self.split = Some((i, at));
        let next = self.after_blanks(i + 1)?;
        if self.is_quote(next) {
            Some(next)
        } else {
            self.set(next, self.lines.len(), Role::Rest);
            None
        }
    }

    fn pass_on(&mut self, i: usize) -> Option<usize> {
        self.set(i, self.lines.len(), Role::Passed);
        None
    }

    fn cut(&mut self, i: usize) -> Option<usize> {
        if self.forward
            || !self.own_before(i)
                && !self
                    .roles
                    .iter()
                    .take(i)
                    .any(|r| matches!(r, Role::Sign | Role::Quoted))
        {
            return self.pass_on(i);
        }
        // A line drawn above it belongs to it.
        let mut from = i;
        while let Some(j) = (0..from).rev().find(|j| self.role(*j) != Role::Blank) {
            if !(self.mark(j) == Mark::Rule
                || headers::rule(self.texts.get(j).copied().unwrap_or_default()))
            {
                break;
            }
            from = j;
        }
        self.set(from, self.lines.len(), Role::Rest);
        None
    }

    /// Below the request to write above it stands history; above everything, it is only the program's own line.
    fn above(&mut self, i: usize) -> Option<usize> {
        if self.met {
            return self.cut(i);
        }
        self.set(i, i + 1, Role::Intro);
        Some(i + 1)
    }

    /// Settles what of the roles is folded.
    fn decide(mut self) -> Found {
        self.sign();
        let n = self.lines.len();
        let mut kinds: Vec<Option<FoldKind>> = vec![None; n];
        let own = |r: Role| matches!(r, Role::Own | Role::Passed);
        let last_own = (0..n)
            .rev()
            .find(|i| own(self.role(*i)) || self.split.is_some_and(|s| s.0 == *i));
        let first_own = (0..n).find(|i| own(self.role(*i)));
        let blocks = self.blocks();
        let interleaved = blocks
            .iter()
            .filter(|b| last_own.is_some_and(|l| b.end <= l))
            .count();
        let answers_between = interleaved >= 2
            || interleaved == 1
                && blocks.len() >= 2
                && blocks
                    .last()
                    .is_some_and(|b| last_own.is_some_and(|l| b.start > l));
        for b in &blocks {
            let trailing = last_own.is_none_or(|l| b.start > l);
            let leading = first_own.is_none_or(|f| b.end <= f);
            let several = b.lines >= 2 || self.role(b.end) == Role::Blank;
            let fold = trailing && (b.introduced || b.history || last_own.is_some())
                || !trailing
                    && !answers_between
                    && (b.introduced || b.history || leading && several);
            if fold && let Some(part) = kinds.get_mut(b.start..b.end) {
                part.fill(Some(FoldKind::Quote));
            }
        }
        for (i, kind) in kinds.iter_mut().enumerate() {
            match self.role(i) {
                Role::Rest => *kind = Some(FoldKind::Quote),
                Role::Sign => *kind = Some(FoldKind::Signature),
                _ => {}
            }
        }
        self.keep_something(&mut kinds, &blocks);
        self.spread(&mut kinds);
        Found {
            kinds,
            split: self.split,
        }
    }

    /// A mail that is nothing but its own signature is shown.
    fn keep_something(&self, kinds: &mut [Option<FoldKind>], blocks: &[Block]) {
        let shown = (0..kinds.len())
            .any(|i| self.role(i) != Role::Blank && kinds.get(i).is_some_and(Option::is_none));
        let history =
            blocks.iter().any(|b| b.introduced || b.history) || self.roles.contains(&Role::Rest);
        if !shown && self.split.is_none() && !history {
            kinds.fill(None);
        }
    }

    /// Signatures of what stands before the first quotation and after the last one.
    fn sign(&mut self) {
        let n = self.lines.len();
        let mine = |r: Role| matches!(r, Role::Own | Role::Blank | Role::Sign);
        let end = (0..n).find(|i| !mine(self.role(*i))).unwrap_or(n);
        let shared = self.split.map_or(n, |s| s.0);
        self.sign_piece(0, end.min(shared), true);
        let rest = (0..n)
            .find(|i| matches!(self.role(*i), Role::Rest))
            .unwrap_or(n);
        let start = (0..rest)
            .rev()
            .find(|i| !mine(self.role(*i)))
            .map_or(0, |i| i + 1);
        if start > end && start < rest && self.role(start.saturating_sub(1)) != Role::Passed {
            self.sign_piece(start, rest, false);
        }
    }

    fn sign_piece(&mut self, from: usize, to: usize, start: bool) {
        // A line drawn across is no dash of a signature, and a phone's line was found already.
        let texts: Vec<&str> = (from..to)
            .map(|i| match (self.mark(i), self.role(i)) {
                (Mark::Rule, _) => "",
                (_, Role::Sign) if self.mark(i) == Mark::Signature => "",
                _ => self.texts.get(i).copied().unwrap_or_default(),
            })
            .collect();
        let Some(at) = signature::begins(&texts, start) else {
            return;
        };
        for i in from + at..to {
            if self.role(i) == Role::Own {
                self.set(i, i + 1, Role::Sign);
            }
        }
    }

    /// Stretches of quoted lines with their introductions.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut i = 0;
        while i < self.lines.len() {
            if !matches!(self.role(i), Role::Quoted | Role::Intro) {
                i += 1;
                continue;
            }
            let mut b = Block {
                start: i,
                end: i,
                introduced: false,
                history: false,
                lines: 0,
            };
            while i < self.lines.len()
                && matches!(self.role(i), Role::Quoted | Role::Intro | Role::Blank)
            {
                if self.role(i) != Role::Blank {
                    b.end = i + 1;
                    b.lines += 1;
                }
                b.introduced |= self.role(i) == Role::Intro;
                b.history |= self.mark(i) == Mark::History;
                i += 1;
            }
            b.introduced |= self.split.is_some_and(|s| s.0 < b.start);
            blocks.push(b);
        }
        blocks
    }

    /// Blank lines beside what is folded are folded with it.
    fn spread(&self, kinds: &mut [Option<FoldKind>]) {
        let mut last = None;
        for i in (0..kinds.len()).rev() {
            if self.role(i) == Role::Blank
                && let Some(k) = kinds.get_mut(i)
                && k.is_none()
            {
                *k = last;
            }
            last = kinds.get(i).copied().flatten();
        }
        // At the very end they would show as empty room.
        let mut before = None;
        for (i, kind) in kinds.iter_mut().enumerate() {
            if self.role(i) == Role::Blank && kind.is_none() {
                *kind = before;
            }
            before = *kind;
        }
    }
}

struct Block {
    start: usize,
    end: usize,
    introduced: bool,
    history: bool,
    lines: usize,
}
