//! Proving to an IMAP server who one is: a password, or an access token (XOAUTH2, OAUTHBEARER of RFC 7628).

use super::guard::Guarded;
use crate::connectors::email::net::{self, Wire, at, broken, mend, retry};
use crate::connectors::email::reasons::{self, Asked};
use crate::connectors::email::sasl::{Challenge, TokenWay};
use crate::connectors::{Proof, Result};
use crate::model::{ChannelError, MailServer};
use async_imap::error::Error;
use async_imap::{Client, Session};
use secrecy::{ExposeSecret, SecretString};

/// Signs in with the best way that the server offers.
pub(super) async fn sign_in(
    server: &MailServer,
    proof: &Proof,
    wire: Wire,
    offered: &[String],
) -> Result<Session<Guarded>> {
    let client = Client::new(Guarded::new(wire));
    match proof {
        Proof::Password(password) => with_password(server, password, client, offered).await,
        Proof::Token(token) => with_token(server, token, client, offered).await,
    }
}

fn offers(offered: &[String], what: &str) -> bool {
    offered.iter().any(|o| o.eq_ignore_ascii_case(what))
}

async fn with_password(
    server: &MailServer,
    password: &SecretString,
    client: Client<Guarded>,
    offered: &[String],
) -> Result<Session<Guarded>> {
    let done = if offers(offered, "AUTH=PLAIN") {
        let plain = Plain {
            user: server.user.clone(),
            password: password.clone(),
        };
        client.authenticate("PLAIN", plain).await
    } else if offers(offered, "LOGINDISABLED") {
        return Err(reasons::no_passwords(server, "login"));
    } else {
        client.login(&server.user, password.expose_secret()).await
    };
    done.map_err(|(e, _)| failure(server, &e, Asked::Password))
}

struct Plain {
    user: String,
    password: SecretString,
}

impl async_imap::Authenticator for Plain {
    type Response = String;
    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password.expose_secret())
    }
}

async fn with_token(
    server: &MailServer,
    token: &SecretString,
    client: Client<Guarded>,
    offered: &[String],
) -> Result<Session<Guarded>> {
    let way = TokenWay::of(|name| offers(offered, &format!("AUTH={name}")))
        .ok_or_else(|| reasons::no_tokens(server, "login"))?;
    let challenge = Challenge::default();
    let bearer = Bearer {
        first: Some(way.first(server, token)),
        then: way.after_refusal(),
        challenge: challenge.clone(),
    };
    let done = client.authenticate(way.name(), bearer).await;
    done.map_err(|(e, _)| match challenge.refusal() {
        Some(refusal) => reasons::token_refused(server, "login", &refusal),
        None => failure(server, &e, Asked::Token),
    })
}

/// Says the token, and to the server's reasons for refusing it what ends the exchange.
struct Bearer {
    first: Option<SecretString>,
    then: &'static str,
    challenge: Challenge,
}

impl async_imap::Authenticator for Bearer {
    type Response = String;
    fn process(&mut self, challenge: &[u8]) -> String {
        match self.first.take() {
            Some(token) => token.expose_secret().to_owned(),
            None => {
                self.challenge.heard(challenge);
                self.then.to_owned()
            }
        }
    }
}

fn failure(server: &MailServer, e: &Error, asked: Asked) -> ChannelError {
    let at = at(server);
    match e {
        Error::No(said) | Error::Bad(said) => {
            reasons::refused(server, "login", said, &server_words(said), asked)
        }
        Error::Validate(_) => mend(
            "login",
            "The user name or password holds a line break. Type them again.".to_owned(),
        ),
        Error::Io(e) => broken(server, "login", e),
        other => retry(
            "login",
            format!(
                "{at} closed the connection while signing in ({other}). It is tried again by itself."
            ),
        ),
    }
}

/// The server's own sentence, short and on one line.
pub(super) fn server_words(said: &str) -> String {
    let text = said
        .rsplit_once("info: Some(\"")
        .map_or(said, |(_, t)| t.trim_end_matches("\")"));
    net::quoted(text)
}
