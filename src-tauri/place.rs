//! Where Parley keeps its files, how they are written, and which passphrase it was handed.

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The variable that names another data folder.
pub const DATA_DIR: &str = "PARLEY_DATA_DIR";
/// The variable that names the file descriptor a passphrase is read from.
pub const PASSPHRASE_FD: &str = "PARLEY_PASSPHRASE_FD";
/// The name by which Parley is known to the system.
pub const IDENTIFIER: &str = "app.parley.desktop";

/// A passphrase is not longer than this.
const LONGEST_PASSPHRASE: usize = 4_096;

/// The folder of this run, and the name under which one instance of it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The data folder.
    pub data_dir: PathBuf,
    /// Differs from folder to folder, so that the demo runs beside the real one.
    pub instance: String,
}

impl Place {
    /// Finds and makes the data folder, readable by its owner only.
    pub fn find(usual: &Path) -> io::Result<Self> {
        let chosen = std::env::var_os(DATA_DIR)
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from);
        Self::at(chosen.as_deref(), usual)
    }

    fn at(chosen: Option<&Path>, usual: &Path) -> io::Result<Self> {
        let wanted = chosen.unwrap_or(usual);
        let in_words = |e: io::Error| {
            io::Error::new(
                e.kind(),
                format!("the data folder {} cannot be used: {e}", wanted.display()),
            )
        };
        make_dir(wanted).map_err(in_words)?;
        let data_dir = wanted.canonicalize().map_err(in_words)?;
        let is_usual =
            chosen.is_none() || usual.canonicalize().is_ok_and(|usual| usual == data_dir);
        let instance = if is_usual {
            IDENTIFIER.to_owned()
        } else {
            format!(
                "{IDENTIFIER}.d{:016x}",
                fingerprint(data_dir.as_os_str().as_encoded_bytes())
            )
        };
        Ok(Self { data_dir, instance })
    }
}

/// Makes a folder, and those above it, that only its owner may enter.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens a file for writing that only its owner may read.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Puts `bytes` in the place of `file`: a crash leaves the old or the new, never a half.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut new =
        private(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    drop(new);
    std::fs::rename(&beside, file)
}

/// FNV-1a: the same in every build, which the standard hasher does not promise. No secret depends on it.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The passphrase on the file descriptor that `PARLEY_PASSPHRASE_FD` names, up to its first line end.
/// Not in a variable itself: those can be read by every program of the same person.
pub fn passphrase() -> io::Result<Option<SecretString>> {
    let Some(fd) = std::env::var_os(PASSPHRASE_FD) else {
        return Ok(None);
    };
    let number: u32 = fd.to_str().and_then(|s| s.parse().ok()).ok_or_else(|| {
        io::Error::other(format!(
            "{PASSPHRASE_FD} must be the number of a file descriptor"
        ))
    })?;
    let dir = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    let in_words = |e: io::Error| {
        io::Error::new(
            e.kind(),
            format!(
                "the passphrase on file descriptor {number} ({PASSPHRASE_FD}) cannot be read: {e}"
            ),
        )
    };
    File::open(format!("{dir}/{number}"))
        .and_then(first_line)
        .map(Some)
        .map_err(in_words)
}

fn first_line(mut from: impl Read) -> io::Result<SecretString> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_PASSPHRASE + 1));
    let mut byte = [0u8];
    // Byte by byte: a writer that keeps the pipe open after its line must not keep Parley waiting.
    while line.len() <= LONGEST_PASSPHRASE && from.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.len() > LONGEST_PASSPHRASE {
        return Err(io::Error::other("it is too long"));
    }
    let text = std::str::from_utf8(&line).map_err(|_| io::Error::other("it is not UTF-8"))?;
    if text.is_empty() {
        Err(io::Error::other("it is empty"))
    } else {
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn another_folder_is_another_instance_and_the_same_folder_the_same() {
        let root = tempfile::tempdir().unwrap();
        let (usual, demo) = (root.path().join("usual"), root.path().join("demo"));
        let plain = Place::at(None, &usual).unwrap();
        let named = Place::at(Some(&demo), &usual).unwrap();
        assert_eq!(plain.instance, IDENTIFIER);
        assert_ne!(named.instance, plain.instance);
        assert_eq!(
            Place::at(Some(&demo.join("../demo")), &usual).unwrap(),
            named
        );
        assert_eq!(
            Place::at(Some(&usual), &usual).unwrap(),
            plain,
            "the usual folder by name is the usual instance"
        );
    }

    #[test]
    fn an_instances_name_is_a_name_on_the_bus() {
        let root = tempfile::tempdir().unwrap();
        let named =
            Place::at(Some(&root.path().join("a b-ü")), &root.path().join("usual")).unwrap();
        assert!(
            named
                .instance
                .split('.')
                .all(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())
                    && word.chars().all(|c| c.is_ascii_alphanumeric())),
            "{}",
            named.instance
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_enter_the_folder_or_read_a_file() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let place = Place::at(Some(&root.path().join("a/b")), root.path()).unwrap();
        let file = place.data_dir.join("f.json");
        write(&file, b"1").unwrap();
        write(&file, b"2").unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&place.data_dir), mode(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read(&file).unwrap(), b"2");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_in_the_error() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let e = Place::at(Some(&file.join("below")), root.path()).unwrap_err();
        assert!(e.to_string().contains("below"), "{e}");
    }

    #[test]
    fn a_passphrase_ends_at_its_line_and_is_never_empty_or_endless() {
        let read = |bytes: &[u8]| first_line(bytes).map(|s| s.expose_secret().to_owned());
        assert_eq!(read(b"correct horse\nnot this").unwrap(), "correct horse");
        assert_eq!(read("pässword\r\n".as_bytes()).unwrap(), "pässword");
        assert_eq!(read(b"no line end").unwrap(), "no line end");
        assert!(read(b"").is_err() && read(b"\n").is_err() && read(b"\xff\n").is_err());
        assert!(read(&[b'x'; 4_096]).is_ok() && read(&[b'x'; 4_097]).is_err());
    }
}
