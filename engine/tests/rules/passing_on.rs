//! What of a mail's HTML goes along when it is answered or passed on, and what can be had of a mail that is too much
//! to be shown.

use crate::scene::{Mail, Scene};
use crate::shown::arrives_raw;
use parley_engine::api::{args, dto};
use parley_engine::connectors::email::convert::MAX_TEXT;
use parley_engine::model::MessageId;
use parley_engine::store::files;
use parley_engine::store::outbox::{self, OutboxItem};
use serde_json::{Value, json};

const ANNA: &str = "anna@shop.test";
const TOM: &str = "tom@works.test";

/// A mail with a picture in its text, one from elsewhere, a link, a style sheet, a quotation and a file.
fn newsletter() -> String {
    let html = "<style>.k{color:red}</style><p class=k>Hello <a href='https://shop.test/x?a=1&amp;b=2'>shop</a></p><img src='cid:lamp@shop' alt='Lamp'><img src='https://pics.test/big.png' alt='Big'><div class=gmail_quote><div class=gmail_attr>On Monday, Tom wrote:</div><blockquote>Older words</blockquote></div>";
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(3, 2)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let png = data_encoding::BASE64.encode(&png.into_inner());
    format!(
        "From: Anna <{ANNA}>\nTo: team@parley.test\nSubject: News\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <news@shop.test>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nHello shop\n\nOn Monday, Tom wrote:\n> Older words\n--a\nContent-Type: text/html; charset=utf-8\n\n{html}\n--a--\n--r\nContent-Type: image/png; name=lamp.png\nContent-ID: <lamp@shop>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\n{png}\n--r--\n--o\nContent-Type: text/csv; name=list.csv\nContent-Disposition: attachment; filename=list.csv\n\na,b\n--o--\n"
    )
}

fn sent(s: &Scene, more: &Value) -> OutboxItem {
    let mut send = json!({ "conversation": s.customer(ANNA), "account": s.account, "to": [{ "name": null, "address": TOM }], "text": "See.", "quote": "An introduction" });
    let (Some(all), Some(more)) = (send.as_object_mut(), more.as_object()) else {
        panic!("objects")
    };
    all.extend(more.clone());
    let queued = s.does::<args::Send>(serde_json::from_value(send).unwrap());
    s.read(move |c| outbox::get(c, queued.id))
}

fn names(files: &[dto::FileItem]) -> Vec<&str> {
    files.iter().map(|f| f.name.as_str()).collect()
}

#[test]
fn a_mail_is_passed_on_with_its_html_its_links_and_its_pictures() {
    let s = Scene::new();
    let id = arrives_raw(&s, &newsletter(), None);
    let options = s.does(args::ForwardOptions { message: id });
    assert_eq!(names(&options.files), ["lamp.png", "list.csv"]);
    let ids: Vec<_> = options.files.iter().map(|f| f.id).collect();
    let o = sent(&s, &json!({ "forwarding": id, "files": ids }));
    let history = o.mail.history.unwrap();
    let html = history.html.unwrap();
    let lamp = options.files[0].id;
    for part in [
        "<p style=\"color:red\">Hello <a href=\"https://shop.test/x?a=1&amp;b=2\">shop</a></p>",
        &format!("<img src=\"cid:{}\" alt=\"Lamp\">", lamp.hex()),
        "<a href=\"https://pics.test/big.png\">Big</a>",
        "<blockquote>Older words</blockquote>",
    ] {
        assert!(html.contains(part), "{part}\n in {html}");
    }
    assert!(
        !html.contains("part-link") && !html.contains("data-remote") && !html.contains("<details")
    );
    assert!(history.text.contains("> Older words"), "{}", history.text);
    let inline = s.read(move |c| {
        ids.iter()
            .map(|f| Ok(files::get(c, *f)?.inline))
            .collect::<parley_engine::Result<Vec<_>>>()
    });
    assert_eq!(inline, [true, false]);
}

#[test]
fn a_picture_that_was_taken_out_of_a_forwarded_mail_leaves_its_words() {
    let s = Scene::new();
    let id = arrives_raw(&s, &newsletter(), None);
    let o = sent(&s, &json!({ "forwarding": id, "files": [] }));
    let html = o.mail.history.unwrap().html.unwrap();
    assert!(html.contains("Lamp") && !html.contains("<img"), "{html}");
}

#[test]
fn an_answer_quotes_the_html_that_its_writer_wrote_last_and_no_more() {
    let s = Scene::new();
    let id = arrives_raw(&s, &newsletter(), None);
    let o = sent(&s, &json!({ "answering": id }));
    let history = o.mail.history.unwrap();
    let html = history.html.unwrap();
    assert!(
        html.starts_with("<p style=\"color:red\">Hello <a href="),
        "{html}"
    );
    assert!(
        !html.contains("Older words") && !html.contains("<img"),
        "{html}"
    );
    assert_eq!(history.text.trim(), "Hello shop");
}

#[test]
fn a_mail_of_text_is_answered_and_passed_on_as_text() {
    let s = Scene::new();
    let id = s.arrives(&Mail::from(ANNA).text("Only text"));
    for how in ["answering", "forwarding"] {
        let o = sent(&s, &json!({ how: id }));
        assert_eq!(o.mail.history.unwrap().html, None);
    }
}

fn item(s: &Scene) -> dto::MessageItem {
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
            dto::TimelineItem::Message(m) => Some(*m),
            _ => None,
        })
        .unwrap()
}

fn mail(kind: &str, body: &str) -> String {
    format!(
        "From: Anna <{ANNA}>\nTo: team@parley.test\nSubject: x\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <long@shop.test>\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n"
    )
}

#[test]
fn html_that_is_too_much_is_said_to_be_left_out_and_no_html_is_not() {
    for (kind, body, left_out) in [
        ("html", "<div>".repeat(300) + "deep", true),
        ("html", "<p>fine</p>".into(), false),
        ("plain", "fine".into(), false),
    ] {
        let s = Scene::new();
        arrives_raw(&s, &mail(kind, &body), None);
        let m = item(&s);
        assert_eq!(m.html_left_out, left_out, "{kind} {body:.20}");
        assert_eq!(m.html, kind == "html" && !left_out);
        assert!(!m.text.is_empty());
    }
}

/// The whole text, from what is kept and from the mail itself.
fn whole(s: &Scene, id: MessageId) -> (String, usize) {
    let kept = s.does(args::MessageText { id });
    let Some(beginning) = kept.text.strip_suffix("\n[…]").filter(|_| kept.rest) else {
        return (kept.text, 0);
    };
    let (mut all, mut from, mut pieces) = (beginning.to_owned(), None, 0);
    loop {
        let piece = s.does(args::MessageRest { id, from });
        all.push_str(&piece.text);
        pieces += 1;
        from = piece.next;
        if from.is_none() {
            assert_eq!(piece.total, all.len() as u64);
            return (all, pieces);
        }
    }
}

#[test]
fn the_rest_of_a_long_text_comes_piece_by_piece_from_the_mail_itself() {
    let line = "A line of a long mail, with ä, ö and 漢字.\n";
    let long = line.repeat(MAX_TEXT / line.len() + 3_500);
    let html = format!("<p>{}</p>", long.replace('\n', "<br>"));
    for (kind, body) in [("plain", &long), ("html", &html)] {
        let s = Scene::new();
        let id = arrives_raw(&s, &mail(kind, body), None);
        let (all, pieces) = whole(&s, id);
        assert!(
            all == long.trim_end(),
            "{kind}: {} {}",
            all.len(),
            long.len()
        );
        assert!(pieces >= 2, "{kind}: {pieces}");
    }
    let s = Scene::new();
    let id = arrives_raw(&s, &mail("plain", "short"), None);
    assert_eq!(whole(&s, id).1, 0);
    assert!(s.ask(args::MessageRest { id, from: None }).is_err());
}

#[test]
fn html_too_large_to_be_shown_gives_all_of_its_text() {
    // Much of it is markup, so that little is left to be read on.
    let filler = "x".repeat(40);
    let line = format!("<p title=\"{filler}\">A line of a page that is far too long.</p>");
    let lines = 30_000;
    let body = line.repeat(lines) + "<p>The very end.</p>";
    let s = Scene::new();
    let id = arrives_raw(&s, &mail("html", &body), None);
    assert!(item(&s).html_left_out);
    let (all, _) = whole(&s, id);
    assert!(all.ends_with("The very end."), "{}", &all[all.len() - 40..]);
    assert_eq!(all.matches("A line").count(), lines);
}
