use super::*;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Names as a test gives them; each question takes the next answer, the last one stays.
#[derive(Default)]
struct Book(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

#[async_trait]
impl Names for Book {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut book = self.0.lock().unwrap();
        let answers = book
            .get_mut(host)
            .ok_or_else(|| std::io::Error::other("unknown"))?;
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}

fn book(entries: &[(&str, &[&str])]) -> Arc<Book> {
    let one = |ips: &str| ips.split(' ').map(|ip| ip.parse().unwrap()).collect();
    let entries = entries
        .iter()
        .map(|(host, answers)| ((*host).to_owned(), answers.iter().map(|a| one(a)).collect()));
    Arc::new(Book(Mutex::new(entries.collect())))
}

/// A server on loopback that answers by path and remembers what it was asked.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    most: Arc<AtomicUsize>,
}

fn answer(status: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend(body);
    out
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(3, 2)
        .write_to(&mut out, image::ImageFormat::Png)
        .unwrap();
    out.into_inner()
}

/// Zeros, packed: a thousand times smaller than what they become.
fn bomb() -> Vec<u8> {
    // Stored by a run of the packer of the system's own format: a gzip member made here by hand would be longer.
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    // Each block: fixed codes, one zero, then 258 more by a reference, often.
    let mut bits = Bits::default();
    bits.put(1, 1);
    bits.put(1, 2);
    bits.code(0b0011_0000, 8);
    for _ in 0..200_000 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    packed.extend(bits.done());
    packed
}

#[derive(Default)]
struct Bits(Vec<u8>, u32, u32);

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for i in 0..count {
            self.1 |= ((value >> i) & 1) << self.2;
            self.2 += 1;
            if self.2 == 8 {
                self.0.push(self.1 as u8);
                (self.1, self.2) = (0, 0);
            }
        }
    }
    /// Codes stand with their highest bit first.
    fn code(&mut self, value: u32, count: u32) {
        for i in (0..count).rev() {
            self.put((value >> i) & 1, 1);
        }
    }
    fn done(mut self) -> Vec<u8> {
        self.0.push(self.1 as u8);
        self.0
    }
}

fn page(path: &str, port: u16) -> Vec<u8> {
    let to = |url: String| {
        answer(
            "302 Found",
            &format!("location: {url}\r\nset-cookie: a=b\r\n"),
            b"",
        )
    };
    match path {
        "/ok.png" | "/slowly-counted" => answer(
            "200 OK",
            "content-type: text/html\r\nset-cookie: id=1\r\n",
            &png(),
        ),
        "/once" => to("/ok.png".into()),
        "/private" => to("http://10.0.0.1/x.png".into()),
        "/rebound" => to(format!("http://rebound.test:{port}/ok.png")),
        "/file" => to("file:///etc/passwd".into()),
        "/port" => to("http://good.test:22/".into()),
        "/round" => to("/round".into()),
        "/svg" => answer(
            "200 OK",
            "content-type: image/png\r\n",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        ),
        "/html" => answer("200 OK", "content-type: image/png\r\n", b"<html>x</html>"),
        "/big" => answer("200 OK", "", &vec![0; 300_000]),
        "/bomb" => answer("200 OK", "content-encoding: gzip\r\n", &bomb()),
        "/cut" => {
            let mut all = answer("200 OK", "", &png());
            all.truncate(all.len() - 10);
            all
        }
        _ => answer("404 Not Found", "", b"gone"),
    }
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, most, now): (Arc<Mutex<Vec<String>>>, Arc<AtomicUsize>, Arc<AtomicUsize>) =
            Default::default();
        let (log, peak) = (Arc::clone(&asked), Arc::clone(&most));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (log, peak, now) = (Arc::clone(&log), Arc::clone(&peak), Arc::clone(&now));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                        let mut piece = [0; 1024];
                        match socket.read(&mut piece).await {
                            Ok(n) if n > 0 => head.extend(&piece[..n]),
                            _ => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&head).to_lowercase();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    log.lock().unwrap().push(head);
                    peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    if path == "/slowly-counted" {
                        tokio::time::sleep(Duration::from_millis(60)).await;
                    }
                    now.fetch_sub(1, Ordering::SeqCst);
                    let all = page(&path, port);
                    if path == "/drip" {
                        for b in answer("200 OK", "", &png()) {
                            if socket.write_all(&[b]).await.is_err() {
                                return;
                            }
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                    let _ = socket.write_all(&all).await;
                });
            }
        });
        Self { port, asked, most }
    }

    fn url(&self, path: &str) -> String {
        format!("http://good.test:{}{path}", self.port)
    }
}

/// The real guard, but for one port of this computer.
fn fetcher(server: &Server, names: Arc<Book>) -> Fetcher {
    let port = server.port;
    let policy = Policy {
        allowed: Arc::new(move |ip, p| {
            (is_public(ip) && matches!(p, 80 | 443))
                || (ip == IpAddr::from([127, 0, 0, 1]) && p == port)
        }),
        time: Duration::from_secs(5),
        bytes: 200_000,
    };
    Fetcher::new(policy, names)
}

#[tokio::test]
async fn a_picture_comes_drawn_anew_and_nothing_is_told_on_the_way() {
    let server = Server::start().await;
    let f = fetcher(&server, book(&[("good.test", &["127.0.0.1"])]));
    for path in ["/ok.png", "/once"] {
        let picture = f
            .picture(&format!(
                "{}#frag",
                server.url(path).replace("good.test", "me:secret@good.test")
            ))
            .await
            .unwrap();
        assert_eq!(picture.mime, "image/png");
    }
    for head in server.asked.lock().unwrap().iter() {
        for told in [
            "cookie",
            "referer",
            "authorization",
            "#frag",
            "me:secret",
            "accept-language",
            "parley",
        ] {
            assert!(!head.contains(told), "{told} in {head}");
        }
        assert!(head.contains("user-agent: mozilla/5.0 (compatible; mail picture)"));
    }
}

#[tokio::test]
async fn what_leads_into_the_house_is_not_asked() {
    let server = Server::start().await;
    let f = fetcher(
        &server,
        book(&[
            ("good.test", &["127.0.0.1"]),
            ("home.test", &["192.168.1.1"]),
            ("both.test", &["93.184.216.34 10.0.0.1"]),
            ("mapped.test", &["::ffff:127.0.0.2"]),
        ]),
    );
    for url in [
        "http://home.test/x".to_owned(),
        "http://both.test/x".into(),
        "http://mapped.test/x".into(),
        "http://127.0.0.1/x".into(),
        "http://[::1]/x".into(),
        "http://2130706433/x".into(),
        "http://169.254.169.254/latest/meta-data".into(),
        "http://93.184.216.34:22/".into(),
        "https://93.184.216.34:8443/".into(),
        "file:///etc/passwd".into(),
        "ftp://93.184.216.34/x".into(),
        server.url("/private"),
        server.url("/file"),
        server.url("/port"),
    ] {
        let e = f.picture(&url).await.unwrap_err();
        assert!(matches!(e, FetchError::Refused(_)), "{url}: {e}");
    }
    assert!(matches!(
        f.picture("http://unknown.test/").await,
        Err(FetchError::NoHost(_))
    ));
    assert!(f.picture("no address").await.is_err());
}

#[tokio::test]
async fn the_default_guard_refuses_this_computer() {
    let server = Server::start().await;
    let strict = Fetcher::default();
    for url in [
        format!("http://127.0.0.1:{}/ok.png", server.port),
        "http://localhost/".to_owned(),
    ] {
        assert!(
            matches!(strict.picture(&url).await, Err(FetchError::Refused(_))),
            "{url}"
        );
    }
    assert!(server.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_looked_at_each_time_and_asked_only_where_it_was_looked_at()
 {
    let server = Server::start().await;
    // First public to pass, then private; and the other way round.
    let f = fetcher(
        &server,
        book(&[
            ("good.test", &["127.0.0.1"]),
            ("rebound.test", &["10.0.0.1"]),
            ("turn.test", &["127.0.0.1", "10.0.0.1"]),
        ]),
    );
    assert!(matches!(
        f.picture(&server.url("/rebound")).await,
        Err(FetchError::Refused(_))
    ));
    let turn = format!("http://turn.test:{}/ok.png", server.port);
    assert!(
        f.picture(&turn).await.is_ok(),
        "the address that was looked at is the one that was asked"
    );
    assert!(matches!(
        f.picture(&turn).await,
        Err(FetchError::Refused(_))
    ));
}

#[tokio::test]
async fn what_is_no_picture_or_too_much_or_too_slow_is_left() {
    let server = Server::start().await;
    let mut f = fetcher(&server, book(&[("good.test", &["127.0.0.1"])]));
    let mut why = Vec::new();
    for path in ["/svg", "/html", "/big", "/bomb", "/gone", "/round", "/cut"] {
        why.push(match f.picture(&server.url(path)).await {
            Ok(_) => "shown",
            Err(FetchError::Picture(..)) => "no picture",
            Err(FetchError::TooLarge(_)) => "too large",
            Err(FetchError::Status { status: 404, .. }) => "gone",
            Err(FetchError::Redirects(_)) => "round",
            Err(FetchError::Lost(_)) => "lost",
            Err(_) => "else",
        });
    }
    assert_eq!(
        why,
        [
            "no picture",
            "no picture",
            "too large",
            "too large",
            "gone",
            "round",
            "lost"
        ]
    );
    assert_eq!(
        server
            .asked
            .lock()
            .unwrap()
            .iter()
            .filter(|h| h.contains("/round"))
            .count(),
        MAX_REDIRECTS + 1
    );
    f.policy.time = Duration::from_millis(400);
    assert!(matches!(
        f.picture(&server.url("/drip")).await,
        Err(FetchError::Slow(_))
    ));
}

#[tokio::test]
async fn a_few_are_fetched_at_once_and_not_more_than_a_mail_may_have() {
    let server = Server::start().await;
    let f = fetcher(&server, book(&[("good.test", &["127.0.0.1"])]));
    let many = (0..60)
        .map(|n| (n, server.url("/slowly-counted")))
        .collect();
    let got = f.pictures(many).await;
    assert_eq!(got.len(), MAX_PICTURES);
    assert!(got.iter().all(|p| p.1.is_ok()));
    assert!(
        (2..=AT_ONCE).contains(&server.most.load(Ordering::SeqCst)),
        "{:?}",
        server.most
    );
}
