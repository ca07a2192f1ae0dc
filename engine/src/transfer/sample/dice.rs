//! The same throws for the same seed, on every computer.

/// A small generator of even numbers (SplitMix64): nothing here is a secret.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall in this way.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, without, `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.throw() % n).unwrap_or(0)
    }

    /// A number from `a` up to, without, `b`.
    pub(super) fn between(&mut self, a: i64, b: i64) -> i64 {
        let width = b.saturating_sub(a).max(1).unsigned_abs();
        a.saturating_add_unsigned(self.throw() % width)
    }

    /// So often of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them; `T::default` of none.
    pub(super) fn one<T: Copy + Default>(&mut self, all: &[T]) -> T {
        let n = self.below(all.len());
        all.get(n).copied().unwrap_or_default()
    }
}
