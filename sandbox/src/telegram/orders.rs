//! What customers, owners of business accounts and the vendor do.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Bot, Person};
use crate::http::World;

type Done = std::result::Result<Value, String>;

fn text(with: &Value, name: &str) -> Option<String> {
    with.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn number(with: &Value, name: &str) -> Option<i64> {
    let v = with.get(name)?;
    v.as_i64().or_else(|| v.as_str()?.parse().ok())
}

impl Bot {
    pub(super) fn order(&mut self, order: &str, with: &Value, world: &World) -> Done {
        match order {
            "write" => self.write(with, world),
            "start" => {
                let payload = text(with, "payload").unwrap_or_default();
                let said = format!("/start {payload}").trim_end().to_owned();
                self.says(with, json!({
                    "text": said, "entities": [{ "type": "bot_command", "offset": 0, "length": 6 }],
                }), world)
            }
            "file" => self.customers_file(with, world),
            "raw" => {
                let more = with.get("message").cloned().ok_or("raw wants message")?;
                self.says(with, more, world)
            }
            "edit" => self.edited("edited_message", with, world),
            "react" => self.react(with, world),
            "block" => self.member(with, true, world),
            "unblock" => self.member(with, false, world),
            "update" => {
                let update = with.get("update").cloned().ok_or("update wants update")?;
                Ok(json!({ "id": self.updates.put(update, world.time.now()) }))
            }
            "renumber" => {
                let from = number(with, "from").ok_or("renumber wants from")?;
                self.updates.begin_anew(from);
                Ok(json!({}))
            }
            "rival" => {
                self.rival = with["on"] != json!(false);
                Ok(json!({}))
            }
            "webhook" => {
                self.webhook = text(with, "url").unwrap_or_default();
                Ok(json!({}))
            }
            "revoke" | "restore" => {
                self.valid = order == "restore";
                Ok(json!({}))
            }
            "connect_business" => self.connect_business(with, world),
            "business" => self.business_write(with, world),
            "business_edit" => self.edited("edited_business_message", with, world),
            "business_delete" => self.business_delete(with, world),
            _ => Err(format!("Telegram knows no order {order:?}")),
        }
    }

    fn person(&mut self, with: &Value) -> std::result::Result<&mut Person, String> {
        let id = number(with, "from").ok_or("from is missing: who does it?")?;
        Ok(self
            .people
            .entry(id)
            .or_insert_with(|| Person::of(id, "Somebody", "", "")))
    }

    fn write(&mut self, with: &Value, world: &World) -> Done {
        let pictures = with.get("pictures").and_then(Value::as_array).cloned();
        let said = text(with, "text").unwrap_or_default();
        let pictures = pictures.unwrap_or_default();
        let mut last = json!({});
        for (i, picture) in pictures.iter().enumerate() {
            let bytes = picture["base64"].as_str().unwrap_or_default();
            let bytes = BASE64.decode(bytes.as_bytes()).map_err(|e| e.to_string())?;
            let mut more = json!({ "photo": self.shown("photo", "photo.jpg", "", bytes, None) });
            if pictures.len() > 1 {
                more["media_group_id"] = json!(format!("album{}", self.made));
            }
            if i == 0 && !said.is_empty() {
                more["caption"] = json!(said);
            }
            last = self.says(with, more, world)?;
        }
        if !pictures.is_empty() {
            return Ok(last);
        }
        let mut more = json!({ "text": said });
        if let Some(entities) = with.get("entities") {
            more["entities"] = entities.clone();
        }
        if let Some(to) = number(with, "reply_to") {
            let mut answered = self.message(to)?.clone();
            if let Some(o) = answered.as_object_mut() {
                o.remove("reply_to_message");
            }
            more["reply_to_message"] = answered;
        }
        self.says(with, more, world)
    }

    /// A message of a person to the bot, with this in it.
    fn says(&mut self, with: &Value, more: Value, world: &World) -> Done {
        let person = self.person(with)?;
        person.started = true;
        person.blocked = false;
        let (from, chat) = (person.user(), person.chat());
        self.arrives(
            "message",
            json!({ "from": from, "chat": chat }),
            more,
            world,
        )
    }

    fn arrives(&mut self, kind: &str, mut message: Value, more: Value, world: &World) -> Done {
        let id = self.next_id();
        message["message_id"] = json!(id);
        message["date"] = json!(world.time.seconds());
        if let (Some(into), Value::Object(more)) = (message.as_object_mut(), more) {
            into.extend(more);
        }
        self.messages.push(message.clone());
        self.tell(kind, &message, world);
        Ok(json!({ "id": id }))
    }

    fn customers_file(&mut self, with: &Value, world: &World) -> Done {
        let kind = text(with, "kind").ok_or("file wants kind")?;
        let bytes = text(with, "base64").unwrap_or_default();
        let bytes = BASE64.decode(bytes.as_bytes()).map_err(|e| e.to_string())?;
        let (name, mime) = (
            text(with, "name").unwrap_or_default(),
            text(with, "mime").unwrap_or_default(),
        );
        let size = number(with, "size").and_then(|n| usize::try_from(n).ok());
        let shown = self.shown(&kind, &name, &mime, bytes, size);
        let mut more = json!({ kind.as_str(): shown });
        if let Some(caption) = text(with, "caption") {
            more["caption"] = json!(caption);
        }
        self.says(with, more, world)
    }

    fn edited(&mut self, kind: &str, with: &Value, world: &World) -> Done {
        let id = number(with, "id").ok_or("edit wants id")?;
        let said = text(with, "text").ok_or("edit wants text")?;
        let at = world.time.seconds();
        let message = self.message(id)?;
        let place = if message.get("caption").is_some() {
            "caption"
        } else {
            "text"
        };
        message[place] = json!(said);
        message["edit_date"] = json!(at);
        let edited = message.clone();
        self.tell(kind, &edited, world);
        Ok(json!({}))
    }

    fn react(&mut self, with: &Value, world: &World) -> Done {
        let id = number(with, "id").ok_or("react wants id")?;
        let person = self.person(with)?;
        let (user, chat) = (person.user(), person.chat());
        let new: Vec<Value> = text(with, "emoji")
            .map(|e| json!({ "type": "emoji", "emoji": e }))
            .into_iter()
            .collect();
        let message = self.message(id)?;
        let old = message.get("_reaction").cloned().unwrap_or(json!([]));
        message["_reaction"] = json!(new);
        let told = json!({
            "chat": chat, "message_id": id, "user": user, "date": world.time.seconds(),
            "old_reaction": old, "new_reaction": new,
        });
        self.tell("message_reaction", &told, world);
        Ok(json!({}))
    }

    fn member(&mut self, with: &Value, blocked: bool, world: &World) -> Done {
        let bot = self.as_user();
        let person = self.person(with)?;
        person.blocked = blocked;
        let (user, chat) = (person.user(), person.chat());
        let status = |out: bool| match out {
            true => json!({ "status": "kicked", "user": bot, "until_date": 0 }),
            false => json!({ "status": "member", "user": bot }),
        };
        let told = json!({
            "chat": chat, "from": user, "date": world.time.seconds(),
            "old_chat_member": status(!blocked), "new_chat_member": status(blocked),
        });
        self.tell("my_chat_member", &told, world);
        Ok(json!({}))
    }

    fn connect_business(&mut self, with: &Value, world: &World) -> Done {
        let owner = number(with, "owner").ok_or("connect_business wants owner")?;
        let enabled = with["on"] != json!(false);
        let owner = self
            .people
            .entry(owner)
            .or_insert_with(|| Person::of(owner, "Mara", "Lind", "mara_owns"));
        let connection = json!({
            "id": "bizconn-0001", "user": owner.user(), "user_chat_id": owner.id, "date": world.time.seconds(),
            "rights": { "can_reply": true }, "is_enabled": enabled,
        });
        self.business = Some(connection.clone());
        self.tell("business_connection", &connection, world);
        Ok(connection)
    }

    /// A customer writes to the owner, or the owner to a customer (`owner`).
    fn business_write(&mut self, with: &Value, world: &World) -> Done {
        let business = self
            .business
            .clone()
            .ok_or("no business account is connected")?;
        let person = self.person(with)?;
        let chat = person.chat();
        let from = if with["owner"] == json!(true) {
            business["user"].clone()
        } else {
            person.user()
        };
        let message =
            json!({ "from": from, "chat": chat, "business_connection_id": business["id"] });
        let more = with
            .get("message")
            .cloned()
            .unwrap_or_else(|| json!({ "text": text(with, "text").unwrap_or_default() }));
        self.arrives("business_message", message, more, world)
    }

    fn business_delete(&mut self, with: &Value, world: &World) -> Done {
        let id = number(with, "id").ok_or("business_delete wants id")?;
        let message = self.message(id)?.clone();
        let told = json!({
            "business_connection_id": message["business_connection_id"], "chat": message["chat"],
            "message_ids": [id],
        });
        self.tell("deleted_business_messages", &told, world);
        Ok(json!({}))
    }
}
