//! Sending one text or one file.

use super::Meta;
use super::api::Counts;
use super::faults::{Aim, Refused};
use crate::connectors::Result;
use crate::connectors::http::{Body, FormFile, form_data};
use crate::model::{
    Channel, ChannelError, MetaDoor, Outgoing, OutgoingFile, Receipt, Remedy, RemoteId,
};
use crate::time::{Millis, SECOND};
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Longest text on Instagram, in bytes.
pub(super) const INSTAGRAM_BYTES: u32 = 1_000;
/// Longest text on Messenger, in characters.
pub(super) const MESSENGER_CHARS: u32 = 2_000;
/// Largest picture.
pub(super) const PICTURE: usize = 8 * 1024 * 1024;
/// Largest file of another kind.
pub(super) const FILE: usize = 25 * 1024 * 1024;
/// So long after the customer's last message, their window is over even where clocks differ.
const SURELY_OVER: Millis = 25 * 3_600 * SECOND;
/// What was read so long ago says when they last wrote.
const RECENT: Millis = 600 * SECOND;
/// After a refusal for the account as a whole, nothing is tried for so long.
const RESTRICTED: Millis = 3_600 * SECOND;
/// What can be sent on Instagram.
pub(super) const INSTAGRAM_TYPES: [&str; 13] = [
    "image/png",
    "image/jpeg",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "audio/aac",
    "audio/mp4",
    "audio/m4a",
    "audio/x-m4a",
    "audio/wav",
    "audio/x-wav",
    "application/pdf",
];

impl Meta {
    pub(super) async fn hand_over(&self, message: &Outgoing) -> Result<Receipt> {
        self.not_restricted()?;
        let to = message.to.first().map(|p| p.address.as_str());
        let to = to.filter(|to| !to.is_empty()).ok_or_else(|| {
            ChannelError::new(Remedy::Final, "recipient", "There is nobody to send it to.")
        })?;
        if self.owner().is(to) {
            return Err(ChannelError::new(
                Remedy::Final,
                "recipient",
                "This is the account itself; nothing was sent.",
            ));
        }
        self.ready().await?;
        let content = match message.files.as_slice() {
            [] => self.text(&message.text)?,
            [file] if message.text.trim().is_empty() => self.file(file).await?,
            _ => {
                return Err(ChannelError::new(
                    Remedy::Final,
                    "send",
                    "A text and a file go as two messages here.",
                ));
            }
        };
        if self.is_outside(message) {
            return self.receipt(self.post(to, &content, true).await);
        }
        match self.post(to, &content, false).await {
            // Nothing went out: the window is judged by the vendor, and the tag is for outside of it alone.
            Err(refused) if refused.outside_the_window() && self.config.human_agent => {
                self.receipt(self.post(to, &content, true).await)
            }
            done => self.receipt(done),
        }
    }

    /// Whether the customer's window is over for sure, so that a plain try would be a refusal that can be spared: each
    /// one counts against the account. It is known only as long as reading goes well.
    fn is_outside(&self, message: &Outgoing) -> bool {
        let looked = self.clock.now() - self.looked.load(Ordering::Relaxed) <= RECENT;
        let wrote = message.customer_wrote.filter(|_| looked);
        self.config.human_agent && wrote.is_some_and(|at| message.date - at > SURELY_OVER)
    }

    fn receipt(&self, done: std::result::Result<Value, Refused>) -> Result<Receipt> {
        let answer = done.map_err(|refused| {
            if refused.restricted() {
                let until = self.clock.now() + RESTRICTED;
                let mut held = self
                    .restricted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *held = Some((until, refused.error.clone()));
            }
            refused.error
        })?;
        // A success without an id: it went out, and is found by its text.
        let id = answer.get("message_id").and_then(super::convert::id);
        Ok(Receipt {
            remote_id: id.map(RemoteId),
            note: "accepted".into(),
            ..Receipt::default()
        })
    }

    /// While the account as a whole may not send, each try would make it worse.
    fn not_restricted(&self) -> Result<()> {
        let mut held = self
            .restricted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((until, error)) if *until > self.clock.now() => Err(error.clone()),
            _ => {
                *held = None;
                Ok(())
            }
        }
    }

    async fn post(
        &self,
        to: &str,
        content: &Value,
        as_human: bool,
    ) -> std::result::Result<Value, Refused> {
        let mut body = json!({ "recipient": { "id": to }, "message": content });
        if let Some(body) = body.as_object_mut() {
            if as_human {
                body.insert("messaging_type".into(), "MESSAGE_TAG".into());
                body.insert("tag".into(), "HUMAN_AGENT".into());
            } else if self.config.door == MetaDoor::Page {
                // Required there, and not in the samples of the other door.
                body.insert("messaging_type".into(), "RESPONSE".into());
            }
        }
        let token = self.tokens.token(&self.api).await?;
        let path = [self.api.owner.as_str(), "messages"];
        self.api
            .post(&token, &path, Body::Json(body), "send", Aim::Send)
            .await
    }

    fn text(&self, text: &str) -> Result<Value> {
        let (length, most, unit) = match self.channel {
            Channel::Messenger => (text.chars().count(), MESSENGER_CHARS, "characters"),
            _ => (text.len(), INSTAGRAM_BYTES, "bytes"),
        };
        if text.trim().is_empty() {
            return Err(ChannelError::new(
                Remedy::Final,
                "send",
                "The message is empty.",
            ));
        }
        if length > most as usize {
            let what = format!(
                "The text has {length} {unit}, and {} takes {most} in one message.",
                self.named()
            );
            return Err(ChannelError::new(Remedy::Final, "send", what));
        }
        Ok(json!({ "text": text }))
    }

    /// Uploads a file. Nothing is sent by that: a lost answer means another upload.
    async fn file(&self, file: &OutgoingFile) -> Result<Value> {
        let kind = self.kind_of(file)?;
        let about = json!({ "attachment": { "type": kind, "payload": { "is_reusable": false } } });
        let mut fields = vec![("message", about.to_string())];
        if self.channel == Channel::Instagram {
            fields.push(("platform", "instagram".to_owned()));
        }
        let form = FormFile {
            field: "filedata",
            name: &file.name,
            mime: &file.mime,
            bytes: &file.bytes,
        };
        let body = form_data(&fields, &[form]);
        let token = self.tokens.token(&self.api).await?;
        let path = [self.api.owner.as_str(), "message_attachments"];
        let answer = self
            .api
            .post(&token, &path, body, "attachment", Aim::Upload)
            .await?;
        let id = answer.get("attachment_id").and_then(super::convert::id);
        let id = id.ok_or_else(|| {
            ChannelError::new(
                Remedy::Retry,
                "attachment",
                "Meta took the file and did not say under which id.",
            )
        })?;
        Ok(json!({ "attachment": { "type": kind, "payload": { "attachment_id": id } } }))
    }

    fn kind_of(&self, file: &OutgoingFile) -> Result<&'static str> {
        let refuse = |what: String| ChannelError::new(Remedy::Final, "attachment", what);
        if self.config.door == MetaDoor::Instagram {
            return Err(refuse(
                "Files cannot be sent by an Instagram sign-in: Instagram would fetch them from a public address, which Parley has not. Connect the account through its Facebook Page to send files.".into(),
            ));
        }
        let mime = file.mime.to_ascii_lowercase();
        if self.channel == Channel::Instagram && !INSTAGRAM_TYPES.contains(&mime.as_str()) {
            return Err(refuse(
                "Instagram takes pictures as PNG or JPEG, usual videos and recordings, and documents as PDF.".into(),
            ));
        }
        let (kind, most) = match mime.split('/').next() {
            Some("image") => ("image", PICTURE),
            Some("video") => ("video", FILE),
            Some("audio") => ("audio", FILE),
            _ => ("file", FILE),
        };
        if file.bytes.len() > most {
            return Err(refuse(format!(
                "The file is larger than the {} MB that Meta takes.",
                most >> 20
            )));
        }
        Ok(kind)
    }

    /// The account that the token is for: its id and name. A person's token is exchanged for the Page's own.
    pub(super) async fn ready(&self) -> Result<String> {
        let mut known = self.identified.lock().await;
        if let Some(name) = &*known {
            return Ok(name.clone());
        }
        let name = match self.config.door {
            MetaDoor::Instagram => self.is_the_account().await?,
            MetaDoor::Page => self.is_the_page().await?,
        };
        *known = Some(name.clone());
        Ok(name)
    }

    async fn is_the_account(&self) -> Result<String> {
        let token = self.tokens.token(&self.api).await?;
        let fields = [("fields", "id,user_id,username")];
        let me = self
            .api
            .get(&token, &["me"], &fields, "login", Counts::Other)
            .await?;
        let text = |name: &str| me.get(name).and_then(super::convert::id);
        let professional = text("user_id").or_else(|| text("id")).unwrap_or_default();
        let name = text("username").unwrap_or_default();
        if professional != self.config.id {
            return Err(other_account(&name));
        }
        // The app knows it by another id as well.
        self.learn(text("id"));
        Ok(name)
    }

    async fn is_the_page(&self) -> Result<String> {
        let token = self.tokens.token(&self.api).await?;
        let fields = [("fields", "id,name")];
        let me = self
            .api
            .get(&token, &["me"], &fields, "login", Counts::Other)
            .await?;
        let text = |json: &Value, name: &str| json.get(name).and_then(super::convert::id);
        let page = self.api.owner.as_str();
        let id = text(&me, "id").unwrap_or_default();
        self.learn(Some(id.clone()));
        if page == "me" || id == page {
            return Ok(text(&me, "name").unwrap_or_default());
        }
        let fields = [("fields", "id,name,access_token")];
        let asked = self
            .api
            .get(&token, &[page], &fields, "login", Counts::Other)
            .await;
        let given = match asked {
            Ok(json) => text(&json, "access_token")
                .map(|token| (token, text(&json, "name").unwrap_or_default())),
            // Meta's word: this person has nothing to do with that Page.
            Err(refused) if refused.is_its_word() => None,
            // Anything else says nothing of whose token it is.
            Err(refused) => return Err(refused.error),
        };
        let Some((token, name)) = given else {
            return Err(other_account(&text(&me, "name").unwrap_or_default()));
        };
        self.tokens.replace(&token).await?;
        Ok(name)
    }
}

fn other_account(name: &str) -> ChannelError {
    let whose = if name.is_empty() {
        "another account".to_owned()
    } else {
        format!("“{name}”")
    };
    ChannelError::new(
        Remedy::Reconnect,
        "login",
        format!(
            "This token is for {whose}, and not for the account that is connected here. Paste the right one, or connect the other account as a new one."
        ),
    )
}
