//! Accounts of every channel: settings that can work, what a secret is for, reading again, leaving with everything.

use super::dto::{FoundAccount, Nothing};
use super::{Desk, args};
use crate::connectors::http::{Base, Reach};
use crate::connectors::{self, Context};
use crate::engine::proofs::Tried;
use crate::error::{Error, Result};
use crate::model::{
    AccountConfig, AccountId, GatewayAccess, MatrixConfig, MetaConfig, MetaDoor, SmsConfig, SmsVia,
    TelegramConfig, Template, TwilioAccess, WhatsappConfig, phone_key,
};
use crate::store::transfer::erase;
use crate::store::{accounts, outbox};
use std::sync::Arc;

const LONGEST: usize = 400;

/// Settings of other channels than mail that cannot work are refused before anything is asked of a server.
pub(super) fn validate(config: &AccountConfig) -> Result<AccountConfig> {
    let name = line("name", config.display_name())?;
    Ok(match config {
        AccountConfig::Email(e) => AccountConfig::Email(e.clone()),
        AccountConfig::Instagram(m) => AccountConfig::Instagram(meta(m, &name)?),
        AccountConfig::Messenger(m) => AccountConfig::Messenger(MetaConfig {
            door: MetaDoor::Page,
            ..meta(m, &name)?
        }),
        AccountConfig::Sms(s) => AccountConfig::Sms(SmsConfig {
            number: number(&s.number)?,
            name,
            via: match &s.via {
                SmsVia::Twilio(t) => SmsVia::Twilio(twilio(t)?),
                SmsVia::Phone(g) => SmsVia::Phone(phone(g)?),
            },
        }),
        AccountConfig::Whatsapp(w) => AccountConfig::Whatsapp(WhatsappConfig {
            number: number(&w.number)?,
            name,
            twilio: twilio(&w.twilio)?,
            templates: w
                .templates
                .iter()
                .cloned()
                .map(template)
                .collect::<Result<_>>()?,
        }),
        AccountConfig::Telegram(t) => AccountConfig::Telegram(TelegramConfig {
            bot_id: digits("bot's id", &t.bot_id)?,
            name: name.trim_start_matches('@').to_owned(),
            base_url: base(&t.base_url, Reach::Loopback)?,
        }),
        AccountConfig::Matrix(m) => AccountConfig::Matrix(matrix(m, name)?),
        AccountConfig::Webchat(m) => AccountConfig::Webchat(matrix(m, name)?),
    })
}

fn meta(m: &MetaConfig, name: &str) -> Result<MetaConfig> {
    let version = m.version.trim();
    if !version.is_empty()
        && version
            .strip_prefix('v')
            .and_then(|v| v.split_once('.'))
            .is_none_or(|(a, b)| {
                [a, b]
                    .iter()
                    .any(|n| n.is_empty() || n.bytes().any(|c| !c.is_ascii_digit()))
            })
    {
        return Err(Error::Invalid(
            "a version of the interface is written like v26.0".into(),
        ));
    }
    let page = m.page.trim();
    Ok(MetaConfig {
        id: digits("account's id", &m.id)?,
        name: name.trim_start_matches('@').to_owned(),
        page: if page.is_empty() {
            String::new()
        } else {
            digits("Page's id", page)?
        },
        version: version.to_owned(),
        base_url: base(&m.base_url, Reach::Loopback)?,
        ..m.clone()
    })
}

fn twilio(t: &TwilioAccess) -> Result<TwilioAccess> {
    let word = |what: &str, s: &str| {
        let s = s.trim();
        if s.len() > 64 || s.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-') {
            return Err(Error::Invalid(format!(
                "the {what} consists of letters and digits"
            )));
        }
        Ok(s.to_owned())
    };
    let account_sid = word("account SID", &t.account_sid)?;
    if account_sid.is_empty() {
        return Err(Error::Invalid(
            "the account SID is missing; it begins with AC".into(),
        ));
    }
    Ok(TwilioAccess {
        account_sid,
        key_sid: word("API key", &t.key_sid)?,
        base_url: base(&t.base_url, Reach::Loopback)?,
        messaging_service: word("messaging service", &t.messaging_service)?,
    })
}

fn phone(g: &GatewayAccess) -> Result<GatewayAccess> {
    if g.base_url.trim().is_empty() {
        return Err(Error::Invalid(
            "the phone's address is missing; the program on it shows it".into(),
        ));
    }
    Ok(GatewayAccess {
        base_url: base(&g.base_url, Reach::Network)?,
        user: line("user name", &g.user)?,
    })
}

fn matrix(m: &MatrixConfig, name: String) -> Result<MatrixConfig> {
    let user = m.user_id.trim();
    let server = user.strip_prefix('@').and_then(|u| u.split_once(':'));
    if server.is_none_or(|(local, host)| local.is_empty() || host.is_empty())
        || user.len() > 255
        || user.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err(Error::Invalid(
            "a Matrix user is written like @support:example.org".into(),
        ));
    }
    if m.homeserver.trim().is_empty() {
        return Err(Error::Invalid("the homeserver's address is missing".into()));
    }
    Ok(MatrixConfig {
        homeserver: base(&m.homeserver, Reach::Loopback)?,
        user_id: user.to_owned(),
        name,
        sign_in: m.sign_in,
        registration_token: line("registration token", &m.registration_token)?,
    })
}

fn template(t: Template) -> Result<Template> {
    let id = line("template's id", &t.id)?;
    if id.is_empty() || t.text.trim().is_empty() || t.text.len() > 4_096 {
        return Err(Error::Invalid("a template has an id and a text".into()));
    }
    Ok(Template {
        id,
        name: line("template's name", &t.name)?,
        text: t.text,
    })
}

fn number(written: &str) -> Result<String> {
    let bare = written.trim();
    // Test numbers and short codes of vendors are in no plan, and numbers all the same.
    let plain = bare
        .strip_prefix('+')
        .filter(|d| (7..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()));
    phone_key(bare, "")
        .or_else(|| plain.map(|_| bare.to_owned()))
        .ok_or_else(|| {
            Error::Invalid(
                "the number is written with + and the country's code, like +49 30 901820".into(),
            )
        })
}

fn digits(what: &str, written: &str) -> Result<String> {
    let d = written.trim();
    if d.is_empty() || d.len() > 30 || d.bytes().any(|b| !b.is_ascii_digit()) {
        return Err(Error::Invalid(format!("the {what} consists of digits")));
    }
    Ok(d.to_owned())
}

fn line(what: &str, written: &str) -> Result<String> {
    let s = written.trim();
    if s.len() > LONGEST || s.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "the {what} has one line of at most {LONGEST} letters"
        )));
    }
    Ok(s.to_owned())
}

fn base(written: &str, reach: Reach) -> Result<String> {
    let s = written.trim();
    if !s.is_empty() {
        Base::of(s, "", reach).map_err(|e| Error::Invalid(e.what))?;
    }
    Ok(s.trim_end_matches('/').to_owned())
}

pub(super) async fn find(a: args::AccountFind, desk: &Desk) -> Result<Vec<FoundAccount>> {
    let context = Context {
        clock: Arc::clone(desk.engine.store().clock()),
        credentials: Arc::new(Tried::new(a.secret.trim().to_owned().into())),
        net: Arc::clone(desk.engine.net()),
    };
    let found = connectors::find(&a.config, context).await?;
    Ok(found
        .into_iter()
        .map(|f| FoundAccount {
            config: f.config,
            label: f.label,
            notes: f.notes,
        })
        .collect())
}

pub(super) async fn resync(a: args::AccountResync, desk: &Desk) -> Result<Nothing> {
    let store = desk.engine.store();
    let now = store.clock().now();
    if a.since > now {
        return Err(Error::Invalid(
            "what is yet to come cannot be read again".into(),
        ));
    }
    let row = store.read(move |c| accounts::get(c, a.id)).await?;
    desk.engine.halt(a.id);
    let idle = desk.engine.idle(a.id, &row.config);
    let cursor = idle.connector.rewound(row.cursor.as_ref(), a.since);
    let row = store
        .write(move |tx| {
            accounts::rewind(tx, a.id, cursor.as_ref())?;
            accounts::get(tx, a.id)
        })
        .await?;
    desk.engine.run(&row).await?;
    Ok(Nothing {})
}

pub(super) async fn attention(a: args::Attention, desk: &Desk) -> Result<Nothing> {
    desk.engine.attention(a.on);
    Ok(Nothing {})
}

/// Disconnect an account with all its messages, after asking. Until the person has agreed it works on, and where it
/// cannot be disconnected it goes on; what is stopped after that is ended at the next start.
pub(super) async fn erase(id: AccountId, desk: &Desk) -> Result<Nothing> {
    super::archives::nothing_under_way(desk)?;
    let store = desk.engine.store();
    let (row, weight) = store
        .read(move |c| Ok((accounts::get(c, id)?, erase::weigh_any(c, id)?)))
        .await?;
    let question = super::archives::account_question(row.config.address(), weight);
    let yes = format!("Erase {} messages", weight.messages);
    if !desk.host.confirm(&question, &yes).await {
        return Ok(Nothing {});
    }
    // Something may have begun while the question stood there.
    super::archives::nothing_under_way(desk)?;
    desk.engine.halt(id);
    let disconnected = store
        .write(move |tx| {
            outbox::recover_account(tx, id)?;
            accounts::remove(tx, id)?;
            accounts::to_be_erased(tx, id)
        })
        .await;
    if let Err(e) = disconnected {
        desk.engine.run(&row).await?;
        return Err(e);
    }
    super::archives::erase_now(desk, id, |_, _| {}).await?;
    Ok(Nothing {})
}
