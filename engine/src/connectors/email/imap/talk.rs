//! The conversation: commands go out, answers come in, and there is one loop for all of them.

use super::super::convert::MAX_MAIL;
use super::super::net::{Wire, at, retry};
use super::answer::{self, Answer, Said, Verdict};
use super::fault::{self, Fault, Outcome};
use crate::connectors::email::Limits;
use crate::model::MailServer;
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Longest literal that is borne.
const MAX_LITERAL: u64 = MAX_MAIL as u64 + 1024 * 1024;
/// Longest line: the numbers of some million mails.
const MAX_LINE: usize = 16 * 1024 * 1024;
/// Most of one answer, its literals together.
const MAX_ANSWER: usize = MAX_MAIL + 16 * 1024 * 1024;
/// So many lines that are no IMAP, and the other side is no IMAP server (any more).
const MAX_NONSENSE: u32 = 500;
/// A slow line still carries so much in a second.
const SLOWEST: u64 = 32_768;
/// Most sentences of the server that are kept for a person.
const MAX_ALERTS: usize = 5;

/// A connection on which commands are said.
#[derive(Debug)]
pub(super) struct Talk {
    wire: Wire,
    /// What has come and is not yet read.
    buffer: Vec<u8>,
    /// Where in it the search for the line's end goes on.
    scanned: usize,
    /// Bytes of the present answer that are complete: lines and literals.
    whole: usize,
    next_tag: u32,
    /// The other side.
    pub(super) server: MailServer,
    limits: Limits,
    /// Sentences that the server wants a person to read.
    pub(super) alerts: Vec<String>,
}

/// What is said after the server asked to go on.
pub(super) type More<'a> = &'a mut (dyn FnMut(&str) -> Vec<u8> + Send);
/// What is done with each answer; breaking ends the listening, not the command.
type On<'a> = &'a mut (dyn FnMut(&Answer) -> ControlFlow<()> + Send);

impl Talk {
    /// Over an open connection whose greeting has been read.
    pub(super) fn new(wire: Wire, server: MailServer, limits: Limits) -> Self {
        wire.patience.set(limits.idle);
        Self {
            wire,
            buffer: Vec::new(),
            scanned: 0,
            whole: 0,
            next_tag: 0,
            server,
            limits,
            alerts: Vec::new(),
        }
    }

    /// Sends one command and hands every answer to `on` until the server is done with it. Gives the server's last
    /// word, which is OK.
    pub(super) async fn command(
        &mut self,
        command: &str,
        expected_bytes: u64,
        mut on: impl FnMut(&Answer) + Send,
    ) -> Outcome<Said> {
        self.converse(command, expected_bytes, &mut |_| Vec::new(), &mut on)
            .await
    }

    /// The same, with something to say when the server asks to go on.
    pub(super) async fn converse(
        &mut self,
        command: &str,
        expected_bytes: u64,
        more: More<'_>,
        on: &mut (dyn FnMut(&Answer) + Send),
    ) -> Outcome<Said> {
        let limit = self.limits.total + Duration::from_secs(expected_bytes / SLOWEST);
        let exchange = async {
            let tag = self.say(command).await?;
            let mut on = |a: &Answer| {
                on(a);
                ControlFlow::Continue(())
            };
            self.listen(&tag, more, &mut on).await
        };
        match timeout(limit, exchange).await {
            Ok(Ok(Some(said))) => Ok(said),
            Ok(Ok(None)) => Err(Fault::Broken(fault::closed(&self.server))),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::Broken(retry(
                "fetch",
                format!(
                    "{} took longer than {} s for one answer. It is tried again by itself.",
                    at(&self.server),
                    limit.as_secs()
                ),
            ))),
        }
    }

    /// Waits for a push: says IDLE, listens until `on` breaks or the time is over, and ends it.
    pub(super) async fn idle(&mut self, limit: Duration, on: On<'_>) -> Outcome<()> {
        let tag = self.say("IDLE").await?;
        self.wire.patience.set(limit + self.limits.idle);
        let heard = timeout(limit, self.listen(&tag, &mut |_| Vec::new(), on)).await;
        self.wire.patience.set(self.limits.idle);
        match heard {
            // The server ended it itself.
            Ok(Ok(Some(_))) => return Ok(()),
            Ok(Err(fault)) => return Err(fault),
            Ok(Ok(None)) | Err(_) => {}
        }
        self.write(b"DONE\r\n").await?;
        let mut rest = |_: &Answer| ControlFlow::Continue(());
        let (mut more, patience) = (|_: &str| Vec::new(), self.limits.idle);
        match timeout(patience, self.listen(&tag, &mut more, &mut rest)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::Broken(fault::closed(&self.server))),
        }
    }

    async fn say(&mut self, command: &str) -> Outcome<String> {
        self.next_tag += 1;
        let tag = format!("P{}", self.next_tag);
        self.write(format!("{tag} {command}\r\n").as_bytes())
            .await?;
        Ok(tag)
    }

    async fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        let written = async {
            self.wire.write_all(bytes).await?;
            self.wire.flush().await
        };
        written.await.map_err(|e| fault::lost(&self.server, &e))
    }

    /// The loop: answers until the command's end (its last word), or until `on` breaks (`None`).
    async fn listen(&mut self, tag: &str, more: More<'_>, on: On<'_>) -> Outcome<Option<Said>> {
        let mut nonsense = 0u32;
        loop {
            let answer = self.answer().await?;
            match answer {
                Answer::Done(t, said) if t == tag => {
                    self.alert(&said);
                    return match said.verdict {
                        Verdict::Ok => Ok(Some(said)),
                        _ => Err(fault::refused(&self.server, said)),
                    };
                }
                Answer::Continue(words) => {
                    let next = more(&words);
                    if !next.is_empty() {
                        self.write(&next).await?;
                    }
                }
                Answer::Status(said) if said.verdict == Verdict::Bye => {
                    return Err(Fault::Broken(fault::bye(&self.server, &said)));
                }
                other => {
                    if let Answer::Status(said) = &other {
                        self.alert(said);
                    }
                    nonsense += u32::from(other == Answer::Other);
                    if nonsense > MAX_NONSENSE {
                        return Err(fault::garbled(&self.server));
                    }
                    if on(&other).is_break() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// RFC 3501 §7.1: what follows ALERT must be shown to the user.
    fn alert(&mut self, said: &Said) {
        if said.is("ALERT") && self.alerts.len() < MAX_ALERTS {
            let words = fault::words(&said.text);
            if !self.alerts.contains(&words) {
                self.alerts.push(words);
            }
        }
    }

    /// The next answer. May be dropped half-way: nothing that came is lost.
    async fn answer(&mut self) -> Outcome<Answer> {
        loop {
            if let Some(end) = self.complete().map_err(|()| fault::garbled(&self.server))? {
                let bytes: Vec<u8> = self.buffer.drain(..end).collect();
                (self.scanned, self.whole) = (0, 0);
                return Ok(answer::read(&bytes));
            }
            self.buffer.reserve(16_384);
            let n = self
                .wire
                .read_buf(&mut self.buffer)
                .await
                .map_err(|e| fault::lost(&self.server, &e))?;
            if n == 0 {
                let e = io::Error::from(io::ErrorKind::UnexpectedEof);
                // The end of the stream must never pass for the end of a list.
                return Err(fault::lost(&self.server, &e));
            }
        }
    }

    /// Where the answer at the front of the buffer ends, if all of it is there.
    fn complete(&mut self) -> Result<Option<usize>, ()> {
        loop {
            if self.buffer.len() < self.whole {
                return Ok(None);
            }
            let from = self.scanned.max(self.whole);
            let fresh = self.buffer.get(from..).unwrap_or_default();
            let Some(n) = fresh.iter().position(|b| *b == b'\n') else {
                self.scanned = self.buffer.len();
                return if self.buffer.len() - self.whole > MAX_LINE {
                    Err(())
                } else {
                    Ok(None)
                };
            };
            let end = from + n + 1;
            let line = self.buffer.get(self.whole..end).unwrap_or_default();
            let literal = match answer::announced(line) {
                Some(size) if !(self.whole == 0 && answer::is_sentence(line)) => size,
                _ => return Ok(Some(end)),
            };
            if literal > MAX_LITERAL || end > MAX_ANSWER {
                return Err(());
            }
            self.whole = end + usize::try_from(literal).unwrap_or(usize::MAX);
            self.scanned = self.whole;
        }
    }
}

/// A string of a command; nothing in it can end the command.
pub(super) fn quote(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n' | '\0'))
        .collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_can_end_a_command() {
        assert_eq!(quote("a\"b\\c\r\nLOGOUT"), "\"a\\\"b\\\\cLOGOUT\"");
    }
}
