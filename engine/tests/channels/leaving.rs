//! An account is disconnected and its messages go with it.

use crate::desk::{MARA, Team, telegram};
use parley_engine::api::{Desk, Host, NoHost, Role, args, ask};
use parley_engine::error::Error;
use parley_engine::model::*;
use parley_engine::store::accounts;
use parley_engine::store::transfer::erase;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A person who agrees to what is asked, and remembers it.
#[derive(Default)]
struct Agrees(Mutex<Vec<(String, String)>>);

#[async_trait::async_trait]
impl Host for Agrees {
    async fn pick_files(&self) -> Vec<PathBuf> {
        NoHost.pick_files().await
    }
    async fn save_file(&self, s: &str) -> Option<PathBuf> {
        NoHost.save_file(s).await
    }
    async fn open_url(&self, url: &str) -> Result<(), String> {
        NoHost.open_url(url).await
    }
    async fn confirm(&self, question: &str, yes: &str) -> bool {
        self.0.lock().unwrap().push((question.into(), yes.into()));
        true
    }
}

fn removes(t: &Team, agrees: &Arc<Agrees>) -> parley_engine::Result<()> {
    let desk = Desk {
        engine: Arc::clone(&t.engine),
        host: Arc::clone(agrees) as Arc<dyn Host>,
        role: Role::Owner,
    };
    let command = args::AccountRemove {
        id: t.telegram,
        erase: true,
    };
    t.run(ask(&desk, command)).map(|_| ())
}

/// What somebody wrote to the bot and was answered, and what was told of it.
fn written(t: &Team) {
    t.can(t.telegram, |c| c.may_write_first = true);
    t.hears(t.telegram, "1", "42", "my zebrafinch is ill");
    t.hears(t.sms, "SM1", MARA, "hello");
    let c = t.customer_on(Channel::Telegram, "42");
    t.does(t.send(t.telegram, c, "42", "Is the zebrafinch eating?"));
    t.answers(t.telegram, "2");
    t.goes(t.telegram);
    for (of, by) in [("1", BOT_ITSELF), ("2", "42"), ("never came", "42")] {
        t.later_event(
            t.telegram,
            of,
            Later::Reaction {
                by: by.into(),
                emoji: Some("❤".into()),
            },
        );
    }
}

const BOT_ITSELF: &str = crate::desk::BOT;

#[test]
fn an_account_goes_with_its_messages_once_the_person_agrees_and_comes_back_empty() {
    let t = Team::new();
    written(&t);
    let agrees = Arc::<Agrees>::default();
    removes(&t, &agrees).unwrap();
    let asked = agrees.0.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].0.contains("2 messages go"), "{}", asked[0].0);
    assert_eq!(asked[0].1, "Erase 2 messages");
    for sql in [
        "SELECT count(*) FROM account WHERE channel = 'telegram'",
        "SELECT count(*) FROM message WHERE channel = 'telegram'",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM handle WHERE channel = 'telegram'",
        "SELECT count(*) FROM afterwards",
        "SELECT count(*) FROM search WHERE search MATCH 'zebrafinch'",
    ] {
        assert_eq!(t.number(sql), 0, "{sql}");
    }
    let other = t.customer_on(Channel::Sms, MARA);
    assert_eq!(t.shown(other).len(), 1, "other accounts keep theirs");
    t.is_sound();
    assert_eq!(t.connect_to(&telegram()), t.telegram);
    let row = t.read({
        let id = t.telegram;
        move |c| accounts::get(c, id)
    });
    assert_eq!((row.messages, row.cursor), (0, None));
}

#[test]
fn until_the_person_agrees_the_account_works_on() {
    let t = Team::new();
    written(&t);
    t.run(t.engine.start()).unwrap();
    let at_work = t.engine.running(t.telegram).unwrap();
    t.does(args::AccountRemove {
        id: t.telegram,
        erase: true,
    });
    let exporting = t.engine.exports().begin("a.jsonl".into()).unwrap();
    let refused = removes(&t, &Arc::default());
    assert!(matches!(refused, Err(Error::Refused(e)) if e.contains("export")));
    drop(exporting);
    let now = t.engine.running(t.telegram).unwrap();
    assert!(Arc::ptr_eq(&at_work, &now), "it was not even stopped");
    assert_eq!(t.shown(t.customer_on(Channel::Telegram, "42")).len(), 2);
}

#[test]
fn what_was_stopped_in_the_middle_of_erasing_is_ended_at_the_next_start() {
    let t = Team::new();
    written(&t);
    let id = t.telegram;
    t.write(move |tx| {
        accounts::remove(tx, id)?;
        accounts::to_be_erased(tx, id)?;
        erase::some(tx, id, 1)
    });
    let left = "SELECT count(*) FROM message WHERE channel = 'telegram'";
    assert_eq!(t.number(left), 1);
    t.run(t.engine.start()).unwrap();
    let ends = async {
        let gone = "SELECT NOT EXISTS (SELECT 1 FROM account WHERE channel = 'telegram')";
        let row = |c: &rusqlite::Connection| Ok(c.query_row(gone, [], |r| r.get::<_, bool>(0))?);
        while !t.store().read(row).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    t.run(async { tokio::time::timeout(Duration::from_secs(20), ends).await })
        .expect("it is ended");
    assert_eq!(t.number(left), 0);
    t.run(t.engine.stop());
}

#[test]
fn what_was_told_of_erased_messages_and_by_erased_people_goes_with_them() {
    let t = Team::new();
    written(&t);
    t.hears(t.telegram, "3", "43", "I am somebody else");
    t.later_event(t.telegram, "3", Later::Reached(Reached::Read));
    let told = "SELECT count(*) FROM afterwards";
    assert_eq!(t.number(told), 4);
    let id = t.telegram;
    // As far as one step comes: the account itself, and all that hangs on it, is still there.
    let first: MessageId = t.id_of(id, "1");
    t.write(move |tx| {
        accounts::remove(tx, id)?;
        accounts::to_be_erased(tx, id)
    });
    while t.read(move |c| {
        Ok(c.prepare("SELECT 1 FROM message WHERE id = ?1")?
            .exists([first])?)
    }) || t.number("SELECT count(*) FROM outbox") > 0
    {
        t.write(move |tx| erase::some(tx, id, 1));
    }
    let others = t.number("SELECT count(*) FROM message WHERE channel = 'telegram'");
    assert_eq!(
        t.number(told),
        others,
        "of the other person's, if it is left"
    );
}
