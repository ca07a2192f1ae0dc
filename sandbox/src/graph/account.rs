//! The account: its state, who may ask, and which answer belongs to which address.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::errors::{self, failed};
use super::fields::{self, Field};
use super::media::{self, Store};
use super::message::{Message, Platform, Thread};
use super::send::{Sent, Upload};
use crate::http::{Quota, Request, Response, World};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// How long a token lasts.
const LASTS: i64 = 60 * DAY;

/// By which door one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// `graph.instagram.com`: Instagram alone, with a token that runs out.
    #[default]
    Instagram,
    /// `graph.facebook.com`: Instagram and Messenger of a Page, with the Page's token.
    Page,
}

/// Somebody who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id that only this account knows them by.
    pub id: String,
    /// Name.
    pub name: String,
    /// User name.
    pub username: String,
}

/// How a fake begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// The door.
    pub door: Door,
    /// The token; with the Page's door the Page's own.
    pub token: String,
    /// How old the token is, in milliseconds.
    pub age: i64,
    /// The port, 0 for a free one.
    pub port: u16,
}

impl Options {
    /// Instagram's own door.
    #[must_use]
    pub fn instagram() -> Self {
        Self {
            door: Door::Instagram,
            token: "IGAAsandboxSECRETtokenZD".into(),
            age: 0,
            port: 0,
        }
    }

    /// The Page's door.
    #[must_use]
    pub fn page() -> Self {
        Self {
            door: Door::Page,
            token: "EAAGsandboxSECRETpageZD".into(),
            ..Self::instagram()
        }
    }
}

/// What the usage headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Percent of the app's allowance.
    pub app: u32,
    /// Percent of the account's allowance.
    pub business: u32,
    /// Minutes until it may ask again.
    pub regain: u32,
}

/// An Instagram account, the Page that it is linked with, and their conversations.
pub struct Account {
    pub(super) door: Door,
    /// The token that is taken.
    pub token: String,
    /// A person's token, which lists the Pages.
    pub person_token: String,
    token_made: i64,
    /// When the token ends; never by the Page's door.
    pub token_until: Option<i64>,
    age: i64,
    renewed: u32,
    /// The professional account's id.
    pub instagram: String,
    /// The id that only the app knows the account by.
    pub app_scoped: String,
    pub(super) username: String,
    /// The Page's id.
    pub page: String,
    pub(super) page_name: String,
    pub(super) people: Vec<Person>,
    pub(super) threads: Vec<Thread>,
    /// Fields whose asking fails the request.
    pub refused: HashSet<String>,
    /// The tag `HUMAN_AGENT` was granted.
    pub human_agent: bool,
    /// Receipts bear another id than the message has when it is read.
    pub receipts_differ: bool,
    /// The switch in Instagram that lets programs see messages is off.
    pub access_off: bool,
    /// Conversations come in no order.
    pub unordered: bool,
    /// People whose messages cannot be answered: code and subcode.
    pub closed: BTreeMap<String, (u32, u32)>,
    /// What the usage headers say.
    pub usage: Usage,
    /// Calls for conversations.
    pub quota: Quota,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) sent: Vec<Sent>,
    pub(super) cdn: String,
    pub(super) store: Arc<Mutex<Store>>,
    made: u64,
}

impl Account {
    pub(super) fn new(options: Options, cdn: &str, store: Arc<Mutex<Store>>) -> Self {
        let people = [
            (super::ANNA, "Anna Berg", "anna.paints"),
            (super::TOM, "Tom Okafor", "tomokafor"),
            (super::LEA, "Lea Moreau", "lea_moreau"),
        ];
        Self {
            door: options.door,
            token: options.token,
            person_token: "EAAGsandboxSECRETpersonZD".into(),
            token_made: 0,
            token_until: None,
            age: options.age,
            renewed: 0,
            instagram: "17841400000000001".into(),
            app_scoped: "24500000000000001".into(),
            username: "the.shop".into(),
            page: "104000000000001".into(),
            page_name: "The Shop".into(),
            people: people
                .map(|(id, name, username)| Person {
                    id: id.into(),
                    name: name.into(),
                    username: username.into(),
                })
                .to_vec(),
            threads: Vec::new(),
            refused: HashSet::new(),
            human_agent: false,
            receipts_differ: false,
            access_off: false,
            unordered: false,
            closed: BTreeMap::new(),
            usage: Usage::default(),
            quota: Quota::new(2, 1_000),
            uploads: BTreeMap::new(),
            sent: Vec::new(),
            cdn: cdn.to_owned(),
            store,
            made: 0,
        }
    }

    /// The token was made so long before now.
    pub(super) fn begin(&mut self, now: i64) {
        self.token_made = now - self.age;
        self.token_until = (self.door == Door::Instagram).then_some(self.token_made + LASTS);
    }

    /// The id by which messages name the account.
    pub(super) fn own(&self, platform: Platform) -> String {
        match platform {
            Platform::Instagram => self.instagram.clone(),
            Platform::Messenger => self.page.clone(),
        }
    }

    /// An id as long as the real ones.
    pub(super) fn new_id(&mut self, kind: &str) -> String {
        self.made += 1;
        let digest = |n: u64| Sha256::digest(format!("{kind}{}{}{n}", self.instagram, self.made));
        let text: Vec<u8> = (0..3).flat_map(digest).collect();
        format!("{kind}{}", BASE64URL_NOPAD.encode(&text))
    }

    pub(super) fn keep_media(&mut self, kind: &str, bytes: &[u8]) -> String {
        media::keep(&self.store, kind, bytes)
    }

    /// A message comes into a person's conversation.
    pub(super) fn brought(
        &mut self,
        platform: Platform,
        person: &str,
        message: Message,
        now: i64,
    ) -> String {
        let prefix = match platform {
            Platform::Instagram => "aWdfZAG1faXRlbTo",
            Platform::Messenger => "m_",
        };
        let id = match message.id.as_str() {
            "" => self.new_id(prefix),
            given => given.to_owned(),
        };
        let at = if message.at == 0 { now } else { message.at };
        let message = Message {
            id: id.clone(),
            at,
            ..message
        };
        let known = self
            .threads
            .iter()
            .position(|t| t.platform == platform && t.person == person);
        let place = match known {
            Some(place) => place,
            None => {
                let id = self.new_id(match platform {
                    Platform::Instagram => "aWdfZAG06",
                    Platform::Messenger => "t_",
                });
                self.threads.push(Thread {
                    id,
                    platform,
                    person: person.into(),
                    updated: at,
                    messages: Vec::new(),
                });
                self.threads.len() - 1
            }
        };
        if let Some(thread) = self.threads.get_mut(place) {
            thread.updated = thread.updated.max(at);
            thread.messages.push(message);
        }
        id
    }

    pub(super) fn message_mut(&mut self, id: &str) -> Option<&mut Message> {
        let mut all = self.threads.iter_mut().flat_map(|t| t.messages.iter_mut());
        all.find(|m| m.id == id)
    }

    /// Whose token it is; what is refused otherwise.
    fn admitted(&self, shown: &str, now: i64) -> Result<bool, Response> {
        if self.door == Door::Page && shown == self.person_token {
            return Ok(true);
        }
        if shown != self.token {
            return Err(failed(190, 0));
        }
        if self.token_until.is_some_and(|until| until <= now) {
            return Err(failed(190, 463));
        }
        Ok(false)
    }

    pub(super) fn route(&mut self, request: &Request, world: &World) -> Response {
        let now = world.time.now();
        let parts = request.segments();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let versioned = |p: &str| {
            let rest = p.strip_prefix('v');
            rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let path = match parts.as_slice() {
            [version, rest @ ..] if versioned(version) => rest,
            all => all,
        };
        let shown = request.bearer().or_else(|| request.query("access_token"));
        let Some(shown) = shown else {
            return failed(190, 0);
        };
        let person = match self.admitted(shown, now) {
            Ok(person) => person,
            Err(refused) => return refused,
        };
        let answer = match (request.method.as_str(), path) {
            ("GET", ["refresh_access_token"]) => self.renew(request, now),
            ("GET", ["me", "accounts"]) if person => self.pages(),
            ("GET", ["me"]) => self.me(request, person),
            ("GET", [page]) if *page == self.page && self.door == Door::Page => {
                self.page(request, person)
            }
            _ if person => failed(200, 0),
            ("GET", [owner, "conversations"]) if self.is_own(owner) => {
                self.conversations(request, world)
            }
            ("POST", [owner, "messages"]) if self.is_own(owner) => self.send(request, now),
            ("POST", [page, "message_attachments"])
                if *page == self.page && self.door == Door::Page =>
            {
                self.upload(request)
            }
            ("GET", [thread, "messages"]) => self.messages(thread, request, world),
            ("GET", [id]) => self.thing(id, request, world),
            _ => failed(100, 0),
        };
        self.with_usage(answer)
    }

    fn is_own(&self, name: &str) -> bool {
        match self.door {
            Door::Instagram => name == "me" || name == self.instagram,
            Door::Page => name == "me" || name == self.page,
        }
    }

    fn with_usage(&self, answer: Response) -> Response {
        let u = self.usage;
        if u == Usage::default() {
            return answer;
        }
        let app = json!({ "call_count": u.app, "total_time": 1, "total_cputime": 1 });
        let business = json!({ self.instagram.clone(): [{
            "type": self.door_word(), "call_count": u.business, "total_cputime": 1, "total_time": 1,
            "estimated_time_to_regain_access": u.regain,
        }] });
        answer
            .with("X-App-Usage", &app.to_string())
            .with("X-Business-Use-Case-Usage", &business.to_string())
    }

    fn door_word(&self) -> &'static str {
        match self.door {
            Door::Instagram => "instagram",
            Door::Page => "pages",
        }
    }

    /// What stands in `fields`; a refusal where it cannot be read or names what there is not.
    pub(super) fn asked(
        &self,
        request: &Request,
        usual: &str,
        known: fn(&str) -> Option<&'static [&'static str]>,
    ) -> Result<Vec<Field>, Response> {
        let text = request.query("fields").unwrap_or(usual);
        let Some(asked) = fields::parse(text) else {
            return Err(failed(100, 0));
        };
        let refused = |name: &str| self.refused.contains(name);
        match fields::wrong(&asked, known, &refused) {
            Some(name) => Err(errors::of(
                400,
                100,
                0,
                &format!("Feld {name} ist nicht vorhanden"),
            )),
            None => Ok(asked),
        }
    }

    fn me(&self, request: &Request, person: bool) -> Response {
        if self.door == Door::Page && !person {
            return self.page(request, person);
        }
        let all = if person {
            json!({ "id": "9900000000000001", "name": "Olga Owner" })
        } else {
            json!({ "id": self.app_scoped, "user_id": self.instagram, "username": self.username,
                    "name": self.page_name, "account_type": "BUSINESS" })
        };
        pick(&all, request.query("fields").unwrap_or("id,name"))
    }

    fn page(&self, request: &Request, person: bool) -> Response {
        let mut all = json!({
            "id": self.page, "name": self.page_name,
            "instagram_business_account": { "id": self.instagram, "username": self.username },
        });
        if person && let Some(all) = all.as_object_mut() {
            all.insert("access_token".into(), self.token.clone().into());
        }
        pick(&all, request.query("fields").unwrap_or("id,name"))
    }

    fn pages(&self) -> Response {
        Response::json(
            200,
            &json!({ "data": [{
                "id": self.page, "name": self.page_name, "access_token": self.token,
                "instagram_business_account": { "id": self.instagram, "username": self.username },
            }] }),
        )
    }

    fn renew(&mut self, request: &Request, now: i64) -> Response {
        if self.door != Door::Instagram || request.query("grant_type") != Some("ig_refresh_token") {
            return failed(100, 0);
        }
        if now - self.token_made < DAY {
            return errors::of(400, 100, 0, "Das Token ist jünger als 24 Stunden.");
        }
        self.renewed += 1;
        self.token = format!("IGAAsandboxSECRETrenewed{}ZD", self.renewed);
        self.token_made = now;
        self.token_until = Some(now + LASTS);
        Response::json(
            200,
            &json!({ "access_token": self.token, "token_type": "bearer", "expires_in": LASTS / 1_000 }),
        )
    }

    /// A conversation, a message or a person by its id.
    fn thing(&mut self, id: &str, request: &Request, world: &World) -> Response {
        let now = world.time.now();
        if self.threads.iter().any(|t| t.id == id) {
            return self.conversation(id, request, world);
        }
        let holder = self
            .threads
            .iter()
            .find(|t| t.messages.iter().any(|m| m.id == id));
        if let Some(thread) = holder {
            let message = thread.messages.iter().find(|m| m.id == id);
            let Some(message) = message.filter(|m| !m.deleted && thread.detailed(id)) else {
                return failed(9_000_001, 0);
            };
            return match self.asked(request, "id,created_time", fields::of_message) {
                Ok(asked) => Response::json(200, &self.render(thread, message, &asked, now)),
                Err(refused) => refused,
            };
        }
        let wrote = |t: &Thread| t.person == id && t.messages.iter().any(|m| !m.ours);
        match self.people.iter().find(|p| p.id == id) {
            Some(person) if self.threads.iter().any(wrote) => pick(
                &json!({ "id": person.id, "name": person.name, "username": person.username,
                         "profile_pic": null, "follower_count": 12, "is_user_follow_business": false }),
                request.query("fields").unwrap_or("id,name"),
            ),
            _ => failed(100, 33),
        }
    }
}

/// The fields of a flat thing that were asked for; one that it has not fails.
fn pick(all: &Value, asked: &str) -> Response {
    let Some(asked) = fields::parse(asked) else {
        return failed(100, 0);
    };
    let mut out = Map::new();
    for field in asked {
        match all.get(&field.name) {
            Some(value) => out.insert(field.name, value.clone()),
            None => return errors::of(400, 100, 0, "Feld ist nicht vorhanden"),
        };
    }
    if let Some(id) = all.get("id") {
        out.entry("id").or_insert_with(|| id.clone());
    }
    Response::json(200, &out.into())
}
