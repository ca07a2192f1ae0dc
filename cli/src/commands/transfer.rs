//! Import and export.

use super::{Context, End, find};
use crate::failure::{Failure, exit};
use crate::{Outcome, args as typed, print};
use parley_engine::api::dto::{ImportItem, ImportReport};
use parley_engine::api::headless::{
    self, Attached, ContactUse, ContactsMapping, ExportOptions, Exported, ImportOptions,
    ImportState,
};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Problems that are shown without `--json`.
const SHOWN: usize = 20;

pub async fn import(cx: &Context<'_>, i: &typed::Import) -> End {
    let desk = &cx.session.desk;
    let account = match &i.account {
        Some(a) => Some(find::account(desk, a).await?.id),
        None => None,
    };
    let options = ImportOptions {
        account,
        archive: i.new_archive.clone(),
        own: i.own.clone(),
        measured: i.measured,
        place: i.folder,
        sample: None,
    };
    let mut all = Vec::new();
    for path in &i.paths {
        if headless::is_table(path) {
            all.push(headless::import_contacts(desk, path, mapping(i)?).await?);
            continue;
        }
        if headless::adopt(desk, path).await? {
            print::aside("This is an export of this very workspace: its ids come back with it");
        }
        all.push(one(cx, path, options.clone()).await?);
    }
    let ours = match all.iter().any(|r| r.digest.is_some()) {
        true => Some(headless::content(desk).await?),
        false => None,
    };
    let answer: Vec<_> = all
        .iter()
        .map(|r| json!({ "report": r, "same_content": r.digest.as_ref().map(|d| Some(d) == ours.as_ref()) }))
        .collect();
    cx.answer(
        &json!({ "imports": answer, "content_digest": ours }),
        |_| all.iter().map(|r| told(r, ours.as_deref())).collect(),
    )?;
    let state = |s| all.iter().any(|r| r.import.state == s);
    if state(ImportState::Failed) || state(ImportState::Paused) {
        return Ok(Outcome::Code(exit::FAILED));
    }
    Ok(if all.iter().any(|r| r.import.counts.refused > 0) {
        Outcome::Code(exit::FOUND)
    } else {
        Outcome::Done
    })
}

/// How a table of customers is to be read.
fn mapping(i: &typed::Import) -> Result<ContactsMapping, Failure> {
    let uses = i
        .columns
        .iter()
        .map(|c| {
            serde_json::from_value::<ContactUse>(json!(c.trim()))
                .map_err(|_| Failure::invalid(format!("“{c}” is nothing that a column can hold")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(ContactsMapping {
        uses: Some(uses).filter(|u| !u.is_empty()),
        header: None,
        region: i.region.clone(),
    })
}

/// One path, with its progress on stderr; Ctrl-C lets it rest.
async fn one(
    cx: &Context<'_>,
    path: &Path,
    options: ImportOptions,
) -> Result<ImportReport, Failure> {
    let desk = &cx.session.desk;
    let shows = std::io::stderr().is_terminal();
    let work = headless::import(desk, path, options, |now| {
        if shows {
            progress(now);
        }
    });
    tokio::pin!(work);
    let done = tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            print::aside("Stopping after what is being stored; the same command goes on later");
            headless::rest(desk);
            work.await
        }
    };
    if shows {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    Ok(done?)
}

fn progress(now: &ImportItem) {
    let percent = (now.done * 100).checked_div(now.total).unwrap_or(0);
    let _ = write!(
        std::io::stderr(),
        "\r\x1b[K{percent:>3} %  {} read, {} new, {} known",
        now.counts.read,
        now.counts.new,
        now.counts.known
    );
}

fn told(r: &ImportReport, ours: Option<&str>) -> String {
    let (i, c) = (&r.import, &r.import.counts);
    let mut out = if i.contacts {
        format!(
            "{}: {} rows read, {} new customers, {} here already, {} changes, {} left out\n",
            print::line(&i.path),
            c.read,
            c.new,
            c.known,
            c.events,
            c.refused
        )
    } else {
        messages(r)
    };
    match i.state {
        ImportState::Failed => out.push_str(&format!("  failed: {}\n", print::line(&i.says))),
        ImportState::Paused => out.push_str("  stopped; the same command goes on\n"),
        _ => {}
    }
    if c.unknown_fields > 0 {
        out.push_str(&format!(
            "  {} fields are not known and were ignored\n",
            c.unknown_fields
        ));
    }
    for p in r.problems.iter().take(SHOWN) {
        let what = match (p.kept, i.contacts) {
            (true, _) => "unreadable",
            (false, true) => "left out",
            (false, false) => "refused",
        };
        out.push_str(&format!(
            "  {}:{}: {what}: {}\n",
            print::line(&p.file),
            p.at,
            print::line(&p.reason)
        ));
    }
    if r.problems.len() > SHOWN {
        out.push_str(&format!(
            "  … and {} more; --json lists them\n",
            r.problems.len() - SHOWN
        ));
    }
    if let (Some(theirs), Some(ours)) = (&r.digest, ours) {
        out.push_str(if theirs == ours {
            "  the content is that of the export\n"
        } else {
            "  the workspace holds other things than the export as well, or lacks some\n"
        });
    }
    out
}

fn messages(r: &ImportReport) -> String {
    let (i, c) = (&r.import, &r.import.counts);
    format!(
        "{}: {} read, {} new, {} here already, {} kept unreadable, {} events, {} refused, {} left out\n",
        print::line(&i.path),
        c.read,
        c.new,
        c.known,
        c.unreadable,
        c.events,
        c.refused,
        c.left_out
    )
}

pub async fn export(cx: &Context<'_>, e: &typed::Export) -> End {
    let desk = &cx.session.desk;
    let mut conversations = Vec::new();
    for c in &e.conversation {
        conversations.push(find::conversation(desk, c).await?);
    }
    let stdout = e.file == Path::new("-");
    if stdout && e.attachments_beside {
        return Err(Failure::invalid("--attachments-beside needs a file to lie beside").into());
    }
    let options = ExportOptions {
        conversations,
        attached: if e.no_attachments {
            Attached::Left
        } else if e.attachments_beside {
            Attached::Beside
        } else {
            Attached::Inline
        },
        raw: e.raw,
        digest: true,
    };
    let shows = std::io::stderr().is_terminal();
    let told: Box<dyn FnMut(u64, u64) + Send> = Box::new(move |n, of| {
        if shows {
            let _ = write!(std::io::stderr(), "\r\x1b[K{n} of {of} messages");
        }
    });
    let did = if stdout {
        headless::export_to(desk, Box::new(std::io::stdout()), options, None, told).await?
    } else {
        headless::export_to_file(desk, e.file.clone(), options, told).await?
    };
    if shows {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    if did.missing_files > 0 {
        print::aside(&format!(
            "{} files are damaged or missing here; only their names were written",
            did.missing_files
        ));
    }
    if stdout {
        print::aside(&words(&did));
        return Ok(Outcome::Done);
    }
    let answer = json!({
        "file": e.file, "messages": did.messages, "entries": did.entries, "bytes": did.bytes,
        "missing_files": did.missing_files, "content_digest": did.digest,
    });
    cx.answer(&answer, |_| words(&did))
}

fn words(did: &Exported) -> String {
    let digest = did.digest.as_deref().map_or(String::new(), |d| {
        format!(", content {}", d.get(..16).unwrap_or(d))
    });
    format!(
        "{} messages, {} entries of the log, {} bytes{digest}",
        did.messages, did.entries, did.bytes
    )
}
