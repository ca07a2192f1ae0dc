use super::connect::alternate;
use super::tls::certificate_words;
use super::*;
use rustls::CertificateError;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn server(host: &str, port: u16, security: Security) -> MailServer {
    MailServer {
        host: host.into(),
        port,
        security,
        user: "u".into(),
    }
}

/// A server that says `script` line by line, each after one read from the client.
async fn scripted(script: Vec<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        for (i, line) in script.into_iter().enumerate() {
            if i > 0 {
                let _ = tcp.read(&mut [0u8; 1024]).await;
            }
            let _ = tcp.write_all(line.as_bytes()).await;
        }
        let _ = tcp.read(&mut [0u8; 1024]).await;
    });
    port
}

async fn try_open(server: &MailServer, protocol: Protocol) -> Result<Wire> {
    open(server, &Trust::default(), protocol, &mut Vec::new()).await
}

async fn failure(server: &MailServer, protocol: Protocol) -> ChannelError {
    try_open(server, protocol).await.expect_err("must fail")
}

#[tokio::test]
async fn no_protection_is_refused_for_any_other_computer() {
    let e = failure(&server("192.0.2.1", 143, Security::None), Protocol::Imap).await;
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
    assert!(e.what.contains("192.0.2.1:143") && e.what.contains("unprotected"));
    let port = scripted(vec!["* OK hi\r\n"]).await;
    assert!(
        try_open(&server("localhost", port, Security::None), Protocol::Imap)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn each_way_of_not_connecting_has_its_own_sentence() {
    let e = failure(
        &server("no-such-host.invalid", 993, Security::Tls),
        Protocol::Imap,
    )
    .await;
    assert_eq!((e.remedy, e.step), (Remedy::Retry, "dns"));
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let e = failure(&server("127.0.0.1", unused, Security::Tls), Protocol::Imap).await;
    assert_eq!((e.remedy, e.step), (Remedy::Retry, "connect"));
    assert!(e.what.contains("refuses") && e.what.contains(&unused.to_string()));
    let e = failure(&server(" ", 1, Security::Tls), Protocol::Imap).await;
    assert_eq!(e.remedy, Remedy::Reconnect);
}

#[tokio::test]
async fn a_server_that_will_not_upgrade_never_hears_the_password() {
    let port = scripted(vec!["* OK hi\r\n", "s1 NO not here\r\n"]).await;
    let e = failure(
        &server("127.0.0.1", port, Security::Starttls),
        Protocol::Imap,
    )
    .await;
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
    let port = scripted(vec!["220 hi\r\n", "250-me\r\n250 SIZE 100\r\n"]).await;
    let e = failure(
        &server("127.0.0.1", port, Security::Starttls),
        Protocol::Smtp,
    )
    .await;
    assert!(e.what.contains("no STARTTLS"), "{e}");
    let port = scripted(vec!["* PREAUTH hi\r\n"]).await;
    assert!(
        try_open(
            &server("127.0.0.1", port, Security::Starttls),
            Protocol::Imap
        )
        .await
        .is_err()
    );
}

#[tokio::test]
async fn words_slipped_in_before_the_encryption_end_the_connection() {
    let port = scripted(vec![
        "* OK hi\r\n",
        "s1 OK go\r\n* CAPABILITY IMAP4rev1\r\n",
    ])
    .await;
    let e = failure(
        &server("127.0.0.1", port, Security::Starttls),
        Protocol::Imap,
    )
    .await;
    assert!(e.what.contains("no honest server"), "{e}");
    let port = scripted(vec![
        "220 hi\r\n",
        "250-me\r\n250 STARTTLS\r\n",
        "220 go\r\n250 evil\r\n",
    ])
    .await;
    let e = failure(
        &server("127.0.0.1", port, Security::Starttls),
        Protocol::Smtp,
    )
    .await;
    assert!(e.what.contains("no honest server"), "{e}");
}

#[tokio::test]
async fn a_plain_server_on_a_tls_port_is_told_apart() {
    let port = scripted(vec!["220 plain smtp here\r\n"]).await;
    let e = failure(&server("127.0.0.1", port, Security::Tls), Protocol::Smtp).await;
    assert_eq!(e.step, "tls");
    assert!(e.what.contains("STARTTLS"), "{e}");
}

#[tokio::test]
async fn silence_ends_a_connection() {
    let port = scripted(vec![""]).await;
    let mut wire = try_open(&server("127.0.0.1", port, Security::None), Protocol::Imap)
        .await
        .unwrap();
    wire.patience.set(Duration::from_millis(50));
    let e = wire.read(&mut [0u8; 8]).await.unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn both_halves_of_the_internet_take_turns() {
    let a = |s: &str| s.parse::<SocketAddr>().unwrap();
    let all = vec![
        a("[::1]:1"),
        a("[::2]:1"),
        a("1.1.1.1:1"),
        a("2.2.2.2:1"),
        a("3.3.3.3:1"),
    ];
    assert_eq!(
        alternate(all),
        [
            a("[::1]:1"),
            a("1.1.1.1:1"),
            a("[::2]:1"),
            a("2.2.2.2:1"),
            a("3.3.3.3:1")
        ]
    );
}

#[test]
fn each_fault_of_a_certificate_has_its_own_sentence() {
    let server = server("mail.shop.test", 993, Security::Tls);
    let all = [
        CertificateError::UnknownIssuer,
        CertificateError::NotValidForName,
        CertificateError::Expired,
        CertificateError::NotValidYet,
        CertificateError::Revoked,
        CertificateError::BadSignature,
    ];
    let words: std::collections::HashSet<String> =
        all.iter().map(|e| certificate_words(&server, e)).collect();
    assert_eq!(words.len(), all.len());
    assert!(words.iter().all(|w| w.contains("mail.shop.test:993")));
}

#[tokio::test]
async fn a_trusted_certificate_that_is_none_is_refused_with_words() {
    let trust = Trust {
        certificate: Some("nonsense"),
        fingerprints: &[],
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = server("127.0.0.1", port, Security::Tls);
    let e = open(&to, &trust, Protocol::Imap, &mut Vec::new())
        .await
        .unwrap_err();
    assert!(e.what.contains("no certificate"), "{e}");
}
