//! Small file helpers shared by the servers.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{Error, Result};

/// Writes a file only its owner may read, replacing an older one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(Error::file(path))
}

/// Creates a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(Error::file(path))
}

/// Gives a folder and everything in it to another user.
pub(crate) fn give(path: &Path, uid: u32, gid: u32) -> Result<()> {
    std::os::unix::fs::lchown(path, Some(uid), Some(gid)).map_err(Error::file(path))?;
    if !path.is_symlink() && path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(Error::file(path))? {
            give(&entry.map_err(Error::file(path))?.path(), uid, gid)?;
        }
    }
    Ok(())
}
