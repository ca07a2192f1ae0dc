//! notmuch and mu on the same corpus, where they are installed; named as absent where they are not.

use super::Line;
use super::corpus::Corpus;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Add the peers' lines.
pub fn measure(dir: &Path, n: usize, lines: &mut Vec<Line>) {
    let maildir = dir.join("peers/mail");
    let (notmuch, mu) = (version("notmuch"), version("mu"));
    if notmuch.is_none() && mu.is_none() {
        lines.push(Line {
            what: "peers".into(),
            ours: String::new(),
            peers: "neither notmuch nor mu is installed".into(),
        });
        return;
    }
    if let Err(e) = write(&maildir, n) {
        lines.push(Line {
            what: "peers".into(),
            ours: String::new(),
            peers: format!("the corpus could not be written: {e}"),
        });
        return;
    }
    match notmuch {
        Some(v) => run_notmuch(dir, &maildir, &v, lines),
        None => absent("notmuch", lines),
    }
    match mu {
        Some(v) => run_mu(dir, &maildir, &v, lines),
        None => absent("mu", lines),
    }
}

fn absent(name: &str, lines: &mut Vec<Line>) {
    lines.push(Line {
        what: name.into(),
        ours: String::new(),
        peers: "not installed".into(),
    });
}

fn version(name: &str) -> Option<String> {
    let out = Command::new(name).arg("--version").output().ok()?;
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .next()
        .map(str::to_owned)
}

fn write(maildir: &Path, n: usize) -> std::io::Result<()> {
    for sub in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(maildir.join(sub))?;
    }
    for (i, m) in Corpus::new(n, 1_700_000_000_000).enumerate() {
        std::fs::File::create(maildir.join("cur").join(format!("{i}.bench:2,S")))?
            .write_all(&m.raw)?;
    }
    Ok(())
}

/// Wall and CPU time of a command, by the shell's own `times` of its children.
fn timed(mut c: Command) -> Option<(Duration, Duration)> {
    let before = children_cpu();
    let wall = Instant::now();
    let ok = c
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?
        .success();
    ok.then(|| (wall.elapsed(), children_cpu().saturating_sub(before)))
}

/// CPU time of the children that ended so far.
fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |x| x.1);
    let ticks: u64 = after
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn shown(t: Option<(Duration, Duration)>) -> String {
    t.map_or_else(
        || "failed".into(),
        |(wall, cpu)| {
            format!(
                "{:.2} s wall, {:.2} s CPU",
                wall.as_secs_f64(),
                cpu.as_secs_f64()
            )
        },
    )
}

fn run_notmuch(dir: &Path, maildir: &Path, version: &str, lines: &mut Vec<Line>) {
    let config = dir.join("peers/notmuch-config");
    let database = maildir.display();
    if std::fs::write(
        &config,
        format!("[database]\npath={database}\n[user]\nname=x\nprimary_email=support@desk.test\n"),
    )
    .is_err()
    {
        return;
    }
    let command = |args: &[&str]| {
        let mut c = Command::new("notmuch");
        c.env("NOTMUCH_CONFIG", &config).args(args);
        c
    };
    lines.push(Line {
        what: "index the corpus".into(),
        ours: "see ingest".into(),
        peers: format!("{version}: {}", shown(timed(command(&["new"])))),
    });
    lines.push(Line {
        what: "search, whole process, 50 newest".into(),
        ours: "see search".into(),
        peers: format!(
            "{version}: {}",
            shown(timed(command(&["search", "--limit=50", "order"])))
        ),
    });
}

fn run_mu(dir: &Path, maildir: &Path, version: &str, lines: &mut Vec<Line>) {
    let home = dir.join("peers/mu");
    let command = |args: &[&str]| {
        let mut c = Command::new("mu");
        c.args(args).arg("--muhome").arg(&home);
        c
    };
    let root = format!("--maildir={}", maildir.display());
    if timed(command(&["init", &root])).is_none() {
        absent("mu (its set-up failed)", lines);
        return;
    }
    lines.push(Line {
        what: "index the corpus".into(),
        ours: "see ingest".into(),
        peers: format!("{version}: {}", shown(timed(command(&["index"])))),
    });
    lines.push(Line {
        what: "search, whole process, 50 newest".into(),
        ours: "see search".into(),
        peers: format!(
            "{version}: {}",
            shown(timed(command(&[
                "find",
                "--maxnum=50",
                "--sortfield=date",
                "--reverse",
                "order"
            ])))
        ),
    });
}
