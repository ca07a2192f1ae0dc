//! A fake of Telegram's Bot API, judged by its published description (`sandbox/tests/telegram.rs`).
//!
//! What it knows beyond storing messages:
//! - **Updates are kept until they are confirmed** by asking for a greater offset, and for 24 hours at most. A negative
//!   offset forgets all but the last ones.
//! - **They are counted anew** after a week without any, as it is told ([`Bot`]'s order `renumber`): a number that was
//!   never given then confirms nothing.
//! - **`allowed_updates` holds from then on**, for what happens later; reactions are not told unless asked for.
//! - **One reader**: a second `getUpdates` ends the first one with 409, and a webhook refuses all of them with another
//!   409. [`Telegram::rival`] is a program that reads all the time.
//! - **HTML is read strictly**, lengths are counted after it was read, and files are what their bytes are.
//! - **Nobody is written to** who did not start the bot, or who blocked it.
//! - **Business accounts** that connected the bot give their own chats through it, with what their owner writes.

mod files;
mod orders;
mod send;
mod shapes;
mod text;
mod updates;

pub use shapes::Person;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::Result;
use crate::http::{Fake, Quota, Request, Response, Server, World};

/// A running fake of the Bot API.
pub struct Telegram {
    server: Server<Bot>,
}

/// The bot and all that the vendor knows of it.
pub struct Bot {
    token: String,
    id: i64,
    name: String,
    username: String,
    valid: bool,
    pub(crate) people: BTreeMap<i64, Person>,
    /// Everything that was written, oldest first, as the vendor's messages with a few words of ours beside.
    pub(crate) messages: Vec<Value>,
    made: i64,
    updates: updates::Updates,
    webhook: String,
    rival: bool,
    files: Vec<files::File>,
    business: Option<Value>,
    /// How many messages a chat takes.
    pub per_chat: Quota,
}

/// How a bot begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its token; the digits in front of the colon are its id.
    pub token: String,
    /// Its name.
    pub name: String,
    /// Its user name.
    pub username: String,
    /// Who is there.
    pub people: Vec<Person>,
    /// The port, 0 for a free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "7700112233:AAsandbox-bot-token_0123456789abcde".into(),
            name: "Lamp Shop".into(),
            username: "lamp_shop_bot".into(),
            people: vec![
                Person::of(880_000_000_001, "Anna", "Berg", "annaberg"),
                Person::of(880_000_000_002, "Tom", "Okafor", ""),
                Person::of(880_000_000_003, "Lea", "Moreau", "lea_m"),
            ],
            port: 0,
        }
    }
}

impl Telegram {
    /// Starts the fake.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> Result<Self> {
        let id = options.token.split(':').next().unwrap_or_default();
        let bot = Bot {
            id: id.parse().unwrap_or(1),
            token: options.token,
            name: options.name,
            username: options.username,
            valid: true,
            people: options.people.into_iter().map(|p| (p.id, p)).collect(),
            messages: Vec::new(),
            made: 0,
            updates: updates::Updates::default(),
            webhook: String::new(),
            rival: false,
            files: Vec::new(),
            business: None,
            per_chat: Quota::unlimited(),
        };
        let server = Server::start_at(bot, options.port).await?;
        Ok(Self { server })
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server<Bot> {
        &self.server
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> String {
        self.server.base()
    }

    /// What stands around it.
    #[must_use]
    pub fn world(&self) -> &World {
        self.server.world()
    }

    /// Does what only a customer or the vendor can do; see [`Bot`]'s orders.
    ///
    /// # Panics
    /// Where the order is not known or cannot be done.
    #[allow(clippy::expect_used)] // for tests, which fail so
    pub fn does(&self, order: &str, with: &Value) -> Value {
        self.server
            .act(order, with)
            .expect("an order that can be done")
    }

    /// Somebody writes; gives the message's id.
    pub fn writes(&self, from: i64, text: &str) -> i64 {
        let done = self.does("write", &json!({ "from": from, "text": text }));
        done["id"].as_i64().unwrap_or_default()
    }

    /// Another program reads all the time, or no more.
    pub fn rival(&self, on: bool) {
        self.server.with(|bot, _| bot.rival = on);
    }

    /// What the bot sent, oldest first, as the vendor's messages.
    #[must_use]
    pub fn sent(&self) -> Vec<Value> {
        let ours = |m: &&Value| m["_ours"] == json!(true);
        self.server
            .with(|bot, _| bot.messages.iter().filter(ours).cloned().collect())
    }

    /// How many updates are not confirmed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.server.with(|bot, _| bot.updates.waiting())
    }
}

/// A refusal as the vendor words it.
pub(crate) struct Refusal {
    code: u16,
    description: String,
    retry_after: Option<i64>,
}

fn refused(code: u16, description: impl Into<String>) -> Refusal {
    Refusal {
        code,
        description: description.into(),
        retry_after: None,
    }
}

impl Refusal {
    fn answer(&self) -> Response {
        let mut body =
            json!({ "ok": false, "error_code": self.code, "description": self.description });
        if let Some(seconds) = self.retry_after {
            body["parameters"] = json!({ "retry_after": seconds });
        }
        Response::json(self.code, &body)
    }
}

/// What a method says: a result, a refusal, or nothing yet.
pub(crate) type Said = std::result::Result<Value, Refusal>;

impl Fake for Bot {
    fn name(&self) -> &'static str {
        "telegram"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        let parts = request.segments();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["file", bot, rest @ ..] => {
                if !self.is_me(bot) {
                    return refused(404, "Not Found").answer();
                }
                self.download(&rest.join("/"))
            }
            [bot, method] if bot.starts_with("bot") => {
                if !self.is_me(bot) {
                    return refused(401, "Unauthorized").answer();
                }
                let asked = shapes::Asked::of(request);
                if method.eq_ignore_ascii_case("getupdates") {
                    return self.get_updates(request, &asked, world);
                }
                match self.method(method, &asked, world) {
                    Ok(result) => {
                        Response::json(200, &json!({ "ok": true, "result": shapes::bare(&result) }))
                    }
                    Err(refusal) => refusal.answer(),
                }
            }
            _ => refused(404, "Not Found").answer(),
        }
    }

    fn state(&self, world: &World) -> Value {
        json!({
            "bot": self.me(),
            "people": self.people.values().map(|p| json!({
                "id": p.id, "name": p.first, "started": p.started, "blocked": p.blocked,
            })).collect::<Vec<_>>(),
            "messages": self.messages,
            "waiting": self.updates.waiting(),
            "webhook": self.webhook,
            "rival": self.rival,
            "now": world.time.now(),
        })
    }

    /// `write {from,text,entities?,pictures?,reply_to?}`, `start {from,payload?}`, `file {from,kind,name?,base64?,size?,
    /// caption?}`, `raw {from,message}`, `edit {id,text}`, `react {from,id,emoji?}`, `block {from}`, `unblock {from}`,
    /// `update {update}`, `renumber {from}`, `rival {on}`, `webhook {url}`, `revoke {}`, `restore {}`; of business accounts `connect_business
    /// {owner}`, `business {from,text,owner?}`, `business_edit {id,text}`, `business_delete {id}`. `id` is a message's.
    fn act(
        &mut self,
        order: &str,
        with: &Value,
        world: &World,
    ) -> std::result::Result<Value, String> {
        self.order(order, with, world)
    }
}

impl Bot {
    fn is_me(&self, path: &str) -> bool {
        self.valid && path.strip_prefix("bot") == Some(self.token.as_str())
    }

    fn me(&self) -> Value {
        json!({
            "id": self.id, "is_bot": true, "first_name": self.name, "username": self.username,
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_guest_queries": false,
            "supports_inline_queries": false, "can_connect_to_business": true, "has_main_web_app": false,
        })
    }

    /// The bot as the writer of a message.
    fn as_user(&self) -> Value {
        json!({ "id": self.id, "is_bot": true, "first_name": self.name, "username": self.username })
    }

    fn method(&mut self, method: &str, asked: &shapes::Asked, world: &World) -> Said {
        match method.to_ascii_lowercase().as_str() {
            "getme" => Ok(self.me()),
            "setwebhook" => {
                self.webhook = asked.text("url").unwrap_or_default();
                Ok(json!(true))
            }
            "deletewebhook" => {
                self.webhook.clear();
                if asked.is("drop_pending_updates") {
                    self.updates.forget();
                }
                Ok(json!(true))
            }
            "getwebhookinfo" => Ok(json!({
                "url": self.webhook, "has_custom_certificate": false,
                "pending_update_count": self.updates.waiting(),
            })),
            "getfile" => self.get_file(asked),
            "getbusinessconnection" => self
                .business
                .clone()
                .filter(|b| b["id"].as_str() == asked.text("business_connection_id").as_deref())
                .ok_or_else(|| refused(400, "Bad Request: business connection not found")),
            "sendmessage" => self.send_message(asked, world),
            "sendphoto" => self.send_file("photo", asked, world),
            "senddocument" => self.send_file("document", asked, world),
            "sendvideo" => self.send_file("video", asked, world),
            "sendvoice" => self.send_file("voice", asked, world),
            "sendaudio" => self.send_file("audio", asked, world),
            "editmessagetext" => self.edit_ours(asked, world),
            _ => Err(refused(404, "Not Found: method not found")),
        }
    }

    fn get_updates(&mut self, request: &Request, asked: &shapes::Asked, world: &World) -> Response {
        if !self.webhook.is_empty() {
            return refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first").answer();
        }
        let taken_over = self.updates.reads(request.number) || self.rival;
        if taken_over {
            return refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running").answer();
        }
        self.updates.give(request, asked, world)
    }

    /// Tells an update, if such are asked for.
    fn tell(&mut self, kind: &str, what: &Value, world: &World) {
        self.updates
            .tell(kind, &shapes::bare(what), world.time.now());
    }

    fn next_id(&mut self) -> i64 {
        self.made += 1;
        self.made
    }

    fn message(&mut self, id: i64) -> std::result::Result<&mut Value, String> {
        self.messages
            .iter_mut()
            .find(|m| m["message_id"].as_i64() == Some(id))
            .ok_or_else(|| format!("there is no message {id}"))
    }
}
