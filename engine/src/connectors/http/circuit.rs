//! A host that fails again and again is left alone for a while, by all accounts at once.

use crate::connectors::Result;
use crate::model::{ChannelError, Remedy};
use crate::time::{Millis, SECOND};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many failures in a row open the circuit.
const FAILURES: u32 = 5;
const FIRST: Millis = 10 * SECOND;
const LONGEST: Millis = 300 * SECOND;
/// While one call tries whether the host is back, the others ask again after so long.
const TRIAL: Millis = 5 * SECOND;

#[derive(Default)]
pub(super) struct Circuits(Mutex<All>);

#[derive(Default)]
struct All {
    hosts: HashMap<String, Circuit>,
    /// Numbers trials, so that one that was overtaken takes nothing from a later one.
    trials: u64,
}

#[derive(Default)]
struct Circuit {
    failures: u32,
    open: Option<Open>,
}

struct Open {
    until: Millis,
    /// How long it was opened for; longer after each trial that failed.
    pause: Millis,
    /// The call that tries whether the host is back.
    trial: Option<u64>,
}

/// A call that is let through. Whatever becomes of it, also when it is given up in the middle, its trial ends with it.
pub(super) struct Pass<'a> {
    circuits: &'a Circuits,
    host: &'a str,
    trial: Option<u64>,
}

impl Circuits {
    /// May this host be asked now?
    pub(super) fn enter<'a>(
        &'a self,
        host: &'a str,
        step: &'static str,
        now: Millis,
    ) -> Result<Pass<'a>> {
        let mut all = self.lock();
        let number = all.trials + 1;
        let mut trial = None;
        if let Some(open) = all.hosts.get_mut(host).and_then(|c| c.open.as_mut()) {
            let left = open.until - now;
            // A clock that was set back does not keep it open for longer than it ever is.
            if (1..=LONGEST).contains(&left) {
                return Err(left_alone(host, step, left));
            }
            if open.trial.is_some() {
                return Err(left_alone(host, step, TRIAL));
            }
            open.trial = Some(number);
            trial = Some(number);
        }
        all.trials = number;
        Ok(Pass {
            circuits: self,
            host,
            trial,
        })
    }

    /// What failed before says nothing any more: the network is another one.
    pub(super) fn forget(&self) {
        self.lock().hosts.clear();
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// How the call ended.
    pub(super) fn leave(mut self, reached: bool, now: Millis) {
        let trial = self.trial.take();
        let mut all = self.circuits.lock();
        if reached {
            all.hosts.remove(self.host);
            return;
        }
        let c = all.hosts.entry(self.host.to_owned()).or_default();
        match &mut c.open {
            Some(open) if open.trial.is_some() && open.trial == trial => {
                open.pause = (open.pause * 2).min(LONGEST);
                open.until = now + open.pause;
                open.trial = None;
            }
            // It began before the circuit opened: that failure is known already.
            Some(_) => {}
            None => {
                c.failures = c.failures.saturating_add(1);
                if c.failures >= FAILURES {
                    c.open = Some(Open {
                        until: now + FIRST,
                        pause: FIRST,
                        trial: None,
                    });
                }
            }
        }
    }
}

impl Drop for Pass<'_> {
    /// Given up before it said how it ended: the next call tries.
    fn drop(&mut self) {
        let Some(trial) = self.trial else { return };
        if let Some(c) = self.circuits.lock().hosts.get_mut(self.host)
            && let Some(open) = &mut c.open
            && open.trial == Some(trial)
        {
            open.trial = None;
        }
    }
}

fn left_alone(host: &str, step: &'static str, wait: Millis) -> ChannelError {
    ChannelError {
        retry_after: Some(wait),
        ..ChannelError::new(
            Remedy::Wait,
            step,
            format!("{host} failed several times in a row and is left alone for a moment."),
        )
    }
    .before_asking()
}
