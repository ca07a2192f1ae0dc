//! Each fault of the proxy does what it says, and only that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use parley_sandbox::faultproxy::{Direction, Fault, FaultProxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
        }
    });
    address
}

async fn proxy() -> FaultProxy {
    FaultProxy::start(echo().await).await.unwrap()
}

async fn connect(proxy: &FaultProxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

async fn ask(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    stream.write_all(text).await.unwrap();
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

async fn silent(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    tokio::time::timeout(Duration::from_millis(200), stream.read(&mut byte))
        .await
        .is_err()
}

/// Everything until the end; a reset counts as an end here.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all))
        .await
        .expect("it stays open");
    all
}

#[tokio::test]
async fn passes_bytes_both_ways_and_counts_them() {
    let proxy = proxy().await;
    let mut stream = connect(&proxy).await;
    assert_eq!(ask(&mut stream, b"hello").await, b"hello");
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.is_empty());
    let counts = proxy.counts();
    assert_eq!(
        (counts.connections, counts.to_server, counts.to_client),
        (1, 5, 5)
    );
}

#[tokio::test]
async fn delay_holds_every_piece_back() {
    let proxy = proxy().await;
    let mut stream = connect(&proxy).await;
    proxy
        .set(Fault::Delay(Duration::from_millis(150)))
        .await
        .unwrap();
    let begin = Instant::now();
    ask(&mut stream, b"hello").await;
    assert!(
        begin.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn drip_passes_one_byte_at_a_time() {
    let proxy = proxy().await;
    let mut stream = connect(&proxy).await;
    proxy
        .set(Fault::Drip(Duration::from_millis(20)))
        .await
        .unwrap();
    stream.write_all(b"0123456789").await.unwrap();
    let begin = Instant::now();
    let (mut all, mut pieces) = (Vec::new(), 0);
    while all.len() < 10 {
        let mut piece = [0; 16];
        let length = stream.read(&mut piece).await.unwrap();
        all.extend_from_slice(&piece[..length]);
        pieces += 1;
    }
    assert_eq!(all, b"0123456789");
    assert!(
        begin.elapsed() >= Duration::from_millis(180),
        "{:?}",
        begin.elapsed()
    );
    assert!(pieces >= 5, "came in {pieces} pieces");
}

#[tokio::test]
async fn cut_ends_the_connection_after_that_many_bytes_to_the_client() {
    let proxy = proxy().await;
    proxy
        .set(Fault::Cut {
            direction: Direction::ToClient,
            after: 7,
        })
        .await
        .unwrap();
    let mut stream = connect(&proxy).await;
    stream.write_all(b"0123456789").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"0123456");
    assert_eq!(proxy.counts().to_client, 7);
}

#[tokio::test]
async fn cut_ends_the_connection_after_that_many_bytes_to_the_server() {
    let proxy = proxy().await;
    proxy
        .set(Fault::Cut {
            direction: Direction::ToServer,
            after: 4,
        })
        .await
        .unwrap();
    let mut stream = connect(&proxy).await;
    stream.write_all(b"0123456789").await.unwrap();
    let echoed = rest(&mut stream).await;
    assert!(b"0123".starts_with(&echoed), "{echoed:?}");
    assert_eq!(proxy.counts().to_server, 4);
}

#[tokio::test]
async fn a_black_hole_keeps_connections_open_and_silent_until_it_is_lifted() {
    let proxy = proxy().await;
    let mut old = connect(&proxy).await;
    ask(&mut old, b"x").await;
    proxy.set(Fault::BlackHole).await.unwrap();
    let mut new = connect(&proxy).await;
    for stream in [&mut old, &mut new] {
        stream.write_all(b"lost?").await.unwrap();
        assert!(silent(stream).await);
    }
    proxy.set(Fault::Pass).await.unwrap();
    for stream in [&mut old, &mut new] {
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"lost?");
    }
}

#[tokio::test]
async fn reset_breaks_open_and_new_connections_with_rst() {
    let proxy = proxy().await;
    let mut old = connect(&proxy).await;
    ask(&mut old, b"x").await;
    proxy.set(Fault::Reset).await.unwrap();
    let error = old.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    // The reset of a new connection may already be seen by connect.
    if let Ok(mut new) = TcpStream::connect(proxy.address()).await {
        assert_eq!(
            new.read(&mut [0]).await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
}

#[tokio::test]
async fn refuse_closes_the_listener_and_pass_opens_the_same_port_again() {
    let proxy = proxy().await;
    let mut old = connect(&proxy).await;
    ask(&mut old, b"x").await;
    proxy.set(Fault::Refuse).await.unwrap();
    assert!(rest(&mut old).await.is_empty());
    let error = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    proxy.set(Fault::Pass).await.unwrap();
    assert_eq!(ask(&mut connect(&proxy).await, b"back").await, b"back");
}

#[tokio::test]
async fn a_dead_target_is_felt_as_a_reset_connection() {
    let proxy = FaultProxy::start("127.0.0.1:1".parse().unwrap())
        .await
        .unwrap();
    let mut stream = connect(&proxy).await;
    assert_eq!(
        stream.read(&mut [0]).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[tokio::test]
async fn dropping_the_proxy_ends_its_connections() {
    let proxy = proxy().await;
    let address = proxy.address();
    let mut stream = connect(&proxy).await;
    ask(&mut stream, b"x").await;
    drop(proxy);
    assert!(rest(&mut stream).await.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
}
