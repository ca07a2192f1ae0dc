//! Fetching mails in a given order until the batch is full, whatever the server makes of it.

use super::super::convert::{self, MAX_MAIL};
use super::super::cursor::Edges;
use super::super::net::{at, retry};
use super::answer::{Answer, Fetched};
use super::edge::Witness;
use super::fault::{Fault, Outcome};
use super::poll::{BATCH_BYTES, Gathering, Handled, Poll};
use super::uids::uid_set;
use super::{Folder, remote_id};
use crate::model::{Event, Mark, Place, RemoteId};
use crate::time::Millis;
use mail_parser::DateTime;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A mail that could not be read so often is left out. An answer that is no IMAP counts twice: a network that breaks
/// may be anybody's fault.
const TRIES: u8 = 6;

/// What is known of a mail before it is fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Meta {
    size: u64,
    at: Option<Millis>,
    seen: bool,
    message_id: Option<String>,
    gmail: Option<u64>,
    thread: Option<u64>,
    labels: Vec<String>,
}

impl Meta {
    fn of(f: &Fetched) -> Self {
        Self {
            size: f.size.unwrap_or(0),
            at: f.date.as_deref().and_then(internal_date),
            seen: f.seen().unwrap_or(false),
            message_id: f.header.as_deref().and_then(convert::message_id),
            gmail: f.gmail,
            thread: f.thread,
            labels: f.labels.clone().unwrap_or_default(),
        }
    }

    fn mark(&self) -> Option<Mark> {
        Some(Mark {
            message_id: self.message_id.clone()?,
            size: Some(self.size).filter(|s| *s > 0)?,
            at: self.at?,
        })
    }

    fn labelled(&self, label: &str) -> bool {
        self.labels.iter().any(|l| l.eq_ignore_ascii_case(label))
    }

    /// At Gmail the labels tell the place; a draft is nobody's mail yet.
    fn place(&self, folder: &Folder) -> Option<Place> {
        if folder.place != Place::Inbox || self.gmail.is_none() {
            return Some(folder.place);
        }
        if self.labelled("\\Draft") || self.labelled("\\Drafts") {
            None
        } else if self.labelled("\\Sent") {
            Some(Place::Sent)
        } else if self.labelled("\\Inbox") || folder.name.eq_ignore_ascii_case("INBOX") {
            Some(Place::Inbox)
        } else {
            Some(Place::Other)
        }
    }
}

pub(super) type Metas = HashMap<u32, Meta>;
/// Usually one; two where a server gives one number to two mails.
type Bodies = HashMap<u32, Vec<Vec<u8>>>;

impl Poll<'_> {
    /// Fetches mails; with `compare`, those that are here already under another id are not read again.
    pub(super) async fn fetch(
        &mut self,
        folder: &Folder,
        edges: &mut Edges,
        uids: &[u32],
        compare: bool,
    ) -> Outcome<Handled> {
        let compare = compare && self.wishes.recall.is_some();
        // The first mails that are read of a folder are its newest ones: they are asked for who they are too.
        let named = compare || !edges.has_witnesses();
        let metas = self.metas(uids, named).await?;
        let known = if compare {
            self.known(&metas).await
        } else {
            Vec::new()
        };
        let (chosen, handled) = fitting(uids, &metas, &known, &self.got);
        let drafts = |uid: &u32| metas.get(uid).is_some_and(|m| m.place(folder).is_none());
        let chosen: Vec<u32> = chosen.into_iter().filter(|u| !drafts(u)).collect();
        for uid in &chosen {
            self.have(folder, edges, *uid, metas.get(uid));
        }
        let wanted: Vec<u32> = chosen
            .iter()
            .copied()
            .filter(|u| !known.contains(u) && metas.get(u).is_some_and(|m| m.size <= LARGEST))
            .collect();
        let bodies = self
            .all_bodies(folder, edges.uidvalidity, &wanted, &metas)
            .await?;
        self.give(folder, edges, &chosen, &metas, &known, bodies)
            .await?;
        Ok(handled)
    }

    /// Notes that a mail is here under this number.
    fn have(&mut self, folder: &Folder, edges: &mut Edges, uid: u32, meta: Option<&Meta>) {
        edges.have.add(uid);
        let Some(meta) = meta else { return };
        edges.witness(Witness::new(uid, meta.message_id.as_deref(), meta.at));
        if let Some(gmail) = meta.gmail {
            self.memory
                .remember_gmail(&folder.name, edges.uidvalidity, uid, gmail);
        }
    }

    /// Those that are here already, by Message-ID, size and time of arrival.
    pub(super) async fn known(&self, metas: &Metas) -> Vec<u32> {
        let Some(recall) = &self.wishes.recall else {
            return Vec::new();
        };
        let marked = metas.iter().filter_map(|(uid, m)| Some((*uid, m.mark()?)));
        let (uids, marks): (Vec<u32>, Vec<Mark>) = marked.unzip();
        let known = recall.known(marks).await;
        uids.into_iter()
            .zip(known)
            .filter(|(_, known)| *known)
            .map(|(uid, _)| uid)
            .collect()
    }

    pub(super) async fn metas(&mut self, uids: &[u32], compare: bool) -> Outcome<Metas> {
        let mut metas = Metas::new();
        match self.some_metas(uids, compare, &mut metas).await {
            Ok(()) => {}
            // One mail may be the reason; the others must not suffer.
            Err(Fault::Refused(_)) if uids.len() > 1 => {
                for uid in uids {
                    match self.some_metas(&[*uid], compare, &mut metas).await {
                        Ok(()) | Err(Fault::Refused(_)) => {}
                        Err(fault) => return Err(fault),
                    }
                }
            }
            Err(fault) => return Err(fault),
        }
        let absent: Vec<u32> = uids
            .iter()
            .copied()
            .filter(|uid| !metas.contains_key(uid))
            .collect();
        if !absent.is_empty() {
            // Either gone meanwhile, or the server left out what was asked: only the former have nothing to give.
            let there = self.r.search(&format!("UID {}", uid_set(&absent))).await?;
            for uid in absent.iter().filter(|uid| there.contains(uid)) {
                metas.insert(*uid, Meta::default());
            }
        }
        Ok(metas)
    }

    async fn some_metas(&mut self, uids: &[u32], compare: bool, into: &mut Metas) -> Outcome<()> {
        let mut items = "UID RFC822.SIZE INTERNALDATE FLAGS".to_owned();
        if self.r.skills.gmail {
            items.push_str(" X-GM-MSGID X-GM-THRID X-GM-LABELS");
        }
        if compare {
            items.push_str(" BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]");
        }
        let command = format!("UID FETCH {} ({items})", uid_set(uids));
        self.r
            .ask(&command, 0, |a| {
                let Answer::Fetch(f) = a else { return };
                // A flag that changed meanwhile comes unasked and without a size.
                if let Some(uid) = f.uid.filter(|uid| uids.contains(uid) && f.size.is_some()) {
                    into.insert(uid, Meta::of(f));
                }
            })
            .await
    }

    async fn all_bodies(
        &mut self,
        folder: &Folder,
        validity: u32,
        uids: &[u32],
        metas: &Metas,
    ) -> Outcome<Bodies> {
        let mut bodies = Bodies::new();
        let size = |uid: &u32| metas.get(uid).map_or(0, |m| m.size);
        if self.memory.careful {
            self.one_by_one(folder, validity, uids, metas, &mut bodies)
                .await?;
        } else if let Err(fault) = self
            .bodies(uids, uids.iter().map(size).sum(), &mut bodies)
            .await
        {
            match fault {
                // One mail may be the reason; the others must not suffer.
                Fault::Refused(_) => {}
                Fault::Garbled(_) | Fault::Broken(_) => {
                    self.memory.careful = true;
                    return Err(fault);
                }
                told @ Fault::Told(_) => return Err(told),
            }
        }
        for uid in uids {
            // A server that had something to give and gives nothing has not given it.
            let empty = |all: &Vec<Vec<u8>>| all.iter().all(Vec::is_empty) && size(uid) > 0;
            let given = bodies.get(uid).is_some_and(|all| !empty(all));
            if !given && !self.memory.gave_up(folder, validity, *uid) {
                self.missing(folder, *uid, &mut bodies).await?;
            }
        }
        Ok(bodies)
    }

    async fn bodies(&mut self, uids: &[u32], bytes: u64, into: &mut Bodies) -> Outcome<()> {
        if uids.is_empty() {
            return Ok(());
        }
        let command = format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(uids));
        self.r
            .ask(&command, bytes, |a| {
                let Answer::Fetch(f) = a else { return };
                // Where one mail was asked for, an answer without a number can only be about it.
                let only = uids.first().copied().filter(|_| uids.len() == 1);
                if let (Some(uid), Some(body)) = (f.uid.or(only), &f.body) {
                    let all = into.entry(uid).or_default();
                    if uids.contains(&uid) && !all.contains(body) {
                        all.push(body.clone());
                    }
                }
            })
            .await
    }

    /// After an answer that could not be read: each mail alone, so that the one at fault is known and left out.
    async fn one_by_one(
        &mut self,
        folder: &Folder,
        validity: u32,
        uids: &[u32],
        metas: &Metas,
        into: &mut Bodies,
    ) -> Outcome<()> {
        for uid in uids {
            let key = (folder.name.clone(), validity, *uid);
            if self.memory.gave_up(folder, validity, *uid) {
                let at = at(self.r.server());
                self.gap(
                    folder,
                    format!("Mail {uid} breaks the connection to {at} each time it is read; it was left out."),
                );
                continue;
            }
            let tries = self.memory.tries.entry(key.clone()).or_default();
            *tries = tries.saturating_add(1);
            let size = metas.get(uid).map_or(0, |m| m.size);
            match self.bodies(&[*uid], size, into).await {
                Ok(()) | Err(Fault::Refused(_)) => {
                    self.memory.tries.remove(&key);
                }
                Err(fault) => {
                    if matches!(fault, Fault::Garbled(_)) {
                        let tries = self.memory.tries.entry(key).or_default();
                        *tries = tries.saturating_add(1);
                    }
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    /// A mail that the server listed and did not give: asked for once more, alone.
    async fn missing(&mut self, folder: &Folder, uid: u32, into: &mut Bodies) -> Outcome<()> {
        match self.bodies(&[uid], LARGEST, into).await {
            Ok(()) | Err(Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        if into
            .get(&uid)
            .is_some_and(|all| all.iter().any(|b| !b.is_empty()))
        {
            return Ok(());
        }
        into.remove(&uid);
        if self.r.search(&format!("UID {uid}")).await?.contains(&uid) {
            let at = at(self.r.server());
            self.gap(
                folder,
                format!("{at} lists mail {uid} but does not give it."),
            );
        }
        // Otherwise it was deleted at the server between the two questions.
        Ok(())
    }

    async fn header_only(&mut self, uid: u32) -> Outcome<Vec<u8>> {
        let mut header = Vec::new();
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER])");
        self.r
            .ask(&command, 0, |a| {
                if let Answer::Fetch(f) = a
                    && let Some(h) = &f.header
                {
                    header.clone_from(h);
                }
            })
            .await?;
        Ok(header)
    }

    /// Turns bytes into events, in order. Reading mail is work for a thread of its own.
    async fn give(
        &mut self,
        folder: &Folder,
        edges: &Edges,
        chosen: &[u32],
        metas: &Metas,
        known: &[u32],
        mut bodies: Bodies,
    ) -> Outcome<()> {
        let mut work = Vec::new();
        for uid in chosen {
            let meta = metas.get(uid).cloned().unwrap_or_default();
            let remote = remote_id(&folder.name, edges, *uid, meta.gmail);
            let place = meta.place(folder).unwrap_or(folder.place);
            let job = |remote, what| Job {
                remote,
                place,
                meta: meta.clone(),
                what,
            };
            if known.contains(uid) {
                work.push(job(remote, What::Known));
            } else if meta.size > LARGEST {
                let header = self.header_only(*uid).await?;
                work.push(job(remote, What::Header(header)));
            } else {
                for (i, body) in bodies.remove(uid).into_iter().flatten().enumerate() {
                    let remote = if i == 0 {
                        remote.clone()
                    } else {
                        another(&remote, &body)
                    };
                    work.push(job(remote, What::Mail(body)));
                }
            }
        }
        self.got.bytes += work.iter().map(Job::bytes).sum::<u64>();
        let read = tokio::task::spawn_blocking(move || {
            work.into_iter().filter_map(Job::event).collect::<Vec<_>>()
        });
        match read.await {
            Ok(events) => self.got.events.extend(events),
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

impl super::poll::Memory {
    fn gave_up(&self, folder: &Folder, validity: u32, uid: u32) -> bool {
        let tries = self.tries.get(&(folder.name.clone(), validity, uid));
        tries.is_some_and(|t| *t >= TRIES)
    }
}

/// Largest mail that is read.
const LARGEST: u64 = MAX_MAIL as u64;

enum What {
    Mail(Vec<u8>),
    Header(Vec<u8>),
    Known,
}

struct Job {
    remote: RemoteId,
    place: Place,
    meta: Meta,
    what: What,
}

impl Job {
    fn bytes(&self) -> u64 {
        match &self.what {
            What::Mail(b) | What::Header(b) => b.len() as u64,
            What::Known => 0,
        }
    }

    fn event(self) -> Option<Event> {
        let (remote_id, place, meta) = (self.remote, self.place, self.meta);
        Some(match self.what {
            What::Known => Event::Again {
                remote_id,
                place,
                mark: meta.mark()?,
                seen: meta.seen,
            },
            What::Header(bytes) => {
                let reason = format!(
                    "it has {} MB; {} MB is the most that is read. Only its header was fetched",
                    meta.size / 1_048_576,
                    MAX_MAIL / 1_048_576
                );
                convert::unreadable(&bytes, remote_id, place, meta.at, reason)
            }
            What::Mail(bytes) => {
                let mut event = convert::convert(&bytes, remote_id, place, meta.at, meta.seen);
                if let Event::Message(m) = &mut event {
                    m.thread.provider = meta.thread.map(|t| format!("gm-{t:x}"));
                }
                event
            }
        })
    }
}

/// The id of the second of two mails under one number.
fn another(remote: &RemoteId, body: &[u8]) -> RemoteId {
    let digest = Sha256::digest(body);
    let short: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
    RemoteId(format!("{}#{short}", remote.0))
}

/// Which mails still fit, and which numbers are thereby dealt with (those that vanished meanwhile included).
fn fitting(uids: &[u32], metas: &Metas, known: &[u32], got: &Gathering) -> (Vec<u32>, Handled) {
    let mut bytes = got.bytes;
    let (mut chosen, mut handled) = (Vec::new(), Vec::new());
    for uid in uids {
        let Some(meta) = metas.get(uid) else {
            handled.push((*uid, None));
            continue;
        };
        let size = if meta.size > LARGEST || known.contains(uid) {
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

/// `17-Jul-1996 02:44:25 -0700`, the day possibly with a leading space.
pub(super) fn internal_date(text: &str) -> Option<Millis> {
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
            ..Meta::default()
        };
        let metas = HashMap::from([(9, meta(BATCH_BYTES * 2)), (8, meta(10)), (6, meta(10))]);
        assert_eq!(
            fitting(&[9, 8], &metas, &[], &got),
            (vec![9], vec![(9, Some(1))])
        );
        assert_eq!(
            fitting(&[9, 8], &metas, &[9], &got),
            (vec![9, 8], vec![(9, Some(1)), (8, Some(1))])
        );
        assert_eq!(
            fitting(&[8, 7, 6], &metas, &[], &got),
            (vec![8, 6], vec![(8, Some(1)), (7, None), (6, Some(1))])
        );
    }

    #[test]
    fn gmails_labels_tell_the_place_and_drafts_are_left() {
        let all = Folder {
            name: "[Gmail]/All Mail".into(),
            place: Place::Inbox,
        };
        let place = |labels: &[&str]| {
            let meta = Meta {
                gmail: Some(1),
                labels: labels.iter().map(|l| (*l).to_owned()).collect(),
                ..Meta::default()
            };
            meta.place(&all)
        };
        assert_eq!(place(&["\\Inbox", "Customers"]), Some(Place::Inbox));
        assert_eq!(place(&["\\Inbox", "\\Sent"]), Some(Place::Sent));
        assert_eq!(place(&["Customers"]), Some(Place::Other));
        assert_eq!(place(&["\\Draft"]), None);
    }
}
