//! Steers a running demo by lines of JSON, for tests that drive it from another language.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::compose::Letter;
use crate::demo::{Demo, write_as_customer};
use crate::error::{Error, Result};
use crate::relay::Fault;

/// One of the demo's servers.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Server {
    /// The mailbox server.
    Imap,
    /// The outgoing server.
    Smtp,
}

/// A request, as `{"do": "write", …}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Deliver a customer's letter to the team.
    Write {
        /// The customer, with or without a name.
        from: String,
        /// The letter's subject.
        subject: String,
        /// The letter's text.
        text: String,
        /// The Message-ID it answers.
        in_reply_to: Option<String>,
    },
    /// Deliver a raw mail to a mailbox.
    Deliver {
        /// The mailbox's address.
        to: String,
        /// The mail.
        mail: String,
    },
    /// Answer with the raw mails of a mailbox.
    Mails {
        /// The mailbox's address.
        user: String,
        /// `INBOX`, `Sent` and so on.
        mailbox: String,
    },
    /// Stop a server: connections break, the port refuses.
    Stop {
        /// Which one.
        server: Server,
    },
    /// Start a stopped server again on its port.
    Start {
        /// Which one.
        server: Server,
    },
    /// Change a mailbox's password for both servers.
    Password {
        /// The mailbox's address.
        user: String,
        /// The password from now on.
        password: String,
    },
    /// Let something go wrong once at the outgoing server: one of `refuse_login`, `refuse_recipient`,
    /// `data_later`, `refuse_mail`, `drop_after_data`, `lose_after_data`, `slow_answer`.
    Fault {
        /// Its name.
        name: String,
    },
    /// Answer with how many mails the outgoing server took, and their recipients.
    Accepted,
}

/// Does what a line asks for; the answer is a line again: `{"ok": …}` or `{"error": "…"}`.
pub async fn obey(demo: &mut Demo, line: &str) -> Value {
    let order =
        serde_json::from_str::<Order>(line).map_err(|error| Error::Option(error.to_string()));
    let result = match order {
        Ok(order) => carry_out(demo, order).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

async fn carry_out(demo: &mut Demo, order: Order) -> Result<Value> {
    match order {
        Order::Write {
            from,
            subject,
            text,
            in_reply_to,
        } => {
            let to = demo.facts().address.clone();
            write_as_customer(
                demo.facts(),
                &Letter {
                    from,
                    to,
                    subject,
                    text,
                    in_reply_to,
                },
            )?;
        }
        Order::Deliver { to, mail } => demo.dovecot().deliver(&to, mail.as_bytes())?,
        Order::Mails { user, mailbox } => {
            let mails = demo.dovecot().mails(&user, &mailbox)?;
            return Ok(mails
                .iter()
                .map(|mail| String::from_utf8_lossy(mail).into_owned())
                .collect());
        }
        Order::Stop {
            server: Server::Imap,
        } => demo.dovecot().stop()?,
        Order::Stop {
            server: Server::Smtp,
        } => demo.relay().stop().await,
        Order::Start {
            server: Server::Imap,
        } => demo.dovecot().restart()?,
        Order::Start {
            server: Server::Smtp,
        } => demo.relay().restart().await?,
        Order::Password { user, password } => {
            demo.dovecot().set_password(&user, &password)?;
            demo.relay().set_password(&user, &password);
        }
        Order::Fault { name } => {
            let fault = fault(&name)?;
            demo.relay().fault_once(fault);
        }
        Order::Accepted => {
            let accepted = demo.relay().accepted();
            return Ok(accepted
                .iter()
                .map(|mail| json!({ "recipients": mail.recipients }))
                .collect());
        }
    }
    Ok(Value::Null)
}

fn fault(name: &str) -> Result<Fault> {
    Ok(match name {
        "refuse_login" => Fault::RefuseLogin,
        "refuse_recipient" => Fault::RefuseRecipient,
        "data_later" => Fault::DataLater,
        "refuse_mail" => Fault::RefuseMail,
        "drop_after_data" => Fault::DropAfterData { accepted: true },
        "lose_after_data" => Fault::DropAfterData { accepted: false },
        "slow_answer" => Fault::SlowAnswer(Duration::from_secs(3)),
        other => return Err(Error::Option(format!("no fault is named {other:?}"))),
    })
}
