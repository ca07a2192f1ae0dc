//! Certificates that nobody vouches for: shown to a person, trusted one by one, never in general.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::{PASSWORD, TEAM, config, connector};
use parley_engine::connectors::Connector;
use parley_engine::model::{EmailConfig, Hint, Remedy, SeenCertificate};
use parley_sandbox::dovecot::Options;
use parley_sandbox::{Certificates, Dovecot};

fn dovecot(certificates: Certificates) -> Dovecot {
    Dovecot::start(Options {
        certificates: Some(certificates),
        ..Options::users(&[(TEAM, PASSWORD)])
    })
    .unwrap()
}

/// The settings of somebody who trusts only these fingerprints.
fn trusting(dovecot: &Dovecot, fingerprints: &[String]) -> EmailConfig {
    EmailConfig {
        trusted_certificate: None,
        trusted_fingerprints: fingerprints.to_vec(),
        ..config(dovecot)
    }
}

async fn refused(config: EmailConfig) -> (SeenCertificate, String) {
    let e = connector(config, PASSWORD).poll(None).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
    match e.hint {
        Some(Hint::Certificate(seen)) => (*seen, e.what),
        other => panic!("{other:?}: {}", e.what),
    }
}

#[tokio::test]
async fn a_home_made_certificate_is_shown_and_trusted_by_its_fingerprint_alone() {
    for is_authority in [true, false] {
        let server = dovecot(Certificates::home_made(is_authority).unwrap());
        let (seen, _) = refused(trusting(&server, &[])).await;
        assert_eq!((seen.host.as_str(), seen.changed), ("localhost", false));
        assert_eq!(seen.subject, "Home-made server");
        assert!(
            seen.names.contains(&"127.0.0.1".to_owned()),
            "{:?}",
            seen.names
        );
        assert!(seen.valid_from < seen.valid_until && seen.fingerprint.len() == 64);
        // For any server of the account, and for this one.
        for pin in [
            seen.fingerprint.clone(),
            format!("{} localhost", seen.fingerprint),
        ] {
            let email = connector(trusting(&server, &[pin]), PASSWORD);
            email.poll(None).await.unwrap();
        }
        let elsewhere = format!("{} other.test", seen.fingerprint);
        refused(trusting(&server, &[elsewhere])).await;
        refused(trusting(&server, &["00".repeat(32)])).await;
    }
}

#[tokio::test]
async fn a_private_authoritys_server_may_be_trusted_as_this_one_certificate() {
    let server = dovecot(Certificates::generate().unwrap());
    let (seen, _) = refused(trusting(&server, &[])).await;
    assert_eq!(
        (seen.subject.as_str(), seen.issuer.as_str()),
        ("localhost", "Parley sandbox authority")
    );
    let email = connector(trusting(&server, &[seen.fingerprint]), PASSWORD);
    email.poll(None).await.unwrap();
}

#[tokio::test]
async fn another_certificate_of_a_trusted_server_asks_again_with_a_warning() {
    let first = dovecot(Certificates::home_made(true).unwrap());
    let (seen, words) = refused(trusting(&first, &[])).await;
    assert!(!words.contains("not the one you trusted"));
    let pin = format!("{} localhost", seen.fingerprint);
    let second = dovecot(Certificates::home_made(true).unwrap());
    let (now, words) = refused(trusting(&second, &[pin])).await;
    assert!(
        now.changed && words.contains("not the one you trusted"),
        "{words}"
    );
    assert_ne!(now.fingerprint, seen.fingerprint);
}

#[tokio::test]
async fn the_test_goes_on_behind_a_trusted_certificate_and_tells_each_step() {
    let server = dovecot(Certificates::home_made(true).unwrap());
    let (steps, result) = connector(trusting(&server, &[]), PASSWORD).check().await;
    assert!(result.is_err());
    let last = steps.last().unwrap();
    assert!(!last.ok && matches!(last.hint, Some(Hint::Certificate(_))));
    let (seen, _) = refused(trusting(&server, &[])).await;
    let (steps, result) = connector(trusting(&server, &[seen.fingerprint]), PASSWORD)
        .check()
        .await;
    result.unwrap();
    assert_eq!(
        steps.iter().map(|s| s.step).collect::<Vec<_>>(),
        [
            "dns",
            "connect",
            "tls",
            "greeting",
            "capabilities",
            "login",
            "folders",
            "smtp_dns",
            "smtp_connect",
            "smtp_tls",
            "smtp_greeting",
            "smtp_login"
        ]
    );
    assert!(
        steps
            .iter()
            .all(|s| s.ok && !s.note.is_empty() && !s.note.contains(PASSWORD))
    );
}
