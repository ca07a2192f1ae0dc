//! What nobody announces: waits that pass their target, sends that failed, accounts that need a person, and the end of
//! the quiet hours.

use super::{MANY, Teller, compose, deeds, has_failed, is_of_others, manner, rules};
use crate::notify::rules::{Kind, Matter, Verdict};
use crate::notify::{Key, Outlet};
use parley_engine::api::dto::{OutboxRow, ReplyOptions, Settings, Sidebar, WaitRow};
use parley_engine::model::{AccountState, CustomerId};
use serde_json::json;
use std::collections::HashMap;

impl<O: Outlet> Teller<O> {
    /// Waits, sends and accounts; and what the quiet hours kept, once they are over.
    pub(super) async fn look_around(&mut self, settings: &Settings) {
        self.next = None;
        self.look_at_waits(settings).await;
        self.look_at_outbox(settings).await;
        self.look_at_accounts(settings).await;
        self.end_quiet(settings).await;
    }

    async fn look_at_waits(&mut self, settings: &Settings) {
        let args = json!({ "limit": 500 });
        let Ok(rows) = deeds::ask::<Vec<WaitRow>>(&self.engine, "wait_board", args).await else {
            return;
        };
        let now = self.clock.now();
        let (new, next) = self.watch.waits(&rows, settings.wait_target, now);
        let new: Vec<WaitRow> = new.into_iter().cloned().collect();
        self.wake_at(next);
        let mut told = Vec::new();
        for wait in new {
            let id = wait.row.id;
            if self.is_made_up(id).await {
                continue;
            }
            let matter = Matter {
                kind: Kind::Overdue,
                conversation: Some(id),
                of_others: is_of_others(&wait.row),
            };
            match self.judge(settings, matter) {
                Verdict::Tell => told.push(wait),
                Verdict::Hold(until) => {
                    self.held.overdue.insert(id);
                    self.wake_at(Some(until));
                }
                Verdict::Drop => {}
            }
        }
        if told.len() >= MANY {
            let bill = compose::many_overdue(manner(settings), told.len());
            return self
                .show(Key::Summary, Kind::Overdue, told.len(), bill)
                .await;
        }
        for WaitRow { row, .. } in told {
            let bill = compose::overdue(manner(settings), row.id, &row.name);
            self.show(Key::Conversation(row.id), Kind::Overdue, 0, bill)
                .await;
        }
    }

    /// Whether a conversation is of the sample data, of which nobody needs to be told.
    async fn is_made_up(&self, conversation: CustomerId) -> bool {
        let args = json!({ "conversation": conversation, "answering": null });
        deeds::ask::<ReplyOptions>(&self.engine, "reply_options", args)
            .await
            .is_ok_and(|options| options.sample)
    }

    async fn look_at_outbox(&mut self, settings: &Settings) {
        let Ok(rows) = deeds::ask::<Vec<OutboxRow>>(&self.engine, "outbox", json!({})).await else {
            return;
        };
        let mended: Vec<Key> = self
            .standing
            .keys()
            .filter(|key| match key {
                Key::Failed(id) => !rows.iter().any(|r| r.conversation == *id && has_failed(r)),
                _ => false,
            })
            .copied()
            .collect();
        for key in mended {
            self.close(key).await;
        }
        let new: Vec<OutboxRow> = self.watch.outbox(&rows).into_iter().cloned().collect();
        for row in new {
            let id = row.conversation;
            if self.is_made_up(id).await {
                continue;
            }
            let matter = Matter {
                kind: Kind::Failed,
                conversation: Some(id),
                of_others: false,
            };
            match self.judge(settings, matter) {
                Verdict::Tell => {
                    let bill = compose::failed(manner(settings), id, &row.name);
                    self.show(Key::Failed(id), Kind::Failed, 1, bill).await;
                }
                Verdict::Hold(until) => {
                    self.held.failed.insert(id);
                    self.wake_at(Some(until));
                }
                Verdict::Drop => {}
            }
        }
    }

    async fn look_at_accounts(&mut self, settings: &Settings) {
        let Ok(sidebar) = deeds::ask::<Sidebar>(&self.engine, "sidebar", json!({})).await else {
            return;
        };
        let rows = sidebar.accounts;
        for a in &rows {
            let key = Key::Account(a.id);
            if a.state != AccountState::NeedsAttention && self.standing.contains_key(&key) {
                self.close(key).await;
            }
        }
        let new: Vec<_> = self.watch.accounts(&rows).into_iter().cloned().collect();
        for account in new {
            let matter = Matter {
                kind: Kind::Account,
                conversation: None,
                of_others: false,
            };
            match self.judge(settings, matter) {
                Verdict::Tell => {
                    let bill = compose::account(manner(settings), &account.address);
                    let key = Key::Account(account.id);
                    self.show(key, Kind::Account, 1, bill).await;
                }
                Verdict::Hold(until) => {
                    self.held.accounts.insert(account.id);
                    self.wake_at(Some(until));
                }
                Verdict::Drop => {}
            }
        }
    }

    async fn end_quiet(&mut self, settings: &Settings) {
        if self.held.is_empty() {
            return;
        }
        let zone = (self.zone)();
        if let Some(until) = rules::quiet_until(settings, self.clock.now(), &zone) {
            return self.wake_at(Some(until));
        }
        let mut held = std::mem::take(&mut self.held);
        let ids: Vec<CustomerId> = held.conversations().into_iter().collect();
        // What cannot be looked up is told as it was kept.
        let mut rows = HashMap::new();
        for some in ids.chunks(500) {
            rows.extend(self.rows(some).await.unwrap_or_default());
        }
        if !rows.is_empty() {
            held.keep(
                |id| rows.get(id).is_some_and(|r| r.unread > 0),
                |id| rows.get(id).is_some_and(|r| r.wait_since.is_some()),
            );
        }
        if !settings.notify {
            return;
        }
        if let Some(bill) = compose::quiet(manner(settings), &held) {
            self.show(Key::Quiet, Kind::Message, 1, bill).await;
        }
    }
}
