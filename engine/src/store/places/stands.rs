//! A message as it stands, and what its deliveries say.

use super::super::ingest::{Participants, sent_at};
use super::super::trust;
use crate::error::Result;
use crate::model::{AccountId, Channel, Class, CustomerId, Direction, HandleId, MessageId, Times};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension};

/// A polled message as it stands.
pub(super) struct Stands {
    pub(super) rid: i64,
    pub(super) account: AccountId,
    pub(super) channel: Channel,
    pub(super) direction: Direction,
    pub(super) machine_class: Class,
    pub(super) class: i64,
    pub(super) live: bool,
    pub(super) sent_at: Millis,
    pub(super) claimed_at: Option<Millis>,
    pub(super) opens: bool,
    pub(super) handle: Option<HandleId>,
    pub(super) conversation: Option<CustomerId>,
    pub(super) own_ref: Option<Vec<u8>>,
    pub(super) verified: Option<bool>,
    pub(super) says: Option<String>,
    pub(super) variant: bool,
    pub(super) people: Participants,
}

pub(super) fn stands(conn: &Connection, id: MessageId) -> Result<Option<Stands>> {
    let mut s = conn.prepare_cached(
        "SELECT rid, account, channel, direction, machine_class, class, live, sent_at, claimed_at, opens, handle, conversation, ref, verified, participants, sender_says, variant_of IS NOT NULL
         FROM message WHERE id = ?1 AND author IS NULL",
    )?;
    Ok(s.query_row([id], |r| {
        Ok(Stands {
            rid: r.get(0)?,
            account: r.get(1)?,
            channel: Channel::parse(&r.get::<_, String>(2)?).unwrap_or(Channel::Email),
            direction: Direction::from_i64(r.get(3)?),
            machine_class: Class::from_i64(r.get(4)?),
            class: r.get(5)?,
            live: r.get(6)?,
            sent_at: r.get(7)?,
            claimed_at: r.get(8)?,
            opens: r.get(9)?,
            handle: r.get(10)?,
            conversation: r.get(11)?,
            own_ref: r.get(12)?,
            verified: r.get(13)?,
            people: serde_json::from_str(&r.get::<_, String>(14)?).unwrap_or_default(),
            says: r.get(15)?,
            variant: r.get(16)?,
        })
    })
    .optional()?)
}

/// What all deliveries of a message say together.
pub(super) struct Told {
    pub(super) account: AccountId,
    pub(super) in_sent: bool,
    pub(super) verified: Option<bool>,
    /// A server whose word counts said something about the sender, whatever it was.
    pub(super) judged: bool,
    pub(super) says: Option<String>,
    pub(super) sent_at: Millis,
    pub(super) live: bool,
}

impl Told {
    pub(super) fn vouched(&self) -> bool {
        self.verified != Some(false) && (!self.judged || self.verified == Some(true))
    }
}

pub(super) fn told(
    conn: &Connection,
    id: MessageId,
    claimed: Option<Millis>,
) -> Result<Option<Told>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT d.account, d.place = 'sent', CASE WHEN d.server IS NULL THEN d.authenticated WHEN {counts} THEN d.claim END, d.server_at, d.received, a.live_from, {counts}, d.says
         FROM delivery d JOIN account a ON a.id = d.account {joins} WHERE d.message = ?1 ORDER BY d.account, d.remote_id",
        counts = trust::COUNTS,
        joins = trust::JOINS,
    ))?;
    let mut rows = s.query([id])?;
    let mut all: Option<(Told, Millis)> = None;
    while let Some(r) = rows.next()? {
        let (server, live_from): (Millis, Millis) = (r.get(3)?, r.get(5)?);
        let received = r.get::<_, bool>(4)?.then_some(server);
        let at = sent_at(
            &Times {
                claimed,
                received,
                provider: Some(server),
            },
            live_from,
            server,
        );
        let (in_sent, verified): (bool, Option<bool>) = (r.get(1)?, r.get(2)?);
        let judged: bool = r.get(6)?;
        let says = r
            .get::<_, Option<String>>(7)?
            .filter(|w| judged && !w.is_empty());
        all = Some(match all {
            None => (
                Told {
                    account: r.get(0)?,
                    in_sent,
                    verified,
                    judged,
                    says,
                    sent_at: at,
                    live: false,
                },
                live_from,
            ),
            Some((t, from)) => (
                Told {
                    in_sent: t.in_sent || in_sent,
                    verified: t.verified.max(verified),
                    judged: t.judged || judged,
                    says: t.says.or(says),
                    sent_at: t.sent_at.min(at),
                    ..t
                },
                from.min(live_from),
            ),
        });
    }
    // It counts if it counts at one of the accounts that hold it.
    Ok(all.map(|(t, from)| Told {
        live: t.sent_at >= from,
        ..t
    }))
}
