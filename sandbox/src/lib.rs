//! Servers and faults to try Parley against: a throw-away Dovecot, a small mail relay, an OAuth
//! server, a TCP fault proxy, and fakes of the services that channels speak to ([`http`]).
//!
//! Used by tests, by the demo and by anyone who writes a connector. Everything listens on loopback
//! only, on free ports, and ends with its owner.

mod certificates;
pub mod channels;
pub mod chat;
pub mod compose;
pub mod demo;
pub mod dovecot;
mod error;
pub mod faultproxy;
mod files;
pub mod graph;
pub mod http;
pub mod imap;
mod lmtp;
mod maildir;
pub mod oauth;
pub mod postfix;
pub mod prism;
mod process;
pub mod relay;
pub mod smsgate;
pub mod synapse;
pub mod telegram;
pub mod twilio;

pub use certificates::Certificates;
pub use demo::Demo;
pub use dovecot::Dovecot;
pub use error::{Error, Result};
pub use faultproxy::FaultProxy;
pub use graph::Graph;
pub use imap::ImapServer;
pub use lmtp::Lmtp;
pub use oauth::OAuth;
pub use postfix::Postfix;
pub use prism::Prism;
pub use relay::Relay;
pub use smsgate::SmsGate;
pub use synapse::Synapse;
pub use telegram::Telegram;
pub use twilio::Twilio;
