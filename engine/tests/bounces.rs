//! A mail that came back is found at the message that bounced, whichever of the two was met first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod email_support;
mod scene;

use email_support::{CUSTOMER, PASSWORD, TEAM};
use parley_engine::api::args;
use parley_engine::api::dto::{DeliveryProblem, TimelineItem};
use parley_engine::connectors::Connector;
use parley_engine::connectors::email::Email;
use parley_engine::connectors::email::convert::convert;
use parley_engine::model::{
    Class, CustomerId, EmailConfig, Event, Kind, MessageId, Outgoing, Party, Place, RemoteId,
    Security, SentCopy,
};
use parley_sandbox::dovecot::Options;
use parley_sandbox::{Dovecot, Error, Postfix};
use scene::{Mail, Scene};

const ANNA: &str = "anna@shop.test";

fn report(of: &str, recipient: &str, action: &str, status: &str, number: u32) -> Event {
    let raw = format!(
        "Return-Path: <>\nMessage-ID: <report{number}@mx.test>\nFrom: Mail Delivery System <mailer-daemon@mx.test>\nTo: team@us.test\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt did not work.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} it was refused\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{of}>\nSubject: hello\n--b--\n"
    );
    convert(
        raw.as_bytes(),
        RemoteId(format!("report{number}")),
        Place::Inbox,
        None,
        false,
    )
}

fn problems(s: &Scene, c: CustomerId, id: MessageId) -> Vec<DeliveryProblem> {
    let page = s.does(args::TimelinePage {
        conversation: c,
        before: None,
        after: None,
        around: None,
        limit: 50,
    });
    page.items
        .into_iter()
        .find_map(|i| match i {
            TimelineItem::Message(m) if m.id == id => Some(m.delivery),
            _ => None,
        })
        .expect("the message is in the timeline")
}

fn marked(s: &Scene) -> i64 {
    s.number("SELECT count(*) FROM conversation WHERE problem = 1")
}

#[test]
fn a_bounce_stands_at_the_message_that_bounced_in_either_order_and_once() {
    for bounce_first in [false, true] {
        let s = Scene::new();
        let question = Mail::from(ANNA);
        s.arrives(&question);
        s.later(60_000);
        let answer = Mail::sent_to(ANNA).message_id("answer@us.test").at(s.now());
        let bounce = report("answer@us.test", ANNA, "failed", "5.1.1", 1);
        if bounce_first {
            s.take(s.account, vec![bounce.clone()]);
        }
        let id = s.arrives(&answer);
        s.take(s.account, vec![bounce.clone()]);
        s.take(s.account, vec![bounce]);
        let found = problems(&s, s.customer(ANNA), id);
        assert_eq!(found.len(), 1, "bounce first: {bounce_first}");
        assert_eq!(
            (
                found[0].recipient.as_str(),
                found[0].hard,
                found[0].delayed,
                found[0].reason.as_str()
            ),
            (ANNA, true, false, "user_unknown")
        );
        assert_eq!(marked(&s), 1, "bounce first: {bounce_first}");
    }
}

#[test]
fn what_names_no_recipient_of_ours_or_no_message_of_ours_changes_nothing() {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA).message_id("question@shop.test"));
    s.later(60_000);
    let id = s.arrives(&Mail::sent_to(ANNA).message_id("answer@us.test").at(s.now()));
    s.take(
        s.account,
        vec![
            report("answer@us.test", "somebody@else.test", "failed", "5.1.1", 1),
            report("question@shop.test", ANNA, "failed", "5.1.1", 2),
            report("unknown@us.test", ANNA, "failed", "5.1.1", 3),
        ],
    );
    assert!(problems(&s, s.customer(ANNA), id).is_empty());
    assert_eq!(marked(&s), 0);
}

#[test]
fn a_failure_counts_more_than_a_delay_and_what_is_soft_marks_no_conversation() {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    s.later(60_000);
    let id = s.arrives(&Mail::sent_to(ANNA).message_id("answer@us.test").at(s.now()));
    s.take(
        s.account,
        vec![report("answer@us.test", ANNA, "delayed", "4.4.1", 1)],
    );
    let found = problems(&s, s.customer(ANNA), id);
    assert!(found[0].delayed && !found[0].hard);
    s.take(
        s.account,
        vec![report("answer@us.test", ANNA, "failed", "5.2.2", 2)],
    );
    let found = problems(&s, s.customer(ANNA), id);
    assert_eq!(
        (found.len(), found[0].delayed, found[0].reason.as_str()),
        (1, false, "mailbox_full")
    );
    assert_eq!(marked(&s), 0);
}

#[tokio::test]
async fn a_real_mail_server_s_bounce_is_read() {
    let dovecot =
        Dovecot::start(Options::users(&[(TEAM, PASSWORD), (CUSTOMER, PASSWORD)])).unwrap();
    let postfix = match Postfix::start(&dovecot) {
        Err(Error::Skipped(why)) => return println!("skipped: {why}"),
        other => other.unwrap_or_else(|error| panic!("{error}")),
    };
    let config = EmailConfig {
        smtp: email_support::server(postfix.submission_port(), Security::Starttls),
        sent_copy: SentCopy::Server,
        ..email_support::config(&dovecot)
    };
    let mailbox: Email = email_support::connector(config, PASSWORD);
    let ghost = "ghost@nowhere.test";
    let party = |a: &str| Party {
        name: None,
        address: a.into(),
    };
    let message = Outgoing {
        route: None,
        template: None,
        key: MessageId::parse(&"5b".repeat(16)).unwrap(),
        from: party(TEAM),
        to: vec![party(ghost)],
        cc: vec![],
        bcc: Vec::new(),
        signature: String::new(),
        history: None,
        subject: Some("Nobody reads this".into()),
        text: "Hello?".into(),
        html: None,
        files: vec![],
        message_id: "t-9.bounce@shop.test".into(),
        in_reply_to: None,
        references: vec![],
        customer_wrote: None,
        date: 1_704_186_000_000,
    };
    mailbox.send(&message).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let came_back = loop {
        let batch = mailbox.poll(None).await.unwrap();
        let found = batch.events.into_iter().find_map(|e| match e {
            Event::Message(m) if m.kind == Kind::Bounce => Some(m),
            _ => None,
        });
        if let Some(m) = found {
            break m;
        }
        assert!(std::time::Instant::now() < deadline, "no bounce came");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let bounce = came_back.bounce.unwrap();
    assert_eq!(came_back.class, Class::Machine);
    assert_eq!(
        bounce.original_message_id.as_deref(),
        Some("t-9.bounce@shop.test")
    );
    assert_eq!(bounce.recipients.len(), 1);
    assert_eq!(bounce.recipients[0].address, ghost);
}
