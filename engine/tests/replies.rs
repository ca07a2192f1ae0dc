//! Replies that other projects collected, read where they lie (`PARLEY_SHARED`); nothing of them is kept here.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers fail as tests do

use parley_engine::api::inspect::reply::{Hint, ReplySeen, reply};
use std::path::PathBuf;

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("PARLEY_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("data/replies/email_reply_parser/test/emails");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

fn seen(raw: &[u8]) -> ReplySeen {
    reply(raw, Hint::Text)
}

#[test]
fn collected_replies_are_parted_and_nothing_is_lost() {
    let Some(folder) = folder() else { return };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let raw = std::fs::read(&path).unwrap();
        let all = String::from_utf8_lossy(&raw).replace("\r\n", "\n");
        let r = seen(&raw);
        let sorted = |text: &str| {
            let mut c: Vec<char> = text.chars().collect();
            c.sort_unstable();
            c
        };
        assert_eq!(
            sorted(&format!("{}{}", r.visible, r.hidden)),
            sorted(&all),
            "{}",
            path.display()
        );
        assert!(!r.visible.trim().is_empty(), "{}", path.display());
    }
}

/// How many lines are to be seen, and whether anything is folded.
const CLEAR: &[(&str, usize, bool)] = &[
    ("correct_sig.txt", 1, true),
    ("email_1_1.txt", 5, true),
    ("email_1_3.txt", 3, true),
    ("email_1_4.txt", 1, true),
    ("email_1_5.txt", 15, false),
    ("email_1_6.txt", 1, true),
    ("email_1_7.txt", 1, true),
    ("email_2_1.txt", 1, true),
    ("email_2_2.txt", 1, true),
    ("email_2_3.txt", 1, true),
    ("email_BlackBerry.txt", 1, true),
    ("email_bullets.txt", 9, true),
    ("email_iPhone.txt", 1, true),
    ("email_multi_word_sent_from_my_mobile_device.txt", 1, true),
    ("email_one_is_not_on.txt", 5, true),
    ("email_sent_from_my_not_signature.txt", 3, false),
    ("email_sig_delimiter_in_middle_of_line.txt", 7, false),
    ("greedy_on.txt", 6, true),
    ("pathological.txt", 2, true),
];

#[test]
fn of_collected_replies_as_much_is_seen_as_their_authors_wrote() {
    let Some(folder) = folder() else { return };
    for (name, lines, folded) in CLEAR {
        let r = seen(&std::fs::read(folder.join(name)).unwrap());
        assert_eq!(r.visible.trim().lines().count(), *lines, "{name}");
        assert_eq!(!r.hidden.trim().is_empty(), *folded, "{name}");
        assert!(
            !r.visible.contains("wrote:") && !r.visible.contains("Sent from my i"),
            "{name}"
        );
    }
}
