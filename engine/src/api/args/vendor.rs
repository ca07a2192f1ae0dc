//! Pages of vendors that setting up an account leads to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Opens a vendor's page in the browser.
    pub struct VendorOpen { /** Which. */ pub page: VendorPage }
}

/// A vendor's page where something is made or copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VendorPage {
    /// Apps at Meta.
    MetaApps,
    /// Twilio's console.
    Twilio,
    /// API keys at Twilio.
    TwilioKeys,
    /// Numbers at Twilio.
    TwilioNumbers,
    /// WhatsApp senders at Twilio.
    TwilioWhatsapp,
    /// The program for an Android phone.
    PhoneGateway,
    /// Telegram's bot that makes bots.
    BotFather,
    /// Homeservers that one can use.
    MatrixServers,
}
