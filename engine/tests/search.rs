//! Search on real stores: what is found, in which order, with what marked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

mod scene;

use parley_engine::store::search::{self, Ask, Found, MarkedText, Order, Query};
use scene::{DAY, MONDAY, Mail, Scene};

fn parse(query: &str) -> Query {
    search::parse(query, search::today(MONDAY))
}

fn asked(s: &Scene, query: &str, order: Order, limit: usize, after: Option<i64>) -> Vec<Found> {
    let q = parse(query);
    let me = s.engine.store().identity().agent;
    let ask = Ask {
        me,
        order,
        limit,
        after,
    };
    s.read(move |c| search::find(c, &q, &ask))
}

fn found(s: &Scene, query: &str) -> Vec<Found> {
    asked(s, query, Order::Newest, 50, None)
}

/// The subjects that a query finds, newest first.
fn subjects(s: &Scene, query: &str) -> Vec<String> {
    found(s, query)
        .into_iter()
        .map(|f| f.subject.map(|m| m.text).unwrap_or_default())
        .collect()
}

/// The marked words of a text, as the window cuts them.
fn marked(m: &MarkedText) -> Vec<String> {
    let units: Vec<u16> = m.text.encode_utf16().collect();
    m.marks
        .iter()
        .map(|(a, b)| String::from_utf16(&units[*a as usize..*b as usize]).unwrap())
        .collect()
}

fn shop() -> Scene {
    let s = Scene::new();
    s.receive([
        &Mail::from("Anna Größe <anna@shop.test>")
            .subject("Die Straße ist zu schmal")
            .text("Der Lieferwagen passt nicht durch die Straße nach Füssen.")
            .at(MONDAY - 3 * DAY),
        &Mail::from("陳大文 <chen@shop.test>")
            .subject("退款政策")
            .text("我想了解你們的退款政策，謝謝。")
            .at(MONDAY - 2 * DAY),
        &Mail::from("أحمد <ahmad@shop.test>")
            .subject("الفاتورة")
            .text("أرجو إرسال الفَاتُورَة الأخيرة إلى العنوان الجديد")
            .at(MONDAY - DAY),
        &Mail::from("Bert <bert@home.test>")
            .subject("Order ORD-12345")
            .text("Where is my order ORD-12345? Call +49 (30) 123-4567.")
            .at(MONDAY - 4 * DAY)
            .file("invoice-2025.pdf", b"%PDF"),
        &Mail::from("Bert <bert@home.test>")
            .subject("The lamp again")
            .text("The lamp is broken. 😀 lamps, LAMP!")
            .at(MONDAY - 5 * DAY),
        &Mail::from("Bert <bert@home.test>")
            .subject("A lampshade")
            .text("Do you have a lampshade?")
            .at(MONDAY - DAY / 2),
    ]);
    s
}

#[test]
fn the_newest_hit_comes_first_whenever_it_was_polled() {
    let s = shop();
    assert_eq!(subjects(&s, "lamp"), ["A lampshade", "The lamp again"]);
    s.receive([
        &Mail::from("anna@shop.test")
            .subject("Old lamp")
            .text("lamp")
            .at(MONDAY - 90 * DAY),
        &Mail::from("anna@shop.test")
            .subject("New lamp")
            .text("lamp")
            .at(MONDAY),
    ]);
    assert_eq!(
        subjects(&s, "lamp"),
        ["New lamp", "A lampshade", "The lamp again", "Old lamp"]
    );
}

#[test]
fn the_last_word_may_be_a_beginning_and_a_finished_one_may_not() {
    let s = shop();
    assert_eq!(subjects(&s, "lamps").len(), 2);
    assert_eq!(subjects(&s, "lamp "), ["The lamp again"]);
    assert_eq!(subjects(&s, "broken la"), ["The lamp again"]);
    assert!(
        subjects(&s, "broken shade").is_empty(),
        "every word must be there"
    );
}

#[test]
fn what_was_found_is_marked() {
    let s = shop();
    let hit = found(&s, "lamp ").remove(0);
    assert_eq!(marked(hit.subject.as_ref().unwrap()), ["lamp"]);
    assert_eq!(marked(&hit.snippet), ["lamp", "LAMP"]);
    let prefix = found(&s, "lamp").pop().unwrap();
    assert_eq!(marked(&prefix.snippet), ["lamp", "lamps", "LAMP"]);
}

#[test]
fn german_is_found_in_either_spelling() {
    let s = shop();
    for q in [
        "strasse",
        "STRASSE",
        "Straße",
        "fussen",
        "füssen",
        "fuessen",
        "grosse",
        "groesse",
        "\"nach Füssen\"",
    ] {
        assert_eq!(subjects(&s, q), ["Die Straße ist zu schmal"], "{q}");
    }
    assert_eq!(marked(&found(&s, "strasse")[0].snippet), ["Straße"]);
}

#[test]
fn chinese_is_found_by_one_sign_and_by_several() {
    let s = shop();
    for q in ["退款", "政策", "退款政策", "謝", "陳大文"] {
        assert_eq!(subjects(&s, q), ["退款政策"], "{q}");
    }
    assert!(
        subjects(&s, "款退").is_empty(),
        "the order of signs matters"
    );
    assert_eq!(
        marked(found(&s, "退款")[0].subject.as_ref().unwrap()),
        ["退款"]
    );
}

#[test]
fn arabic_is_found_without_marks_article_or_hamza() {
    let s = shop();
    for q in ["الفاتورة", "فاتورة", "فاتوره", "الفَاتُورَة", "احمد", "ارسال"]
    {
        assert_eq!(subjects(&s, q), ["الفاتورة"], "{q}");
    }
}

#[test]
fn an_order_or_phone_number_is_found_as_people_write_it() {
    let s = shop();
    for q in [
        "ORD-12345",
        "ord12345",
        "12345",
        "1234567",
        "\"ORD 12345\"",
        "493012345",
    ] {
        assert_eq!(subjects(&s, q), ["Order ORD-12345"], "{q}");
    }
}

#[test]
fn operators_narrow() {
    let s = shop();
    assert_eq!(subjects(&s, "from:bert lamp").len(), 2);
    assert_eq!(subjects(&s, "subject:lampshade"), ["A lampshade"]);
    assert_eq!(subjects(&s, "lampshade -broken"), ["A lampshade"]);
    assert_eq!(subjects(&s, "has:attachment"), ["Order ORD-12345"]);
    assert_eq!(
        subjects(&s, "invoice"),
        ["Order ORD-12345"],
        "a file's name is found"
    );
    assert_eq!(subjects(&s, "\"is broken\""), ["The lamp again"]);
    assert!(subjects(&s, "\"broken is\"").is_empty());
}

#[test]
fn no_query_breaks_the_search() {
    let s = shop();
    for q in [
        "",
        " ",
        "\"",
        "\"\"",
        "*",
        "-",
        "--",
        "NOT",
        "a AND",
        "NEAR(a b)",
        "subject:",
        "col:x*",
        "(((",
        "'; DROP TABLE message; --",
        "^lamp",
        "lamp*",
        "{a b}: c",
        "\u{0}",
        "🙈",
        "before:yesterday",
        "in:nowhere",
        &"lamp ".repeat(500),
    ] {
        found(&s, q);
        asked(&s, q, Order::Best, 50, None);
    }
    s.is_sound();
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let s = Scene::new();
    let mails: Vec<Mail> = (0..23)
        .map(|i| {
            Mail::from("anna@shop.test")
                .subject(&format!("lamp {i}"))
                .at(MONDAY - DAY - i / 3)
        })
        .collect();
    s.receive(&mails);
    for order in [Order::Newest, Order::Best] {
        let (mut before, mut all) = (None, Vec::new());
        loop {
            let page = asked(&s, "lamp", order, 5, before);
            let Some(last) = page.last() else { break };
            before = Some(last.place);
            all.extend(page.iter().map(|f| f.message));
        }
        let mut once = all.clone();
        once.sort();
        once.dedup();
        assert_eq!((all.len(), once.len()), (23, 23), "{order:?}");
    }
}

#[test]
fn a_send_is_found_and_one_taken_back_is_not() {
    let s = shop();
    let id = s.writes("bert@home.test", "We mail you a zeppelin.");
    assert_eq!(found(&s, "zeppelin").len(), 1);
    s.does(parley_engine::api::args::OutboxCancel { id });
    assert!(found(&s, "zeppelin").is_empty());
    s.is_sound();
}

#[test]
fn the_index_is_whole_after_many_batches_and_a_restart() {
    let dir = scene::folder();
    for round in 0..3 {
        let s = Scene::in_folder(dir.path());
        for batch in 0..20 {
            let mail = |i: i64| {
                Mail::from("anna@shop.test")
                    .named(&format!("m{round}-{batch}-{i}"))
                    .text(&format!("lamp number {i} of {batch}"))
                    .at(MONDAY + i)
            };
            s.receive(&(0..4).map(mail).collect::<Vec<_>>());
            if batch % 5 == 0 {
                s.is_sound();
            }
        }
        s.replies("anna@shop.test", "The lamp is on its way.");
        s.is_sound();
        s.run(s.engine.stop());
    }
    let s = Scene::in_folder(dir.path());
    s.is_sound();
}

#[test]
fn what_somebody_spelled_out_is_found_with_its_umlaut() {
    let s = Scene::new();
    s.receive([&Mail::from("anna@shop.test")
        .subject("Gruesse von Mueller")
        .text("Viele Gruesse")
        .at(MONDAY - DAY)]);
    assert_eq!(subjects(&s, "Müller").len(), 1);
    for q in ["Grüße", "Grüsse ", "gruesse"] {
        assert_eq!(marked(&found(&s, q)[0].snippet), ["Gruesse"], "{q}");
    }
}

#[test]
fn who_wrote_and_who_was_written_to_are_told_apart() {
    let s = shop();
    s.writes("bert@home.test", "The lampshade costs 12.");
    assert_eq!(subjects(&s, "from:bert").len(), 3);
    assert_eq!(found(&s, "to:bert").len(), 1);
    assert_eq!(found(&s, "from:me").len(), 1);
    assert_eq!(found(&s, "-from:me").len(), 6);
}

#[test]
fn conditions_on_the_conversation_narrow_with_words_and_without() {
    let s = shop();
    let bert = s.customer("bert@home.test");
    s.does(parley_engine::api::args::TagSet {
        conversation: bert,
        tag: "vip".into(),
        on: true,
    });
    let me = s.engine.store().identity().agent;
    s.does(parley_engine::api::args::Assign {
        conversation: bert,
        agent: Some(me),
    });
    assert_eq!(found(&s, "tag:vip").len(), 3);
    assert_eq!(found(&s, "-tag:vip").len(), 3);
    assert_eq!(subjects(&s, "tag:vip lampshade"), ["A lampshade"]);
    for q in ["assignee:me", "assignee:Me", "-assignee:nobody"] {
        assert_eq!(found(&s, q).len(), 3, "{q}");
    }
    assert!(found(&s, "assignee:zoe").is_empty());
    assert_eq!(found(&s, "-assignee:zoe").len(), 6);
    assert_eq!(found(&s, "-has:attachment").len(), 5);
    assert_eq!(found(&s, "in:email -in:sms").len(), 6);
    assert_eq!(found(&s, "file:invoice").len(), 1);
    assert_eq!(found(&s, "-lamp -lampshade").len(), 4);
}

#[test]
fn the_best_hit_comes_first_when_asked_for() {
    let s = Scene::new();
    s.receive([
        &Mail::from("bert@home.test")
            .subject("Zeppelin")
            .text("zeppelin zeppelin")
            .at(MONDAY - 9 * DAY),
        &Mail::from("bert@home.test")
            .subject("Something else")
            .text(&format!("{} zeppelin", "word ".repeat(200)))
            .at(MONDAY - DAY),
    ]);
    let first = |order| {
        let hit = asked(&s, "zeppelin ", order, 1, None).remove(0);
        hit.subject.unwrap().text
    };
    assert_eq!(first(Order::Newest), "Something else");
    assert_eq!(first(Order::Best), "Zeppelin");
}

#[test]
fn a_saved_search_is_a_view_until_it_is_taken_back() {
    use parley_engine::api::args;
    use parley_engine::api::dto::{Sort, View};
    let s = shop();
    let view = s.does(args::ViewSave {
        id: None,
        name: " Lamps ".into(),
        query: "lamp".into(),
    });
    let ids = |saved: &str| {
        s.does(args::ConversationIds {
            saved: Some(saved.to_owned()),
            view: View::Inbox,
            stage: None,
            tag: None,
            sort: Sort::Newest,
            after: None,
            limit: 100,
        })
        .ids
    };
    assert_eq!(ids(&view.id), [s.customer("bert@home.test")]);
    let waiting = s.does(args::ViewSave {
        id: None,
        name: "Waiting".into(),
        query: "is:waiting".into(),
    });
    assert!(ids(&waiting.id).is_empty(), "history waits for nobody");
    assert_eq!(s.does(args::Sidebar {}).saved.len(), 2);
    s.does(args::ViewRemove {
        id: view.id.clone(),
    });
    assert_eq!(s.does(args::Views {}).len(), 1);
    s.does(args::Undo {});
    assert_eq!(s.does(args::Views {})[0].name, "Lamps");
}

#[test]
fn an_index_of_another_normaliser_is_made_anew_newest_first() {
    let dir = scene::folder();
    let s = Scene::in_folder(dir.path());
    let mails: Vec<Mail> = (0..30)
        .map(|i| {
            Mail::from("anna@shop.test")
                .subject(&format!("lamp {i}"))
                .at(MONDAY - DAY * 40 + i * 1_000)
        })
        .collect();
    s.receive(&mails);
    s.write(|tx| {
        tx.execute("UPDATE meta SET value = 1 WHERE key = 'normaliser'", [])?;
        Ok(())
    });
    s.run(s.engine.stop());
    let s = Scene::in_folder(dir.path());
    assert!(found(&s, "lamp").is_empty());
    s.receive([
        &Mail::from("anna@shop.test").subject("new lamp").at(MONDAY),
        &Mail::from("anna@shop.test")
            .subject("old lamp")
            .at(MONDAY - DAY * 90),
    ]);
    assert_eq!(subjects(&s, "lamp"), ["new lamp"]);
    assert!(s.write(|tx| search::index::fill(tx, 20)));
    assert_eq!(subjects(&s, "lamp").len(), 21);
    assert_eq!(subjects(&s, "lamp")[1], "lamp 29");
    assert!(!s.write(|tx| search::index::fill(tx, 20)));
    assert_eq!(subjects(&s, "lamp").len(), 32);
    s.is_sound();
}
