//! A guard against answers that no honest server gives.

use super::super::convert::MAX_MAIL;
use super::super::net::Wire;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest literal that is borne; the parser would otherwise make room for whatever is announced.
const MAX_LITERAL: u64 = MAX_MAIL as u64 + 1024 * 1024;
/// Longest line: the numbers of some million mails.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// A connection that fails on answers no honest server gives.
#[derive(Debug)]
pub(in crate::connectors::email) struct Guarded {
    wire: Wire,
    scan: Scan,
}

#[derive(Debug, Default)]
struct Scan {
    /// Bytes of a literal still to come.
    literal: u64,
    /// Bytes of the present line.
    line: u64,
    /// The number in `{…` at the end of the line so far, and whether its brace is closed.
    number: Option<(u64, bool)>,
}

impl Scan {
    fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.literal > 0 {
                let skip = usize::try_from(self.literal)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                self.literal -= skip as u64;
                bytes = bytes.get(skip..).unwrap_or_default();
                continue;
            }
            let Some((b, rest)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = rest;
            self.byte(*b)?;
        }
        Ok(())
    }

    fn byte(&mut self, b: u8) -> io::Result<()> {
        self.line += 1;
        if self.line > MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "endless line"));
        }
        self.number = match (b, self.number) {
            (b'{', _) => Some((0, false)),
            (b'0'..=b'9', Some((n, false))) => Some((
                n.saturating_mul(10).saturating_add(u64::from(b - b'0')),
                false,
            )),
            (b'}', Some((n, false))) => Some((n, true)),
            (b'\r', kept @ Some((_, true))) => kept,
            (b'\n', Some((n, true))) => {
                self.line = 0;
                self.literal = n;
                if n > MAX_LITERAL {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "literal too large",
                    ));
                }
                None
            }
            _ => None,
        };
        if b == b'\n' {
            self.line = 0;
        }
        Ok(())
    }
}

impl Guarded {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            scan: Scan::default(),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.scan.feed(fresh))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_literal_of_hostile_size_ends_the_connection() {
        let fed = |text: &str| Scan::default().feed(text.as_bytes());
        assert!(fed("* 1 FETCH (BODY[] {999999999}\r\n").is_err());
        assert!(fed("* 1 FETCH (BODY[] {99999999999999999999999}\r\n").is_err());
        // The same bytes inside a mail are only text.
        assert!(fed("* 1 FETCH (BODY[] {13}\r\n{999999999}\r\n)\r\n").is_ok());
        assert!(fed("* OK {not a number}\r\n{5} x\r\n").is_ok());
        let mut scan = Scan::default();
        for piece in [
            "* 1 FETCH (BODY[] {1",
            "3}\r",
            "\n{9999",
            "99999}\r\n)\r\n* x {9999999999}",
            "\r\n",
        ] {
            if scan.feed(piece.as_bytes()).is_err() {
                assert_eq!(piece, "\r\n");
                return;
            }
        }
        panic!("the second literal was not seen");
    }
}
