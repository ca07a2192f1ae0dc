//! Sending: a file is uploaded first, then one event under a transaction id that is the send's own, so that the
//! homeserver drops a repetition.

use super::Matrix;
use super::api::Call;
use super::convert::remote_id;
use super::rooms::Room;
use crate::connectors::Result;
use crate::connectors::http::Answer;
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
        let (room, known) = self.open(room).await?;
        let peer = message.to.first().map_or("", |p| p.address.as_str());
        self.is_heard(&known, peer)?;
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

    /// A room as it is now: one that was closed goes on in another one.
    async fn open(&self, mut room: String) -> Result<(String, Arc<Room>)> {
        const MOST_MOVES: usize = 5;
        for _ in 0..=MOST_MOVES {
            let known = self.rooms.room(&self.api, &room).await?;
            let Some((next, via)) = &known.moved else {
                return Ok((room, known));
            };
            let there = self.rooms.room(&self.api, next).await?;
            if !there.has(&self.api.config.user_id) {
                self.join(next, via).await.map_err(|e| match e.remedy {
                    Remedy::Final => refused(
                        "recipient",
                        "This chat goes on in a room into which Parley was not let. Ask to be invited there, or write by another channel.",
                    ),
                    _ => e,
                })?;
            }
            room.clone_from(next);
        }
        Err(refused(
            "recipient",
            "This chat was moved from room to room without end. Write by another channel.",
        ))
    }

    /// Whether whoever is written to can read what is said in a room.
    fn is_heard(&self, room: &Room, peer: &str) -> Result<()> {
        let own = &self.api.config.user_id;
        if room.encrypted {
            return Err(refused(
                "recipient",
                "This room is encrypted, and Parley cannot write there. Ask for a room without encryption.",
            ));
        }
        if !room.has(own) {
            return Err(refused(
                "recipient",
                "Parley is not in this chat any more. Ask to be invited again, or write by another channel.",
            ));
        }
        if room.others(own).next().is_none() || is_user(peer) && !room.has(peer) {
            return Err(refused(
                "recipient",
                "They have left this chat; write by another channel.",
            ));
        }
        Ok(())
    }

    /// The room in which the recipient is talked with; where there is none yet, one is made.
    async fn room_of(&self, message: &Outgoing) -> Result<String> {
        if let Some(room) = message.route.clone().filter(|r| r.starts_with('!')) {
            return Ok(room);
        }
        let peer = message.to.first().map_or("", |p| p.address.as_str());
        if let Some(room) = self.rooms.with(&self.api.config.user_id, peer) {
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
        let own = &self.api.config.user_id;
        let digest = Sha256::digest(format!("{own} {peer}"));
        let name = format!("parley-{}", data_encoding::HEXLOWER.encode(&digest[..12]));
        let answer = self.made(peer, Some(&name)).await?;
        if super::api::code(&answer) != "M_ROOM_IN_USE" {
            return self.room_id(&answer);
        }
        let server = own.split_once(':').map_or("", |u| u.1);
        let alias = format!("#{name}:{server}");
        let call = Call::get(&["directory", "room", &alias], "recipient");
        let found = match self.api.json(&call).await {
            Err(e) if e.remedy == Remedy::Final => Value::Null,
            other => other?,
        };
        let room = found["room_id"].as_str().unwrap_or_default();
        if !room.is_empty() && self.is_ours(room, peer).await? {
            return Ok(room.to_owned());
        }
        // Anybody may have made a room of that name and wait in it.
        let answer = self.made(peer, None).await?;
        self.room_id(&answer)
    }

    /// Whether we made a room for somebody, and nobody else is in it. Who has left it is invited again.
    async fn is_ours(&self, room: &str, peer: &str) -> Result<bool> {
        let own = &self.api.config.user_id;
        self.rooms.forget(room);
        let known = self.rooms.room(&self.api, room).await?;
        if known.maker.as_deref() != Some(own) || !known.has(own) || known.moved.is_some() {
            return Ok(false);
        }
        if known.others(own).next().is_some() {
            return Ok(known.is_of_two(own, peer));
        }
        let call = Call::post(
            &["rooms", room, "invite"],
            json!({ "user_id": peer }),
            "recipient",
        );
        match self.api.answer(&call).await {
            Err(e) if e.remedy == Remedy::Final => Ok(false),
            other => {
                other?;
                self.rooms.forget(room);
                Ok(true)
            }
        }
    }

    /// Asks for a room with somebody, perhaps under a name.
    async fn made(&self, peer: &str, name: Option<&str>) -> Result<Answer> {
        let mut wish =
            json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [peer] });
        if let Some(name) = name {
            wish["room_alias_name"] = name.into();
        }
        let call = Call::post(&["createRoom"], wish, "recipient");
        self.api.raw(&call).await
    }

    fn room_id(&self, answer: &Answer) -> Result<String> {
        if !answer.ok() {
            return Err(super::api::refusal(answer, "recipient", self.api.now()));
        }
        let made: Value = answer.json("recipient", false)?;
        let room = made["room_id"].as_str().map(String::from);
        room.ok_or_else(|| refused("recipient", "No room could be made."))
    }

    fn text(&self, message: &Outgoing) -> Value {
        let mut content = json!({ "msgtype": "m.text", "body": message.text });
        if let Some(html) = &message.html {
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
    pub(super) async fn most(&self) -> Result<u64> {
        let known = self.largest.load(Ordering::SeqCst);
        if self.asked.load(Ordering::SeqCst) {
            return Ok(known);
        }
        let call = Call::new(
            reqwest::Method::GET,
            &["client", "v1", "media", "config"],
            "data",
        );
        let answer = self.api.raw(&call).await?;
        if answer.status == 429 || answer.status >= 500 {
            // It is asked again; the upload itself says what is wrong.
            return Ok(0);
        }
        let said: Value = if answer.ok() {
            answer.json("data", false)?
        } else {
            Value::Null
        };
        let most = said["m.upload.size"].as_u64().unwrap_or(0);
        self.largest.store(most, Ordering::SeqCst);
        self.asked.store(true, Ordering::SeqCst);
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
