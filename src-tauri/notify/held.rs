//! What came in quiet hours, until they end.

use parley_engine::model::{AccountId, CustomerId};
use std::collections::{HashMap, HashSet};

/// Counts and ids only: what it says is looked up when it is told.
#[derive(Debug, Default)]
pub struct Held {
    by_customer: HashMap<CustomerId, usize>,
    /// Messages that came too fast to know whose they are.
    missed: usize,
    /// Conversations whose wait passed its target.
    pub overdue: HashSet<CustomerId>,
    /// Conversations in which a send failed.
    pub failed: HashSet<CustomerId>,
    /// Accounts that need a person.
    pub accounts: HashSet<AccountId>,
}

impl Held {
    /// Keeps messages of a conversation.
    pub fn message(&mut self, conversation: CustomerId, count: usize) {
        *self.by_customer.entry(conversation).or_default() += count;
    }

    /// Keeps messages of nobody knows whom.
    pub fn missed(&mut self, count: usize) {
        self.missed += count;
    }

    /// How many messages.
    pub fn messages(&self) -> usize {
        self.by_customer.values().sum::<usize>() + self.missed
    }

    /// Of how many customers, where that is known.
    pub fn customers(&self) -> Option<usize> {
        (self.missed == 0).then_some(self.by_customer.len())
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.messages() == 0
            && self.overdue.is_empty()
            && self.failed.is_empty()
            && self.accounts.is_empty()
    }

    /// All conversations it is about.
    pub fn conversations(&self) -> HashSet<CustomerId> {
        let writers = self.by_customer.keys();
        writers
            .chain(&self.overdue)
            .chain(&self.failed)
            .copied()
            .collect()
    }

    /// The conversation, if it is about one only.
    pub fn only_conversation(&self) -> Option<CustomerId> {
        let all = self.conversations();
        let one = all.iter().next().copied().filter(|_| all.len() == 1)?;
        (self.missed == 0 && self.accounts.is_empty()).then_some(one)
    }

    /// Keeps what is still so: messages nobody has read, waits that go on.
    pub fn keep(
        &mut self,
        unread: impl Fn(&CustomerId) -> bool,
        waits: impl Fn(&CustomerId) -> bool,
    ) {
        self.by_customer.retain(|id, _| unread(id));
        self.overdue.retain(waits);
    }
}
