//! Answers, notes, and what is decided about a conversation.

use super::{Context, End, find, outbox};
use crate::failure::{Failure, Result};
use crate::{Outcome, args as typed, print, time};
use parley_engine::api::dto::{History, RecipientKind, ReplyOptions};
use parley_engine::api::headless::{AccountId, Channel, CustomerId, OutboxState, Party, send_now};
use parley_engine::api::{args, ask, stage_path};
use serde_json::json;
use std::io::{IsTerminal, Read};

/// Longer than any mail text that a person wrote; a wrong stream must not fill the memory.
const LONGEST: u64 = 4 * 1024 * 1024;

fn text(given: Option<&str>) -> Result<String> {
    if let Some(t) = given {
        return Ok(t.to_owned());
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        print::aside("Type the text; end it with Ctrl-D on a line of its own.");
    }
    let mut bytes = Vec::new();
    stdin
        .lock()
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::storage(format!("reading the text from stdin: {e}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::invalid("the text on stdin is too long"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::invalid("the text on stdin is not UTF-8"))
}

/// `anna@shop.example` or `Anna <anna@shop.example>`; whether the address is one is the engine's to say.
fn party(typed: &str) -> Party {
    match typed
        .trim()
        .strip_suffix('>')
        .and_then(|t| t.rsplit_once('<'))
    {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"').trim();
            Party {
                name: Some(name.to_owned()).filter(|n| !n.is_empty()),
                address: address.trim().to_owned(),
            }
        }
        None => Party {
            name: None,
            address: typed.trim().to_owned(),
        },
    }
}

/// The line above what is answered.
fn introduced(h: &History) -> String {
    let who = h
        .from
        .as_ref()
        .map_or("somebody", |p| p.name.as_deref().unwrap_or(&p.address));
    format!("On {}, {who} wrote:", time::local(h.at))
}

pub async fn send(cx: &Context<'_>, s: &typed::Send) -> End {
    let desk = &cx.session.desk;
    let conversation = match &s.conversation {
        Some(c) => Some(find::conversation(desk, c).await?),
        None => None,
    };
    let reply = match conversation {
        Some(conversation) => Some(
            ask(
                desk,
                args::ReplyOptions {
                    conversation,
                    answering: None,
                },
            )
            .await?,
        ),
        None => None,
    };
    let account = sender(cx, s.account.as_deref(), reply.as_ref()).await?;
    let to = recipients(&s.to, reply.as_ref())?;
    let letter = !s.to.is_empty()
        || reply
            .as_ref()
            .and_then(|r| r.to.first())
            .is_none_or(|to| to.channel == Channel::Email);
    let subject = s.subject.clone().or_else(|| {
        reply
            .as_ref()
            .and_then(|r| r.subject.clone())
            .filter(|_| letter)
    });
    let text = text(s.text.as_deref())?;
    let mut files = Vec::new();
    for path in &s.attach {
        files.push(stage_path(desk, path).await?.id);
    }
    let quote = reply
        .as_ref()
        .and_then(|r| r.history.as_ref())
        .filter(|_| !s.no_quote)
        .map(introduced);
    let answering = reply.and_then(|r| r.answering);
    let parties = |all: &[String]| all.iter().map(|a| party(a)).collect();
    let queued = ask(
        desk,
        args::Send {
            template: None,
            split: false,
            html: None,
            conversation,
            account,
            from: s.from.clone(),
            to,
            cc: parties(&s.cc),
            bcc: parties(&s.bcc),
            subject,
            text,
            signature: !s.no_signature,
            quote,
            files,
            inline: Vec::new(),
            answering,
            forwarding: None,
            resolve: s.resolve,
        },
    )
    .await?;
    if s.wait {
        return delivered(cx, queued.id).await;
    }
    cx.answer(&queued, |q| {
        format!(
            "{} is held until {} and goes out at the next sync after that\n",
            find::short(&q.id.hex()),
            time::local(q.hold_until)
        )
    })
}

async fn delivered(cx: &Context<'_>, id: parley_engine::api::headless::MessageId) -> End {
    let done = send_now(&cx.session.desk, id).await?;
    cx.answer(&done, outbox::outcome)?;
    Ok(if done.send.state == OutboxState::Sent {
        Outcome::Done
    } else {
        Outcome::Code(crate::failure::exit::FAILED)
    })
}

/// The account that was named, else the one the customer wrote to, else the only one.
async fn sender(
    cx: &Context<'_>,
    named: Option<&str>,
    reply: Option<&ReplyOptions>,
) -> Result<AccountId> {
    let desk = &cx.session.desk;
    if let Some(named) = named {
        return Ok(find::account(desk, named).await?.id);
    }
    if let Some(r) = reply {
        // On other channels than mail only the account they wrote to reaches them.
        let short = r.to.first().filter(|to| to.channel != Channel::Email);
        if let Some(by) = short.and_then(|to| to.by.first()) {
            return Ok(by.account);
        }
        if let Some(from) = r.from.first() {
            return Ok(from.account);
        }
    }
    match &ask(desk, args::Accounts {}).await?[..] {
        [only] => Ok(only.id),
        [] => Err(Failure::not_found(
            "an account to send from does not exist; add one with parleyctl account add",
        )),
        _ => Err(Failure::invalid("say from which account with --account")),
    }
}

fn recipients(typed: &[String], reply: Option<&ReplyOptions>) -> Result<Vec<Party>> {
    if !typed.is_empty() {
        return Ok(typed.iter().map(|a| party(a)).collect());
    }
    let first = reply
        .and_then(|r| r.to.first())
        .ok_or_else(|| Failure::invalid("say to whom with --to"))?;
    if first.kind == RecipientKind::ReplyTo {
        print::aside(&format!(
            "note: the mail asks for answers at {}, which is not its sender; the answer goes there (--to changes it)",
            first.party.address
        ));
    }
    Ok(vec![first.party.clone()])
}

pub async fn note(cx: &Context<'_>, typed: &str, given: Option<&str>) -> End {
    let conversation = find::conversation(&cx.session.desk, typed).await?;
    let text = text(given)?;
    ask(&cx.session.desk, args::NoteAdd { conversation, text }).await?;
    done(cx, conversation, "noted")
}

pub async fn assign(cx: &Context<'_>, typed: &str, to: Option<&str>) -> End {
    let desk = &cx.session.desk;
    let conversation = find::conversation(desk, typed).await?;
    let agent = match to {
        Some(a) => Some(find::agent(desk, a).await?),
        None => None,
    };
    ask(
        desk,
        args::Assign {
            conversation,
            agent,
        },
    )
    .await?;
    done(
        cx,
        conversation,
        if agent.is_some() {
            "assigned"
        } else {
            "assigned to nobody"
        },
    )
}

pub async fn resolve(cx: &Context<'_>, typed: &str) -> End {
    let conversation = find::conversation(&cx.session.desk, typed).await?;
    ask(&cx.session.desk, args::Resolve { conversation }).await?;
    done(cx, conversation, "resolved")
}

fn done(cx: &Context<'_>, conversation: CustomerId, what: &str) -> End {
    cx.answer(
        &json!({ "conversation": conversation, "done": what }),
        |_| format!("{} is {what}\n", find::short(&conversation.hex())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_come_with_a_name() {
        assert_eq!(
            party(" anna@shop.test "),
            Party {
                name: None,
                address: "anna@shop.test".into()
            }
        );
        assert_eq!(
            party("\"Berg, Anna\" <anna@shop.test>"),
            Party {
                name: Some("Berg, Anna".into()),
                address: "anna@shop.test".into()
            }
        );
        assert_eq!(
            party("<anna@shop.test>"),
            Party {
                name: None,
                address: "anna@shop.test".into()
            }
        );
    }
}
