//! A ZIP archive of a few small texts, as APPNOTE 6.3 describes it: stored, not packed, because what is in it should be
//! easy to look at, and needs no library.

/// A file of the archive.
pub struct File<'a> {
    /// Its name: letters, digits, dots and strokes of ASCII.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// Version 1.0, which knows no more than stored files.
const VERSION: u16 = 10;
/// 1 January 1980, midnight: the archive says nothing of when it was made but what its texts say.
const NO_DATE: [u8; 4] = [0, 0, 0x21, 0];

/// The whole archive.
pub fn archive(files: &[File<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let at = size(out.len());
        let facts = facts(file);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&facts);
        out.extend_from_slice(file.name.as_bytes());
        out.extend_from_slice(file.bytes);
        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&facts);
        // No comment, the first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(file.name.as_bytes());
    }
    let (at, long) = (size(out.len()), size(directory.len()));
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count);
    out.extend_from_slice(&count);
    out.extend_from_slice(&long.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// What stands before a file and in the directory alike.
fn facts(file: &File<'_>) -> Vec<u8> {
    let long = size(file.bytes.len()).to_le_bytes();
    let mut out = Vec::new();
    out.extend_from_slice(&VERSION.to_le_bytes());
    // Nothing special, stored.
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&NO_DATE);
    out.extend_from_slice(&crc32(file.bytes).to_le_bytes());
    out.extend_from_slice(&long);
    out.extend_from_slice(&long);
    out.extend_from_slice(&u16::try_from(file.name.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// The texts of a bundle are a few hundred kilobytes; four gigabytes are none.
fn size(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn another_program_reads_the_archive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        let files = [
            File {
                name: "a.txt",
                bytes: b"one",
            },
            File {
                name: "empty.json",
                bytes: b"",
            },
        ];
        std::fs::write(&path, archive(&files)).unwrap();
        let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print([(n, z.read(n)) for n in z.namelist()])";
        let Ok(read) = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&path)
            .output()
        else {
            eprintln!("skipped: there is no python3 to read the archive with");
            return;
        };
        assert!(
            read.status.success(),
            "{}",
            String::from_utf8_lossy(&read.stderr)
        );
        assert_eq!(
            String::from_utf8_lossy(&read.stdout).trim(),
            "[('a.txt', b'one'), ('empty.json', b'')]"
        );
    }
}
