//! How accounts on other channels than mail are reached. Secrets are kept apart.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// By which of Meta's two doors an account is reached (`channels.md`, A1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum MetaDoor {
    /// Signed in with Instagram itself: `graph.instagram.com`. Instagram only.
    #[default]
    Instagram,
    /// By the Facebook Page that the account is linked with: `graph.facebook.com`. Messenger too.
    Page,
}

/// An Instagram professional account, or a Facebook Page's Messenger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MetaConfig {
    /// The id that messages name: the professional account's, or the Page's.
    #[serde(default)]
    pub id: String,
    /// The user name, or the Page's name.
    #[serde(default)]
    pub name: String,
    /// By which door.
    #[serde(default)]
    pub door: MetaDoor,
    /// The Page's id, where it is reached by its Page.
    #[serde(default)]
    pub page: String,
    /// The version of the interface; the newest known one if empty.
    #[serde(default)]
    pub version: String,
    /// Where the interface is; the vendor's own if empty.
    #[serde(default)]
    pub base_url: String,
    /// Keep pictures and files; else only what they link to, as long as it is valid.
    #[serde(default)]
    pub keep_media: bool,
    /// Meta granted the human-agent feature: answers for seven days.
    #[serde(default)]
    pub human_agent: bool,
}

/// Access to a telephone vendor that speaks Twilio's interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TwilioAccess {
    /// The account (`AC…`), or a SignalWire project.
    #[serde(default)]
    pub account_sid: String,
    /// The API key (`SK…`); empty where the account's own token is used.
    #[serde(default)]
    pub key_sid: String,
    /// Where the interface is; Twilio's own if empty.
    #[serde(default)]
    pub base_url: String,
    /// The messaging service that sends (`MG…`), where one does.
    #[serde(default)]
    pub messaging_service: String,
}

/// Access to the program *SMS Gateway for Android* on a phone in the same network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct GatewayAccess {
    /// Where the phone answers, as `http://192.168.1.20:8080`.
    #[serde(default)]
    pub base_url: String,
    /// The user name that the program shows.
    #[serde(default)]
    pub user: String,
}

/// By what text messages come and go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SmsVia {
    /// A telephone vendor.
    Twilio(TwilioAccess),
    /// One's own phone.
    Phone(GatewayAccess),
}

/// A number that sends and receives text messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// The number, E.164.
    #[serde(default)]
    pub number: String,
    /// What the team calls it.
    #[serde(default)]
    pub name: String,
    /// By what.
    pub via: SmsVia,
}

/// A text that WhatsApp has approved, for writing outside of the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The vendor's id (`HX…`).
    pub id: String,
    /// What the team calls it.
    pub name: String,
    /// Its text, with `{{1}}` where something is filled in.
    pub text: String,
}

/// A template filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TemplateUse {
    /// The vendor's id.
    pub id: String,
    /// What stands for `{{1}}`, `{{2}}`, ….
    pub values: Vec<String>,
}

/// A WhatsApp number at a telephone vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WhatsappConfig {
    /// The number, E.164.
    #[serde(default)]
    pub number: String,
    /// What the team calls it.
    #[serde(default)]
    pub name: String,
    /// At which vendor.
    pub twilio: TwilioAccess,
    /// Texts for writing outside of the window.
    #[serde(default)]
    pub templates: Vec<Template>,
}

/// A Telegram bot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// The bot's id: the digits in front of its token.
    #[serde(default)]
    pub bot_id: String,
    /// Its user name, without `@`.
    #[serde(default)]
    pub name: String,
    /// Where the interface is; Telegram's own if empty.
    #[serde(default)]
    pub base_url: String,
}

/// How to sign in to a Matrix homeserver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum MatrixSignIn {
    /// With a password; the token that it brings is kept beside it.
    #[default]
    Password,
    /// With an access token.
    Token,
}

/// A user of a Matrix homeserver, by which Matrix users or a website's visitors are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MatrixConfig {
    /// The homeserver, as `https://matrix.example.org`.
    #[serde(default)]
    pub homeserver: String,
    /// The user, as `@support:example.org`.
    #[serde(default)]
    pub user_id: String,
    /// What the team calls it: the website's name for a website chat.
    #[serde(default)]
    pub name: String,
    /// How to sign in.
    #[serde(default)]
    pub sign_in: MatrixSignIn,
    /// The token with which visitors of a website register; it stands in the page and is no secret.
    #[serde(default)]
    pub registration_token: String,
}
