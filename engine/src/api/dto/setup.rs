//! Connecting accounts: what was found, and how a test went.

use crate::connectors::email::discover::Source;
use crate::connectors::email::presets::Way;
use crate::model::{Hint, MailServer, OauthProvider};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// Where an address's servers were found.
    pub enum FoundIn {
        /// In the built-in table.
        Builtin,
        /// At the domain's configuration server.
        Autoconfig,
        /// On the domain's website.
        WellKnown,
        /// In Mozilla's public directory.
        Directory,
        /// In the built-in table, by where the domain's mail goes.
        Exchanger,
        /// In the domain's DNS.
        Srv,
        /// By trying the usual names.
        Probe,
        /// Nowhere: the usual names, untried.
        Guess,
    }
    /// How one signs in.
    pub enum SignInWay {
        /// With the mailbox's password.
        Password,
        /// With a password made for this program.
        AppPassword,
        /// At the provider's page only.
        SignInPage,
    }
}

dto! {
    /// Suggested settings.
    pub struct Suggestion {
        /// To read.
        pub imap: MailServer,
        /// To send.
        pub smtp: MailServer,
        /// Where they were found.
        pub source: FoundIn,
        /// What people call the provider; empty if unknown.
        pub provider: String,
        /// How one signs in.
        pub way: SignInWay,
        /// Whose sign-in page may be used.
        pub oauth: Option<OauthProvider>,
        /// What the person should know: `app_password`, `no_passwords`, `switch_on`, `bridge`, `elsewhere`, `untrusted`.
        pub notes: Vec<String>,
    }
    /// One step of the test.
    pub struct TestStep {
        /// The step's key.
        pub step: String,
        /// Whether it went well.
        pub ok: bool,
        /// What was found or went wrong, and what to do.
        pub note: String,
        /// What more is known of what to do.
        pub hint: Option<Hint>,
    }
    /// The test's outcome.
    pub struct TestReport {
        /// All steps went well.
        pub ok: bool,
        /// The steps up to the first failure.
        pub steps: Vec<TestStep>,
    }
    /// A sign-in that has begun.
    pub struct OauthStarted {
        /// Its number.
        pub flow: String,
        /// The page, for where no browser opened.
        pub url: String,
        /// Whether the browser was opened.
        pub opened: bool,
    }
}

impl From<Source> for FoundIn {
    fn from(s: Source) -> Self {
        match s {
            Source::Builtin => Self::Builtin,
            Source::Autoconfig => Self::Autoconfig,
            Source::WellKnown => Self::WellKnown,
            Source::Directory => Self::Directory,
            Source::Exchanger => Self::Exchanger,
            Source::Srv => Self::Srv,
            Source::Probe => Self::Probe,
            Source::Guess => Self::Guess,
        }
    }
}

impl From<Way> for SignInWay {
    fn from(w: Way) -> Self {
        match w {
            Way::Password => Self::Password,
            Way::AppPassword => Self::AppPassword,
            Way::SignInPage => Self::SignInPage,
        }
    }
}
