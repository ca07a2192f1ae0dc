//! `parley://` links from outside: from a browser, a mail program, a note. Anybody can write one, so only the exact
//! form is let in, and nothing but showing a place can follow.

use crate::window;
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Manager};

/// The scheme that packages register.
#[cfg(test)]
pub const SCHEME: &str = "parley";

/// The longest link there is has 98 letters.
const LONGEST: usize = 128;
const ID: usize = 32;

/// What came from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// A link to a place, to the letter as Parley writes them.
    Place(String),
    /// Something that only begins like one. What it said is not kept.
    Refused,
}

/// The last link that nobody has been shown yet.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<Option<Arrived>>);

/// The link among a program's arguments, without its name.
pub fn among(args: impl IntoIterator<Item = String>) -> Option<Arrived> {
    args.into_iter().find_map(|arg| read(&arg))
}

/// What an argument is; `None` for one that does not even begin like a link.
fn read(arg: &str) -> Option<Arrived> {
    let begins = arg.get(..7)?.eq_ignore_ascii_case("parley:");
    begins.then(|| {
        if is_place(arg) {
            Arrived::Place(arg.to_owned())
        } else {
            Arrived::Refused
        }
    })
}

/// The grammar of `ui/src/state/permalink.ts`.
fn is_place(link: &str) -> bool {
    fn id(text: &str) -> Option<&str> {
        let (id, rest) = text.split_at_checked(ID)?;
        id.bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            .then_some(rest)
    }
    if link.len() > LONGEST {
        return false;
    }
    let Some(rest) = link.strip_prefix("parley://conversation/").and_then(id) else {
        return false;
    };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    rest.is_empty()
        || rest
            .strip_prefix("?message=")
            .and_then(id)
            .is_some_and(str::is_empty)
}

/// A link came in: the window comes to the front, and its page fetches the link as soon as it can show it.
pub fn arrive(app: &AppHandle, arrived: Arrived) {
    put(app, arrived);
    window::raise(app, None);
    window::tell(app, "link", serde_json::Value::Null);
}

/// Keeps a link for the page, which asks once it is there.
pub fn put(app: &AppHandle, arrived: Arrived) {
    if let Some(waiting) = app.try_state::<Waiting>() {
        *waiting.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(arrived);
    }
}

/// The link that waits, for the page: nothing, the link, or an empty one that was refused.
pub fn taken(app: &AppHandle) -> Option<String> {
    let waiting = app.try_state::<Waiting>()?;
    let arrived = waiting
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    Some(match arrived {
        Arrived::Place(link) => link,
        Arrived::Refused => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID1: &str = "00112233445566778899aabbccddeeff";

    fn args(all: &[&str]) -> Option<Arrived> {
        among(all.iter().map(|s| (*s).to_owned()))
    }

    #[test]
    fn a_link_to_a_conversation_or_a_message_is_let_in_as_it_is() {
        for link in [
            format!("parley://conversation/{ID1}"),
            format!("parley://conversation/{ID1}/"),
            format!("parley://conversation/{ID1}?message={ID1}"),
            format!("parley://conversation/{ID1}/?message={ID1}"),
        ] {
            let arrived = args(&["--hidden", &link]);
            assert_eq!(arrived, Some(Arrived::Place(link)));
        }
    }

    #[test]
    fn whatever_else_begins_like_a_link_is_refused_and_not_kept() {
        for wrong in [
            "parley:".to_owned(),
            "parley://".to_owned(),
            format!("PARLEY://conversation/{ID1}"),
            format!("parley://conversation/{}", &ID1[1..]),
            format!("parley://conversation/{}", ID1.to_uppercase()),
            format!("parley://conversation/{ID1}0"),
            format!("parley://conversation/{ID1}//"),
            format!("parley://conversation/{ID1}?message="),
            format!("parley://conversation/{ID1}?message={ID1}&send=1"),
            format!("parley://conversation/{ID1}?send=now"),
            format!("parley://conversation/{ID1}#x"),
            format!("parley://conversation/{ID1}\n"),
            format!("parley://settings/{ID1}"),
            format!("parley://conversation/../{ID1}"),
            format!("parley://conversation/{}ü", &ID1[2..]),
            format!("parley://conversation/{ID1}?message={}", "a".repeat(4_000)),
            "parley://conversation/<script>".to_owned(),
        ] {
            assert_eq!(args(&[&wrong]), Some(Arrived::Refused), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_link_of_ours_is_no_link() {
        assert_eq!(args(&[]), None);
        assert_eq!(
            args(&["--hidden", "https://a.example", "/etc/passwd", ""]),
            None
        );
        assert_eq!(args(&["http://a.example/parley://conversation/"]), None);
        assert_eq!(args(&["pürley:"]), None);
    }
}
