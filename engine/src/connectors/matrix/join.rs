//! Coming into rooms: those that somebody invites to, and those in which a closed one goes on.

use super::Matrix;
use super::api::Call;
use super::cursor::Point;
use super::sync::gap;
use crate::connectors::Result;
use crate::model::{Gap, Remedy};
use crate::time::SECOND;
use serde_json::json;
use std::time::{Duration, Instant};

/// Rooms that are come into with one poll.
const MOST: usize = 10;
/// Longer than that a poll does not wait for them.
const TIME: Duration = Duration::from_secs(20);

impl Matrix {
    /// Comes into the rooms that wait for it, as far as their turn has come. One that fails stands in nobody's way: it
    /// is tried again later. Returns whether there is another room now.
    pub(super) async fn come_in(&self, point: &mut Point, gaps: &mut Vec<Gap>) -> bool {
        let (began, now) = (Instant::now(), self.api.now());
        let (due, mut waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut point.invited)
            .into_iter()
            .partition(|i| i.is_due(now));
        let (mut joined, mut stopped) = (false, None);
        for (n, mut one) in due.into_iter().enumerate() {
            if let Some(until) = stopped {
                one.next = until;
                waiting.push(one);
                continue;
            }
            if n >= MOST || began.elapsed() > TIME {
                waiting.push(one);
                continue;
            }
            match self.join(&one.room, &one.via).await {
                Ok(()) => joined = true,
                // None of the others would fare better now.
                Err(e)
                    if e.step == "connect"
                        || matches!(e.remedy, Remedy::Wait | Remedy::Reconnect) =>
                {
                    let until = now + e.retry_after.unwrap_or(10 * SECOND);
                    stopped = Some(until);
                    one.next = until;
                    waiting.push(one);
                }
                Err(_) if one.failed(now) => {
                    gaps.push(gap(
                        &one.room,
                        "the homeserver does not let us into this room",
                    ));
                }
                Err(_) => waiting.push(one),
            }
        }
        point.invited = waiting;
        joined
    }

    /// Comes into a room that this homeserver or the other one knows.
    pub(super) async fn join(&self, room: &str, via: &str) -> Result<()> {
        let mut call = Call::post(&["join", room], json!({}), "join");
        if !via.is_empty() {
            // The older name and the newer one.
            call = call.asking("server_name", via).asking("via", via);
        }
        self.api.answer(&call).await?;
        self.rooms.forget(room);
        Ok(())
    }
}
