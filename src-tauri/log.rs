//! The log: to stderr, and to a file in the data folder that cannot grow without end. It holds ids only.

use crate::place;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

/// The variable that makes stderr say more, e.g. `parley_engine=debug`.
const MORE: &str = "PARLEY_LOG";
/// A file is closed at this size …
const LARGEST: u64 = 1_000_000;
/// … and so many old ones are kept.
const KEPT: u32 = 3;

/// Starts the log. Only our own crates are heard: what a library says may hold addresses or text.
pub fn start(data_dir: &Path) {
    let own = || {
        Targets::new().with_targets(
            ["parley", "parley_engine", "parley_keychain"].map(|t| (t, tracing::Level::INFO)),
        )
    };
    let file = Rotating::open(data_dir.join("logs"));
    let failed = file.as_ref().err().map(ToString::to_string);
    let to_file = file.ok().map(|file| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(file)
            .with_filter(own())
    });
    let more = std::env::var(MORE)
        .ok()
        .and_then(|s| EnvFilter::try_new(s).ok());
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr);
    let to_stderr = match more {
        Some(more) => to_stderr.with_filter(more).boxed(),
        None => to_stderr.with_filter(own()).boxed(),
    };
    if tracing_subscriber::registry()
        .with(to_stderr)
        .with(to_file)
        .try_init()
        .is_err()
    {
        return;
    }
    if let Some(e) = failed {
        tracing::warn!(error = e, "the log goes to stderr only");
    }
    std::panic::set_hook(Box::new(|info| {
        // A panic's words may quote what it failed on; its place is enough to find it.
        let at = info
            .location()
            .map(|l| format!("{}:{}", l.file(), l.line()))
            .unwrap_or_default();
        tracing::error!(
            at,
            thread = std::thread::current().name().unwrap_or(""),
            "a defect of Parley: this part stopped"
        );
    }));
}

/// A file that is set aside when it is full.
#[derive(Clone)]
struct Rotating(Arc<Mutex<Current>>);

struct Current {
    dir: PathBuf,
    file: File,
    size: u64,
}

impl Rotating {
    fn open(dir: PathBuf) -> io::Result<Self> {
        place::make_dir(&dir)?;
        Ok(Self(Arc::new(Mutex::new(Current::open(dir)?))))
    }
}

impl Current {
    fn open(dir: PathBuf) -> io::Result<Self> {
        let file =
            place::private(OpenOptions::new().create(true).append(true)).open(name(&dir, 0))?;
        let size = file.metadata()?.len();
        Ok(Self { dir, file, size })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size + line.len() as u64 > LARGEST && self.size > 0 {
            for n in (0..KEPT).rev() {
                // The oldest is overwritten; one that is not there yet is no error.
                let _ = std::fs::rename(name(&self.dir, n), name(&self.dir, n + 1));
            }
            *self = Self::open(self.dir.clone())?;
        }
        self.size += line.len() as u64;
        self.file.write_all(line)
    }
}

fn name(dir: &Path, n: u32) -> PathBuf {
    dir.join(if n == 0 {
        "parley.log".to_owned()
    } else {
        format!("parley.{n}.log")
    })
}

impl Write for Rotating {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(line)?;
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Rotating {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_never_grows_beyond_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Rotating::open(dir.path().join("logs")).unwrap();
        let line = vec![b'x'; 300_000];
        for _ in 0..40 {
            log.write_all(&line).unwrap();
        }
        let sizes: Vec<u64> = std::fs::read_dir(dir.path().join("logs"))
            .unwrap()
            .map(|f| f.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(sizes.len(), 4);
        assert!(sizes.iter().all(|size| *size <= LARGEST));
    }

    #[test]
    fn a_log_is_continued_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        for line in [b"one\n", b"two\n"] {
            Rotating::open(dir.path().into())
                .unwrap()
                .write_all(line)
                .unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(name(dir.path(), 0)).unwrap(),
            "one\ntwo\n"
        );
    }
}
