//! `inspect thread`.

use crate::connectors::email::convert::convert;
use crate::model::{Event, Place, RemoteId, ThreadRefs};
use data_encoding::BASE64;
use serde::Serialize;
use std::collections::HashMap;

/// Which mails are one thread.
#[derive(Debug, Serialize)]
pub struct Partition {
    /// Groups of the mails' numbers, counted from 1.
    pub partition: Vec<Vec<usize>>,
}

/// Reads a JSON array of mails in Base64.
///
/// # Errors
/// When it is none.
pub fn partition(input: &[u8]) -> Result<Partition, String> {
    let encoded: Vec<String> =
        serde_json::from_slice(input).map_err(|e| format!("it is no JSON array of Base64: {e}"))?;
    let mails = encoded
        .iter()
        .map(|b| {
            BASE64
                .decode(b.trim().as_bytes())
                .map_err(|e| format!("a mail is no Base64: {e}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Partition {
        partition: thread(&mails),
    })
}

/// Groups mails that name each other, in the order of their first members.
#[must_use]
pub fn thread(mails: &[Vec<u8>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut of: HashMap<String, usize> = HashMap::new();
    for (i, raw) in mails.iter().enumerate() {
        let refs = names(raw);
        let mut met: Vec<usize> = refs.iter().filter_map(|r| of.get(r).copied()).collect();
        met.sort_unstable();
        met.dedup();
        let home = met.first().copied().unwrap_or(groups.len());
        if home == groups.len() {
            groups.push(Vec::new());
        }
        for other in met.iter().skip(1) {
            let moved = groups
                .get_mut(*other)
                .map(std::mem::take)
                .unwrap_or_default();
            of.values_mut()
                .filter(|g| *g == other)
                .for_each(|g| *g = home);
            if let Some(g) = groups.get_mut(home) {
                g.extend(moved);
            }
        }
        if let Some(g) = groups.get_mut(home) {
            g.push(i + 1);
        }
        of.extend(refs.into_iter().map(|r| (r, home)));
    }
    groups.retain(|g| !g.is_empty());
    for g in &mut groups {
        g.sort_unstable();
    }
    groups.sort();
    groups
}

fn names(raw: &[u8]) -> Vec<String> {
    match convert(raw, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => {
            let ThreadRefs {
                message_id,
                in_reply_to,
                references,
            } = m.thread;
            message_id
                .into_iter()
                .chain(in_reply_to)
                .chain(references)
                .collect()
        }
        _ => Vec::new(),
    }
}
