//! Which of some mails belong to one thread.

use crate::connectors::email::convert::convert;
use crate::model::threads::partition::{Heads, partition};
use crate::model::{Event, Place, RemoteId};
use data_encoding::BASE64;
use serde::Serialize;

/// Groups of mails, by their numbers from 1, each group and all groups in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Partition(pub Vec<Vec<usize>>);

/// What `inspect thread` prints.
#[derive(Debug, Serialize)]
pub struct Threads {
    /// Groups of the mails' numbers, counted from 1.
    pub partition: Partition,
}

/// Reads a JSON array of mails in Base64.
///
/// # Errors
/// When it is none.
pub fn threads(input: &[u8]) -> Result<Threads, String> {
    let encoded: Vec<String> =
        serde_json::from_slice(input).map_err(|e| format!("it is no JSON array of Base64: {e}"))?;
    let mails = encoded
        .iter()
        .map(|b| BASE64.decode(b.trim().as_bytes()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format!("a mail is no Base64: {e}"))?;
    Ok(Threads {
        partition: thread(&mails),
    })
}

/// The threads of these mails, as they came.
#[must_use]
pub fn thread(mails: &[Vec<u8>]) -> Partition {
    let heads: Vec<Heads> = mails.iter().map(|m| heads(m)).collect();
    let groups = partition(&heads);
    Partition(
        groups
            .into_iter()
            .map(|g| g.into_iter().map(|i| i + 1).collect())
            .collect(),
    )
}

fn heads(raw: &[u8]) -> Heads {
    match convert(raw, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => Heads::of(&m),
        // What cannot be read names nobody; only its own copy is like it.
        Event::Unreadable { identity, .. } => Heads::unreadable(&identity),
        _ => Heads::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(head: &str, text: &str) -> Vec<u8> {
        format!("{head}\nDate: Tue, 2 Jan 2024 10:00:00 +0000\n\n{text}\n").into_bytes()
    }

    #[test]
    fn the_partition_is_written_as_numbers_from_one() {
        let mails = [
            mail(
                "From: Anna <anna@home.test>\nTo: team@shop.test\nMessage-ID: <1@x>\nSubject: The lamp",
                "a",
            ),
            mail(
                "From: bert@work.test\nTo: team@shop.test\nMessage-ID: <2@x>\nSubject: The lamp",
                "b",
            ),
            mail(
                "From: team@shop.test\nTo: anna@HOME.test\nMessage-ID: <3@x>\nIn-Reply-To: 1@x",
                "c",
            ),
            mail(
                "From: anna@home.test\nTo: team@shop.test\nMessage-ID: <4@x>\nReferences: (old) <1@x> <gone@x>\n <3\n @x>",
                "d",
            ),
            mail(
                "From: eve@evil.test\nTo: team@shop.test\nMessage-ID: <5@x>\nIn-Reply-To: <1@x>\nReferences: <1@x>\nSubject: Re: The lamp",
                "e",
            ),
            b"".to_vec(),
            b"\xff\xfe\x00".to_vec(),
            mail(
                "From: Anna <anna@home.test>\nTo: team@shop.test\nMessage-ID: <1@x>\nSubject: The lamp",
                "a",
            ),
            b"".to_vec(),
        ];
        let json = serde_json::to_string(&thread(&mails)).unwrap();
        assert_eq!(json, "[[1,3,4,8],[2],[5],[6],[7],[9]]");
        assert_eq!(serde_json::to_string(&thread(&[])).unwrap(), "[]");
    }
}
