#![allow(clippy::needless_pass_by_value)] // the bus hands arguments over

use super::*;
use crate::private_bus::PrivateBus;
use parley_engine::model::CustomerId;

type Notice = (String, u32, String, Vec<String>, bool);

/// A notification service that writes down what it is asked.
#[derive(Clone, Default)]
struct Service {
    can: Vec<String>,
    shown: Arc<Mutex<Vec<Notice>>>,
    closed: Arc<Mutex<Vec<u32>>>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn get_capabilities(&self) -> Vec<String> {
        self.can.clone()
    }

    #[expect(clippy::too_many_arguments, reason = "the interface has so many")]
    fn notify(
        &self,
        _app: String,
        replaces: u32,
        _icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, zbus::zvariant::OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().unwrap();
        let quiet = hints.contains_key("suppress-sound");
        shown.push((title, replaces, body, actions, quiet));
        if replaces > 0 {
            replaces
        } else {
            u32::try_from(shown.len()).unwrap() + 40
        }
    }

    fn close_notification(&self, id: u32) {
        self.closed.lock().unwrap().push(id);
    }
}

struct Scene {
    bus: PrivateBus,
    service: Service,
    served: Connection,
    outlet: Bus,
    events: mpsc::Receiver<Event>,
}

impl Scene {
    async fn with(can: &[&str]) -> Option<Self> {
        let bus = PrivateBus::start()?;
        let service = Service {
            can: can.iter().map(|c| (*c).to_owned()).collect(),
            ..Service::default()
        };
        let served = zbus::connection::Builder::address(bus.address())
            .unwrap()
            .serve_at(PATH, service.clone())
            .unwrap()
            .name(SERVICE)
            .unwrap()
            .build()
            .await
            .unwrap();
        let (send, events) = mpsc::channel(8);
        let mut outlet = Bus::new(send);
        outlet.address = Some(bus.address().to_owned());
        Some(Self {
            bus,
            service,
            served,
            outlet,
            events,
        })
    }

    async fn signals(&self, from: &Connection, member: &str, id: u32, what: &str) {
        let body = (id, what);
        let sent = from.emit_signal(None::<&str>, PATH, SERVICE, member, &body);
        sent.await.unwrap();
    }

    async fn did(&mut self) -> (Key, Deed) {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv());
        match event.await.unwrap().unwrap() {
            Event::Did(key, deed) => (key, deed),
            other => panic!("{other:?}"),
        }
    }
}

fn bill(title: &str, deeds: bool) -> Bill {
    Bill {
        title: title.into(),
        body: "<img src='http://t/1'> & more".into(),
        conversation: None,
        deeds,
        sound: true,
        message: true,
    }
}

const ALL: [&str; 3] = ["actions", "inline-reply", "body-markup"];

#[tokio::test]
async fn news_of_one_conversation_takes_the_place_of_what_is_shown_and_is_closed_by_its_number() {
    let Some(mut s) = Scene::with(&ALL).await else {
        return;
    };
    let (ada, bo) = (CustomerId::random(), CustomerId::random());
    let (ada, bo) = (Key::Conversation(ada), Key::Conversation(bo));
    for (key, title) in [(ada, "Ada"), (bo, "Bo"), (ada, "Ada again")] {
        s.outlet.show(key, &bill(title, true)).await.unwrap();
    }
    s.outlet.close(ada).await;
    s.outlet.close(ada).await;
    s.outlet.show(ada, &bill("Ada later", true)).await.unwrap();
    let shown = s.service.shown.lock().unwrap().clone();
    let said: Vec<_> = shown.iter().map(|n| (n.0.as_str(), n.1)).collect();
    assert_eq!(
        said,
        [("Ada", 0), ("Bo", 0), ("Ada again", 41), ("Ada later", 0)]
    );
    assert_eq!(*s.service.closed.lock().unwrap(), [41]);
    assert_eq!(shown[0].2, "&lt;img src='http://t/1'&gt; &amp; more");
    assert!(!shown[0].4, "with its sound");
}

#[tokio::test]
async fn only_what_the_service_can_is_offered() {
    for (can, deeds, expected) in [
        (&ALL[..], true, vec![OPEN, REPLY, SNOOZE]),
        (&["actions"][..], true, vec![OPEN, SNOOZE]),
        (&ALL[..], false, vec![OPEN]),
        (&["body"][..], true, vec![]),
    ] {
        let Some(mut s) = Scene::with(can).await else {
            return;
        };
        s.outlet
            .show(Key::Summary, &bill("Ada", deeds))
            .await
            .unwrap();
        let shown = s.service.shown.lock().unwrap().clone();
        let names: Vec<_> = shown[0].3.iter().step_by(2).collect();
        assert_eq!(names, expected);
        if !can.contains(&"body-markup") {
            assert!(shown[0].2.contains("<img"), "plain text stays plain");
        }
    }
}

#[tokio::test]
async fn what_a_person_does_is_heard_from_the_service_and_from_nobody_else() {
    let Some(mut s) = Scene::with(&ALL).await else {
        return;
    };
    let key = Key::Conversation(CustomerId::random());
    s.outlet.show(key, &bill("Ada", true)).await.unwrap();
    // Another program of the session would like to answer in our name.
    let stranger = s.bus.connect(None).await;
    s.signals(&stranger, "NotificationReplied", 41, "not from here")
        .await;
    let us = s.outlet.link.as_ref().unwrap().connection.unique_name();
    let us = us.unwrap().to_string();
    stranger
        .emit_signal(
            Some(us.as_str()),
            PATH,
            SERVICE,
            "NotificationReplied",
            &(41_u32, "to us alone"),
        )
        .await
        .unwrap();
    let served = s.served.clone();
    s.signals(&served, "ActionInvoked", 7, OPEN).await;
    s.signals(&served, "ActionInvoked", 41, "format-disk").await;
    s.signals(&served, "NotificationReplied", 41, "Yes, we do.")
        .await;
    s.signals(&served, "ActionInvoked", 41, SNOOZE).await;
    s.signals(&served, "ActionInvoked", 41, OPEN).await;
    assert_eq!(s.did().await, (key, Deed::Reply("Yes, we do.".into())));
    assert_eq!(s.did().await, (key, Deed::Snooze));
    assert_eq!(s.did().await, (key, Deed::Open));
}

#[tokio::test]
async fn one_that_ran_out_can_still_be_clicked_and_one_that_was_wiped_away_not() {
    let Some(mut s) = Scene::with(&ALL).await else {
        return;
    };
    let key = Key::Conversation(CustomerId::random());
    s.outlet.show(key, &bill("Ada", true)).await.unwrap();
    let served = s.served.clone();
    for (member, detail) in [("NotificationClosed", 1_u32), ("NotificationClosed", 2)] {
        if detail == 2 {
            s.signals(&served, "ActionInvoked", 41, OPEN).await;
        }
        let body = (41_u32, detail);
        let sent = served.emit_signal(None::<&str>, PATH, SERVICE, member, &body);
        sent.await.unwrap();
    }
    s.signals(&served, "ActionInvoked", 41, SNOOZE).await;
    assert_eq!(s.did().await, (key, Deed::Open));
    assert_eq!(s.did().await, (key, Deed::Dismiss));
    s.outlet
        .show(Key::Summary, &bill("Many", true))
        .await
        .unwrap();
    s.signals(&served, "ActionInvoked", 42, OPEN).await;
    assert_eq!(s.did().await, (Key::Summary, Deed::Open));
}

#[tokio::test]
async fn without_a_service_it_is_an_error_and_later_it_works() {
    let Some(bus) = PrivateBus::start() else {
        return;
    };
    let (send, _events) = mpsc::channel(8);
    let mut outlet = Bus::new(send);
    outlet.address = Some(bus.address().to_owned());
    assert!(outlet.show(Key::Summary, &bill("Ada", true)).await.is_err());
    let service = Service::default();
    let _served = zbus::connection::Builder::address(bus.address())
        .unwrap()
        .serve_at(PATH, service.clone())
        .unwrap()
        .name(SERVICE)
        .unwrap()
        .build()
        .await
        .unwrap();
    outlet.show(Key::Summary, &bill("Ada", true)).await.unwrap();
    assert_eq!(service.shown.lock().unwrap().len(), 1);
}
