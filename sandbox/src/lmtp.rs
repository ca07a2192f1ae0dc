//! Hands a mail to a mailbox server by LMTP over its local socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};

/// Where a mailbox server takes deliveries.
#[derive(Debug, Clone)]
pub struct Lmtp {
    socket: PathBuf,
}

impl Lmtp {
    /// Deliveries go to the server listening on `socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
        }
    }

    /// The server's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Delivers one mail to one mailbox; returns when the server has it. An empty sender is a bounce's.
    pub fn deliver(&self, sender: &str, mailbox: &str, mail: &[u8]) -> Result<()> {
        let doing = || format!("LMTP delivery at {}", self.socket.display());
        let stream = UnixStream::connect(&self.socket).map_err(Error::system(doing()))?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .map_err(Error::system(doing()))?;
        let mut talk = Talk {
            reader: BufReader::new(stream),
            doing: doing(),
        };
        talk.expect("greeting", '2')?;
        talk.say("LHLO localhost", '2')?;
        talk.say(&format!("MAIL FROM:<{sender}>"), '2')?;
        talk.say(&format!("RCPT TO:<{mailbox}>"), '2')?;
        talk.say("DATA", '3')?;
        talk.send(&stuffed(mail))?;
        talk.expect("the mail", '2')?;
        talk.say("QUIT", '2').map(drop)
    }
}

struct Talk {
    reader: BufReader<UnixStream>,
    doing: String,
}

impl Talk {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.reader
            .get_mut()
            .write_all(bytes)
            .map_err(Error::system(&*self.doing))
    }

    fn say(&mut self, command: &str, wanted: char) -> Result<()> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.expect(command, wanted)
    }

    fn expect(&mut self, command: &str, wanted: char) -> Result<()> {
        loop {
            let mut line = String::new();
            self.reader
                .read_line(&mut line)
                .map_err(Error::system(&*self.doing))?;
            // "250-" goes on, "250 " is the last line; an empty line is the end of the connection.
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            if line.starts_with(wanted) {
                return Ok(());
            }
            return Err(Error::Answer {
                server: "LMTP server",
                command: command.to_owned(),
                answer: line.trim_end().to_owned(),
            });
        }
    }
}

/// The mail as DATA wants it: CRLF line ends, leading dots doubled, a final dot.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 40 + 8);
    let body = mail.strip_suffix(b"\n").unwrap_or(mail);
    for line in body.split(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn a_lone_dot_in_the_text_does_not_end_the_mail() {
        assert_eq!(stuffed(b"a\n.\n..b\r\nc"), b"a\r\n..\r\n...b\r\nc\r\n.\r\n");
    }
}
