//! Connecting accounts: finding their servers, signing in, trying, keeping.

use crate::model::{AccountConfig, AccountId, OauthProvider};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Settings for an address.
    pub struct AccountSuggest { /** Address. */ pub address: String, /** Ask Mozilla's public directory too; it learns the domain. */ #[serde(default)] pub directory: bool }
    /// Try settings without keeping them. Without password and sign-in: what is stored for the account.
    pub struct AccountTest { /** Settings. */ pub config: AccountConfig, /** Password. */ #[serde(default)] pub password: Option<String>, /** A finished sign-in. */ #[serde(default)] pub oauth_flow: Option<String>, /** The stored account. */ #[serde(default)] pub id: Option<AccountId> }
    /// Connect an account.
    pub struct AccountAdd { /** Settings. */ pub config: AccountConfig, /** Password; empty with a sign-in. */ #[serde(default)] pub password: String, /** A finished sign-in. */ #[serde(default)] pub oauth_flow: Option<String> }
    /// Change an account.
    pub struct AccountUpdate { /** Account. */ pub id: AccountId, /** Settings. */ pub config: AccountConfig, /** New password. */ #[serde(default)] pub password: Option<String>, /** A finished sign-in. */ #[serde(default)] pub oauth_flow: Option<String> }
    /// Begin to sign in at a provider's page.
    pub struct OauthStart {
        /// Whose page.
        pub provider: OauthProvider,
        /// The id under which the program is registered there.
        pub client_id: String,
        /// What Google calls the program's secret.
        #[serde(default)] pub client_secret: Option<String>,
        /// Microsoft's tenant; empty = any.
        #[serde(default)] pub tenant: String,
        /// The address, to fill it in on the page.
        #[serde(default)] pub address: String,
    }
    /// Wait until the person has signed in, at most five minutes.
    pub struct OauthWait { /** The sign-in. */ pub flow: String }
    /// Cancel a sign-in.
    pub struct OauthCancel { /** The sign-in. */ pub flow: String }
}
