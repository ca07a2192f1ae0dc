//! The workspace's folder: one process at a time, and a word about folders that are not of this computer alone.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The lock of a folder, held as long as it lives. The system lets go of it when the process ends, however it ends:
/// there is no stale lock.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

/// Two processes never open one workspace.
///
/// # Errors
/// [`Error::Busy`] when another process holds it.
pub fn lock(dir: &Path) -> Result<Lock> {
    let path = dir.join("lock");
    let mut options = std::fs::File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(&path)
        .map_err(|e| Error::io(format!("opening {}", path.display()), e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy(format!(
            "{}; close it first, or choose another folder",
            dir.display()
        ))),
        Err(std::fs::TryLockError::Error(e)) => Err(Error::io(
            format!(
                "locking {}; a network folder cannot hold a workspace",
                path.display()
            ),
            e,
        )),
    }
}

/// A copy of a workspace's folder is another desktop: it writes under another name, and what waited to be sent in it
/// asks a person first, for the original may send it too. A folder that was moved on its disk stays the same.
pub(in crate::store) fn settle_home(conn: &rusqlite::Connection, dir: &Path) -> Result<()> {
    use rusqlite::OptionalExtension;
    let Some(here) = number(dir) else {
        return Ok(());
    };
    let before: Option<i64> = conn
        .query_row("SELECT value FROM meta WHERE key = 'home'", [], |r| {
            r.get(0)
        })
        .optional()?;
    if before == Some(here) {
        return Ok(());
    }
    if before.is_some() {
        super::restore::came_back(conn)?;
    }
    conn.execute("INSERT INTO meta (key, value) VALUES ('home', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [here])?;
    Ok(())
}

/// The number under which the disk knows a folder.
#[cfg(unix)]
fn number(dir: &Path) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(dir).ok().map(|m| m.ino().cast_signed())
}
#[cfg(not(unix))]
fn number(_dir: &Path) -> Option<i64> {
    None
}

/// What is risky about where the workspace lies, in words.
#[must_use]
pub fn warning(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(kind) = file_system(&mounts, &dir).filter(|k| is_remote(k)) {
        return Some(format!(
            "{} lies on a network drive ({kind}). Two computers can damage the workspace there, and a lost connection stops it; move the folder to a disk of this computer",
            dir.display()
        ));
    }
    synced_by(&dir).map(|who| {
        format!(
            "{} lies in a folder that {who} copies to other computers. A copy taken while Parley writes is a damaged one, and two computers never see one workspace there; move the folder out of it and use backups instead",
            dir.display()
        )
    })
}

fn is_remote(kind: &str) -> bool {
    const REMOTE: &[&str] = &[
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "smb2",
        "9p",
        "afs",
        "ceph",
        "davfs",
        "coda",
        "glusterfs",
        "lustre",
        "ncpfs",
        "orangefs",
    ];
    const REMOTE_FUSE: &[&str] = &[
        "sshfs",
        "rclone",
        "davfs",
        "davfs2",
        "s3fs",
        "gvfsd-fuse",
        "glusterfs",
        "ceph-fuse",
        "curlftpfs",
        "smbnetfs",
        "google-drive-ocamlfuse",
        "onedriver",
    ];
    REMOTE.contains(&kind)
        || kind
            .strip_prefix("fuse.")
            .is_some_and(|k| REMOTE_FUSE.contains(&k))
}

/// The kind of the file system that holds `dir`, from the system's table of mounts: the longest mount point wins, of
/// equal ones the last.
fn file_system(mounts: &str, dir: &Path) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    for line in mounts.lines() {
        let Some((left, right)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else {
            continue;
        };
        let point = PathBuf::from(unescape(point));
        let depth = point.components().count();
        if dir.starts_with(&point) && best.as_ref().is_none_or(|(d, _)| depth >= *d) {
            best = Some((depth, kind.to_owned()));
        }
    }
    best.map(|b| b.1)
}

/// Spaces and the like stand in the table as `\040`.
fn unescape(s: &str) -> String {
    s.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

fn synced_by(dir: &Path) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("dropbox", "Dropbox"),
        ("onedrive", "OneDrive"),
        ("nextcloud", "Nextcloud"),
        ("owncloud", "ownCloud"),
        ("google drive", "Google Drive"),
        ("googledrive", "Google Drive"),
        ("my drive", "Google Drive"),
        ("mobile documents", "iCloud"),
        ("icloud drive", "iCloud"),
        ("icloud~", "iCloud"),
        ("seafile", "Seafile"),
        ("megasync", "MEGA"),
        ("pcloud drive", "pCloud"),
    ];
    /// Files that such a program lays into the folder it watches.
    const TRACES: &[(&str, &str)] = &[
        (".stfolder", "Syncthing"),
        (".dropbox", "Dropbox"),
        (".dropbox.cache", "Dropbox"),
        (".owncloudsync.log", "Nextcloud or ownCloud"),
        (".nextcloudsync.log", "Nextcloud"),
        (".seafile-data", "Seafile"),
    ];
    for part in dir.ancestors() {
        let name = part
            .file_name()
            .map(|n| n.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        // `OneDrive - Company`, `Dropbox (Team)`: the name begins so.
        let named = NAMES.iter().find(|(begin, _)| {
            name.strip_prefix(begin)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-', '(', '_', '.']))
        });
        let traced = || TRACES.iter().find(|(f, _)| part.join(f).exists());
        if let Some((_, who)) = named.or_else(traced) {
            return Some(who);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_drive_is_known_by_its_mount_and_the_nearest_one_counts() {
        let table = "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
                     40 22 0:40 / /home/ruth/team\\040files rw - nfs4 server:/x rw\n\
                     41 40 8:2 / /home/ruth/team\\040files/local rw - ext4 /dev/sdb1 rw\n\
                     42 22 0:42 / /mnt/s rw shared:9 - fuse.sshfs s: rw";
        let kind = |p: &str| file_system(table, Path::new(p)).unwrap();
        assert_eq!(kind("/home/ruth"), "ext4");
        assert_eq!(kind("/home/ruth/team files/parley"), "nfs4");
        assert_eq!(kind("/home/ruth/team files/local/parley"), "ext4");
        assert!(is_remote("nfs4") && is_remote(&kind("/mnt/s/x")) && is_remote("cifs"));
        assert!(!is_remote("ext4") && !is_remote("fuse.gocryptfs") && !is_remote("tmpfs"));
    }

    #[test]
    fn a_synced_folder_is_known_by_its_name_or_its_traces() {
        let by = |p: &str| synced_by(Path::new(p));
        assert_eq!(by("/home/ruth/Dropbox/parley"), Some("Dropbox"));
        assert_eq!(by("/home/ruth/OneDrive - Shop GmbH/x"), Some("OneDrive"));
        assert_eq!(by("/home/ruth/Nextcloud"), Some("Nextcloud"));
        assert_eq!(by("/home/ruth/nextclouds/parley"), None);
        assert_eq!(by("/home/ruth/.local/share/parley"), None);
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("a/b");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::create_dir(dir.path().join(".stfolder")).unwrap();
        assert_eq!(synced_by(&inside), Some("Syncthing"));
        assert!(warning(&inside).unwrap().contains("Syncthing"));
    }

    #[test]
    fn one_process_holds_the_lock_and_its_end_frees_it() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        assert!(matches!(lock(dir.path()), Err(Error::Busy(_))));
        drop(held);
        assert!(lock(dir.path()).is_ok());
    }
}
