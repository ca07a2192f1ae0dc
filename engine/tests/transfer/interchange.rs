//! Interchange files that other programs write.

use crate::scene::{DAY, MONDAY, Scene, folder};
use crate::support::put;
use parley_engine::model::{Channel, CustomerId, Direction};
use parley_engine::store::transfer::{Import, ImportState};
use parley_engine::store::{check, ingest, log};
use parley_engine::transfer::Options;
use serde_json::json;

const HEAD: &str = "{\"parley\":\"interchange\",\"version\":1}\n";

fn measured() -> Options {
    Options {
        archive: Some("Chats".into()),
        measured: true,
        ..Options::default()
    }
}

fn takes(s: &Scene, lines: &str, options: Options) -> Import {
    let dir = folder();
    s.imports(
        &put(dir.path(), "lines.jsonl", format!("{HEAD}{lines}")),
        options,
    )
}

fn reasons(s: &Scene, i: &Import) -> Vec<(u64, String)> {
    s.problems(i)
        .into_iter()
        .map(|p| (p.at, p.reason))
        .collect()
}

fn customer(s: &Scene, channel: Channel, address: &str) -> CustomerId {
    CustomerId(ingest::handle_id(&s.store().identity().ids, channel, "", address).0)
}

#[test]
fn a_message_needs_only_its_direction_time_and_author() {
    let s = Scene::new();
    let line = r#"{"type":"message","direction":"inbound","author":{"address":"Anna@Shop.test"},"sent_at":"2026-03-01T10:00:00+01:00","text":"Hello"}"#;
    let i = takes(&s, line, measured());
    assert_eq!(reasons(&s, &i), []);
    assert_eq!((i.counts.read, i.counts.new), (1, 1));
    assert_eq!(
        s.number("SELECT sent_at FROM message"),
        MONDAY - 24 * 3_600_000
    );
    assert!(s.is_open(s.customer("anna@shop.test")));
    assert_eq!(takes(&s, line, measured()).counts.known, 1);
    s.is_sound();
}

#[test]
fn a_chat_of_another_channel_has_both_sides() {
    let s = Scene::new();
    let lines = r#"{"type":"account","id":"wa","channel":"whatsapp","address":"+4930123","name":"Shop"}
{"type":"message","account":"wa","channel":"whatsapp","direction":"inbound","author":{"name":"Ben","address":"+4917100"},"to":[{"address":"+4930123"}],"sent_at":1772000000000,"text":"Hi"}
{"type":"message","account":"wa","channel":"whatsapp","direction":"outbound","agent":"Maria","to":[{"address":"+4917100"}],"sent_at":1772000600000,"text":"Hello Ben"}
{"type":"message","account":"wa","channel":"whatsapp","direction":"outbound","to":[{"address":"+4917100"}],"sent_at":1772000700000,"text":"From the phone"}
"#;
    let i = takes(&s, lines, measured());
    assert_eq!(reasons(&s, &i), []);
    assert_eq!(i.counts.new, 3);
    let ben = customer(&s, Channel::Whatsapp, "+4917100");
    assert_eq!(s.timeline(ben).len(), 3);
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE outside = 1"),
        1
    );
    // Maria's answer ended the wait, ten minutes after.
    assert_eq!(s.number("SELECT seconds FROM wait"), 600);
    assert_eq!(
        s.number("SELECT count(*) FROM agent WHERE name = 'Maria'"),
        1
    );
    assert_eq!(takes(&s, lines, measured()).counts.new, 0);
    s.is_sound();
}

fn deed(fields: &str) -> String {
    format!("{{\"customer\":\"anna@shop.test\",\"agent\":\"Maria\",{fields}}}\n")
}

fn hello() -> String {
    let m = |at: i64, who: &str| {
        json!({"type":"message","direction":"inbound","author":{"address":who},"sent_at":at,"text":"Hello"}).to_string() + "\n"
    };
    m(MONDAY - DAY, "anna@shop.test") + &m(MONDAY - DAY + 1, "annas.other@shop.test")
}

#[test]
fn what_agents_did_elsewhere_is_state_and_history_here() {
    let s = Scene::new();
    let at = MONDAY - 3_600_000;
    let lines = hello()
        + &deed(&format!(
            "\"type\":\"assigned\",\"to\":\"Maria\",\"at\":{at}"
        ))
        + &deed(&format!("\"type\":\"tagged\",\"tag\":\"VIP\",\"at\":{at}"))
        + &deed(&format!(
            "\"type\":\"noted\",\"text\":\"Likes blue\",\"at\":{at}"
        ))
        + &deed(&format!(
            "\"type\":\"stage_changed\",\"to\":\"Won\",\"at\":{at}"
        ))
        + &deed(&format!(
            "\"type\":\"renamed\",\"to\":\"Anna B.\",\"at\":{at}"
        ))
        + &deed(&format!(
            "\"type\":\"linked\",\"with\":\"annas.other@shop.test\",\"at\":{at}"
        ))
        + &deed(&format!("\"type\":\"resolved\",\"at\":{}", at + 1));
    let i = takes(&s, &lines, measured());
    assert_eq!(reasons(&s, &i), []);
    assert_eq!(i.counts.events, 7);
    let anna = s.customer("anna@shop.test");
    let row = s.read(move |c| {
        Ok(c.query_row(
            "SELECT name, stage, assignee IS NOT NULL FROM customer WHERE id = ?1",
            [anna],
            |r| {
                Ok((
                    r.get::<_, String>(0)?,
                    r.get::<_, String>(1)?,
                    r.get::<_, bool>(2)?,
                ))
            },
        )?)
    });
    assert_eq!(row, ("Anna B.".to_owned(), "won".to_owned(), true));
    assert_eq!(
        s.number("SELECT count(*) FROM tag WHERE tag = 'vip' AND active = 1"),
        1
    );
    assert_eq!(s.number("SELECT count(*) FROM note"), 1);
    assert!(!s.folded(anna).open);
    let entries = s.read(log::all);
    assert!(
        entries
            .iter()
            .any(|e| e.kind == "resolve" && e.stamp.clock().millis() == at + 1)
    );
    let digest = s.read(check::digest);
    assert_eq!(takes(&s, &lines, measured()).counts.events, 0);
    assert_eq!(s.read(check::digest), digest);
    s.is_sound();
}

#[test]
fn a_deed_before_its_message_or_without_what_it_needs_is_refused_by_its_line() {
    let s = Scene::new();
    let lines = deed("\"type\":\"resolved\",\"at\":1")
        + &hello()
        + &deed("\"type\":\"tagged\",\"at\":1")
        + &deed("\"type\":\"stage_changed\",\"to\":\"Nonsense\",\"at\":1")
        + &deed("\"type\":\"noted\",\"text\":\"x\",\"at\":99999999999999")
        + &deed("\"type\":\"linked\",\"with\":\"anna@shop.test\",\"at\":1");
    let i = takes(&s, &lines, measured());
    let lines: Vec<u64> = reasons(&s, &i).iter().map(|r| r.0).collect();
    assert_eq!(lines, [2, 5, 6, 7, 8]);
    assert_eq!((i.counts.new, i.counts.events, i.counts.refused), (2, 0, 5));
    s.is_sound();
}

#[test]
fn bad_lines_are_told_by_number_and_stop_nothing() {
    let s = Scene::new();
    let good = hello();
    let lines = format!(
        "not json\n{good}{{\"type\":\"message\",\"direction\":\"inbound\",\"sent_at\":\"yesterday\"}}\n\n[1]\n{{\"type\":\"gossip\"}}\n{{\"type\":\"message\",\"direction\":\"inbound\",\"sent_at\":1,\"author\":{{\"address\":\"a@b.test\"}},\"text\":7}}\n\u{fffd}{{{{\n{{\"type\":\"message\",\"direction\":\"inbound\",\"sent_at\":1}}\n"
    );
    let i = takes(&s, &lines, measured());
    assert_eq!(i.state, ImportState::Done);
    assert_eq!(i.counts.new, 2);
    let told = reasons(&s, &i);
    assert_eq!(
        told.iter().map(|r| r.0).collect::<Vec<_>>(),
        [2, 5, 7, 8, 9, 10, 11]
    );
    assert!(
        told[0].1.contains("JSON")
            && told[1].1.contains("2026-03-02T09:00:00Z")
            && told[6].1.contains("author")
    );
}

#[test]
fn unknown_fields_are_ignored_and_counted() {
    let s = Scene::new();
    let line = r#"{"type":"message","direction":"inbound","author":{"address":"a@b.test"},"sent_at":1,"text":"x","mood":"good","weather":{"sun":true}}"#;
    let i = takes(&s, line, Options::default());
    assert_eq!(
        (i.counts.new, i.counts.unknown_fields, i.counts.refused),
        (1, 2, 0)
    );
}

#[test]
fn without_its_first_line_or_of_a_later_version_nothing_is_taken() {
    let s = Scene::new();
    let dir = folder();
    for (name, text, word) in [
        ("a.jsonl", hello(), "first line"),
        (
            "b.jsonl",
            format!("{{\"parley\":\"interchange\",\"version\":2}}\n{}", hello()),
            "newer",
        ),
        ("c.jsonl", "PK\u{3}\u{4}".to_owned(), "first line"),
    ] {
        let i = s.imports(&put(dir.path(), name, text), Options::default());
        assert_eq!((i.counts.new, i.counts.refused), (0, 1), "{name}");
        assert!(s.problems(&i)[0].reason.contains(word), "{name}");
    }
}

#[test]
fn a_cut_export_says_that_it_was_cut() {
    let s = Scene::new();
    s.arrives(&crate::scene::Mail::from("anna@shop.test"));
    let text = s.exported(parley_engine::transfer::export::Options::default());
    let cut = &text[..text.trim_end().rfind('\n').unwrap() + 20];
    let dir = folder();
    let other = Scene::new();
    let i = other.imports(&put(dir.path(), "cut.jsonl", cut), Options::default());
    assert_eq!(i.counts.new, 1);
    assert!(other.problems(&i).iter().any(|p| p.reason.contains("cut")));
}

#[test]
fn html_of_a_file_is_never_trusted() {
    let s = Scene::new();
    let html = "<p onclick=x()>Hi <a href=\"javascript:x()\">a</a><script>x()</script><img src=\"https://spy.test/p.gif\"></p>";
    let line = json!({"type":"message","direction":"inbound","author":{"address":"a@b.test"},"sent_at":1,"html":html}).to_string();
    takes(&s, &line, Options::default());
    let kept = s.exported(parley_engine::transfer::export::Options::default());
    assert!(
        kept.contains("Hi")
            && !kept.contains("script")
            && !kept.contains("onclick")
            && !kept.contains("spy.test")
    );
    assert!(s.texts()[0].contains("Hi"));
}

#[test]
fn a_file_can_name_no_other_file_of_this_computer() {
    let s = Scene::new();
    let dir = folder();
    put(dir.path(), "secret", "the password");
    for hash in ["../secret", "/etc/passwd", "..%2fsecret", &"0".repeat(64)] {
        let line = json!({"type":"message","direction":"inbound","author":{"address":"a@b.test"},"sent_at":1,"text":hash,"attachments":[{"name":"../../x.txt","sha256":hash}]});
        let i = s.imports(
            &put(dir.path(), "l.jsonl", format!("{HEAD}{line}\n")),
            Options::default(),
        );
        assert_eq!((i.counts.new, s.problems(&i).len()), (1, 1), "{hash}");
    }
    assert_eq!(s.number("SELECT count(*) FROM file"), 0);
    // A content that is not what its hash says is not taken, and a name is made safe.
    let line = json!({"type":"message","direction":"inbound","author":{"address":"a@b.test"},"sent_at":1,"text":"c","attachments":[
        {"name":"../../x\u{202e}txt.exe","content":"aGVsbG8="},{"name":"b","content":"aGVsbG8=","sha256":"0".repeat(64)},{"name":"c","content":"%%%"}]});
    let i = s.imports(
        &put(dir.path(), "m.jsonl", format!("{HEAD}{line}\n")),
        Options::default(),
    );
    assert_eq!(s.problems(&i).len(), 2);
    let name: String = s.read(|c| Ok(c.query_row("SELECT name FROM file", [], |r| r.get(0))?));
    assert!(!name.contains('/') && !name.contains('\u{202e}'), "{name}");
}

#[test]
fn an_entry_from_the_future_or_out_of_form_is_refused() {
    let s = Scene::new();
    let entry = |stamp: &str| {
        json!({"type":"entry","id":"0".repeat(32),"kind":"assign","device":"1".repeat(32),"stamp":stamp,"group":"2".repeat(32),
            "entity":"conversation","entity_id":"3".repeat(32),"changes":[{"field":"assignee","value":null}]}).to_string() + "\n"
    };
    let d = "1".repeat(32);
    let far = format!("{:016x}.{d}", ((MONDAY + 3 * DAY) as u64) << 16);
    let lines = entry(&far) + &entry("zz") + &entry(&format!("{:016x}.{}", 5, "9".repeat(32)));
    let i = takes(&s, &lines, Options::default());
    assert_eq!((i.counts.refused, i.counts.events), (3, 0));
    let now = s.now();
    #[allow(clippy::redundant_closure_for_method_calls)] // the method alone is not general enough
    let stamp = s.write(|tx| tx.stamp());
    assert!(stamp.clock().millis() <= now + 1);
}

#[test]
fn a_raw_mail_alone_is_enough() {
    let s = Scene::new();
    let raw = data_encoding::BASE64.encode(crate::support::mail(1, "the text").as_bytes());
    let line = format!(
        "{{\"type\":\"message\",\"direction\":\"inbound\",\"sent_at\":\"2026-01-02T10:00:00Z\",\"raw\":\"{raw}\"}}\n"
    );
    let i = takes(&s, &line, Options::default());
    assert_eq!(reasons(&s, &i), []);
    assert_eq!(s.texts(), ["the text"]);
    // It is the very mail that a mailbox file holds.
    let dir = folder();
    let c = s.takes(&put(
        dir.path(),
        "a.eml",
        crate::support::mail(1, "the text"),
    ));
    assert_eq!((c.new, c.known), (0, 1));
}

#[test]
fn what_we_wrote_needs_an_address_of_ours_where_the_account_is_a_mailbox() {
    let s = Scene::new();
    let line = r#"{"type":"message","direction":"outbound","author":{"address":"stranger@else.test"},"to":[{"address":"anna@shop.test"}],"sent_at":1,"text":"x"}"#;
    let i = takes(
        &s,
        line,
        Options {
            account: Some(s.account),
            ..Options::default()
        },
    );
    assert!(reasons(&s, &i)[0].1.contains("own addresses"));
    // An archive learns it.
    let i = takes(&s, line, Options::default());
    assert_eq!(i.counts.new, 1);
    assert_eq!(
        Direction::from_i64(s.number("SELECT direction FROM message")),
        Direction::Outbound
    );
}
