//! What the shell itself says to a person: everything outside the window's own page.
//!
//! The page knows the person's language and hands these words over; until it has, they are English.

use parley_engine::api::dto::ErrorBody;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The program's name, also the window's title.
pub const NAME: &str = "Parley";
/// The command by which the page hands the words over; the shell hears it, not the engine.
pub const COMMAND: &str = "shell_words";

/// Longer than any of these in any language: more is not a label.
const LONGEST: usize = 300;

/// A sentence that counts, by the plural's category (CLDR); `{n}` is the number.
type Counted = BTreeMap<String, String>;

/// The words in one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    language: String,
    /// The tray's entry that shows the window.
    pub open: String,
    /// The tray's entry that ends the program.
    pub quit: String,
    /// The button that opens a link.
    pub open_link: String,
    /// The button that leaves a link alone.
    pub cancel: String,
    /// The title over a choice of files to attach.
    pub attach: String,
    /// The title over the choice of where to save a file.
    pub save: String,
    /// Title of the dialog that chooses what to import.
    pub import: String,
    /// A notification's action.
    pub show: String,
    /// A notification's text when the message's own text must not be shown.
    pub new_message: String,
    /// A notification's action: its conversation sleeps until tomorrow.
    pub snooze: String,
    /// A notification's action: answer where one reads.
    pub reply: String,
    /// The button beside that answer.
    pub send: String,
    /// A wait has passed its target.
    pub overdue: String,
    /// A message could not be sent.
    pub send_failed: String,
    /// An account needs a person.
    pub account: String,
    /// The title over what came in quiet hours.
    pub quiet_over: String,
    /// An answer written in a notification did not go out.
    pub reply_failed: String,
    /// A conversation could not be snoozed.
    pub snooze_failed: String,
    ask_web: String,
    ask_other: String,
    waiting: Counted,
    many_messages: Counted,
    many_customers: Counted,
    many_overdue: Counted,
    /// What a message is that has no words, by the engine's name for it.
    brief: BTreeMap<String, String>,
}

/// More kinds of messages without words than there are.
const MOST_BRIEFS: usize = 60;

impl Words {
    fn english() -> Self {
        let counted = |one: &str, other: &str| {
            Counted::from([
                ("one".to_owned(), one.to_owned()),
                ("other".to_owned(), other.to_owned()),
            ])
        };
        Self {
            language: "en".into(),
            open: "Open Parley".into(),
            quit: "Quit".into(),
            open_link: "Open".into(),
            cancel: "Cancel".into(),
            attach: "Attach files".into(),
            save: "Save file".into(),
            import: "Choose what to import".into(),
            show: "Show".into(),
            new_message: "New message".into(),
            snooze: "Snooze until tomorrow".into(),
            reply: "Reply".into(),
            send: "Send".into(),
            overdue: "Has been waiting longer than the target".into(),
            send_failed: "A message could not be sent".into(),
            account: "This account needs you: open Parley to see why".into(),
            quiet_over: "While it was quiet".into(),
            reply_failed: "Your answer was not sent".into(),
            snooze_failed: "The conversation was not snoozed".into(),
            ask_web: "This link opens {host} in your browser.".into(),
            ask_other: "This link opens another program on this computer.".into(),
            waiting: counted(
                "Parley: {n} customer is waiting",
                "Parley: {n} customers are waiting",
            ),
            many_messages: counted("{n} new message", "{n} new messages"),
            many_customers: counted("from one customer", "from {n} customers"),
            many_overdue: counted(
                "{n} wait has passed its target",
                "{n} waits have passed their target",
            ),
            brief: [
                ("picture", "Photo"),
                ("video", "Video"),
                ("voice", "Voice message"),
                ("file", "File"),
                ("media", "File"),
                ("sticker", "Sticker"),
                ("location", "Location"),
                ("contact", "Contact"),
            ]
            .map(|(kind, word)| (kind.to_owned(), word.to_owned()))
            .into(),
        }
    }

    /// Whether they can be shown: all there, short, steering nothing, and naming the host that a link leads to.
    fn is_sound(&self) -> bool {
        let single = [
            &self.open,
            &self.quit,
            &self.open_link,
            &self.cancel,
            &self.attach,
            &self.save,
            &self.import,
            &self.show,
            &self.new_message,
            &self.snooze,
            &self.reply,
            &self.send,
            &self.overdue,
            &self.send_failed,
            &self.account,
            &self.quiet_over,
            &self.reply_failed,
            &self.snooze_failed,
            &self.ask_web,
            &self.ask_other,
        ];
        let counted = [
            &self.waiting,
            &self.many_messages,
            &self.many_customers,
            &self.many_overdue,
        ];
        let plain =
            |s: &String| !s.trim().is_empty() && s.len() <= LONGEST && !s.contains(is_steering);
        single.into_iter().all(plain)
            && counted
                .iter()
                .all(|c| c.contains_key("other") && c.len() <= 6 && c.values().all(plain))
            && self.brief.len() <= MOST_BRIEFS
            && self.brief.values().all(plain)
            && self.ask_web.contains("{host}")
            && self.open_link != self.cancel
    }

    /// The tray's tooltip.
    pub fn waiting(&self, count: u32) -> String {
        if count == 0 {
            return NAME.to_owned();
        }
        self.count(&self.waiting, count.into())
    }

    /// The title of one notification that stands for many.
    pub fn many_messages(&self, count: usize) -> String {
        self.count(&self.many_messages, count as u64)
    }

    /// The text of one notification that stands for many.
    pub fn many_customers(&self, count: usize) -> String {
        self.count(&self.many_customers, count as u64)
    }

    /// How many waits have passed their target.
    pub fn many_overdue(&self, count: usize) -> String {
        self.count(&self.many_overdue, count as u64)
    }

    /// What a message is that has no words; one of an unknown kind is a new message.
    pub fn brief(&self, kind: &str) -> String {
        let known = self.brief.get(kind);
        known.unwrap_or(&self.new_message).clone()
    }

    /// The question before a web page is opened.
    pub fn ask_web(&self, host: &str, address: &str) -> String {
        format!("{}\n\n{address}", self.ask_web.replace("{host}", host))
    }

    /// The question before another program is handed an address or a number.
    pub fn ask_other(&self, address: &str) -> String {
        format!("{}\n\n{address}", self.ask_other)
    }

    fn count(&self, forms: &Counted, n: u64) -> String {
        let form = forms
            .get(category(&self.language, n))
            .or_else(|| forms.get("other"));
        form.map(|s| s.replace("{n}", &n.to_string()))
            .unwrap_or_default()
    }
}

/// The plural's category of a whole number in the languages of the window (CLDR).
fn category(language: &str, n: u64) -> &'static str {
    match (language, n) {
        ("fr", 0 | 1) => "one",
        ("fr", _) if n.is_multiple_of(1_000_000) => "many",
        ("ar", 0) => "zero",
        ("ar", 2) => "two",
        ("ar", _) if (3..=10).contains(&(n % 100)) => "few",
        ("ar", _) if n % 100 >= 11 => "many",
        ("fr", _) => "other",
        (_, 1) => "one",
        _ => "other",
    }
}

static SPOKEN: RwLock<Option<Arc<Words>>> = RwLock::new(None);

/// The words of the language that is spoken now.
pub fn words() -> Arc<Words> {
    let spoken = SPOKEN.read().unwrap_or_else(PoisonError::into_inner);
    spoken.clone().unwrap_or_else(|| Arc::new(Words::english()))
}

/// Takes the page's words, if they can be shown.
pub fn learn(args: Value) -> Result<(), ErrorBody> {
    let refused = |message: &str| ErrorBody {
        code: "invalid".into(),
        message: message.into(),
    };
    let words: Words = serde_json::from_value(args).map_err(|e| refused(&e.to_string()))?;
    if !words.is_sound() {
        return Err(refused("these words cannot be shown outside the window"));
    }
    *SPOKEN.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(words));
    Ok(())
}

/// The language that is spoken now, such as `de`.
#[cfg(target_os = "linux")]
pub fn language() -> String {
    words().language.clone()
}

/// Whether a character steers how others are shown instead of being shown: in a stranger's text or file name it
/// can only mislead.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn german() -> Value {
        json!({
            "language": "de", "open": "Parley öffnen", "quit": "Beenden", "open_link": "Öffnen", "cancel": "Abbrechen",
            "attach": "Dateien anhängen", "save": "Datei speichern", "import": "Importieren", "show": "Zeigen",
            "new_message": "Neue Nachricht", "ask_web": "Dieser Link öffnet {host}.", "ask_other": "Ein anderes Programm.",
            "waiting": { "one": "{n} Kunde", "other": "{n} Kunden" }, "many_messages": { "other": "{n} Nachrichten" },
            "many_customers": { "one": "von einem", "other": "von {n}" }, "many_overdue": { "other": "{n} über dem Ziel" },
            "snooze": "Bis morgen", "reply": "Antworten", "send": "Senden", "overdue": "Wartet zu lange", "send_failed": "Nicht gesendet",
            "account": "Dieses Konto braucht Sie", "quiet_over": "In den Ruhezeiten", "reply_failed": "Nicht gesendet", "snooze_failed": "Nicht verschoben",
            "brief": { "picture": "Foto" },
        })
    }

    fn read(value: Value) -> Option<Words> {
        serde_json::from_value::<Words>(value)
            .ok()
            .filter(Words::is_sound)
    }

    #[test]
    fn the_pages_words_are_counted_in_its_language() {
        let words = read(german()).unwrap();
        assert_eq!(words.waiting(0), "Parley");
        assert_eq!(words.waiting(1), "1 Kunde");
        assert_eq!(words.many_messages(1), "1 Nachrichten");
        assert_eq!(
            (words.brief("picture"), words.brief("poll")),
            ("Foto".to_owned(), "Neue Nachricht".to_owned())
        );
        assert_eq!(words.many_customers(7), "von 7");
        assert!(
            words
                .ask_web("shop.example", "https://shop.example/x")
                .starts_with("Dieser Link öffnet shop.example.")
        );
        assert_eq!(
            Words::english().waiting(2),
            "Parley: 2 customers are waiting"
        );
        assert!(Words::english().is_sound());
    }

    #[test]
    fn words_that_hide_the_host_or_steer_the_text_are_refused() {
        for (key, wrong) in [
            ("ask_web", "Open?".to_owned()),
            ("quit", String::new()),
            ("save", "x".repeat(301)),
            ("open", "a\u{202e}b".to_owned()),
            ("cancel", "Öffnen".to_owned()),
        ] {
            let mut value = german();
            value[key] = json!(wrong);
            assert!(read(value).is_none(), "{key}");
        }
        let mut value = german();
        value["more"] = json!("x");
        assert!(read(value).is_none());
    }

    #[test]
    fn numbers_have_the_categories_of_their_language() {
        let said = |language: &str, all: &[u64]| -> Vec<_> {
            all.iter().map(|n| category(language, *n)).collect()
        };
        assert_eq!(
            said("ar", &[0, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 111]),
            [
                "zero", "one", "two", "few", "few", "many", "many", "other", "other", "other",
                "few", "many"
            ]
        );
        assert_eq!(
            said("fr", &[0, 1, 2, 1_000_000]),
            ["one", "one", "other", "many"]
        );
        assert_eq!(said("nl", &[0, 1, 2]), ["other", "one", "other"]);
    }
}
