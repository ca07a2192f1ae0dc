//! Accounts: found, tested, connected, and how they are.

use super::dto::{AccountItem, Nothing, Suggestion, TestReport, TestStep};
use super::{Desk, args};
use crate::connectors::email::presets;
use crate::error::{Error, Result};
use crate::model::{AccountConfig, AccountId, EmailConfig, MailServer, email_key};
use crate::store::accounts::{self, AccountRow};
use secrecy::SecretString;

pub(super) async fn list(_: args::Accounts, desk: &Desk) -> Result<Vec<AccountItem>> {
    let rows = desk.engine.store().read(accounts::all).await?;
    Ok(rows.into_iter().map(|a| item(desk, a)).collect())
}

fn item(desk: &Desk, a: AccountRow) -> AccountItem {
    let capabilities = match desk.engine.running(a.id) {
        Some(l) => l.connector.capabilities(),
        None => desk
            .engine
            .connector(a.id, &a.config, String::new().into())
            .connector
            .capabilities(),
    };
    AccountItem {
        id: a.id,
        state: a.state,
        says: a.says,
        last_success: a.last_success,
        next_try: a.next_try,
        progress: a.progress,
        history: a.history,
        cursor: a.cursor.map(|c| c.0),
        gaps: a.gaps,
        live_from: a.live_from,
        capabilities,
        messages: a.messages,
        config: a.config,
    }
}

pub(super) async fn suggest(a: args::AccountSuggest, _desk: &Desk) -> Result<Suggestion> {
    let s = presets::suggest(&a.address)
        .ok_or_else(|| Error::Invalid("this is not a mail address".into()))?;
    Ok(Suggestion {
        imap: s.imap,
        smtp: s.smtp,
        note: Some(s.note.to_owned()).filter(|n| !n.is_empty()),
        known: s.known,
    })
}

/// Settings that cannot work are refused before anything is asked of a server.
pub(super) fn validate(config: &AccountConfig) -> Result<AccountConfig> {
    let AccountConfig::Email(e) = config;
    let address = email_key(&e.address)
        .ok_or_else(|| Error::Invalid("the address is not a mail address".into()))?;
    if e.display_name.chars().any(char::is_control) {
        return Err(Error::Invalid("the name has one line".into()));
    }
    for (what, s) in [("IMAP", &e.imap), ("SMTP", &e.smtp)] {
        server(what, s)?;
    }
    if let Some(bad) = e.aliases.iter().find(|a| email_key(a).is_none()) {
        return Err(Error::Invalid(format!(
            "the alias “{bad}” is not a mail address"
        )));
    }
    let trim = |s: &MailServer| MailServer {
        host: s.host.trim().to_owned(),
        user: s.user.trim().to_owned(),
        ..s.clone()
    };
    Ok(AccountConfig::Email(EmailConfig {
        address,
        imap: trim(&e.imap),
        smtp: trim(&e.smtp),
        ..e.clone()
    }))
}

fn server(what: &str, s: &MailServer) -> Result<()> {
    let host = s.host.trim();
    if host.is_empty()
        || host.len() > 253
        || host
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '/')
    {
        return Err(Error::Invalid(format!(
            "the {what} server's name is missing or not a host name"
        )));
    }
    if s.port == 0 {
        return Err(Error::Invalid(format!(
            "the {what} server's port lies between 1 and 65535"
        )));
    }
    if s.user.trim().is_empty() || s.user.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "the {what} server's user name is missing"
        )));
    }
    Ok(())
}

/// The password just typed, else the stored account's.
pub(super) async fn secret(
    typed: Option<String>,
    stored: Option<AccountId>,
    desk: &Desk,
) -> Result<SecretString> {
    match (typed, stored) {
        (Some(p), _) => Ok(SecretString::from(p)),
        (None, Some(id)) => {
            let store = desk.engine.store();
            store.read(move |c| accounts::secret(c, id)).await
        }
        (None, None) => Err(Error::Invalid("enter the password".into())),
    }
}

pub(super) async fn test(a: args::AccountTest, desk: &Desk) -> Result<TestReport> {
    let config = validate(&a.config)?;
    let secret = secret(a.password, a.id, desk).await?;
    let live = desk.engine.connector(AccountId::random(), &config, secret);
    let (steps, outcome) = live.connector.check().await;
    live.connector.close().await;
    let steps = steps
        .into_iter()
        .map(|s| TestStep {
            step: s.step.to_owned(),
            ok: s.ok,
            note: s.note,
        })
        .collect();
    Ok(TestReport {
        ok: outcome.is_ok(),
        steps,
    })
}

pub(super) async fn add(a: args::AccountAdd, desk: &Desk) -> Result<AccountItem> {
    let config = validate(&a.config)?;
    if a.password.is_empty() {
        return Err(Error::Invalid("enter the password".into()));
    }
    save(desk, config, Some(SecretString::from(a.password))).await
}

pub(super) async fn update(a: args::AccountUpdate, desk: &Desk) -> Result<AccountItem> {
    let config = validate(&a.config)?;
    if accounts::id_of(&desk.engine.store().identity().ids, &config) != a.id {
        return Err(Error::Invalid(
            "another mailbox host or user is another account: add it as a new one".into(),
        ));
    }
    save(
        desk,
        config,
        a.password.filter(|p| !p.is_empty()).map(SecretString::from),
    )
    .await
}

async fn save(
    desk: &Desk,
    config: AccountConfig,
    secret: Option<SecretString>,
) -> Result<AccountItem> {
    let row = desk
        .engine
        .store()
        .write(move |tx| {
            let id = accounts::save(tx, &config, secret.as_ref())?;
            accounts::get(tx, id)
        })
        .await?;
    desk.engine.run(&row).await?;
    Ok(item(desk, row))
}

pub(super) async fn pause(a: args::AccountPause, desk: &Desk) -> Result<Nothing> {
    let row = desk
        .engine
        .store()
        .write(move |tx| {
            accounts::get(tx, a.id)?;
            accounts::pause(tx, a.id, a.on)?;
            accounts::get(tx, a.id)
        })
        .await?;
    desk.engine.run(&row).await?;
    Ok(Nothing {})
}

pub(super) async fn poll(a: args::AccountPoll, desk: &Desk) -> Result<Nothing> {
    let live = desk
        .engine
        .running(a.id)
        .ok_or_else(|| Error::Refused("this account is paused".into()))?;
    live.poll.notify_one();
    live.send.notify_one();
    Ok(Nothing {})
}

pub(super) async fn remove(a: args::AccountRemove, desk: &Desk) -> Result<Nothing> {
    desk.engine.halt(a.id);
    desk.engine
        .store()
        .write(move |tx| {
            accounts::get(tx, a.id)?;
            accounts::remove(tx, a.id)
        })
        .await?;
    Ok(Nothing {})
}
