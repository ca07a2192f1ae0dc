//! Signing in at a provider's page. The window gets a number and the page's address, never what the sign-in brought.

use super::dto::{Nothing, OauthStarted};
use super::{Desk, args};
use crate::connectors::email::oauth::Wish;
use crate::error::Result;

pub(super) async fn start(a: args::OauthStart, desk: &Desk) -> Result<OauthStarted> {
    let secret = a.client_secret.filter(|s| !s.trim().is_empty());
    let flow = desk
        .engine
        .flows()
        .begin(Wish {
            provider: a.provider,
            client_id: a.client_id,
            client_secret: secret.map(|s| s.trim().to_owned().into()),
            tenant: a.tenant,
            address: a.address,
        })
        .await?;
    // Where no browser opens, the person opens the address that the window shows.
    let opened = desk.host.open_browser(&flow.url).await.is_ok();
    Ok(OauthStarted {
        flow: flow.id,
        url: flow.url,
        opened,
    })
}

pub(super) async fn wait(a: args::OauthWait, desk: &Desk) -> Result<Nothing> {
    desk.engine.flows().wait(&a.flow).await?;
    Ok(Nothing {})
}

pub(super) async fn cancel(a: args::OauthCancel, desk: &Desk) -> Result<Nothing> {
    desk.engine.flows().end(&a.flow);
    Ok(Nothing {})
}
