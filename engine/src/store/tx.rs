//! A writing transaction: what it changed is settled before the commit and announced after it.

use super::{Announced, Identity, files::Files};
use crate::error::Result;
use crate::model::log::{Hlc, Stamp};
use crate::model::{CustomerId, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use std::collections::BTreeSet;

/// What changed, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Shown conversations.
    pub conversations: BTreeSet<CustomerId>,
    /// Counts or order of lists.
    pub lists: bool,
    /// Account states.
    pub accounts: bool,
    /// Settings, stages, agents.
    pub settings: bool,
    /// The outbox has something to do.
    pub outbox: bool,
}

impl Changes {
    /// Nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A writing transaction.
pub struct Tx<'c> {
    tx: Transaction<'c>,
    /// Who writes.
    pub identity: Identity,
    /// When: one instant for the whole transaction.
    pub now: Millis,
    /// Kept files.
    pub files: Files,
    /// What changed so far.
    pub changes: Changes,
    /// New human inbound messages, by original conversation.
    pub notices: Vec<(CustomerId, MessageId)>,
    dirty: BTreeSet<CustomerId>,
    /// Their messages must be counted anew, once, however many of them changed.
    uncounted: BTreeSet<CustomerId>,
    clock: Option<Hlc>,
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl Tx<'_> {
    /// The next stamp of this device.
    ///
    /// # Errors
    /// When the clock cannot be read.
    pub fn stamp(&mut self) -> Result<Stamp> {
        let clock = self.clock()?.tick(self.now);
        self.clock = Some(clock);
        Ok(Stamp::new(clock, self.identity.device))
    }

    /// Never be behind a clock that was seen in an entry of another device.
    ///
    /// # Errors
    /// When the clock cannot be read.
    pub fn saw(&mut self, other: Hlc) -> Result<()> {
        self.clock = Some(self.clock()?.seen(other));
        Ok(())
    }

    fn clock(&self) -> Result<Hlc> {
        if let Some(c) = self.clock {
            return Ok(c);
        }
        let kept: Option<i64> = self
            .query_row("SELECT value FROM meta WHERE key = 'clock'", [], |r| {
                r.get(0)
            })
            .optional()?;
        Ok(Hlc(kept.unwrap_or(0).cast_unsigned()))
    }

    /// This conversation's facts and row must be made anew before the commit.
    pub fn touch(&mut self, conversation: CustomerId) {
        self.dirty.insert(conversation);
    }

    /// This customer's messages must be counted anew before the commit.
    pub(super) fn recount(&mut self, customer: CustomerId) {
        self.uncounted.insert(customer);
        self.touch(customer);
    }

    fn settle(&mut self) -> Result<()> {
        for c in std::mem::take(&mut self.uncounted) {
            super::conversations::recount_customer(self, c)?;
        }
        while !self.dirty.is_empty() {
            // A reply to one of several linked customers ends waits of all of them.
            let touched = std::mem::take(&mut self.dirty);
            for c in super::links::ever_with(self, &touched)? {
                super::conversations::settle(self, c)?;
            }
        }
        if let Some(clock) = self.clock {
            self.tx.prepare_cached("INSERT INTO meta (key, value) VALUES ('clock', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?.execute([clock.0.cast_signed()])?;
        }
        Ok(())
    }
}

pub(super) fn run<T>(
    conn: &mut Connection,
    identity: Identity,
    now: Millis,
    files: Files,
    f: impl FnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<(T, Announced)> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut tx = Tx {
        tx,
        identity,
        now,
        files,
        changes: Changes::default(),
        notices: Vec::new(),
        dirty: BTreeSet::new(),
        uncounted: BTreeSet::new(),
        clock: None,
    };
    let value = f(&mut tx)?;
    tx.settle()?;
    let Tx {
        tx,
        changes,
        notices,
        ..
    } = tx;
    let notices = notices
        .into_iter()
        .map(|(c, m)| Ok((super::conversations::root(&tx, c)?, m)))
        .collect::<Result<Vec<_>>>()?;
    tx.commit()?;
    Ok((value, Announced { changes, notices }))
}
