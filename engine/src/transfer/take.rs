//! The storing side of an import: each thing alone, so that a bad one takes nothing with it.

use super::read::{Chunk, Ready, Thing};
use crate::error::{Error, Result};
use crate::model::interchange::{AccountLine, HandleLine, Header, Line};
use crate::model::{AccountId, AgentId, Archive, Channel, Event, ImportId};
use crate::store::ingest::Brought;
use crate::store::transfer::{self as rows, Body, Brings, Counts, Naming, Problem, Step};
use crate::store::{Tx, ingest};

/// Stores chunk after chunk.
pub(super) struct Taker {
    naming: Naming,
    brings: Brings,
    total: u64,
    /// The account that mails go to, once it was needed.
    account: Option<AccountId>,
    /// Who wrote the file.
    agent: Option<AgentId>,
}

/// What came of one thing.
#[derive(Default)]
struct Came {
    brought: Brought,
    events: u64,
    unreadable: Option<String>,
}

impl Taker {
    pub(super) fn new(import: ImportId, brings: Brings, total: u64) -> Self {
        Self {
            naming: Naming {
                import,
                same: false,
                settings: false,
            },
            brings,
            total,
            account: None,
            agent: None,
        }
    }

    /// Store a chunk and how far the import came with it.
    pub(super) fn take(mut self, tx: &mut Tx<'_>, chunk: Chunk) -> Result<Self> {
        let mut step = Step {
            position: serde_json::to_string(&chunk.next)
                .map_err(|e| Error::Internal(e.to_string()))?,
            done: chunk.done,
            total: self.total,
            counts: chunk.counts,
            problems: chunk.problems,
        };
        for thing in chunk.things {
            self.one(tx, thing, &mut step)?;
        }
        rows::advance(tx, self.naming.import, &step)?;
        tx.changes.lists = true;
        Ok(self)
    }

    fn one(&mut self, tx: &mut Tx<'_>, thing: Thing, step: &mut Step) -> Result<()> {
        let Thing { file, at, what } = thing;
        tx.execute_batch("SAVEPOINT thing")?;
        let done = self.what(tx, what);
        let mut problem = |reason: String, kept: bool| {
            step.problems.push(Problem {
                file: file.to_string(),
                at,
                reason,
                kept,
            });
        };
        match done {
            Ok(came) => {
                tx.execute_batch("RELEASE thing")?;
                if let Some(reason) = came.unreadable.filter(|_| came.brought.unreadable > 0) {
                    problem(reason, true);
                }
                step.counts = step.counts.and(Counts {
                    new: u64::from(came.brought.new),
                    known: u64::from(came.brought.known),
                    unreadable: u64::from(came.brought.unreadable),
                    events: came.events,
                    ..Counts::default()
                });
            }
            // The disk or the database itself: nothing more can be stored, and nothing of this chunk is.
            Err(e) if ends_all(&e) => return Err(e),
            Err(e) => {
                tx.execute_batch("ROLLBACK TO thing; RELEASE thing")?;
                // The archive may have been made with it.
                self.account = None;
                problem(e.to_string(), false);
                step.counts.refused += 1;
            }
        }
        Ok(())
    }

    fn what(&mut self, tx: &mut Tx<'_>, what: Ready) -> Result<Came> {
        match what {
            Ready::Mail(event) => self.mail(tx, event),
            Ready::Line(line, body) => self.line(tx, *line, *body),
        }
    }

    fn mail(&mut self, tx: &mut Tx<'_>, event: Event) -> Result<Came> {
        let account = match self.account {
            Some(a) => a,
            None => *self
                .account
                .insert(self.brings.account(tx, Channel::Email)?),
        };
        if rows::channel_of(tx, account)? != Some(Channel::Email) {
            self.account = None;
            return Err(Error::Invalid("the chosen account is no mailbox".into()));
        }
        let unreadable = match &event {
            Event::Unreadable { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        let brought = ingest::import(tx, account, &[event])?;
        rows::brought(tx, self.naming.import, account, brought)?;
        Ok(Came {
            brought,
            events: 0,
            unreadable,
        })
    }

    fn line(&mut self, tx: &mut Tx<'_>, line: Line, body: Body) -> Result<Came> {
        let mut came = Came::default();
        match line {
            Line::Header(h) => self.header(tx, &h)?,
            Line::Account(a) => self.account(tx, &a)?,
            Line::Agent(a) => rows::agent_named(tx, &self.naming, &a.id, &a.name)?,
            Line::Handle(h) => self.handle(tx, &h)?,
            Line::Message(m) => {
                came.unreadable = m.unreadable.clone();
                came.brought = rows::bring(tx, &self.naming, &self.brings, &m, body)?;
            }
            Line::Entry(e) => came.events = u64::from(rows::entry(tx, &self.naming, &e)?),
            Line::Event(e) => came.events = u64::from(rows::event(tx, &self.naming, &e)?),
            Line::Draft(d) => {
                rows::drafts::draft(tx, &self.naming, self.agent, &d, &body.files)?;
            }
            Line::End(e) => rows::said_digest(tx, self.naming.import, e.digest.as_deref())?,
        }
        Ok(came)
    }

    fn header(&mut self, tx: &mut Tx<'_>, h: &Header) -> Result<()> {
        const FRESH: &str = "fresh";
        self.agent = h.agent.as_deref().and_then(AgentId::parse);
        let ours = rows::check(&tx.identity.ids);
        self.naming.same = h.ids.as_ref().is_some_and(|i| i.check == ours);
        // Remembered, as after the first messages the workspace is no longer empty.
        if rows::is_empty(tx)? {
            self.naming.remember(tx, FRESH, [1; 16])?;
        }
        self.naming.settings = self.naming.known(tx, FRESH)?.is_some();
        Ok(())
    }

    /// An account of the file: the one that is here, or an archive for it. Parley's own comes with its entries.
    fn account(&mut self, tx: &mut Tx<'_>, a: &AccountLine) -> Result<()> {
        if let Some(config) = &a.config {
            let ours = rows::account_id(tx, config).ok_or_else(|| {
                Error::Invalid("its “config” is none that this Parley knows".into())
            })?;
            return self.naming.remember(tx, &a.id, ours.0);
        }
        if self.naming.same
            && let Some(known) = AccountId::parse(&a.id)
            && rows::channel_of(tx, known)?.is_some()
        {
            return Ok(());
        }
        let ours = match &self.brings {
            Brings::Account(chosen) if rows::channel_of(tx, *chosen)? == Some(a.channel) => *chosen,
            brings => {
                // Two mailboxes may be called the same.
                let scope = scope_of(a);
                let mut said = [Some(a.address.clone()), a.name.clone()];
                if !a.scope.is_empty() {
                    // Its address is a number that nobody knows.
                    said.reverse();
                }
                let name = said
                    .into_iter()
                    .flatten()
                    .find(|n| !n.trim().is_empty())
                    .unwrap_or_else(|| a.id.clone());
                let mut own = vec![a.address.clone()];
                own.extend(a.own.iter().cloned());
                own.retain(|o| !o.trim().is_empty());
                let measured = matches!(brings, Brings::Archive { measured: true, .. });
                let sample = matches!(brings, Brings::Archive { sample: true, .. });
                let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
                let archive = Archive::new(a.channel, &name, &own)
                    .within(&scope)
                    .of_sample(sample);
                rows::archive(tx, &archive, measured)?
            }
        };
        self.naming.remember(tx, &a.id, ours.0)
    }

    fn handle(&mut self, tx: &mut Tx<'_>, h: &HandleLine) -> Result<()> {
        if h.value.len() > 320 || h.scope.len() > 320 {
            return Err(Error::Invalid("its “value” is too long".into()));
        }
        let value = self.naming.text(tx, &h.value)?;
        let ours = rows::handle(tx, h, &value)?;
        self.naming.remember(tx, &h.id, ours.0)
    }
}

/// Within which the ids of an account's customers are unique: as the file says; else, on channels where that is the
/// account's own id, its address, if it is one.
fn scope_of(a: &AccountLine) -> String {
    let is_id = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let address = a.address.trim();
    let scoped = matches!(a.channel, Channel::Instagram | Channel::Messenger);
    if a.scope.is_empty() && scoped && is_id(address) {
        return address.to_owned();
    }
    a.scope.chars().take(320).collect()
}

/// Whether a failure is of the database or the disk and not of the thing.
fn ends_all(e: &Error) -> bool {
    match e {
        Error::Io { .. } | Error::Stopped | Error::Corrupt(_) => true,
        Error::Sql(s) => !matches!(
            s.sqlite_error_code(),
            Some(rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::TooBig)
        ),
        _ => false,
    }
}
