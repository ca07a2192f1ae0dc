//! Made-up conversations: loaded, removed, written out.

use super::{Context, End};
use crate::args::Sample;
use crate::{Outcome, Stop, written};
use parley_engine::api::dto::{SampleState, SampleStatus};
use parley_engine::api::{args, ask, headless};
use std::io::{BufWriter, IsTerminal, Write};

pub async fn run(cx: &Context<'_>, what: &Sample) -> End {
    let desk = &cx.session.desk;
    match what {
        Sample::Load => {
            let shows = std::io::stderr().is_terminal();
            let now = headless::sample_load(desk, |now| {
                if shows {
                    let _ = write!(std::io::stderr(), "\r\x1b[K{:>3} %", now.percent);
                }
            })
            .await?;
            if shows {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
            cx.answer(&now, stands)
        }
        Sample::Remove => {
            let now = ask(desk, args::SampleRemove {}).await?;
            cx.answer(&now, stands)
        }
        // Needs no workspace, and was answered before one was opened.
        Sample::Print { now, seed } => print(*now, *seed),
    }
}

fn stands(s: &SampleStatus) -> String {
    match s.state {
        SampleState::Absent => "there is no sample data here\n".into(),
        SampleState::Here => format!(
            "sample data: {} messages in {} accounts; nothing of it is real, and nothing is sent from it\n",
            s.messages, s.accounts
        ),
        SampleState::Loading | SampleState::Half => format!(
            "sample data: {} messages so far ({} %); the same command goes on\n",
            s.messages, s.percent
        ),
    }
}

/// The lines of a sample, without a workspace.
pub fn print(now: Option<i64>, seed: u64) -> Result<Outcome, Stop> {
    let now = now.unwrap_or_else(|| jiff::Timestamp::now().as_millisecond());
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in headless::sample_print(now, seed)? {
        written(writeln!(out, "{line}"))?;
    }
    written(out.flush())?;
    Ok(Outcome::Done)
}
