//! Which account a token is for: both doors are tried.

use super::api::{Api, Counts};
use super::convert;
use super::faults::Refused;
use super::token::Tokens;
use crate::connectors::{Context, Found, Result};
use crate::model::{AccountConfig, Channel, MetaConfig, MetaDoor, Remedy};
use serde_json::Value;
use std::sync::Arc;

const TOOLS: &str = "In Instagram on the phone, this must be on: Settings → Messages and story replies → Message controls → Connected Tools → Allow access to messages.";
pub(super) const CHECKUP: &str = "Once a year Meta wants the app's owner to confirm its data use (Data Use Checkup, in the app's dashboard). Whoever misses it is cut off from messages.";
const TWENTY: &str =
    "Meta gives the 20 newest messages of each conversation; older ones stay at Meta.";
const FEATURE: &str = "By this door Parley can send texts and no files. Through a linked Facebook Page it can send both.";

type Asked = std::result::Result<Vec<Found>, Refused>;

/// The accounts that a token opens.
///
/// # Errors
/// What the vendor says where it opens none.
pub(super) async fn accounts(
    channel: Channel,
    config: &MetaConfig,
    context: &Context,
) -> Result<Vec<Found>> {
    let page = by_page(channel, config, context);
    if channel == Channel::Messenger {
        return Ok(page.await?);
    }
    match by_instagram(config, context).await {
        Ok(found) => Ok(found),
        Err(first) => match page.await {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(first.error),
            // What says more than that the token is strange there is worth more.
            Err(second) if first.error.remedy == Remedy::Reconnect && second.said.is_some() => {
                Err(second.error)
            }
            Err(_) => Err(first.error),
        },
    }
}

async fn by_instagram(config: &MetaConfig, context: &Context) -> Asked {
    let (api, tokens) = door(Channel::Instagram, config, MetaDoor::Instagram, context);
    let token = tokens.token(&api).await?;
    let fields = [("fields", "id,user_id,username")];
    let me = api
        .get(&token, &["me"], &fields, "find", Counts::Other)
        .await?;
    let id = text(&me, "user_id").or_else(|| text(&me, "id"));
    let name = text(&me, "username").unwrap_or_default();
    let found = id.map(|id| Found {
        label: format!("@{name}"),
        notes: vec![TOOLS.into(), CHECKUP.into(), TWENTY.into(), FEATURE.into()],
        config: AccountConfig::Instagram(MetaConfig {
            id,
            name,
            door: MetaDoor::Instagram,
            page: String::new(),
            ..config.clone()
        }),
    });
    Ok(found.into_iter().collect())
}

/// A Page's own token opens that Page; a person's lists all Pages that they may answer for.
async fn by_page(channel: Channel, config: &MetaConfig, context: &Context) -> Asked {
    const FIELDS: (&str, &str) = ("fields", "id,name,instagram_business_account{id,username}");
    let (api, tokens) = door(channel, config, MetaDoor::Page, context);
    let token = tokens.token(&api).await?;
    let me = api
        .get(&token, &["me"], &[FIELDS], "find", Counts::Other)
        .await;
    let pages = match me {
        Ok(page) => vec![page],
        // A person has no Instagram account of their own here.
        Err(refused) if refused.of_the_question() => {
            let query = [FIELDS, ("limit", "100")];
            let list = api
                .get(&token, &["me", "accounts"], &query, "find", Counts::Other)
                .await?;
            let rows = list.get("data").and_then(Value::as_array);
            rows.cloned().unwrap_or_default()
        }
        Err(refused) => return Err(refused),
    };
    Ok(pages
        .iter()
        .filter_map(|page| found(channel, config, page))
        .collect())
}

fn found(channel: Channel, config: &MetaConfig, page: &Value) -> Option<Found> {
    let (page_id, page_name) = (text(page, "id")?, text(page, "name").unwrap_or_default());
    let whole = |id: String, name: String| MetaConfig {
        id,
        name,
        door: MetaDoor::Page,
        page: page_id.clone(),
        ..config.clone()
    };
    if channel == Channel::Messenger {
        return Some(Found {
            label: page_name.clone(),
            notes: vec![CHECKUP.into(), TWENTY.into()],
            config: AccountConfig::Messenger(whole(page_id.clone(), page_name)),
        });
    }
    let account = page.get("instagram_business_account")?;
    let name = text(account, "username").unwrap_or_default();
    Some(Found {
        label: format!("@{name} ({page_name})"),
        notes: vec![TOOLS.into(), CHECKUP.into(), TWENTY.into()],
        config: AccountConfig::Instagram(whole(text(account, "id")?, name)),
    })
}

fn text(json: &Value, name: &str) -> Option<String> {
    json.get(name).and_then(convert::id)
}

/// A way to one door with the token that is tried.
fn door(channel: Channel, config: &MetaConfig, door: MetaDoor, context: &Context) -> (Api, Tokens) {
    let config = MetaConfig {
        door,
        ..config.clone()
    };
    let (net, clock) = (Arc::clone(&context.net), Arc::clone(&context.clock));
    let tokens = Tokens::new(Arc::clone(&context.credentials), Arc::clone(&clock), door);
    (Api::new(channel, &config, net, clock), tokens)
}
