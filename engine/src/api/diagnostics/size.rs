//! How large the workspace is, part by part.

use super::super::dto::{DataSize, NamedCount};
use super::super::session::blocking;
use super::super::{Desk, args};
use crate::error::Result;
use rusqlite::Connection;
use std::path::Path;

/// In a database up to this size the pages of the index are counted in a moment.
const COUNTABLE: u64 = 512 << 20;

pub(in super::super) async fn size(_: args::DataSize, desk: &Desk) -> Result<DataSize> {
    let dir = desk.engine.store().dir().to_path_buf();
    let mut size = blocking(move || Ok(weigh(&dir))).await?;
    let countable = size.database <= COUNTABLE;
    let (index, counted) = desk
        .engine
        .store()
        .read(move |c| Ok((index(c, countable)?, counted(c)?)))
        .await?;
    size.index = index;
    size.counted = counted;
    Ok(size)
}

/// The bytes of each part of a folder. What cannot be read weighs nothing: this is for a person's eye.
fn weigh(dir: &Path) -> DataSize {
    let mut size = DataSize {
        dir: dir.display().to_string(),
        database: 0,
        index: None,
        files: 0,
        backups: 0,
        logs: 0,
        rest: 0,
        counted: Vec::new(),
    };
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let bytes = weight(&entry);
        match name.to_str().unwrap_or_default() {
            name if name.starts_with("parley.db") => size.database += bytes,
            "files" => size.files += bytes,
            "backups" => size.backups += bytes,
            "logs" => size.logs += bytes,
            _ => size.rest += bytes,
        }
    }
    size
}

fn weight(entry: &std::fs::DirEntry) -> u64 {
    let Ok(kind) = entry.file_type() else {
        return 0;
    };
    if kind.is_dir() {
        let inside = std::fs::read_dir(entry.path()).into_iter().flatten();
        return inside.flatten().map(|e| weight(&e)).sum();
    }
    // A link's target lies elsewhere.
    if kind.is_file() {
        entry.metadata().map_or(0, |m| m.len())
    } else {
        0
    }
}

fn index(c: &Connection, countable: bool) -> Result<Option<u64>> {
    if !countable {
        return Ok(None);
    }
    let bytes: i64 = c.query_row(
        "SELECT coalesce(sum(length(block)), 0) FROM search_data",
        [],
        |r| r.get(0),
    )?;
    Ok(u64::try_from(bytes).ok())
}

/// How much there is of what a person knows.
pub(super) fn counted(c: &Connection) -> Result<Vec<NamedCount>> {
    [
        ("messages", "message"),
        ("conversations", "conversation"),
        ("files", "file"),
        ("notes", "note"),
        ("accounts", "account"),
        ("entries", "entry"),
        ("outbox", "outbox"),
    ]
    .into_iter()
    .map(|(key, table)| {
        let count = c.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0))?;
        Ok(NamedCount {
            key: key.to_owned(),
            count,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_folder_is_weighed_with_what_lies_inside() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: usize| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![0; bytes]).unwrap();
        };
        for (path, bytes) in [
            ("parley.db", 10),
            ("parley.db-wal", 5),
            ("files/ab/cd", 7),
            ("backups/x/parley.db", 20),
            ("logs/parley.log", 3),
            ("window.json", 2),
        ] {
            write(path, bytes);
        }
        let size = weigh(dir.path());
        assert_eq!(
            (
                size.database,
                size.files,
                size.backups,
                size.logs,
                size.rest
            ),
            (15, 7, 20, 3, 2)
        );
        assert_eq!(weigh(&dir.path().join("gone")).database, 0);
    }
}
