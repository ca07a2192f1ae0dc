//! What may be sent on a channel, and in which parts it goes.

use crate::desk::{MARA, Team};
use parley_engine::api::args;
use parley_engine::error::Error;
use parley_engine::model::*;

fn ready() -> (Team, CustomerId) {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    (t, c)
}

fn refused(t: &Team, send: args::Send) -> String {
    match t.ask(send) {
        Err(Error::Invalid(e) | Error::Refused(e)) => e,
        other => panic!("not refused: {other:?}"),
    }
}

fn file(t: &Team, name: &str, bytes: &[u8]) -> FileId {
    use data_encoding::BASE64;
    t.does(args::FileStage {
        id: None,
        name: name.into(),
        data: BASE64.encode(bytes),
        last: true,
    })
    .id
}

#[test]
fn what_a_channel_cannot_do_is_refused_before_any_call() {
    let (t, c) = ready();
    let plain = || t.send(t.sms, c, MARA, "Hello");
    for (what, send) in [
        (
            "copies",
            args::Send {
                cc: plain().to,
                ..plain()
            },
        ),
        (
            "subject",
            args::Send {
                subject: Some("Hi".into()),
                ..plain()
            },
        ),
        (
            "one person",
            args::Send {
                to: [plain().to, plain().to].concat(),
                ..plain()
            },
        ),
        (
            "no files",
            args::Send {
                files: vec![file(&t, "a.txt", b"a")],
                ..plain()
            },
        ),
        ("no address", t.send(t.sms, c, "", "Hello")),
    ] {
        let said = refused(&t, send);
        assert!(said.contains(what) || what == "copies", "{what}: {said}");
    }
    assert_eq!(t.goes(t.sms), 0);
}

#[test]
fn a_kind_or_size_of_file_that_is_not_taken_is_named() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.attachments = true;
        can.file_types = vec!["image/*".into()];
        can.max_attachment = Some(1_000);
    });
    let send = |f| args::Send {
        files: vec![f],
        ..t.send(t.sms, c, MARA, "")
    };
    let text = refused(&t, send(file(&t, "list.txt", b"words")));
    assert!(text.contains("list.txt"), "{text}");
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.resize(2_000, 0);
    let big = refused(&t, send(file(&t, "photo.png", &png)));
    assert!(big.contains("photo.png") && big.contains("MB"), "{big}");
}

#[test]
fn after_the_window_nothing_is_sent_but_approved_texts() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.reply_window_hours = Some(24);
        can.templates = vec![Template {
            id: "HX1".into(),
            name: "Back".into(),
            text: "Hello {{1}}, your {{2}} is back.".into(),
        }];
    });
    t.does(t.send(t.sms, c, MARA, "in time"));
    t.later(25 * 3_600_000);
    let said = refused(&t, t.send(t.sms, c, MARA, "too late"));
    assert!(
        said.contains("24 hours") && said.contains("approved text"),
        "{said}"
    );
    let approved = |values: &[&str]| args::Send {
        template: Some(TemplateUse {
            id: "HX1".into(),
            values: values.iter().map(|v| (*v).into()).collect(),
        }),
        ..t.send(t.sms, c, MARA, "")
    };
    assert!(refused(&t, approved(&["Mara"])).contains("filled in"));
    t.does(approved(&["Mara", "lamp"]));
    t.goes(t.sms);
    let last = t.given(t.sms).pop().unwrap();
    assert_eq!(last.text, "Hello Mara, your lamp is back.");
    assert_eq!(last.template.unwrap().id, "HX1");
}

#[test]
fn nobody_is_written_to_first_where_that_is_not_allowed() {
    let (t, _) = ready();
    t.hears(t.telegram, "1", "42", "hello");
    let stranger = t.customer_on(Channel::Telegram, "42");
    let said = refused(&t, t.send(t.telegram, stranger, "43", "Hi"));
    assert!(said.contains("has not written"), "{said}");
}

#[test]
fn whoever_asked_for_no_more_messages_gets_none() {
    let (t, c) = ready();
    t.event(
        t.sms,
        Event::Person(PersonSays {
            address: MARA.into(),
            opted_out: Some(true),
            at: t.now(),
            ..PersonSays::default()
        }),
    );
    assert!(refused(&t, t.send(t.sms, c, MARA, "Just one more")).contains("no more messages"));
}

#[test]
fn a_text_that_is_too_long_is_sent_in_several_only_when_asked_and_in_order() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.text_limit = Some(TextLimit {
            most: 20,
            unit: TextUnit::Chars,
        });
    });
    let long = "The first sentence. The second one. The third.";
    assert!(refused(&t, t.send(t.sms, c, MARA, long)).contains("too long"));
    let first = t.does(args::Send {
        split: true,
        resolve: true,
        ..t.send(t.sms, c, MARA, long)
    });
    assert_eq!(t.shown(c).len(), 4);
    // The provider is busy for the first; the others wait for it.
    t.provider(crate::desk::NUMBER)
        .will_answer(Err(ChannelError::new(Remedy::Retry, "send", "busy.")));
    t.goes(t.sms);
    assert_eq!(t.state_of(first.id), OutboxState::Queued);
    assert_eq!(
        t.given(t.sms).len(),
        1,
        "a later part never overtakes an earlier one"
    );
    t.goes(t.sms);
    let texts: Vec<String> = t.given(t.sms).into_iter().skip(1).map(|o| o.text).collect();
    assert_eq!(
        texts,
        ["The first sentence.", "The second one.", "The third."]
    );
    assert!(!t.is_open(c), "resolved with the last");
    t.is_sound();
}

#[test]
fn one_key_takes_all_parts_back() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.text_limit = Some(TextLimit {
            most: 20,
            unit: TextUnit::Chars,
        });
    });
    t.does(args::Send {
        split: true,
        ..t.send(
            t.sms,
            c,
            MARA,
            "The first sentence. The second one. The third.",
        )
    });
    t.does(args::Undo {});
    assert_eq!(t.goes(t.sms), 0);
    assert_eq!(t.shown(c).len(), 1);
    t.is_sound();
}

#[test]
fn files_go_in_messages_of_their_own_where_the_channel_wants_that() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.attachments = true;
        can.files_apart = true;
        can.max_files = 1;
    });
    let files = vec![file(&t, "a.txt", b"a"), file(&t, "b.txt", b"b")];
    t.does(args::Send {
        files,
        ..t.send(t.sms, c, MARA, "Two files")
    });
    t.goes(t.sms);
    let sent: Vec<(String, usize)> = t
        .given(t.sms)
        .into_iter()
        .map(|o| (o.text, o.files.len()))
        .collect();
    assert_eq!(
        sent,
        [
            ("Two files".into(), 0),
            (String::new(), 1),
            (String::new(), 1)
        ]
    );
}

#[test]
fn files_go_along_where_they_may() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.attachments = true;
        can.max_files = 2;
    });
    let files = (0..3)
        .map(|i| file(&t, &format!("{i}.txt"), b"x"))
        .collect();
    t.does(args::Send {
        files,
        ..t.send(t.sms, c, MARA, "Three files")
    });
    t.goes(t.sms);
    let sent: Vec<usize> = t.given(t.sms).into_iter().map(|o| o.files.len()).collect();
    assert_eq!(sent, [2, 1]);
}

#[test]
fn a_part_that_failed_holds_back_what_came_after_it() {
    let (t, c) = ready();
    t.can(t.sms, |can| {
        can.text_limit = Some(TextLimit {
            most: 20,
            unit: TextUnit::Chars,
        });
    });
    t.does(args::Send {
        split: true,
        ..t.send(t.sms, c, MARA, "The first sentence. The second one.")
    });
    t.provider(crate::desk::NUMBER)
        .will_answer(Err(ChannelError::new(
            Remedy::Final,
            "send",
            "no such number.",
        )));
    t.goes(t.sms);
    assert_eq!(t.goes(t.sms), 0, "half a message is worse than none");
}
