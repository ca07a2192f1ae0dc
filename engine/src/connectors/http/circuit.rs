//! A host that fails again and again is left alone for a while, by all accounts at once.

use crate::connectors::Result;
use crate::model::{ChannelError, Remedy};
use crate::time::{Millis, SECOND};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So many failures in a row open the circuit.
const FAILURES: u32 = 5;
const FIRST: Millis = 10 * SECOND;
const LONGEST: Millis = 300 * SECOND;

#[derive(Default)]
pub(super) struct Circuits(Mutex<HashMap<String, Circuit>>);

#[derive(Default)]
struct Circuit {
    failures: u32,
    open_until: Millis,
    /// One call tries whether the host is back.
    trying: bool,
}

impl Circuits {
    /// May this host be asked now?
    pub(super) fn enter(&self, host: &str, step: &'static str, now: Millis) -> Result<()> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(c) = all.get_mut(host) else {
            return Ok(());
        };
        if c.failures < FAILURES {
            return Ok(());
        }
        // A call that was given up never said how it ended; its turn passes after a while.
        let forgotten = c.trying && now > c.open_until + LONGEST;
        // A clock that was set back does not keep it open for longer than it ever is.
        let open = (1..=LONGEST).contains(&(c.open_until - now));
        if open || c.trying && !forgotten {
            let wait = (c.open_until - now).max(SECOND);
            return Err(ChannelError {
                retry_after: Some(wait),
                ..ChannelError::new(
                    Remedy::Wait,
                    step,
                    format!("{host} failed several times in a row and is left alone for a moment."),
                )
            });
        }
        c.trying = true;
        Ok(())
    }

    pub(super) fn leave(&self, host: &str, reached: bool, now: Millis) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reached {
            all.remove(host);
            return;
        }
        let c = all.entry(host.to_owned()).or_default();
        c.failures = c.failures.saturating_add(1);
        c.trying = false;
        if c.failures >= FAILURES {
            let pause = (FIRST << (c.failures - FAILURES).min(10)).min(LONGEST);
            c.open_until = now + pause;
        }
    }
}
