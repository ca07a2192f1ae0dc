use super::*;
use crate::model::{Class, Identity};
use proptest::prelude::*;

fn event(raw: &[u8]) -> Event {
    convert(raw, RemoteId("r".into()), Place::Inbox, Some(5), true)
}

fn mail(raw: &str) -> Box<Incoming> {
    match event(raw.replace('\n', "\r\n").as_bytes()) {
        Event::Message(m) => m,
        Event::Unreadable { reason, .. } => panic!("not readable: {reason}"),
        _ => panic!("no mail"),
    }
}

fn reason(raw: &[u8]) -> String {
    match event(raw) {
        Event::Unreadable {
            reason, raw: kept, ..
        } => {
            assert_eq!(kept, raw);
            reason
        }
        _ => panic!("readable"),
    }
}

#[test]
fn a_plain_mail_is_read_with_all_its_fields() {
    let m = mail(concat!(
        "Received: from a by mx.b.test; Tue, 2 Jan 2024 10:00:05 +0100\nReceived: from x by y; Tue, 2 Jan 2024 08:00:00 +0000\n",
        "Authentication-Results: b.test; dmarc=pass\nMessage-ID: <m3@shop.test>\nIn-Reply-To: <m2@us.test>\nReferences: <m1@shop.test>\n <m2@us.test>\n",
        "Date: Tue, 2 Jan 2024 10:00:00 +0100\nFrom: =?utf-8?Q?J=C3=BCrgen?= <j@shop.test>\nReply-To: other@shop.test\nTo: A <a@us.test>, b@us.test\nCc: c@x.test\n",
        "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?8J+YgA==?=\nContent-Type: text/plain; charset=utf-8\n\nHallo\nWelt\n\n"
    ));
    assert_eq!(
        m.from,
        Some(Party {
            name: Some("Jürgen".into()),
            address: "j@shop.test".into()
        })
    );
    assert_eq!(m.subject.as_deref(), Some("Grüße😀"));
    assert_eq!(m.text, "Hallo\nWelt");
    assert_eq!(
        m.to.iter().map(|p| p.address.as_str()).collect::<Vec<_>>(),
        ["a@us.test", "b@us.test"]
    );
    assert_eq!(
        (m.cc[0].address.as_str(), m.reply_to[0].address.as_str()),
        ("c@x.test", "other@shop.test")
    );
    assert_eq!(m.thread.message_id.as_deref(), Some("m3@shop.test"));
    assert_eq!(
        (
            m.thread.in_reply_to.as_slice(),
            m.thread.references.as_slice()
        ),
        (
            &["m2@us.test".to_owned()][..],
            &["m1@shop.test".to_owned(), "m2@us.test".to_owned()][..]
        )
    );
    assert_eq!(
        m.times,
        Times {
            claimed: Some(1_704_186_000_000),
            received: Some(1_704_186_005_000),
            provider: Some(5)
        }
    );
    assert_eq!(
        (m.class, m.authenticated, m.seen, m.remote_id.0.as_str()),
        (Class::Human, Some(true), true, "r")
    );
    assert!(matches!(&m.identity, Identity::Content(p) if p[1] == b"<m3@shop.test>"));
    assert!(m.html.is_none() && m.files.is_empty());
}

#[test]
fn old_charsets_and_encodings_are_read() {
    for (header, body, want) in [
        (
            "text/plain; charset=iso-8859-15\nContent-Transfer-Encoding: quoted-printable",
            "10 =A4",
            "10 €",
        ),
        (
            "text/plain; charset=windows-1252\nContent-Transfer-Encoding: quoted-printable",
            "=84Hi=93",
            "„Hi“",
        ),
        (
            "text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64",
            "k/qWew==",
            "日本",
        ),
        (
            "text/plain; charset=utf-8\nContent-Transfer-Encoding: base64",
            "4oKs",
            "€",
        ),
        ("text/plain; charset=nonsense", "plain", "plain"),
    ] {
        assert_eq!(
            mail(&format!(
                "From: a@b.test\nContent-Type: {header}\n\n{body}\n"
            ))
            .text,
            want,
            "{header}"
        );
    }
}

#[test]
fn letters_without_a_charset_are_read_as_western_ones() {
    let text = |raw: &[u8]| match event(raw) {
        Event::Message(m) => (m.subject.unwrap_or_default(), m.text),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        text(b"From: a@b.test\r\nSubject: Gr\xfc\xdfe\r\n\r\nStra\xdfe \x80\r\n"),
        ("Grüße".into(), "Straße €".into())
    );
    assert_eq!(text(b"From: a@b.test\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nStra=DFe\r\n").1, "Straße");
    assert_eq!(text(b"From: a@b.test\r\nContent-Type: text/plain; charset=x-unknown\r\nContent-Transfer-Encoding: base64\r\n\r\nU3RyYd9l\r\n").1, "Straße");
    assert_eq!(
        text("From: a@b.test\r\nSubject: Grüße\r\n\r\nStraße\r\n".as_bytes()),
        ("Grüße".into(), "Straße".into())
    );
    // A charset that is named and known is believed.
    assert_eq!(
        text(b"From: a@b.test\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n\xc4\xc1\r\n").1,
        "да"
    );
}

#[test]
fn html_alone_gives_text_to_search_and_clean_html_to_show() {
    let m = mail(
        "From: a@b.test\nContent-Type: text/html; charset=utf-8\n\n<p>Hi <b>you</b></p><script>x</script><img src=https://t.test/1>\n",
    );
    assert!(m.text.contains("Hi") && m.text.contains("you") && !m.text.contains('<'));
    let html = m.html.unwrap();
    assert!(html.html.contains("<b>you</b>") && !html.html.contains("script"));
    assert_eq!(html.blocked, ["https://t.test/1"]);
}

const RELATED: &str = concat!(
    "From: a@b.test\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n",
    "--a\nContent-Type: text/plain\n\nplain\n--a\nContent-Type: text/html\n\n<p>rich <img src=\"cid:pic@1\"></p>\n--a--\n--r\nContent-Type: image/png; name=pic.png\nContent-ID: <pic@1>\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\n\niVBORw0KGgo=\n--r--\n",
    "--m\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename*0*=utf-8''r%C3%A9; filename*1*=sum%C3%A9.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n",
    "--m\nContent-Type: image/png\nContent-Disposition: inline; filename=loose.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
    "--m\nContent-Type: message/rfc822\n\nFrom: x@y.test\nSubject: Inner / one\n\ninside\n--m--\n"
);

#[test]
fn files_are_found_named_and_typed_by_their_content() {
    let m = mail(RELATED);
    assert_eq!(m.text, "plain");
    assert!(
        m.html
            .as_ref()
            .unwrap()
            .html
            .contains("part://localhost/cid/pic%401")
    );
    let seen: Vec<_> = m
        .files
        .iter()
        .map(|f| (f.name.as_str(), f.mime.as_str(), f.inline))
        .collect();
    assert_eq!(
        seen,
        [
            ("pic.png", "image/png", true),
            ("résumé.pdf", "application/pdf", false),
            ("loose.png", "image/png", false),
            ("one.eml", "message/rfc822", false)
        ]
    );
    assert_eq!(m.files[1].bytes, b"%PDF-1.4\n");
    let inner = String::from_utf8_lossy(&m.files[3].bytes);
    assert!(
        inner.starts_with("From: x@y.test") && inner.contains("inside") && !inner.contains("--m"),
        "{inner}"
    );
}

#[test]
fn broken_multiparts_still_give_their_text() {
    assert!(mail("From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nno end").text.contains("no end"));
    let cut = mail(
        "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<b>no</b> end",
    );
    assert_eq!(
        (
            cut.text.as_str(),
            cut.files.len(),
            cut.html.map(|h| h.html).as_deref()
        ),
        ("no end", 0, Some("<b>no</b> end"))
    );
    assert!(
        mail("From: a@b.test\nContent-Type: multipart/mixed\n\nno boundary at all\n")
            .text
            .contains("no boundary")
    );
    assert!(mail("From: a@b.test\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!not base64!!!\n").text.contains("not base64"));
    assert_eq!(
        mail("\n\nFrom a@b Mon\nFrom: a@b.test\nSubject: late\n\nx")
            .subject
            .as_deref(),
        Some("late")
    );
    assert_eq!(
        mail("From: a@b.test\nFrom: c@d.test\n\nx")
            .from
            .map(|p| p.address)
            .as_deref(),
        Some("a@b.test")
    );
}

#[test]
fn hostile_file_names_become_safe_ones() {
    for (given, want) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\report.pdf", "report.pdf"),
        ("invoice\u{202E}gpj.exe", "invoicegpj.exe"),
        ("a\0b\r\n.txt", "ab.txt"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("...", "file-3.pdf"),
        ("", "file-3.pdf"),
        ("a<b>:c?.txt", "a_b__c_.txt"),
        (".bashrc", "bashrc"),
        ("  x.txt. ", "x.txt"),
    ] {
        assert_eq!(safe_name(given, "application/pdf", 3), want, "{given:?}");
    }
    let long = safe_name(&format!("{}.pdf", "ü".repeat(300)), "application/pdf", 1);
    assert!(long.len() <= crate::model::filename::MAX_FILE_NAME && long.ends_with("ü.pdf"));
}

#[test]
fn a_mail_over_its_budget_is_kept_unread_with_the_reason() {
    assert!(reason(b"").contains("no header"));
    assert!(reason(b"\r\n\r\n").contains("no header"));
    let fields = |n: usize| format!("From: a@b.test\n{}\nx", "X: y\n".repeat(n - 1));
    assert!(matches!(
        event(fields(MAX_HEADERS).as_bytes()),
        Event::Message(_)
    ));
    assert!(reason(fields(MAX_HEADERS + 1).as_bytes()).contains("fields"));
    assert!(
        reason(format!("From: a@b\nX: {}\n\nx", "y".repeat(MAX_HEADER_BLOCK)).as_bytes())
            .contains("KB")
    );
    let to = |n: usize| {
        format!(
            "From: a@b.test\nTo: {}\n\nx",
            vec!["a@b.test"; n].join(",\n ")
        )
    };
    assert!(matches!(
        event(to(MAX_ADDRESSES).as_bytes()),
        Event::Message(_)
    ));
    assert!(reason(to(MAX_ADDRESSES + 1).as_bytes()).contains("addresses"));
    let parts = |n: usize| {
        format!(
            "From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n{}--x--\n",
            "--x\n\ny\n".repeat(n)
        )
    };
    for n in [MAX_PARTS - 2, MAX_PARTS - 1] {
        assert!(
            matches!(event(parts(n).as_bytes()), Event::Message(_)),
            "{n}"
        );
    }
    assert!(reason(parts(MAX_PARTS).as_bytes()).contains("parts"));
}

#[test]
fn deep_nesting_is_refused_before_it_can_hurt() {
    let nested = |n: usize| {
        format!(
            "From: a@b\n{}\nend",
            "Content-Type: message/rfc822\n\n".repeat(n)
        )
    };
    for n in [10, MAX_MIME_DEPTH - 2, MAX_MIME_DEPTH - 1] {
        assert!(
            matches!(event(nested(n).as_bytes()), Event::Message(_)),
            "{n}"
        );
    }
    for n in [MAX_MIME_DEPTH, 500, 100_000] {
        assert!(reason(nested(n).as_bytes()).contains("deeper"), "{n}");
    }
    let boxes: String = (0..100)
        .map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"))
        .collect();
    assert!(reason(format!("From: a@b\n{boxes}\nx").as_bytes()).contains("deeper"));
}

#[test]
fn containers_that_never_begin_cost_no_search_for_their_boundaries() {
    let mut hostile = "From: a@b\nContent-Type: multipart/mixed; boundary=q\n\n".to_owned();
    for i in 0..400 {
        hostile.push_str(&format!(
            "--q\nContent-Type: Multipart/Mixed; boundary=none{i}\n\n"
        ));
    }
    hostile.push_str(&"x\n".repeat(500_000));
    assert!(matches!(event(hostile.as_bytes()), Event::Message(m) if m.text.starts_with("x\n")));
}

#[test]
fn a_very_long_text_is_cut_and_says_so() {
    let m = mail(&format!("From: a@b.test\n\n{}", "word ".repeat(300_000)));
    assert!(m.text.len() <= MAX_TEXT + 16 && m.text.ends_with("[…]"));
}

#[test]
fn junk_and_programs_are_told_from_people() {
    let raw = b"From: a@b.test\r\nAuto-Submitted: auto-replied\r\n\r\nx";
    assert!(
        matches!(event(raw), Event::Message(m) if m.class == Class::Machine && m.class_reason == Some("auto-submitted"))
    );
    assert!(
        matches!(convert(raw, RemoteId("r".into()), Place::Junk, None, false), Event::Message(m) if m.class == Class::Junk)
    );
}

/// Mails that others made; they lie outside the project.
#[test]
fn real_mails_and_bounces_are_all_read_and_bounces_are_machines() {
    let shared = std::env::var("PARLEY_SHARED")
        .map_or_else(
            |_| std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
            Into::into,
        )
        .join("data");
    if !shared.is_dir() {
        eprintln!("skipped: no data at {} (PARLEY_SHARED)", shared.display());
        return;
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for folder in ["mail", "sisimai", "replies"] {
        for path in eml_files(&shared.join(folder)) {
            let raw = std::fs::read(&path).unwrap();
            count += 1;
            match event(&raw) {
                Event::Message(m) if folder != "replies" && m.class != Class::Machine => wrong
                    .push(format!(
                        "{} is {:?} from {:?}: {:?}",
                        path.display(),
                        m.class,
                        m.from,
                        m.subject
                    )),
                Event::Message(_) => {}
                // What has no header at all is no mail; it must still be kept.
                Event::Unreadable { raw: kept, .. } => {
                    assert_eq!(kept, raw);
                    if folder != "replies" {
                        wrong.push(format!("{} is unreadable", path.display()));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count > 50, "only {count} mails at {}", shared.display());
}

fn eml_files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(eml_files(&path));
        } else if path.extension().is_some_and(|e| e == "eml" || e == "txt") {
            out.push(path);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic_or_lose_a_mail(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let kept = match event(&bytes) { Event::Message(m) => m.raw, Event::Unreadable { raw, .. } => raw, other => panic!("{other:?}") };
        prop_assert_eq!(kept, bytes);
    }

    #[test]
    fn no_damage_to_a_real_mail_makes_it_panic(cuts in proptest::collection::vec((0usize..RELATED.len(), any::<u8>()), 1..20), end in 0usize..RELATED.len()) {
        let mut bytes = RELATED.as_bytes().to_vec();
        for (at, b) in cuts { bytes[at] = b; }
        bytes.truncate(end);
        let kept = match event(&bytes) { Event::Message(m) => m.raw, Event::Unreadable { raw, .. } => raw, other => panic!("{other:?}") };
        prop_assert_eq!(kept, bytes);
    }
}
