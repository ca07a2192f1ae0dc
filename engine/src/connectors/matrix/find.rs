//! Whose an access token is.

use super::api::{Api, Call};
use crate::connectors::{Context, Found, Result};
use crate::model::{AccountConfig, Channel, ChannelError, MatrixConfig, MatrixSignIn, Remedy};

/// The user that a secret is for: an access token names one; a password proves the one that was entered.
///
/// # Errors
/// What the homeserver says, and where a password has no user.
pub(in crate::connectors) async fn find(
    channel: Channel,
    config: &MatrixConfig,
    context: Context,
) -> Result<Vec<Found>> {
    if config.sign_in == MatrixSignIn::Password && config.user_id.trim().is_empty() {
        return Err(ChannelError::new(
            Remedy::Reconnect,
            "find",
            "Enter the user; a password does not tell whose it is.",
        ));
    }
    let api = Api::new(config.clone(), context);
    let me = api
        .json(&Call::get(&["account", "whoami"], "login"))
        .await?;
    let user_id = me["user_id"].as_str().unwrap_or_default().to_owned();
    if user_id.is_empty() {
        return Err(ChannelError::new(
            Remedy::Final,
            "login",
            format!("{} does not say whose token this is.", api.host()),
        ));
    }
    let found = MatrixConfig {
        user_id: user_id.clone(),
        ..config.clone()
    };
    Ok(vec![Found {
        config: match channel {
            Channel::Webchat => AccountConfig::Webchat(found),
            _ => AccountConfig::Matrix(found),
        },
        label: user_id,
        notes: Vec::new(),
    }])
}
