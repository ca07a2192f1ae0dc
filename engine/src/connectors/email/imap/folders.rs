//! Which folders are read, whatever a server calls them.

use super::answer::Line;
use super::{Folder, UNIT};
use crate::model::{FolderUse, Place};

/// Most folders of an account that are looked at.
pub(super) const MOST: usize = 5_000;

/// A folder as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name on the wire.
    pub(super) name: String,
    /// The last part of its readable name, in small letters.
    leaf: String,
    delimiter: Option<String>,
    /// The server's own mark.
    marked: Option<FolderUse>,
    /// Whether it can be opened.
    pub(super) selectable: bool,
}

impl Listed {
    /// From one line of the list.
    pub(super) fn new(line: &Line) -> Self {
        let decoded = decode_utf7(&line.name);
        let leaf = line
            .delimiter
            .as_deref()
            .and_then(|d| decoded.rsplit(d).next())
            .unwrap_or(&decoded)
            .to_lowercase();
        let has = |mark: &str| line.marks.iter().any(|m| m == mark);
        let marked = MARKS.iter().find(|(mark, _)| has(mark)).map(|m| m.1);
        Self {
            leaf,
            marked,
            delimiter: line.delimiter.clone(),
            selectable: !has("\\noselect") && !has("\\nonexistent") && usable(&line.name),
            name: line.name.clone(),
        }
    }

    /// The Sent folder that was just made.
    pub(super) fn sent(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            leaf: "sent".into(),
            delimiter: None,
            marked: Some(FolderUse::Sent),
            selectable: true,
        }
    }

    fn is_inbox(&self) -> bool {
        self.name.eq_ignore_ascii_case("INBOX")
    }

    /// What it is for: by the server's mark, else by its name.
    pub(super) fn purpose(&self) -> FolderUse {
        if self.is_inbox() {
            return FolderUse::Inbox;
        }
        if let Some(marked) = self.marked {
            return marked;
        }
        let named = |names: &[&str]| names.contains(&self.leaf.as_str());
        if named(SENT_NAMES) {
            FolderUse::Sent
        } else if named(JUNK_NAMES) {
            FolderUse::Junk
        } else {
            FolderUse::Other
        }
    }
}

/// A name that is said back to the server as it came: one that was no UTF-8 cannot be.
fn usable(name: &str) -> bool {
    !name.contains([UNIT, char::REPLACEMENT_CHARACTER, '\r', '\n', '\0'])
}

/// The marks of RFC 6154, as they are compared.
const MARKS: &[(&str, FolderUse)] = &[
    ("\\all", FolderUse::All),
    ("\\sent", FolderUse::Sent),
    ("\\junk", FolderUse::Junk),
    ("\\trash", FolderUse::Trash),
    ("\\drafts", FolderUse::Drafts),
    ("\\archive", FolderUse::Archive),
];

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

/// The folder of this use: the one the server marks, else the best of these names.
fn of_use<'a>(found: &'a [Listed], wanted: FolderUse, names: &[&str]) -> Option<&'a Listed> {
    let selectable = || found.iter().filter(|l| l.selectable && !l.is_inbox());
    selectable().find(|l| l.marked == Some(wanted)).or_else(|| {
        let unmarked = || selectable().filter(|l| l.marked.is_none());
        names.iter().find_map(|n| unmarked().find(|l| l.leaf == *n))
    })
}

/// The Sent folder's name.
pub(super) fn sent(found: &[Listed]) -> Option<String> {
    of_use(found, FolderUse::Sent, SENT_NAMES).map(|l| l.name.clone())
}

/// What to call a Sent folder that is to be made: some servers have everything below the inbox.
pub(super) fn sent_to_make(found: &[Listed]) -> String {
    let below = found.len() > 1
        && found
            .iter()
            .all(|l| l.name.to_uppercase().starts_with("INBOX"));
    let delimiter = found.iter().find_map(|l| l.delimiter.as_deref());
    match delimiter {
        Some(d) if below => format!("INBOX{d}Sent"),
        _ => "Sent".to_owned(),
    }
}

/// Which place a folder of this use is.
pub(super) fn place(purpose: FolderUse) -> Place {
    match purpose {
        FolderUse::Inbox => Place::Inbox,
        FolderUse::Sent => Place::Sent,
        FolderUse::Junk => Place::Junk,
        _ => Place::Other,
    }
}

/// The folders to read: those a person picked, else the usual ones: the inbox, Sent, junk. At Gmail all mail is in
/// one folder, whatever labels it has, and junk in another.
pub(super) fn choose(found: &[Listed], picked: &[String], gmail: bool) -> Vec<Folder> {
    if !picked.is_empty() {
        return picked_ones(found, picked);
    }
    let inbox = found
        .iter()
        .find(|l| l.selectable && l.is_inbox())
        .map_or("INBOX", |l| l.name.as_str());
    let all = of_use(found, FolderUse::All, &[]).filter(|_| gmail);
    let junk = of_use(found, FolderUse::Junk, JUNK_NAMES);
    let mut folders = match all {
        Some(all) => vec![Folder {
            name: all.name.clone(),
            place: Place::Inbox,
        }],
        None => vec![Folder {
            name: inbox.to_owned(),
            place: Place::Inbox,
        }],
    };
    if all.is_none() {
        folders.extend(sent(found).map(|name| Folder {
            name,
            place: Place::Sent,
        }));
    }
    folders.extend(junk.map(|l| Folder {
        name: l.name.clone(),
        place: Place::Junk,
    }));
    folders
}

fn picked_ones(found: &[Listed], picked: &[String]) -> Vec<Folder> {
    let mut folders: Vec<Folder> = found
        .iter()
        .filter(|l| l.selectable && picked.contains(&l.name))
        .map(|l| Folder {
            name: l.name.clone(),
            place: place(l.purpose()),
        })
        .collect();
    // News are waited for in the first one.
    folders.sort_by_key(|f| f.place != Place::Inbox);
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

    fn listed(name: &str, marks: &[&str]) -> Listed {
        Listed::new(&Line {
            name: name.into(),
            marks: marks.iter().map(|m| m.to_lowercase()).collect(),
            delimiter: Some(".".into()),
        })
    }

    fn chosen(found: &[Listed], picked: &[&str], gmail: bool) -> Vec<(String, Place)> {
        let picked: Vec<String> = picked.iter().map(|p| (*p).to_owned()).collect();
        choose(found, &picked, gmail)
            .into_iter()
            .map(|f| (f.name, f.place))
            .collect()
    }

    #[test]
    fn the_servers_mark_beats_a_folders_name() {
        let found = [
            listed("INBOX", &[]),
            listed("Sent", &[]),
            listed("Archive.Out", &["\\Sent"]),
            listed("INBOX.Spam", &[]),
        ];
        assert_eq!(
            chosen(&found, &[], false),
            [
                ("INBOX".to_owned(), Place::Inbox),
                ("Archive.Out".to_owned(), Place::Sent),
                ("INBOX.Spam".to_owned(), Place::Junk)
            ]
        );
    }

    #[test]
    fn what_a_person_picked_is_read_and_nothing_else() {
        let found = [
            listed("Orders", &[]),
            listed("INBOX", &[]),
            listed("Sent", &["\\Sent"]),
            listed("Locked", &["\\Noselect"]),
        ];
        assert_eq!(
            chosen(&found, &["Orders", "INBOX", "Locked", "Gone"], false),
            [
                ("INBOX".to_owned(), Place::Inbox),
                ("Orders".to_owned(), Place::Other)
            ]
        );
        assert_eq!(
            chosen(&found, &["Sent"], false),
            [("Sent".to_owned(), Place::Sent)]
        );
    }

    #[test]
    fn at_gmail_all_mail_is_read_once_instead_of_every_label() {
        let found = [
            listed("INBOX", &[]),
            listed("[Gmail].All Mail", &["\\All"]),
            listed("[Gmail].Sent Mail", &["\\Sent"]),
            listed("[Gmail].Spam", &["\\Junk"]),
            listed("Customers", &[]),
        ];
        assert_eq!(
            chosen(&found, &[], true),
            [
                ("[Gmail].All Mail".to_owned(), Place::Inbox),
                ("[Gmail].Spam".to_owned(), Place::Junk)
            ]
        );
        assert_eq!(sent(&found).as_deref(), Some("[Gmail].Sent Mail"));
        // Another server's virtual folder of everything is not read besides the others.
        assert_eq!(chosen(&found, &[], false).len(), 3);
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
                sent(&[listed("INBOX", &[]), listed(name, &[])]).as_deref(),
                Some(name),
                "{} = {}",
                name,
                decode_utf7(name)
            );
        }
        let closed = [listed("INBOX", &[]), listed("Sent", &["\\NoSelect"])];
        assert_eq!(chosen(&closed, &[], false).len(), 1);
        assert_eq!(chosen(&[], &[], false).len(), 1);
        assert_eq!(
            sent_to_make(&[listed("INBOX", &[]), listed("INBOX.x", &[])]),
            "INBOX.Sent"
        );
    }

    #[test]
    fn folder_names_are_decoded_and_broken_ones_left() {
        assert_eq!(decode_utf7("Entw&APw-rfe"), "Entwürfe");
        assert_eq!(decode_utf7("A &- B"), "A & B");
        assert_eq!(decode_utf7("A & B"), "A & B");
        assert_eq!(decode_utf7("&%%-x"), "&%%-x");
    }

    #[test]
    fn a_folder_whose_name_is_no_text_is_left_alone() {
        let line = super::super::answer::read(b"* LIST () \"/\" \"Caf\xe9\"\r\n");
        let super::super::answer::Answer::List(line) = line else {
            panic!("{line:?}")
        };
        assert!(!Listed::new(&line).selectable);
    }
}
