//! Reads and fills mail folders in Dovecot's layout: INBOX at the root, `.Sent` and so on inside it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::files;

static NUMBER: AtomicU32 = AtomicU32::new(0);

fn root(maildir: &Path, mailbox: &str) -> PathBuf {
    match mailbox {
        "INBOX" => maildir.to_owned(),
        other => maildir.join(format!(".{other}")),
    }
}

/// The raw mails of a mailbox, oldest file name first.
pub(crate) fn read(maildir: &Path, mailbox: &str) -> Result<Vec<Vec<u8>>> {
    let root = root(maildir, mailbox);
    let mut paths = Vec::new();
    for part in ["cur", "new"] {
        let folder = root.join(part);
        // Dovecot makes the folders at the first use.
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(Error::file(&folder))? {
            paths.push(entry.map_err(Error::file(&folder))?.path());
        }
    }
    paths.sort_by_key(|path| path.file_name().map(OsStr::to_owned));
    let mut mails = Vec::with_capacity(paths.len());
    for path in paths {
        match std::fs::read(&path) {
            Ok(mail) => mails.push(mail),
            // Its flags changed, and with them its name, since the folder was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file(path)(error)),
        }
    }
    Ok(mails)
}

/// Puts a mail into a mailbox with this time of arrival.
pub(crate) fn place(maildir: &Path, mailbox: &str, at: SystemTime, mail: &[u8]) -> Result<()> {
    let root = root(maildir, mailbox);
    for part in ["cur", "new", "tmp"] {
        files::create_folder(&root.join(part))?;
    }
    let seconds = at
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{seconds}.M{number}P{}.sandbox", std::process::id());
    let draft = root.join("tmp").join(&name);
    let target = if mailbox == "INBOX" {
        root.join("new").join(name)
    } else {
        root.join("cur").join(format!("{name}:2,S"))
    };
    files::write_private(&draft, mail)?;
    // A Maildir keeps the time of arrival as the file's time.
    std::fs::File::options()
        .write(true)
        .open(&draft)
        .and_then(|file| file.set_modified(at))
        .map_err(Error::file(&draft))?;
    std::fs::rename(&draft, &target).map_err(Error::file(target))
}
