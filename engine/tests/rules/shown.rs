//! What a person sees of a mail's HTML, what is loaded for it on request, and where its links lead.

use crate::scene::{Mail, Scene};
use async_trait::async_trait;
use parley_engine::api::{Desk, Host, Role, args, ask, dto, part};
use parley_engine::connectors::email::convert::convert;
use parley_engine::connectors::email::html::SANITISER_VERSION;
use parley_engine::connectors::fetch::{Fetcher, Names, Policy};
use parley_engine::model::filename::FileWarning;
use parley_engine::model::{Event, MessageId, Place, RemoteId};
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ANNA: &str = "anna@shop.test";

/// A mail as it comes over the wire, taken in by the very code that takes mail in.
pub(crate) fn arrives_raw(s: &Scene, raw: &str, verified: Option<bool>) -> MessageId {
    let before = s.read(ids);
    let mut event = convert(
        raw.as_bytes(),
        RemoteId(format!("INBOX/1/{}", before.len() + 1)),
        Place::Inbox,
        Some(s.now()),
        false,
    );
    if let Event::Message(m) = &mut event {
        m.authenticated = verified;
    }
    s.take(s.account, vec![event]);
    let new = s.read(ids).into_iter().find(|id| !before.contains(id));
    new.unwrap()
}

fn ids(c: &rusqlite::Connection) -> parley_engine::Result<Vec<MessageId>> {
    let mut all = c.prepare("SELECT id FROM message")?;
    Ok(all.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

fn mail_of(html: &str) -> String {
    format!(
        "From: Anna <{ANNA}>\nTo: team@parley.test\nSubject: x\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <{:x}@shop.test>\nContent-Type: text/html; charset=utf-8\n\n{html}\n",
        html.len()
    )
}

fn html(s: &Scene, id: MessageId) -> dto::MessageHtml {
    s.does(args::MessageHtml { id })
}

/// A server of pictures on loopback, counting what it was asked.
fn server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut head = [0; 2048];
            let n = socket.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..n]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            log.lock().unwrap().push(path.clone());
            let mut png = std::io::Cursor::new(Vec::new());
            image::RgbaImage::new(3, 2)
                .write_to(&mut png, image::ImageFormat::Png)
                .unwrap();
            let (status, body) = if path.ends_with(".png") {
                ("200 OK", png.into_inner())
            } else {
                ("404 Not Found", Vec::new())
            };
            let _ = write!(
                socket,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = socket.write_all(&body);
        }
    });
    (port, asked)
}

struct Here;

#[async_trait]
impl Names for Here {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

fn with_server() -> (Scene, u16, Arc<Mutex<Vec<String>>>) {
    let s = Scene::new();
    let (port, asked) = server();
    let policy = Policy {
        allowed: Arc::new(move |_, p| p == port),
        time: Duration::from_secs(10),
        bytes: 1_000_000,
    };
    s.engine.set_fetcher(Fetcher::new(policy, Arc::new(Here)));
    (s, port, asked)
}

#[test]
fn nothing_remote_is_asked_for_until_a_person_says_so_and_then_it_is_shown_from_here() {
    let (s, port, asked) = with_server();
    let id = arrives_raw(
        &s,
        &mail_of(&format!(
            "<p>Hi</p><img src='http://img.test:{port}/a.png' width=30><img src='http://img.test:{port}/gone'><img src='http://img.test:{port}/t.png' width=1 height=1>"
        )),
        None,
    );
    let before = html(&s, id);
    assert_eq!((before.blocked, before.trackers, before.loaded), (2, 1, 0));
    assert!(before.sender.is_none() && !before.always);
    assert!(asked.lock().unwrap().is_empty());

    let after = s.does(args::ImagesLoad {
        message: id,
        always: false,
    });
    assert_eq!((after.blocked, after.trackers, after.loaded), (1, 1, 1));
    let src = format!("src=\"part://localhost/m/{id}/img/0\"");
    assert!(after.html.contains(&src), "{}", after.html);
    let (mime, bytes) = s.run(part(&s.desk, &format!("/m/{id}/img/0"))).unwrap();
    assert!(mime == "image/png" && bytes.starts_with(b"\x89PNG"));
    assert!(s.run(part(&s.desk, &format!("/m/{id}/img/1"))).is_none());
    let paths = asked.lock().unwrap().clone();
    assert!(
        !paths.iter().any(|p| p == "/t.png"),
        "a tracker is never loaded: {paths:?}"
    );

    // What is here is not asked for again, and stays here.
    s.does(args::ImagesLoad {
        message: id,
        always: false,
    });
    assert_eq!(
        asked
            .lock()
            .unwrap()
            .iter()
            .filter(|p| *p == "/a.png")
            .count(),
        1
    );
    assert_eq!(html(&s, id).loaded, 1);
    s.is_sound();
}

#[test]
fn pictures_are_loaded_always_only_for_a_sender_whose_domain_vouches_for_it() {
    let (s, port, _) = with_server();
    let source = mail_of(&format!("<img src='http://img.test:{port}/a.png'>"));
    let forged = arrives_raw(&s, &source, Some(false));
    let refused = s.ask(args::ImagesLoad {
        message: forged,
        always: true,
    });
    assert_eq!(refused.unwrap_err().code(), "refused");
    assert!(s.does(args::ImageSenders {}).is_empty());

    let true_one = arrives_raw(
        &s,
        &source
            .replace("Subject: x", "Subject: y")
            .replace("Message-ID: <", "Message-ID: <2"),
        Some(true),
    );
    assert_eq!(html(&s, true_one).sender.as_deref(), Some(ANNA));
    assert!(
        s.does(args::ImagesLoad {
            message: true_one,
            always: true
        })
        .always
    );
    assert_eq!(s.does(args::ImageSenders {})[0].address, ANNA);
    // A forged mail in the same name has no part in it.
    assert!(!html(&s, forged).always);

    s.does(args::ImageSenderRemove {
        address: ANNA.into(),
    });
    assert!(!html(&s, true_one).always);
    assert_eq!(
        s.ask(args::ImageSenderRemove {
            address: ANNA.into()
        })
        .unwrap_err()
        .code(),
        "not_found"
    );
}

#[test]
fn a_mail_cleaned_by_an_older_sanitiser_is_cleaned_again_when_it_is_opened() {
    let s = Scene::new();
    let id = arrives_raw(
        &s,
        &mail_of("<p>new <b>work</b></p><a href='https://shop.test/x'>l</a>"),
        None,
    );
    s.write(|tx| {
        tx.execute(
            "UPDATE body SET html = (SELECT text FROM body), html_links = '[]', html_version = 1",
            [],
        )?;
        Ok(())
    });
    let seen = html(&s, id);
    assert!(
        seen.html.contains("<b>work</b>") && seen.links == ["shop.test"],
        "{seen:?}"
    );
    assert_eq!(
        s.number("SELECT html_version FROM body"),
        i64::from(SANITISER_VERSION)
    );
    // Without its source it stays as it was.
    s.write(|tx| {
        tx.execute("UPDATE body SET html_version = 1", [])?;
        tx.execute("DELETE FROM raw", [])?;
        Ok(())
    });
    assert!(html(&s, id).html.contains("<b>work</b>"));
}

/// A window that notes what it was asked to open.
#[derive(Default)]
struct Watching(Mutex<Vec<String>>);

#[async_trait]
impl Host for Watching {
    async fn pick_files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
    async fn save_file(&self, _: &str) -> Option<PathBuf> {
        None
    }
    async fn open_url(&self, url: &str) -> Result<(), String> {
        self.0.lock().unwrap().push(url.to_owned());
        Ok(())
    }
}

#[test]
fn links_of_text_and_of_html_are_opened_by_number_and_show_their_host() {
    let s = Scene::new();
    let text = "\u{1f600} see https://bank.example@evil.test/x, or www.shop.test.";
    let id = s.arrives(&Mail::from(ANNA).text(text));
    let c = s.customer(ANNA);
    let page = s.does(args::TimelinePage {
        conversation: c,
        before: None,
        after: None,
        around: None,
        limit: 10,
    });
    let links = page
        .items
        .iter()
        .find_map(|i| match i {
            dto::TimelineItem::Message(m) => Some(m.links.clone()),
            _ => None,
        })
        .unwrap();
    let units: Vec<u16> = text.encode_utf16().collect();
    let cut =
        |l: &dto::TextLink| String::from_utf16(&units[l.start as usize..l.end as usize]).unwrap();
    assert_eq!(
        links.iter().map(cut).collect::<Vec<_>>(),
        ["https://bank.example@evil.test/x", "www.shop.test"]
    );
    assert_eq!(
        links.iter().map(|l| l.shown.as_str()).collect::<Vec<_>>(),
        ["evil.test", "www.shop.test"]
    );

    let formatted = arrives_raw(&s, &mail_of("<a href='https://b.test/1'>1</a>"), None);
    let host = Arc::new(Watching::default());
    let desk = Desk {
        engine: Arc::clone(&s.engine),
        host: Arc::<Watching>::clone(&host),
        role: Role::Viewer,
    };
    let open = |message, link, text| {
        s.run(ask(
            &desk,
            args::LinkOpen {
                message,
                link,
                text,
            },
        ))
    };
    open(id, 0, true).unwrap();
    open(formatted, 0, false).unwrap();
    assert_eq!(
        *host.0.lock().unwrap(),
        ["https://evil.test/x", "https://b.test/1"]
    );
    assert_eq!(open(id, 9, true).unwrap_err().code(), "not_found");
    assert_eq!(open(id, 0, false).unwrap_err().code(), "not_found");
}

#[test]
fn a_picture_is_shown_drawn_anew_and_a_page_or_a_program_is_not() {
    let s = Scene::new();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(5, 4)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let mut png = png.into_inner();
    png.extend(b"<script>alert(1)</script>");
    s.arrives(
        &Mail::from(ANNA)
            .file("photo.png", &png)
            .file("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
            .file("invoice.pdf.exe", b"MZ\x90\0"),
    );
    let c = s.customer(ANNA);
    let page = s.does(args::TimelinePage {
        conversation: c,
        before: None,
        after: None,
        around: None,
        limit: 10,
    });
    let files = page
        .items
        .into_iter()
        .find_map(|i| match i {
            dto::TimelineItem::Message(m) => Some(m.files),
            _ => None,
        })
        .unwrap();
    let shown = s
        .run(part(&s.desk, &format!("/f/{}", files[0].id)))
        .unwrap();
    assert!(!shown.1.windows(7).any(|w| w == b"<script"));
    for f in &files[1..] {
        assert!(
            s.run(part(&s.desk, &format!("/f/{}", f.id))).is_none(),
            "{}",
            f.name
        );
        assert!(f.risky && f.warning == Some(FileWarning::Runs));
    }
}
