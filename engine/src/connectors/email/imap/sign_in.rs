//! Proving to an IMAP server who one is: a password, or an access token (XOAUTH2, OAUTHBEARER of RFC 7628).

use super::super::net::mend;
use super::fault::{self, Fault, Outcome};
use super::talk::{Talk, quote};
use crate::connectors::email::reasons::{self, Asked};
use crate::connectors::email::sasl::{Challenge, TokenWay};
use crate::connectors::{Proof, Result};
use crate::model::{ChannelError, MailServer};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

/// Signs in with the best way that the server offers.
pub(super) async fn sign_in(
    talk: &mut Talk,
    server: &MailServer,
    proof: &Proof,
    offered: &[String],
) -> Result<()> {
    match proof {
        Proof::Password(password) => with_password(talk, server, password, offered)
            .await
            .map_err(|f| failure(server, f, Asked::Password)),
        Proof::Token(token) => with_token(talk, server, token, offered).await,
    }
}

fn offers(offered: &[String], what: &str) -> bool {
    offered.iter().any(|o| o.eq_ignore_ascii_case(what))
}

async fn with_password(
    talk: &mut Talk,
    server: &MailServer,
    password: &SecretString,
    offered: &[String],
) -> Outcome<()> {
    let typed = [server.user.as_str(), password.expose_secret()];
    if offers(offered, "AUTH=PLAIN") {
        let answer = format!("\0{}\0{}", typed[0], typed[1]);
        return authenticate(talk, "PLAIN", &mut |_| answer.clone().into_bytes()).await;
    }
    if offers(offered, "LOGINDISABLED") {
        return Err(Fault::Told(reasons::no_passwords(server, "login")));
    }
    if typed.iter().any(|t| t.contains(['\r', '\n', '\0'])) {
        let what = "The user name or password holds a line break. Type them again.";
        return Err(Fault::Told(mend("login", what)));
    }
    let command = format!("LOGIN {} {}", quote(typed[0]), quote(typed[1]));
    talk.command(&command, 0, |_| {}).await.map(|_| ())
}

/// Says the token, and to the server's reasons for refusing it what ends the exchange.
async fn with_token(
    talk: &mut Talk,
    server: &MailServer,
    token: &SecretString,
    offered: &[String],
) -> Result<()> {
    let way = TokenWay::of(|name| offers(offered, &format!("AUTH={name}")))
        .ok_or_else(|| reasons::no_tokens(server, "login"))?;
    let reasons_given = Challenge::default();
    let mut first = Some(way.first(server, token));
    let mut answer = |challenge: &[u8]| match first.take() {
        Some(token) => token.expose_secret().as_bytes().to_vec(),
        None => {
            reasons_given.heard(challenge);
            way.after_refusal().as_bytes().to_vec()
        }
    };
    let done = authenticate(talk, way.name(), &mut answer).await;
    done.map_err(|f| match reasons_given.refusal() {
        Some(refusal) => reasons::token_refused(server, "login", &refusal),
        None => failure(server, f, Asked::Token),
    })
}

/// A SASL exchange: each challenge, decoded, is answered by `answer`.
async fn authenticate(
    talk: &mut Talk,
    mechanism: &str,
    answer: &mut (dyn FnMut(&[u8]) -> Vec<u8> + Send),
) -> Outcome<()> {
    let mut more = |challenge: &str| {
        let challenge = BASE64
            .decode(challenge.trim().as_bytes())
            .unwrap_or_default();
        format!("{}\r\n", BASE64.encode(&answer(&challenge))).into_bytes()
    };
    let command = format!("AUTHENTICATE {mechanism}");
    talk.converse(&command, 0, &mut more, &mut |_| {})
        .await
        .map(|_| ())
}

fn failure(server: &MailServer, fault: Fault, asked: Asked) -> ChannelError {
    match fault {
        Fault::Refused(said) => fault::login(server, &said, asked),
        other => fault::at_step(server, "login", other),
    }
}
