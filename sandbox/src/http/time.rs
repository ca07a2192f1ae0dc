//! A fake's own clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that runs ahead of or behind the computer's, or stands still. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct Time(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// What is added to the computer's time while it runs.
    ahead: i64,
    /// What it shows while it stands still.
    held: Option<i64>,
}

/// The computer's time in milliseconds since 1970.
fn computer() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

impl Time {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        let inner = self.lock();
        inner
            .held
            .unwrap_or_else(|| computer().saturating_add(inner.ahead))
    }

    /// Now, in whole seconds since 1970.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.now().div_euclid(1_000)
    }

    /// Whether it runs by itself.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.lock().held.is_none()
    }

    /// Sets it; it goes on to run or to stand still as it did.
    pub fn set(&self, now: i64) {
        let mut inner = self.lock();
        if inner.held.is_some() {
            inner.held = Some(now);
        } else {
            inner.ahead = now.saturating_sub(computer());
        }
    }

    /// Sets it forward.
    pub fn advance(&self, by: Duration) {
        self.shift(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Sets it forward, or back, by milliseconds.
    pub fn shift(&self, by: i64) {
        self.set(self.now().saturating_add(by));
    }

    /// Makes it stand still where it is.
    pub fn hold(&self) {
        let now = self.now();
        self.lock().held = Some(now);
    }

    /// Makes it stand still at this time.
    pub fn hold_at(&self, now: i64) {
        self.lock().held = Some(now);
    }

    /// Lets it run on from where it is.
    pub fn run(&self) {
        let now = self.now();
        let mut inner = self.lock();
        inner.held = None;
        inner.ahead = now.saturating_sub(computer());
    }
}
