//! The OAuth server keeps to the rules that a client is tried against.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use data_encoding::BASE64URL_NOPAD;
use parley_sandbox::OAuth;
use parley_sandbox::oauth::{Behaviour, CLIENT};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
const BACK: &str = "http://127.0.0.1:1/cb";

async fn post(oauth: &OAuth, form: &str) -> String {
    let address = oauth.token();
    let host = address
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix("/token")
        .unwrap();
    let mut tcp = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST /token HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut all = String::new();
    tcp.read_to_string(&mut all).await.unwrap();
    all
}

/// Signs in as a browser does and gives the code.
async fn code(oauth: &OAuth, challenge: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let back = format!(
        "http://127.0.0.1:{}/cb",
        listener.local_addr().unwrap().port()
    );
    let url = format!(
        "{}?response_type=code&client_id={CLIENT}&code_challenge_method=S256&code_challenge={challenge}&state=s&scope=mail&redirect_uri={back}",
        oauth.authorize()
    );
    let browsing = tokio::spawn(async move { OAuth::browse(&url).await });
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut asked = vec![0u8; 4_096];
    let n = tcp.read(&mut asked).await.unwrap();
    tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    drop(tcp);
    browsing.await.unwrap().unwrap();
    let line = String::from_utf8_lossy(&asked[..n]).into_owned();
    let code = line
        .split("code=")
        .nth(1)
        .unwrap()
        .split(['&', ' '])
        .next()
        .unwrap();
    format!("grant_type=authorization_code&client_id={CLIENT}&redirect_uri={back}&code={code}")
}

fn challenge() -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(VERIFIER))
}

#[tokio::test]
async fn a_code_is_worth_a_token_only_with_its_verifier_and_only_once() {
    let oauth = OAuth::start(Behaviour::of("a@shop.test")).await.unwrap();
    let form = code(&oauth, &challenge()).await;
    assert!(
        post(&oauth, &format!("{form}&code_verifier=wrong"))
            .await
            .contains("invalid_grant")
    );
    let right = format!("{form}&code_verifier={VERIFIER}");
    assert!(
        post(&oauth, &right).await.contains("invalid_grant"),
        "a wrong try uses it up"
    );
    let form = code(&oauth, &challenge()).await;
    let right = format!("{form}&code_verifier={VERIFIER}");
    assert!(post(&oauth, &right).await.contains("access_token"));
    assert!(post(&oauth, &right).await.contains("invalid_grant"));
    assert_eq!(oauth.exchanges(), 4);
}

#[tokio::test]
async fn a_page_without_a_challenge_gives_no_code() {
    let oauth = OAuth::start(Behaviour::of("a@shop.test")).await.unwrap();
    let url = format!(
        "{}?response_type=code&client_id={CLIENT}&state=s&scope=mail&redirect_uri={BACK}",
        oauth.authorize()
    );
    assert!(
        OAuth::browse(&url)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 400")
    );
}
