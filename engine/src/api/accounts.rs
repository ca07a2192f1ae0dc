//! Accounts: found, tested, connected, and how they are.

use super::dto::{AccountItem, Nothing, Suggestion, TestReport, TestStep};
use super::{Desk, args};
use crate::connectors::email::canonical_fingerprint;
use crate::connectors::email::discover;
use crate::connectors::email::oauth::is_tenant;
use crate::connectors::{Credentials, Password};
use crate::engine::proofs::Tried;
use crate::error::{Error, Result};
use crate::model::{
    AccountConfig, AccountId, AccountState, Auth, EmailConfig, MailServer, Standing, email_key,
};
use crate::store::accounts::{self, AccountRow};
use crate::store::outbox;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const LONGEST_SIGNATURE: usize = 40_000;

pub(super) async fn list(_: args::Accounts, desk: &Desk) -> Result<Vec<AccountItem>> {
    let rows = desk.engine.store().read(accounts::all).await?;
    Ok(rows.into_iter().map(|a| item(desk, a)).collect())
}

fn item(desk: &Desk, a: AccountRow) -> AccountItem {
    let running = desk.engine.running(a.id);
    let refused = running
        .as_ref()
        .is_some_and(|l| l.refused.load(Ordering::SeqCst));
    let (capabilities, standing) = match running {
        Some(l) => (l.connector.capabilities(), l.connector.standing()),
        None => {
            let idle = desk.engine.idle(a.id, &a.config);
            (idle.connector.capabilities(), Standing::default())
        }
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
        standing,
        quarantined: a.quarantined,
        messages: a.messages,
        refused: refused && a.state == AccountState::NeedsAttention,
        config: a.config,
    }
}

pub(super) async fn suggest(a: args::AccountSuggest, _desk: &Desk) -> Result<Suggestion> {
    let found = discover::discover(&a.address, a.directory, discover::internet()?).await;
    let f = found.ok_or_else(|| Error::Invalid("this is not a mail address".into()))?;
    Ok(Suggestion {
        imap: f.imap,
        smtp: f.smtp,
        source: f.source.into(),
        provider: f.provider,
        way: f.way.into(),
        oauth: f.oauth,
        notes: f.notes.into_iter().map(str::to_owned).collect(),
    })
}

/// Settings that cannot work are refused before anything is asked of a server.
pub(super) fn validate(config: &AccountConfig) -> Result<AccountConfig> {
    let e = match config {
        AccountConfig::Email(e) => e,
        other => return super::connect::validate(other),
    };
    let address = email_key(&e.address)
        .ok_or_else(|| Error::Invalid("the address is not a mail address".into()))?;
    if e.display_name.chars().any(char::is_control) {
        return Err(Error::Invalid("the name has one line".into()));
    }
    for (what, s) in [("IMAP", &e.imap), ("SMTP", &e.smtp)] {
        server(what, s)?;
    }
    proving(&e.auth)?;
    if e.signature.len() > LONGEST_SIGNATURE
        || e.signature
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        return Err(Error::Invalid(
            "the signature is plain text of at most 10,000 letters".into(),
        ));
    }
    let trusted = e.trusted_fingerprints.iter().map(|f| {
        canonical_fingerprint(f).ok_or_else(|| {
            Error::Invalid("a trusted fingerprint has 64 hexadecimal digits (SHA-256)".into())
        })
    });
    let mut trusted_fingerprints = trusted.collect::<Result<Vec<_>>>()?;
    trusted_fingerprints.sort();
    trusted_fingerprints.dedup();
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
        trusted_fingerprints,
        ..e.clone()
    }))
}

fn proving(auth: &Auth) -> Result<()> {
    let Auth::Oauth {
        client_id, tenant, ..
    } = auth
    else {
        return Ok(());
    };
    if client_id.trim().is_empty()
        || client_id.len() > 400
        || client_id.chars().any(|c| !c.is_ascii_graphic())
    {
        return Err(Error::Invalid(
            "the client id is missing, or not one: it is what the provider shows for the registered program".into(),
        ));
    }
    if !tenant.is_empty() && !is_tenant(tenant) {
        return Err(Error::Invalid(
            "the tenant is a domain or an id; leave it empty if you do not know it".into(),
        ));
    }
    Ok(())
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

/// What signs in for a try: what was just signed in or typed, else what the stored account has.
pub(super) async fn proof(
    desk: &Desk,
    config: &AccountConfig,
    flow: Option<String>,
    typed: Option<String>,
    stored: Option<AccountId>,
) -> Result<Arc<dyn Credentials>> {
    let proofs = desk.engine.proofs();
    match (flow, typed, stored) {
        (Some(flow), _, _) => Ok(proofs.of_flow(config, &flow)?),
        (None, Some(p), _) if config.email().is_none() => Ok(Arc::new(Tried::new(p.into()))),
        (None, Some(p), _) => Ok(Arc::new(Password(p.into()))),
        (None, None, Some(id)) => {
            let store = desk.engine.store();
            let secret = store.read(move |c| accounts::secret(c, id)).await?;
            Ok(proofs.stored(id, config, secret))
        }
        (None, None, None) => Err(Error::Invalid(secret_wanted(config).into())),
    }
}

pub(super) async fn test(a: args::AccountTest, desk: &Desk) -> Result<TestReport> {
    let config = validate(&a.config)?;
    let proof = proof(desk, &config, a.oauth_flow, a.password, a.id).await?;
    let live = desk.engine.connector(AccountId::random(), &config, proof);
    let (steps, outcome) = live.connector.check().await;
    live.connector.close().await;
    let steps = steps
        .into_iter()
        .map(|s| TestStep {
            step: s.step.to_owned(),
            ok: s.ok,
            note: s.note,
            hint: s.hint,
        })
        .collect();
    Ok(TestReport {
        ok: outcome.is_ok(),
        steps,
    })
}

/// What to store of what was typed or signed in; `None` keeps what is stored.
fn secret(
    desk: &Desk,
    config: &AccountConfig,
    password: Option<String>,
    flow: Option<&str>,
) -> Result<Option<SecretString>> {
    match (config.email().map(|e| &e.auth), flow) {
        (Some(Auth::Oauth { .. }), Some(flow)) => {
            Ok(Some(desk.engine.proofs().secret_of_flow(config, flow)?))
        }
        (Some(Auth::Oauth { .. }), None) => Ok(None),
        _ => Ok(password
            .map(|p| p.trim().to_owned())
            .filter(|p| !p.is_empty())
            .map(SecretString::from)),
    }
}

/// What to enter to prove who one is.
fn secret_wanted(config: &AccountConfig) -> &'static str {
    match config {
        AccountConfig::Email(e) if e.auth != Auth::Password => "sign in with the provider first",
        AccountConfig::Email(_) => "enter the password",
        AccountConfig::Instagram(_) | AccountConfig::Messenger(_) => "paste the access token",
        AccountConfig::Sms(_) | AccountConfig::Whatsapp(_) => "enter the secret",
        AccountConfig::Telegram(_) => "paste the bot's token",
        AccountConfig::Matrix(_) | AccountConfig::Webchat(_) => {
            "enter the password or access token"
        }
    }
}

pub(super) async fn add(a: args::AccountAdd, desk: &Desk) -> Result<AccountItem> {
    let config = validate(&a.config)?;
    let flow = a.oauth_flow;
    let Some(secret) = secret(desk, &config, Some(a.password), flow.as_deref())? else {
        return Err(Error::Invalid(secret_wanted(&config).into()));
    };
    save(desk, config, Some(secret), flow).await
}

pub(super) async fn update(a: args::AccountUpdate, desk: &Desk) -> Result<AccountItem> {
    let config = validate(&a.config)?;
    if accounts::id_of(&desk.engine.store().identity().ids, &config) != a.id {
        return Err(Error::Invalid(
            "another mailbox, number or user is another account: add it as a new one".into(),
        ));
    }
    let secret = secret(desk, &config, a.password, a.oauth_flow.as_deref())?;
    save(desk, config, secret, a.oauth_flow).await
}

async fn save(
    desk: &Desk,
    config: AccountConfig,
    secret: Option<SecretString>,
    flow: Option<String>,
) -> Result<AccountItem> {
    let row = desk
        .engine
        .store()
        .write(move |tx| {
            let id = accounts::save(tx, &config, secret.as_ref())?;
            accounts::get(tx, id)
        })
        .await?;
    desk.engine.proofs().forget(row.id);
    desk.engine.run(&row).await?;
    // What a sign-in brought is used once it is stored.
    if let Some(flow) = flow {
        desk.engine.flows().end(&flow);
    }
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
    if a.erase {
        return super::connect::erase(a.id, desk).await;
    }
    desk.engine.halt(a.id);
    desk.engine
        .store()
        .write(move |tx| {
            accounts::get(tx, a.id)?;
            outbox::disconnected(tx, a.id)?;
            accounts::remove(tx, a.id)
        })
        .await?;
    Ok(Nothing {})
}
