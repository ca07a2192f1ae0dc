//! The few lines that are spoken before TLS, and before a protocol's own client takes over.

use super::{Protocol, Wire, at, broken, mend, retry};
use crate::connectors::Result;
use crate::model::{ChannelError, MailServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Asks for encryption in the protocol's own words.
pub(super) async fn ask_for_tls(
    wire: &mut Wire,
    server: &MailServer,
    protocol: Protocol,
) -> Result<()> {
    let mut lines = Lines::new(wire, server);
    match protocol {
        Protocol::Imap => lines.imap().await?,
        Protocol::Smtp => lines.smtp().await?,
    }
    // Whatever came before the handshake was said by anybody; it must not be taken for the server's word later.
    if lines.buffer.is_empty() {
        Ok(())
    } else {
        Err(mend(
            "tls",
            format!(
                "{} sent text between STARTTLS and the encryption, which no honest server does. The connection was dropped.",
                at(server)
            ),
        ))
    }
}

/// The few lines that are spoken before a protocol's own client takes over.
pub(in crate::connectors::email) struct Lines<'a> {
    wire: &'a mut Wire,
    /// Whom we speak to.
    pub(in crate::connectors::email) server: &'a MailServer,
    buffer: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Over an open connection.
    pub(in crate::connectors::email) fn new(wire: &'a mut Wire, server: &'a MailServer) -> Self {
        Self {
            wire,
            server,
            buffer: Vec::new(),
        }
    }

    /// The next line without its end.
    pub(in crate::connectors::email) async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > 16_384 {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} sent an endless line instead of a greeting. Perhaps the port is wrong.",
                        at(self.server)
                    ),
                ));
            }
            let mut chunk = [0u8; 1024];
            let n = self
                .wire
                .read(&mut chunk)
                .await
                .map_err(|e| broken(self.server, "greeting", &e))?;
            if n == 0 {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} closed the connection before it said what it can do. The server may be busy, or this port expects another kind of encryption.",
                        at(self.server)
                    ),
                ));
            }
            self.buffer.extend(chunk.iter().take(n));
        }
    }

    /// Sends a line, its end included.
    pub(in crate::connectors::email) async fn say(&mut self, line: &str) -> Result<()> {
        let written = async {
            self.wire.write_all(line.as_bytes()).await?;
            self.wire.flush().await
        };
        written.await.map_err(|e| broken(self.server, "tls", &e))
    }

    fn refused(&self) -> ChannelError {
        mend(
            "tls",
            format!(
                "{} offers no STARTTLS. Choose TLS in the account's settings (usually port 993 for reading, 465 for sending).",
                at(self.server)
            ),
        )
    }

    async fn imap(&mut self) -> Result<()> {
        let greeting = self.line().await?;
        if !greeting.starts_with("* OK") {
            return Err(retry(
                "greeting",
                format!("{} does not greet as an IMAP server does.", at(self.server)),
            ));
        }
        self.say("s1 STARTTLS\r\n").await?;
        for _ in 0..50 {
            let line = self.line().await?;
            if let Some(answer) = line.strip_prefix("s1 ") {
                return if answer.starts_with("OK") {
                    Ok(())
                } else {
                    Err(self.refused())
                };
            }
        }
        Err(self.refused())
    }

    async fn smtp(&mut self) -> Result<()> {
        let (code, _) = self.reply().await?;
        if code != "220" {
            return Err(retry(
                "greeting",
                format!(
                    "{} does not greet as a mail server does (it answered {code}).",
                    at(self.server)
                ),
            ));
        }
        self.say("EHLO localhost\r\n").await?;
        let (code, lines) = self.reply().await?;
        let offered = lines
            .iter()
            .any(|l| l.trim().eq_ignore_ascii_case("STARTTLS"));
        if code != "250" || !offered {
            return Err(self.refused());
        }
        self.say("STARTTLS\r\n").await?;
        match self.reply().await?.0.as_str() {
            "220" => Ok(()),
            _ => Err(self.refused()),
        }
    }

    /// One SMTP reply: its code and the texts of its lines.
    async fn reply(&mut self) -> Result<(String, Vec<String>)> {
        let mut texts = Vec::new();
        for _ in 0..100 {
            let line = self.line().await?;
            let (Some(code), more) = (line.get(..3), line.get(3..4)) else {
                break;
            };
            if !code.bytes().all(|b| b.is_ascii_digit()) {
                break;
            }
            texts.push(line.get(4..).unwrap_or_default().to_owned());
            if more != Some("-") {
                return Ok((code.to_owned(), texts));
            }
        }
        Err(retry(
            "greeting",
            format!(
                "{} does not speak SMTP. Perhaps the port is wrong.",
                at(self.server)
            ),
        ))
    }
}
