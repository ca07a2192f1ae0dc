//! What only a customer, the account's owner or the vendor can do.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::account::{Account, Usage};
use super::message::{Attached, Kind, Message, Platform, Story, time};

impl Account {
    /// All messages, for a person's page.
    pub(super) fn all_messages(&self) -> Vec<Value> {
        let mut all: Vec<(i64, Value)> = Vec::new();
        for thread in &self.threads {
            for m in &thread.messages {
                let marks: Vec<&str> = m.reactions.values().map(String::as_str).collect();
                let shown = json!({
                    "id": m.id, "platform": thread.platform.word(), "person": thread.person, "ours": m.ours,
                    "text": m.text, "files": m.files.len(), "at": time(m.at), "deleted": m.deleted, "marks": marks,
                    "kind": kind(m),
                });
                all.push((m.at, shown));
            }
        }
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, shown)| shown).collect()
    }

    /// `write {from,to?,text,pictures?}`, `sent_elsewhere {to,from?,text}`, `unsend {id}`, `react {id,from,reaction?}`,
    /// `story_reply`, `story_mention`, `share`, `unsupported`, `withheld` (each `from,to?`), `refuse {fields}`, `revoke`,
    /// `restore`, `access {on}`, `human_agent {on}`, `usage {percent,regain?}`.
    pub(super) fn obey(&mut self, order: &str, with: &Value, now: i64) -> Result<Value, String> {
        let text = |name: &str| with.get(name).and_then(Value::as_str).map(str::to_owned);
        let need = |name: &str| text(name).ok_or_else(|| format!("{order} wants {name}"));
        let on = with.get("on").and_then(Value::as_bool).unwrap_or(true);
        let platform = |name: &str| {
            let word = text(name).unwrap_or_default();
            Platform::parse(&word).unwrap_or(Platform::Instagram)
        };
        match order {
            "write" => {
                let files = self.pictures(with)?;
                let message = Message {
                    files,
                    ..Message::saying(&text("text").unwrap_or_default())
                };
                let id = self.brought(platform("to"), &need("from")?, message, now);
                Ok(json!({ "id": id }))
            }
            "sent_elsewhere" => {
                let message = Message {
                    ours: true,
                    ..Message::saying(&need("text")?)
                };
                let id = self.brought(platform("from"), &need("to")?, message, now);
                Ok(json!({ "id": id }))
            }
            "story_reply" | "story_mention" | "share" | "unsupported" | "withheld" => {
                let message = self.special(order);
                let id = self.brought(platform("to"), &need("from")?, message, now);
                Ok(json!({ "id": id }))
            }
            "unsend" => {
                let message = self.message_mut(&need("id")?).ok_or("no such message")?;
                message.deleted = true;
                Ok(json!({}))
            }
            "react" => {
                let by = need("from")?;
                let message = self.message_mut(&need("id")?).ok_or("no such message")?;
                match text("reaction") {
                    Some(word) => message.reactions.insert(by, word),
                    None => message.reactions.remove(&by),
                };
                Ok(json!({}))
            }
            "refuse" => {
                let names = need("fields")?;
                let names = names.split(',').map(str::trim).filter(|n| !n.is_empty());
                self.refused = names.map(str::to_owned).collect();
                Ok(json!({}))
            }
            "revoke" | "restore" => {
                let lasts = 60 * 24 * 60 * 60 * 1_000;
                self.token_until = Some(if order == "revoke" { now } else { now + lasts });
                Ok(json!({}))
            }
            "access" => {
                self.access_off = !on;
                Ok(json!({}))
            }
            "human_agent" => {
                self.human_agent = on;
                Ok(json!({}))
            }
            "usage" => {
                let number = |name: &str| with.get(name).and_then(Value::as_u64).unwrap_or(0);
                let number = |name: &str| u32::try_from(number(name)).unwrap_or(0);
                self.usage = Usage {
                    app: number("percent"),
                    business: number("percent"),
                    regain: number("regain"),
                };
                Ok(json!({}))
            }
            _ => Err(format!(
                "there is write, sent_elsewhere, story_reply, story_mention, share, unsupported, withheld, unsend, \
                 react, refuse, revoke, restore, access, human_agent and usage, no {order}"
            )),
        }
    }

    fn special(&mut self, order: &str) -> Message {
        let picture = self.keep_media("image/jpeg", b"\xff\xd8\xff\xe0 a story");
        match order {
            "story_reply" => Message {
                story: Some(Story::Reply(picture)),
                ..Message::saying("Love this one!")
            },
            "story_mention" => Message {
                story: Some(Story::Mention(picture)),
                ..Message::default()
            },
            "share" => Message {
                shares: vec![(
                    "https://www.instagram.com/p/C0sandbox/".into(),
                    "A post".into(),
                )],
                ..Message::default()
            },
            "withheld" => Message {
                files: vec![Attached::Withheld],
                ..Message::default()
            },
            _ => Message {
                unsupported: true,
                ..Message::default()
            },
        }
    }

    fn pictures(&mut self, with: &Value) -> Result<Vec<Attached>, String> {
        let given = with.get("pictures").and_then(Value::as_array);
        let mut files = Vec::new();
        for p in given.into_iter().flatten() {
            let kind = p.get("kind").and_then(Value::as_str).unwrap_or_default();
            let bytes = p.get("base64").and_then(Value::as_str).unwrap_or_default();
            let bytes = BASE64
                .decode(bytes.as_bytes())
                .map_err(|_| "a picture has kind and base64".to_owned())?;
            let as_kind = match kind.split('/').next() {
                Some("image") => Kind::Image,
                Some("video") => Kind::Video,
                _ => Kind::File,
            };
            files.push(Attached::Kept {
                kind: as_kind,
                id: self.keep_media(kind, &bytes),
            });
        }
        Ok(files)
    }
}

fn kind(m: &Message) -> &'static str {
    match (&m.story, m.unsupported, m.shares.is_empty()) {
        (Some(Story::Reply(_)), ..) => "story reply",
        (Some(Story::Mention(_)), ..) => "story mention",
        (None, true, _) => "unsupported",
        (None, false, false) => "share",
        _ => "",
    }
}
