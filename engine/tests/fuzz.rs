//! Damaged input for everything that reads what strangers wrote. A run is the same every time; with
//! `PARLEY_FUZZ_SECONDS` each target goes on from a new seed for that long. What breaks a target is kept in
//! `tests/fuzz/crashes` and tried again in every run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use parley_engine::api::inspect::{What, inspect};
use parley_engine::connectors::email::convert::{MAX_FILE_NAME, convert, safe_name};
use parley_engine::connectors::email::{folder_name, imap_understood, written};
use parley_engine::model::letter::History;
use parley_engine::model::{Event, MessageId, Outgoing, Party, Place, RemoteId, email_key};
use parley_engine::store::search;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Damaged inputs of each target in an ordinary run.
const CASES: u32 = 400;

// ---- the mutator --------------------------------------------------------------------------------------

/// xorshift64*: the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() >> 16).unwrap_or(0) % n.max(1)
    }
}

/// What breaks readers more often than chance does.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"\xc3",
    b"\xf0\x9f\x98",
    b"\xe2\x80\xae",
    b"=?utf-8?Q?",
    b"=?utf-8?B?",
    b"?=",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"(",
    b")",
    b":",
    b";",
    b",",
    b"@",
    b"--b",
    b"--b--",
    b"=",
    b"=3D",
    b"=\r\n",
    b"%00",
    b"*0*=",
    b"multipart/mixed; boundary=b",
    b"message/rfc822",
    b"Content-Type: ",
    b"Content-Transfer-Encoding: base64\r\n",
    b"<script>",
    b"</style>",
    b"<!--",
    b"]]>",
    b"<svg>",
    b"url(",
    b"expression(",
    b"javascript:",
    b"&#x",
    b"&lt;",
    b" OR ",
    b" -",
    b"from:",
    b"*",
    b"+",
    b"00",
    b"\xd9\xa3",
    b"> ",
    b"-- \n",
    b"On x wrote:\n",
    b"A1 OK\r\n",
    b"{99999999}\r\n",
    b"&-",
    b"&AOQ",
    b"999999999999999999999",
];

fn damaged(dice: &mut Dice, seeds: &[&[u8]]) -> Vec<u8> {
    let mut data = seeds[dice.below(seeds.len())].to_vec();
    for _ in 0..=dice.below(6) {
        let (a, b) = (dice.below(data.len() + 1), dice.below(data.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        match dice.below(8) {
            0 if !data.is_empty() => {
                let at = dice.below(data.len());
                data[at] ^= 1 << dice.below(8);
            }
            1 => drop(data.drain(from..to)),
            2 => {
                let piece = data[from..to].to_vec();
                data.splice(from..from, piece);
            }
            3 => data.truncate(from),
            4 => {
                let other = seeds[dice.below(seeds.len())];
                let cut = dice.below(other.len() + 1);
                data.splice(from..to, other[cut..].to_vec());
            }
            5 => {
                let token = TOKENS[dice.below(TOKENS.len())].repeat(1 + dice.below(60));
                data.splice(from..from, token);
            }
            _ => {
                let token = TOKENS[dice.below(TOKENS.len())].to_vec();
                data.splice(from..from, token);
            }
        }
        data.truncate(40_000);
    }
    data
}

fn kept() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/crashes")
}

/// Tries a target with its seeds, with what broke it once, and with damaged seeds.
fn fuzz(target: &str, seeds: &[&[u8]], run: impl Fn(&[u8])) {
    for entry in std::fs::read_dir(kept()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("{target}-")) {
            run(&std::fs::read(entry.path()).unwrap());
        }
    }
    seeds.iter().for_each(|s| run(s));
    let seconds = std::env::var("PARLEY_FUZZ_SECONDS")
        .ok()
        .and_then(|s| s.parse::<u64>().ok());
    let end = seconds.map(|s| Instant::now() + Duration::from_secs(s));
    let first = match end {
        None => 0x5EED,
        Some(_) => u64::from(std::process::id()) << 20 | 0x5EED,
    };
    let mut dice = Dice(first);
    let mut tried = 0u32;
    while end.map_or(tried < CASES, |e| Instant::now() < e) {
        let input = damaged(&mut dice, seeds);
        if catch_unwind(AssertUnwindSafe(|| run(&input))).is_err() {
            let path = kept().join(format!("{target}-{first:x}-{tried}"));
            std::fs::write(&path, &input).unwrap();
            panic!(
                "{target} broke; what broke it is kept in {}",
                path.display()
            );
        }
        tried += 1;
    }
    println!("{target}: {tried} damaged inputs");
}

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

// ---- the targets --------------------------------------------------------------------------------------

const MAILS: &[&[u8]] = &[
    b"From: Anna <a@b.test>\r\nTo: c@d.test\r\nDate: Tue, 2 Jan 2024 10:00:00 +0100\r\nMessage-ID: <1@b.test>\r\nReferences: <x@b> <y@b>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nText \r\nflows\r\n> old\r\n--b\r\nContent-Type: text/csv; name*0*=utf-8''a%20; name*1=b.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nMTsy\r\n--b--\r\n",
    b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: a@b.test\nSubject: failure notice\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n<c@d.test>:\n550 5.1.1 user unknown\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; c@d.test\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <2@b.test>\nTo: c@d.test\n\nx\n--b--\n",
    b"From: a@b.test\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Fitting\nDTSTART:20240102T100000Z\nORGANIZER;CN=\"Anna\":mailto:a@b.test\nEND:VEVENT\nEND:VCALENDAR\n",
    b"From: \"Berg, Anna\" <a@b.test>, G: x@y.test, Z <z@y.test>;\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>Gr=C3=BC=C3=9Fe <img src=3Dcid:1><a href=3D\"https://x.test\">x</a></p>\n",
];

#[test]
fn no_damaged_mail_is_lost_or_breaks_the_reader() {
    fuzz("mail", MAILS, |input| {
        let kept = match convert(input, RemoteId("r".into()), Place::Inbox, None, false) {
            Event::Message(m) => {
                assert!(m.files.iter().all(|f| !f.name.contains(['/', '\\', '\0'])));
                m.raw
            }
            Event::Unreadable { raw, reason, .. } => {
                assert!(!reason.contains("broke the reader"), "{reason}");
                raw
            }
            _ => panic!("no mail"),
        };
        assert!(kept == input);
        if let Ok(m) = inspect(What::Mail, input, "") {
            let part = |k: &str| m[k].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                m["machine_generated"].as_bool(),
                Some(m["kind"] != "person")
            );
            assert!(part("text").len() <= 1024 * 1024 + 16);
        }
    });
}

#[test]
fn no_damaged_html_keeps_a_script() {
    let seeds: &[&[u8]] = &[
        b"<p onclick=x()>a<b>b</b><script>x</script><img src=https://t.test/1 onerror=y>",
        b"<style>p{color:red}</style><a href=javascript:x>y</a><svg><script>z</script></svg><math><mi>",
        b"<table><tr><td background=https://t.test/2 style=\"width:1px\">x<blockquote>y",
    ];
    fuzz("html", seeds, |input| {
        let Ok(out) = inspect(What::Html, input, "") else {
            return;
        };
        let html = out["html"].as_str().unwrap().to_lowercase();
        assert!(
            !html.contains("<script") && !html.contains("<svg") && !html.contains("<style"),
            "{html}"
        );
    });
}

#[test]
fn no_damaged_css_loads_anything() {
    let seeds: &[&[u8]] = &[
        b"color: red; background: url(https://t.test/1)",
        b"width: expression(x()); -moz-binding: url(//t.test)",
        b"font-family: 'a\\'b'; position: fixed; color: rgb(1,2,3)",
    ];
    fuzz("css", seeds, |input| {
        let css = text(input).replace(['"', '<', '>', '&'], " ");
        loads_nothing(&format!("<p style=\"{css}\">x</p>"));
    });
}

fn loads_nothing(html: &str) {
    let Ok(out) = inspect(What::Html, html.as_bytes(), "") else {
        return;
    };
    let html = out["html"].as_str().unwrap().to_lowercase();
    for bad in ["url(", "expression(", "position", "@import", "<style"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
}

#[test]
fn no_damaged_style_sheet_loads_anything() {
    let seeds: &[&[u8]] = &[
        b"@import 'https://t.test/0';p,.a>b,#c td{color:red;background:url(https://t.test/1)!important}",
        b"<!-- @media screen{.a .b{width:expression(x());position:fixed}} --> *{margin:0 auto}",
        b"p{pos\\69tion:absolute;u\\72l:x;font:italic 12px/1.5 'a'}p:hover{color:red}[x]{y:z}",
    ];
    fuzz("sheet", seeds, |input| {
        // What stands behind its end is no sheet any more.
        let css = text(input).replace("</", " ");
        loads_nothing(&format!(
            "<style>{css}</style><body><div class=a id=c><p class=b style='color:blue'>x</p><table><td>y</table></div>"
        ));
    });
}

#[test]
fn an_address_is_none_or_stays_the_same() {
    let seeds: &[&[u8]] = &[
        b"anna@shop.test",
        b"\"Berg, Anna\" <Anna.Berg@Shop.test>",
        b"\"a b\"@x.test",
        b"a(c)@[192.0.2.1]",
        "jürgen@bücher.test".as_bytes(),
    ];
    fuzz("address", seeds, |input| {
        if let Some(key) = email_key(&text(input)) {
            assert_eq!(email_key(&key).as_deref(), Some(key.as_str()));
            assert!(!key.contains(['\r', '\n', '\0']) && key.len() <= 254);
        }
    });
}

#[test]
fn a_phone_number_is_none_or_stays_the_same() {
    let seeds: &[&[u8]] = &[
        b"+49 30 123456",
        b"8 (800) 200-11-22",
        b"tel:030123456;phone-context=+49",
        b"1-800-FLOWERS",
        b"+44 20 7946 0958 ext. 12",
    ];
    fuzz("phone", seeds, |input| {
        for region in ["DE", "RU", "US", ""] {
            let out = inspect(What::Phone, input, region).unwrap();
            if let Some(e164) = out["e164"].as_str() {
                assert_eq!(
                    inspect(What::Phone, e164.as_bytes(), "").unwrap()["e164"],
                    e164
                );
            }
        }
    });
}

#[test]
fn nothing_written_into_a_header_begins_another_field() {
    let seeds: &[&[u8]] = &[
        b"Re: hello",
        b"x\r\nX-Injected: yes",
        "Grüße 😀 und mehr".as_bytes(),
        b"a\nX-Injected: yes\n\nbody",
    ];
    fuzz("header", seeds, |input| {
        let subject = text(input);
        let party = |name: Option<String>| Party {
            name,
            address: "a@b.test".into(),
        };
        let message = Outgoing {
            route: None,
            template: None,
            key: MessageId([1; 16]),
            from: party(Some(subject.clone())),
            to: vec![party(Some(subject.clone()))],
            cc: vec![],
            bcc: vec![],
            subject: Some(subject.clone()),
            text: "text".into(),
            html: None,
            signature: subject.clone(),
            history: Some(History::new(&subject, &subject, false)),
            files: vec![],
            message_id: "1@b.test".into(),
            in_reply_to: None,
            references: vec![],
            customer_wrote: None,
            date: 0,
        };
        if let Some(raw) = written(&message) {
            let raw = text(&raw).to_lowercase();
            let head = raw.split("\r\n\r\n").next().unwrap_or_default();
            assert!(!head.contains("\nx-injected"), "{head}");
        }
    });
}

#[test]
fn folding_quoted_text_loses_no_letter() {
    let seeds: &[&[u8]] = &[
        b"yes\n\nOn Tue, Anna wrote:\n> no\n> maybe\n",
        b"thanks\n-- \nAnna\n",
        b"> a\nb\n> c\n",
    ];
    fuzz("quote", seeds, |input| {
        let all = text(input);
        let out = inspect(What::Reply, all.as_bytes(), "text").unwrap();
        let letters = |s: &str| {
            s.chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .count()
        };
        let (visible, hidden) = (
            out["visible"].as_str().unwrap(),
            out["hidden"].as_str().unwrap(),
        );
        assert_eq!(letters(visible) + letters(hidden), letters(&all));
    });
}

#[test]
fn no_name_of_a_folder_breaks_its_reader() {
    let seeds: &[&[u8]] = &[b"INBOX", b"Entw&APw-rfe", b"&Jjo-!&U,BTFw-", b"a&-b"];
    fuzz("folder", seeds, |input| drop(folder_name(&text(input))));
}

#[test]
fn no_answer_of_a_mail_server_breaks_its_reader() {
    let seeds: &[&[u8]] = &[
        b"* 1 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 120 INTERNALDATE \" 1-Jan-2024 10:00:00 +0000\" BODY[] {5}\r\nhello)",
        b"* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent &AOQ-\"",
        b"* OK [UIDVALIDITY 3857529045] UIDs valid",
        b"* VANISHED (EARLIER) 1:5,7,300:310",
        b"* STATUS \"INBOX\" (MESSAGES 2 UIDNEXT 9 MAILBOXID (F2212ea87-6097))",
        b"* SEARCH 1 2 3 (MODSEQ 9)",
        b"s2 NO [AUTHENTICATIONFAILED] no",
        b"* 2 FETCH (X-GM-LABELS (\"\\\\Inbox\" x) X-GM-MSGID 1278455344230334865)",
    ];
    fuzz("imap", seeds, |input| {
        let _ = imap_understood(input);
    });
}

#[test]
fn no_search_breaks_its_reader() {
    let seeds: &[&[u8]] = &[
        b"blue shoes from:anna",
        b"\"a phrase\" -not is:open",
        b"before:2024-01-02 has:attachment subject:x*",
        "日本 größe".as_bytes(),
    ];
    let today = search::today(1_704_186_000_000);
    fuzz("search", seeds, |input| {
        drop(search::parse(&text(input), today));
    });
}

#[test]
fn every_name_of_a_file_is_safe() {
    let seeds: &[&[u8]] = &[
        b"report.pdf",
        b"../../etc/passwd",
        b"C:\\x\\CON.txt",
        "invoice\u{202E}gpj.exe".as_bytes(),
        b"....",
    ];
    fuzz("name", seeds, |input| {
        let name = safe_name(&text(input), "application/pdf", 1);
        assert!(
            !name.is_empty() && name.len() <= MAX_FILE_NAME + 1,
            "{name:?}"
        );
        assert!(
            !name.contains(['/', '\\', '\0', '\n', '\r', '\u{202E}']) && !name.starts_with('.'),
            "{name:?}"
        );
    });
}

#[test]
fn only_links_of_the_web_mail_and_telephone_open() {
    let seeds: &[&[u8]] = &[
        b"https://bank.test@evil.test/x",
        b"javascript:alert(1)",
        b"mailto:a@b.test",
        "https://bücher.test/".as_bytes(),
        b"file:///etc/passwd",
    ];
    fuzz("url", seeds, |input| {
        let out = inspect(What::Url, input, "").unwrap();
        if out["openable"] == true {
            assert!(
                ["http", "https", "mailto", "tel"].contains(&out["scheme"].as_str().unwrap()),
                "{out}"
            );
        }
    });
}
