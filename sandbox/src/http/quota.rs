//! Calls within a window, as vendors count them.

use std::collections::{HashMap, VecDeque};

/// How many calls are answered within a window, for each key (an account, a token, a number) by itself. A fake keeps it
/// in its state and asks it first.
#[derive(Debug, Clone)]
pub struct Quota {
    most: usize,
    window: i64,
    taken: HashMap<String, VecDeque<i64>>,
}

/// The window is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// After how many milliseconds there is room again.
    pub wait: i64,
}

impl Over {
    /// The same in whole seconds, as `Retry-After` has it; never 0.
    #[must_use]
    pub fn seconds(self) -> i64 {
        (self.wait.max(1) + 999) / 1_000
    }
}

impl Quota {
    /// So many calls within so many milliseconds.
    #[must_use]
    pub fn new(most: usize, window: i64) -> Self {
        Self {
            most,
            window,
            taken: HashMap::new(),
        }
    }

    /// No limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(usize::MAX, 1)
    }

    /// Counts a call at this time. A call that is refused is not counted.
    ///
    /// # Errors
    /// [`Over`] where the window is full.
    pub fn take(&mut self, key: &str, now: i64) -> Result<(), Over> {
        let (most, window) = (self.most, self.window);
        let taken = self.current(key, now);
        if taken.len() < most {
            taken.push_back(now);
            return Ok(());
        }
        let oldest = taken.front().copied().unwrap_or(now);
        Err(Over {
            wait: oldest + window - now,
        })
    }

    /// How much of the window is used, in percent.
    pub fn percent(&mut self, key: &str, now: i64) -> u32 {
        let most = self.most.max(1);
        let used = self.current(key, now).len();
        u32::try_from(used.saturating_mul(100) / most).unwrap_or(u32::MAX)
    }

    fn current(&mut self, key: &str, now: i64) -> &mut VecDeque<i64> {
        let taken = self.taken.entry(key.to_owned()).or_default();
        while taken.front().is_some_and(|at| at + self.window <= now) {
            taken.pop_front();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_fills_for_each_key_and_empties_with_time() {
        let mut quota = Quota::new(2, 1_000);
        assert_eq!(quota.take("a", 0), Ok(()));
        assert_eq!(quota.take("a", 400), Ok(()));
        assert_eq!(quota.percent("a", 400), 100);
        assert_eq!(quota.take("a", 500), Err(Over { wait: 500 }));
        assert_eq!(quota.take("b", 500), Ok(()), "another key");
        assert_eq!(
            quota.take("a", 1_000),
            Ok(()),
            "the first has left the window"
        );
        assert_eq!(Over { wait: 1 }.seconds(), 1);
        assert_eq!(Over { wait: 1_001 }.seconds(), 2);
    }
}
