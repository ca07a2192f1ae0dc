//! A reply with formatting: kept as a draft, sent, shown and taken back, and nothing of it trusted.

use crate::scene::{Mail, Scene};
use parley_engine::api::{args, dto, part};
use parley_engine::model::{FileId, MessageId};
use parley_engine::store::files;
use parley_engine::store::outbox::{self, OutboxItem};
use serde_json::{Value, json};

const ANNA: &str = "anna@shop.test";
const WRITTEN: &str = "<p>Dear <strong>Anna</strong></p><ul><li><p>one</p></li></ul>";

fn drafts(s: &Scene) -> Vec<(String, Option<String>)> {
    s.does(args::Drafts {
        conversation: s.customer(ANNA),
    })
    .into_iter()
    .map(|d| (d.text, d.html))
    .collect()
}

fn keep(s: &Scene, more: &Value) {
    let mut draft = json!({ "note": false, "text": "", "subject": null, "to": [], "cc": [], "account": null, "files": [], "updated_at": 0 });
    merge(&mut draft, more);
    let save = json!({ "conversation": s.customer(ANNA), "draft": draft });
    s.does::<args::DraftSave>(serde_json::from_value(save).unwrap());
}

fn merge(into: &mut Value, more: &Value) {
    into.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
}

fn arguments(s: &Scene, more: &Value) -> args::Send {
    let mut send = json!({ "conversation": s.customer(ANNA), "account": s.account, "to": [{ "name": null, "address": ANNA }], "text": "ignored" });
    merge(&mut send, more);
    serde_json::from_value(send).unwrap()
}

fn sent(s: &Scene, more: &Value) -> OutboxItem {
    let queued = s.does(arguments(s, more));
    s.read(move |c| outbox::get(c, queued.id))
}

fn scene() -> Scene {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    s
}

fn stage(s: &Scene, name: &str, bytes: &[u8]) -> FileId {
    s.does(args::FileStage {
        id: None,
        name: name.into(),
        data: data_encoding::BASE64.encode(bytes),
        last: true,
    })
    .id
}

fn picture(s: &Scene) -> FileId {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(3, 2)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    stage(s, "lamp.png", &png.into_inner())
}

fn item(s: &Scene, id: MessageId) -> dto::MessageItem {
    let page = s.does(args::TimelinePage {
        conversation: s.customer(ANNA),
        before: None,
        after: None,
        around: None,
        limit: 10,
    });
    page.items
        .into_iter()
        .find_map(|i| match i {
            dto::TimelineItem::Message(m) if m.id == id => Some(*m),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_draft_keeps_its_formatting_and_its_text_is_made_of_it() {
    let s = scene();
    keep(&s, &json!({ "text": "something else", "html": WRITTEN }));
    assert_eq!(
        drafts(&s),
        [("Dear Anna\n- one".to_owned(), Some(WRITTEN.to_owned()))]
    );
    keep(
        &s,
        &json!({ "html": "<p>Only <span onclick=x>text</span></p><script>1</script>" }),
    );
    assert_eq!(drafts(&s), [("Only text".to_owned(), None)]);
    keep(&s, &json!({ "html": "<p> </p>" }));
    assert!(drafts(&s).is_empty());
}

#[test]
fn a_note_has_no_formatting() {
    let s = scene();
    keep(
        &s,
        &json!({ "note": true, "text": "call her", "html": WRITTEN }),
    );
    assert_eq!(drafts(&s), [("call her".to_owned(), None)]);
}

#[test]
fn a_send_with_formatting_is_made_anew_and_its_text_of_it() {
    let s = scene();
    let html = "<p onclick='x'>Dear <b>Anna</b><img src='https://far.test/p.png'></p><ul><li>one</ul><a href='javascript:x'>x</a><script>1</script>";
    let o = sent(&s, &json!({ "html": html }));
    assert_eq!(o.mail.text, "Dear Anna\n- one\nx");
    assert_eq!(
        o.mail.html.as_deref(),
        Some("<p>Dear <strong>Anna</strong></p><ul><li><p>one</p></li></ul><p>x</p>")
    );
    let plain = sent(&s, &json!({ "html": "<p>Only text</p><p></p><p>more</p>" }));
    assert_eq!(plain.mail.text, "Only text\n\nmore");
    assert_eq!(plain.mail.html, None);
}

#[test]
fn nothing_and_far_too_much_are_refused() {
    let s = scene();
    for html in [
        "<p></p><b> </b><script>words</script>".to_owned(),
        "x".repeat(1_000_001),
    ] {
        assert!(s.ask(arguments(&s, &json!({ "html": html }))).is_err());
    }
    assert!(
        s.ask(arguments(&s, &json!({ "text": "x".repeat(1_000_001) })))
            .is_err()
    );
}

#[test]
fn a_picture_in_the_text_must_be_a_staged_picture_among_the_files() {
    let s = scene();
    let lamp = picture(&s);
    let html = format!("<p>See <img src=\"cid:{}\" alt=\"Lamp\"></p>", lamp.hex());
    assert!(s.ask(arguments(&s, &json!({ "html": html }))).is_err());
    let text = stage(&s, "a.txt", b"no picture");
    let wrong = format!("<p><img src=\"cid:{}\"></p>", text.hex());
    assert!(
        s.ask(arguments(&s, &json!({ "html": wrong, "files": [text] })))
            .is_err()
    );
    let o = sent(&s, &json!({ "html": html, "files": [lamp, text] }));
    let inline = |f: FileId| s.read(move |c| Ok(files::get(c, f)?.inline));
    assert_eq!((inline(lamp), inline(text)), (true, false));
    assert_eq!(o.mail.text, "See [Lamp]");
}

#[test]
fn the_timeline_shows_the_formatting_of_what_was_sent_with_its_pictures() {
    let s = scene();
    let lamp = picture(&s);
    let html = format!(
        "{WRITTEN}<p><img src=\"cid:{}\" alt=\"Lamp\"></p>",
        lamp.hex()
    );
    let o = sent(&s, &json!({ "html": html, "files": [lamp] }));
    assert!(item(&s, o.id).html);
    let shown = s.does(args::MessageHtml { id: o.id }).html;
    assert!(
        shown.contains("<strong>Anna</strong>") && shown.contains("<li>one</li>"),
        "{shown}"
    );
    let path = format!("m/{}/cid/{}", o.id.hex(), lamp.hex());
    assert!(shown.contains(&path), "{shown}");
    assert!(s.run(part(&s.desk, &path)).is_some());
    let plain = sent(&s, &json!({ "html": "<p>Only text</p>" }));
    assert!(!item(&s, plain.id).html);
}

#[test]
fn a_send_that_is_taken_back_is_a_draft_with_its_formatting_above_a_newer_one() {
    let s = scene();
    let lamp = picture(&s);
    let html = format!("{WRITTEN}<p><img src=\"cid:{}\" alt=\"\"></p>", lamp.hex());
    sent(&s, &json!({ "html": html, "files": [lamp] }));
    keep(&s, &json!({ "text": "mean\nwhile" }));
    assert!(s.does(args::Undo {}).draft);
    assert_eq!(
        drafts(&s),
        [(
            "Dear Anna\n- one\n\n\nmean\nwhile".to_owned(),
            Some(format!("{html}<p></p><p>mean</p><p>while</p>"))
        )]
    );
    // Sent again as a file this time, it is listed.
    let o = sent(&s, &json!({ "text": "as a file", "files": [lamp] }));
    assert!(!s.read(move |c| Ok(files::get(c, lamp)?.inline)));
    assert_eq!(o.mail.html, None);
}
