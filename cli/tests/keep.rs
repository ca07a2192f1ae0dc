//! Keys, backups and the way back, as a script would ask for them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Run parleyctl with the passphrase on descriptor 3 and these words on descriptor 4.
fn ctl(dir: &Path, args: &[&str]) -> (i32, Value) {
    let out = Command::new("sh")
        .args([
            "-c",
            "exec \"$0\" --json \"$@\" 3<\"$D/passphrase\" 4<\"$D/words\" 5<\"$D/new\"",
            env!("CARGO_BIN_EXE_parleyctl"),
        ])
        .args(args)
        .env("D", dir)
        .env("PARLEY_DATA_DIR", dir.join("data"))
        .env("PARLEY_KEYRING", "off")
        .output()
        .unwrap();
    let text = if out.status.success() || !out.stdout.is_empty() {
        out.stdout
    } else {
        out.stderr
    };
    (
        out.status.code().unwrap(),
        serde_json::from_slice(&text).unwrap_or(Value::Null),
    )
}

#[test]
fn a_bundle_for_support_is_written_once_and_never_over_another_file() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    for (name, text) in [("passphrase", "correct horse"), ("words", ""), ("new", "")] {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let bundle = dir.join("bundle.zip");
    let write = || {
        let out = bundle.to_str().unwrap();
        ctl(dir, &["--passphrase-fd", "3", "diagnostics", "--out", out])
    };
    let made = ctl(
        dir,
        &["--passphrase-fd", "3", "init", "--name", "Wilhelmina"],
    );
    assert_eq!(made.0, 0, "{}", made.1);
    assert_eq!(write().0, 0);
    let bytes = std::fs::read(&bundle).unwrap();
    assert!(bytes.starts_with(b"PK"));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("versions.json") && !text.contains("Wilhelmina"));
    assert_ne!(write().0, 0, "the file is there already");
    assert_eq!(std::fs::read(&bundle).unwrap(), bytes);
}

#[test]
fn a_workspace_is_made_backed_up_lost_and_had_back_without_a_window() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    for (name, text) in [
        ("passphrase", "correct horse"),
        ("words", "none"),
        ("new", "another horse"),
    ] {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let done = |args: &[&str]| {
        let (code, v) = ctl(dir, args);
        assert_eq!(code, 0, "{args:?}: {v}");
        v
    };
    let by_passphrase = ["--passphrase-fd", "3"];
    let with = |args: &[&str]| done(&[&by_passphrase[..], args].concat());

    let words: Vec<String> =
        serde_json::from_value(with(&["init", "--recovery-words"])["words"].clone()).unwrap();
    assert_eq!(words.len(), 24);
    std::fs::write(dir.join("words"), words.join(" ")).unwrap();
    assert_eq!(with(&["key", "status"])["recovery"], "set");

    let made = with(&["backup"]);
    let name = made["name"].as_str().unwrap().to_owned();
    assert_eq!(with(&["backups"])[0]["name"], name.as_str());
    assert_eq!(with(&["check", "--backups"])["ok"], true);
    assert_eq!(with(&["check", "--quick"])["ok"], true);
    assert_eq!(with(&["check"])["ok"], true);

    // The passphrase is lost: the recovery key opens, and another passphrase is chosen.
    let by_words = ["--recovery-fd", "4"];
    let changed = done(
        &[
            &by_words[..],
            &["key", "passphrase", "--new-passphrase-fd", "5"],
        ]
        .concat(),
    );
    assert_eq!(changed["key"], "passphrase");
    let (code, e) = ctl(dir, &["--passphrase-fd", "3", "backups"]);
    assert_eq!((code, e["error"]["code"].as_str()), (4, Some("locked")));
    let again = |args: &[&str]| done(&[&["--passphrase-fd", "5"][..], args].concat());

    // The database is lost: nothing is made in its place, and the backup brings it back.
    std::fs::remove_file(dir.join("data/parley.db")).unwrap();
    let (code, e) = ctl(dir, &["--passphrase-fd", "5", "backups"]);
    assert_eq!((code, e["error"]["code"].as_str()), (1, Some("missing")));
    assert!(!dir.join("data/parley.db").exists());
    again(&["restore", &name]);
    assert_eq!(again(&["check"])["ok"], true);
    let back = again(&["restore", &name]);
    let aside = back["set_aside"].as_str().unwrap();
    assert!(Path::new(aside).join("parley.db").exists());
    let (code, _) = ctl(dir, &["--passphrase-fd", "5", "restore", "no-such-backup"]);
    assert_eq!(code, 6);

    // Elsewhere, whole.
    let out = dir.join("out");
    let made = again(&["backup", "--to", out.to_str().unwrap()]);
    let folder = out.join(made["name"].as_str().unwrap());
    let other = dir.join("other");
    again(&[
        "restore",
        folder.to_str().unwrap(),
        "--to",
        other.to_str().unwrap(),
    ]);
    let (code, v) = ctl(
        dir,
        &[
            "--dir",
            other.to_str().unwrap(),
            "--passphrase-fd",
            "5",
            "check",
        ],
    );
    assert_eq!((code, v["ok"].as_bool()), (0, Some(true)));
}
