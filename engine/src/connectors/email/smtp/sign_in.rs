//! Proving to an SMTP server who one is: a password, or an access token (XOAUTH2, OAUTHBEARER of RFC 7628).

use super::{Sender, failure, retry, short, words};
use crate::connectors::email::net::{self, at};
use crate::connectors::email::reasons::{self, Asked};
use crate::connectors::email::sasl::{Challenge, TokenWay};
use crate::connectors::{Proof, Result};
use crate::model::ChannelError;
use data_encoding::BASE64;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use std::sync::PoisonError;
use tokio::time::timeout;

const STEP: &str = "smtp_login";
const PASSWORDS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

impl Sender {
    /// What the server said when it greeted.
    pub(in crate::connectors::email) fn greeting(&self) -> String {
        let heard = self.heard();
        let first = heard.lines().next().unwrap_or_default();
        let size = match self.watch.size_limit() {
            Some(limit) => format!(" It takes mails of up to {:.0} MB.", super::mega(limit)),
            None => String::new(),
        };
        if first.get(4..).is_some_and(|w| !w.is_empty()) && !first.starts_with("250") {
            format!("{}{size}", net::quoted(first.get(4..).unwrap_or_default()))
        } else {
            format!("The server is ready.{size}")
        }
    }

    /// Signs in, where the server asks anybody to.
    pub(in crate::connectors::email) async fn login(&mut self, proof: &Proof) -> Result<()> {
        match proof {
            Proof::Password(password) => self.with_password(password).await,
            Proof::Token(token) => self.with_token(token).await,
        }
    }

    async fn with_password(&mut self, password: &SecretString) -> Result<()> {
        let info = self.connection.server_info();
        if !PASSWORDS.iter().any(|m| info.supports_auth_mechanism(*m)) {
            // A relay on this computer may let anybody in; a server that wants more says so at the first command.
            return if self.offers("") {
                Err(reasons::no_passwords(&self.server, STEP))
            } else {
                Ok(())
            };
        }
        let credentials = Credentials::new(
            self.server.user.clone(),
            password.expose_secret().to_owned(),
        );
        let done = timeout(net::TOTAL, self.connection.auth(&PASSWORDS, &credentials)).await;
        self.signed_in(done, Asked::Password).map(|_| ())
    }

    async fn with_token(&mut self, token: &SecretString) -> Result<()> {
        let way = TokenWay::of(|name| self.offers(name))
            .ok_or_else(|| reasons::no_tokens(&self.server, STEP))?;
        let first = way.first(&self.server, token);
        let encoded = BASE64.encode(first.expose_secret().as_bytes());
        let said = self
            .exchange(&format!("AUTH {} {encoded}\r\n", way.name()))
            .await?;
        if !said.has_code(334) {
            return Ok(());
        }
        // The server gives its reasons before it refuses, and wants to be answered.
        let challenge = Challenge::default();
        let reasons = said.first_line().unwrap_or_default().trim();
        challenge.heard(&BASE64.decode(reasons.as_bytes()).unwrap_or_default());
        let end = BASE64.encode(way.after_refusal().as_bytes());
        match (
            self.exchange(&format!("{end}\r\n")).await,
            challenge.refusal(),
        ) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(refusal)) => Err(reasons::token_refused(&self.server, STEP, &refusal)),
            (Err(e), None) => Err(e),
        }
    }

    async fn exchange(&mut self, line: &str) -> Result<Response> {
        let done = timeout(net::TOTAL, self.connection.command(line)).await;
        self.signed_in(done, Asked::Token)
    }

    fn signed_in(
        &self,
        done: std::result::Result<
            std::result::Result<Response, smtp::Error>,
            tokio::time::error::Elapsed,
        >,
        asked: Asked,
    ) -> Result<Response> {
        let server = &self.server;
        match done {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => Err(match e.status().map(u16::from) {
                Some(code @ 500..=599) => {
                    let said = e.to_string();
                    reasons::refused(
                        server,
                        STEP,
                        &said,
                        &format!("({})", words(code, &e)),
                        asked,
                    )
                }
                _ => ChannelError {
                    step: STEP,
                    ..failure(server, STEP, &e)
                },
            }),
            Err(_) => Err(retry(
                STEP,
                format!("{} took too long to sign in.", short(&at(server))),
            )),
        }
    }

    /// Whether the server offers this way to sign in; the empty name asks for any.
    fn offers(&self, name: &str) -> bool {
        self.heard().to_ascii_uppercase().lines().any(|line| {
            line.get(4..)
                .and_then(|l| l.strip_prefix("AUTH"))
                .is_some_and(|ways| {
                    name.is_empty() || ways.split([' ', '=']).any(|way| way.trim() == name)
                })
        })
    }

    fn heard(&self) -> String {
        let heard = self
            .watch
            .0
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }
}
