//! What goes out: one call a message.

use super::api::{Api, MOST_PHOTO, MOST_SENT};
use super::convert::remote_of;
use crate::connectors::Result;
use crate::connectors::http::FormFile;
use crate::model::rich::Rich;
use crate::model::{BUSINESS_ROUTE, ChannelError, Outgoing, OutgoingFile, Receipt, Remedy};
use serde_json::{Value, json};

/// The longest text that is taken, without its tags.
const LONGEST: usize = 4_096;

pub(super) async fn send(api: &Api, message: &Outgoing) -> Result<Receipt> {
    let (chat, business) = to(message)?;
    let sent = match message.files.as_slice() {
        [] => words(api, message, chat, business).await?,
        [file] if message.text.trim().is_empty() => self::file(api, file, chat, business).await?,
        _ => {
            return Err(refuse(
                "By Telegram, a file goes in a message of its own, without words.",
            ));
        }
    };
    let id = sent["message_id"].as_i64();
    let chat = sent["chat"]["id"].as_i64().unwrap_or(chat);
    let remote_id = id.map(|id| remote_of(business, chat, id));
    Ok(Receipt {
        remote_id,
        ..Receipt::default()
    })
}

fn refuse(what: &str) -> ChannelError {
    ChannelError::new(Remedy::Final, "send", what)
}

/// The chat, and the business account in whose name.
fn to(message: &Outgoing) -> Result<(i64, Option<&str>)> {
    let [to] = message.to.as_slice() else {
        return Err(refuse("A message by Telegram goes to one person."));
    };
    let chat = to.address.trim().parse::<i64>();
    let chat = chat.map_err(|_| refuse("This is no id of a person on Telegram."))?;
    let business = message
        .route
        .as_deref()
        .and_then(|r| r.strip_prefix(BUSINESS_ROUTE));
    Ok((chat, business))
}

async fn words(api: &Api, message: &Outgoing, chat: i64, business: Option<&str>) -> Result<Value> {
    if message.text.trim().is_empty() {
        return Err(refuse("There is nothing to send."));
    }
    let mut with = json!({ "chat_id": chat, "link_preview_options": { "is_disabled": true } });
    let rich = message
        .html
        .as_deref()
        .and_then(|html| Rich::read(html).ok());
    match rich.filter(|r| !r.is_plain() && r.text().chars().count() <= LONGEST) {
        Some(rich) => {
            with["text"] = json!(rich.words());
            with["parse_mode"] = json!("HTML");
        }
        None => with["text"] = json!(message.text),
    }
    if message.text.chars().count() > LONGEST {
        return Err(refuse(
            "A message by Telegram has 4,096 characters at most.",
        ));
    }
    if let Some(business) = business {
        with["business_connection_id"] = json!(business);
    }
    api.send_json("sendMessage", chat, with).await
}

async fn file(api: &Api, file: &OutgoingFile, chat: i64, business: Option<&str>) -> Result<Value> {
    if u64::try_from(file.bytes.len()).unwrap_or(u64::MAX) > MOST_SENT {
        return Err(refuse("A file by Telegram has 50 MB at most."));
    }
    let (method, field) = kind(file);
    let sent = hand_over(api, method, field, file, chat, business).await;
    match sent {
        // Pictures of a form that the vendor does not show go as files.
        Err(e) if e.remedy == Remedy::Final && e.step == "send" && field != "document" => {
            hand_over(api, "sendDocument", "document", file, chat, business).await
        }
        other => other,
    }
}

async fn hand_over(
    api: &Api,
    method: &str,
    field: &str,
    file: &OutgoingFile,
    chat: i64,
    business: Option<&str>,
) -> Result<Value> {
    let mut fields = vec![("chat_id", chat.to_string())];
    if let Some(business) = business {
        fields.push(("business_connection_id", business.to_owned()));
    }
    let file = FormFile {
        field,
        name: &file.name,
        mime: &file.mime,
        bytes: &file.bytes,
    };
    api.send_file(method, chat, fields, file).await
}

/// The method and its field for a file, so that it is shown as what it is.
fn kind(file: &OutgoingFile) -> (&'static str, &'static str) {
    match file.mime.as_str() {
        "image/jpeg" | "image/png" | "image/webp" if file.bytes.len() <= MOST_PHOTO => {
            ("sendPhoto", "photo")
        }
        "video/mp4" => ("sendVideo", "video"),
        "audio/ogg" => ("sendVoice", "voice"),
        "audio/mpeg" | "audio/mp4" | "audio/x-m4a" => ("sendAudio", "audio"),
        _ => ("sendDocument", "document"),
    }
}
