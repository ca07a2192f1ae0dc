//! Mailboxes: connected, tried, listed, paused, disconnected.

mod connect;

use super::{Context, End, find, sign_in};
use crate::args::{Account, AccountAdd};
use crate::failure::{Failure, Result};
use crate::{print, secret, time};
use parley_engine::api::dto::{AccountItem, TestReport};
use parley_engine::api::headless::{
    AccountConfig, AccountState, Auth, EmailConfig, MailServer, Security, SentCopy,
    canonical_fingerprint,
};
use parley_engine::api::{args, ask};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::path::Path;

/// A certificate, or a chain of them, is a few thousand bytes.
const LARGEST_CERTIFICATE: u64 = 256 * 1024;

pub async fn run(cx: &Context<'_>, what: &Account, passphrase_fd: Option<u32>) -> End {
    let desk = &cx.session.desk;
    match what {
        Account::Add(a) => add(cx, a, passphrase_fd).await,
        Account::List => cx.answer(&ask(desk, args::Accounts {}).await?, |all| list(all)),
        Account::Test {
            account,
            password_fd,
        } => {
            let a = find::account(desk, account).await?;
            let password = password_fd
                .map(|fd| own_fd(fd, passphrase_fd))
                .transpose()?;
            let password = password.map(|p| p.expose_secret().to_owned());
            let report = ask(
                desk,
                args::AccountTest {
                    config: a.config,
                    password,
                    oauth_flow: None,
                    id: Some(a.id),
                },
            )
            .await?;
            cx.answer(&report, steps)?;
            passed(&report)?;
            Ok(crate::Outcome::Done)
        }
        Account::SignIn {
            account,
            client_secret_fd,
        } => {
            let secret = client_secret_fd
                .map(|fd| own_fd(fd, passphrase_fd))
                .transpose()?;
            sign_in::again(cx, account, secret).await
        }
        Account::Connect(c) => connect::connect(cx, c, passphrase_fd).await,
        Account::Resync { account, days } => connect::resync(cx, account, *days).await,
        Account::Remove { account } => {
            let a = find::account(desk, account).await?;
            ask(
                desk,
                args::AccountRemove {
                    id: a.id,
                    erase: false,
                },
            )
            .await?;
            cx.answer(&json!({ "removed": a.id }), |_| {
                format!("{} is disconnected; its messages stay", a.config.address())
            })
        }
        Account::Pause { account, off } => {
            let a = find::account(desk, account).await?;
            ask(desk, args::AccountPause { id: a.id, on: !off }).await?;
            let says = if *off { "goes on" } else { "is paused" };
            cx.answer(&json!({ "id": a.id, "paused": !off }), |_| {
                format!("{} {says}", a.config.address())
            })
        }
    }
}

/// What is shown to the servers: a password, or a finished sign-in at a provider's page.
#[derive(Default)]
struct Shown {
    password: Option<String>,
    flow: Option<String>,
}

async fn add(cx: &Context<'_>, a: &AccountAdd, passphrase_fd: Option<u32>) -> End {
    let desk = &cx.session.desk;
    let config = config(cx, a).await?;
    let shown = shown(cx, a, &config, passphrase_fd).await?;
    let mut tested = None;
    if !a.no_test {
        let report = ask(
            desk,
            args::AccountTest {
                config: config.clone(),
                password: shown.password.clone(),
                oauth_flow: shown.flow.clone(),
                id: None,
            },
        )
        .await?;
        if !report.ok && !cx.out.json() {
            print::aside(steps(&report).trim_end());
            if let Some(seen) = report.steps.iter().find_map(sign_in::certificate_of) {
                print::aside(sign_in::certificate_words(seen).trim_end());
            }
        }
        passed(&report)?;
        tested = Some(report);
    }
    let item = ask(
        desk,
        args::AccountAdd {
            config,
            password: shown.password.unwrap_or_default(),
            oauth_flow: shown.flow,
        },
    )
    .await?;
    cx.answer(&item, |i| {
        let tested = tested.as_ref().map(steps).unwrap_or_default();
        format!(
            "{tested}{} is connected ({})\n",
            i.config.address(),
            find::short(&i.id.hex())
        )
    })
}

async fn shown(
    cx: &Context<'_>,
    a: &AccountAdd,
    config: &AccountConfig,
    passphrase_fd: Option<u32>,
) -> Result<Shown> {
    if a.oauth.is_some() {
        let secret = a
            .client_secret_fd
            .map(|fd| own_fd(fd, passphrase_fd))
            .transpose()?;
        return Ok(Shown {
            flow: Some(sign_in::at_the_page(cx, config, secret).await?),
            ..Shown::default()
        });
    }
    let password = match a.password_fd {
        Some(fd) => own_fd(fd, passphrase_fd)?,
        None => secret::prompt("Password of the mailbox")?
            .ok_or_else(|| Failure::invalid("there is no password; give it with --password-fd"))?,
    };
    Ok(Shown {
        password: Some(password.expose_secret().to_owned()),
        ..Shown::default()
    })
}

/// One descriptor carries one secret.
fn own_fd(fd: u32, passphrase_fd: Option<u32>) -> Result<SecretString> {
    if passphrase_fd == Some(fd) {
        return Err(Failure::invalid(
            "the passphrase and the password each need a file descriptor of their own",
        ));
    }
    secret::from_fd("password", fd)
}

/// What the address suggests. Where both servers are typed, nobody is asked.
async fn suggested(cx: &Context<'_>, a: &AccountAdd) -> Result<(MailServer, MailServer)> {
    if a.imap_host.is_some() && a.smtp_host.is_some() {
        let nowhere = MailServer {
            host: String::new(),
            port: 0,
            security: Security::Tls,
            user: a.address.trim().to_owned(),
        };
        return Ok((nowhere.clone(), nowhere));
    }
    let found = ask(
        &cx.session.desk,
        args::AccountSuggest {
            address: a.address.clone(),
            directory: a.ask_directory,
        },
    )
    .await?;
    Ok((found.imap, found.smtp))
}

async fn config(cx: &Context<'_>, a: &AccountAdd) -> Result<AccountConfig> {
    let (read, send) = suggested(cx, a).await?;
    let imap = server(
        read,
        &Typed {
            host: &a.imap_host,
            port: a.imap_port,
            security: a.imap_security,
            user: a.imap_user.as_ref(),
        },
        (993, 143),
    );
    let smtp_user = a.smtp_user.as_ref().or(a.imap_user.as_ref());
    let smtp = server(
        send,
        &Typed {
            host: &a.smtp_host,
            port: a.smtp_port,
            security: a.smtp_security,
            user: smtp_user,
        },
        (465, 587),
    );
    Ok(AccountConfig::Email(EmailConfig {
        address: a.address.clone(),
        display_name: a.display_name.clone(),
        imap,
        smtp,
        aliases: Vec::new(),
        sent_copy: SentCopy::Auto,
        trusted_certificate: a
            .trust_certificate
            .as_deref()
            .map(certificate)
            .transpose()?,
        auth: match (a.oauth, &a.client_id) {
            (Some(provider), Some(client_id)) => Auth::Oauth {
                provider,
                client_id: client_id.clone(),
                tenant: a.tenant.clone(),
            },
            _ => Auth::Password,
        },
        trusted_fingerprints: fingerprints(&a.trust_fingerprint)?,
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    }))
}

fn fingerprints(typed: &[String]) -> Result<Vec<String>> {
    let read = |f: &String| {
        canonical_fingerprint(f).ok_or_else(|| {
            Failure::invalid(format!(
                "{f:?} is no SHA-256 fingerprint: it has 64 hexadecimal digits, colons allowed"
            ))
        })
    };
    typed.iter().map(read).collect()
}

struct Typed<'a> {
    host: &'a Option<String>,
    port: Option<u16>,
    security: Option<Security>,
    user: Option<&'a String>,
}

/// What was typed, then what the address suggests, then what is usual. The suggested port and protection belong to
/// the suggested host alone.
fn server(suggested: MailServer, typed: &Typed<'_>, (tls, starttls): (u16, u16)) -> MailServer {
    let user = typed.user.cloned().unwrap_or(suggested.user);
    let is_suggested = typed.host.is_none() && typed.security.is_none() && typed.port.is_none();
    if is_suggested {
        return MailServer { user, ..suggested };
    }
    let security = typed.security.unwrap_or(if typed.port == Some(starttls) {
        Security::Starttls
    } else {
        Security::Tls
    });
    let port = typed.port.unwrap_or(if security == Security::Tls {
        tls
    } else {
        starttls
    });
    MailServer {
        host: typed.host.clone().unwrap_or(suggested.host),
        port,
        security,
        user,
    }
}

fn certificate(path: &Path) -> Result<String> {
    let shown = path.display();
    let meta =
        std::fs::metadata(path).map_err(|e| Failure::storage(format!("reading {shown}: {e}")))?;
    if meta.len() > LARGEST_CERTIFICATE {
        return Err(Failure::invalid(format!(
            "{shown} is too large for a certificate"
        )));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::storage(format!("reading {shown}: {e}")))?;
    if text.contains("PRIVATE KEY") {
        return Err(Failure::invalid(format!(
            "{shown} holds a private key; give the certificate alone"
        )));
    }
    if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(text)
    } else {
        Err(Failure::invalid(format!(
            "{shown} holds no certificate in PEM form"
        )))
    }
}

/// The step that failed, with what to do about it.
fn passed(report: &TestReport) -> Result<()> {
    match report.steps.iter().find(|s| !s.ok) {
        Some(s) => Err(Failure::channel(
            &s.step,
            format!("the test failed at {}: {}", s.step, s.note),
        )),
        None if report.ok => Ok(()),
        None => Err(Failure::channel("check", "the test failed")),
    }
}

fn steps(report: &TestReport) -> String {
    let rows: Vec<Vec<String>> = report
        .steps
        .iter()
        .map(|s| {
            vec![
                s.step.clone(),
                if s.ok { "ok" } else { "failed" }.into(),
                s.note.clone(),
            ]
        })
        .collect();
    print::table(&["STEP", "", ""], &rows)
}

/// A state in one word.
pub fn state(s: AccountState) -> &'static str {
    match s {
        AccountState::Connecting => "connecting",
        AccountState::Ok => "ok",
        AccountState::Waiting => "waiting",
        AccountState::NeedsAttention => "needs attention",
        AccountState::Paused => "paused",
    }
}

fn list(all: &[AccountItem]) -> String {
    if all.is_empty() {
        return "no account is connected; add one with parleyctl account add\n".into();
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|a| {
            let seen = a.last_success.map_or_else(|| "never".into(), time::local);
            vec![
                find::short(&a.id.hex()).into(),
                a.config.address().into(),
                state(a.state).into(),
                a.messages.to_string(),
                seen,
                a.says.clone(),
            ]
        })
        .collect();
    print::table(
        &["ID", "ADDRESS", "STATE", "MESSAGES", "LAST POLL", ""],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess() -> MailServer {
        MailServer {
            host: "imap.shop.test".into(),
            port: 993,
            security: Security::Tls,
            user: "a@shop.test".into(),
        }
    }

    #[test]
    fn what_is_not_typed_is_taken_from_the_address_and_from_what_is_usual() {
        let host = Some("mail.shop.test".to_owned());
        let none = Typed {
            host: &None,
            port: None,
            security: None,
            user: None,
        };
        assert_eq!(server(guess(), &none, (993, 143)), guess());
        let own = server(
            guess(),
            &Typed {
                host: &host,
                ..none
            },
            (993, 143),
        );
        assert_eq!(
            (own.host.as_str(), own.port, own.security, own.user.as_str()),
            ("mail.shop.test", 993, Security::Tls, "a@shop.test")
        );
        let starttls = server(
            guess(),
            &Typed {
                host: &host,
                port: None,
                security: Some(Security::Starttls),
                user: None,
            },
            (993, 143),
        );
        assert_eq!(starttls.port, 143);
        let by_port = server(
            guess(),
            &Typed {
                host: &None,
                port: Some(143),
                security: None,
                user: None,
            },
            (993, 143),
        );
        assert_eq!(by_port.security, Security::Starttls);
        let odd = server(
            guess(),
            &Typed {
                host: &None,
                port: Some(10_993),
                security: None,
                user: None,
            },
            (993, 143),
        );
        assert_eq!(
            (odd.port, odd.security),
            (10_993, Security::Tls),
            "never less protection than was asked for"
        );
    }

    #[test]
    fn a_private_key_is_not_taken_for_a_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.pem");
        for text in [
            "nothing",
            "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----",
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(certificate(&file).unwrap_err().exit, 7);
        }
    }
}
