//! Why a command failed, and what to do about it, from what the server said.

use super::super::net::{at, broken, mend, retry};
use super::super::reasons::{self, Asked};
use super::answer::Said;
use crate::model::{ChannelError, MailServer, Remedy};
use crate::time::{Millis, SECOND};
use std::io;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server refused; the connection lives.
    Refused(Said),
    /// The server wants to be left alone for a while, or a person must act.
    Told(ChannelError),
    /// The connection is of no more use.
    Broken(ChannelError),
    /// The server sent what cannot be read as IMAP.
    Garbled(ChannelError),
}

/// The result of a command.
pub(super) type Outcome<T> = std::result::Result<T, Fault>;

/// How long to leave a server alone that says so in these words, longest first.
const PAUSES: &[(&str, Millis)] = &[
    ("bandwidth limit", 900 * SECOND),
    ("exceeded command", 900 * SECOND),
    ("rate limit", 300 * SECOND),
    ("throttl", 300 * SECOND),
    ("server busy", 120 * SECOND),
    ("too many simultaneous", 60 * SECOND),
    ("too many connections", 60 * SECOND),
    ("too many logins", 60 * SECOND),
    ("maximum number of connections", 60 * SECOND),
    ("request is throttled", 300 * SECOND),
];

/// The pause that a server asks for, by its code (RFC 5530) or in the words of Gmail and Exchange.
fn pause(said: &Said) -> Option<Millis> {
    if said.is("LIMIT") {
        return Some(600 * SECOND);
    }
    if said.is("INUSE") {
        return Some(60 * SECOND);
    }
    pause_in(&said.text)
}

fn pause_in(text: &str) -> Option<Millis> {
    let text = text.to_lowercase();
    let found = PAUSES.iter().filter(|p| text.contains(p.0));
    found.map(|p| p.1).max()
}

/// A refusal, or more than one.
pub(super) fn refused(server: &MailServer, said: Said) -> Fault {
    match pause(&said) {
        Some(ms) => Fault::Told(wait(server, "fetch", &said.text, ms)),
        None => Fault::Refused(said),
    }
}

/// The server asks for a pause.
pub(super) fn wait(
    server: &MailServer,
    step: &'static str,
    text: &str,
    pause: Millis,
) -> ChannelError {
    ChannelError {
        retry_after: Some(pause),
        ..ChannelError::new(
            Remedy::Wait,
            step,
            format!(
                "{} asks for a pause: {}. It is tried again by itself.",
                at(server),
                words(text)
            ),
        )
    }
}

/// The server says good-bye.
pub(super) fn bye(server: &MailServer, said: &Said) -> ChannelError {
    if let Some(ms) = pause(said) {
        return wait(server, "fetch", &said.text, ms);
    }
    let why = if said.text.is_empty() {
        "no reason given"
    } else {
        &said.text
    };
    retry(
        "fetch",
        format!(
            "{} closed the connection: {}. It is tried again by itself.",
            at(server),
            words(why)
        ),
    )
}

/// The server turned the connection away with this greeting.
pub(super) fn turned_away(server: &MailServer, greeting: &str) -> ChannelError {
    let text = greeting.trim_start_matches("* BYE").trim();
    if let Some(ms) = pause_in(text) {
        return wait(server, "greeting", text, ms);
    }
    retry(
        "greeting",
        format!(
            "{} turns connections away at the moment: {}.",
            at(server),
            words(text)
        ),
    )
}

/// A refused sign-in: whether it is worth trying again, and what to do about it.
pub(super) fn login(server: &MailServer, said: &Said, asked: Asked) -> ChannelError {
    if let Some(ms) = pause(said) {
        return wait(server, "login", &said.text, ms);
    }
    if said.is("EXPIRED") {
        return mend(
            "login",
            format!(
                "{} says that the password has run out: {}. Set a new one with your provider and enter it here.",
                at(server),
                words(&said.text)
            ),
        );
    }
    let code = said.code.as_ref().map_or("", |c| c.0.as_str());
    let all = format!("[{code}] {}", said.text);
    reasons::refused(server, "login", &all, &words(&said.text), asked)
}

/// The connection broke.
pub(super) fn lost(server: &MailServer, e: &io::Error) -> Fault {
    Fault::Broken(broken(server, "fetch", e))
}

/// The connection ended.
pub(super) fn closed(server: &MailServer) -> ChannelError {
    retry(
        "fetch",
        format!(
            "{} closed the connection. It is tried again by itself.",
            at(server)
        ),
    )
}

/// What came is no IMAP.
pub(super) fn garbled(server: &MailServer) -> Fault {
    Fault::Garbled(retry(
        "fetch",
        format!(
            "{} sent an answer that is not IMAP. It is tried again by itself.",
            at(server)
        ),
    ))
}

/// The failure as the caller sees it, at its own step.
pub(super) fn at_step(server: &MailServer, step: &'static str, fault: Fault) -> ChannelError {
    match fault {
        Fault::Broken(e) | Fault::Garbled(e) | Fault::Told(e) => ChannelError {
            step: if e.step == "fetch" { step } else { e.step },
            ..e
        },
        Fault::Refused(said) => retry(
            step,
            format!(
                "{} refused a command: {}. It is tried again by itself.",
                at(server),
                words(&said.text)
            ),
        ),
    }
}

/// The same about a folder.
pub(super) fn at_folder(server: &MailServer, folder: &str, fault: Fault) -> ChannelError {
    match fault {
        Fault::Refused(said) if said.is("OVERQUOTA") => mend(
            "folder",
            format!(
                "{} has no room left in the folder {folder}: {}. Make room there, or book more.",
                at(server),
                words(&said.text)
            ),
        ),
        Fault::Refused(said) => retry(
            "folder",
            format!(
                "{} does not open the folder {folder}: {}.",
                at(server),
                words(&said.text)
            ),
        ),
        other => at_step(server, "folder", other),
    }
}

/// The server's own sentence, short and on one line.
pub(super) fn words(said: &str) -> String {
    let plain: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    format!("“{}”", plain.trim())
}

#[cfg(test)]
mod tests {
    use super::super::answer::Verdict;
    use super::*;
    use crate::model::Security;

    fn server() -> MailServer {
        MailServer {
            host: "imap.shop.test".into(),
            port: 993,
            security: Security::Tls,
            user: "team".into(),
        }
    }

    fn no(code: Option<&str>, text: &str) -> Said {
        Said {
            verdict: Verdict::No,
            code: code.map(|c| (c.to_owned(), String::new())),
            text: text.into(),
        }
    }

    #[test]
    fn a_server_that_is_overrun_is_left_alone_for_a_while() {
        for (code, text, seconds) in [
            (None, "Too many simultaneous connections. (Failure)", 60),
            (
                None,
                "Account exceeded command or bandwidth limits. (Failure)",
                900,
            ),
            (None, "Request is throttled. Suggested Backoff Time", 300),
            (Some("LIMIT"), "slow down", 600),
            (Some("INUSE"), "locked", 60),
        ] {
            let Fault::Told(e) = refused(&server(), no(code, text)) else {
                panic!("{text}")
            };
            assert_eq!(
                (e.remedy, e.retry_after),
                (Remedy::Wait, Some(seconds * SECOND)),
                "{text}"
            );
            assert_eq!(bye(&server(), &no(code, text)).remedy, Remedy::Wait);
            assert_eq!(
                login(&server(), &no(code, text), Asked::Password).remedy,
                Remedy::Wait
            );
        }
        assert!(matches!(
            refused(&server(), no(None, "no such mailbox")),
            Fault::Refused(_)
        ));
    }

    #[test]
    fn a_refused_sign_in_says_whether_to_try_again() {
        for (code, text, remedy) in [
            (Some("UNAVAILABLE"), "later", Remedy::Retry),
            (None, "Temporary authentication failure", Remedy::Retry),
            (
                Some("AUTHENTICATIONFAILED"),
                "temporarily wrong",
                Remedy::Reconnect,
            ),
            (Some("EXPIRED"), "password ran out", Remedy::Reconnect),
            (
                None,
                "Application-specific password required",
                Remedy::Reconnect,
            ),
        ] {
            assert_eq!(
                login(&server(), &no(code, text), Asked::Password).remedy,
                remedy,
                "{text}"
            );
        }
        let full = at_folder(
            &server(),
            "Sent",
            Fault::Refused(no(Some("OVERQUOTA"), "full")),
        );
        assert!(full.remedy == Remedy::Reconnect && full.what.contains("no room left"));
    }

    #[test]
    fn the_servers_reason_is_shown_on_one_line() {
        assert_eq!(words("no\r\n such user").matches('\n').count(), 0);
        assert_eq!(words("plain"), "“plain”");
    }
}
