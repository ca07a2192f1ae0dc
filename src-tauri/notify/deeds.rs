//! What a person does in a notification, done as the window would.

use crate::engine::Handle;
use jiff::tz::TimeZone;
use parley_engine::api::dto::{Draft, ErrorBody, FromOption, RecipientKind, ReplyOptions};
use parley_engine::model::{CustomerId, daytime};
use parley_engine::time::Millis;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A longer answer than this is not written in a notification.
const LONGEST: usize = 10_000;

/// Asks the engine, typed.
pub async fn ask<T: DeserializeOwned>(
    engine: &Handle,
    name: &str,
    args: Value,
) -> Result<T, ErrorBody> {
    let value = engine.call(name, args).await?;
    serde_json::from_value(value).map_err(|e| ErrorBody {
        code: "internal".into(),
        message: e.to_string(),
    })
}

/// Lets a conversation sleep until tomorrow morning.
pub async fn snooze(
    engine: &Handle,
    conversation: CustomerId,
    now: Millis,
    zone: &TimeZone,
) -> Result<(), ErrorBody> {
    let until = daytime::tomorrow(now, zone);
    let args = json!({ "conversation": conversation, "until": until });
    engine.call("snooze", args).await.map(|_| ())
}

/// Why nothing leads to whoever wrote last.
fn nowhere(options: &ReplyOptions) -> &'static str {
    if options.from.is_empty() {
        "No account is connected to send from."
    } else {
        "One may not answer there any more; open the conversation and write by another way."
    }
}

/// Sends an answer to whoever wrote last, through the outbox with its time to take it back. A draft that lies in the
/// window is left alone: sending from the window would take it as what was sent.
pub async fn reply(engine: &Handle, conversation: CustomerId, text: &str) -> Result<(), ErrorBody> {
    let refused = |message: &str| ErrorBody {
        code: "invalid".into(),
        message: message.into(),
    };
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return Err(refused("An answer has between one and 10,000 characters."));
    }
    let about = json!({ "conversation": conversation });
    let options: ReplyOptions = ask(engine, "reply_options", about.clone()).await?;
    // A Reply-To that is not the sender is to be seen before anything goes there.
    let to = options
        .to
        .iter()
        .find(|to| to.kind == RecipientKind::Handle)
        .ok_or_else(|| refused("There is no address to answer to."))?;
    // By the account that was written to, where that reaches them.
    let reaches = |from: &&FromOption| {
        let by = to.by.iter().find(|by| by.account == from.account);
        by.is_some_and(|by| !by.closed && !by.opted_out)
    };
    let from = options
        .from
        .iter()
        .find(reaches)
        .ok_or_else(|| refused(nowhere(&options)))?;
    let letter = from.capabilities.subject;
    let subject = options.subject.as_ref().filter(|_| letter);
    let address = Some(&from.address).filter(|_| letter);
    let drafts: Vec<Draft> = ask(engine, "drafts", about).await?;
    let args = json!({
        "conversation": conversation, "account": from.account, "from": address, "to": [to.party],
        "subject": subject, "text": text, "signature": letter, "answering": options.answering,
    });
    engine.call("send", args).await?;
    for draft in drafts.into_iter().filter(|d| !d.note) {
        let args = json!({ "conversation": conversation, "draft": draft });
        engine.call("draft_save", args).await?;
    }
    Ok(())
}
