//! Whose conversation a message of a channel is in, and what people say of themselves.

use crate::desk::{MARA, Team, bot, instagram, sms};
use parley_engine::api::args;
use parley_engine::api::dto::RecipientKind;
use parley_engine::error::Error;
use parley_engine::model::*;

fn says(address: &str) -> PersonSays {
    PersonSays {
        address: address.into(),
        ..PersonSays::default()
    }
}

#[test]
fn one_telephone_number_is_one_customer_by_text_message_and_by_whatsapp() {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "by text message");
    t.later(1_000);
    t.hears(t.whatsapp, "SM2", "whatsapp:+49 170 1234567", "by WhatsApp");
    let c = t.customer_on(Channel::Whatsapp, MARA);
    assert_eq!(c, t.customer_on(Channel::Sms, MARA));
    let shown = t.shown(c);
    assert_eq!(
        shown.iter().map(|m| m.channel).collect::<Vec<_>>(),
        [Channel::Sms, Channel::Whatsapp]
    );
}

#[test]
fn an_id_of_meta_names_somebody_within_one_account_only() {
    let t = Team::new();
    let (a, b) = (
        t.connect_to(&instagram("100")),
        t.connect_to(&instagram("200")),
    );
    t.hears(a, "m1", "555", "to the first shop");
    t.hears(b, "m2", "555", "to the second shop");
    let of = |scope: &str| CustomerId(t.handle_on(Channel::Instagram, scope, "555").0);
    assert_ne!(of("100"), of("200"));
    assert_eq!((t.shown(of("100")).len(), t.shown(of("200")).len()), (1, 1));
}

#[test]
fn a_name_is_never_a_key() {
    let t = Team::new();
    t.hears(t.telegram, "1", "42", "I am Mara");
    t.hears(t.telegram, "2", "43", "I am Mara too");
    assert_ne!(
        t.customer_on(Channel::Telegram, "42"),
        t.customer_on(Channel::Telegram, "43")
    );
}

#[test]
fn a_business_accounts_chat_is_answered_within_a_day_and_the_bots_own_for_ever() {
    let t = Team::new();
    let c = t.customer_on(Channel::Telegram, "42");
    let by = |id: &str, route: &str| {
        let message = Incoming {
            route: Some(route.into()),
            ..t.message(id, "42", "hello")
        };
        t.event(t.telegram, Event::Message(Box::new(message)));
        t.now()
    };
    let reach = || {
        let options = t.does(args::ReplyOptions {
            conversation: c,
            answering: None,
        });
        let reach = &options.to[0].by[0];
        (reach.until, reach.closed)
    };
    let answer = || t.ask(t.send(t.telegram, c, "42", "Yes"));
    by("1", "chat");
    t.later(25 * 3_600_000);
    assert_eq!(reach(), (None, false));
    let wrote = by("2", "business:bc");
    let until = Some(wrote + 24 * 3_600_000);
    assert_eq!(reach(), (until, false));
    assert!(answer().is_ok());
    t.later(24 * 3_600_000);
    assert_eq!(reach(), (until, true));
    assert!(matches!(answer(), Err(Error::Refused(why)) if why.contains("24 hours")));
    by("3", "chat");
    t.later(25 * 3_600_000);
    assert_eq!(reach(), (None, false));
}

#[test]
fn the_picker_lists_where_a_customer_is_reached_with_windows_and_opt_outs() {
    let t = Team::new();
    t.can(t.whatsapp, |c| c.reply_window_hours = Some(24));
    t.can(t.sms, |c| c.may_write_first = true);
    t.hears(t.whatsapp, "SM2", MARA, "hello");
    let c = t.customer_on(Channel::Sms, MARA);
    let wrote = t.now();
    t.later(3_600_000);
    let options = || {
        t.does(args::ReplyOptions {
            conversation: c,
            answering: None,
        })
    };
    let o = options();
    let ways: Vec<_> =
        o.to.iter()
            .map(|w| (w.channel, w.by[0].until, w.by[0].closed))
            .collect();
    assert_eq!(
        ways,
        [
            (Channel::Whatsapp, Some(wrote + 24 * 3_600_000), false),
            (Channel::Sms, None, false),
        ]
    );
    t.later(24 * 3_600_000);
    assert!(options().to[0].by[0].closed, "the window is over");
    t.event(
        t.sms,
        Event::Person(PersonSays {
            opted_out: Some(true),
            at: t.now(),
            ..says(MARA)
        }),
    );
    assert!(options().to.iter().all(|w| w.opted_out));
    t.later(1_000);
    t.event(
        t.sms,
        Event::Person(PersonSays {
            opted_out: Some(false),
            at: t.now(),
            ..says(MARA)
        }),
    );
    assert!(options().to.iter().all(|w| !w.opted_out));
}

#[test]
fn an_address_that_a_visitor_gave_is_offered_and_whoever_writes_to_it_makes_both_one_undoably() {
    let t = Team::new();
    t.hears(t.telegram, "1", "42", "I have to go, write me a mail");
    let c = t.customer_on(Channel::Telegram, "42");
    t.event(
        t.telegram,
        Event::Person(PersonSays {
            email: Some("Mara <mara@home.test>".into()),
            at: t.now(),
            ..says("42")
        }),
    );
    let o = t.does(args::ReplyOptions {
        conversation: c,
        answering: None,
    });
    let given =
        o.to.iter()
            .find(|w| w.kind == RecipientKind::Given)
            .expect("it is offered");
    assert_eq!(
        (given.party.address.as_str(), given.by[0].account),
        ("mara@home.test", t.account)
    );
    let mut mail = t.send(t.account, c, "mara@home.test", "Here is my mail");
    mail.subject = Some("Your question".into());
    t.does(mail);
    t.does(args::Undo {});
    assert_eq!(t.shown(c).len(), 1, "taken back with the mail");
    let theirs = t.customer_on(Channel::Email, "mara@home.test");
    assert_eq!(t.number("SELECT count(*) FROM link WHERE linked = 1"), 0);
    let mut mail = t.send(t.account, c, "mara@home.test", "Here is my mail");
    mail.subject = Some("Your question".into());
    t.does(mail);
    let one = |t: &Team| t.shown(theirs).len() == t.shown(c).len() && t.shown(c).len() == 2;
    assert!(one(&t));
    t.goes(t.account);
    t.arrives(&crate::scene::Mail::from("mara@home.test").text("Thank you"));
    assert_eq!(t.shown(c).len(), 3, "it goes on as the same customer");
}

#[test]
fn an_address_that_somebody_else_writes_from_already_is_left_to_a_person() {
    let t = Team::new();
    t.arrives(&crate::scene::Mail::from("boss@shop.test"));
    t.hears(t.telegram, "1", "42", "I am the boss, believe me");
    let c = t.customer_on(Channel::Telegram, "42");
    t.event(
        t.telegram,
        Event::Person(PersonSays {
            email: Some("boss@shop.test".into()),
            at: t.now(),
            ..says("42")
        }),
    );
    let mut mail = t.send(t.account, c, "boss@shop.test", "Is that you?");
    mail.subject = Some("Hm".into());
    t.does(mail);
    let boss = t.customer_on(Channel::Email, "boss@shop.test");
    assert!(
        t.shown(boss).iter().all(|m| m.channel == Channel::Email),
        "nothing was joined"
    );
}

#[test]
fn how_somebody_came_here_is_told_once_and_stands_with_the_customer() {
    let t = Team::new();
    t.hears(t.telegram, "1", "42", "hello");
    let touched = Touched {
        remote_id: RemoteId("start:1".into()),
        address: "42".into(),
        at: t.now(),
        touch: Touch {
            page: Some("https://shop.test/lamps".into()),
            utm: [("campaign".to_owned(), "autumn".to_owned())].into(),
            ..Touch::default()
        },
    };
    t.event(t.telegram, Event::Touched(touched.clone()));
    t.event(t.telegram, Event::Touched(touched));
    let panel = t.does(args::Customer {
        id: t.customer_on(Channel::Telegram, "42"),
    });
    assert_eq!(panel.touches.len(), 1);
    assert_eq!(panel.touches[0].touch.utm["campaign"], "autumn");
}

#[test]
fn what_a_connector_needs_to_answer_is_what_the_newest_message_said() {
    let t = Team::new();
    t.can(t.telegram, |c| c.may_write_first = true);
    for (id, room) in [("1", "room A"), ("2", "room B")] {
        t.later(1_000);
        let m = Incoming {
            route: Some(room.into()),
            ..t.message(id, "42", "hello")
        };
        t.event(t.telegram, Event::Message(Box::new(m)));
    }
    let c = t.customer_on(Channel::Telegram, "42");
    t.does(t.send(t.telegram, c, "42", "Hello"));
    t.goes(t.telegram);
    assert_eq!(t.given(t.telegram)[0].route.as_deref(), Some("room B"));
}

#[test]
fn the_window_counts_who_wrote_whatever_was_made_of_the_message_here() {
    let t = Team::new();
    t.can(t.whatsapp, |c| c.reply_window_hours = Some(24));
    let id = t.hears(t.whatsapp, "SM2", MARA, "hello");
    let c = t.customer_on(Channel::Whatsapp, MARA);
    t.does(args::ClassSet {
        message: id,
        class: Class::Machine,
    });
    t.does(t.send(t.whatsapp, c, MARA, "All the same: hello"));
    t.does(args::NotCustomer {
        handle: t.handle_on(Channel::Whatsapp, "", MARA),
        on: true,
    });
    t.does(t.send(t.whatsapp, c, MARA, "And again"));
    assert_eq!(t.goes(t.whatsapp), 2);
}

#[test]
fn who_shuts_out_one_bot_is_still_written_to_by_another() {
    let t = Team::new();
    let other = t.connect_to(&bot("7000002"));
    for (account, id) in [(t.telegram, "1"), (other, "2")] {
        t.can(account, |c| c.may_write_first = true);
        t.hears(account, id, "42", "hello");
    }
    let c = t.customer_on(Channel::Telegram, "42");
    let shut_out = |account, on| {
        t.later(1_000);
        t.event(
            account,
            Event::Person(PersonSays {
                opted_out: Some(on),
                at: t.now(),
                ..says("42")
            }),
        );
    };
    let way = || {
        let o = t.does(args::ReplyOptions {
            conversation: c,
            answering: None,
        });
        let way = o.to.into_iter().next().unwrap();
        let by: Vec<_> = way.by.iter().map(|r| (r.account, r.opted_out)).collect();
        (by, way.opted_out)
    };
    shut_out(t.telegram, true);
    assert_eq!(
        way(),
        (vec![(other, false), (t.telegram, true)], false),
        "the bot that is let in is proposed"
    );
    assert!(t.ask(t.send(t.telegram, c, "42", "Hello?")).is_err());
    t.does(t.send(other, c, "42", "Hello?"));
    shut_out(other, true);
    assert!(way().1, "now no bot may");
    shut_out(t.telegram, false);
    assert_eq!(way().0, [(t.telegram, false), (other, true)]);
    t.does(t.send(t.telegram, c, "42", "Hello again"));
    t.is_sound();
}

#[test]
fn who_writes_stop_by_telephone_means_all_numbers_and_the_newest_word_stands() {
    let t = Team::new();
    let other = t.connect_to(&sms("+4930901829"));
    for (account, id) in [(t.sms, "SM1"), (other, "SM2"), (t.whatsapp, "SM3")] {
        t.can(account, |c| c.may_write_first = true);
        t.hears(account, id, MARA, "hello");
    }
    let c = t.customer_on(Channel::Sms, MARA);
    let wants = |account, out| {
        t.later(1_000);
        t.event(
            account,
            Event::Person(PersonSays {
                opted_out: Some(out),
                at: t.now(),
                ..says(MARA)
            }),
        );
    };
    let all = [t.sms, other, t.whatsapp];
    wants(t.sms, true);
    for account in all {
        assert!(t.ask(t.send(account, c, MARA, "One more")).is_err());
    }
    wants(other, false);
    for account in all {
        t.does(t.send(account, c, MARA, "Welcome back"));
    }
}
