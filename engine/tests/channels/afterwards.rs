//! What is told of a message after it was written.

use crate::desk::{MARA, Team};
use parley_engine::api::args;
use parley_engine::model::*;

fn edited(text: &str) -> Later {
    Later::Edited {
        text: text.into(),
        html: None,
    }
}

#[test]
fn a_changed_message_says_what_it_says_now_and_shows_what_it_said_before() {
    let t = Team::new();
    let id = t.hears(t.telegram, "1:1", "42", "Is it bleu?");
    t.later(60_000);
    t.later_event(t.telegram, "1:1", edited("Is it blue?"));
    let c = t.customer_on(Channel::Telegram, "42");
    let m = &t.shown(c)[0];
    assert_eq!(m.text, "Is it blue?");
    assert_eq!(m.edited_at, Some(t.now()));
    let before = t.does(args::MessageEditions { id });
    assert_eq!(
        before.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(),
        ["Is it bleu?"]
    );
    let hits = |q: &str| {
        t.does(args::Search {
            query: q.into(),
            limit: 10,
            before: None,
            order: parley_engine::api::dto::SearchOrder::default(),
        })
        .hits
        .len()
    };
    assert_eq!(
        (hits("blue"), hits("bleu")),
        (1, 0),
        "the search knows what it says now"
    );
    t.is_sound();
}

#[test]
fn what_is_told_before_the_message_itself_comes_waits_for_it() {
    let (early, late) = (Team::new(), Team::new());
    for t in [&early, &late] {
        let facts = [
            edited("second"),
            Later::Reaction {
                by: "42".into(),
                emoji: Some("❤".into()),
            },
        ];
        let tell = || {
            facts
                .iter()
                .for_each(|f| t.later_event(t.telegram, "1:1", f.clone()));
        };
        let write = || {
            t.hears(t.telegram, "1:1", "42", "first");
        };
        if std::ptr::eq(t, &early) {
            tell();
            write();
        } else {
            write();
            tell();
        }
        let m = &t.shown(t.customer_on(Channel::Telegram, "42"))[0];
        assert_eq!((m.text.as_str(), m.reactions.len()), ("second", 1));
        assert_eq!(m.reactions[0].emoji, "❤");
        assert_eq!(m.reactions[0].name, "Mara");
    }
}

#[test]
fn an_older_change_that_comes_late_does_not_undo_a_newer_one() {
    let t = Team::new();
    t.hears(t.telegram, "1:1", "42", "one");
    let at = t.now();
    for (when, text) in [(at + 20_000, "three"), (at + 10_000, "two")] {
        t.event(
            t.telegram,
            Event::Later(Afterwards {
                of: RemoteId("1:1".into()),
                at: when,
                what: edited(text),
            }),
        );
    }
    assert_eq!(
        t.shown(t.customer_on(Channel::Telegram, "42"))[0].text,
        "three"
    );
}

#[test]
fn an_unsent_message_loses_its_words_files_and_source_everywhere_and_leaves_a_tombstone() {
    let t = Team::new();
    let mut m = t.message("1:1", "42", "my secret is swordfish");
    m.files.push(IncomingFile {
        name: "swordfish.txt".into(),
        mime: "text/plain".into(),
        content_id: None,
        inline: false,
        bytes: b"swordfish".to_vec(),
    });
    m.raw = b"{\"text\":\"swordfish\"}".to_vec();
    m.cards.push(Card::of(CardKind::Share).saying("swordfish"));
    t.event(t.telegram, Event::Message(Box::new(m)));
    t.later_event(t.telegram, "1:1", edited("swordfish it is"));
    t.later_event(t.telegram, "1:1", Later::Unsent);
    // Told once more, the same and another one: they stay away, and so does all that is told of it after that.
    t.later_event(t.telegram, "1:1", edited("swordfish it is"));
    t.later(1_000);
    t.later_event(t.telegram, "1:1", edited("swordfish again"));
    t.later_event(
        t.telegram,
        "1:1",
        Later::Reaction {
            by: "42".into(),
            emoji: Some("👍".into()),
        },
    );
    let c = t.customer_on(Channel::Telegram, "42");
    let m = &t.shown(c)[0];
    assert_eq!((m.text.as_str(), m.files.len(), m.cards.len()), ("", 0, 0));
    assert!(m.unsent_at.is_some());
    for sql in [
        "SELECT count(*) FROM raw",
        "SELECT count(*) FROM edition",
        "SELECT count(*) FROM file",
        "SELECT count(*) FROM search WHERE search MATCH 'swordfish'",
        "SELECT count(*) FROM message WHERE snippet LIKE '%swordfish%'",
        "SELECT count(*) FROM afterwards WHERE value LIKE '%swordfish%'",
    ] {
        assert_eq!(t.number(sql), 0, "{sql}");
    }
    assert!(
        t.is_open(c),
        "it was written all the same, and somebody may answer it"
    );
    t.is_sound();
}

#[test]
fn a_reaction_is_taken_back_and_never_opens_or_waits_for_anything() {
    let t = Team::new();
    t.hears(t.telegram, "1:1", "42", "thanks");
    let c = t.customer_on(Channel::Telegram, "42");
    t.does(args::Resolve { conversation: c });
    t.later(1_000);
    t.later_event(
        t.telegram,
        "1:1",
        Later::Reaction {
            by: "42".into(),
            emoji: Some("👍".into()),
        },
    );
    assert!(!t.is_open(c));
    assert_eq!(t.shown(c)[0].reactions.len(), 1);
    t.later(1_000);
    t.later_event(
        t.telegram,
        "1:1",
        Later::Reaction {
            by: "42".into(),
            emoji: None,
        },
    );
    assert!(t.shown(c)[0].reactions.is_empty());
}

#[test]
fn how_far_a_message_of_ours_came_is_shown_on_it_and_a_loss_says_why() {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    t.can(t.sms, |can| can.may_write_first = true);
    t.answers(t.sms, "SM2");
    let sent = t.does(t.send(t.sms, c, MARA, "Hello Mara"));
    // The provider's word may be here before its answer to the send is.
    t.later_event(t.sms, "SM2", Later::Reached(Reached::Delivered));
    t.goes(t.sms);
    let of = |t: &Team| t.shown(c).into_iter().find(|m| m.id == sent.id).unwrap();
    assert!(of(&t).delivered_at.is_some() && of(&t).read_at.is_none());
    t.later_event(t.sms, "SM2", Later::Reached(Reached::Read));
    assert!(of(&t).read_at.is_some());
    t.answers(t.sms, "SM3");
    let lost = t.does(t.send(t.sms, c, MARA, "Are you there?"));
    t.goes(t.sms);
    let why = Undelivered {
        code: "30003".into(),
        words: "The phone cannot be reached.".into(),
        hard: false,
    };
    t.later_event(t.sms, "SM3", Later::Reached(Reached::Undelivered(why)));
    let m = t.shown(c).into_iter().find(|m| m.id == lost.id).unwrap();
    assert_eq!(m.delivery[0].words, "The phone cannot be reached.");
    t.is_sound();
}

#[test]
fn what_a_customer_did_to_our_message_never_marks_theirs_as_delivered() {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "hello?");
    t.later_event(t.sms, "SM1", Later::Reached(Reached::Read));
    let m = &t.shown(t.customer_on(Channel::Sms, MARA))[0];
    assert_eq!(m.read_at, None);
}

#[test]
fn what_was_not_understood_is_kept_counted_and_read_again_by_a_later_version() {
    let t = Team::new();
    let mut m = t.message("1:1", "42", "");
    m.cards.push(Card::of(CardKind::Unknown));
    m.raw = b"{\"new\":\"kind\"}".to_vec();
    m.quarantine = Some(1);
    t.event(t.telegram, Event::Message(Box::new(m)));
    let c = t.customer_on(Channel::Telegram, "42");
    let id = t.shown(c)[0].id;
    let counted = |t: &Team| {
        let all = t.does(args::Accounts {});
        all.iter().find(|a| a.id == t.telegram).unwrap().quarantined
    };
    assert_eq!(counted(&t), 1);
    t.does(args::TagSet {
        conversation: c,
        tag: "vip".into(),
        on: true,
    });
    let played = t.provider(crate::desk::BOT);
    let understood = t.message("1:1", "42", "a new kind, understood");
    *played.reads.lock().unwrap() = (2, Some(vec![Event::Message(Box::new(understood))]));
    t.reads_again(t.telegram);
    let now = t.shown(c);
    assert_eq!(now.len(), 1);
    assert_eq!(
        (now[0].id, now[0].text.as_str()),
        (id, "a new kind, understood")
    );
    assert_eq!(counted(&t), 0);
    assert_eq!(
        t.number("SELECT count(*) FROM tag"),
        1,
        "what was decided stays"
    );
    t.is_sound();
}

#[test]
fn a_later_version_that_understands_no_more_leaves_it_and_is_not_asked_twice() {
    let t = Team::new();
    let mut m = t.message("1:1", "42", "");
    m.raw = b"{}".to_vec();
    m.quarantine = Some(1);
    t.event(t.telegram, Event::Message(Box::new(m)));
    *t.provider(crate::desk::BOT).reads.lock().unwrap() = (3, None);
    t.reads_again(t.telegram);
    assert_eq!(t.number("SELECT version FROM quarantine"), 3);
    assert_eq!(t.number("SELECT count(*) FROM raw"), 1);
}

#[test]
fn files_that_may_not_be_kept_go_when_their_time_is_over_and_the_message_stays() {
    let t = Team::new();
    let mut m = t.message("1:1", "42", "look at this");
    m.files.push(IncomingFile {
        name: "preview.jpg".into(),
        mime: "image/jpeg".into(),
        content_id: None,
        inline: false,
        bytes: b"a small picture".to_vec(),
    });
    m.files_until = Some(t.now() + 86_400_000);
    t.event(t.telegram, Event::Message(Box::new(m)));
    let c = t.customer_on(Channel::Telegram, "42");
    t.write(parley_engine::store::files::expire);
    assert_eq!(t.shown(c)[0].files.len(), 1);
    t.later(86_400_000);
    t.write(parley_engine::store::files::expire);
    let m = &t.shown(c)[0];
    assert_eq!((m.files.len(), m.text.as_str()), (0, "look at this"));
    t.is_sound();
}

#[test]
fn a_change_of_a_message_that_was_taken_back_before_it_came_leaves_no_words() {
    for order in [[0, 1], [1, 0]] {
        let t = Team::new();
        for i in order {
            let what = [edited("swordfish"), Later::Unsent][i].clone();
            t.later_event(t.telegram, "1:1", what);
        }
        let kept = "SELECT count(*) FROM afterwards WHERE value LIKE '%swordfish%'";
        assert_eq!(t.number(kept), 0);
        t.hears(t.telegram, "1:1", "42", "first");
        let m = &t.shown(t.customer_on(Channel::Telegram, "42"))[0];
        assert!(m.text.is_empty() && m.unsent_at.is_some());
        t.is_sound();
    }
}

#[test]
fn a_message_of_ours_that_was_taken_back_on_a_phone_is_kept_nowhere() {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    t.answers(t.sms, "SM2");
    let sent = t.does(args::Send {
        html: Some("<p>It is <strong>swordfish</strong></p>".into()),
        ..t.send(t.sms, c, MARA, "It is swordfish")
    });
    t.goes(t.sms);
    let kept = "SELECT count(*) FROM outbox WHERE mail LIKE '%swordfish%'";
    assert_eq!(t.number(kept), 1);
    t.later_event(t.sms, "SM2", Later::Unsent);
    assert_eq!(t.number(kept), 0);
    let m = t.shown(c).into_iter().find(|m| m.id == sent.id).unwrap();
    assert!(m.text.is_empty() && m.unsent_at.is_some());
    assert_eq!(t.state_of(sent.id), OutboxState::Sent);
    t.is_sound();
}

#[test]
fn words_that_were_taken_back_do_not_return_with_what_is_told_again() {
    let t = Team::new();
    t.hears(t.telegram, "1:1", "42", "hello");
    t.later_event(t.telegram, "1:1", edited("swordfish"));
    t.later_event(t.telegram, "1:1", Later::Unsent);
    let kept = "SELECT count(*) FROM afterwards WHERE value LIKE '%swordfish%'";
    // By an overlap of two polls, and by a change that was only told now.
    t.later_event(t.telegram, "1:1", edited("swordfish"));
    assert_eq!(t.number(kept), 0);
    t.later(1_000);
    t.later_event(t.telegram, "1:1", edited("swordfish, later"));
    assert_eq!(t.number(kept), 0);
    // What is told of it otherwise is taken in all the same.
    t.later_event(
        t.telegram,
        "1:1",
        Later::Reaction {
            by: "42".into(),
            emoji: Some("❤".into()),
        },
    );
    let m = &t.shown(t.customer_on(Channel::Telegram, "42"))[0];
    assert_eq!((m.text.as_str(), m.reactions.len()), ("", 1));
    assert!(m.unsent_at.is_some());
    t.is_sound();
}

#[test]
fn what_was_taken_back_before_it_came_leaves_no_words_either() {
    let t = Team::new();
    t.later_event(t.telegram, "1:1", edited("swordfish"));
    t.later_event(t.telegram, "1:1", Later::Unsent);
    assert_eq!(
        t.number("SELECT count(*) FROM afterwards WHERE value IS NOT NULL"),
        0
    );
    t.hears(t.telegram, "1:1", "42", "swordfish");
    let m = &t.shown(t.customer_on(Channel::Telegram, "42"))[0];
    assert_eq!(m.text, "");
    assert!(m.unsent_at.is_some());
}

#[test]
fn our_own_message_that_is_taken_back_on_a_phone_is_nowhere_any_more() {
    let t = Team::new();
    t.can(t.telegram, |c| c.may_write_first = true);
    t.hears(t.telegram, "1:1", "42", "hello");
    let c = t.customer_on(Channel::Telegram, "42");
    let sent = t.does(t.send(t.telegram, c, "42", "the swordfish is yours"));
    t.answers(t.telegram, "1:2");
    t.goes(t.telegram);
    t.later_event(t.telegram, "1:2", Later::Unsent);
    assert_eq!(
        t.number("SELECT count(*) FROM outbox WHERE mail LIKE '%swordfish%'"),
        0
    );
    let o = t.read(move |c| parley_engine::store::outbox::get(c, sent.id));
    assert_eq!(o.mail.to[0].address, "42", "to whom it went stays");
    assert_eq!(t.shown(c).len(), 2);
    t.is_sound();
}

fn unknown_with_a_photo(t: &Team) -> Incoming {
    let mut m = t.message("1:1", "42", "");
    m.files.push(IncomingFile {
        name: "photo.jpg".into(),
        mime: "image/jpeg".into(),
        content_id: None,
        inline: false,
        bytes: b"a photo".to_vec(),
    });
    m.cards.push(Card::of(CardKind::Unknown));
    m.raw = b"{\"photo\":1,\"new\":\"kind\"}".to_vec();
    m.quarantine = Some(1);
    m
}

#[test]
fn what_is_read_again_keeps_its_files_and_stays_read() {
    let t = Team::new();
    t.event(
        t.telegram,
        Event::Message(Box::new(unknown_with_a_photo(&t))),
    );
    let c = t.customer_on(Channel::Telegram, "42");
    let file = t.shown(c)[0].files[0].id;
    t.does(args::MarkRead { conversation: c });
    // Its bytes hold the file's name and not the file.
    let mut understood = t.message("1:1", "42", "look");
    understood.cards = vec![
        Card::of(CardKind::Share).saying("a lamp"),
        Card::of(CardKind::Media).saying("photo.jpg"),
    ];
    let events = vec![Event::Message(Box::new(understood))];
    *t.provider(crate::desk::BOT).reads.lock().unwrap() = (2, Some(events));
    t.reads_again(t.telegram);
    let m = &t.shown(c)[0];
    assert_eq!((m.text.as_str(), m.files.len()), ("look", 1));
    assert_eq!(m.files[0].id, file);
    let kinds: Vec<_> = m.cards.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [CardKind::Share], "the file itself is there");
    assert_eq!(
        t.number("SELECT count(*) FROM timeline WHERE unread = 1"),
        0
    );
    assert_eq!(t.number("SELECT has_files FROM message"), 1);
    assert_eq!(
        t.number("SELECT count(*) FROM search WHERE search MATCH 'photo'"),
        1,
        "it is found by its file"
    );
    t.is_sound();
}

#[test]
fn files_that_are_read_again_take_the_place_of_the_old_ones_and_unread_stays_unread() {
    let t = Team::new();
    t.event(
        t.telegram,
        Event::Message(Box::new(unknown_with_a_photo(&t))),
    );
    let mut understood = unknown_with_a_photo(&t);
    understood.quarantine = None;
    understood.cards.clear();
    understood.files[0].bytes = b"the photo in full".to_vec();
    let events = vec![Event::Message(Box::new(understood))];
    *t.provider(crate::desk::BOT).reads.lock().unwrap() = (2, Some(events));
    t.reads_again(t.telegram);
    assert_eq!(t.number("SELECT count(*) FROM file"), 1);
    assert_eq!(t.number("SELECT size FROM file"), 17);
    assert_eq!(
        t.number("SELECT count(*) FROM timeline WHERE unread = 1"),
        1
    );
    t.is_sound();
    t.is_sound();
}

#[test]
fn of_several_reactions_of_one_person_the_one_that_is_taken_back_goes() {
    let t = Team::new();
    t.hears(t.telegram, "!r $1", "42", "thanks");
    let c = t.customer_on(Channel::Telegram, "42");
    let react = |id: &str, emoji: &str| {
        let what = Later::Reacted {
            id: RemoteId(id.into()),
            by: "42".into(),
            emoji: emoji.into(),
        };
        t.later_event(t.telegram, "!r $1", what);
        t.later(1_000);
    };
    react("!r $a", "👍");
    react("!r $b", "❤");
    // The reaction is known by its own id alone, as after the program was begun again.
    t.later_event(t.telegram, "!r $a", Later::Unsent);
    let shown = || {
        let all = t.shown(c)[0].reactions.clone();
        all.into_iter()
            .map(|r| (r.emoji, r.name))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(), [("❤".to_owned(), "Mara".to_owned())]);
    // Told that it was taken back before it is told that it was given.
    t.later_event(t.telegram, "!r $c", Later::Unsent);
    react("!r $c", "😀");
    assert_eq!(shown().len(), 1);
    t.is_sound();
}

#[test]
fn what_is_told_up_to_a_message_holds_for_all_before_it_in_its_room_and_for_nothing_else() {
    let t = Team::new();
    let c = t.customer_on(Channel::Telegram, "42");
    for id in ["!r $1", "!r $2", "!other $3", "!r $4"] {
        let m = t.listed(t.telegram, id, "42", id);
        t.event(t.telegram, Event::Message(Box::new(m)));
        t.later(1_000);
    }
    let up_to = |id: &str, until| UpTo {
        of: RemoteId(id.into()),
        within: "!r".into(),
        until,
    };
    let read = |t: &Team| {
        let all = t.shown(c).into_iter();
        all.filter(|m| m.read_at.is_some())
            .map(|m| m.text)
            .collect::<Vec<_>>()
    };
    let told = Event::ReachedUpTo {
        up_to: up_to("!r $2", 0),
        at: t.now(),
        what: Reached::Read,
    };
    t.event(t.telegram, told.clone());
    t.event(t.telegram, told);
    assert_eq!(read(&t), ["!r $1", "!r $2"]);
    // A receipt for what is not kept as a message counts by its time.
    t.event(
        t.telegram,
        Event::ReachedUpTo {
            up_to: up_to("!r $reaction", t.now()),
            at: t.now(),
            what: Reached::Read,
        },
    );
    assert_eq!(read(&t), ["!r $1", "!r $2", "!r $4"]);

    // The same of what was read by us elsewhere.
    for id in ["!r $5", "!r $6", "!other $7", "!r $8"] {
        t.hears(t.telegram, id, "42", id);
        t.later(1_000);
    }
    t.event(t.telegram, Event::ReadUpTo(up_to("!r $6", 0)));
    let unread = t.shown(c).into_iter().filter(|m| m.unread);
    assert_eq!(
        unread.map(|m| m.text).collect::<Vec<_>>(),
        ["!other $7", "!r $8"]
    );
    t.is_sound();
}

#[test]
fn a_message_of_the_farthest_future_comes_in_and_so_does_the_next() {
    let t = Team::new();
    for id in ["1:1", "1:2"] {
        let mut m = t.message(id, "42", id);
        m.times.provider = Some((1 << 53) - 1);
        t.event(t.telegram, Event::Message(Box::new(m)));
    }
    let ids: Vec<i64> = t.read(|c| {
        let mut s = c.prepare("SELECT rid FROM message ORDER BY rid")?;
        let rows = s.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    });
    assert!(matches!(ids[..], [a, b] if a > 0 && b == a + 1), "{ids:?}");
}
