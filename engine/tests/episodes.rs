//! Every edge of `metrics.md` that exists so far, told in `golden/episodes.txt`, through the store and the commands.
#![allow(clippy::unwrap_used, clippy::panic)] // helpers fail as tests do

mod scene;

use parley_engine::api::args;
use parley_engine::metrics::{self, By};
use parley_engine::model::log::Entity;
use parley_engine::model::{AgentId, Class, CustomerId, GroupId, MessageId};
use parley_engine::store::log::{Writing, write};
use parley_engine::store::outbox::{self, Authored};
use parley_engine::store::{conversations, log_acts};
use parley_engine::time::Millis;
use scene::{DAY, HOUR, MINUTE, MONDAY, Mail, Scene, TEAM, party};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Midnight before the scene begins.
const START: Millis = MONDAY - 9 * HOUR;

fn instant(day: &str, clock: &str) -> Millis {
    let (h, m) = clock.split_once(':').unwrap();
    START
        + day.parse::<Millis>().unwrap() * DAY
        + h.parse::<Millis>().unwrap() * HOUR
        + m.parse::<Millis>().unwrap() * MINUTE
}

fn told(at: Millis) -> String {
    let t = at - START;
    format!(
        "{} {:02}:{:02}",
        t.div_euclid(DAY),
        t.rem_euclid(DAY) / HOUR,
        t.rem_euclid(HOUR) / MINUTE
    )
}

/// A story being lived through.
struct Story {
    s: Scene,
    who: BTreeSet<String>,
    mails: BTreeMap<String, Mail>,
    sends: BTreeMap<String, MessageId>,
    bo: AgentId,
}

fn address(name: &str) -> String {
    format!("{name}@shop.test")
}

impl Story {
    fn new() -> Self {
        Self {
            s: Scene::new(),
            who: BTreeSet::new(),
            mails: BTreeMap::new(),
            sends: BTreeMap::new(),
            bo: AgentId([9; 16]),
        }
    }

    fn customer(&mut self, name: &str) -> CustomerId {
        self.who.insert(name.to_owned());
        self.s.customer(&address(name))
    }

    fn arrives(&mut self, name: &str, key: &str, when: &[&str], shape: impl Fn(Mail) -> Mail) {
        let now = self.s.now();
        let mut mail = shape(
            Mail::from(&address(name))
                .named(&format!("{name}-{key}"))
                .at(now),
        );
        match when {
            ["dated", d, t] => mail = mail.at(instant(d, t)).received(Some(now)),
            ["at", d, t] => mail = mail.at(instant(d, t)),
            _ => assert!(when.is_empty(), "{when:?}"),
        }
        self.customer(name);
        self.s.receive([&mail]);
        self.mails.insert(key.to_owned(), mail);
    }

    fn outside(
        &mut self,
        name: &str,
        parent: Option<&str>,
        when: &[&str],
        shape: impl Fn(Mail) -> Mail,
    ) {
        let mut mail = shape(
            Mail::sent_to(&address(name))
                .named(&format!("out-{}", self.mails.len()))
                .at(self.s.now()),
        );
        if let ["at", d, t] = when {
            mail = mail.at(instant(d, t));
        }
        if let Some(p) = parent {
            mail = mail.answering(&self.mails[p].own_id().unwrap());
        }
        self.s.receive([&mail]);
        self.mails.insert(format!("out{}", self.mails.len()), mail);
    }

    fn writes(&mut self, to: &[&str], resolve: bool) -> MessageId {
        let c = self.customer(to[0]);
        let mail = outbox::Mail {
            template: None,
            from: party(TEAM),
            to: to.iter().map(|t| party(&address(t))).collect(),
            cc: Vec::new(),
            bcc: Vec::new(),
            signature: String::new(),
            history: None,
            subject: None,
            text: "Our answer.".into(),
            html: None,
            files: Vec::new(),
            in_reply_to: None,
            references: Vec::new(),
            answering: None,
            forwarding: None,
            written_in: None,
        };
        let a = Authored {
            group: None,
            later: 0,
            conversation: Some(c),
            account: self.s.account,
            mail,
            shown: None,
            hold: 10_000,
            resolve,
        };
        self.s.write(move |tx| Ok(outbox::author(tx, &a)?.id))
    }

    fn tell(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.s.clock.set(instant(words[0], words[1]));
        match &words[2..] {
            ["somebody", "writes", "to", name, "outside"] => self.outside(name, None, &[], |m| m),
            [name, "writes", key, when @ ..] => self.arrives(name, key, when, |m| m),
            ["a", "machine", "of", name, "writes", key] => {
                self.arrives(name, key, &[], |m| m.machine("auto-submitted"));
            }
            ["junk", "of", name, "writes", key] => self.arrives(name, key, &[], Mail::junk),
            ["a", "machine", "of", "ours", "answers", name] => {
                self.outside(name, None, &[], |m| m.machine("auto-submitted"));
            }
            [
                "somebody",
                "answers",
                parent,
                "of",
                name,
                "outside",
                when @ ..,
            ] => self.outside(name, Some(parent), when, |m| m),
            ["we", "reply", "to", name] => {
                let id = self.writes(&[name], false);
                self.s.goes_out(id);
            }
            ["we", "reply", "to", a, "and", b] => {
                self.customer(b);
                let id = self.writes(&[a, b], false);
                self.s.goes_out(id);
            }
            ["we", "write", key, "to", name, rest @ ..] => {
                let id = self.writes(&[name], *rest == ["and", "resolve"]);
                self.sends.insert((*key).to_owned(), id);
            }
            [key, "goes", "out"] => self.s.goes_out(self.sends[*key]),
            [key, "fails"] => {
                let id = self.sends[*key];
                self.s.write(move |tx| {
                    outbox::begin(tx, id)?;
                    outbox::failed(tx, id, "550 no such user")
                });
            }
            [key, "is", "uncertain"] => {
                let id = self.sends[*key];
                self.s.write(move |tx| {
                    outbox::begin(tx, id)?;
                    outbox::uncertain(tx, id, "the line broke")
                });
            }
            ["the", "copy", "of", key, "turns", "up"] => {
                let copy = Mail::sent_to("anna@shop.test")
                    .message_id(&self.s.message_id_of(self.sends[*key]));
                self.s.receive([&copy]);
            }
            ["note", "on", name] => {
                let c = self.customer(name);
                self.s.does(args::NoteAdd {
                    conversation: c,
                    text: "He called.".into(),
                });
            }
            ["resolve", name] => {
                // As a desktop does that had not seen that it is resolved already.
                let c = self.customer(name);
                if self.s.ask(args::Resolve { conversation: c }).is_err() {
                    self.s
                        .write(move |tx| log_acts::resolve(tx, GroupId::random(), c).map(drop));
                }
            }
            ["reopen", name] => {
                let c = self.customer(name);
                self.s.does(args::Reopen { conversation: c });
            }
            ["no", "reply", "needed", "for", name] => {
                let c = self.customer(name);
                self.s.does(args::NoReplyNeeded { conversation: c });
            }
            ["snooze", name, "until", d, t] => {
                let c = self.customer(name);
                self.s.does(args::Snooze {
                    conversation: c,
                    until: Some(instant(d, t)),
                });
            }
            ["wake"] => {
                self.s.write(conversations::wake);
            }
            ["assign", name, "to", who] => {
                let (c, bo) = (self.customer(name), self.bo);
                self.s.write(move |tx| {
                    write(
                        tx,
                        "agent",
                        GroupId::random(),
                        Writing::new(Entity::Agent, bo.hex(), None, vec![("name", json!("Bo"))]),
                    )
                    .map(drop)
                });
                let to = if *who == "me" {
                    self.s.store().identity().agent
                } else {
                    bo
                };
                self.s.does(args::Assign {
                    conversation: c,
                    agent: Some(to),
                });
            }
            ["link", a, "and", b] => {
                let (a, b) = (self.customer(a), self.customer(b));
                self.s.does(args::Link { a, b });
            }
            ["unlink", name] => {
                let c = self.customer(name);
                self.s.does(args::Unlink { split: vec![c] });
            }
            [name, "is", "no", "customer"] => {
                self.s.does(args::NotCustomer {
                    handle: self.s.handle(&address(name)),
                    on: true,
                });
            }
            [key, "is", class] => {
                let class = match *class {
                    "human" => Class::Human,
                    "machine" => Class::Machine,
                    _ => Class::Junk,
                };
                self.s.does(args::ClassSet {
                    message: self.s.id(&self.mails[*key]),
                    class,
                });
            }
            ["N", "is", days, "days"] => {
                self.s.does(args::SettingsSet {
                    reopen_days: Some(days.parse().unwrap()),
                    ..args::SettingsSet::default()
                });
            }
            ["undo"] => {
                self.s.does(args::Undo {});
            }
            _ => panic!("nobody understands {line:?}"),
        }
    }

    fn outcome(&self) -> String {
        let mut out = String::new();
        for name in &self.who {
            let c = self.s.customer(&address(name));
            let shelf = match self.s.shelf(c) {
                Some(conversations::OPEN) => "open",
                Some(conversations::SNOOZED) => "snoozed",
                Some(conversations::RESOLVED) => "resolved",
                Some(conversations::AUTOMATIC) => "automatic",
                _ => "not shown",
            };
            out += &format!("{name}: {shelf}\n");
            out += &self.s.read(move |conn| {
                let mut lines = String::new();
                let mut e = conn.prepare("SELECT number, opened_at, resolved_at, by_agent, replied, no_reply_needed FROM episode WHERE conversation = ?1 ORDER BY number")?;
                let mut rows = e.query([c])?;
                while let Some(r) = rows.next()? {
                    let (by_us, replied, no_reply): (bool, bool, bool) = (r.get(3)?, r.get(4)?, r.get(5)?);
                    let end = r.get::<_, Option<Millis>>(2)?.map_or("open".into(), told);
                    let what = if by_us { ", by us" } else if no_reply { ", no reply needed" } else if !replied { ", unanswered" } else { "" };
                    lines += &format!("  {}: {} .. {end}{what}\n", r.get::<_, u32>(0)?, told(r.get(1)?));
                }
                let mut w = conn.prepare("SELECT started_at, first, ended, seconds, agent, message FROM wait WHERE conversation = ?1 ORDER BY started_at, message")?;
                let mut rows = w.query([c])?;
                while let Some(r) = rows.next()? {
                    let seconds: Option<i64> = r.get(3)?;
                    let outside = if r.get::<_, Option<AgentId>>(4)?.is_none() { ", outside" } else { "" };
                    let message: MessageId = r.get(5)?;
                    let how = match (r.get::<_, String>(2)?.as_str(), seconds) {
                        ("replied", Some(n)) => format!("{} {n} s{outside}", if r.get(1)? { "first" } else { "next" }),
                        ("open", _) => "still".into(),
                        ("closed", _) if conversations::folded(conn, c)?.waits.iter().any(|w| w.message == message && matches!(w.end, parley_engine::model::episode::WaitEnd::Closed { no_reply: true, .. })) => {
                            "closed, no reply needed".into()
                        }
                        (other, _) => other.to_owned(),
                    };
                    lines += &format!("  wait {}: {how}\n", told(r.get(0)?));
                }
                Ok(lines)
            });
        }
        out + &self.report()
    }

    fn report(&self) -> String {
        let groups = self
            .s
            .read(|c| metrics::response_times(c, 0, Millis::MAX, By::Agent));
        let list = |f: fn(&metrics::Group) -> &Vec<i64>| {
            let mut all: Vec<i64> = groups.values().flat_map(|g| f(g).iter().copied()).collect();
            all.sort_unstable();
            all.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let unanswered: u32 = groups.values().map(|g| g.unanswered).sum();
        format!(
            "report: first [{}] next [{}] resolution [{}] unanswered {unanswered}\n",
            list(|g| &g.first),
            list(|g| &g.next),
            list(|g| &g.resolution)
        )
    }
}

#[test]
fn every_story_ends_as_the_definitions_say() {
    let mut wrong = Vec::new();
    let all = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/episodes.txt"
    ))
    .unwrap();
    let stories: Vec<&str> = all.split("\n## ").skip(1).collect();
    assert!(stories.len() > 50, "the stories are not all there");
    for text in stories {
        let (title, rest) = text.split_once('\n').unwrap();
        let (lines, expected) = rest.split_once("=>\n").unwrap();
        let mut story = Story::new();
        for line in lines.lines().filter(|l| !l.trim().is_empty()) {
            story.tell(line);
        }
        let found = story.outcome();
        if found.trim() != expected.trim() {
            wrong.push(format!(
                "## {title}\nexpected:\n{}\nfound:\n{}",
                expected.trim(),
                found.trim()
            ));
        }
        story.s.is_sound();
    }
    assert!(
        wrong.is_empty(),
        "{} stories end otherwise:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}
