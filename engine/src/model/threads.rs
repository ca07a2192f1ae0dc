//! Threads: mails that answer each other. A thread groups mails and never decides the customer.

pub mod ids;
pub mod partition;
pub mod token;

use super::ThreadRefs;
use sha2::{Digest, Sha256};

/// A Message-ID as it is compared: the first 16 bytes of the SHA-256 of its canonical form.
pub type Ref = [u8; 16];

/// A Message-ID as it is compared.
#[must_use]
pub fn ref_hash(message_id: &str) -> Ref {
    let digest = Sha256::digest(ids::canonical(message_id).as_bytes());
    let mut out = [0; 16];
    out.copy_from_slice(&digest[..16]);
    out
}

/// Every Message-ID that a mail names, its own first, without repeats.
#[must_use]
pub fn all_refs(t: &ThreadRefs) -> Vec<Ref> {
    let mut seen = Vec::new();
    for id in t
        .message_id
        .iter()
        .chain(&t.in_reply_to)
        .chain(&t.references)
    {
        let h = ref_hash(id);
        if !seen.contains(&h) {
            seen.push(h);
        }
    }
    seen
}

/// Every Message-ID that a mail names beside its own, the nearest first: In-Reply-To, then References from the end.
#[must_use]
pub fn nearest_first(t: &ThreadRefs) -> Vec<Ref> {
    let own = t.message_id.as_deref().map(ref_hash);
    let mut out: Vec<Ref> = Vec::new();
    for id in t.in_reply_to.iter().chain(t.references.iter().rev()) {
        let hash = ref_hash(id);
        if Some(hash) != own && !out.contains(&hash) {
            out.push(hash);
        }
    }
    out
}

/// References for an answer: what the answered mail had, then itself; the first and the last 19 of a long line.
#[must_use]
pub fn references_for_reply(parent_refs: &[String], parent_id: Option<&str>) -> Vec<String> {
    const KEEP: usize = 20;
    let mut all: Vec<String> = parent_refs.to_vec();
    if let Some(id) = parent_id {
        all.retain(|r| r != id);
        all.push(id.to_owned());
    }
    if all.len() > KEEP {
        let tail = all.split_off(all.len() - (KEEP - 1));
        all.truncate(1);
        all.extend(tail);
    }
    all
}

/// `Re: ` before a subject, once.
#[must_use]
pub fn reply_subject(subject: &str) -> String {
    let s = subject.trim();
    let mut chars = s.chars();
    let re = chars.next().is_some_and(|c| c.eq_ignore_ascii_case(&'r'))
        && chars.next().is_some_and(|c| c.eq_ignore_ascii_case(&'e'))
        && chars.next() == Some(':');
    if re {
        s.to_owned()
    } else {
        format!("Re: {s}").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_thread_and_its_parent_last() {
        let refs = references_for_reply(&["a@x".into(), "b@x".into()], Some("c@x"));
        assert_eq!(refs, ["a@x", "b@x", "c@x"]);
    }

    #[test]
    fn a_long_thread_keeps_its_first_mail_and_its_last_ones() {
        let many: Vec<String> = (0..50).map(|i| format!("{i}@x")).collect();
        let refs = references_for_reply(&many, Some("p@x"));
        assert_eq!(
            (refs.len(), refs[0].as_str(), refs[19].as_str()),
            (20, "0@x", "p@x")
        );
    }

    #[test]
    fn a_subject_gets_one_re() {
        assert_eq!(reply_subject("lamp"), "Re: lamp");
        assert_eq!(reply_subject("RE: lamp"), "RE: lamp");
        assert_eq!(reply_subject(""), "Re:");
    }
}
