//! Which folders are read, whatever a server calls them.

use super::{Folder, UNIT};
use crate::model::Place;
use async_imap::imap_proto::NameAttribute;

/// A folder as the server lists it.
pub(super) struct Listed {
    /// Its name on the wire.
    pub(super) name: String,
    leaf: String,
    sent: bool,
    junk: bool,
    selectable: bool,
}

impl Listed {
    /// From one line of the list.
    pub(super) fn new(
        name: &str,
        attributes: &[NameAttribute<'_>],
        delimiter: Option<&str>,
    ) -> Self {
        let decoded = decode_utf7(name);
        let leaf = delimiter
            .filter(|d| !d.is_empty())
            .and_then(|d| decoded.rsplit(d).next())
            .unwrap_or(&decoded)
            .to_lowercase();
        let is = |a: &NameAttribute<'_>| attributes.contains(a);
        let gone = attributes.iter().any(
            |a| matches!(a, NameAttribute::Extension(e) if e.eq_ignore_ascii_case("\\NonExistent")),
        );
        Self {
            name: name.to_owned(),
            leaf,
            sent: is(&NameAttribute::Sent),
            junk: is(&NameAttribute::Junk),
            selectable: !is(&NameAttribute::NoSelect) && !gone && !name.contains(UNIT),
        }
    }
}

/// Names of the Sent folder where the server does not mark it, best first.
const SENT_NAMES: &[&str] = &[
    "sent",
    "sent items",
    "sent messages",
    "sent mail",
    "sent-mail",
    "gesendet",
    "gesendete objekte",
    "gesendete elemente",
    "gesendete nachrichten",
    "envoyés",
    "messages envoyés",
    "éléments envoyés",
    "courrier envoyé",
    "verzonden",
    "verzonden items",
    "verzonden berichten",
    "enviados",
    "elementos enviados",
    "mensajes enviados",
    "itens enviados",
    "inviati",
    "posta inviata",
    "elementi inviati",
    "wysłane",
    "elementy wysłane",
    "skickat",
    "sendt",
    "sendte elementer",
    "lähetetyt",
    "отправленные",
    "надіслані",
    "odeslané",
    "odoslané",
    "elküldött",
    "trimise",
    "gönderilmiş öğeler",
    "送信済み",
    "已发送",
    "已傳送",
];

/// Names of the junk folder where the server does not mark it, best first.
const JUNK_NAMES: &[&str] = &[
    "junk",
    "spam",
    "junk e-mail",
    "junk email",
    "bulk mail",
    "spamverdacht",
    "unerwünscht",
    "courrier indésirable",
    "indésirables",
    "pourriel",
    "ongewenst",
    "ongewenste e-mail",
    "correo no deseado",
    "posta indesiderata",
    "lixo eletrônico",
    "спам",
    "迷惑メール",
    "垃圾邮件",
];

/// What a folder of this name usually holds; the name's last part decides.
pub(in crate::connectors) fn place_of(name: &str) -> Place {
    let leaf = name.trim().to_lowercase();
    if SENT_NAMES.contains(&leaf.as_str()) {
        Place::Sent
    } else if JUNK_NAMES.contains(&leaf.as_str()) {
        Place::Junk
    } else if matches!(leaf.as_str(), "inbox" | "posteingang") {
        Place::Inbox
    } else {
        Place::Other
    }
}

/// The folders to read: the inbox, Sent, junk.
pub(super) fn choose(found: &[Listed]) -> Vec<Folder> {
    let usable = || found.iter().filter(|l| l.selectable);
    let inbox = usable()
        .find(|l| l.name.eq_ignore_ascii_case("INBOX"))
        .map_or("INBOX", |l| l.name.as_str());
    let by_name = |names: &[&str]| {
        names
            .iter()
            .find_map(|n| usable().find(|l| l.leaf == *n))
            .map(|l| l.name.clone())
    };
    let sent = usable()
        .find(|l| l.sent)
        .map(|l| l.name.clone())
        .or_else(|| by_name(SENT_NAMES));
    let junk = usable()
        .find(|l| l.junk)
        .map(|l| l.name.clone())
        .or_else(|| by_name(JUNK_NAMES));
    let mut folders = vec![Folder {
        name: inbox.to_owned(),
        place: Place::Inbox,
    }];
    for (name, place) in [(sent, Place::Sent), (junk, Place::Junk)] {
        folders.extend(
            name.filter(|n| n != inbox)
                .map(|name| Folder { name, place }),
        );
    }
    folders
}

/// The modified UTF-7 of folder names (RFC 3501 §5.1.3); what is malformed stays as it is.
pub(in crate::connectors::email) fn decode_utf7(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((code, tail)) = after.split_once('-') else {
            out.push('&');
            rest = after;
            continue;
        };
        match decode_utf7_run(code) {
            _ if code.is_empty() => out.push('&'),
            Some(text) => out.push_str(&text),
            None => out.extend(["&", code, "-"]),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn decode_utf7_run(code: &str) -> Option<String> {
    let bytes = data_encoding::BASE64_NOPAD
        .decode(code.replace(',', "/").as_bytes())
        .ok()?;
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|b| u16::from_be_bytes(*b))
        .collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, attributes: &[NameAttribute<'_>]) -> Listed {
        Listed::new(name, attributes, Some("."))
    }

    #[test]
    fn the_servers_mark_beats_a_folders_name() {
        let found = [
            listed("INBOX", &[]),
            listed("Sent", &[]),
            listed("Archive.Out", &[NameAttribute::Sent]),
            listed("INBOX.Spam", &[]),
        ];
        let names: Vec<_> = choose(&found)
            .into_iter()
            .map(|f| (f.name, f.place))
            .collect();
        assert_eq!(
            names,
            [
                ("INBOX".to_owned(), Place::Inbox),
                ("Archive.Out".to_owned(), Place::Sent),
                ("INBOX.Spam".to_owned(), Place::Junk)
            ]
        );
    }

    #[test]
    fn sent_is_found_by_name_in_several_languages() {
        for name in [
            "INBOX.Sent",
            "Gesendete Objekte",
            "&AMk-l&AOk-ments envoy&AOk-s",
            "Verzonden items",
            "Enviados",
            "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-",
            "Sent Items",
        ] {
            assert_eq!(
                choose(&[listed("INBOX", &[]), listed(name, &[])])
                    .get(1)
                    .map(|f| f.name.as_str()),
                Some(name),
                "{} = {}",
                name,
                decode_utf7(name)
            );
        }
        assert_eq!(
            choose(&[
                listed("INBOX", &[]),
                listed("Sent", &[NameAttribute::NoSelect])
            ])
            .len(),
            1
        );
        assert_eq!(choose(&[]).len(), 1);
    }

    #[test]
    fn folder_names_are_decoded_and_broken_ones_left() {
        assert_eq!(decode_utf7("Entw&APw-rfe"), "Entwürfe");
        assert_eq!(decode_utf7("A &- B"), "A & B");
        assert_eq!(decode_utf7("A & B"), "A & B");
        assert_eq!(decode_utf7("&%%-x"), "&%%-x");
    }
}
