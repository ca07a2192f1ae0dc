//! Reads lines of bounded length from a client that may send anything.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// A client that says nothing for so long is sent away.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A line as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The line with its end.
    Whole(Vec<u8>),
    /// The line was longer than allowed; it has been read to its end and thrown away.
    TooLong,
}

/// The reading and writing end of a connection.
pub(super) struct Lines {
    stream: BufReader<Box<dyn Stream>>,
}

impl Lines {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The next line, or `None` at the end of the connection.
    pub(super) async fn next(&mut self, limit: usize) -> io::Result<Option<Line>> {
        tokio::time::timeout(PATIENCE, self.read(limit))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn read(&mut self, limit: usize) -> io::Result<Option<Line>> {
        let (mut line, mut too_long) = (Vec::new(), false);
        loop {
            let ready = self.stream.fill_buf().await?;
            if ready.is_empty() {
                return Ok(None);
            }
            let end = ready
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| at + 1);
            let taken = end.unwrap_or(ready.len());
            too_long |= line.len() + taken > limit;
            if !too_long {
                line.extend_from_slice(&ready[..taken]);
            }
            self.stream.consume(taken);
            if end.is_some() {
                return Ok(Some(if too_long {
                    Line::TooLong
                } else {
                    Line::Whole(line)
                }));
            }
        }
    }

    pub(super) async fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream
            .write_all(format!("{text}\r\n").as_bytes())
            .await?;
        self.stream.flush().await
    }

    /// Whether the client has sent more than was asked for: before TLS that is an injection.
    pub(super) fn has_more(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        self.stream.into_inner()
    }
}
