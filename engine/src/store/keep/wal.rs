//! Whether SQLite takes all of a write-ahead file. It reads up to the first frame whose check is wrong and says
//! nothing of what follows; frames of finished transactions behind that point are what is lost.

use super::{BESIDE, DATABASE, make_dir, stamp, unused};
use crate::error::Result;
use crate::secrets::Key;
use crate::store::{CACHE_ASIDE_KIB, connect};
use crate::time::Millis;
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const PAGE: usize = 4096;

/// Open the database once and say whether finished transactions of its write-ahead file were passed over. A copy of
/// such a file is set aside first. Errors of opening are somebody else's to tell.
pub(super) fn lost(dir: &Path, key: &Key, now: Millis) -> Result<bool> {
    let path = dir.join(BESIDE[0]);
    let Ok(bytes) = std::fs::read(&path) else {
        return Ok(false);
    };
    let Some(last) = last_commit(&bytes) else {
        return Ok(false);
    };
    let Ok(conn) = connect(&dir.join(DATABASE), key, CACHE_ASIDE_KIB, true) else {
        return Ok(false);
    };
    let taken: i64 = conn
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |r| r.get(1))
        .unwrap_or(i64::MAX);
    let lost = usize::try_from(taken).is_ok_and(|t| t < last);
    if lost {
        let aside = unused(dir, &format!("damaged-{}", stamp(now)));
        make_dir(&aside)?;
        crate::store::files::write_whole(&aside.join(BESIDE[0]), &[&bytes])
            .map_err(|e| crate::error::Error::io("setting the write-ahead file aside", e))?;
    }
    Ok(lost)
}

/// The number of the last frame, counted from one, that finishes a transaction of this file's own generation. Frames
/// of earlier generations lie behind it and carry another salt.
fn last_commit(bytes: &[u8]) -> Option<usize> {
    let frames = || {
        bytes
            .get(HEADER..)
            .unwrap_or_default()
            .chunks_exact(FRAME_HEADER + PAGE)
    };
    // Either place of the salt may be the damaged one.
    let salts = [bytes.get(16..24)?, bytes.get(HEADER + 8..HEADER + 16)?];
    salts
        .iter()
        .filter_map(|salt| {
            frames()
                .enumerate()
                .filter(|(_, f)| f.get(8..16) == Some(*salt) && f.get(4..8) != Some(&[0; 4]))
                .map(|(i, _)| i + 1)
                .next_back()
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(salt: u8, commits: bool) -> Vec<u8> {
        let mut f = vec![0; FRAME_HEADER + PAGE];
        f[7] = u8::from(commits);
        f[8..16].fill(salt);
        f
    }

    #[test]
    fn only_finished_transactions_of_the_same_generation_count() {
        let mut w = vec![0; HEADER];
        w[16..24].fill(7);
        assert_eq!(last_commit(&w), None);
        for (salt, commits) in [(7, false), (7, true), (7, false), (6, true)] {
            w.extend(frame(salt, commits));
        }
        assert_eq!(last_commit(&w), Some(2));
        w[20] ^= 1;
        assert_eq!(last_commit(&w), Some(2), "by the first frame's salt");
    }
}
