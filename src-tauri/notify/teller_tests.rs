use super::rules::settings;
use super::teller::Teller;
use super::watch::samples::{row, wait};
use super::*;
use crate::engine::Engine;
use crate::window::Look;
use jiff::tz::TimeZone;
use parley_engine::api::dto::{Change, ConversationRow, ErrorBody, Settings, WaitRow};
use parley_engine::model::{Channel, Direction, MessageId};
use parley_engine::time::{ManualClock, Millis};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;

const HOUR: Millis = 3_600_000;

/// An engine of a few lines, which writes down what it is asked to do.
struct Played {
    settings: Mutex<Settings>,
    rows: Mutex<HashMap<CustomerId, ConversationRow>>,
    waits: Mutex<Vec<WaitRow>>,
    drafts: Mutex<Value>,
    to: Mutex<Value>,
    done: Mutex<Vec<(String, Value)>>,
    refuses: Mutex<Option<&'static str>>,
}

#[async_trait]
impl Engine for Played {
    async fn call(&self, name: &str, args: Value) -> Result<Value, ErrorBody> {
        if *self.refuses.lock().unwrap() == Some(name) {
            return Err(ErrorBody {
                code: "refused".into(),
                message: "The mailbox is paused.".into(),
            });
        }
        Ok(match name {
            "settings_get" => serde_json::to_value(&*self.settings.lock().unwrap()).unwrap(),
            "conversation_rows" => {
                let ids: Vec<CustomerId> = serde_json::from_value(args["ids"].clone()).unwrap();
                let rows = self.rows.lock().unwrap();
                let rows: Vec<_> = ids.iter().filter_map(|id| rows.get(id)).collect();
                serde_json::to_value(rows).unwrap()
            }
            "wait_board" => serde_json::to_value(&*self.waits.lock().unwrap()).unwrap(),
            "outbox" => json!([]),
            "drafts" => self.drafts.lock().unwrap().clone(),
            "reply_options" => json!({
                "from": [account(1, "email", true), account(2, "sms", false)],
                "to": self.to.lock().unwrap().clone(), "cc": [], "subject": "Re: Lamp",
                "answering": "00000000000000000000000000000002", "history": null, "files": [], "sample": false,
            }),
            "snooze" | "send" | "draft_save" => {
                self.done.lock().unwrap().push((name.to_owned(), args));
                json!({})
            }
            _ => {
                return Err(ErrorBody {
                    code: "invalid".into(),
                    message: "not played".into(),
                });
            }
        })
    }
    fn changes(&self) -> broadcast::Receiver<Change> {
        broadcast::channel(1).1
    }
    fn notices(&self) -> broadcast::Receiver<Notice> {
        broadcast::channel(1).1
    }
    async fn part(&self, _: &str) -> Option<(String, Vec<u8>)> {
        None
    }
    fn rouse(&self) {}
    async fn stop(&self) {}
}

#[derive(Default)]
struct Shown {
    all: Vec<(Key, Bill)>,
    closed: Vec<Key>,
}

#[async_trait]
impl Outlet for Shown {
    async fn show(&mut self, key: Key, bill: &Bill) -> Result<(), String> {
        self.all.push((key, bill.clone()));
        Ok(())
    }
    async fn close(&mut self, key: Key) {
        self.closed.push(key);
    }
}

struct Glass {
    look: Mutex<Look>,
    raised: Mutex<Vec<Option<CustomerId>>>,
}

impl Window for Glass {
    fn look(&self) -> Look {
        *self.look.lock().unwrap()
    }
    fn raise(&self, conversation: Option<CustomerId>) {
        self.raised.lock().unwrap().push(conversation);
    }
}

struct Scene {
    engine: Arc<Played>,
    window: Arc<Glass>,
    clock: ManualClock,
    teller: Teller<Shown>,
}

impl Scene {
    /// At noon, with somebody elsewhere.
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut chosen = settings();
        change(&mut chosen);
        let engine = Arc::new(Played {
            settings: Mutex::new(chosen),
            rows: Mutex::default(),
            waits: Mutex::default(),
            drafts: Mutex::new(json!([])),
            to: Mutex::new(json!([
                { "party": { "name": null, "address": "elsewhere@evil.test" }, "channel": "email", "kind": "reply_to", "opted_out": false, "by": [{ "account": "00000000000000000000000000000001", "until": null, "closed": false, "opted_out": false }] },
                { "party": { "name": "Ada", "address": "ada@shop.test" }, "channel": "email", "kind": "handle", "opted_out": false, "by": [{ "account": "00000000000000000000000000000001", "until": null, "closed": false, "opted_out": false }] },
            ])),
            done: Mutex::default(),
            refuses: Mutex::default(),
        });
        let window = Arc::new(Glass {
            look: Mutex::new(Look {
                focused: false,
                conversation: None,
            }),
            raised: Mutex::default(),
        });
        let noon: jiff::Timestamp = "2026-01-14T12:00:00Z".parse().unwrap();
        let clock = ManualClock::at(noon.as_millisecond());
        let (e, w) = (Arc::clone(&engine), Arc::clone(&window));
        let mut teller =
            Teller::new(e, Arc::new(clock.clone()), w, Shown::default()).in_zone(|| TimeZone::UTC);
        teller.prime().await;
        Self {
            engine,
            window,
            clock,
            teller,
        }
    }

    async fn arrives(&mut self, who: &[(CustomerId, &str)]) {
        let batch = who.iter().map(|(id, text)| Notice {
            conversation: *id,
            message: MessageId::random(),
            name: "Ada".into(),
            channel: Channel::Email,
            snippet: (*text).into(),
            brief: text.is_empty().then(|| "picture".into()),
        });
        let batch = batch.collect();
        for (id, _) in who {
            let mut rows = self.engine.rows.lock().unwrap();
            rows.entry(*id).or_insert_with(|| row(*id, "Ada"));
        }
        self.teller.hear(Event::Messages(batch, 0)).await;
    }

    async fn changes(&mut self) {
        let change = Change {
            conversations: Vec::new(),
            all: false,
            lists: true,
            accounts: false,
            settings: true,
        };
        self.teller.hear(Event::Changed(change)).await;
    }

    async fn passes(&mut self, hours: Millis) {
        self.clock.advance(hours * HOUR);
        self.teller.look_at_the_clock().await;
    }

    fn shown(&mut self) -> Vec<(Key, Bill)> {
        std::mem::take(&mut self.teller.outlet().all)
    }

    fn titles(&mut self) -> Vec<String> {
        self.shown().into_iter().map(|(_, b)| b.title).collect()
    }

    fn done(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.engine.done.lock().unwrap())
    }
}

fn people<const N: usize>() -> [CustomerId; N] {
    std::array::from_fn(|_| CustomerId::random())
}

#[tokio::test]
async fn three_customers_are_three_notifications_and_four_are_one() {
    let mut s = Scene::new(|_| {}).await;
    let [a, b, c, d] = people();
    s.arrives(&[(a, "1"), (b, "2"), (c, "3")]).await;
    assert_eq!(s.shown().len(), 3);
    s.arrives(&[(a, "1"), (b, "2"), (c, "3"), (d, "4"), (d, "5")])
        .await;
    let all = s.shown();
    assert_eq!((all.len(), all[0].0), (1, Key::Summary));
    assert_eq!(all[0].1.title, "5 new messages");
    assert_eq!(all[0].1.body, "from 4 customers");
}

#[tokio::test]
async fn messages_of_one_conversation_are_one_notification_that_counts() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    s.arrives(&[(ada, "One?"), (ada, "Two?")]).await;
    s.arrives(&[(ada, "Three?")]).await;
    let all = s.shown();
    assert!(all.iter().all(|(key, _)| *key == Key::Conversation(ada)));
    assert_eq!(all[0].1.title, "Ada · 2 new messages");
    assert_eq!(all[1].1.title, "Ada · 3 new messages");
    assert_eq!(all[1].1.body, "Three?");
    // Wiped away, it counts from the beginning.
    let wiped = Event::Did(Key::Conversation(ada), Deed::Dismiss);
    s.teller.hear(wiped).await;
    s.arrives(&[(ada, "Four?")]).await;
    assert_eq!(s.titles(), ["Ada"]);
    // A picture without words says what it is.
    s.arrives(&[(ada, "")]).await;
    assert_eq!(
        s.shown().last().map(|(_, bill)| bill.body.as_str()),
        Some("Photo")
    );
}

#[tokio::test]
async fn messages_that_came_too_fast_to_be_held_are_counted() {
    let mut s = Scene::new(|_| {}).await;
    s.teller.hear(Event::Messages(Vec::new(), 701)).await;
    assert_eq!(s.titles(), ["701 new messages"]);
}

#[tokio::test]
async fn what_was_read_or_answered_is_taken_away() {
    let mut s = Scene::new(|_| {}).await;
    let [read, answered, left] = people();
    s.arrives(&[(read, "1"), (answered, "2"), (left, "3")])
        .await;
    s.changes().await;
    assert!(s.teller.outlet().closed.is_empty());
    {
        let mut rows = s.engine.rows.lock().unwrap();
        rows.get_mut(&read).unwrap().unread = 0;
        rows.get_mut(&answered).unwrap().last_direction = Direction::Outbound;
    }
    s.changes().await;
    let mut closed = s.teller.outlet().closed.clone();
    closed.sort_by_key(|k| *k != Key::Conversation(read));
    assert_eq!(closed.len(), 2);
    assert!(!closed.contains(&Key::Conversation(left)));
}

#[tokio::test]
async fn a_click_opens_the_conversation_and_a_summary_the_window() {
    let mut s = Scene::new(|_| {}).await;
    let [a, b, c, d] = people();
    s.arrives(&[(a, "1")]).await;
    s.arrives(&[(a, "1"), (b, "2"), (c, "3"), (d, "4")]).await;
    for key in [Key::Conversation(a), Key::Summary] {
        s.teller.hear(Event::Did(key, Deed::Open)).await;
    }
    assert_eq!(*s.window.raised.lock().unwrap(), [Some(a), None]);
    assert_eq!(s.teller.outlet().closed.len(), 2);
}

#[tokio::test]
async fn snoozed_in_a_notification_it_sleeps_until_tomorrow_morning() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    let key = Key::Conversation(ada);
    s.arrives(&[(ada, "1")]).await;
    s.teller.hear(Event::Did(key, Deed::Snooze)).await;
    let nine: jiff::Timestamp = "2026-01-15T09:00:00Z".parse().unwrap();
    let args = json!({ "conversation": ada, "until": nine.as_millisecond() });
    assert_eq!(s.done(), [("snooze".to_owned(), args)]);
    assert_eq!(s.teller.outlet().closed, [key]);
}

/// An account to answer from.
fn account(n: u8, channel: &str, letters: bool) -> Value {
    json!({
        "account": format!("{n:032}"), "address": "support@desk.test", "name": "Desk",
        "signature": "", "state": "ok", "max_message": null,
        "capabilities": {
            "channel": channel, "formatting": "html", "text_limit": null, "subject": letters, "copies": letters,
            "attachments": true, "max_attachment": null, "max_files": 0, "files_apart": false, "file_types": [],
            "reply_window_hours": null, "may_write_first": true, "deduplicates": false, "pushes": true,
            "poll_seconds": 60, "idle_seconds": 60, "templates": [], "may_keep_media": true, "rereads": true,
        },
    })
}

#[tokio::test]
async fn an_answer_on_another_channel_goes_by_the_account_that_reaches_them_and_is_no_letter() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    let by = |closed: bool| {
        json!([{
            "party": { "name": "Ada", "address": "+15550001" }, "channel": "sms", "kind": "handle", "opted_out": false,
            "by": [{ "account": format!("{:032}", 2), "until": null, "closed": closed, "opted_out": false }],
        }])
    };
    *s.engine.to.lock().unwrap() = by(false);
    s.arrives(&[(ada, "In stock?")]).await;
    let reply = || Event::Did(Key::Conversation(ada), Deed::Reply("Yes.".into()));
    s.teller.hear(reply()).await;
    let (name, args) = s.done().remove(0);
    assert_eq!(name, "send");
    assert_eq!(args["account"], format!("{:032}", 2));
    assert_eq!(
        (&args["subject"], &args["from"]),
        (&Value::Null, &Value::Null)
    );
    *s.engine.to.lock().unwrap() = by(true);
    s.shown();
    s.teller.hear(reply()).await;
    assert!(s.shown()[0].1.body.starts_with("One may not answer there"));
}

#[tokio::test]
async fn an_answer_goes_to_whoever_wrote_and_leaves_a_draft_alone() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    let draft = json!({
        "note": false, "text": "Half a thought", "subject": null, "to": [], "cc": [], "account": null, "files": [],
        "updated_at": 0,
    });
    *s.engine.drafts.lock().unwrap() = json!([draft]);
    s.arrives(&[(ada, "In stock?")]).await;
    let reply = Deed::Reply(" Yes, three. ".into());
    s.teller
        .hear(Event::Did(Key::Conversation(ada), reply))
        .await;
    let done = s.done();
    assert_eq!(done[0].0, "send");
    assert_eq!(done[0].1["text"], "Yes, three.");
    assert_eq!(done[0].1["to"][0]["address"], "ada@shop.test");
    assert_eq!(done[0].1["to"].as_array().unwrap().len(), 1);
    assert_eq!(done[0].1["answering"], "00000000000000000000000000000002");
    assert_eq!(done[1].0, "draft_save");
    assert_eq!(done[1].1["draft"]["text"], "Half a thought");
    assert_eq!(s.teller.outlet().closed.len(), 1);
}

#[tokio::test]
async fn an_answer_that_could_not_go_out_is_said_with_its_reason() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    s.arrives(&[(ada, "In stock?")]).await;
    s.shown();
    *s.engine.refuses.lock().unwrap() = Some("send");
    let reply = Deed::Reply("Yes.".into());
    s.teller
        .hear(Event::Did(Key::Conversation(ada), reply))
        .await;
    let all = s.shown();
    assert_eq!(all[0].0, Key::Trouble);
    assert_eq!(all[0].1.title, "Your answer was not sent");
    assert_eq!(all[0].1.body, "The mailbox is paused.");
    assert!(s.teller.outlet().closed.is_empty(), "it can be tried again");
    // A click on it leads to where it can be written again.
    s.teller.hear(Event::Did(Key::Trouble, Deed::Open)).await;
    assert_eq!(*s.window.raised.lock().unwrap(), [Some(ada)]);
    // An empty answer is none.
    *s.engine.refuses.lock().unwrap() = None;
    let reply = Deed::Reply("  ".into());
    s.teller
        .hear(Event::Did(Key::Conversation(ada), reply))
        .await;
    assert!(s.done().is_empty());
}

#[tokio::test]
async fn what_comes_in_quiet_hours_is_one_notification_when_they_end() {
    let mut s = Scene::new(|s| s.notices.quiet = true).await;
    let [a, b, read] = people();
    s.passes(11).await;
    s.arrives(&[(a, "1"), (a, "2")]).await;
    s.arrives(&[(b, "3"), (read, "4")]).await;
    assert!(s.shown().is_empty());
    s.passes(7).await;
    s.changes().await;
    assert!(s.shown().is_empty(), "it is six in the morning");
    s.engine.rows.lock().unwrap().get_mut(&read).unwrap().unread = 0;
    assert!(s.teller.rest() <= Duration::from_secs(3_600));
    s.passes(1).await;
    let all = s.shown();
    assert_eq!((all.len(), all[0].0), (1, Key::Quiet));
    assert_eq!(all[0].1.title, "While it was quiet");
    assert_eq!(all[0].1.body, "3 new messages, from 2 customers");
    s.passes(1).await;
    s.arrives(&[(a, "5")]).await;
    assert_eq!(s.shown().len(), 1, "once, and then as always");
}

#[tokio::test]
async fn quiet_hours_that_are_switched_off_end_at_once() {
    let mut s = Scene::new(|s| s.notices.quiet = true).await;
    let [a] = people();
    s.passes(11).await;
    s.arrives(&[(a, "1")]).await;
    s.engine.settings.lock().unwrap().notices.quiet = false;
    s.changes().await;
    assert_eq!(s.titles(), ["While it was quiet"]);
}

#[tokio::test]
async fn a_wait_is_told_when_it_passes_its_target_and_taken_away_when_it_ends() {
    let mut s = Scene::new(|_| {}).await;
    let [ada] = people();
    let now = parley_engine::time::Clock::now(&s.clock);
    *s.engine.waits.lock().unwrap() = vec![wait(ada, now)];
    let waiting = wait(ada, now).row;
    s.engine.rows.lock().unwrap().insert(ada, waiting);
    s.changes().await;
    assert!(s.shown().is_empty());
    assert_eq!(s.teller.rest(), Duration::from_secs(3_600));
    s.passes(1).await;
    let all = s.shown();
    assert_eq!(all[0].0, Key::Conversation(ada));
    assert_eq!(all[0].1.body, "Has been waiting longer than the target");
    s.passes(1).await;
    assert!(s.shown().is_empty());
    s.engine.waits.lock().unwrap().clear();
    s.engine
        .rows
        .lock()
        .unwrap()
        .get_mut(&ada)
        .unwrap()
        .wait_since = None;
    s.changes().await;
    assert_eq!(s.teller.outlet().closed, [Key::Conversation(ada)]);
}

#[tokio::test]
async fn nothing_is_told_of_the_conversation_on_screen_or_when_all_is_off() {
    let mut s = Scene::new(|_| {}).await;
    let [open, other] = people();
    *s.window.look.lock().unwrap() = Look {
        focused: true,
        conversation: Some(open),
    };
    s.arrives(&[(open, "1"), (other, "2")]).await;
    let all = s.shown();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, Key::Conversation(other));
    s.engine.settings.lock().unwrap().notify = false;
    s.arrives(&[(other, "3")]).await;
    s.teller.hear(Event::Messages(Vec::new(), 9)).await;
    assert!(s.shown().is_empty());
}
