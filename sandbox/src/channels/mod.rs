//! `parley-sandbox channels`: every fake that we have, running, and one page on which a person plays the customer on each
//! of them, sees what Parley sent, and makes things go wrong.
//!
//! A channel joins with a file beside this one that gives a [`Playground`], and a line in [`start`].

mod meta;
mod page;
mod phones;
mod telegram;

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::http::{Played, Server};

/// One channel on the page.
pub struct Playground {
    /// Short and unique; part of addresses.
    pub id: &'static str,
    /// Its name for a person.
    pub title: &'static str,
    /// What to enter in Parley to connect with it: label and value.
    pub settings: Vec<(&'static str, String)>,
    /// Who may write.
    pub customers: Vec<Customer>,
    /// The fake behind it. Its order `write` takes `from`, `to`, `text` and `pictures` (each `kind` and `base64`).
    pub fake: Arc<dyn Played>,
    /// Which of the fake's addresses customers write to, where it has more than one.
    pub to: Option<String>,
    /// The conversation with a customer (by address), oldest first, read from the fake's state.
    pub lines: fn(state: &Value, own: Option<&str>, customer: &str) -> Vec<Line>,
    /// Whether a customer can send pictures.
    pub pictures: bool,
    /// What else can be done.
    pub gestures: Vec<Gesture>,
    /// Ends with the playground: the running servers.
    pub keep: Arc<dyn Any + Send + Sync>,
}

/// Somebody who writes.
#[derive(Debug, Clone, Serialize)]
pub struct Customer {
    /// For the page.
    pub name: &'static str,
    /// As the channel names them.
    pub address: String,
}

/// One message of a conversation.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Line {
    /// The fake's id of it.
    pub id: String,
    /// From Parley, and not from the customer.
    pub ours: bool,
    /// Its text.
    pub text: String,
    /// How many files it has.
    pub files: usize,
    /// How far it is, in the vendor's word.
    pub status: String,
    /// Reactions and the like, in a few characters.
    pub marks: String,
}

/// Where a gesture has its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// At each message of the customer.
    Theirs,
    /// At each message from Parley.
    Ours,
    /// At the channel.
    Channel,
}

/// Something that the fake does by order: it is told `from` (the customer's address), `id` (the message's, where the
/// button is at one) and what stands in `with`.
#[derive(Debug, Clone, Serialize)]
pub struct Gesture {
    /// The order's name.
    pub order: &'static str,
    /// On the button.
    pub label: &'static str,
    /// Where.
    pub on: On,
    /// What more the order is told.
    pub with: Value,
}

/// The running page with its channels; dropping it stops all of them.
pub struct Channels {
    page: Server<page::Page>,
    settings: Vec<(&'static str, Vec<(&'static str, String)>)>,
}

/// Starts all channels and the page on this port, 0 for a free one. The fakes take the ports after it where they are
/// free, so that what was connected once is found again.
///
/// # Errors
/// Where a server cannot be started.
pub async fn start(port: u16) -> Result<Channels> {
    let after = |n: u16| if port == 0 { 0 } else { port.saturating_add(n) };
    let mut grounds = Vec::new();
    grounds.extend(phones::twilio(after(1)).await?);
    grounds.push(phones::gateway(after(2)).await?);
    grounds.push(telegram::telegram(after(8)).await?);
    grounds.push(meta::instagram(after(6)).await?);
    grounds.push(meta::messenger(after(7)).await?);
    let settings = grounds
        .iter()
        .map(|g| (g.title, g.settings.clone()))
        .collect();
    let page = Server::start_at(page::Page::new(grounds), port).await?;
    Ok(Channels { page, settings })
}

impl Channels {
    /// The page's address.
    #[must_use]
    pub fn page(&self) -> String {
        format!("{}/", self.page.base())
    }

    /// What to enter in Parley: for each channel its name, labels and values.
    #[must_use]
    pub fn settings(&self) -> &[(&'static str, Vec<(&'static str, String)>)] {
        &self.settings
    }
}
