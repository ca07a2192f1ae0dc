//! The log's data and its joins (`model.md`, The log): state is the join of all entries in any order.

use super::{AgentId, CustomerId, DeviceId, EntryId, GroupId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A hybrid logical clock: wall milliseconds in the upper 48 bits, a counter in the lower 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Hlc(pub u64);

impl Hlc {
    /// The next reading at wall time `now`: never goes back, never repeats.
    #[must_use]
    pub fn tick(self, now: Millis) -> Self {
        Self((now.max(0).cast_unsigned() << 16).max(self.0 + 1))
    }
    /// Having seen another clock, ours is never behind it.
    #[must_use]
    pub fn seen(self, other: Self) -> Self {
        self.max(other)
    }
    /// The wall part.
    #[must_use]
    pub fn millis(self) -> Millis {
        (self.0 >> 16).cast_signed()
    }
}

/// Clock, then device: totally ordered as bytes. Two stamps of one device never are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(String);

impl Stamp {
    /// A device's stamp.
    #[must_use]
    pub fn new(clock: Hlc, device: DeviceId) -> Self {
        Self(format!("{:016x}.{}", clock.0, device.hex()))
    }
    /// A rule's stamp: the message's time, so that copies from several desktops collapse and any later
    /// choice of a person wins.
    #[must_use]
    pub fn rule(sent_at: Millis) -> Self {
        Self(format!(
            "{:016x}.rule",
            sent_at.max(0).cast_unsigned() << 16
        ))
    }
    /// From its text, as stored.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The clock in it.
    #[must_use]
    pub fn clock(&self) -> Hlc {
        Hlc(self
            .0
            .get(..16)
            .and_then(|h| u64::from_str_radix(h, 16).ok())
            .unwrap_or(0))
    }
}

/// How two values of a field become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// The greater stamp wins.
    Lww,
    /// The greater number wins.
    Max,
    /// The lesser number wins.
    Min,
    /// `[attempt, rank]`: the greater pair wins (delivery and send states).
    Rank,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// `assignee`, `snooze`.
    Conversation,
    /// `name`, `stage`.
    Customer,
    /// One act of resolving: `on`, `conversation`, `covers`, `n`.
    Resolve,
    /// One act of reopening: `on`, `conversation`.
    Reopen,
    /// One act of ending a wait without reply: `on`, `conversation`, `covers`.
    NoReply,
    /// A tag on a conversation, id `conversation:tag`: `on`.
    Tag,
    /// A note: `on`, `conversation`, `text`.
    Note,
    /// A link of two customers, id `lower:higher`: `on`.
    Link,
    /// What people say of a message: `class`.
    Message,
    /// What people say of a handle: `not_customer`.
    Handle,
    /// Facts of a send: `authored`, `state`, `sent_at`, `error`, `provider_id`.
    Outbox,
    /// A connected account: `config`, `live_from`, `on`.
    Account,
    /// A person of the team: `name`.
    Agent,
    /// Settings of the team.
    Setting,
    /// A saved search of the team: `on`, `name`, `query`.
    View,
}

impl Entity {
    const ALL: [Self; 15] = [
        Self::Conversation,
        Self::Customer,
        Self::Resolve,
        Self::Reopen,
        Self::NoReply,
        Self::Tag,
        Self::Note,
        Self::Link,
        Self::Message,
        Self::Handle,
        Self::Outbox,
        Self::Account,
        Self::Agent,
        Self::Setting,
        Self::View,
    ];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Customer => "customer",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::NoReply => "no_reply",
            Self::Tag => "tag",
            Self::Note => "note",
            Self::Link => "link",
            Self::Message => "message",
            Self::Handle => "handle",
            Self::Outbox => "outbox",
            Self::Account => "account",
            Self::Agent => "agent",
            Self::Setting => "setting",
            Self::View => "view",
        }
    }

    /// From the word in the database.
    #[must_use]
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.as_str() == s)
    }

    /// How this entity's field joins.
    #[must_use]
    pub fn join(self, field: &str) -> Join {
        match (self, field) {
            (Self::Account, "live_from") => Join::Max,
            (Self::Outbox, "sent_at") => Join::Min,
            (Self::Outbox, "state") => Join::Rank,
            _ => Join::Lww,
        }
    }

    /// Only these can be taken back: facts cannot.
    #[must_use]
    pub fn undoable(self, field: &str) -> bool {
        match self {
            Self::Outbox | Self::Account => false,
            Self::Resolve | Self::Reopen | Self::NoReply | Self::Tag | Self::Note | Self::Link => {
                field == "on"
            }
            _ => self.join(field) == Join::Lww,
        }
    }
}

/// The present value of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Its stamp.
    pub stamp: Stamp,
    /// Its value.
    pub value: Value,
}

/// The join of two registers: commutative, associative, idempotent.
#[must_use]
pub fn join(kind: Join, a: Register, b: Register) -> Register {
    let by_stamp = |a: &Register, b: &Register| {
        a.stamp
            .cmp(&b.stamp)
            .then_with(|| a.value.to_string().cmp(&b.value.to_string()))
    };
    let number = |r: &Register| r.value.as_i64().unwrap_or(0);
    let pair = |r: &Register| {
        (
            r.value.get(0).and_then(Value::as_i64).unwrap_or(0),
            r.value.get(1).and_then(Value::as_i64).unwrap_or(0),
        )
    };
    let order = match kind {
        Join::Lww => by_stamp(&a, &b),
        Join::Max => number(&a).cmp(&number(&b)).then_with(|| by_stamp(&a, &b)),
        Join::Min => number(&b).cmp(&number(&a)).then_with(|| by_stamp(&a, &b)),
        Join::Rank => pair(&a).cmp(&pair(&b)).then_with(|| by_stamp(&a, &b)),
    };
    if order.is_lt() { b } else { a }
}

/// One field set by an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Field.
    pub field: String,
    /// New value.
    pub value: Value,
}

/// One entry of the log. Travels whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Globally unique; of a rule: id(rule version, message, field).
    pub id: EntryId,
    /// Where it was written.
    pub device: DeviceId,
    /// Who; `None` = a rule.
    pub agent: Option<AgentId>,
    /// Clock and device.
    pub stamp: Stamp,
    /// What one undo takes back.
    pub group: GroupId,
    /// What it is about.
    pub entity: Entity,
    /// The entity's id.
    pub entity_id: String,
    /// The command.
    pub kind: String,
    /// The conversation it is shown in.
    pub conversation: Option<CustomerId>,
    /// Evidence: a message, a rule.
    pub why: Option<Value>,
    /// The group that this one takes back.
    pub undoes: Option<GroupId>,
    /// The fields.
    pub changes: Vec<FieldChange>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn register() -> impl Strategy<Value = Register> {
        (0u64..6, 0u8..3, 0i64..4, 0i64..4).prop_map(|(c, d, a, b)| Register {
            stamp: Stamp::new(Hlc(c), DeviceId([d; 16])),
            value: json!([a, b]),
        })
    }

    proptest! {
        #[test]
        fn a_join_gives_the_same_in_any_order_and_any_number_of_times(rs in proptest::collection::vec(register(), 1..8), seed in any::<u64>()) {
            for kind in [Join::Lww, Join::Rank, Join::Max, Join::Min] {
                let fold = |v: &[Register]| v.iter().cloned().reduce(|a, b| join(kind, a, b));
                let mut other = rs.clone();
                other.extend(rs.iter().cloned());
                let n = other.len();
                for i in 0..n { other.swap(i, (seed as usize).wrapping_mul(i + 7) % n); }
                prop_assert_eq!(fold(&rs), fold(&other));
            }
        }
    }

    #[test]
    fn the_clock_never_goes_back_and_keeps_the_wall_time() {
        let a = Hlc::default().tick(1_000);
        assert_eq!(a.millis(), 1_000);
        assert!(a.tick(900) > a);
        assert!(a.tick(1_000) > a);
        assert_eq!(a.tick(5_000).millis(), 5_000);
    }

    #[test]
    fn a_rule_is_beaten_by_any_later_choice_of_a_person() {
        let rule = Stamp::rule(1_000);
        let person = Stamp::new(Hlc::default().tick(1_001), DeviceId([0; 16]));
        assert!(person > rule);
        assert_eq!(rule.clock().millis(), 1_000);
    }
}
