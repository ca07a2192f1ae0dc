//! A vendor's allowance: so many calls a second, shared by all accounts that count together, and rests as it asks.

use crate::time::{Clock, Millis};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An allowance. Whoever calls waits for its turn first.
pub struct Budget {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    burst: f64,
}

struct State {
    per_second: f64,
    saved: f64,
    at: Millis,
    held_until: Millis,
    /// When it was asked for, so that a clock that is set back does not lengthen it.
    held_at: Millis,
    used: Option<u32>,
}

impl State {
    /// A rest lasts as long as it was asked for, whatever the clock says meanwhile.
    fn set_back(&mut self, now: Millis) {
        if now < self.held_at {
            self.held_until = now + (self.held_until - self.held_at).max(0);
            self.held_at = now;
        }
    }
}

impl Budget {
    /// `per_second` calls, after so many at once.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, per_second: f64, burst: u32) -> Self {
        let at = clock.now();
        Self {
            clock,
            burst: f64::from(burst.max(1)),
            state: Mutex::new(State {
                per_second: per_second.max(0.001),
                saved: f64::from(burst.max(1)),
                at,
                held_until: 0,
                held_at: 0,
                used: None,
            }),
        }
    }

    /// Waits for a turn and takes it. Turns are given in the order in which they are asked for, as far as the
    /// allowance reaches.
    pub async fn turn(&self) {
        loop {
            match self.take() {
                None => return,
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Takes a turn, or says how long none is to be had.
    fn take(&self) -> Option<Duration> {
        let now = self.clock.now();
        let mut s = self.lock();
        s.set_back(now);
        if s.held_until > now {
            return Some(millis(s.held_until - now));
        }
        #[allow(clippy::cast_precision_loss)]
        let passed = (now - s.at).clamp(0, 3_600_000) as f64 / 1_000.0;
        // Three quarters of the allowance are used: half the pace.
        let pace = if s.used.is_some_and(|u| u >= 75) {
            s.per_second / 2.0
        } else {
            s.per_second
        };
        s.saved = (s.saved + passed * pace).min(self.burst);
        s.at = now;
        if s.saved >= 1.0 {
            s.saved -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64(((1.0 - s.saved) / pace).max(0.005)))
    }

    /// No call before then: the vendor asked for it.
    pub fn hold_until(&self, at: Millis) {
        let (mut s, now) = (self.lock(), self.clock.now());
        s.set_back(now);
        s.held_at = now;
        s.held_until = s.held_until.max(at);
    }

    /// How much of the allowance is used, as the vendor says, in percent.
    pub fn told(&self, percent: u32) {
        self.lock().used = Some(percent);
    }

    /// How much of the allowance is used, as last told.
    #[must_use]
    pub fn used(&self) -> Option<u32> {
        self.lock().used
    }

    /// Until when the vendor asks to be left alone, if it does.
    #[must_use]
    pub fn held(&self) -> Option<Millis> {
        let (mut s, now) = (self.lock(), self.clock.now());
        s.set_back(now);
        (s.held_until > now).then_some(s.held_until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(ms: Millis) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}
