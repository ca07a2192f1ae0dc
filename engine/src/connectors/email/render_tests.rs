use super::*;
use crate::model::{FileId, MessageId, OutgoingFile};
use mail_parser::{MessageParser, MimeHeaders};

fn party(address: &str) -> Party {
    Party {
        name: None,
        address: address.into(),
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        key: MessageId::parse(&"ab".repeat(16)).unwrap(),
        from: Party {
            name: Some("Shöp, \"Ltd\"".into()),
            address: "info@shop.test".into(),
        },
        to: vec![party("anna@x.test")],
        cc: vec![],
        subject: Some("Re: Größe 😀".into()),
        html: None,
        text: "Hallo Jürgen,\n.\n..dots\nFrom here\n".into(),
        bcc: vec![],
        signature: String::new(),
        history: None,
        route: None,
        template: None,
        files: vec![],
        message_id: "t-1.abc@shop.test".into(),
        in_reply_to: Some("m2@x.test".into()),
        references: vec!["m1@x.test".into(), "m2@x.test".into()],
        customer_wrote: None,
        date: 1_704_186_000_123,
    }
}

fn text_of(message: &Outgoing) -> String {
    String::from_utf8(render(message).unwrap().raw).unwrap()
}

fn refused(message: &Outgoing) -> ChannelError {
    let e = render(message).unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    e
}

#[test]
fn a_mail_is_written_so_that_a_reader_gets_back_what_was_meant() {
    let raw = render(&outgoing()).unwrap().raw;
    let mail = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.message_id(), Some("t-1.abc@shop.test"));
    assert_eq!(mail.in_reply_to().as_text(), Some("m2@x.test"));
    assert_eq!(
        mail.references().as_text_list().unwrap(),
        ["m1@x.test", "m2@x.test"]
    );
    assert_eq!(mail.subject(), Some("Re: Größe 😀"));
    assert_eq!(mail.date().unwrap().to_timestamp(), 1_704_186_000);
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Shöp, \"Ltd\""), Some("info@shop.test"))
    );
    assert_eq!(
        mail.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
        "Hallo Jürgen,\n.\n..dots\nFrom here"
    );
    assert!(
        raw.is_ascii()
            && !String::from_utf8_lossy(&raw)
                .replace("\r\n", "")
                .contains(['\r', '\n'])
    );
}

#[test]
fn the_same_message_gives_the_same_bytes_each_time() {
    let mut m = outgoing();
    m.files = vec![OutgoingFile {
        id: FileId::random(),
        name: "résumé.pdf".into(),
        mime: "application/pdf".into(),
        inline: false,
        bytes: b"%PDF\n\0\xff".to_vec(),
    }];
    assert_eq!(render(&m).unwrap().raw, render(&m).unwrap().raw);
}

#[test]
fn files_keep_their_names_types_and_bytes() {
    let mut m = outgoing();
    let names = [
        "résumé.pdf",
        "日本語のとても長いファイル名です.txt",
        "plain.bin",
        "a\r\nBcc: x@y.test\".txt",
    ];
    m.files = names
        .iter()
        .map(|n| OutgoingFile {
            id: FileId::random(),
            name: (*n).into(),
            mime: "application/pdf\r\nX: y".into(),
            inline: false,
            bytes: b"a\nb\r\n.\r\nc\0\xff".to_vec(),
        })
        .collect();
    let raw = render(&m).unwrap().raw;
    let mail = MessageParser::default().parse(&raw).unwrap();
    let found: Vec<_> = mail
        .attachments()
        .map(|a| {
            (
                a.attachment_name().unwrap_or_default().to_owned(),
                a.contents().to_vec(),
            )
        })
        .collect();
    assert_eq!(
        found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(),
        [
            "résumé.pdf",
            "日本語のとても長いファイル名です.txt",
            "plain.bin",
            "aBcc_ x@y.test_.txt"
        ]
    );
    assert!(found.iter().all(|f| f.1 == b"a\nb\r\n.\r\nc\0\xff"));
    assert!(mail.bcc().is_none());
}

#[test]
fn no_field_can_smuggle_in_a_header_or_a_command() {
    let mut m = outgoing();
    m.subject = Some("x\r\nBcc: evil@y.test\r\n\r\nbody".into());
    m.from.name = Some("n\r\nBcc: evil@y.test".into());
    m.to[0].name = Some("n\nBcc: evil@y.test\0".into());
    let text = text_of(&m);
    assert!(
        !text.lines().any(|l| l.to_lowercase().starts_with("bcc")),
        "{text}"
    );
    assert_eq!(render(&m).unwrap().envelope.to().len(), 1);
    for bad in [
        "a@b.test\r\nRCPT TO:<x@y.test>",
        "a b@c.test",
        "a@b.test>",
        "<a@b.test",
        "",
        "anna",
        "a@b\0.test",
        "a@b.test x",
    ] {
        let mut m = outgoing();
        m.to = vec![party(bad)];
        assert_eq!(refused(&m).step, "recipient", "{bad:?}");
        let mut m = outgoing();
        m.from = party(bad);
        refused(&m);
    }
    for bad in ["", "a b@c", "a\r\nX: y", "ü@x", "<<>>"] {
        let mut m = outgoing();
        m.message_id = bad.into();
        assert_eq!(refused(&m).step, "message", "{bad:?}");
    }
    let mut m = outgoing();
    m.references = vec!["ok@x".into(), "bad\r\nX: y".into()];
    assert!(text_of(&m).contains("References: <ok@x>\r\n"));
}

#[test]
fn a_message_without_recipients_is_refused() {
    let mut m = outgoing();
    m.to.clear();
    assert_eq!(refused(&m).step, "recipient");
}

#[test]
fn each_recipient_is_named_once_and_copies_are_visible() {
    let mut m = outgoing();
    m.cc = vec![party("bob@x.test"), party("anna@x.test")];
    let r = render(&m).unwrap();
    assert_eq!(r.envelope.to().len(), 2);
    assert!(String::from_utf8_lossy(&r.raw).contains("Cc: bob@x.test, anna@x.test"));
}

#[test]
fn a_domain_of_any_script_is_written_in_plain_letters() {
    let mut m = outgoing();
    m.to = vec![party("a@müller.test")];
    assert_eq!(
        render(&m).unwrap().envelope.to()[0].to_string(),
        "a@xn--mller-kva.test"
    );
}

#[test]
fn a_long_thread_keeps_its_first_and_its_newest_ids() {
    let ids: Vec<String> = (0..60).map(|n| format!("{n}@x")).collect();
    let kept = references(&ids);
    assert!(
        kept.starts_with("<0@x> <41@x>") && kept.ends_with("<59@x>"),
        "{kept}"
    );
    assert_eq!(kept.split(' ').count(), MAX_REFERENCES);
    assert_eq!(references(&ids[..3]), "<0@x> <1@x> <2@x>");
}

#[test]
fn text_in_any_script_arrives_whole() {
    for text in [
        "",
        "x",
        "日本語の文章です。\nこれは二行目です。",
        "line\r\nline\rline",
        &"long ".repeat(500),
        "= =3D =\n",
        "trailing  \t\n  leading",
    ] {
        let mut m = outgoing();
        m.text = text.into();
        let raw = render(&m).unwrap().raw;
        let mail = MessageParser::default().parse(&raw).unwrap();
        let got = mail
            .body_text(0)
            .map(|t| t.replace("\r\n", "\n"))
            .unwrap_or_default();
        assert_eq!(
            got.trim_end_matches('\n'),
            text.replace("\r\n", "\n")
                .replace('\r', "\n")
                .trim_end_matches('\n'),
            "{text:?}"
        );
        assert!(raw.split(|b| *b == b'\n').all(|l| l.len() <= 999));
    }
}

#[test]
fn text_and_html_say_the_same_and_both_carry_the_signature_and_what_is_answered() {
    let mut m = outgoing();
    m.text = "It is <there>.".into();
    m.signature = "Tom\nLamp Shop".into();
    m.history = Some(letter::History::new("Anna wrote:", "Is it there?", false));
    let raw = render(&m).unwrap().raw;
    let mail = MessageParser::default().parse(&raw).unwrap();
    let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(
        text.trim_end(),
        "It is <there>.\n\n-- \nTom\nLamp Shop\n\nAnna wrote:\n> Is it there?"
    );
    let html = mail.body_html(0).unwrap();
    for part in [
        "It is &lt;there&gt;.",
        "Tom<br>",
        "<blockquote type=\"cite\"",
        "Is it there?",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn pictures_inside_the_text_are_found_by_their_content_id() {
    let mut m = outgoing();
    let file = |name: &str, inline| OutgoingFile {
        id: FileId::random(),
        name: name.into(),
        mime: "image/png".into(),
        inline,
        bytes: b"\x89PNG".to_vec(),
    };
    m.files = vec![file("lamp.png", true), file("plan.png", false)];
    let raw = render(&m).unwrap().raw;
    let mail = MessageParser::default().parse(&raw).unwrap();
    let html = mail.body_html(0).unwrap();
    let inline = mail
        .parts
        .iter()
        .find_map(|p| p.content_id())
        .unwrap()
        .trim_matches(['<', '>'])
        .to_owned();
    assert!(html.contains(&format!("cid:{inline}")), "{html}");
    let names: Vec<_> = mail
        .attachments()
        .filter_map(|a| a.attachment_name())
        .collect();
    assert_eq!(names, ["lamp.png", "plan.png"]);
}

#[test]
fn hidden_copies_are_delivered_and_named_nowhere() {
    let mut m = outgoing();
    m.bcc = vec![party("boss@shop.test")];
    let r = render(&m).unwrap();
    assert_eq!(r.envelope.to().len(), 2);
    assert!(!String::from_utf8_lossy(&r.raw).contains("boss"));
}

#[test]
fn a_mail_that_is_passed_on_carries_its_html_and_the_pictures_in_it() {
    let mut m = outgoing();
    let file = |name: &str, inline| OutgoingFile {
        id: FileId::random(),
        name: name.into(),
        mime: "image/png".into(),
        inline,
        bytes: b"\x89PNG".to_vec(),
    };
    m.files = vec![file("lamp.png", true), file("plan.png", false)];
    let shown = format!(
        "<p>Hi <img src=\"cid:{}\" alt=\"Lamp\"></p>",
        m.files[0].id.hex()
    );
    m.text = "See below.".into();
    m.history = Some(letter::History::new("Forwarded message", "Hi", true).with_html(Some(shown)));
    let raw = render(&m).unwrap().raw;
    assert_eq!(raw, render(&m).unwrap().raw);
    let mail = MessageParser::default().parse(&raw).unwrap();
    let inline = mail
        .parts
        .iter()
        .find_map(|p| p.content_id())
        .unwrap()
        .trim_matches(['<', '>'])
        .to_owned();
    let html = mail.body_html(0).unwrap().replace("\r\n", "\n");
    assert!(
        html.contains("<div>Forwarded message</div><br><div><p>Hi "),
        "{html}"
    );
    assert_eq!(html.matches(&format!("src=\"cid:{inline}\"")).count(), 1);
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("See below.") && text.contains("Forwarded message"));
}
