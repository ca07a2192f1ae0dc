//! Notices what nobody announces: that a wait has passed its target, a send has failed, an account needs a person.

use parley_engine::api::dto::{AccountLight, OutboxRow, WaitRow};
use parley_engine::model::{AccountId, AccountState, CustomerId, MessageId, OutboxState};
use parley_engine::time::{Millis, SECOND};
use std::collections::{HashMap, HashSet};

/// What was seen last time. Only what is new is told; what was so at the first look is known.
#[derive(Debug, Default)]
pub struct Watch {
    waits: Option<HashMap<CustomerId, Millis>>,
    looked: Millis,
    failed: Option<HashSet<MessageId>>,
    accounts: Option<HashSet<AccountId>>,
}

impl Watch {
    /// The waits that have passed their target since the last look, and when the next one will. One that was over it
    /// before, and is known only now, came with an import or a lower target: it is on the wait board, not news.
    /// `rows` begin with the longest wait.
    pub fn waits<'r>(
        &mut self,
        rows: &'r [WaitRow],
        target: u32,
        now: Millis,
    ) -> (Vec<&'r WaitRow>, Option<Millis>) {
        let target = Millis::from(target) * SECOND;
        let over = rows.iter().filter(|r| r.since + target <= now);
        let next = rows
            .iter()
            .map(|r| r.since + target)
            .filter(|at| *at > now)
            .min();
        let seen: HashMap<_, _> = over.clone().map(|r| (r.row.id, r.since)).collect();
        let before = self.waits.replace(seen);
        let looked = std::mem::replace(&mut self.looked, now);
        let new = match &before {
            None => Vec::new(),
            // A wait that ended and began anew is another wait.
            Some(before) => over
                .filter(|r| r.since + target > looked && before.get(&r.row.id) != Some(&r.since))
                .collect(),
        };
        (new, next)
    }

    /// The sends that have failed since the last look.
    pub fn outbox<'r>(&mut self, rows: &'r [OutboxRow]) -> Vec<&'r OutboxRow> {
        let failed = rows
            .iter()
            .filter(|r| matches!(r.send.state, OutboxState::Failed | OutboxState::Uncertain));
        let seen: HashSet<_> = failed.clone().map(|r| r.id).collect();
        let before = self.failed.replace(seen);
        before.map_or_else(Vec::new, |before| {
            failed.filter(|r| !before.contains(&r.id)).collect()
        })
    }

    /// The accounts that have come to need a person since the last look.
    pub fn accounts<'r>(&mut self, rows: &'r [AccountLight]) -> Vec<&'r AccountLight> {
        let needy = rows
            .iter()
            .filter(|a| a.state == AccountState::NeedsAttention);
        let seen: HashSet<_> = needy.clone().map(|a| a.id).collect();
        let before = self.accounts.replace(seen);
        before.map_or_else(Vec::new, |before| {
            needy.filter(|a| !before.contains(&a.id)).collect()
        })
    }
}

#[cfg(test)]
pub mod samples {
    use super::*;
    use parley_engine::api::dto::ConversationRow;
    use serde_json::json;

    /// A row of the list.
    pub fn row(id: CustomerId, name: &str) -> ConversationRow {
        serde_json::from_value(json!({
            "id": id, "name": name, "address": "ada@shop.test", "channel": "email", "status": "open", "unread": 1,
            "wait_since": null, "last_at": 0, "last_direction": "inbound", "subject": null, "snippet": "",
            "stage": null, "tags": [], "assignee": null, "snoozed_until": null, "draft": false, "problem": false,
            "automatic": false, "messages": 1,
        }))
        .unwrap()
    }

    /// A wait.
    pub fn wait(id: CustomerId, since: Millis) -> WaitRow {
        WaitRow {
            since,
            first: true,
            row: ConversationRow {
                wait_since: Some(since),
                ..row(id, "Ada")
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::wait;
    use super::*;
    use serde_json::json;

    const HOUR: Millis = 3_600 * SECOND;

    #[test]
    fn a_wait_is_told_once_when_it_passes_its_target_and_again_when_it_is_another_wait() {
        let (old, ada) = (CustomerId::random(), CustomerId::random());
        let mut w = Watch::default();
        let rows = [wait(old, 0), wait(ada, 2 * HOUR)];
        let (new, next) = w.waits(&rows, 3_600, 2 * HOUR);
        assert!(new.is_empty(), "it was so before anybody looked");
        assert_eq!(next, Some(3 * HOUR));
        let (new, next) = w.waits(&rows, 3_600, 3 * HOUR - 1);
        assert!(new.is_empty());
        assert_eq!(next, Some(3 * HOUR));
        let (new, next) = w.waits(&rows, 3_600, 3 * HOUR);
        assert_eq!(new.iter().map(|r| r.row.id).collect::<Vec<_>>(), [ada]);
        assert_eq!(next, None);
        assert!(w.waits(&rows, 3_600, 9 * HOUR).0.is_empty());
        // Answered, and waiting anew.
        let again = [wait(old, 0), wait(ada, 9 * HOUR)];
        assert!(w.waits(&again, 3_600, 9 * HOUR).0.is_empty());
        assert_eq!(w.waits(&again, 3_600, 10 * HOUR).0.len(), 1);
    }

    #[test]
    fn waits_that_were_over_their_target_before_they_were_known_are_no_news() {
        let mut w = Watch::default();
        assert!(w.waits(&[], 3_600, 5 * HOUR).0.is_empty());
        // An import brings waits of days; one of them passes its target later.
        let rows = [
            wait(CustomerId::random(), 0),
            wait(CustomerId::random(), 3 * HOUR),
            wait(CustomerId::random(), 5 * HOUR),
        ];
        let (new, next) = w.waits(&rows, 3_600, 5 * HOUR + 1);
        assert!(new.is_empty());
        assert_eq!(next, Some(6 * HOUR));
        assert_eq!(w.waits(&rows, 3_600, 6 * HOUR).0.len(), 1);
        // A lower target puts more of them over it at once.
        let calm = [wait(CustomerId::random(), 6 * HOUR)];
        assert!(w.waits(&calm, 3_600, 6 * HOUR + 1_000).0.is_empty());
        assert!(w.waits(&calm, 0, 6 * HOUR + 2_000).0.is_empty());
    }

    #[test]
    fn a_send_that_failed_is_told_once_and_one_that_fails_again_again() {
        let row = |id: MessageId, state: &str| -> OutboxRow {
            serde_json::from_value(json!({
                "id": id, "conversation": CustomerId::random(), "name": "Ada", "subject": null, "snippet": "",
                "authored_at": 0,
                "send": { "state": state, "hold_until": 0, "error": "no", "attempts": 1, "next_try": null },
            }))
            .unwrap()
        };
        let (a, b) = (MessageId::random(), MessageId::random());
        let mut w = Watch::default();
        assert!(w.outbox(&[row(a, "failed")]).is_empty());
        let now = [row(a, "failed"), row(b, "uncertain")];
        assert_eq!(w.outbox(&now)[0].id, b);
        assert!(w.outbox(&now).is_empty());
        assert!(w.outbox(&[row(b, "queued")]).is_empty());
        assert_eq!(w.outbox(&[row(b, "failed")]).len(), 1);
    }
}
