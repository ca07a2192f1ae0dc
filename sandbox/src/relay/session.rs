//! One client's conversation with the relay.

mod token;

use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use tokio::net::TcpStream;

use super::lines::{Line, Lines};
use super::{Accepted, Fault, Shared, Tls};

const COMMAND_LIMIT: usize = 4096;
const MOST_RECIPIENTS: usize = 100;
const MOST_ERRORS: u32 = 20;
const REFUSED: &str = "535 5.7.8 authentication failed";

struct Session {
    lines: Lines,
    shared: Arc<Shared>,
    encrypted: bool,
    greeted: bool,
    login: Option<String>,
    sender: Option<String>,
    recipients: Vec<String>,
    errors: u32,
}

/// What to do after a command.
enum Next {
    Reply(String),
    StartTls,
    End(Option<&'static str>),
}

impl From<&str> for Next {
    fn from(text: &str) -> Self {
        Self::Reply(text.to_owned())
    }
}

/// Serves a client until it leaves or misbehaves; what goes wrong is the client's to see.
pub(super) async fn run(stream: TcpStream, shared: Arc<Shared>) {
    let _ = converse(stream, shared).await;
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let implicit = shared.options.tls == Tls::Implicit;
    let lines = if implicit {
        Lines::new(Box::new(shared.tls.accept(stream).await?))
    } else {
        Lines::new(Box::new(stream))
    };
    let mut session = Session {
        lines,
        shared,
        encrypted: implicit,
        greeted: false,
        login: None,
        sender: None,
        recipients: Vec::new(),
        errors: 0,
    };
    if session.shared.fault(|fault| fault == Fault::Busy).is_some() {
        return session.lines.write("421 4.3.2 too busy, try later").await;
    }
    session.lines.write("220 localhost ESMTP").await?;
    loop {
        match session.step().await? {
            Next::Reply(text) => {
                session.lines.write(&text).await?;
                if session.count_error(&text) {
                    return session.lines.write("421 4.7.0 too many errors").await;
                }
            }
            Next::StartTls => session = session.start_tls().await?,
            Next::End(Some(text)) => return session.lines.write(text).await,
            Next::End(None) => return Ok(()),
        }
    }
}

impl Session {
    async fn step(&mut self) -> io::Result<Next> {
        let line = match self.lines.next(COMMAND_LIMIT).await? {
            None => return Ok(Next::End(None)),
            Some(Line::TooLong) => return Ok("500 5.5.2 line too long".into()),
            Some(Line::Whole(line)) => line,
        };
        let Ok(line) = String::from_utf8(line) else {
            return Ok("500 5.5.2 not text".into());
        };
        let line = line.trim_end_matches(['\r', '\n']);
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(true),
            "HELO" => self.hello(false),
            "STARTTLS" => self.offer_tls(),
            "AUTH" => self.authenticate(rest).await?,
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => return self.data().await,
            "RSET" => {
                self.forget();
                "250 2.0.0 forgotten".into()
            }
            "NOOP" => "250 2.0.0 still here".into(),
            "QUIT" => Next::End(Some("221 2.0.0 bye")),
            _ => "500 5.5.1 unknown command".into(),
        })
    }

    fn count_error(&mut self, reply: &str) -> bool {
        self.errors += u32::from(reply.starts_with('5'));
        self.errors >= MOST_ERRORS
    }

    fn forget(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    fn hello(&mut self, extended: bool) -> Next {
        self.greeted = true;
        self.forget();
        if !extended {
            return "250 localhost".into();
        }
        let options = &self.shared.options;
        let mut lines = vec![
            "localhost".to_owned(),
            "PIPELINING".into(),
            "8BITMIME".into(),
        ];
        lines.extend([
            "SMTPUTF8".into(),
            "ENHANCEDSTATUSCODES".into(),
            format!("SIZE {}", options.size_limit),
        ]);
        if options.tls == Tls::StartTls && !self.encrypted {
            lines.push("STARTTLS".into());
        }
        if self.offers_login() {
            let tokens = if options.token_key.is_some() {
                " XOAUTH2"
            } else {
                ""
            };
            lines.push(format!("AUTH PLAIN LOGIN{tokens}"));
        }
        let last = lines.len() - 1;
        let reply = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", if at < last { '-' } else { ' ' }));
        Next::Reply(reply.collect::<Vec<_>>().join("\r\n"))
    }

    fn offers_login(&self) -> bool {
        !self.shared.options.users.is_empty()
            && (self.encrypted || !self.shared.options.login_needs_tls)
    }

    fn offer_tls(&self) -> Next {
        if self.encrypted || self.shared.options.tls != Tls::StartTls {
            return "503 5.5.1 TLS is not available here".into();
        }
        if self.lines.has_more() {
            return Next::End(Some("554 5.5.1 commands after STARTTLS"));
        }
        Next::StartTls
    }

    async fn start_tls(mut self) -> io::Result<Self> {
        self.lines.write("220 2.0.0 go ahead").await?;
        // What came in the clear while the answer was on its way must not count as encrypted.
        if self.lines.has_more() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let stream = self.shared.tls.accept(self.lines.into_stream()).await?;
        self.lines = Lines::new(Box::new(stream));
        self.encrypted = true;
        self.greeted = false;
        self.login = None;
        self.sender = None;
        self.recipients.clear();
        Ok(self)
    }

    async fn authenticate(&mut self, rest: &str) -> io::Result<Next> {
        if !self.greeted || self.login.is_some() || self.sender.is_some() {
            return Ok("503 5.5.1 not now".into());
        }
        if !self.offers_login() {
            return Ok("538 5.7.11 encryption required".into());
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, password) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let Some(answer) = self.challenge(initial, "334 ").await? else {
                    return Ok(cancelled());
                };
                let mut parts = answer.splitn(3, '\0').skip(1).map(str::to_owned);
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            "LOGIN" => {
                let Some(name) = self.challenge(initial, "334 VXNlcm5hbWU6").await? else {
                    return Ok(cancelled());
                };
                let Some(password) = self.challenge("", "334 UGFzc3dvcmQ6").await? else {
                    return Ok(cancelled());
                };
                (name, password)
            }
            "XOAUTH2" if self.shared.options.token_key.is_some() => {
                return self.by_token(initial).await;
            }
            _ => return Ok("504 5.5.4 PLAIN or LOGIN".into()),
        };
        Ok(self.judge_login(name, &password))
    }

    fn judge_login(&mut self, name: String, password: &str) -> Next {
        if !self.shared.may_send(&name, password) {
            return REFUSED.into();
        }
        self.welcome(name)
    }

    /// Lets a proven user in, unless a fault is due.
    fn welcome(&mut self, name: String) -> Next {
        match self
            .shared
            .fault(|fault| matches!(fault, Fault::RefuseLogin | Fault::LoginLater))
        {
            Some(Fault::RefuseLogin) => REFUSED.into(),
            Some(_) => "454 4.7.0 cannot check passwords now".into(),
            None => {
                self.login = Some(name);
                "235 2.7.0 welcome".into()
            }
        }
    }

    /// The client's next piece of a login, asked for unless it came with the command.
    async fn challenge(&mut self, given: &str, question: &str) -> io::Result<Option<String>> {
        let answer = if given.is_empty() {
            self.lines.write(question).await?;
            match self.lines.next(COMMAND_LIMIT).await? {
                Some(Line::Whole(line)) => String::from_utf8(line).unwrap_or_default(),
                _ => return Ok(None),
            }
        } else {
            given.to_owned()
        };
        let bytes = BASE64.decode(answer.trim_end().as_bytes()).ok();
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn mail(&mut self, rest: &str) -> Next {
        if !self.greeted || self.sender.is_some() {
            return "503 5.5.1 not now".into();
        }
        if !self.shared.options.users.is_empty() && self.login.is_none() {
            return "530 5.7.0 log in first".into();
        }
        let Some((sender, parameters)) = path(rest, "FROM:") else {
            return "501 5.5.4 MAIL FROM:<address>".into();
        };
        if declared_size(parameters).is_some_and(|size| size > self.shared.options.size_limit) {
            return "552 5.3.4 too large".into();
        }
        self.sender = Some(sender);
        "250 2.1.0 ok".into()
    }

    fn recipient(&mut self, rest: &str) -> Next {
        if self.sender.is_none() {
            return "503 5.5.1 MAIL first".into();
        }
        let Some((recipient, _)) = path(rest, "TO:").filter(|(address, _)| address.contains('@'))
        else {
            return "501 5.5.4 RCPT TO:<address>".into();
        };
        if self.recipients.len() >= MOST_RECIPIENTS {
            return "452 4.5.3 too many recipients".into();
        }
        match self
            .shared
            .fault(|fault| matches!(fault, Fault::RefuseRecipient | Fault::RecipientLater))
        {
            Some(Fault::RefuseRecipient) => "550 5.1.1 no such mailbox".into(),
            Some(_) => "450 4.2.1 mailbox busy".into(),
            None => {
                self.recipients.push(recipient);
                "250 2.1.5 ok".into()
            }
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.recipients.is_empty() {
            return Ok("503 5.5.1 RCPT first".into());
        }
        if self
            .shared
            .fault(|fault| fault == Fault::DataLater)
            .is_some()
        {
            return Ok("451 4.3.0 try later".into());
        }
        self.lines.write("354 end with a dot").await?;
        if self
            .shared
            .fault(|fault| fault == Fault::DropDuringData)
            .is_some()
        {
            let _ = self.lines.next(COMMAND_LIMIT).await?;
            return Ok(Next::End(None));
        }
        let Some(mail) = self.read_mail().await? else {
            self.forget();
            return Ok("552 5.3.4 too large".into());
        };
        self.conclude(mail).await
    }

    /// The mail without its dots; `None` when it was larger than allowed.
    async fn read_mail(&mut self) -> io::Result<Option<Vec<u8>>> {
        let limit = self.shared.options.size_limit;
        let (mut mail, mut too_large, mut line_start) = (Vec::new(), false, true);
        loop {
            let line = match self
                .lines
                .next(limit.saturating_sub(mail.len()).max(8))
                .await?
            {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(Line::TooLong) => {
                    (too_large, line_start) = (true, true);
                    mail.clear();
                    continue;
                }
                Some(Line::Whole(line)) => line,
            };
            // Only CR LF . CR LF ends a mail; a bare LF before the dot must not smuggle a second one in.
            if line_start && line == b".\r\n" {
                return Ok(Some(mail).filter(|_| !too_large));
            }
            let text = if line_start {
                line.strip_prefix(b".").unwrap_or(&line)
            } else {
                &line
            };
            if !too_large {
                mail.extend_from_slice(text);
                too_large = mail.len() > limit;
            }
            line_start = line.ends_with(b"\r\n");
        }
    }

    async fn conclude(&mut self, mail: Vec<u8>) -> io::Result<Next> {
        let fault = self.shared.fault(|fault| {
            matches!(
                fault,
                Fault::RefuseMail
                    | Fault::MailLater
                    | Fault::DropAfterData { .. }
                    | Fault::SlowAnswer(_)
            )
        });
        let accepted = Accepted {
            sender: self.sender.take().unwrap_or_default(),
            recipients: std::mem::take(&mut self.recipients),
            mail,
            login: self.login.clone(),
            encrypted: self.encrypted,
        };
        match fault {
            Some(Fault::RefuseMail) => return Ok("554 5.7.1 refused".into()),
            Some(Fault::MailLater) => return Ok("451 4.3.0 try later".into()),
            Some(Fault::DropAfterData { accepted: false }) => return Ok(Next::End(None)),
            _ => {}
        }
        if !deliver(&self.shared, &accepted).await {
            return Ok("451 4.3.0 the mailbox does not answer, try later".into());
        }
        self.shared.state().accepted.push(accepted);
        match fault {
            Some(Fault::DropAfterData { .. }) => return Ok(Next::End(None)),
            Some(Fault::SlowAnswer(pause)) => tokio::time::sleep(pause).await,
            _ => {}
        }
        Ok("250 2.0.0 taken".into())
    }
}

fn cancelled() -> Next {
    "501 5.5.2 login cancelled".into()
}

/// The address in `FROM:<a@b> MORE`, and what follows it.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, more) = rest[keyword.len()..]
        .trim_start()
        .strip_prefix('<')?
        .split_once('>')?;
    let clean =
        address.len() <= 320 && !address.contains(|c: char| c.is_control() || c == ' ' || c == '<');
    clean.then(|| (address.to_owned(), more))
}

fn declared_size(parameters: &str) -> Option<usize> {
    let size = parameters.split(' ').find_map(|word| {
        word.to_ascii_uppercase()
            .strip_prefix("SIZE=")
            .map(str::to_owned)
    });
    // A number too large to hold is too large to take.
    size.map(|digits| digits.parse().unwrap_or(usize::MAX))
}

/// Hands the mail to those of its recipients that have a mailbox here.
async fn deliver(shared: &Shared, accepted: &Accepted) -> bool {
    let Some(lmtp) = shared.options.delivery.clone() else {
        return true;
    };
    let has_mailbox = |address: &&String| {
        shared
            .options
            .mailboxes
            .iter()
            .any(|own| own.eq_ignore_ascii_case(address))
    };
    let recipients: Vec<_> = accepted
        .recipients
        .iter()
        .filter(has_mailbox)
        .map(|own| own.to_lowercase())
        .collect();
    let (sender, mail) = (accepted.sender.clone(), accepted.mail.clone());
    let work = move || {
        recipients
            .iter()
            .all(|recipient| lmtp.deliver(&sender, recipient, &mail).is_ok())
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(false)
}
