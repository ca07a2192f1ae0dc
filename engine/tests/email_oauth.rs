//! Signing in with a provider, end to end: page, PKCE, tokens, a Dovecot that takes nothing else, and renewals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::{CUSTOMER, PASSWORD, TEAM, config, mail, server};
use parley_engine::Engine;
use parley_engine::api::{Desk, NoHost, Role, args, ask, dto};
use parley_engine::connectors::email::oauth::{Issuer, Issuers};
use parley_engine::connectors::{Live, factory};
use parley_engine::error::Error;
use parley_engine::model::{
    AccountConfig, AccountState, Auth, EmailConfig, Hint, MessageId, OauthProvider, Outgoing,
    Party, Remedy, Security,
};
use parley_engine::store::accounts;
use parley_engine::time::SystemClock;
use parley_sandbox::dovecot::Options;
use parley_sandbox::oauth::{Behaviour, CLIENT, KEY};
use parley_sandbox::relay::{self, Relay};
use parley_sandbox::{Dovecot, OAuth};
use secrecy::{ExposeSecret, SecretBox};
use std::sync::Arc;
use std::time::Duration;

const SECOND_ADDRESS: &str = "second@shop.test";

/// A desk, a mailbox that takes tokens, and who gives them.
struct Place {
    desk: Desk,
    oauth: OAuth,
    dovecot: Dovecot,
    relay: Relay,
    _dir: tempfile::TempDir,
}

fn issuers(oauth: &OAuth) -> Issuers {
    let (authorize, token) = (oauth.authorize(), oauth.token());
    Arc::new(move |provider, _tenant| {
        let (loopback, path) = match provider {
            OauthProvider::Google => ("127.0.0.1", "/cb"),
            OauthProvider::Microsoft => ("localhost", "/"),
        };
        Ok(Issuer {
            authorize: authorize.parse().unwrap(),
            token: token.parse().unwrap(),
            scopes: vec!["mail".into()],
            extra: vec![("access_type".into(), "offline".into())],
            loopback,
            path,
            name: "The sandbox",
        })
    })
}

impl Place {
    async fn new(behaviour: Behaviour, mechanisms: &str) -> Self {
        let oauth = OAuth::start(behaviour).await.unwrap();
        let relay = Relay::start(relay::Options::default()).await.unwrap();
        let dovecot = Dovecot::start(Options {
            token_key: Some(KEY.to_vec()),
            without_passwords: mechanisms.is_empty(),
            relay: Some(([127, 0, 0, 1], relay.port()).into()),
            extra_settings: if mechanisms.is_empty() {
                String::new()
            } else {
                format!("auth_mechanisms = {mechanisms}\n")
            },
            ..Options::users(&[(TEAM, PASSWORD), (SECOND_ADDRESS, PASSWORD)])
        })
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open_with(
            dir.path(),
            &SecretBox::new(Box::new([7; 32])),
            Arc::new(SystemClock),
            factory(),
            issuers(&oauth),
        )
        .unwrap();
        let desk = Desk {
            engine,
            host: Arc::new(NoHost),
            role: Role::Owner,
        };
        Self {
            desk,
            oauth,
            dovecot,
            relay,
            _dir: dir,
        }
    }

    async fn of(behaviour: Behaviour) -> Self {
        Self::new(behaviour, "").await
    }

    fn config(&self, provider: OauthProvider) -> AccountConfig {
        AccountConfig::Email(EmailConfig {
            auth: Auth::Oauth {
                provider,
                client_id: CLIENT.into(),
                tenant: String::new(),
            },
            ..config(&self.dovecot)
        })
    }

    async fn start(&self, provider: OauthProvider) -> dto::OauthStarted {
        let start = args::OauthStart {
            provider,
            client_id: CLIENT.into(),
            client_secret: None,
            tenant: String::new(),
            address: TEAM.into(),
        };
        ask(&self.desk, start).await.unwrap()
    }

    /// Goes through the page as a person does, and gives the finished sign-in.
    async fn sign_in(&self, provider: OauthProvider) -> String {
        let started = self.start(provider).await;
        let page = OAuth::browse(&started.url).await.unwrap();
        assert!(page.contains("Signed in"), "{page}");
        let wait = args::OauthWait {
            flow: started.flow.clone(),
        };
        ask(&self.desk, wait).await.unwrap();
        started.flow
    }

    async fn add(&self, provider: OauthProvider) -> dto::AccountItem {
        let add = args::AccountAdd {
            config: self.config(provider),
            password: String::new(),
            oauth_flow: Some(self.sign_in(provider).await),
        };
        ask(&self.desk, add).await.unwrap()
    }

    /// A connection of its own to the account, as a poller and a sender have.
    async fn live(&self, item: &dto::AccountItem) -> Arc<Live> {
        let id = item.id;
        let row = self.desk.engine.store().read(move |c| accounts::get(c, id));
        self.desk.engine.live(&row.await.unwrap()).await.unwrap()
    }

    async fn kept(&self, item: &dto::AccountItem) -> serde_json::Value {
        let id = item.id;
        let secret = self
            .desk
            .engine
            .store()
            .read(move |c| accounts::secret(c, id));
        serde_json::from_str(secret.await.unwrap().expose_secret()).unwrap()
    }
}

fn outgoing() -> Outgoing {
    let party = |address: &str| Party {
        name: None,
        address: address.into(),
    };
    Outgoing {
        route: None,
        template: None,
        key: MessageId::parse(&"5a".repeat(16)).unwrap(),
        from: party(TEAM),
        to: vec![party(CUSTOMER)],
        cc: vec![],
        bcc: vec![],
        signature: String::new(),
        history: None,
        subject: Some("Your order".into()),
        text: "It is on its way.".into(),
        html: None,
        files: vec![],
        message_id: "t-1.k3f9@shop.test".into(),
        in_reply_to: None,
        references: vec![],
        customer_wrote: None,
        date: 1_704_186_000_000,
    }
}

#[tokio::test]
async fn signing_in_at_the_providers_page_is_enough_to_read_and_to_send() {
    for provider in [OauthProvider::Google, OauthProvider::Microsoft] {
        let place = Place::of(Behaviour::of(TEAM)).await;
        place.dovecot.deliver(TEAM, &mail("first")).unwrap();
        let flow = place.sign_in(provider).await;
        let test = args::AccountTest {
            config: place.config(provider),
            password: None,
            oauth_flow: Some(flow.clone()),
            id: None,
        };
        let report = ask(&place.desk, test).await.unwrap();
        assert!(report.ok, "{:?}", report.steps.last());
        let add = args::AccountAdd {
            config: place.config(provider),
            password: String::new(),
            oauth_flow: Some(flow.clone()),
        };
        let item = ask(&place.desk, add.clone()).await.unwrap();
        let live = place.live(&item).await;
        let batch = live.connector.poll(None).await.unwrap();
        assert_eq!(batch.events.len(), 1);
        live.connector.send(&outgoing()).await.unwrap();
        assert_eq!(place.relay.accepted().len(), 1);
        assert_eq!((place.oauth.exchanges(), place.oauth.refreshes()), (1, 0));
        let again = ask(&place.desk, add).await.unwrap_err();
        assert!(
            matches!(again, Error::Channel(_)),
            "a sign-in is used once: {again}"
        );
    }
}

#[tokio::test]
async fn what_a_sign_in_brought_never_reaches_the_window() {
    let place = Place::of(Behaviour::of(TEAM)).await;
    let started = place.start(OauthProvider::Google).await;
    OAuth::browse(&started.url).await.unwrap();
    let wait = args::OauthWait {
        flow: started.flow.clone(),
    };
    let waited = serde_json::to_string(&ask(&place.desk, wait).await.unwrap()).unwrap();
    assert_eq!(waited, "{}");
    let add = args::AccountAdd {
        config: place.config(OauthProvider::Google),
        password: String::new(),
        oauth_flow: Some(started.flow.clone()),
    };
    let item = ask(&place.desk, add).await.unwrap();
    let kept = place.kept(&item).await;
    let said = format!("{started:?}{}", serde_json::to_string(&item).unwrap());
    for secret in ["access_token", "refresh_token"] {
        let secret = kept[secret].as_str().unwrap();
        assert!(secret.len() > 20 && !said.contains(secret));
    }
    assert!(!started.url.contains("code_verifier"));
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed_once_though_poll_and_send_need_it_at_once() {
    let place = Place::of(Behaviour {
        good_for: 30,
        ..Behaviour::of(TEAM)
    })
    .await;
    let item = place.add(OauthProvider::Google).await;
    let before = place.kept(&item).await;
    place.oauth.behave(|b| {
        b.good_for = 3_600;
        b.delay = Duration::from_millis(200);
    });
    let (poller, sender) = (place.live(&item).await, place.live(&item).await);
    let message = outgoing();
    let (polled, sent) = tokio::join!(poller.connector.poll(None), sender.connector.send(&message));
    polled.unwrap();
    sent.unwrap();
    assert_eq!(place.oauth.refreshes(), 1);
    let after = place.kept(&item).await;
    assert_ne!(before["access_token"], after["access_token"], "it was kept");
    assert_eq!(before["refresh_token"], after["refresh_token"]);
}

#[tokio::test]
async fn a_token_that_the_server_refuses_is_renewed_whatever_the_clock_says() {
    let place = Place::of(Behaviour {
        good_for: -60,
        said_good_for: Some(3_600),
        ..Behaviour::of(TEAM)
    })
    .await;
    let item = place.add(OauthProvider::Microsoft).await;
    place.oauth.behave(|b| b.good_for = 3_600);
    let (poller, sender) = (place.live(&item).await, place.live(&item).await);
    let message = outgoing();
    let (polled, sent) = tokio::join!(poller.connector.poll(None), sender.connector.send(&message));
    polled.unwrap();
    sent.unwrap();
    assert_eq!(
        (place.oauth.refreshes(), place.relay.accepted().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_server_that_refuses_every_token_is_not_asked_for_ever() {
    let place = Place::of(Behaviour {
        good_for: -60,
        said_good_for: Some(3_600),
        ..Behaviour::of(TEAM)
    })
    .await;
    let item = place.add(OauthProvider::Google).await;
    let live = place.live(&item).await;
    let e = live.connector.poll(None).await.unwrap_err();
    assert_eq!(
        (e.remedy, e.step, e.hint),
        (Remedy::Reconnect, "login", Some(Hint::TokenRefused))
    );
    let e = live.connector.send(&outgoing()).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "smtp_login"));
    assert_eq!(place.oauth.refreshes(), 2, "once for each");
    assert!(place.relay.accepted().is_empty());
}

#[tokio::test]
async fn the_token_of_another_mailbox_opens_none() {
    let place = Place::of(Behaviour::of(SECOND_ADDRESS)).await;
    let item = place.add(OauthProvider::Google).await;
    let e = place
        .live(&item)
        .await
        .connector
        .poll(None)
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "login"));
}

#[tokio::test]
async fn refresh_tokens_that_are_good_once_are_kept_before_they_are_used() {
    let place = Place::of(Behaviour {
        good_for: 30,
        rotates: true,
        ..Behaviour::of(TEAM)
    })
    .await;
    let item = place.add(OauthProvider::Google).await;
    for n in 1..=3 {
        // As after a start of the program: from what is kept.
        place.desk.engine.proofs().forget(item.id);
        place.live(&item).await.connector.poll(None).await.unwrap();
        assert_eq!(place.oauth.refreshes(), n);
    }
}

#[tokio::test]
async fn a_sign_in_that_was_taken_back_asks_for_a_person_once_and_others_go_on() {
    let place = Place::new(
        Behaviour {
            good_for: 30,
            revoked_from: Some(1),
            ..Behaviour::of(TEAM)
        },
        "plain login xoauth2",
    )
    .await;
    let revoked = place.add(OauthProvider::Google).await;
    let AccountConfig::Email(second) = place.config(OauthProvider::Google) else {
        panic!("no mailbox")
    };
    let own = |port, security| parley_engine::model::MailServer {
        user: SECOND_ADDRESS.into(),
        ..server(port, security)
    };
    let add = args::AccountAdd {
        config: AccountConfig::Email(EmailConfig {
            address: SECOND_ADDRESS.into(),
            auth: Auth::Password,
            imap: own(place.dovecot.imaps_port(), Security::Tls),
            smtp: own(place.dovecot.submission_port(), Security::Starttls),
            ..second
        }),
        password: PASSWORD.into(),
        oauth_flow: None,
    };
    let good = ask(&place.desk, add).await.unwrap();
    place.desk.engine.start().await.unwrap();
    let mut states = Vec::new();
    for _ in 0..1_500 {
        let all = ask(&place.desk, args::Accounts {}).await.unwrap();
        let of = |id| all.iter().find(|a| a.id == id).unwrap().clone();
        states = vec![of(revoked.id), of(good.id)];
        let wanted = [AccountState::NeedsAttention, AccountState::Ok];
        if states.iter().map(|a| a.state).eq(wanted) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        states.iter().map(|a| a.state).collect::<Vec<_>>(),
        [AccountState::NeedsAttention, AccountState::Ok],
        "{states:?}"
    );
    assert!(
        states[0].says.contains("Sign in again"),
        "{}",
        states[0].says
    );
    let live = place.desk.engine.running(revoked.id).unwrap();
    live.connector.poll(None).await.unwrap_err();
    assert_eq!(
        place.oauth.refreshes(),
        1,
        "the provider's last word is not asked for again"
    );
    // Signing in again is all it takes.
    place.oauth.behave(|b| {
        b.revoked_from = None;
        b.good_for = 3_600;
    });
    let update = args::AccountUpdate {
        id: revoked.id,
        config: place.config(OauthProvider::Google),
        password: None,
        oauth_flow: Some(place.sign_in(OauthProvider::Google).await),
    };
    ask(&place.desk, update).await.unwrap();
    let live = place.desk.engine.running(revoked.id).unwrap();
    live.connector.poll(None).await.unwrap();
    place.desk.engine.stop().await;
}

#[tokio::test]
async fn a_provider_in_trouble_is_tried_again_and_never_taken_for_a_refusal() {
    let place = Place::of(Behaviour {
        good_for: 30,
        ..Behaviour::of(TEAM)
    })
    .await;
    let item = place.add(OauthProvider::Google).await;
    let live = place.live(&item).await;
    for fault in [
        (500, "{\"error\":\"invalid_grant\"}"),
        (429, ""),
        (200, "<html>Please sign in to the network</html>"),
        (200, ""),
        (302, ""),
        (400, "{\"error\":\"temporarily_unavailable\"}"),
    ] {
        place
            .oauth
            .behave(|b| b.fault = Some((fault.0, fault.1.to_owned())));
        let e = live.connector.poll(None).await.unwrap_err();
        assert_eq!(
            (e.remedy, e.step),
            (Remedy::Retry, "token"),
            "{fault:?}: {e}"
        );
    }
    place.oauth.behave(|b| b.fault = None);
    live.connector.poll(None).await.unwrap();
}

#[tokio::test]
async fn the_standard_way_to_show_a_token_is_spoken_where_the_known_one_is_not() {
    for good_for in [3_600, -60] {
        let place = Place::new(
            Behaviour {
                good_for,
                said_good_for: Some(3_600),
                ..Behaviour::of(TEAM)
            },
            "oauthbearer",
        )
        .await;
        let item = place.add(OauthProvider::Google).await;
        place.oauth.behave(|b| b.good_for = 3_600);
        let live = place.live(&item).await;
        live.connector.poll(None).await.unwrap();
        live.connector.send(&outgoing()).await.unwrap();
        assert_eq!(place.oauth.refreshes(), usize::from(good_for < 0));
    }
}

#[tokio::test]
async fn a_refused_or_cancelled_sign_in_brings_nothing() {
    let place = Place::of(Behaviour {
        denies: true,
        ..Behaviour::of(TEAM)
    })
    .await;
    let started = place.start(OauthProvider::Google).await;
    assert!(!started.opened, "there is no browser here");
    let page = OAuth::browse(&started.url).await.unwrap();
    assert!(page.contains("Not signed in"), "{page}");
    let wait = |flow: &str| args::OauthWait { flow: flow.into() };
    let e = ask(&place.desk, wait(&started.flow)).await.unwrap_err();
    assert!(e.to_string().contains("access_denied"), "{e}");
    let cancelled = place.start(OauthProvider::Google).await;
    let cancel = args::OauthCancel {
        flow: cancelled.flow.clone(),
    };
    ask(&place.desk, cancel).await.unwrap();
    assert!(ask(&place.desk, wait(&cancelled.flow)).await.is_err());
    place.oauth.behave(|b| b.denies = false);
    // The port is closed as soon as the runtime has ended the task that held it.
    let mut closed = false;
    for _ in 0..100 {
        closed = OAuth::browse(&cancelled.url).await.is_err();
        if closed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(closed && place.oauth.exchanges() == 0);
}

#[tokio::test]
async fn a_sign_in_for_another_client_is_not_taken() {
    let place = Place::of(Behaviour::of(TEAM)).await;
    let flow = place.sign_in(OauthProvider::Google).await;
    let add = args::AccountAdd {
        config: place.config(OauthProvider::Microsoft),
        password: String::new(),
        oauth_flow: Some(flow),
    };
    assert!(ask(&place.desk, add).await.is_err());
    let none = args::AccountAdd {
        config: place.config(OauthProvider::Google),
        password: "a password".into(),
        oauth_flow: None,
    };
    let e = ask(&place.desk, none).await.unwrap_err();
    assert!(e.to_string().contains("sign in with the provider"), "{e}");
}

#[tokio::test]
async fn a_mailbox_that_takes_tokens_only_says_so_to_a_password() {
    let place = Place::of(Behaviour::of(TEAM)).await;
    let AccountConfig::Email(e) = place.config(OauthProvider::Google) else {
        panic!("no mailbox")
    };
    let test = args::AccountTest {
        config: AccountConfig::Email(EmailConfig {
            auth: Auth::Password,
            ..e
        }),
        password: Some(PASSWORD.into()),
        oauth_flow: None,
        id: None,
    };
    let report = ask(&place.desk, test).await.unwrap();
    let last = report.steps.last().unwrap();
    assert_eq!(
        (last.step.as_str(), &last.hint),
        ("login", &Some(Hint::SignInPage)),
        "{}",
        last.note
    );
}
