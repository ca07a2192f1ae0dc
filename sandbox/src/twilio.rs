//! A fake of Twilio's Messages API (2010-04-01), also under SignalWire's path: SMS, MMS and WhatsApp with memory, time
//! and the errors of the vendor's table. Twilio's own OpenAPI judges it (`sandbox/tests/vendors.rs`).
//!
//! ```no_run
//! use parley_sandbox::twilio::{Options, Twilio};
//! # async fn example() -> parley_sandbox::Result<()> {
//! let twilio = Twilio::start(Options::default()).await?;
//! let sid = twilio.writes("+15557650001", "Is this available?");
//! assert!(sid.starts_with("SM"));
//! # Ok(()) }
//! ```
//!
//! What it knows beyond storing messages:
//! - **Statuses follow the fake's time**: `queued`, after 1 s `sending`, after 2 s `sent`, after 5 s `delivered`; a
//!   number's [`Fate`] may end it otherwise. Twilio's own magic numbers (`+15005550001` …) refuse as documented there.
//! - **STOP** and its kin opt a customer out, START opts in again; sending to one who opted out is 21610.
//! - **WhatsApp**: free text later than 24 hours after the customer's last message is taken and then fails with 63016;
//!   templates go out at any time.
//! - **A number that answers by itself**: until its `SmsUrl` is emptied, each customer gets a sample answer.
//! - **Media** lie on another server ([`Twilio::cdn`]), to which one is led by a redirect with a signed address. Whoever
//!   shows it the account's password as well is refused, as the real one does.
//!
//! Flags of faults: [`DUPLICATE`](crate::http::DUPLICATE), [`SHUFFLE`](crate::http::SHUFFLE), [`ENDLESS`],
//! [`ELSEWHERE`].

mod account;
mod list;
mod media;
mod message;
mod numbers;
mod send;
mod text;

pub use account::{Account, Fate, Options};
pub use media::Cdn;
pub use message::{Message, Picture};
pub use numbers::SAMPLE;
pub use text::{Encoding, segments};

use serde_json::{Value, json};

use crate::error::Result;
use crate::http::{Fake, Request, Response, Server, World};

/// A flag: the next page is the same page again, for ever.
pub const ENDLESS: &str = "endless";
/// A flag: the next page lies at somebody else's address.
pub const ELSEWHERE: &str = "elsewhere";

/// A running fake of Twilio: the API, and the place where media lie.
pub struct Twilio {
    api: Server<Account>,
    cdn: Server<Cdn>,
    number: String,
}

impl Twilio {
    /// Starts both servers.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> Result<Self> {
        let cdn = Server::start(Cdn::default()).await?;
        let store = cdn.with(|cdn, _| cdn.store());
        let port = options.port;
        let number = options.number.clone();
        let account = Account::new(options, &cdn.base(), store);
        let api = Server::start_at(account, port).await?;
        Ok(Self { api, cdn, number })
    }

    /// The API's server.
    #[must_use]
    pub fn api(&self) -> &Server<Account> {
        &self.api
    }

    /// The server on which media lie.
    #[must_use]
    pub fn cdn(&self) -> &Server<Cdn> {
        &self.cdn
    }

    /// The address to give to a client: with SignalWire's prefix where it plays that.
    #[must_use]
    pub fn base(&self) -> String {
        let prefix = self.api.with(|account, _| account.prefix.clone());
        format!("{}{prefix}", self.api.base())
    }

    /// What stands around the API.
    #[must_use]
    pub fn world(&self) -> &World {
        self.api.world()
    }

    /// The first of the account's numbers.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// A customer writes to the account's number; gives the message's sid.
    pub fn writes(&self, from: &str, text: &str) -> String {
        self.writes_with(from, &self.number, text, &[])
    }

    /// A customer writes to one of the account's addresses (a number, or `whatsapp:` and a number), with files.
    pub fn writes_with(&self, from: &str, to: &str, text: &str, pictures: &[Picture]) -> String {
        self.api
            .with(|account, world| account.inbound(from, to, text, pictures, world.time.now()))
    }

    /// What happens to messages to this number from now on.
    pub fn fate(&self, number: &str, fate: Fate) {
        self.api.with(|account, _| {
            account.fates.insert(number.to_owned(), fate);
        });
    }

    /// What went out through the API, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Message> {
        self.api.with(|account, _| {
            let sent = account
                .messages
                .iter()
                .filter(|m| m.direction == "outbound-api");
            sent.cloned().collect()
        })
    }
}

impl Fake for Account {
    fn name(&self) -> &'static str {
        if self.prefix.is_empty() {
            "twilio"
        } else {
            "signalwire"
        }
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        self.route(request, world)
    }

    fn state(&self, world: &World) -> Value {
        let now = world.time.now();
        let messages: Vec<Value> = self.messages.iter().map(|m| self.render(m, now)).collect();
        json!({
            "account": self.sid,
            "numbers": self.numbers.iter().map(|n| self.render_number(n)).collect::<Vec<_>>(),
            "messages": messages,
            "opted_out": self.opted_out.iter().map(|(_, customer)| customer).collect::<Vec<_>>(),
            "templates": self.templates,
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
