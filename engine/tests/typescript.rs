//! The window's types come from the engine: run with `PARLEY_WRITE_TYPES=1` to write them, otherwise they must equal what is checked in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do
use std::path::{Path, PathBuf};

fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(d) = open.pop() {
        for e in std::fs::read_dir(&d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() {
                open.push(p)
            } else {
                found.push((
                    p.strip_prefix(dir).unwrap().to_path_buf(),
                    std::fs::read_to_string(&p).unwrap(),
                ))
            }
        }
    }
    found.sort();
    found
}

#[test]
fn typescript_types_are_those_of_the_engine() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/api");
    if std::env::var_os("PARLEY_WRITE_TYPES").is_some() {
        let _ = std::fs::remove_dir_all(&kept);
        parley_engine::api::typescript::write_to(&kept).unwrap();
    }
    let fresh = tempfile::tempdir().unwrap();
    parley_engine::api::typescript::write_to(fresh.path()).unwrap();
    assert!(
        files(fresh.path()) == files(&kept),
        "ui/src/api is out of date: run PARLEY_WRITE_TYPES=1 cargo nextest run -p parley-engine --test typescript"
    );
}
