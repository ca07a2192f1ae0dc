//! The commands, each a few calls of the engine's api and the words for its answer.

mod account;
mod find;
mod inspect;
mod outbox;
mod read;
mod sync;
mod transfer;
mod write;

use crate::args::{Cli, Command};
use crate::print::Printer;
use crate::session::{self, Session};
use crate::{Outcome, Stop};

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
    let out = Printer::new(cli.json);
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
        Command::Init { name } => inspect::init(cx, name.clone()).await,
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
        Command::Search { query, limit } => read::search(cx, &query.join(" "), *limit).await,
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
        Command::Import(i) => transfer::import(cx, i).await,
        Command::Export(e) => transfer::export(cx, e).await,
        Command::Check => inspect::check(cx).await,
        Command::Report(r) => inspect::report(cx, r).await,
    }
}
