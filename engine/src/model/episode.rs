//! Episodes and waits: a pure function of a conversation's messages, their facts, and what people decided
//! (`model.md`, Conversation and episodes; `metrics.md`).
//!
//! Nothing here is stored as truth: the store keeps the outcome as facts that can be rebuilt at any time.

use super::{AgentId, Channel, MessageId};
use crate::time::{DAY, Millis};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A human message from the customer, from the account's `live_from` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Message.
    pub id: MessageId,
    /// When it was sent.
    pub sent_at: Millis,
    /// On which channel.
    pub channel: Channel,
}

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On its way: held, queued, being sent, or nobody knows.
    Pending,
    /// Accepted by the provider at this instant.
    Sent(Millis),
    /// It will not go.
    Dead,
}

/// Which inbound messages a reply answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answers {
    /// Those that its author's replica held.
    These(Vec<MessageId>),
    /// All earlier ones: a reply from outside the app, or one shown here beside its own conversation.
    AllEarlier,
}

/// A human public message to the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Message.
    pub id: MessageId,
    /// When it was written; decides the episode.
    pub authored_at: Millis,
    /// How far it came.
    pub outcome: Outcome,
    /// What it answers.
    pub answers: Answers,
    /// Who wrote it; `None` = outside the app.
    pub agent: Option<AgentId>,
    /// Whether it belongs to this conversation and may start an episode.
    pub opens: bool,
    /// Whether it is shown in this conversation. A reply to a customer who is linked with this one ends waits
    /// here and is no part of an episode here.
    pub here: bool,
}

/// What a person decided about the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its id in the log.
    pub id: String,
    /// Its clock.
    pub at: Millis,
    /// Its whole stamp: orders the acts of one instant.
    pub stamp: String,
    /// Who.
    pub agent: Option<AgentId>,
    /// What.
    pub what: ActKind,
}

impl Act {
    /// Newer than another: by clock, then by the rest of the stamp.
    fn order(&self) -> (Millis, &str, &str) {
        (self.at, &self.stamp, &self.id)
    }
}

/// The kinds of [`Act`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActKind {
    /// Done with these messages; a message within `days` continues the episode.
    Resolve {
        /// Human inbound messages covered.
        covers: Vec<MessageId>,
        /// N.
        days: u32,
    },
    /// Open again.
    Reopen,
    /// These need no reply.
    NoReply {
        /// Human inbound messages covered.
        covers: Vec<MessageId>,
    },
}

/// A stretch from open to resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// From 1.
    pub number: u32,
    /// Its first message, or the act that opened it.
    pub opened_at: Millis,
    /// Its first message.
    pub first_message: Option<MessageId>,
    /// Channel of the first message from the customer.
    pub channel: Option<Channel>,
    /// Started by an agent.
    pub by_agent: bool,
    /// Its last resolve, while it is resolved.
    pub resolved_at: Option<Millis>,
    /// Who resolved it.
    pub resolved_by: Option<AgentId>,
    /// Whether a human public reply went out in it.
    pub replied: bool,
    /// Nobody answered, and a person said that no reply is needed.
    pub no_reply_needed: bool,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitEnd {
    /// It goes on.
    Open,
    /// By a human public reply.
    Replied {
        /// The reply.
        message: MessageId,
        /// When it was sent.
        at: Millis,
        /// Who; `None` = outside the app.
        agent: Option<AgentId>,
    },
    /// A reply is on its way and will end it.
    Promised,
    /// By a resolve or *no reply needed*: no value.
    Closed {
        /// When.
        at: Millis,
        /// A person said that no reply is needed.
        no_reply: bool,
    },
}

/// From the first unanswered inbound message to the next human public reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The episode it is in.
    pub episode: u32,
    /// Its first message.
    pub message: MessageId,
    /// That message's time.
    pub start: Millis,
    /// The channel of that message.
    pub channel: Channel,
    /// The episode's first wait, and the customer opened it: first response; else next response.
    pub first: bool,
    /// How it ended.
    pub end: WaitEnd,
}

impl Wait {
    /// Whole seconds until the reply; empty unless a reply ended it.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        match self.end {
            WaitEnd::Replied { at, .. } => Some((at - self.start).max(0) / 1_000),
            _ => None,
        }
    }
}

/// Everything that follows from a conversation's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    /// Episodes in order.
    pub episodes: Vec<Episode>,
    /// Waits in the order of their start.
    pub waits: Vec<Wait>,
    /// Whether the conversation is open.
    pub open: bool,
    /// Human inbound messages that no active resolve covers.
    pub uncovered: Vec<MessageId>,
    /// Inbound messages that wait for an answer: what a reply written now would answer.
    pub unanswered: Vec<MessageId>,
}

impl Folded {
    /// Since when the customer waits, if so.
    #[must_use]
    pub fn wait_since(&self) -> Option<Millis> {
        self.waits
            .iter()
            .filter(|w| w.end == WaitEnd::Open)
            .map(|w| w.start)
            .min()
    }
}

/// Fold a conversation. `inbound` and `replies` in any order; dead replies do nothing.
#[must_use]
pub fn fold(inbound: &[Inbound], replies: &[Reply], acts: &[Act]) -> Folded {
    let mut inbound: Vec<&Inbound> = inbound.iter().collect();
    inbound.sort_by_key(|m| (m.sent_at, m.id));
    let resolves = sorted_resolves(acts);
    let (episodes, home) = walk(&inbound, replies, acts, &resolves);
    let ends: Vec<WaitEnd> = inbound.iter().map(|m| wait_end(m, replies, acts)).collect();
    let waits = group_waits(&inbound, &ends, &home, &episodes);
    let covered: HashSet<MessageId> = resolves
        .iter()
        .flat_map(|r| covers(r).iter().copied())
        .collect();
    let mut folded = Folded {
        open: episodes.last().is_some_and(|e| e.resolved_at.is_none()),
        uncovered: inbound
            .iter()
            .map(|m| m.id)
            .filter(|id| !covered.contains(id))
            .collect(),
        unanswered: inbound
            .iter()
            .zip(&ends)
            .filter(|(_, e)| **e == WaitEnd::Open)
            .map(|(m, _)| m.id)
            .collect(),
        episodes,
        waits,
    };
    mark_replied(&mut folded);
    mark_no_reply(&mut folded);
    folded
}

fn covers(act: &Act) -> &[MessageId] {
    match &act.what {
        ActKind::Resolve { covers, .. } | ActKind::NoReply { covers } => covers,
        ActKind::Reopen => &[],
    }
}

fn sorted_resolves(acts: &[Act]) -> Vec<&Act> {
    let mut r: Vec<&Act> = acts
        .iter()
        .filter(|a| matches!(a.what, ActKind::Resolve { .. }))
        .collect();
    r.sort_by(|a, b| a.order().cmp(&b.order()));
    r
}

enum Happening<'a> {
    In(&'a Inbound),
    Out(&'a Reply),
    Act(&'a Act),
}

/// The instant at which an inbound message counts, and its order among acts of the same instant:
/// max(`sent_at`, the last resolve before the first one that covers it), so that a late find never fuses
/// old episodes; never after the resolve that covers it, so that a clock ahead of time opens nothing.
fn counts_at(m: &Inbound, first_cover: Option<usize>, resolves: &[&Act]) -> (Millis, u8) {
    let before = match first_cover {
        Some(i) => i.checked_sub(1).map(|j| resolves[j].at),
        None => resolves.last().map(|r| r.at),
    };
    let at = before.map_or(m.sent_at, |b| m.sent_at.max(b));
    match first_cover {
        Some(i) if at >= resolves[i].at => (resolves[i].at, 0),
        _ if before == Some(at) => (at, 3),
        _ => (at, 0),
    }
}

fn walk(
    inbound: &[&Inbound],
    replies: &[Reply],
    acts: &[Act],
    resolves: &[&Act],
) -> (Vec<Episode>, HashMap<MessageId, u32>) {
    let mut first_cover: HashMap<MessageId, usize> = HashMap::new();
    for (i, r) in resolves.iter().enumerate() {
        for m in covers(r) {
            first_cover.entry(*m).or_insert(i);
        }
    }
    let mut line: Vec<(Millis, u8, String, Happening<'_>)> =
        Vec::with_capacity(inbound.len() + replies.len() + acts.len());
    for m in inbound {
        let (at, order) = counts_at(m, first_cover.get(&m.id).copied(), resolves);
        line.push((
            at,
            order,
            format!("{:020}{}", m.sent_at.max(0), m.id.hex()),
            Happening::In(m),
        ));
    }
    for r in replies
        .iter()
        .filter(|r| r.here && r.outcome != Outcome::Dead)
    {
        line.push((r.authored_at, 1, r.id.hex(), Happening::Out(r)));
    }
    for a in acts {
        line.push((a.at, 2, format!("{}{}", a.stamp, a.id), Happening::Act(a)));
    }
    line.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    let mut book = Book::default();
    for (at, _, _, what) in line {
        match what {
            Happening::In(m) => book.inbound(m, at),
            Happening::Out(r) => book.reply(r),
            Happening::Act(a) => book.act(a),
        }
    }
    (book.episodes, book.home)
}

/// The episodes so far.
#[derive(Default)]
struct Book {
    episodes: Vec<Episode>,
    home: HashMap<MessageId, u32>,
    days: u32,
}

impl Book {
    /// Continue the last episode or start a new one.
    fn opened(
        &mut self,
        at: Millis,
        start: Millis,
        message: Option<MessageId>,
        channel: Option<Channel>,
        by_agent: bool,
    ) -> &mut Episode {
        let continues = self.episodes.last().is_some_and(|e| {
            e.resolved_at
                .is_none_or(|r| at - r <= Millis::from(self.days) * DAY)
        });
        if !continues {
            let number = u32::try_from(self.episodes.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            self.episodes.push(Episode {
                number,
                opened_at: start,
                first_message: message,
                channel,
                by_agent,
                resolved_at: None,
                resolved_by: None,
                replied: false,
                no_reply_needed: false,
            });
        }
        let last = self.episodes.len() - 1;
        let e = &mut self.episodes[last];
        e.resolved_at = None;
        e.resolved_by = None;
        e
    }

    fn inbound(&mut self, m: &Inbound, at: Millis) {
        let e = self.opened(at, m.sent_at, Some(m.id), Some(m.channel), false);
        e.channel.get_or_insert(m.channel);
        let number = e.number;
        self.home.insert(m.id, number);
    }

    fn reply(&mut self, r: &Reply) {
        let open = self
            .episodes
            .last()
            .is_some_and(|e| e.resolved_at.is_none());
        if open {
            if let Some(e) = self.episodes.last_mut() {
                e.replied |= matches!(r.outcome, Outcome::Sent(_));
            }
        } else if r.opens {
            let sent = matches!(r.outcome, Outcome::Sent(_));
            let e = self.opened(r.authored_at, r.authored_at, Some(r.id), None, true);
            e.replied |= sent;
        }
    }

    fn act(&mut self, a: &Act) {
        match &a.what {
            // Two desktops may resolve the same: the last one's clock and days count.
            ActKind::Resolve { days, .. } => {
                if let Some(e) = self.episodes.last_mut() {
                    e.resolved_at = Some(a.at);
                    e.resolved_by = a.agent;
                    self.days = *days;
                }
            }
            ActKind::Reopen => {
                self.opened(a.at, a.at, None, None, true);
            }
            ActKind::NoReply { .. } => {}
        }
    }
}

/// What ends the wait of one message.
fn wait_end(m: &Inbound, replies: &[Reply], acts: &[Act]) -> WaitEnd {
    let answers = |r: &&Reply| match &r.answers {
        Answers::These(ids) => ids.contains(&m.id),
        Answers::AllEarlier => match r.outcome {
            Outcome::Sent(at) => (at, r.id) >= (m.sent_at, m.id),
            _ => false,
        },
    };
    let promises = |r: &&Reply| {
        r.outcome == Outcome::Pending
            && match &r.answers {
                Answers::These(ids) => ids.contains(&m.id),
                Answers::AllEarlier => r.authored_at >= m.sent_at,
            }
    };
    let closed = acts
        .iter()
        .filter(|a| covers(a).contains(&m.id))
        .map(|a| (a.at, matches!(a.what, ActKind::NoReply { .. })))
        .min();
    // A reply authored before the message was closed ends its wait even when it goes out after that; a later one
    // comes too late.
    let in_time = |r: &&Reply| closed.is_none_or(|(c, _)| r.authored_at <= c);
    let sent = replies
        .iter()
        .filter(answers)
        .filter(in_time)
        .filter_map(|r| {
            if let Outcome::Sent(at) = r.outcome {
                Some((at, r.id, r))
            } else {
                None
            }
        })
        .min_by_key(|(at, id, _)| (*at, *id));
    match (sent, closed) {
        (Some((at, _, r)), _) => WaitEnd::Replied {
            message: r.id,
            at,
            agent: r.agent,
        },
        (None, Some(_)) if replies.iter().filter(promises).any(|r| in_time(&r)) => {
            WaitEnd::Promised
        }
        (None, Some((at, no_reply))) => WaitEnd::Closed { at, no_reply },
        (None, None) => WaitEnd::Open,
    }
}

/// Inbound messages in a row with one end are one wait, from the first of them.
fn group_waits(
    inbound: &[&Inbound],
    ends: &[WaitEnd],
    home: &HashMap<MessageId, u32>,
    episodes: &[Episode],
) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    let mut at: BTreeMap<(u32, String), usize> = BTreeMap::new();
    for (m, end) in inbound.iter().zip(ends) {
        let episode = home.get(&m.id).copied().unwrap_or(1);
        let key = (episode, end_key(end));
        if at.contains_key(&key) {
            continue;
        }
        at.insert(key, waits.len());
        waits.push(Wait {
            episode,
            message: m.id,
            start: m.sent_at,
            channel: m.channel,
            first: false,
            end: end.clone(),
        });
    }
    let mut seen = HashSet::new();
    for w in &mut waits {
        let customer_opened = episodes
            .iter()
            .any(|e| e.number == w.episode && !e.by_agent);
        w.first = seen.insert(w.episode) && customer_opened;
    }
    waits
}

fn end_key(end: &WaitEnd) -> String {
    match end {
        WaitEnd::Open => "open".into(),
        WaitEnd::Replied { message, .. } => message.hex(),
        WaitEnd::Promised => "promised".into(),
        WaitEnd::Closed { at, no_reply } => format!("{at}{no_reply}"),
    }
}

/// An episode whose wait a reply ended was answered, wherever that reply stands.
fn mark_replied(f: &mut Folded) {
    for e in &mut f.episodes {
        e.replied |= f
            .waits
            .iter()
            .any(|w| w.episode == e.number && matches!(w.end, WaitEnd::Replied { .. }));
    }
}

fn mark_no_reply(f: &mut Folded) {
    for e in &mut f.episodes {
        let mut waits = f.waits.iter().filter(|w| w.episode == e.number).peekable();
        e.no_reply_needed = !e.replied
            && !e.by_agent
            && waits.peek().is_some()
            && waits.all(|w| matches!(w.end, WaitEnd::Closed { no_reply: true, .. }));
    }
}
