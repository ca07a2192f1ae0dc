//! What the bot sends.

use serde_json::{Value, json};

use super::files::is_picture;
use super::shapes::Asked;
use super::{Bot, Refusal, Said, refused, text};
use crate::http::World;

const LONGEST: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
const LARGEST_PHOTO: usize = 10 * 1024 * 1024;
const LARGEST: usize = 50 * 1024 * 1024;

fn bad(why: &str) -> Refusal {
    refused(400, format!("Bad Request: {why}"))
}

impl Bot {
    pub(super) fn send_message(&mut self, asked: &Asked, world: &World) -> Said {
        let mut message = self.begin(asked, world)?;
        let (said, entities) = words(asked, "text", LONGEST, "message is too long")?;
        if said.trim().is_empty() {
            return Err(bad("message text is empty"));
        }
        message["text"] = json!(said);
        if !entities.is_empty() {
            message["entities"] = json!(entities);
        }
        if let Some(options) = asked.value("link_preview_options") {
            message["link_preview_options"] = options.clone();
        }
        Ok(self.sent(message))
    }

    pub(super) fn send_file(&mut self, kind: &str, asked: &Asked, world: &World) -> Said {
        let mut message = self.begin(asked, world)?;
        let Some(part) = asked.files.iter().find(|p| p.name == kind) else {
            return Err(bad(&format!("there is no {kind} in the request")));
        };
        let most = if kind == "photo" {
            LARGEST_PHOTO
        } else {
            LARGEST
        };
        if part.bytes.len() > most {
            return Err(refused(413, "Request Entity Too Large"));
        }
        if part.bytes.is_empty() {
            return Err(bad("file must be non-empty"));
        }
        if kind == "photo" && !is_picture(&part.bytes) {
            return Err(bad("IMAGE_PROCESS_FAILED"));
        }
        let (caption, entities) = words(
            asked,
            "caption",
            LONGEST_CAPTION,
            "message caption is too long",
        )?;
        if !caption.is_empty() {
            message["caption"] = json!(caption);
        }
        if !entities.is_empty() {
            message["caption_entities"] = json!(entities);
        }
        let name = part.file.clone().unwrap_or_default();
        let mime = part.kind.clone().unwrap_or_default();
        message[kind] = self.shown(kind, &name, &mime, part.bytes.clone(), None);
        Ok(self.sent(message))
    }

    /// A file as a message of its kind shows it.
    pub(super) fn shown(
        &mut self,
        kind: &str,
        name: &str,
        mime: &str,
        bytes: Vec<u8>,
        size: Option<usize>,
    ) -> Value {
        let mut file = self.file(kind, name, bytes, size);
        match kind {
            "photo" => {
                let mut small = self.file(
                    "photo",
                    "small.jpg",
                    b"\xff\xd8\xff\xe0small".to_vec(),
                    None,
                );
                for (picture, side) in [(&mut small, 90), (&mut file, 800)] {
                    picture["width"] = json!(side);
                    picture["height"] = json!(side);
                }
                return json!([small, file]);
            }
            "video" | "animation" => {
                file["width"] = json!(640);
                file["height"] = json!(480);
                file["duration"] = json!(3);
            }
            "video_note" => {
                file["length"] = json!(240);
                file["duration"] = json!(3);
                return file;
            }
            "sticker" => {
                file["type"] = json!("regular");
                file["width"] = json!(512);
                file["height"] = json!(512);
                file["is_animated"] = json!(false);
                file["is_video"] = json!(false);
                file["emoji"] = json!("👍");
                return file;
            }
            "voice" | "audio" => file["duration"] = json!(3),
            _ => {}
        }
        if !name.is_empty() && kind != "voice" {
            file["file_name"] = json!(name);
        }
        if !mime.is_empty() {
            file["mime_type"] = json!(mime);
        }
        file
    }

    /// The message with its chat, or why nobody can be written to.
    fn begin(&mut self, asked: &Asked, world: &World) -> std::result::Result<Value, Refusal> {
        let Some(to) = asked.text("chat_id").filter(|c| !c.is_empty()) else {
            return Err(bad("chat_id is empty"));
        };
        let person = to.parse::<i64>().ok().and_then(|id| self.people.get(&id));
        let connection = asked.text("business_connection_id");
        let Some(person) = person.filter(|p| p.started || connection.is_some()) else {
            return Err(bad("chat not found"));
        };
        if person.deleted {
            return Err(refused(403, "Forbidden: user is deactivated"));
        }
        if person.blocked {
            return Err(refused(403, "Forbidden: bot was blocked by the user"));
        }
        if let Err(over) = self.per_chat.take(&to, world.time.now()) {
            let seconds = over.seconds();
            return Err(Refusal {
                retry_after: Some(seconds),
                ..refused(429, format!("Too Many Requests: retry after {seconds}"))
            });
        }
        let mut message =
            json!({ "date": world.time.seconds(), "chat": person.chat(), "_ours": true });
        match connection {
            None => message["from"] = self.as_user(),
            Some(id) => {
                let business = self.business.as_ref().filter(|b| b["id"] == json!(id));
                let Some(business) = business.filter(|b| b["is_enabled"] == json!(true)) else {
                    return Err(bad("BUSINESS_CONNECTION_INVALID"));
                };
                message["from"] = business["user"].clone();
                message["business_connection_id"] = json!(id);
                message["sender_business_bot"] = self.as_user();
            }
        }
        if let Some(reply) = asked.value("reply_parameters") {
            let id = reply["message_id"].as_i64().unwrap_or_default();
            match self.message(id).cloned() {
                Ok(found) => message["reply_to_message"] = found,
                Err(_) if reply["allow_sending_without_reply"] == json!(true) => {}
                Err(_) => return Err(bad("message to be replied not found")),
            }
        }
        Ok(message)
    }

    fn sent(&mut self, mut message: Value) -> Value {
        message["message_id"] = json!(self.next_id());
        self.messages.push(message.clone());
        message
    }

    pub(super) fn edit_ours(&mut self, asked: &Asked, world: &World) -> Said {
        let id = asked.number("message_id").unwrap_or_default();
        let (said, entities) = words(asked, "text", LONGEST, "message is too long")?;
        let at = world.time.seconds();
        let message = self
            .message(id)
            .ok()
            .filter(|m| m["_ours"] == json!(true))
            .ok_or_else(|| bad("message to edit not found"))?;
        if message["text"] == json!(said) {
            return Err(bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            ));
        }
        message["text"] = json!(said);
        message["entities"] = json!(entities);
        message["edit_date"] = json!(at);
        Ok(message.clone())
    }
}

/// The words and what is formatted in them.
fn words(
    asked: &Asked,
    name: &str,
    most: usize,
    too_long: &str,
) -> std::result::Result<(String, Vec<Value>), Refusal> {
    let given = asked.text(name).unwrap_or_default();
    let (said, entities) = match asked.text("parse_mode").as_deref() {
        Some("HTML") => {
            let parsed =
                text::html(&given).map_err(|why| bad(&format!("can't parse entities: {why}")))?;
            (parsed.text, parsed.entities)
        }
        Some(other) => return Err(bad(&format!("unsupported parse_mode {other}"))),
        None => (given, Vec::new()),
    };
    let said = said.trim_end().to_owned();
    if said.chars().count() > most {
        return Err(bad(too_long));
    }
    Ok((said, entities))
}
