//! Sending: a file is uploaded first, then one event under a transaction id that is the send's own, so that the
//! homeserver drops a repetition.

use super::Matrix;
use super::api::Call;
use super::convert::remote_id;
use crate::connectors::Result;
use crate::model::{Channel, ChannelError, Outgoing, OutgoingFile, Receipt, Remedy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Matrix {
    /// Hands in one message: a text, or one file.
    pub(super) async fn hand_in(&self, message: &Outgoing) -> Result<Receipt> {
        let room = self.room_of(message).await?;
        if self.rooms.room(&self.api, &room).await?.encrypted {
            return Err(refused(
                "recipient",
                "This room is encrypted, and Parley cannot write there. Ask for a room without encryption.",
            ));
        }
        let content = match message.files.first() {
            Some(file) => self.uploaded(file).await?,
            None => self.text(message),
        };
        let key = message.key.to_string();
        let path = ["rooms", &room, "send", "m.room.message", &key];
        // The answer may get lost; the same transaction id makes another try harmless.
        let answer = self.api.json(&Call::put(&path, content, "send")).await?;
        let event = answer["event_id"].as_str().filter(|e| !e.is_empty());
        Ok(Receipt {
            remote_id: event.map(|e| remote_id(&room, e)),
            ..Receipt::default()
        })
    }

    /// The room in which the recipient is talked with; where there is none yet, one is made.
    async fn room_of(&self, message: &Outgoing) -> Result<String> {
        if let Some(room) = message.route.clone().filter(|r| r.starts_with('!')) {
            return Ok(room);
        }
        let peer = message.to.first().map_or("", |p| p.address.as_str());
        if let Some(room) = self.rooms.with(peer) {
            return Ok(room);
        }
        if self.channel != Channel::Matrix || !is_user(peer) {
            return Err(refused(
                "recipient",
                "No room with this person is known. One can answer here, not write first.",
            ));
        }
        self.invited(peer).await
    }

    /// A room of the two of us under a name that follows from theirs, so that it is made once whatever gets lost.
    async fn invited(&self, peer: &str) -> Result<String> {
        let digest = Sha256::digest(format!("{} {peer}", self.api.config.user_id));
        let name = format!("parley-{}", data_encoding::HEXLOWER.encode(&digest[..12]));
        let wish = json!({
            "preset": "trusted_private_chat", "is_direct": true, "invite": [peer], "room_alias_name": name,
        });
        let answer = self
            .api
            .raw(&Call::post(&["createRoom"], wish, "recipient"))
            .await?;
        if answer.ok() {
            let made: Value = answer.json("recipient", false)?;
            return made["room_id"]
                .as_str()
                .map(String::from)
                .ok_or_else(|| refused("recipient", "No room could be made."));
        }
        if super::api::code(&answer) != "M_ROOM_IN_USE" {
            return Err(super::api::refusal(&answer, "recipient", self.api.now()));
        }
        let server = self.api.config.user_id.split_once(':').map_or("", |u| u.1);
        let alias = format!("#{name}:{server}");
        let found = self
            .api
            .json(&Call::get(&["directory", "room", &alias], "recipient"))
            .await?;
        let room = found["room_id"].as_str().unwrap_or_default().to_owned();
        // They may have left; whoever is there cannot be invited, and that is fine.
        let call = Call::post(
            &["rooms", &room, "invite"],
            json!({ "user_id": peer }),
            "recipient",
        );
        match self.api.answer(&call).await {
            Err(e) if e.remedy != Remedy::Final => Err(e),
            _ => Ok(room),
        }
    }

    fn text(&self, message: &Outgoing) -> Value {
        let mut content = json!({ "msgtype": "m.text", "body": message.text });
        if let Some(html) = &message.html
            && self.channel == Channel::Matrix
        {
            content["format"] = "org.matrix.custom.html".into();
            content["formatted_body"] = html.as_str().into();
        }
        content
    }

    async fn uploaded(&self, file: &OutgoingFile) -> Result<Value> {
        let most = self.most().await?;
        if most > 0 && file.bytes.len() as u64 > most {
            return Err(refused(
                "data",
                &format!(
                    "{} takes files of up to {} MB.",
                    self.api.host(),
                    most / 1_000_000
                ),
            ));
        }
        let mut call = Call::new(reqwest::Method::POST, &["media", "v3", "upload"], "data")
            .asking("filename", file.name.clone());
        call.file = Some((file.mime.clone(), Arc::new(file.bytes.clone())));
        call.time = Duration::from_secs(300);
        let answer = self.api.json(&call).await?;
        let Some(uri) = answer["content_uri"].as_str() else {
            return Err(ChannelError::new(
                Remedy::Retry,
                "data",
                format!(
                    "{} took a file without saying where it is.",
                    self.api.host()
                ),
            ));
        };
        let kind = match file.mime.split('/').next() {
            Some("image") => "m.image",
            Some("video") => "m.video",
            Some("audio") => "m.audio",
            _ => "m.file",
        };
        let mut info = json!({ "mimetype": file.mime, "size": file.bytes.len() });
        if kind == "m.image"
            && let Some((width, height)) = sides(&file.bytes)
        {
            info["w"] = width.into();
            info["h"] = height.into();
        }
        Ok(
            json!({ "msgtype": kind, "body": file.name, "filename": file.name, "url": uri, "info": info }),
        )
    }

    /// The largest upload; 0 where the homeserver does not say.
    async fn most(&self) -> Result<u64> {
        let known = self.largest.load(Ordering::SeqCst);
        if known > 0 {
            return Ok(known);
        }
        let call = Call::new(
            reqwest::Method::GET,
            &["client", "v1", "media", "config"],
            "data",
        );
        let answer = self.api.raw(&call).await?;
        let said: Value = if answer.ok() {
            answer.json("data", false)?
        } else {
            Value::Null
        };
        let most = said["m.upload.size"].as_u64().unwrap_or(0);
        self.largest.store(most, Ordering::SeqCst);
        Ok(most)
    }
}

/// A picture's sides, read from its head alone.
fn sides(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes));
    reader.with_guessed_format().ok()?.into_dimensions().ok()
}

/// `@somebody:somewhere`.
fn is_user(id: &str) -> bool {
    let parts = id.strip_prefix('@').and_then(|i| i.split_once(':'));
    parts.is_some_and(|(name, server)| !name.is_empty() && !server.is_empty())
        && !id.contains(char::is_whitespace)
}

fn refused(step: &'static str, what: &str) -> ChannelError {
    ChannelError::new(Remedy::Final, step, what)
}
