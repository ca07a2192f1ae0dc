//! Where a homeserver is, and whose an access token is.

use super::api::{Api, Call};
use crate::connectors::http::{Answer, Ask, Base, Reach};
use crate::connectors::{Context, Found, Result};
use crate::model::{AccountConfig, Channel, ChannelError, MatrixConfig, MatrixSignIn, Remedy};
use serde_json::Value;
use url::Url;

/// Moves that are followed from where a domain says where its homeserver is.
const MOST_MOVES: usize = 3;

/// The user that a secret is for: an access token names one; a password proves the one that was entered. Where the
/// homeserver is, is found out from its name.
///
/// # Errors
/// What the homeserver says, and where a password has no user.
pub(in crate::connectors) async fn find(
    channel: Channel,
    config: &MatrixConfig,
    context: Context,
) -> Result<Vec<Found>> {
    let user = config.user_id.trim();
    if config.sign_in == MatrixSignIn::Password && user.is_empty() {
        return Err(ChannelError::new(
            Remedy::Reconnect,
            "find",
            "Enter the user; a password does not tell whose it is.",
        ));
    }
    let given = MatrixConfig {
        homeserver: homeserver(config, &context).await?,
        user_id: user.to_owned(),
        ..config.clone()
    };
    let api = Api::new(given.clone(), context);
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
        ..given
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

/// Where the homeserver is: what was entered if one is there, else what is said at the name that was entered or stands
/// behind the user's colon.
async fn homeserver(config: &MatrixConfig, context: &Context) -> Result<String> {
    let given = address(config)?;
    let base = Base::of(&given, "", Reach::Loopback)?;
    let is_address = config.homeserver.contains("://");
    if is_address && is_homeserver(&base, context).await? {
        return Ok(given);
    }
    match said_at(&base, context).await? {
        Some(said) => {
            // An address that cannot be one is said in its own words.
            Base::of(&said, "", Reach::Loopback)?;
            Ok(said)
        }
        None => Ok(given),
    }
}

/// What was entered as an address; without one the name behind the user's colon.
fn address(config: &MatrixConfig) -> Result<String> {
    let entered = config.homeserver.trim().trim_end_matches('/');
    let server = config.user_id.trim().split_once(':').map(|u| u.1);
    match (entered, server) {
        ("", None | Some("")) => Err(ChannelError::new(
            Remedy::Reconnect,
            "find",
            "Enter the homeserver's address, or the user with the name behind the colon.",
        )),
        ("", Some(server)) => Ok(format!("https://{server}")),
        (entered, _) if entered.contains("://") => Ok(entered.to_owned()),
        (entered, _) => Ok(format!("https://{entered}")),
    }
}

async fn is_homeserver(base: &Base, context: &Context) -> Result<bool> {
    let url = base.at(&["_matrix", "client", "versions"]);
    let answer = context.net.ask(Ask::get(url, "connect")).await?;
    let said: Option<Value> = answer.json("connect", false).ok();
    Ok(answer.ok() && said.is_some_and(|v| v["versions"].is_array()))
}

/// What a domain says of where its homeserver is; `None` where it says nothing.
async fn said_at(base: &Base, context: &Context) -> Result<Option<String>> {
    let mut url = base.at(&[".well-known", "matrix", "client"]);
    for _ in 0..=MOST_MOVES {
        let answer = context.net.ask(Ask::get(url.clone(), "find")).await?;
        match next(&url, &answer) {
            Some(moved) => url = moved,
            None if answer.ok() => {
                let said: Value = answer.json("find", false)?;
                let at = said["m.homeserver"]["base_url"].as_str();
                return Ok(at.map(|a| a.trim_end_matches('/').to_owned()));
            }
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Where an answer leads, unless from a protected place into the open.
fn next(from: &Url, answer: &Answer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = from.join(answer.header("location")?).ok()?;
    (to.scheme() == "https" || from.scheme() == "http").then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_or_the_user_alone_says_where_to_ask() {
        let of = |homeserver: &str, user: &str| {
            let config = MatrixConfig {
                homeserver: homeserver.into(),
                user_id: user.into(),
                ..MatrixConfig::default()
            };
            address(&config).ok()
        };
        let is = |a: &str| Some(a.to_owned());
        assert_eq!(
            of("https://m.example.org/", ""),
            is("https://m.example.org")
        );
        assert_eq!(
            of(" example.org ", "@a:other.org"),
            is("https://example.org")
        );
        assert_eq!(
            of("", "@a:example.org:8448"),
            is("https://example.org:8448")
        );
        assert_eq!(of("http://127.0.0.1:8008", ""), is("http://127.0.0.1:8008"));
        assert_eq!(of("", ""), None);
        assert_eq!(of("", "somebody"), None);
    }
}
