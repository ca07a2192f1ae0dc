//! The Matrix connector against a real homeserver. Where Synapse is missing, each test says that it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)] // helpers fail as tests do

use parley_engine::connectors::http::Net;
use parley_engine::connectors::matrix::Matrix;
use parley_engine::connectors::{Connector, Context, Credentials, Proof, Recall, find};
use parley_engine::model::{
    AccountConfig, Batch, CardKind, Channel, Class, Cursor, Event, Incoming, Later, Mark,
    MatrixConfig, MatrixSignIn, MessageId, Outgoing, OutgoingFile, Party, PersonSays, Place,
    Reached, ReadMark, Remedy, RemoteId,
};
use parley_engine::time::{Clock, Millis, SystemClock};
use parley_sandbox::Error;
use parley_sandbox::http::{Fake, Fault, Request, Response, Server, World as Around};
use parley_sandbox::synapse::{Front, MatrixUser, PASSWORD, Synapse, Wishes};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A homeserver with the desk's account on it.
struct World {
    synapse: Synapse,
    desk: MatrixUser,
    _folder: tempfile::TempDir,
}

fn world(wishes: &Wishes) -> Option<World> {
    let folder = tempfile::tempdir().unwrap();
    let synapse = match Synapse::start(folder.path(), wishes) {
        Err(Error::Skipped(why)) => {
            println!("skipped: {why}");
            return None;
        }
        other => other.unwrap(),
    };
    let desk = synapse.register("support").unwrap();
    Some(World {
        synapse,
        desk,
        _folder: folder,
    })
}

/// A secret that can be renewed, as a stored one.
struct Secret(Mutex<SecretString>);

#[async_trait::async_trait]
impl Credentials for Secret {
    async fn proof(&self, _: Option<&Proof>) -> parley_engine::connectors::Result<Proof> {
        Ok(Proof::Password(self.0.lock().unwrap().clone()))
    }
    async fn keep(&self, renewed: SecretString) -> parley_engine::connectors::Result<()> {
        *self.0.lock().unwrap() = renewed;
        Ok(())
    }
}

impl World {
    fn config(&self, sign_in: MatrixSignIn) -> MatrixConfig {
        MatrixConfig {
            homeserver: self.synapse.url(),
            user_id: self.desk.user_id.clone(),
            name: "Lamp Shop".into(),
            sign_in,
            registration_token: String::new(),
        }
    }

    fn connector(&self) -> Matrix {
        let secret = Secret(Mutex::new(self.desk.access_token.clone().into()));
        connect(self.config(MatrixSignIn::Token), Arc::new(secret))
    }

    fn visitor(&self, name: &str) -> (MatrixUser, String) {
        let visitor = self.synapse.register(name).unwrap();
        let room = visitor
            .create_room(&[&self.desk.user_id], &json!([]))
            .unwrap();
        (visitor, room)
    }
}

fn context(clock: Arc<dyn Clock>, credentials: Arc<dyn Credentials>) -> Context {
    Context {
        clock,
        net: Arc::new(Net::new(Arc::new(SystemClock))),
        credentials,
    }
}

fn connect(config: MatrixConfig, credentials: Arc<dyn Credentials>) -> Matrix {
    let context = context(Arc::new(SystemClock), credentials);
    Matrix::new(Channel::Webchat, config, context)
}

/// A clock that stands still until somebody sets it forward.
#[derive(Clone)]
struct Still(Arc<AtomicI64>);

impl Clock for Still {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// A homeserver behind a door, with the desk and one visitor, who are in a room.
struct Door {
    front: Front,
    desk: MatrixUser,
    visitor: MatrixUser,
    room: String,
    clock: Still,
    _folder: tempfile::TempDir,
}

impl Door {
    async fn open() -> Option<Self> {
        let w = world(&Wishes::default())?;
        let (visitor, room) = w.visitor("anna");
        w.desk
            .call("POST", &format!("/join/{room}"), &json!({}))
            .unwrap();
        let World {
            synapse,
            desk,
            _folder,
        } = w;
        Some(Self {
            front: Front::start(synapse).await.unwrap(),
            desk,
            visitor,
            room,
            clock: Still(Arc::new(AtomicI64::new(SystemClock.now()))),
            _folder,
        })
    }

    fn connector(&self) -> Matrix {
        let config = MatrixConfig {
            homeserver: self.front.url(),
            user_id: self.desk.user_id.clone(),
            sign_in: MatrixSignIn::Token,
            ..MatrixConfig::default()
        };
        let secret = Secret(Mutex::new(self.desk.access_token.clone().into()));
        let context = context(Arc::new(self.clock.clone()), Arc::new(secret));
        Matrix::new(Channel::Matrix, config, context)
    }

    fn says(&self, txn: &str, text: &str) {
        self.visitor.say(&self.room, txn, text).unwrap();
    }

    fn register(&self, name: &str) -> MatrixUser {
        self.front.synapse().register(name).unwrap()
    }
}

/// Everything that is waiting; each batch is small enough.
async fn drain(matrix: &Matrix, cursor: &mut Option<Cursor>) -> Vec<Event> {
    let mut all = Vec::new();
    for _ in 0..200 {
        let Batch {
            events, next, more, ..
        } = matrix.poll(cursor.as_ref()).await.unwrap();
        assert!(events.len() <= 100);
        all.extend(events);
        *cursor = Some(next);
        if !more {
            return all;
        }
    }
    panic!("it never ends");
}

/// Polls until something is there, for some seconds.
async fn until(
    matrix: &Matrix,
    cursor: &mut Option<Cursor>,
    is: impl Fn(&Event) -> bool,
) -> Vec<Event> {
    let mut all = Vec::new();
    for _ in 0..100 {
        all.extend(drain(matrix, cursor).await);
        if all.iter().any(&is) {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not told: {all:?}");
}

fn messages(events: &[Event]) -> Vec<&Incoming> {
    let all = events.iter().filter_map(|e| match e {
        Event::Message(m) => Some(&**m),
        _ => None,
    });
    all.collect()
}

fn says(text: &str) -> impl Fn(&Event) -> bool {
    let text = text.to_owned();
    move |e| matches!(e, Event::Message(m) if m.text == text)
}

fn outgoing(route: &str, key: u8, text: &str) -> Outgoing {
    Outgoing {
        key: MessageId([key; 16]),
        from: Party::default(),
        to: vec![Party::default()],
        cc: vec![],
        bcc: vec![],
        subject: None,
        text: text.into(),
        html: None,
        signature: String::new(),
        history: None,
        files: vec![],
        route: Some(route.into()),
        template: None,
        message_id: String::new(),
        in_reply_to: None,
        references: vec![],
        customer_wrote: None,
        date: 0,
    }
}

fn later(events: &[Event]) -> Vec<(String, Later)> {
    let all = events.iter().filter_map(|e| match e {
        Event::Later(a) => Some((a.of.0.clone(), a.what.clone())),
        _ => None,
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_met_heard_and_answered() {
    let Some(w) = world(&Wishes::default()) else {
        return;
    };
    let matrix = w.connector();
    let mut cursor = None;
    let (steps, profile) = matrix.check().await;
    assert!(steps.iter().all(|s| s.ok), "{steps:?}");
    assert_eq!(profile.unwrap().name, w.desk.user_id);
    assert!(drain(&matrix, &mut cursor).await.is_empty());

    // Somebody comes, and wakes the one who waits.
    let waiting =
        async { tokio::time::timeout(Duration::from_secs(20), matrix.wait(cursor.as_ref())).await };
    let coming = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (visitor, room) = w.visitor("web-1");
        visitor.say(&room, "t1", "Is the lamp in stock?").unwrap();
        (visitor, room)
    };
    let (woken, (visitor, room)) = tokio::join!(waiting, coming);
    woken.expect("the long poll wakes");
    let events = until(&matrix, &mut cursor, says("Is the lamp in stock?")).await;
    let m = messages(&events)[0];
    assert_eq!((m.place, m.class), (Place::Inbox, Class::Human));
    assert_eq!(
        m.from.as_ref().map(|p| p.address.as_str()),
        Some(visitor.user_id.as_str())
    );
    assert_eq!(
        m.from.as_ref().and_then(|p| p.name.as_deref()),
        Some("web-1")
    );
    assert_eq!(m.route.as_deref(), Some(room.as_str()));
    let first = m.remote_id.clone();

    // The answer goes out once, however often it is handed in, and comes back as ours.
    let mut answer = outgoing(&room, 7, "Yes, three of them.");
    answer.html = Some("<p>Yes, <strong>three</strong> of them.</p>".into());
    let receipt = matrix.send(&answer).await.unwrap();
    assert_eq!(matrix.send(&answer).await.unwrap(), receipt);
    let there = visitor.events(&room).unwrap();
    assert_eq!(
        there
            .iter()
            .filter(|e| e["content"]["body"] == "Yes, three of them.")
            .count(),
        1
    );
    let bold =
        |e: &Value| e["content"]["formatted_body"] == "<p>Yes, <strong>three</strong> of them.</p>";
    assert!(there.iter().any(bold), "a visitor gets the formatting too");
    let events = until(&matrix, &mut cursor, says("Yes, three of them.")).await;
    let echo = messages(&events)
        .into_iter()
        .find(|m| m.text.starts_with("Yes"))
        .unwrap();
    assert_eq!((echo.place, echo.key), (Place::Sent, Some(answer.key)));
    assert_eq!(Some(echo.remote_id.clone()), receipt.remote_id);
    assert_eq!(echo.to[0].address, visitor.user_id);

    // What happens to messages afterwards.
    let event = receipt
        .remote_id
        .unwrap()
        .0
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned();
    let own = first.0.split(' ').nth(1).unwrap().to_owned();
    visitor
        .call(
            "POST",
            &format!("/rooms/{room}/receipt/m.read/{event}"),
            &json!({}),
        )
        .unwrap();
    let mark =
        json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}});
    let reaction = visitor.send(&room, "m.reaction", "t2", &mark).unwrap();
    let edit = |of: &str, text: &str| json!({"msgtype": "m.text", "body": format!("* {text}"), "m.new_content": {"msgtype": "m.text", "body": text}, "m.relates_to": {"rel_type": "m.replace", "event_id": of}});
    visitor
        .send(
            &room,
            "m.room.message",
            "t3",
            &edit(&own, "Is the brass lamp in stock?"),
        )
        .unwrap();
    visitor
        .send(
            &room,
            "m.room.message",
            "t4",
            &edit(&event, "We owe you money."),
        )
        .unwrap();
    visitor.say(&room, "t9", "Liked.").unwrap();
    let liked = until(&matrix, &mut cursor, says("Liked.")).await;
    let read = liked.iter().any(|e| matches!(e, Event::ReachedUpTo { up_to, what: Reached::Read, .. } if up_to.of.0 == format!("{room} {event}") && up_to.within == room));
    assert!(read, "{liked:?}");
    let mut told = later(&liked);
    visitor.redact(&room, &reaction, "t5").unwrap();
    // Whoever made the room may take away anybody's words at the homeserver, not here.
    visitor.redact(&room, &event, "t6").unwrap();
    visitor.redact(&room, &own, "t7").unwrap();
    visitor.say(&room, "t8", "Done.").unwrap();
    told.extend(later(&until(&matrix, &mut cursor, says("Done.")).await));
    let about = |e: &str| {
        told.iter()
            .filter(|(of, _)| *of == format!("{room} {e}"))
            .map(|(_, w)| w.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        about(&own),
        [
            Later::Edited {
                text: "Is the brass lamp in stock?".into(),
                html: None
            },
            Later::Unsent
        ]
    );
    let ours = about(&event);
    assert!(
        !ours
            .iter()
            .any(|l| matches!(l, Later::Edited { .. } | Later::Unsent)),
        "{ours:?}"
    );
    let by = visitor.user_id.clone();
    assert!(ours.contains(&Later::Reacted {
        id: RemoteId(format!("{room} {reaction}")),
        by,
        emoji: "👍".into()
    }));
    assert_eq!(about(&reaction), [Later::Unsent]);

    // Reading here is seen there.
    let last = visitor.events(&room).unwrap().last().unwrap()["event_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let marks = [ReadMark {
        remote_id: RemoteId(format!("{room} {last}")),
        seen: true,
    }];
    matrix.store_read(cursor.as_ref(), &marks).await.unwrap();
    let seen = visitor
        .call("GET", "/sync?timeout=0", &Value::Null)
        .unwrap();
    assert!(
        seen["rooms"]["join"][&room]["ephemeral"]
            .to_string()
            .contains(&last)
    );
    // That this program said so is no news; that it was read in another one is.
    let up_to = |e: &Event| matches!(e, Event::ReadUpTo(_));
    visitor.say(&room, "t10", "One more.").unwrap();
    let events = until(&matrix, &mut cursor, says("One more.")).await;
    assert!(!events.iter().any(up_to), "{events:?}");
    let newest = messages(&events)[0].remote_id.clone();
    let event = newest.0.split(' ').nth(1).unwrap();
    let path = format!("/rooms/{room}/receipt/m.read/{event}");
    w.desk.call("POST", &path, &json!({})).unwrap();
    let events = until(&matrix, &mut cursor, up_to).await;
    assert!(
        events
            .iter()
            .any(|e| matches!(e, Event::ReadUpTo(u) if u.of == newest && u.within == room))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_facts_of_a_visitor_and_odd_kinds_are_taken_in() {
    let Some(w) = world(&Wishes {
        largest_upload: Some(200_000),
        ..Wishes::default()
    }) else {
        return;
    };
    let matrix = w.connector();
    let mut cursor = None;
    drain(&matrix, &mut cursor).await;
    let visitor = w.synapse.register("web-1").unwrap();
    let state = json!([
        {"type": "chat.parley.touch", "state_key": "", "content": {"first_page": "https://shop.test/lamps", "referrer": "", "utm": {"source": "news"}, "at": 1}},
    ]);
    let room = visitor.create_room(&[&w.desk.user_id], &state).unwrap();
    let file = visitor.upload("text/plain", b"one lamp").unwrap();
    visitor.send(&room, "m.room.message", "t1", &json!({"msgtype": "m.file", "body": "../order\u{202e}.txt", "url": file, "info": {"mimetype": "text/plain", "size": 8}})).unwrap();
    visitor.send(&room, "m.room.message", "t2", &json!({"msgtype": "m.file", "body": "gone.txt", "url": "mxc://desk.test/nowhere", "info": {}})).unwrap();
    visitor
        .send(
            &room,
            "org.future.thing",
            "t3",
            &json!({"body": "A hologram"}),
        )
        .unwrap();
    visitor
        .call(
            "PUT",
            &format!("/rooms/{room}/state/chat.parley.visitor/"),
            &json!({"name": "Anna Berg", "email": "anna@shop.test"}),
        )
        .unwrap();
    visitor.say(&room, "t4", "All said.").unwrap();
    let events = until(&matrix, &mut cursor, says("All said.")).await;
    // What a room that was just come into says may be told as news and as history: once by its id.
    let mut told = std::collections::BTreeSet::new();
    let mut all = messages(&events);
    all.retain(|m| told.insert(m.remote_id.0.clone()));
    let with_file = all.iter().find(|m| !m.files.is_empty()).unwrap();
    assert_eq!(
        (
            with_file.files[0].name.as_str(),
            with_file.files[0].bytes.as_slice()
        ),
        ("order.txt", &b"one lamp"[..])
    );
    // What a homeserver tells as news and as history is one message by its id.
    let mut met = std::collections::HashSet::new();
    let cards: Vec<_> = all
        .iter()
        .filter(|m| met.insert(m.remote_id.clone()))
        .flat_map(|m| &m.cards)
        .map(|c| (c.kind, c.text.clone().unwrap_or_default()))
        .collect();
    assert_eq!(
        cards,
        [
            (CardKind::Media, "gone.txt".to_owned()),
            (CardKind::Unknown, "A hologram".to_owned())
        ]
    );
    let person = events.iter().find_map(|e| match e {
        Event::Person(PersonSays {
            email: Some(email),
            name,
            address,
            ..
        }) => Some((address.clone(), name.clone(), email.clone())),
        _ => None,
    });
    assert_eq!(
        person,
        Some((
            visitor.user_id.clone(),
            Some("Anna Berg".into()),
            "anna@shop.test".into()
        ))
    );
    let touch = events.iter().find_map(|e| match e {
        Event::Touched(t) => Some(t.clone()),
        _ => None,
    });
    let touch = touch.expect("how the visitor came is told");
    assert_eq!(
        (touch.address, touch.touch.page.as_deref()),
        (visitor.user_id.clone(), Some("https://shop.test/lamps"))
    );

    assert_eq!(
        matrix.capabilities().max_attachment,
        Some(200_000),
        "it is known before anybody chooses a file"
    );

    // A file of ours; one that is too large is refused before it goes.
    let mut sent = outgoing(&room, 9, "");
    let lamp = |size: usize| OutgoingFile {
        id: parley_engine::model::FileId([1; 16]),
        name: "lamp.pdf".into(),
        mime: "application/pdf".into(),
        inline: false,
        bytes: vec![7; size],
    };
    sent.files = vec![lamp(1_000)];
    matrix.send(&sent).await.unwrap();
    let there = visitor.events(&room).unwrap();
    let content = &there.last().unwrap()["content"];
    assert_eq!(
        (content["msgtype"].as_str(), content["body"].as_str()),
        (Some("m.file"), Some("lamp.pdf"))
    );
    assert_eq!(
        visitor.download(content["url"].as_str().unwrap()).unwrap(),
        vec![7; 1_000]
    );
    sent.key = MessageId([10; 16]);
    sent.files = vec![lamp(300_000)];
    assert_eq!(matrix.send(&sent).await.unwrap_err().remedy, Remedy::Final);

    // An encrypted room says so once, and is not written into in the clear.
    let state = json!([{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]);
    let secret = visitor.create_room(&[&w.desk.user_id], &state).unwrap();
    for txn in ["e1", "e2"] {
        visitor
            .send(
                &secret,
                "m.room.encrypted",
                txn,
                &json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}),
            )
            .unwrap();
    }
    let events = until(
        &matrix,
        &mut cursor,
        |e| matches!(e, Event::Message(m) if m.cards.iter().any(|c| c.kind == CardKind::Encrypted)),
    )
    .await;
    let ids: std::collections::BTreeSet<_> = messages(&events)
        .iter()
        .filter(|m| m.cards.iter().any(|c| c.kind == CardKind::Encrypted))
        .map(|m| m.remote_id.0.clone())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(
        matrix
            .send(&outgoing(&secret, 11, "Hello"))
            .await
            .unwrap_err()
            .remedy,
        Remedy::Final
    );

    // Who ends the chat leaves a line.
    visitor
        .call("POST", &format!("/rooms/{room}/leave"), &json!({}))
        .unwrap();
    until(&matrix, &mut cursor, |e| matches!(e, Event::Message(m) if m.class == Class::Machine && m.cards.iter().any(|c| c.kind == CardKind::Notice))).await;
    // Nobody would read an answer.
    let e = matrix
        .send(&outgoing(&room, 12, "Still there?"))
        .await
        .unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    assert!(e.what.contains("left"), "{e}");
    assert!(
        !w.desk
            .events(&room)
            .unwrap()
            .iter()
            .any(|e| e["content"]["body"] == "Still there?")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_by_a_first_sync_a_long_absence_or_a_lost_cursor() {
    let Some(w) = world(&Wishes::default()) else {
        return;
    };
    let (visitor, room) = w.visitor("web-1");
    w.desk
        .call("POST", &format!("/join/{room}"), &json!({}))
        .unwrap();
    let say = |from: usize, to: usize| {
        for n in from..to {
            visitor
                .say(&room, &format!("t{n}"), &format!("Line {n}"))
                .unwrap();
        }
    };
    say(0, 150);
    let texts = |events: &[Event]| {
        let mut all: Vec<usize> = messages(events)
            .iter()
            .filter_map(|m| m.text.strip_prefix("Line ")?.parse().ok())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let matrix = w.connector();
    let mut cursor = None;
    assert_eq!(
        texts(&drain(&matrix, &mut cursor).await),
        (0..150).collect::<Vec<_>>()
    );
    assert_eq!(
        texts(&drain(&matrix, &mut cursor).await),
        Vec::<usize>::new(),
        "polling twice is polling once"
    );

    // Away for long: the middle comes page by page though older messages are not wanted, and nothing older is asked
    // for again.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let left = SystemClock.now();
    say(150, 290);
    let again = w.connector();
    again.read_history(false);
    assert_eq!(
        texts(&drain(&again, &mut cursor).await),
        (150..290).collect::<Vec<_>>()
    );

    // Another program of ours lost its place.
    let mut lost = Some(Cursor("{\"since\":\"nonsense\"}".into()));
    let third = w.connector();
    assert_eq!(
        texts(&drain(&third, &mut lost).await),
        (0..290).collect::<Vec<_>>()
    );

    // Without history only the newest come, and the rest when it is wanted.
    let fourth = w.connector();
    fourth.read_history(false);
    let mut short = None;
    let few = texts(&drain(&fourth, &mut short).await);
    assert!(few.len() < 60 && few.contains(&289), "{few:?}");
    fourth.read_history(true);
    let rest = texts(&drain(&fourth, &mut short).await);
    assert!(rest.contains(&0));

    // Read again from a time on: that much, and hardly more.
    let fifth = w.connector();
    fifth.read_history(false);
    let mut rewound = fifth.rewound(cursor.as_ref(), left);
    let since = texts(&drain(&fifth, &mut rewound).await);
    assert!((150..290).all(|n| since.contains(&n)), "{since:?}");
    assert!(!since.contains(&0), "{since:?}");

    // Left by another program after an absence: what was said before is read all the same.
    say(290, 350);
    w.desk
        .call("POST", &format!("/rooms/{room}/leave"), &json!({}))
        .unwrap();
    let sixth = w.connector();
    sixth.read_history(false);
    let last = texts(&drain(&sixth, &mut rewound).await);
    assert_eq!(last, (290..350).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do_and_a_password_signs_in_again_by_itself() {
    let Some(mut w) = world(&Wishes {
        messages_per_second: Some(0.2),
        ..Wishes::default()
    }) else {
        return;
    };
    let (_visitor, room) = w.visitor("web-1");
    w.desk
        .call("POST", &format!("/join/{room}"), &json!({}))
        .unwrap();

    // Too fast: the homeserver's own patience is passed on.
    let matrix = w.connector();
    let mut last = Ok(parley_engine::model::Receipt::default());
    for key in 0..8 {
        last = matrix.send(&outgoing(&room, key, "Hello")).await;
        if last.is_err() {
            break;
        }
    }
    let e = last.unwrap_err();
    assert_eq!(e.remedy, Remedy::Wait);
    assert!(e.retry_after.is_some_and(|ms| ms >= 1_000));

    // A password brings a token, which is kept; one that is gone is renewed on the same device.
    let secret = Arc::new(Secret(Mutex::new(PASSWORD.to_owned().into())));
    let by_password = connect(
        w.config(MatrixSignIn::Password),
        Arc::clone(&secret) as Arc<dyn Credentials>,
    );
    let mut cursor = None;
    drain(&by_password, &mut cursor).await;
    let kept =
        |s: &Secret| serde_json::from_str::<Value>(s.0.lock().unwrap().expose_secret()).unwrap();
    let before = kept(&secret);
    assert_eq!(before["password"], PASSWORD);
    let admin = w.synapse.register("support").unwrap();
    admin.call("POST", "/logout/all", &json!({})).unwrap();
    drain(&by_password, &mut cursor).await;
    let after = kept(&secret);
    assert_ne!(before["token"], after["token"]);
    assert_eq!(before["device"], after["device"]);

    // A token alone cannot be renewed: a person is asked.
    let e = matrix.poll(None).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "sync"));
    let wrong = Secret(Mutex::new("wrong".to_owned().into()));
    let e = connect(w.config(MatrixSignIn::Password), Arc::new(wrong))
        .poll(None)
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "login"));

    // Another's account, a wrong address, nobody there.
    let mut config = w.config(MatrixSignIn::Password);
    config.user_id = "@admin:desk.test".into();
    let other = Secret(Mutex::new(
        w.synapse.register("support").unwrap().access_token.into(),
    ));
    config.sign_in = MatrixSignIn::Token;
    let (steps, outcome) = connect(config, Arc::new(other)).check().await;
    assert_eq!(
        (steps.last().map(|s| s.step), outcome.unwrap_err().remedy),
        (Some("login"), Remedy::Reconnect)
    );
    let mut config = w.config(MatrixSignIn::Token);
    config.registration_token = "never-made".into();
    let fresh = Secret(Mutex::new(
        w.synapse.register("support").unwrap().access_token.into(),
    ));
    let (steps, _) = connect(config, Arc::new(fresh)).check().await;
    assert_eq!(
        steps.last().map(|s| (s.step, s.ok)),
        Some(("visitors", false))
    );
    w.synapse.stop().unwrap();
    let e = by_password.poll(cursor.as_ref()).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Retry, "connect"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_nested_without_end_stops_nothing() {
    let Some(w) = world(&Wishes::default()) else {
        return;
    };
    let (visitor, room) = w.visitor("web-1");
    let matrix = w.connector();
    let mut cursor = None;
    drain(&matrix, &mut cursor).await;
    let deep = (0..120).fold(json!(7), |inner, n| {
        if n % 2 == 0 {
            json!([inner])
        } else {
            json!({ "a": inner })
        }
    });
    let content = json!({ "msgtype": "m.text", "body": "Look how deep", "deep": deep });
    visitor
        .send(&room, "m.room.message", "t1", &content)
        .unwrap();
    visitor.say(&room, "t2", "And on.").unwrap();
    let events = until(&matrix, &mut cursor, says("And on.")).await;
    assert!(events.iter().any(says("Look how deep")));
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_that_fail_stand_in_nobodys_way_and_none_of_many_is_forgotten() {
    let Some(d) = Door::open().await else {
        return;
    };
    let matrix = d.connector();
    let mut cursor = None;
    drain(&matrix, &mut cursor).await;
    let joins = ("POST", "/_matrix/client/v3/join/");
    let broken = Fault::answer(502, json!({ "errcode": "M_UNKNOWN" }));
    d.front.world().faults.on(joins.0, joins.1).once(broken);
    for _ in 0..55 {
        d.visitor
            .create_room(&[&d.desk.user_id], &json!([]))
            .unwrap();
    }
    d.says("t1", "In the old room.");
    let events = drain(&matrix, &mut cursor).await;
    assert!(events.iter().any(says("In the old room.")));
    let joined = || {
        let all = d.desk.call("GET", "/joined_rooms", &Value::Null).unwrap();
        all["joined_rooms"].as_array().unwrap().len()
    };
    assert_eq!(joined(), 1 + 54);
    // The one that failed has its turn later, also for another program of ours.
    drop(matrix);
    d.clock.0.fetch_add(15_000, Ordering::SeqCst);
    drain(&d.connector(), &mut cursor).await;
    assert_eq!(joined(), 1 + 55);

    // Asked for patience, it goes on with what it has.
    let slow = json!({ "errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 60_000 });
    let slow = Fault::answer(429, slow);
    d.front.world().faults.on(joins.0, joins.1).times(5, slow);
    let before = d.front.world().calls.count(joins.0, joins.1);
    for _ in 0..3 {
        d.visitor
            .create_room(&[&d.desk.user_id], &json!([]))
            .unwrap();
    }
    drain(&d.connector(), &mut cursor).await;
    let asked = d.front.world().calls.count(joins.0, joins.1) - before;
    assert_eq!(asked, 1, "whoever is asked to wait asks no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_first_never_goes_where_a_stranger_reads_along() {
    let Some(d) = Door::open().await else {
        return;
    };
    let (mallory, victim) = (d.register("mallory"), d.register("victim"));
    let digest = Sha256::digest(format!("{} {}", d.desk.user_id, victim.user_id));
    let name = data_encoding::HEXLOWER.encode(&digest[..12]);
    let trap = json!({ "room_alias_name": format!("parley-{name}"), "invite": [d.desk.user_id], "preset": "trusted_private_chat" });
    let trap = mallory.call("POST", "/createRoom", &trap).unwrap()["room_id"]
        .as_str()
        .unwrap()
        .to_owned();
    // And one in which the victim takes part, and speaks.
    let crowd = mallory
        .create_room(&[&d.desk.user_id, &victim.user_id], &json!([]))
        .unwrap();
    victim
        .call("POST", &format!("/join/{crowd}"), &json!({}))
        .unwrap();
    victim.say(&crowd, "t1", "Hello everybody").unwrap();
    let matrix = d.connector();
    let mut cursor = None;
    drain(&matrix, &mut cursor).await;
    let mut first = outgoing("", 1, "Between the two of us");
    first.route = None;
    first.to[0].address.clone_from(&victim.user_id);
    let sent = matrix.send(&first).await.unwrap().remote_id.unwrap();
    let room = sent.0.split(' ').next().unwrap().to_owned();
    assert!(room != trap && room != crowd, "{room}");
    let members = d
        .desk
        .call("GET", &format!("/rooms/{room}/members"), &Value::Null)
        .unwrap();
    let members: Vec<_> = members["chunk"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["state_key"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        members.len() == 2 && members.contains(&victim.user_id),
        "{members:?}"
    );

    // The next one goes into the same room.
    first.key = MessageId([2; 16]);
    let again = matrix.send(&first).await.unwrap().remote_id.unwrap();
    assert!(again.0.starts_with(&room));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_moves_to_another_room_goes_on_there() {
    let Some(d) = Door::open().await else {
        return;
    };
    let matrix = d.connector();
    let mut cursor = None;
    d.says("t1", "Hello");
    drain(&matrix, &mut cursor).await;
    let rule = format!("/rooms/{}/state/m.room.join_rules/", d.room);
    d.visitor
        .call("PUT", &rule, &json!({ "join_rule": "public" }))
        .unwrap();
    let up = d
        .visitor
        .call(
            "POST",
            &format!("/rooms/{}/upgrade", d.room),
            &json!({ "new_version": "10" }),
        )
        .unwrap();
    let next = up["replacement_room"].as_str().unwrap().to_owned();
    let events = drain(&matrix, &mut cursor).await;
    let notice = messages(&events)
        .into_iter()
        .find(|m| m.cards.iter().any(|c| c.kind == CardKind::Notice))
        .expect("that it moved is told");
    assert_eq!(notice.route.as_deref(), Some(next.as_str()));
    // Also who still has the old way is answered in the new room.
    let sent = matrix
        .send(&outgoing(&d.room, 3, "Here we go on"))
        .await
        .unwrap();
    assert!(sent.remote_id.unwrap().0.starts_with(&next));
    d.visitor.say(&next, "t2", "And I").unwrap();
    until(&matrix, &mut cursor, says("And I")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn among_several_what_we_write_elsewhere_goes_to_whoever_it_answers() {
    let Some(d) = Door::open().await else {
        return;
    };
    let bert = d.register("bert");
    let invite = json!({ "user_id": bert.user_id });
    d.visitor
        .call("POST", &format!("/rooms/{}/invite", d.room), &invite)
        .unwrap();
    bert.call("POST", &format!("/join/{}", d.room), &json!({}))
        .unwrap();
    let asked = d.visitor.say(&d.room, "t1", "How much is it?").unwrap();
    bert.say(&d.room, "t2", "And when?").unwrap();
    d.desk.say(&d.room, "t3", "To Bert: today").unwrap();
    let answer = json!({ "msgtype": "m.text", "body": "To Anna: ten", "m.relates_to": { "m.in_reply_to": { "event_id": asked } } });
    d.desk
        .send(&d.room, "m.room.message", "t4", &answer)
        .unwrap();
    d.says("t5", "Thanks");
    d.desk.say(&d.room, "t6", "To Anna: welcome").unwrap();
    bert.say(&d.room, "t7", "Bye").unwrap();
    let to = |events: &[Event], text: &str| {
        let all = messages(events);
        let m = all.into_iter().find(|m| m.text == text).unwrap();
        m.to[0].address.clone()
    };
    // As one answer, and as news one by one.
    let events = until(&d.connector(), &mut None, says("Bye")).await;
    assert_eq!(to(&events, "To Bert: today"), bert.user_id);
    assert_eq!(to(&events, "To Anna: ten"), d.visitor.user_id);
    assert_eq!(to(&events, "To Anna: welcome"), d.visitor.user_id);
    let (matrix, mut cursor) = (d.connector(), None);
    drain(&matrix, &mut cursor).await;
    drop(matrix);
    d.desk.say(&d.room, "t8", "To Bert: bye").unwrap();
    let events = until(&d.connector(), &mut cursor, says("To Bert: bye")).await;
    assert_eq!(to(&events, "To Bert: bye"), bert.user_id);
}

/// Everything is here already.
struct Everything;

#[async_trait::async_trait]
impl Recall for Everything {
    async fn known(&self, marks: Vec<Mark>) -> Vec<bool> {
        vec![true; marks.len()]
    }
    async fn present(&self, _: &str, _: RangeInclusive<u64>, _: usize) -> Vec<u64> {
        Vec::new()
    }
    async fn holds(&self, _: &RemoteId) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_is_asked_for_again_and_holds_nothing_up_for_long() {
    const MEDIA: (&str, &str) = ("GET", "/_matrix/client/v1/media/download/");
    let Some(d) = Door::open().await else {
        return;
    };
    let faults = &d.front.world().faults;
    let (matrix, mut cursor) = (d.connector(), None);
    drain(&matrix, &mut cursor).await;
    let sends = |txn: &str, name: &str| {
        let url = d.visitor.upload("text/plain", name.as_bytes()).unwrap();
        let file = json!({ "msgtype": "m.file", "body": name, "url": url });
        d.visitor
            .send(&d.room, "m.room.message", txn, &file)
            .unwrap();
    };
    let files = |events: &[Event]| {
        let all = messages(events).into_iter().flat_map(|m| &m.files);
        all.map(|f| String::from_utf8_lossy(&f.bytes).into_owned())
            .collect::<Vec<_>>()
    };

    // Once: what came before it is there at once, and the file with the next try.
    d.says("t1", "Before");
    sends("t2", "once.txt");
    let broken = || Fault::answer(500, json!({ "errcode": "M_UNKNOWN" }));
    faults.on(MEDIA.0, MEDIA.1).once(broken());
    let batch = matrix.poll(cursor.as_ref()).await.unwrap();
    assert!(batch.more && batch.events.iter().any(says("Before")));
    assert_eq!(Some(&batch.next), cursor.as_ref());
    let events = until(
        &matrix,
        &mut cursor,
        |e| matches!(e, Event::Message(m) if !m.files.is_empty()),
    )
    .await;
    assert_eq!(files(&events), ["once.txt"]);

    // Always: three tries, then a card, and what follows.
    sends("t3", "never.txt");
    d.says("t4", "After");
    faults.on(MEDIA.0, MEDIA.1).always(broken());
    let mut failures = 0;
    let events = loop {
        match matrix.poll(cursor.as_ref()).await {
            Ok(batch) => break batch,
            Err(e) => assert_eq!(e.remedy, Remedy::Retry, "{e}"),
        }
        failures += 1;
        assert!(failures < 10, "it never gives up");
    };
    faults.clear();
    assert_eq!(failures, 2);
    let card = |e: &Event| matches!(e, Event::Message(m) if m.cards.iter().any(|c| c.text.as_deref() == Some("never.txt")));
    assert!(events.events.iter().any(card));
    assert!(events.events.iter().any(says("After")));
    cursor = Some(events.next);

    // Elsewhere: followed once, and without what proves who we are.
    sends("t5", "moved.txt");
    let there = format!("{}/elsewhere/1", d.front.url());
    let moved = Fault::status(307).header("location", &there);
    faults.on(MEDIA.0, MEDIA.1).once(moved);
    faults
        .on("GET", "/elsewhere/")
        .once(Fault::answer(200, json!("from elsewhere")));
    let events = until(
        &matrix,
        &mut cursor,
        |e| matches!(e, Event::Message(m) if !m.files.is_empty()),
    )
    .await;
    assert_eq!(files(&events), ["from elsewhere"]);
    let calls = d.front.world().calls.to("GET", "/elsewhere/");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].header("authorization"), None);

    // What is here already is not fetched once more.
    let before = d.front.world().calls.count(MEDIA.0, MEDIA.1);
    let again = d.connector();
    again.recall_from(Arc::new(Everything));
    let events = drain(&again, &mut None).await;
    assert!(events.iter().any(says("After")));
    assert_eq!(d.front.world().calls.count(MEDIA.0, MEDIA.1), before);
}

/// A domain that says where its homeserver is.
struct Domain(String);

impl Fake for Domain {
    fn name(&self) -> &'static str {
        "domain"
    }

    fn answer(&mut self, request: &Request, _: &Around) -> Response {
        match request.path.as_str() {
            "/.well-known/matrix/client" => Response::json(
                200,
                &json!({ "m.homeserver": { "base_url": format!("{}/", self.0) } }),
            ),
            _ => Response::empty(404),
        }
    }

    fn state(&self, _: &Around) -> Value {
        Value::Null
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_homeserver_is_found_from_the_address_of_its_domain() {
    let Some(w) = world(&Wishes::default()) else {
        return;
    };
    let domain = Server::start(Domain(w.synapse.url())).await.unwrap();
    let known = |homeserver: String| {
        let secret = Secret(Mutex::new(w.desk.access_token.clone().into()));
        let config = MatrixConfig {
            homeserver,
            user_id: String::new(),
            ..w.config(MatrixSignIn::Token)
        };
        async move {
            let context = context(Arc::new(SystemClock), Arc::new(secret));
            find(&AccountConfig::Matrix(config), context).await
        }
    };
    for given in [domain.base(), w.synapse.url()] {
        let found = known(given).await.unwrap().remove(0);
        let AccountConfig::Matrix(config) = found.config else {
            panic!()
        };
        assert_eq!(config.homeserver, w.synapse.url());
        assert_eq!(config.user_id, w.desk.user_id);
    }
    let e = known(String::new()).await.unwrap_err();
    assert!(e.what.contains("homeserver"), "{e}");
}
