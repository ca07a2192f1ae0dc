//! Archives: listed, renamed, erased.

use super::{Context, End, find};
use crate::args::Archives;
use crate::failure::Failure;
use crate::{Outcome, print, time};
use parley_engine::api::dto::{ArchiveErased, ArchiveItem, ArchiveWeight};
use parley_engine::api::{args, ask, headless};
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal, Write};

pub async fn run(cx: &Context<'_>, what: Option<&Archives>) -> End {
    let desk = &cx.session.desk;
    match what {
        None | Some(Archives::List) => {
            let all = ask(desk, args::Archives {}).await?;
            cx.answer(&all, |all| listed(all))
        }
        Some(Archives::Rename { archive, name }) => {
            let id = find::archive(desk, archive).await?.id;
            let name = name.clone();
            ask(desk, args::ArchiveRename { id, name }).await?;
            let now = find::archive(desk, &id.hex()).await?;
            cx.answer(&now, |a| listed(std::slice::from_ref(a)))
        }
        Some(Archives::Weigh { archive }) => {
            let a = find::archive(desk, archive).await?;
            let w = ask(desk, args::ArchiveWeigh { id: a.id }).await?;
            cx.answer(&w, |w| format!("{}\n", weighed(&a.name, w)))
        }
        Some(Archives::Remove { archive, yes }) => remove(cx, archive, *yes).await,
    }
}

fn listed(all: &[ArchiveItem]) -> String {
    let mut out = String::new();
    for a in all {
        let _ = writeln!(
            out,
            "{}  {}  {}, {} messages, {}",
            find::short(&a.id.hex()),
            print::line(&a.name),
            a.channel.as_str(),
            a.messages,
            if a.measured { "measured" } else { "history" }
        );
        for from in &a.imports {
            let at = from.import.ended_at.unwrap_or(from.import.started_at);
            let _ = writeln!(
                out,
                "          {} messages from {}, {}; {} refused",
                from.messages,
                print::line(&from.import.path),
                time::local(at),
                from.import.counts.refused
            );
        }
    }
    if out.is_empty() {
        out.push_str("nothing was imported yet\n");
    }
    out
}

fn weighed(name: &str, w: &ArchiveWeight) -> String {
    let mut out = format!(
        "“{}”: {} messages go, and {} conversations that consist of nothing else",
        print::line(name),
        w.messages,
        w.conversations
    );
    if w.staying > 0 {
        let _ = write!(
            out,
            "; {} messages stay, because another account holds them too",
            w.staying
        );
    }
    out
}

async fn remove(cx: &Context<'_>, typed: &str, yes: bool) -> End {
    let desk = &cx.session.desk;
    let a = find::archive(desk, typed).await?;
    let w = ask(desk, args::ArchiveWeigh { id: a.id }).await?;
    if !yes
        && !agreed(&format!(
            "{}. It cannot be taken back",
            weighed(&a.name, &w)
        ))?
    {
        let says = "nothing was erased; with --yes it is done without asking";
        return Err(Failure::from(headless::Error::Refused(says.into())).into());
    }
    let shows = std::io::stderr().is_terminal();
    let told = move |done: u32, of: u32| {
        if shows {
            let _ = write!(std::io::stderr(), "\r\x1b[K{done} of {of} messages");
        }
    };
    let erased = headless::erase_archive(desk, a.id, told).await?;
    if shows {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    cx.answer(&erased, went)?;
    Ok(Outcome::Done)
}

fn went(e: &ArchiveErased) -> String {
    let mut out = format!(
        "{} messages and {} conversations were erased, {} kept files ({} bytes) with them; backups made before still hold them\n",
        e.weight.messages, e.weight.conversations, e.files, e.bytes
    );
    if e.files_stay {
        out.push_str("kept files stay for now: a database that was set aside cannot be read, and may still name them\n");
    }
    out
}

/// Ask whoever sits there; nobody sitting there is a no.
fn agreed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let io = |e: std::io::Error| Failure::storage(format!("asking: {e}"));
    write!(std::io::stderr(), "{question}. Erase it? [y/N] ").map_err(io)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(io)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
