//! The mark that a saved file came from outside, so that the system asks before it runs what is in it. Done where the
//! system and the disk have such a mark; a file is saved whether or not it takes.

use std::path::Path;

/// Marks a file as one that came from outside.
pub(super) fn mark(path: &Path) {
    if let Err(e) = write(path) {
        tracing::info!(error = %e, "a saved file could not be marked as coming from outside");
    }
}

/// Windows: the zone of the internet, in a stream beside the file's content.
#[cfg(windows)]
fn write(path: &Path) -> std::io::Result<()> {
    let mut stream = path.as_os_str().to_owned();
    stream.push(":Zone.Identifier");
    std::fs::write(stream, "[ZoneTransfer]\r\nZoneId=3\r\n")
}

/// macOS: Gatekeeper's quarantine, as a browser sets it.
#[cfg(target_os = "macos")]
fn write(path: &Path) -> std::io::Result<()> {
    attribute(path, "com.apple.quarantine", b"0081;00000000;Parley;")
}

/// Linux: where a file came from, by the rule of freedesktop.org. It names no customer.
#[cfg(all(unix, not(target_os = "macos")))]
fn write(path: &Path) -> std::io::Result<()> {
    attribute(path, "user.xdg.origin.url", b"about:internet")
}

#[cfg(unix)]
fn attribute(path: &Path, name: &str, value: &[u8]) -> std::io::Result<()> {
    rustix::fs::setxattr(path, name, value, rustix::fs::XattrFlags::empty()).map_err(Into::into)
}

#[cfg(not(any(windows, unix)))]
fn write(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_carries_the_mark_where_the_disk_takes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.txt");
        std::fs::write(&path, "x").unwrap();
        mark(&path);
        let mut value = [0; 64];
        match rustix::fs::getxattr(&path, "user.xdg.origin.url", &mut value[..]) {
            Ok(n) => assert_eq!(&value[..n], b"about:internet"),
            Err(_) => eprintln!("skipped: this disk keeps no attributes"),
        }
        mark(&dir.path().join("gone"));
    }
}
