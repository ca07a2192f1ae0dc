//! One poll: news, then history, within the limits of a batch.

use super::super::convert::{self, MAX_MAIL};
use super::super::cursor::{Edges, Marks};
use super::super::net::{at, retry};
use super::folders::decode_utf7;
use super::{Backlog, Fault, Folder, Opened, Outcome, Reader, UNIT, server_words, uid_set};
use crate::connectors::Result;
use crate::model::{BATCH_EVENTS, Batch, Cursor, Event, Gap, Place, RemoteId};
use crate::time::Millis;
use async_imap::imap_proto::{AttributeValue, MessageSection, Response, SectionPath};
use mail_parser::DateTime;
use std::collections::HashMap;

/// Most bytes of mail in one batch, unless a single mail has more.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// Most mails of one folder's history in a row, so that the Sent folder does not wait for the whole inbox.
const HISTORY_STEP: usize = 50;
/// A mail that broke its connection so often is left out.
const TRIES: u8 = 3;

/// Mails that broke a connection, so that one of them cannot stop the account for ever.
#[derive(Debug, Default)]
pub(in crate::connectors::email) struct Suspects {
    careful: bool,
    tries: HashMap<(String, u32, u32), u8>,
}

/// What one poll gathers, within its limits.
struct Gathering {
    events: Vec<Event>,
    bytes: u64,
    gaps: Vec<Gap>,
    more: bool,
}

impl Gathering {
    fn room(&self) -> usize {
        if self.bytes >= BATCH_BYTES {
            0
        } else {
            BATCH_EVENTS.saturating_sub(self.events.len())
        }
    }
}

impl Reader {
    /// News first, oldest first; then history, newest first, as long as there is room. Also gives the inbox's
    /// next number, by which waiting tells whether something came meanwhile.
    pub(in crate::connectors::email) async fn poll(
        &mut self,
        cursor: Option<&Cursor>,
        suspects: &mut Suspects,
    ) -> Result<(Batch, u32)> {
        let mut marks = Marks::read(cursor);
        let mut got = Gathering {
            events: Vec::new(),
            bytes: 0,
            gaps: Vec::new(),
            more: false,
        };
        let mut inbox_next = 0;
        let folders = self.folders.clone();
        for folder in &folders {
            let opened = match self.examine(&folder.name).await {
                Ok(opened) => opened,
                // A folder other than the inbox may have gone; it is listed anew with the next connection.
                Err(Fault::Refused(said)) if folder.place != Place::Inbox => {
                    got.gaps.push(gap(
                        folder,
                        format!(
                            "{} does not open this folder: {}",
                            at(&self.server),
                            server_words(&said)
                        ),
                    ));
                    continue;
                }
                Err(fault) => return Err(self.folder_error(folder, fault)),
            };
            if folder.place == Place::Inbox {
                inbox_next = opened.uidnext;
            }
            self.news(folder, opened, &mut marks, &mut got, suspects)
                .await
                .map_err(|f| self.error("fetch", f))?;
        }
        self.history(&folders, &mut marks, &mut got, suspects)
            .await
            .map_err(|f| self.error("fetch", f))?;
        suspects.careful = false;
        let more = got.more
            || folders
                .iter()
                .any(|f| marks.folders.get(&f.name).is_some_and(Edges::has_history));
        Ok((
            Batch {
                events: got.events,
                next: marks.write(),
                more,
                gaps: got.gaps,
                progress: marks.progress(),
            },
            inbox_next,
        ))
    }

    async fn news(
        &mut self,
        folder: &Folder,
        opened: Opened,
        marks: &mut Marks,
        got: &mut Gathering,
        suspects: &mut Suspects,
    ) -> Outcome<()> {
        let known = marks
            .folders
            .get(&folder.name)
            .filter(|e| e.uidvalidity == opened.uidvalidity)
            .cloned();
        let Some(mut edges) = known else {
            let edges = self.first_sight(folder, opened).await?;
            marks.folders.insert(folder.name.clone(), edges);
            return Ok(());
        };
        if opened.exists == 0
            || (opened.uidnext > 0 && opened.uidnext <= edges.upper.saturating_add(1))
        {
            return Ok(());
        }
        // `n:*` always names the last mail, even when its number is below n.
        let mut fresh = self
            .search(&format!("UID {}:*", edges.upper.saturating_add(1)))
            .await?;
        fresh.retain(|uid| *uid > edges.upper);
        let room = got.room();
        got.more |= fresh.len() > room;
        fresh.truncate(room);
        if fresh.is_empty() {
            return Ok(());
        }
        let handled = self
            .fetch(folder, opened.uidvalidity, &fresh, got, suspects)
            .await?;
        got.more |= handled.len() < fresh.len();
        edges.upper = handled
            .iter()
            .map(|h| h.0)
            .max()
            .unwrap_or(edges.upper)
            .max(edges.upper);
        marks.folders.insert(folder.name.clone(), edges);
        Ok(())
    }

    /// The edges of a folder that was never read, or that was numbered anew.
    async fn first_sight(&mut self, folder: &Folder, opened: Opened) -> Outcome<Edges> {
        if opened.exists == 0 {
            return Ok(Edges::fresh(opened.uidvalidity, 0, 0));
        }
        let all = self.search("ALL").await?;
        let newest = all.last().copied().unwrap_or(0);
        // Old junk is nobody's history; new junk may hold a customer's mail.
        let history = if folder.place == Place::Junk {
            0
        } else {
            all.len() as u64
        };
        self.backlog.insert(
            folder.name.clone(),
            Backlog {
                uidvalidity: opened.uidvalidity,
                below: newest.saturating_add(1),
                uids: all,
            },
        );
        Ok(Edges::fresh(opened.uidvalidity, newest, history))
    }

    async fn history(
        &mut self,
        folders: &[Folder],
        marks: &mut Marks,
        got: &mut Gathering,
        suspects: &mut Suspects,
    ) -> Outcome<()> {
        // Folders that turn out to be numbered anew meanwhile wait for the next poll.
        let mut skip: Vec<&str> = Vec::new();
        while got.room() > 0 {
            let waiting = folders.iter().filter(|f| {
                !skip.contains(&f.name.as_str())
                    && marks.folders.get(&f.name).is_some_and(Edges::has_history)
            });
            // The folder whose unread history is the newest goes first; the inbox wins a tie.
            let newest = waiting.min_by_key(|f| {
                marks
                    .folders
                    .get(&f.name)
                    .and_then(|e| e.lower_at)
                    .map_or(i64::MIN, i64::saturating_neg)
            });
            let Some(folder) = newest else { return Ok(()) };
            let Some(mut edges) = marks.folders.get(&folder.name).cloned() else {
                return Ok(());
            };
            match self.examine_again(&folder.name).await {
                Ok(opened) if opened.uidvalidity == edges.uidvalidity => {}
                Ok(_) | Err(Fault::Refused(_)) => {
                    skip.push(&folder.name);
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            let step = self
                .older(&folder.name, &edges, got.room().min(HISTORY_STEP))
                .await?;
            if step.is_empty() {
                edges.lower = 1;
                self.backlog.remove(&folder.name);
            } else {
                let handled = self
                    .fetch(folder, edges.uidvalidity, &step, got, suspects)
                    .await?;
                let Some((lowest, at)) = handled.iter().min_by_key(|h| h.0) else {
                    return Ok(());
                };
                edges.lower = *lowest;
                edges.lower_at = at.or(edges.lower_at);
                edges.done += handled.len() as u64;
            }
            marks.folders.insert(folder.name.clone(), edges);
        }
        Ok(())
    }

    /// The newest numbers below the lower edge, newest first.
    async fn older(&mut self, folder: &str, edges: &Edges, most: usize) -> Outcome<Vec<u32>> {
        // An older cursor may come again, when what was read could not be stored.
        if self
            .backlog
            .get(folder)
            .is_none_or(|b| b.uidvalidity != edges.uidvalidity || b.below < edges.lower)
        {
            let uids = self
                .search(&format!("UID 1:{}", edges.lower.saturating_sub(1).max(1)))
                .await?;
            self.backlog.insert(
                folder.to_owned(),
                Backlog {
                    uidvalidity: edges.uidvalidity,
                    below: edges.lower,
                    uids,
                },
            );
        }
        let uids = self
            .backlog
            .get(folder)
            .map(|b| b.uids.as_slice())
            .unwrap_or_default();
        let end = uids.partition_point(|uid| *uid < edges.lower);
        Ok(uids.iter().take(end).rev().take(most).copied().collect())
    }
}

fn gap(folder: &Folder, reason: String) -> Gap {
    Gap {
        place: decode_utf7(&folder.name),
        reason,
        since: None,
    }
}

// ---- fetching -----------------------------------------------------------------------------------------

#[derive(Debug, Clone, Default)]
struct Meta {
    size: u64,
    at: Option<Millis>,
    seen: bool,
}

/// Numbers that were dealt with, and the provider's time of each.
type Handled = Vec<(u32, Option<Millis>)>;

impl Reader {
    /// Fetches mails in the given order until the batch is full.
    async fn fetch(
        &mut self,
        folder: &Folder,
        validity: u32,
        uids: &[u32],
        got: &mut Gathering,
        suspects: &mut Suspects,
    ) -> Outcome<Handled> {
        let metas = self.metas(uids).await?;
        let (chosen, handled) = fitting(uids, &metas, got);
        let mut bodies = HashMap::new();
        let big: Vec<u32> = chosen
            .iter()
            .copied()
            .filter(|u| metas.get(u).is_some_and(|m| m.size > MAX_MAIL as u64))
            .collect();
        let normal: Vec<u32> = chosen
            .iter()
            .copied()
            .filter(|u| !big.contains(u))
            .collect();
        let bytes = normal
            .iter()
            .filter_map(|u| metas.get(u))
            .map(|m| m.size)
            .sum();
        if suspects.careful {
            self.bodies_one_by_one(
                folder,
                validity,
                &normal,
                &metas,
                &mut bodies,
                suspects,
                got,
            )
            .await?;
        } else if let Err(fault) = self.bodies(&normal, bytes, &mut bodies).await {
            match fault {
                // One mail may be the reason; the others must not suffer.
                Fault::Refused(_) => {}
                Fault::Garbled(e) => {
                    suspects.careful = true;
                    return Err(Fault::Garbled(e));
                }
                broken @ Fault::Broken(_) => return Err(broken),
            }
        }
        for uid in &normal {
            if !bodies.contains_key(uid) && !suspects.gave_up(folder, validity, *uid) {
                self.missing(folder, *uid, &mut bodies, got).await?;
            }
        }
        self.give(folder, validity, &chosen, &metas, bodies, got)
            .await?;
        Ok(handled)
    }

    async fn metas(&mut self, uids: &[u32]) -> Outcome<HashMap<u32, Meta>> {
        let mut metas = HashMap::new();
        self.command(
            &format!(
                "UID FETCH {} (UID RFC822.SIZE INTERNALDATE FLAGS)",
                uid_set(uids)
            ),
            0,
            |r| {
                let Response::Fetch(_, attributes) = r else {
                    return;
                };
                let mut meta = Meta::default();
                let mut number = None;
                for a in attributes {
                    match a {
                        AttributeValue::Uid(uid) => number = Some(*uid),
                        AttributeValue::Rfc822Size(n) => meta.size = u64::from(*n),
                        AttributeValue::InternalDate(d) => meta.at = internal_date(d),
                        AttributeValue::Flags(flags) => {
                            meta.seen = flags.iter().any(|f| f.eq_ignore_ascii_case("\\Seen"));
                        }
                        _ => {}
                    }
                }
                // A flag that changed meanwhile comes unasked and without a size.
                if let Some(uid) = number.filter(|uid| {
                    uids.contains(uid)
                        && attributes
                            .iter()
                            .any(|a| matches!(a, AttributeValue::Rfc822Size(_)))
                }) {
                    metas.insert(uid, meta);
                }
            },
        )
        .await?;
        Ok(metas)
    }

    async fn bodies(
        &mut self,
        uids: &[u32],
        bytes: u64,
        into: &mut HashMap<u32, Vec<u8>>,
    ) -> Outcome<()> {
        if uids.is_empty() {
            return Ok(());
        }
        self.command(
            &format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(uids)),
            bytes,
            |r| {
                let Response::Fetch(_, attributes) = r else {
                    return;
                };
                let uid = attributes.iter().find_map(|a| {
                    if let AttributeValue::Uid(u) = a {
                        Some(*u)
                    } else {
                        None
                    }
                });
                let body = attributes.iter().find_map(|a| match a {
                    AttributeValue::BodySection {
                        section: None,
                        data: Some(d),
                        ..
                    }
                    | AttributeValue::Rfc822(Some(d)) => Some(d.to_vec()),
                    _ => None,
                });
                if let (Some(uid), Some(body)) = (uid, body) {
                    into.insert(uid, body);
                }
            },
        )
        .await
    }

    /// After an answer that could not be read: each mail alone, so that the one at fault is known and left out.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call, from the function that was split"
    )]
    async fn bodies_one_by_one(
        &mut self,
        folder: &Folder,
        validity: u32,
        uids: &[u32],
        metas: &HashMap<u32, Meta>,
        into: &mut HashMap<u32, Vec<u8>>,
        suspects: &mut Suspects,
        got: &mut Gathering,
    ) -> Outcome<()> {
        for uid in uids {
            let tries = suspects
                .tries
                .entry((folder.name.clone(), validity, *uid))
                .or_default();
            if *tries >= TRIES {
                got.gaps.push(gap(folder, format!("Mail {uid} breaks the connection to {} each time it is read; it was left out.", at(&self.server))));
                continue;
            }
            *tries += 1;
            match self
                .bodies(&[*uid], metas.get(uid).map_or(0, |m| m.size), into)
                .await
            {
                Ok(()) => {
                    suspects
                        .tries
                        .remove(&(folder.name.clone(), validity, *uid));
                }
                Err(Fault::Refused(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// A mail that the server listed and did not give: asked for once more, alone.
    async fn missing(
        &mut self,
        folder: &Folder,
        uid: u32,
        into: &mut HashMap<u32, Vec<u8>>,
        got: &mut Gathering,
    ) -> Outcome<()> {
        match self.bodies(&[uid], MAX_MAIL as u64, into).await {
            Ok(()) | Err(Fault::Refused(_)) if into.contains_key(&uid) => return Ok(()),
            Ok(()) | Err(Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        if !self.metas(&[uid]).await?.contains_key(&uid) {
            // It was deleted at the server between the two questions.
            return Ok(());
        }
        got.gaps.push(gap(
            folder,
            format!(
                "{} lists mail {uid} but does not give it.",
                at(&self.server)
            ),
        ));
        Ok(())
    }

    async fn header_only(&mut self, uid: u32) -> Outcome<Vec<u8>> {
        let mut header = Vec::new();
        self.command(
            &format!("UID FETCH {uid} (UID BODY.PEEK[HEADER])"),
            0,
            |r| {
                let Response::Fetch(_, attributes) = r else {
                    return;
                };
                for a in attributes {
                    if let AttributeValue::BodySection {
                        section: Some(SectionPath::Full(MessageSection::Header)),
                        data: Some(d),
                        ..
                    } = a
                    {
                        header = d.to_vec();
                    }
                }
            },
        )
        .await?;
        Ok(header)
    }

    /// Turns bytes into events, in order. Reading mail is work for a thread of its own.
    async fn give(
        &mut self,
        folder: &Folder,
        validity: u32,
        chosen: &[u32],
        metas: &HashMap<u32, Meta>,
        mut bodies: HashMap<u32, Vec<u8>>,
        got: &mut Gathering,
    ) -> Outcome<()> {
        let mut work = Vec::new();
        for uid in chosen {
            let meta = metas.get(uid).cloned().unwrap_or_default();
            let remote = remote_id(&folder.name, validity, *uid);
            if meta.size > MAX_MAIL as u64 {
                let header = self.header_only(*uid).await?;
                work.push((remote, meta, header, true));
            } else if let Some(body) = bodies.remove(uid) {
                work.push((remote, meta, body, false));
            }
        }
        got.bytes += work.iter().map(|w| w.2.len() as u64).sum::<u64>();
        let place = folder.place;
        let read = tokio::task::spawn_blocking(move || {
            work.into_iter()
                .map(|(remote, meta, bytes, too_big)| event(&bytes, remote, place, &meta, too_big))
                .collect::<Vec<_>>()
        });
        match read.await {
            Ok(events) => got.events.extend(events),
            Err(_) => {
                return Err(Fault::Broken(retry(
                    "fetch",
                    "Reading mail was interrupted. It is tried again by itself.",
                )));
            }
        }
        Ok(())
    }
}

impl Suspects {
    fn gave_up(&self, folder: &Folder, validity: u32, uid: u32) -> bool {
        self.tries
            .get(&(folder.name.clone(), validity, uid))
            .is_some_and(|t| *t >= TRIES)
    }
}

fn event(bytes: &[u8], remote: RemoteId, place: Place, meta: &Meta, too_big: bool) -> Event {
    if too_big {
        let reason = format!(
            "it has {} MB; {} MB is the most that is read. Only its header was fetched",
            meta.size / 1_048_576,
            MAX_MAIL / 1_048_576
        );
        return convert::unreadable(bytes, remote, place, meta.at, reason);
    }
    convert::convert(bytes, remote, place, meta.at, meta.seen)
}

/// Which mails still fit, and which numbers are thereby dealt with (those that vanished meanwhile included).
fn fitting(uids: &[u32], metas: &HashMap<u32, Meta>, got: &Gathering) -> (Vec<u32>, Handled) {
    let mut bytes = got.bytes;
    let (mut chosen, mut handled) = (Vec::new(), Vec::new());
    for uid in uids {
        let Some(meta) = metas.get(uid) else {
            handled.push((*uid, None));
            continue;
        };
        let size = if meta.size > MAX_MAIL as u64 {
            0
        } else {
            meta.size
        };
        let first = chosen.is_empty() && got.events.is_empty();
        if !first && bytes + size > BATCH_BYTES {
            break;
        }
        bytes += size;
        chosen.push(*uid);
        handled.push((*uid, meta.at));
    }
    (chosen, handled)
}

pub(super) fn remote_id(folder: &str, validity: u32, uid: u32) -> RemoteId {
    RemoteId(format!("{folder}{UNIT}{validity}{UNIT}{uid}"))
}

/// `17-Jul-1996 02:44:25 -0700`, the day possibly with a leading space.
fn internal_date(text: &str) -> Option<Millis> {
    let date = DateTime::parse_rfc822(&text.trim().replacen('-', " ", 2))?;
    (date.is_valid() && date.year >= 1970).then(|| date.to_timestamp().saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_times_are_read() {
        assert_eq!(
            internal_date("17-Jul-1996 02:44:25 -0700"),
            Some(837_596_665_000)
        );
        assert_eq!(
            internal_date(" 1-Jan-2024 00:00:00 +0000"),
            Some(1_704_067_200_000)
        );
        assert_eq!(internal_date("nonsense"), None);
    }

    #[test]
    fn the_mails_that_fit_are_taken_in_order_and_one_always_fits() {
        let got = Gathering {
            events: Vec::new(),
            bytes: 0,
            gaps: Vec::new(),
            more: false,
        };
        let meta = |size: u64| Meta {
            size,
            at: Some(1),
            seen: false,
        };
        let metas = HashMap::from([(9, meta(BATCH_BYTES * 2)), (8, meta(10)), (6, meta(10))]);
        assert_eq!(
            fitting(&[9, 8], &metas, &got),
            (vec![9], vec![(9, Some(1))])
        );
        assert_eq!(
            fitting(&[8, 7, 6], &metas, &got),
            (vec![8, 6], vec![(8, Some(1)), (7, None), (6, Some(1))])
        );
    }
}
