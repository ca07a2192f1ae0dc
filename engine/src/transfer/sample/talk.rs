//! One conversation, written down line by line as time goes by.

use super::World;
use super::cast::{self, Account, DOMAIN, Person, SHOP};
use super::dice::Dice;
use super::hours;
use super::words::{FileKind, Topic, Turn, Words, spun};
use crate::model::Channel;
use crate::time::{DAY, Millis};
use serde_json::{Map, Value, json};

/// What of a mail's thread the next one names.
const NAMED: usize = 8;

/// A conversation under way.
pub(super) struct Talk<'w> {
    pub(super) world: &'w World,
    pub(super) words: &'w Words,
    pub(super) dice: Dice,
    pub(super) person: Person,
    pub(super) channel: Channel,
    account: &'static Account,
    /// Begins the ids of its messages.
    key: String,
    slots: Vec<(&'static str, String)>,
    subject: String,
    thread: Vec<String>,
    count: usize,
    /// Who of the team answers: 0 is the person who looks.
    pub(super) agent: usize,
    /// Where it is.
    pub(super) at: Millis,
    /// Whether what the customer says from now on was read.
    pub(super) read: bool,
    /// Answers come from another program, such as a telephone.
    pub(super) outside: bool,
    /// When the team answered for the first time.
    pub(super) first_answer: Option<Millis>,
    lines: Vec<(Millis, Value)>,
}

impl<'w> Talk<'w> {
    /// A conversation of this person that begins at `at`.
    pub(super) fn new(
        world: &'w World,
        n: usize,
        person: Person,
        channel: Channel,
        at: Millis,
    ) -> Option<Self> {
        let words = world.words.get(&person.tongue)?;
        let mut dice = Dice::new(world.seed ^ (n as u64).wrapping_mul(0x5851_F42D_4C95_7F2D));
        let agent = dice.below(1 + cast::COLLEAGUES.len());
        let mut talk = Self {
            world,
            words,
            dice,
            person,
            channel,
            account: cast::account_for(channel, false),
            key: format!("sample-{n}"),
            slots: Vec::new(),
            subject: String::new(),
            thread: Vec::new(),
            count: 0,
            agent,
            at,
            read: true,
            outside: false,
            first_answer: None,
            lines: Vec::new(),
        };
        talk.about();
        Some(talk)
    }

    /// Over the account for shops and hotels, where the channel has one.
    pub(super) fn trade(&mut self) {
        self.account = cast::account_for(self.channel, true);
    }

    pub(super) fn quick(&self) -> bool {
        !matches!(self.channel, Channel::Email | Channel::Sms)
    }

    /// What it is about, thrown anew: an order, an article, dates around now.
    pub(super) fn about(&mut self) {
        let d = &mut self.dice;
        let item = d.below(cast::ITEMS.len());
        let other = (item + 1 + d.below(cast::ITEMS.len() - 1)) % cast::ITEMS.len();
        let name = |i: usize| cast::ITEMS.get(i).copied().unwrap_or_default().to_owned();
        let pieces = [24, 30, 36, 48, 60, 80];
        self.slots = vec![
            ("order", format!("GB-{}", d.between(20_100, 68_900))),
            ("item", name(item)),
            ("item2", name(other)),
            ("price", format!("€ {}", d.between(15, 89) * 5)),
            ("qty", d.one(&pieces).to_string()),
            ("city", self.words.one("city", d)),
            ("company", self.words.one("company", d)),
            ("first", self.person.first.clone()),
        ];
    }

    /// The order it is about.
    pub(super) fn order(&self) -> String {
        self.slot("order").to_owned()
    }

    fn slot(&self, name: &str) -> &str {
        let found = self.slots.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, v)| v)
    }

    /// Choices made, slots filled.
    pub(super) fn filled(&mut self, text: &str) -> String {
        let mut out = spun(text, &mut self.dice);
        for (name, value) in &self.slots {
            out = out.replace(&format!("{{{name}}}"), value);
        }
        out.replace("{date2}", &self.date(self.at + 4 * DAY))
            .replace("{date}", &self.date(self.at - 5 * DAY))
            .replace("{agent}", self.agent_first())
    }

    fn date(&self, at: Millis) -> String {
        let Ok(t) = jiff::Timestamp::from_millisecond(at) else {
            return String::new();
        };
        let day = t.to_zoned(jiff::tz::TimeZone::UTC).date();
        let month = usize::try_from(day.month() - 1).unwrap_or(0);
        let month = self.words.list("month").get(month).copied();
        let dot = if self.person.tongue == super::words::Tongue::German {
            "."
        } else {
            ""
        };
        format!("{}{dot} {}", day.day(), month.unwrap_or_default())
    }

    fn agent_first(&self) -> &str {
        self.world.first_name(self.agent)
    }

    /// A new subject; what comes next begins a thread of its own.
    pub(super) fn subject(&mut self, text: &str) {
        self.subject = self.filled(text);
        self.thread.clear();
    }

    // ---- what is said ------------------------------------------------------------------------------

    /// The customer says something now.
    pub(super) fn says(&mut self, text: &str, file: Option<FileKind>) {
        let text = self.filled(text);
        let whole = self.letter(&text, "hello", "bye", &self.person.name.clone());
        let mut line = self.message("inbound", &whole);
        self.attach(&mut line, file);
        self.push(line);
    }

    /// The customer says exactly this, in a line that the caller goes on with.
    pub(super) fn inbound(&mut self, text: &str) -> Map<String, Value> {
        self.message("inbound", text)
    }

    /// The team says something now.
    pub(super) fn answers(&mut self, text: &str, file: Option<FileKind>) {
        let text = self.filled(text);
        let whole = self.letter(
            &text,
            "answer",
            "from",
            &format!("{}\n{SHOP}", self.agent_first()),
        );
        let mut line = self.outbound(&whole);
        self.attach(&mut line, file);
        self.push(line);
    }

    /// What the team says, in a line that the caller goes on with.
    pub(super) fn outbound(&mut self, text: &str) -> Map<String, Value> {
        self.first_answer.get_or_insert(self.at);
        let mut line = self.message("outbound", text);
        if !self.outside {
            line.insert("agent".into(), json!(self.world.agent_id(self.agent)));
        }
        line
    }

    /// Chats say it straight; a letter has a beginning and an end.
    fn letter(&mut self, text: &str, hello: &str, bye: &str, name: &str) -> String {
        if self.channel != Channel::Email {
            return text.to_owned();
        }
        let (hello, bye) = (
            self.words.one(hello, &mut self.dice),
            self.words.one(bye, &mut self.dice),
        );
        let hello = hello.replace("{first}", &self.person.first);
        format!("{hello}\n\n{text}\n\n{bye}\n{name}")
    }

    fn attach(&mut self, line: &mut Map<String, Value>, kind: Option<FileKind>) {
        // A text message carries no files here.
        if let Some(kind) = kind.filter(|_| self.channel != Channel::Sms) {
            let order = self.order();
            let file = self.world.files.file(kind, &order, &mut self.dice);
            line.insert("attachments".into(), json!([file]));
        }
    }

    fn message(&mut self, direction: &str, text: &str) -> Map<String, Value> {
        self.count += 1;
        let id = format!("{}-{}", self.key, self.count);
        let them = json!({
            "name": self.person.shown(self.channel),
            "address": self.person.address(self.channel),
        });
        let us = json!({ "name": SHOP, "address": self.account.address });
        let (author, to) = if direction == "inbound" {
            (them, us)
        } else {
            (us, them)
        };
        let mut line = Map::new();
        for (name, value) in [
            ("type", json!("message")),
            ("id", json!(id)),
            ("account", json!(self.account.id)),
            ("channel", json!(self.channel)),
            ("direction", json!(direction)),
            ("author", author),
            ("to", json!([to])),
            ("sent_at", json!(self.at)),
            ("text", json!(text)),
        ] {
            line.insert(name.into(), value);
        }
        if direction == "inbound" {
            line.insert("read".into(), json!(self.read));
        }
        if self.channel == Channel::Email {
            self.mail(&mut line, direction, &id);
        }
        line
    }

    fn mail(&mut self, line: &mut Map<String, Value>, direction: &str, id: &str) {
        let again = !self.thread.is_empty();
        let subject = if again {
            format!("Re: {}", self.subject)
        } else {
            self.subject.clone()
        };
        let host = if direction == "inbound" {
            "mail.example"
        } else {
            DOMAIN
        };
        let own = format!("{id}.{:x}@{host}", self.world.seed);
        let from = self.thread.len().saturating_sub(NAMED);
        line.insert("subject".into(), json!(subject));
        line.insert(
            "thread".into(),
            json!({
                "message_id": own,
                "in_reply_to": self.thread.last().into_iter().collect::<Vec<_>>(),
                "references": self.thread.get(from..),
            }),
        );
        self.thread.push(own);
    }

    /// The Message-ID of the newest mail.
    pub(super) fn last_mail(&self) -> String {
        self.thread.last().cloned().unwrap_or_default()
    }

    pub(super) fn push(&mut self, line: Map<String, Value>) {
        self.lines.push((self.at, Value::Object(line)));
    }

    // ---- what is done ------------------------------------------------------------------------------

    /// An agent does something at `at`.
    pub(super) fn deed(&mut self, kind: &str, at: Millis, agent: usize, more: &[(&str, Value)]) {
        // Nothing is done about somebody who has not written yet.
        let at = self.lines.first().map_or(at, |(first, _)| at.max(*first)) + self.world.turn;
        let mut line = Map::new();
        for (name, value) in [
            ("type", json!(kind)),
            ("customer", json!(self.person.address(self.channel))),
            ("channel", json!(self.channel)),
            ("at", json!(at)),
            ("agent", json!(self.world.agent_id(agent))),
        ] {
            line.insert(name.into(), value);
        }
        for (name, value) in more {
            line.insert((*name).to_owned(), value.clone());
        }
        self.lines.push((at, Value::Object(line)));
    }

    pub(super) fn assigned(&mut self, at: Millis) {
        let to = self.world.agent_id(self.agent);
        self.deed("assigned", at, self.agent, &[("to", json!(to))]);
    }

    pub(super) fn tagged(&mut self, at: Millis, tag: &str) {
        self.deed("tagged", at, self.agent, &[("tag", json!(tag))]);
    }

    pub(super) fn staged(&mut self, at: Millis, stage: &str) {
        self.deed("stage_changed", at, self.agent, &[("to", json!(stage))]);
    }

    pub(super) fn noted(&mut self, at: Millis) {
        let text = self.words.one("note", &mut self.dice);
        self.deed("noted", at, self.agent, &[("text", json!(text))]);
    }

    // ---- how it goes -------------------------------------------------------------------------------

    /// The customer begins with a topic, at the present moment.
    pub(super) fn begins(&mut self, topic: &Topic) {
        self.subject(topic.subject);
        if let Some(first) = topic.turns.first() {
            self.says(first.text, first.file);
        }
    }

    /// The talk goes on, each in their time.
    pub(super) fn goes_on(&mut self, turns: &[Turn]) {
        for turn in turns {
            let quick = self.quick();
            if turn.ours {
                self.at = hours::answer_to(self.at, quick, &mut self.dice);
                self.answers(turn.text, turn.file);
            } else {
                self.at = hours::comes_back(self.at, quick, &mut self.dice);
                self.says(turn.text, turn.file);
            }
        }
    }

    /// Resolved soon after the last word. Returns when.
    pub(super) fn resolved(&mut self) -> Millis {
        let at = hours::open_from(self.at) + self.dice.between(1, 14) * hours::MINUTE;
        self.deed("resolved", at, self.agent, &[]);
        self.at = at;
        at
    }

    /// Everything in the order in which it happened; of one moment, what was said comes first. What would lie in the
    /// future, because nobody was there to answer sooner, happened that much earlier as a whole.
    pub(super) fn told(self) -> Vec<Value> {
        let mut lines = self.lines;
        lines.sort_by_key(|(at, _)| *at);
        let last = lines.last().map_or(0, |(at, _)| *at);
        let late = last - (self.world.now - hours::MINUTE);
        if late > 0 {
            for (_, line) in &mut lines {
                earlier(line, late);
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

fn earlier(line: &mut Value, by: Millis) {
    for name in ["sent_at", "at"] {
        let then = line.get(name).and_then(Value::as_i64);
        if let (Some(then), Some(line)) = (then, line.as_object_mut()) {
            line.insert(name.into(), json!(then - by));
        }
    }
}
