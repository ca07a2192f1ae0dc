//! A fake of Meta's Graph API as far as messages go: Instagram's direct messages by either door, and Messenger. It has
//! memory and time, gives only the fields that it was asked for, and refuses with the codes of the vendor's table and
//! words in other languages, because nobody may classify by words.
//!
//! ```no_run
//! use parley_sandbox::graph::{ANNA, Graph, Options, Platform};
//! # async fn example() -> parley_sandbox::Result<()> {
//! let graph = Graph::start(Options::instagram()).await?;
//! let id = graph.writes(Platform::Instagram, ANNA, "Is this available?");
//! assert!(!id.is_empty());
//! # Ok(()) }
//! ```
//!
//! What it knows beyond storing messages:
//! - **Fields**: nested expansion (`messages.limit(20){id,attachments{id,image_data}}`) is honoured name by name. A name
//!   outside of the documented ones, and one that a test [refuses](Account::refused), fails the whole request with 400.
//!   `shares` without names of its own is empty, as with the real one.
//! - **The twenty newest**: a conversation lists all ids, and gives details of its twenty newest messages alone; an
//!   older one answers `9000001` when it is asked for, as a taken back one does.
//! - **Paging**: `paging.next` holds the access token in clear, as the real one does. Whoever follows it is found by
//!   the call log (`access_token` in a query).
//! - **Tokens**: those of Instagram run out after 60 days and are renewed when at least a day old; a renewed one ends the
//!   older one only when a test says so. With the Page's door, a person's token lists the Pages and their tokens.
//! - **Sending**: 1,000 bytes on Instagram and 2,000 characters on Messenger, the 24-hour window by the fake's time, the
//!   tag `HUMAN_AGENT` where it was granted, `messaging_type` required on the Page's door, one attachment by address or
//!   by id. Receipts may bear another id than the message has when it is read ([`Account::receipts_differ`]).
//! - **Allowance**: two calls a second for conversations; the usage headers say what a test wants.
//! - **Media** lie on another server ([`Graph::cdn`]) behind a redirect with an address that runs out. Whoever shows it
//!   the token is refused.
//!
//! - **Holes**: a message can be [hidden](Message::hidden) from lists, as the vendor hides some in trouble: it takes its
//!   place there and is not given.
//!
//! Flags of faults: [`DUPLICATE`](crate::http::DUPLICATE), [`SHUFFLE`](crate::http::SHUFFLE), [`POISON`], [`HOLLOW`],
//! [`UNPAGED`].

mod account;
mod errors;
mod fields;
mod list;
mod media;
mod message;
mod orders;
mod send;

pub use account::{Account, Door, Options, Person, Usage};
pub use media::Cdn;
pub use message::{Attached, Kind, Message, Platform, Story};
pub use send::{Sent, Upload};

use serde_json::{Value, json};

use crate::error::Result;
use crate::http::{Fake, Request, Response, Server, World};

/// A flag: the first message of each conversation is of a shape that nobody expects.
pub const POISON: &str = "poison";
/// A flag: conversations are listed without their messages.
pub const HOLLOW: &str = "hollow";
/// A flag: the messages of a conversation come without the way to older ones.
pub const UNPAGED: &str = "unpaged";
/// A customer.
pub const ANNA: &str = "6100000000000001";
/// Another one.
pub const TOM: &str = "6100000000000002";
/// And one more.
pub const LEA: &str = "6100000000000003";

/// A running fake of the Graph API: the interface, and the place where media lie.
pub struct Graph {
    api: Server<Account>,
    cdn: Server<Cdn>,
}

impl Graph {
    /// Starts both servers.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> Result<Self> {
        let cdn = Server::start(Cdn::default()).await?;
        let store = cdn.with(|cdn, _| cdn.store());
        let port = options.port;
        let account = Account::new(options, &cdn.base(), store);
        let api = Server::start_at(account, port).await?;
        api.with(|account, world| account.begin(world.time.now()));
        Ok(Self { api, cdn })
    }

    /// The interface's server.
    #[must_use]
    pub fn api(&self) -> &Server<Account> {
        &self.api
    }

    /// The server on which media lie.
    #[must_use]
    pub fn cdn(&self) -> &Server<Cdn> {
        &self.cdn
    }

    /// The address to give to a client.
    #[must_use]
    pub fn base(&self) -> String {
        self.api.base()
    }

    /// What stands around the interface.
    #[must_use]
    pub fn world(&self) -> &World {
        self.api.world()
    }

    /// The account's token as it is now.
    #[must_use]
    pub fn token(&self) -> String {
        self.api.with(|account, _| account.token.clone())
    }

    /// A customer writes; gives the message's id.
    pub fn writes(&self, platform: Platform, from: &str, text: &str) -> String {
        self.brings(platform, from, Message::saying(text))
    }

    /// A customer sends any message; gives its id.
    pub fn brings(&self, platform: Platform, from: &str, message: Message) -> String {
        self.api
            .with(|account, world| account.brought(platform, from, message, world.time.now()))
    }

    /// The owner answers with the phone; gives the message's id.
    pub fn answers_elsewhere(&self, platform: Platform, to: &str, text: &str) -> String {
        let message = Message {
            ours: true,
            ..Message::saying(text)
        };
        self.brings(platform, to, message)
    }

    /// Changes a message; false where there is none.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Message)) -> bool {
        self.api.with(|account, _| match account.message_mut(id) {
            Some(message) => {
                change(message);
                true
            }
            None => false,
        })
    }

    /// Its writer takes a message back.
    pub fn unsends(&self, id: &str) -> bool {
        self.change(id, |m| m.deleted = true)
    }

    /// Puts a file where media lie, and gives its id there.
    pub fn keeps(&self, kind: &str, bytes: &[u8]) -> String {
        self.api.with(|account, _| account.keep_media(kind, bytes))
    }

    /// What went out through the interface, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.api.with(|account, _| account.sent.clone())
    }
}

impl Fake for Account {
    fn name(&self) -> &'static str {
        match self.door {
            Door::Instagram => "instagram",
            Door::Page => "page",
        }
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        self.route(request, world)
    }

    fn state(&self, world: &World) -> Value {
        json!({
            "door": self.name(),
            "id": self.instagram,
            "page": self.page,
            "people": self.people.iter().map(|p| json!({ "id": p.id, "name": p.name })).collect::<Vec<_>>(),
            "messages": self.all_messages(),
            "now": world.time.now(),
        })
    }

    fn act(
        &mut self,
        order: &str,
        with: &Value,
        world: &World,
    ) -> std::result::Result<Value, String> {
        self.obey(order, with, world.time.now())
    }
}
