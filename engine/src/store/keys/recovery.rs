//! The recovery key: 24 words that hold 256 random bits, under which the workspace's key is wrapped a second time.
//! The words are shown once and kept nowhere; new words make the old ones useless.

use super::wrap::{self, Wrapped};
use crate::error::{Error, KeyTrouble, Result};
use crate::secrets::Key;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// So many words hold 256 bits and their check.
pub const WORDS: usize = 24;

/// 256 random bits need no stretching; the label keeps this use apart from any other.
fn under(entropy: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut h = Sha256::new();
    h.update(b"parley recovery 1");
    h.update(entropy);
    Zeroizing::new(h.finalize().into())
}

/// New words, and the key wrapped under them.
pub(super) fn issue(key: &Key) -> Result<(SecretString, Wrapped)> {
    let entropy = wrap::random::<32>()?;
    let mnemonic = bip39::Mnemonic::from_entropy(&*entropy)
        .map_err(|e| Error::Internal(format!("no words could be made: {e}")))?;
    let words = mnemonic.words().collect::<Vec<_>>().join(" ");
    Ok((
        SecretString::from(words),
        wrap::seal(&under(&*entropy), key)?,
    ))
}

/// The key under typed words, tried on each wrap. Spelling is forgiven as far as it is certain: case, spaces,
/// numbers before the words, and words cut to their first four letters.
pub(super) fn open(words: &SecretString, wraps: &[&Wrapped]) -> Result<Key> {
    let entropy = entropy(words)?;
    let with = under(&entropy);
    for w in wraps {
        if let Some(key) = wrap::open(&with, w)? {
            return Ok(key);
        }
    }
    Err(wrong(if wraps.is_empty() {
        "this workspace has no recovery key".to_owned()
    } else {
        "these are the words of another workspace, or of a recovery key that was replaced by a newer one".to_owned()
    }))
}

fn wrong(says: String) -> Error {
    Error::key(KeyTrouble::WordsWrong, says)
}

fn entropy(words: &SecretString) -> Result<Zeroizing<Vec<u8>>> {
    let lower = Zeroizing::new(words.expose_secret().to_lowercase());
    let typed: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_lowercase())
        .filter(|w| !w.is_empty())
        .collect();
    if typed.len() != WORDS {
        return Err(wrong(format!(
            "a recovery key has {WORDS} words, these are {}",
            typed.len()
        )));
    }
    let mut whole = Zeroizing::new(String::with_capacity(WORDS * 9));
    for (i, w) in typed.iter().enumerate() {
        let word = known(w).ok_or_else(|| {
            wrong(format!(
                "word {} is not a word of recovery keys; check its spelling",
                i + 1
            ))
        })?;
        if i > 0 {
            whole.push(' ');
        }
        whole.push_str(word);
    }
    let m =
        bip39::Mnemonic::parse_in_normalized(bip39::Language::English, &whole).map_err(|_| {
            wrong(
                "a word is wrong or in the wrong place: the last word holds a check of the others"
                    .into(),
            )
        })?;
    Ok(Zeroizing::new(m.to_entropy()))
}

/// The list's word: as typed, or the only one that begins with these four letters or more.
fn known(typed: &str) -> Option<&'static str> {
    let list = bip39::Language::English.word_list();
    list.iter().find(|w| **w == typed).copied().or_else(|| {
        (typed.len() >= 4)
            .then(|| list.iter().find(|w| w.starts_with(typed)).copied())
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretBox;

    fn key() -> Key {
        SecretBox::new(Box::new([7; 32]))
    }

    #[test]
    fn twenty_four_words_open_what_they_locked_however_they_are_typed() {
        let (words, w) = issue(&key()).unwrap();
        let text = words.expose_secret().to_owned();
        assert_eq!(text.split(' ').count(), WORDS);
        let numbered: Vec<String> = text
            .split(' ')
            .enumerate()
            .map(|(i, w)| format!("{}. {}", i + 1, w.to_uppercase()))
            .collect();
        let cut: Vec<String> = text
            .split(' ')
            .map(|w| w.chars().take(4).collect())
            .collect();
        for typed in [text.clone(), numbered.join("\n"), cut.join("  ")] {
            let got = open(&SecretString::from(typed), &[&w]).unwrap();
            assert_eq!(got.expose_secret(), key().expose_secret());
        }
    }

    #[test]
    fn wrong_words_are_told_apart_and_none_is_repeated_in_the_error() {
        let (words, w) = issue(&key()).unwrap();
        let (others, _) = issue(&key()).unwrap();
        let says = |text: &str| {
            let Err(Error::Key { trouble, says }) = open(&SecretString::from(text), &[&w]) else {
                panic!("it opened");
            };
            assert_eq!(trouble, KeyTrouble::WordsWrong);
            says
        };
        assert!(says(others.expose_secret()).contains("another workspace"));
        assert!(says("abandon").contains("24 words"));
        let text = words.expose_secret().to_owned();
        let mut list: Vec<&str> = text.split(' ').collect();
        list[3] = "parley";
        assert!(says(&list.join(" ")).contains("word 4"));
        let swapped = format!(
            "{} {}",
            text.split(' ').skip(1).collect::<Vec<_>>().join(" "),
            text.split(' ').next().unwrap()
        );
        let said = says(&swapped);
        assert!(!text.split(' ').any(|w| w.len() > 5 && said.contains(w)));
    }
}
