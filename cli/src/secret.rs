//! Secrets come over a file descriptor or a prompt that shows nothing; never as an argument or in the environment,
//! which other programs of this computer can read.

use crate::failure::{Failure, Result};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use std::io::{self, IsTerminal, Read};

/// Longer than any real one: a wrong descriptor must not fill the memory.
const LONGEST: usize = 4_096;

/// The first line of a file descriptor.
pub fn from_fd(what: &str, fd: u32) -> Result<SecretString> {
    let read = if fd == 0 {
        // Through the same buffer as a text that follows on stdin.
        first_line(io::stdin().lock())
    } else {
        let dir = if cfg!(target_os = "linux") {
            "/proc/self/fd"
        } else {
            "/dev/fd"
        };
        std::fs::File::open(format!("{dir}/{fd}")).and_then(first_line)
    };
    read.map_err(|e| {
        Failure::storage(format!(
            "the {what} on file descriptor {fd} cannot be read: {e}"
        ))
    })
}

/// Ask for it on the terminal without showing it; `None` where there is no terminal to ask on.
pub fn prompt(words: &str) -> Result<Option<SecretString>> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let typed = rpassword::prompt_password(format!("{words}: "))
        .map_err(|e| Failure::storage(format!("the terminal cannot be read: {e}")))?;
    Ok(Some(SecretString::from(typed)))
}

fn first_line(mut from: impl Read) -> io::Result<SecretString> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut byte = [0u8];
    // Byte by byte: a writer that keeps the pipe open after its line must not keep us waiting.
    while line.len() <= LONGEST && from.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.len() > LONGEST {
        return Err(io::Error::other("it is too long"));
    }
    match std::str::from_utf8(&line) {
        Ok("") => Err(io::Error::other("it is empty")),
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => Err(io::Error::other("it is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_one_line_that_is_neither_empty_nor_endless() {
        let read = |bytes: &[u8]| first_line(bytes).map(|s| s.expose_secret().to_owned());
        assert_eq!(read(b" with spaces \nnot this").unwrap(), " with spaces ");
        assert_eq!(read("gr\u{fc}n\r\n".as_bytes()).unwrap(), "gr\u{fc}n");
        assert_eq!(read(b"no line end").unwrap(), "no line end");
        assert!(read(b"").is_err() && read(b"\n").is_err() && read(b"\xff\n").is_err());
        assert!(read(&[b'x'; 4_096]).is_ok() && read(&[b'x'; 4_097]).is_err());
    }
}
