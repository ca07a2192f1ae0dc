//! How a mail names itself and what it answers, from the raw header: the fields are broken too often for a parser
//! that expects them whole.

use super::headers::Headers;
use crate::model::ThreadRefs;
use crate::model::threads::ids;

/// Longest thread that is remembered.
const MAX_REFERENCES: usize = 100;

/// Reads Message-ID, In-Reply-To, References and List-Id. Thread-Index and Thread-Topic follow the subject and are
/// not asked.
pub(super) fn read(headers: &Headers<'_>) -> ThreadRefs {
    let own = headers
        .first("message-id")
        .map(|v| ids::read(&String::from_utf8_lossy(v)))
        .unwrap_or_default();
    let people: Vec<String> = ["from", "to", "cc"]
        .iter()
        .map(|n| headers.joined(n).to_lowercase())
        .collect();
    // "Message from Anna <anna@shop.test> of Monday": an address is no id.
    let is_person = |id: &String| {
        let id = id.to_lowercase();
        people.iter().any(|p| p.contains(&id))
    };
    let mut in_reply_to = ids::read(&headers.joined("in-reply-to"));
    in_reply_to.retain(|id| !is_person(id));
    let mut references = ids::read(&headers.joined("references"));
    references.retain(|id| !is_person(id));
    shorten(&mut in_reply_to);
    shorten(&mut references);
    ThreadRefs {
        message_id: own.into_iter().next(),
        in_reply_to,
        references,
        provider: None,
        list: list(headers),
    }
}

/// The first of a long thread and its newest.
fn shorten(ids: &mut Vec<String>) {
    if ids.len() > MAX_REFERENCES {
        let newest = ids.split_off(ids.len() - (MAX_REFERENCES - 1));
        ids.truncate(1);
        ids.extend(newest);
    }
}

fn list(headers: &Headers<'_>) -> Option<String> {
    let field = headers.text("list-id")?;
    let name = match field.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => field.as_str(),
    };
    let name = name.trim();
    (!name.is_empty() && name.len() <= 255).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(head: &str) -> ThreadRefs {
        read(&Headers::read(format!("{head}\r\n\r\nhi").as_bytes()))
    }

    #[test]
    fn every_field_counts_whole_and_repeated() {
        let t = refs(
            "Message-ID:\r\n <own@x>\r\nIn-Reply-To: <a@x>\r\n <b@x>\r\nReferences: <r1@x>\r\nReferences: <r2@x>\r\n\t<r3@x>\r\nList-Id: The garden <Garden.Club.test>",
        );
        assert_eq!(t.message_id.as_deref(), Some("own@x"));
        assert_eq!(t.in_reply_to, ["a@x", "b@x"]);
        assert_eq!(t.references, ["r1@x", "r2@x", "r3@x"]);
        assert_eq!(t.list.as_deref(), Some("garden.club.test"));
    }

    #[test]
    fn an_address_in_prose_is_no_id() {
        let t = refs(
            "From: Anna <anna@shop.test>\r\nIn-Reply-To: Message from Anna <Anna@Shop.test> of \"Mon\" <a@x>",
        );
        assert_eq!(t.in_reply_to, ["a@x"]);
    }

    #[test]
    fn a_long_thread_keeps_its_first_and_its_newest() {
        let many: String = (0..150)
            .map(|i| format!("<{i}@x>"))
            .collect::<Vec<_>>()
            .join("\r\n ");
        let t = refs(&format!("References: {many}"));
        assert_eq!(
            (
                t.references.len(),
                t.references[0].as_str(),
                t.references[99].as_str()
            ),
            (100, "0@x", "149@x")
        );
    }
}
