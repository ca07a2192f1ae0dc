//! The commands, each a few calls of the engine's api and the words for its answer.

mod account;
mod archives;
mod find;
mod inspect;
mod keep;
mod look;
mod outbox;
mod read;
mod sample;
mod sign_in;
mod sync;
mod transfer;
mod write;

use crate::args::{Cli, Command, Sample};
use crate::print::Printer;
use crate::session::{self, Session};
use crate::{Outcome, Stop};
use parley_engine::api::dto::SearchOrder;

/// The end of a command.
pub type End = Result<Outcome, Stop>;

/// What every command works with.
pub struct Context<'a> {
    /// The open workspace.
    pub session: &'a Session,
    /// Where the answer goes.
    pub out: &'a Printer,
}

impl Context<'_> {
    /// Print the answer.
    pub fn answer<T: serde::Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> End {
        crate::written(self.out.answer(value, text))?;
        Ok(Outcome::Done)
    }
}

/// Run what was typed.
pub async fn run(cli: &Cli) -> End {
    if let Command::Inspect(i) = &cli.command {
        return look::run(i);
    }
    if let Command::Sample(Sample::Print { now, seed }) = &cli.command {
        return sample::print(*now, *seed);
    }
    let out = Printer::new(cli.json);
    if let Command::Restore { backup, to } = &cli.command {
        return keep::restore(cli, &out, backup, to.clone()).await;
    }
    let session = match &cli.command {
        Command::Init { .. } => session::create(cli).await?,
        _ => session::open(cli).await?,
    };
    let ended = dispatch(
        cli,
        &Context {
            session: &session,
            out: &out,
        },
    )
    .await;
    session.app.stop().await;
    ended
}

async fn dispatch(cli: &Cli, cx: &Context<'_>) -> End {
    match &cli.command {
        Command::Init {
            name,
            recovery_words,
        } => {
            if *recovery_words {
                inspect::named(cx, name.clone()).await?;
                keep::words(cx).await
            } else {
                inspect::init(cx, name.clone()).await
            }
        }
        Command::Backup { to } => keep::backup(cx, to.clone()).await,
        Command::Backups => keep::backups(cx).await,
        // Done before a workspace is opened.
        Command::Restore { .. } => Ok(crate::Outcome::Done),
        Command::Key(what) => keep::key(cx, what).await,
        Command::Account(a) => account::run(cx, a, cli.passphrase_fd).await,
        Command::Sync { once, account } => sync::run(cx, *once, account.as_deref()).await,
        Command::Conversations {
            view,
            longest_wait,
            limit,
        } => read::conversations(cx, *view, *longest_wait, *limit).await,
        Command::Show {
            conversation,
            html,
            limit,
        } => read::show(cx, conversation, *html, *limit).await,
        Command::Search { query, limit, best } => {
            let order = if *best {
                SearchOrder::Best
            } else {
                SearchOrder::Newest
            };
            read::search(cx, &query.join(" "), *limit, order).await
        }
        Command::Send(s) => write::send(cx, s).await,
        Command::Note { conversation, text } => {
            write::note(cx, conversation, text.as_deref()).await
        }
        Command::Assign {
            conversation,
            to,
            nobody: _,
        } => write::assign(cx, conversation, to.as_deref()).await,
        Command::Resolve { conversation } => write::resolve(cx, conversation).await,
        Command::Outbox { what } => outbox::run(cx, what.as_ref()).await,
        Command::Check { backups: true, .. } => keep::check_backups(cx).await,
        Command::Check { quick, .. } => inspect::check(cx, *quick).await,
        Command::Import(i) => transfer::import(cx, i).await,
        Command::Archives { what } => archives::run(cx, what.as_ref()).await,
        Command::Sample(what) => sample::run(cx, what).await,
        Command::Export(e) => transfer::export(cx, e).await,
        Command::Diagnostics { out } => keep::diagnostics(cx, out).await,
        Command::Report(r) => inspect::report(cx, r).await,
        // Needs no workspace, and was answered before one was opened.
        Command::Inspect(i) => look::run(i),
    }
}
