//! The report for programs (RFC 3464).

use super::super::addresses;
use super::super::bounce_reason::{self as reason, Reason};
use super::super::budget::MAX_BOUNCED;
use super::super::html::cut;
use super::super::mime::Part;
use super::letters::{about, found_in};
use crate::model::{Bounced, email_key};

/// The fields about one recipient, or about the mail as a whole.
pub(super) struct Group(Vec<(String, String)>);

impl Group {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
            .filter(|v| !v.trim().is_empty())
    }

    pub(super) fn action(&self) -> String {
        let word = self.get("action").unwrap_or_default().to_ascii_lowercase();
        word.split([' ', '(', ';'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    pub(super) fn recipient(&self) -> Option<String> {
        [
            "final-recipient",
            "original-recipient",
            "x-actual-recipient",
        ]
        .iter()
        .filter_map(|n| self.get(n))
        .find_map(|v| typed_address(&v))
    }
}

/// `rfc822; <anna@shop.test>`, with whatever stands around it.
fn typed_address(value: &str) -> Option<String> {
    let after = value.split_once(';').map_or(value, |(_, v)| v).trim();
    let xtext = after.replace("+40", "@");
    let spot = |t: &str| {
        addresses::list(t)
            .into_iter()
            .find(|p| email_key(&p.address).is_some())
            .map(|p| p.address)
    };
    spot(after)
        .or_else(|| spot(&xtext))
        .or_else(|| found_in(after).into_iter().next())
}

pub(super) fn status_groups(part: &Part<'_>) -> Vec<Group> {
    let text = String::from_utf8_lossy(&part.bytes()).replace("\r\n", "\n");
    let mut groups: Vec<Group> = Vec::new();
    let mut now: Vec<(String, String)> = Vec::new();
    for line in cut(&text, 512 * 1024).lines() {
        if line.trim().is_empty() {
            if !now.is_empty() {
                groups.push(Group(std::mem::take(&mut now)));
            }
            continue;
        }
        match (
            line.starts_with([' ', '\t']),
            now.last_mut(),
            line.split_once(':'),
        ) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some((name, value))) => {
                let name = name.trim().to_ascii_lowercase();
                // A second recipient without a blank line between.
                if name == "final-recipient" && now.iter().any(|(n, _)| n == "final-recipient") {
                    groups.push(Group(std::mem::take(&mut now)));
                }
                now.push((name, value.trim().to_owned()));
            }
            _ => {}
        }
        if groups.len() > 2 * MAX_BOUNCED {
            break;
        }
    }
    if !now.is_empty() {
        groups.push(Group(now));
    }
    groups
}

pub(super) fn bounced(g: &Group, human: &str) -> Option<Bounced> {
    let address = g.recipient()?;
    let typed = g.get("diagnostic-code").unwrap_or_default();
    let diagnostic = typed
        .split_once(';')
        .filter(|(t, _)| t.len() < 20 && !t.contains(' '))
        .map_or(typed.as_str(), |(_, d)| d)
        .trim()
        .to_owned();
    let mut status = g.get("status").and_then(|s| reason::code_in(&s));
    if status.as_deref().is_none_or(|s| s.ends_with(".0.0"))
        && let Some(finer) = reason::code_in(&diagnostic)
        && !finer.ends_with(".0.0")
    {
        status = Some(finer);
    }
    let action = if g.action() == "delayed" {
        "delayed"
    } else {
        "failed"
    };
    let mut why = reason::of(status.as_deref(), &diagnostic);
    // Where the report says nothing, the words for a person may.
    if matches!(why.key, "other" | "policy" | "system" | "network")
        && (diagnostic.is_empty() || why.key == "other")
    {
        let by_words = reason::of(status.as_deref(), &about(human, &address));
        if by_words.key != "other" {
            why = by_words;
        }
    }
    Some(made(address, action, status, &diagnostic, why))
}

pub(super) fn made(
    address: String,
    action: &str,
    status: Option<String>,
    diagnostic: &str,
    why: &Reason,
) -> Bounced {
    // What is still being tried may yet arrive.
    let temporary = action == "delayed"
        || status.as_deref().is_some_and(|s| s.starts_with('4'))
            && why.key != "host_unknown"
            && why.key != "user_unknown";
    Bounced {
        address,
        action: action.to_owned(),
        hard: why.hard && !temporary,
        status,
        diagnostic: cut(diagnostic, 1_000).to_owned(),
        reason: why.key.to_owned(),
        reason_words: why.words.to_owned(),
    }
}
