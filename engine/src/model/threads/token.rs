//! The mark in the Message-IDs that we make: which conversation a mail went to, signed with the workspace's key.
//!
//! `t.<conversation and signature>.<random>@domain`. An answer names it, so that we know what it answers even where
//! the answered mail is not (a fresh desktop, a copy that was never filed). Whoever got the mail knows it too: it
//! proves that its bearer has seen a mail of ours, and never who the bearer is.

use crate::model::{CustomerId, IdKey, MessageId};
use data_encoding::BASE32_NOPAD;

/// Bytes of the signature: 64 bits, which nobody guesses by sending mail.
const SIGNED: usize = 8;

/// The left part of the Message-ID of our mail `id` to `conversation`.
#[must_use]
pub fn make(key: &IdKey, conversation: CustomerId, id: MessageId) -> String {
    let random = lower(&id.0[..12]);
    let mut token = conversation.0.to_vec();
    token.extend_from_slice(&signature(key, conversation, &random));
    format!("t.{}.{random}", lower(&token))
}

/// The conversation that a Message-ID was signed for, if this workspace signed it.
#[must_use]
pub fn verify(key: &IdKey, message_id: &str) -> Option<CustomerId> {
    let id = super::ids::canonical(message_id);
    let left = id
        .rsplit_once('@')
        .map_or(id.as_str(), |(l, _)| l)
        .to_ascii_lowercase();
    let (token, random) = left.strip_prefix("t.")?.split_once('.')?;
    let bytes = BASE32_NOPAD
        .decode(token.to_ascii_uppercase().as_bytes())
        .ok()?;
    let (conversation, signed) = bytes.split_at_checked(16)?;
    let conversation = CustomerId(conversation.try_into().ok()?);
    let wanted = signature(key, conversation, random);
    // In constant time: how much of a guess was right is nobody's business.
    let differs = wanted.iter().zip(signed).fold(0u8, |d, (a, b)| d | (a ^ b));
    (signed.len() == SIGNED && differs == 0).then_some(conversation)
}

fn signature(key: &IdKey, conversation: CustomerId, random: &str) -> [u8; SIGNED] {
    let mac = key.id(&[b"reply-token-1", &conversation.0, random.as_bytes()]);
    let mut out = [0; SIGNED];
    // The bytes 6 and 8 carry the id's version; the others are all signature.
    for (to, from) in out.iter_mut().zip([0, 1, 2, 3, 4, 5, 9, 10]) {
        *to = mac[from];
    }
    out
}

fn lower(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_conversation_in_any_writing() {
        let key = IdKey::new([3; 32]);
        let (anna, id) = (CustomerId([9; 16]), MessageId::random());
        let left = make(&key, anna, id);
        assert!(left.len() <= 64, "{left}");
        for written in [
            format!("{left}@shop.test"),
            format!("<{left}@SHOP.test>"),
            left.to_uppercase(),
            format!(" <{left}@rewritten.host>"),
        ] {
            assert_eq!(verify(&key, &written), Some(anna), "{written}");
        }
    }

    #[test]
    fn a_forged_or_foreign_token_says_nothing() {
        let key = IdKey::new([3; 32]);
        let left = make(&key, CustomerId([9; 16]), MessageId::random());
        assert_eq!(verify(&IdKey::new([4; 32]), &left), None);
        for at in [2, 20, 30, 40, left.len() - 2] {
            let mut forged = left.clone().into_bytes();
            forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
            let forged = String::from_utf8(forged).unwrap_or_default();
            assert_eq!(verify(&key, &forged), None, "{forged}");
        }
        let random = left.rsplit('.').next().unwrap_or_default();
        for bad in [
            "",
            "t.",
            "t..",
            "t.aaaa.x@y",
            "x@y",
            &left[..30],
            &format!("t.{}.{random}", lower(&[9; 16])),
        ] {
            assert_eq!(verify(&key, bad), None, "{bad}");
        }
    }
}
