//! parleyctl signs in at a provider's page: it says the address, and waits for the person at the browser.
//!
//! A development build may be led to a page of this computer, which is what these tests do.
#![cfg(debug_assertions)]
#![allow(clippy::unwrap_used, missing_docs)]

mod desk;

use desk::{ANNA, PASSWORD, Place, Ran, TEAM};
use parley_sandbox::OAuth;
use parley_sandbox::oauth::{Behaviour, CLIENT};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};

/// Runs a command that signs in, and does at the page what a person does who consents.
async fn signing_in(p: &Place, oauth: &OAuth, args: &[&str]) -> Ran {
    let mut child = p
        .command(&[&["--json"], args].concat())
        .env("PARLEY_SIGN_IN_AT", oauth.base())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    let url = loop {
        let mut line = String::new();
        if told.read_line(&mut line).unwrap() == 0 {
            break None;
        }
        err.push_str(&line);
        if line.starts_with("http://") {
            break Some(line.trim().to_owned());
        }
    };
    if let Some(url) = url {
        OAuth::browse(&url).await.unwrap();
    }
    told.read_to_string(&mut err).unwrap();
    let o = child.wait_with_output().unwrap();
    Ran {
        code: o.status.code().unwrap_or(-1),
        out: String::from_utf8(o.stdout).unwrap(),
        err,
    }
}

async fn add(p: &Place, oauth: &OAuth, client: &str) -> Ran {
    let (imap, smtp) = (
        p.dovecot.imaps_port().to_string(),
        p.relay.port().to_string(),
    );
    let ca = p.path("ca.pem");
    let servers = [
        "--imap-host",
        "localhost",
        "--imap-port",
        &imap,
        "--smtp-host",
        "localhost",
        "--smtp-port",
        &smtp,
        "--smtp-security",
        "starttls",
        "--trust-certificate",
        ca.to_str().unwrap(),
    ];
    let who = [
        "account",
        "add",
        "--address",
        TEAM,
        "--oauth",
        "microsoft",
        "--client-id",
        client,
    ];
    signing_in(p, oauth, &[&who[..], &servers[..]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_and_written_from_after_signing_in_at_the_page() {
    let p = Place::start().await;
    let oauth = OAuth::start(Behaviour::of(TEAM)).await.unwrap();
    p.ctl(&["init"]).json();
    let added = add(&p, &oauth, CLIENT).await;
    assert_eq!(added.code, 0, "{}", added.err);
    for secret in ["access_token", "refresh_token", PASSWORD] {
        assert!(!added.out.contains(secret) && !added.err.contains(secret));
    }
    assert_eq!(oauth.exchanges(), 1);

    p.deliver("Anna Berg <anna@shop.test>", "Lamp", "Is it in stock?");
    let synced = p.ctl(&["sync", "--once"]).json();
    assert_eq!(synced[0]["new"], 1, "{synced}");
    let conversation = p.only_conversation();
    let send = ["send", "--conversation", &conversation, "--wait"];
    let sent = p.fed(&send, "It is.").json();
    assert_eq!(sent["send"]["state"], "sent", "{sent}");
    let mails = p.dovecot.mails(ANNA, "INBOX").unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(p.relay.accepted()[0].login.as_deref(), Some(TEAM));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_at_the_page_connects_nothing_and_a_sign_in_that_was_taken_back_is_made_again() {
    let p = Place::start().await;
    let oauth = OAuth::start(Behaviour {
        denies: true,
        good_for: 1,
        ..Behaviour::of(TEAM)
    })
    .await
    .unwrap();
    p.ctl(&["init"]).json();
    let denied = add(&p, &oauth, CLIENT).await;
    assert_eq!(denied.code, 1, "{}", denied.err);
    assert_eq!(p.ctl(&["account", "list"]).json(), json!([]));

    oauth.behave(|b| b.denies = false);
    oauth.behave(|b| b.good_for = 3_600);
    // The provider says that the token is soon over, so the next poll asks for another, which was taken back.
    oauth.behave(|b| b.said_good_for = Some(1));
    assert_eq!(add(&p, &oauth, CLIENT).await.code, 0);
    oauth.behave(|b| b.revoked_from = Some(0));
    let once = || {
        let ran = p
            .command(&["--json", "sync", "--once"])
            .env("PARLEY_SIGN_IN_AT", oauth.base())
            .output()
            .unwrap();
        serde_json::from_slice::<serde_json::Value>(&ran.stdout).unwrap_or_default()
    };
    let refused = once();
    assert!(refused[0]["error"].is_object(), "{refused}");

    oauth.behave(|b| {
        b.revoked_from = None;
        b.said_good_for = None;
    });
    let again = signing_in(&p, &oauth, &["account", "sign-in", TEAM]).await;
    assert_eq!(again.code, 0, "{}", again.err);
    let healed = once();
    assert_eq!(healed[0]["error"], serde_json::Value::Null, "{healed}");
}
