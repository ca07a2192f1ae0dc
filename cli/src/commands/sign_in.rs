//! Signing in at a provider's page, and certificates to look at.

use super::{Context, End, find};
use crate::failure::{Failure, Result};
use crate::{print, time};
use parley_engine::api::dto::TestStep;
use parley_engine::api::headless::{AccountConfig, Auth, Hint, SeenCertificate};
use parley_engine::api::{args, ask};
use secrecy::{ExposeSecret, SecretString};

/// Shows the provider's page to open, and waits until the person has signed in there.
pub async fn at_the_page(
    cx: &Context<'_>,
    config: &AccountConfig,
    client_secret: Option<SecretString>,
) -> Result<String> {
    let Some(Auth::Oauth {
        provider,
        client_id,
        tenant,
    }) = config.email().map(|e| &e.auth)
    else {
        return Err(Failure::invalid(
            "this account signs in with a password; change it with account add",
        ));
    };
    let begun = ask(
        &cx.session.desk,
        args::OauthStart {
            provider: *provider,
            client_id: client_id.clone(),
            client_secret: client_secret.map(|s| s.expose_secret().to_owned()),
            tenant: tenant.clone(),
            address: config.address().to_owned(),
        },
    )
    .await?;
    print::aside("Open this page in a browser on this computer and sign in (within five minutes):");
    print::aside(&begun.url);
    let wait = args::OauthWait {
        flow: begun.flow.clone(),
    };
    ask(&cx.session.desk, wait).await?;
    Ok(begun.flow)
}

/// Signs a stored account in again.
pub async fn again(cx: &Context<'_>, account: &str, client_secret: Option<SecretString>) -> End {
    let a = find::account(&cx.session.desk, account).await?;
    let flow = at_the_page(cx, &a.config, client_secret).await?;
    let update = args::AccountUpdate {
        id: a.id,
        config: a.config,
        password: None,
        oauth_flow: Some(flow),
    };
    let item = ask(&cx.session.desk, update).await?;
    cx.answer(&item, |i| {
        format!("{} is signed in again\n", i.config.address())
    })
}

/// The certificate that a step failed at.
pub fn certificate_of(step: &TestStep) -> Option<&SeenCertificate> {
    match &step.hint {
        Some(Hint::Certificate(seen)) => Some(seen),
        _ => None,
    }
}

/// What a person compares before trusting it.
pub fn certificate_words(seen: &SeenCertificate) -> String {
    let warning = if seen.changed {
        "This is not the certificate that was trusted before.\n"
    } else {
        ""
    };
    let day = |at: Option<_>| at.map_or_else(|| "not readable".to_owned(), time::local);
    format!(
        "{warning}The certificate of {}: issued to {}, by {}, valid {} to {}.\nSHA-256 {}\nIf its operator confirms this fingerprint: --trust-fingerprint {}\n",
        seen.host,
        seen.subject,
        seen.issuer,
        day(seen.valid_from),
        day(seen.valid_until),
        seen.fingerprint,
        seen.fingerprint
    )
}
