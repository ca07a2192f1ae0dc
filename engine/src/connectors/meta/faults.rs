//! The vendor's refusals, by code and subcode alone: its words come in any language.

use super::when;
use crate::connectors::http::{Answer, retry_after};
use crate::model::{Channel, ChannelError, Remedy};
use crate::time::{Millis, SECOND};
use serde_json::Value;

/// How long to rest where the vendor asks for it and does not say how long.
const REST: Millis = 300 * SECOND;
/// Longest of the vendor's own words that is passed on.
const LONGEST: usize = 200;

/// What a request was for: what a refusal means hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// To learn something. Only a token or a permission ends that; all else passes, or concerns something else.
    Look,
    /// To hand over a file. Nothing is sent by that.
    Upload,
    /// To send.
    Send,
}

/// What a refusal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: i64,
    pub(super) sub: i64,
    /// Something broke inside, by its status or by its own word: whatever was asked for may have been done.
    broken: bool,
    /// By which the vendor finds it again.
    trace: String,
    /// In its words, made safe to show.
    words: String,
}

/// A request that failed: what the vendor said, if it did, and what that means here.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) said: Option<Said>,
    pub(super) error: ChannelError,
}

impl From<ChannelError> for Refused {
    fn from(error: ChannelError) -> Self {
        Self { said: None, error }
    }
}

impl From<Refused> for ChannelError {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

impl Refused {
    /// A field or a page was refused, and nothing else is wrong.
    pub(super) fn of_the_question(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(|s| matches!((s.code, s.sub), (100 | 12 | 2_500, 0)))
    }

    /// The message asked for was deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.said.as_ref().is_some_and(|s| s.code == 9_000_001)
    }

    /// There is no such thing, or one may not ask for it.
    pub(super) fn is_nothing(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(|s| (s.code, s.sub) == (100, 33))
    }

    /// The time to answer is over, and nothing was sent.
    pub(super) fn outside_the_window(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(Said::outside)
    }

    /// The account may not send at all.
    pub(super) fn restricted(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(Said::restricted)
    }

    /// It asked for more than the vendor gives at once.
    pub(super) fn too_much(&self) -> bool {
        self.said.as_ref().is_some_and(|s| s.code == 1)
    }

    /// The vendor itself said no, and would say so again: neither the way there nor a bad moment.
    pub(super) fn is_its_word(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(|s| !s.throttled() && !s.broken && !matches!(s.code, 1 | 2))
    }

    /// It is the app as a whole that made too many calls, and not this account.
    pub(super) fn of_the_app(&self) -> bool {
        self.said.as_ref().is_some_and(|s| matches!(s.code, 4 | 17))
    }

    /// It is asked to be left alone.
    pub(super) fn throttled(&self) -> bool {
        self.said.as_ref().is_some_and(Said::throttled)
    }
}

impl Said {
    /// What an answer says, if it is a refusal in the vendor's form.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let error = json.get("error")?;
        let number = |name: &str| error.get(name).and_then(Value::as_i64);
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let trace = text("fbtrace_id").unwrap_or_default();
        Some(Self {
            code: number("code")?,
            sub: number("error_subcode").unwrap_or(0),
            broken: error.get("is_transient").and_then(Value::as_bool) == Some(true),
            trace: trace
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
                .take(40)
                .collect(),
            words: safe(
                text("error_user_msg")
                    .or_else(|| text("message"))
                    .unwrap_or_default(),
            ),
        })
    }

    fn outside(&self) -> bool {
        matches!((self.code, self.sub), (10, 2_534_022 | 2_018_278))
    }

    fn restricted(&self) -> bool {
        matches!(
            (self.code, self.sub),
            (10, 1_893_063) | (100, 2_534_029) | (368 | 2_022, _)
        ) || matches!(self.sub, 368 | 2_022)
    }

    fn throttled(&self) -> bool {
        matches!(
            self.code,
            4 | 17 | 32 | 613 | 341 | 80_001 | 80_002 | 80_006
        )
    }

    /// The codes, for a person who asks the vendor.
    fn numbers(&self) -> String {
        let mut out = format!("Meta's code {}", self.code);
        if self.sub != 0 {
            out.push_str(&format!("/{}", self.sub));
        }
        if !self.trace.is_empty() {
            out.push_str(&format!(", trace {}", self.trace));
        }
        out
    }

    /// Remedy and words.
    fn means(&self, channel: Channel, aim: Aim) -> (Remedy, String) {
        let (remedy, words) = self.tells(channel, aim);
        // What says that nothing may be sent, or that one person or message is gone, is no reason not to read.
        let passes = aim == Aim::Look && remedy == Remedy::Final;
        (if passes { Remedy::Retry } else { remedy }, words)
    }

    fn tells(&self, channel: Channel, aim: Aim) -> (Remedy, String) {
        let name = named(channel);
        if self.throttled() {
            return (
                Remedy::Wait,
                format!("{name} asks for a rest: too many calls were made."),
            );
        }
        if self.restricted() {
            return (
                Remedy::Final,
                format!(
                    "{name} has restricted this account from sending. Look at the account's status and at Support Inbox in Meta Business Suite."
                ),
            );
        }
        if let Some(words) = person(self.code, self.sub).or_else(|| file(self.code, self.sub)) {
            return (Remedy::Final, words.to_owned());
        }
        match (self.code, self.sub) {
            (190 | 102, sub) => (Remedy::Reconnect, dead(sub).to_owned()),
            _ if self.outside() => (
                Remedy::Final,
                format!(
                    "The time to answer is over: {name} lets one answer within 24 hours of the customer's last message, and a person within 7 days where Meta granted the human-agent feature. Write by another channel, or wait until they write again."
                ),
            ),
            (200, 2_534_041) => (
                Remedy::Reconnect,
                "Access to messages is switched off in Instagram. On the phone: Settings → Messages and story replies → Message controls → Connected Tools → switch “Allow access to messages” on. Then connect again.".into(),
            ),
            (_, 2_018_300) | (2_018_300, _) => (
                Remedy::Final,
                "Another program owns this conversation at the moment (Conversation Routing). Take it over in Meta Business Suite, or answer there.".into(),
            ),
            (9_000_001, _) => (Remedy::Final, "This message was deleted by its writer or by you.".into()),
            (10 | 3 | 200..=299, _) => (
                Remedy::Reconnect,
                format!(
                    "A permission is missing. {} Meta says: “{}”.",
                    permissions(channel), self.words
                ),
            ),
            (1 | 2, _) => failed_inside(name, aim),
            _ if self.broken => failed_inside(name, aim),
            (100 | 12 | 2_500, 0) if aim == Aim::Look => (
                Remedy::Retry,
                format!("{name} refused the question. Meta says: “{}”.", self.words),
            ),
            _ => (Remedy::Final, format!("{name} refused. Meta says: “{}”.", self.words)),
        }
    }
}

/// It broke in the middle of what it was asked to do.
fn failed_inside(name: &str, aim: Aim) -> (Remedy, String) {
    match aim {
        Aim::Send => (
            Remedy::Uncertain,
            format!("{name} failed in the middle; the message may have gone out."),
        ),
        Aim::Look | Aim::Upload => (Remedy::Retry, format!("{name} failed for a moment.")),
    }
}

/// What an answer that is no success means.
pub(super) fn refused(
    answer: &Answer,
    channel: Channel,
    step: &'static str,
    aim: Aim,
    now: Millis,
    regain: Option<Millis>,
) -> Refused {
    let Some(mut said) = Said::read(&answer.body) else {
        return without_a_code(answer, step, aim, now).into();
    };
    said.broken |= answer.status >= 500;
    let (remedy, words) = said.means(channel, aim);
    let wait = regain.or_else(|| retry_after(&answer.headers, now));
    let error = ChannelError {
        retry_after: (remedy == Remedy::Wait).then(|| wait.unwrap_or(REST)),
        ..ChannelError::new(remedy, step, format!("{words} ({})", said.numbers()))
    };
    Refused {
        said: Some(said),
        error,
    }
}

/// A refusal that is not in the vendor's form comes from a server in front of it, or from somebody on the way (a hotel,
/// a company's gateway): whoever only asks, asks again.
fn without_a_code(answer: &Answer, step: &'static str, aim: Aim, now: Millis) -> ChannelError {
    let error = answer.failure(step, aim == Aim::Send, now);
    if aim != Aim::Look || !matches!(error.remedy, Remedy::Final | Remedy::Reconnect) {
        return error;
    }
    let what = match answer.json::<Value>(step, false) {
        Err(page) if answer.is_page() => page.what,
        _ => format!(
            "{} refused ({}) without Meta's code; something on the way may be in between.",
            answer.host, answer.status
        ),
    };
    ChannelError::new(Remedy::Retry, step, what)
}

fn named(channel: Channel) -> &'static str {
    match channel {
        Channel::Messenger => "Messenger",
        _ => "Instagram",
    }
}

fn permissions(channel: Channel) -> &'static str {
    match channel {
        Channel::Messenger => {
            "The token needs pages_messaging, pages_manage_metadata and pages_show_list, from somebody who may answer messages of the Page."
        }
        _ => {
            "The token needs instagram_business_basic and instagram_business_manage_messages; through a Page instagram_basic, instagram_manage_messages, pages_manage_metadata, pages_messaging and pages_show_list."
        }
    }
}

/// Why a token is dead.
fn dead(sub: i64) -> &'static str {
    match sub {
        458 => {
            "The app was removed from the account. Add it again at Meta, generate a token and paste it here."
        }
        459 => {
            "Meta wants the account's owner to sign in at its website first (a security check). Do that, then generate a token and paste it here."
        }
        460 => {
            "The password of the account was changed, which ends its tokens. Generate a new one and paste it here."
        }
        463 => {
            "The token has run out. Generate a new one in the Meta app's dashboard and paste it here."
        }
        _ => {
            "Meta does not accept the token any more. Generate a new one in the Meta app's dashboard and paste it here."
        }
    }
}

/// Why a person cannot be written to.
fn person(code: i64, sub: i64) -> Option<&'static str> {
    Some(match (code, sub) {
        (100, 2_534_014 | 2_018_001) => {
            "There is no such person for this account: they wrote to another account, or theirs is gone."
        }
        (551, _) | (200, 1_545_041) | (10, 2_018_108) => {
            "This person cannot be reached: they closed their account, blocked yours, or take no messages. Write by another channel."
        }
        _ => return None,
    })
}

/// Why a file was refused.
fn file(code: i64, sub: i64) -> Option<&'static str> {
    Some(match (code, sub) {
        (100, 2_018_047) => {
            "Meta refuses this kind of file. Pictures go as PNG or JPEG, documents on Instagram as PDF."
        }
        (100, 2_018_008) => "Meta could not fetch the file.",
        (100, 2_018_109) => "The file is too large: a picture may have 8 MB, anything else 25 MB.",
        (100, 2_018_294) => "Meta took too long with the file. Try a smaller one.",
        (100, 2_018_074) => "Meta does not know the uploaded file any more. Send it again.",
        _ => return None,
    })
}

/// The vendor's words as they may be shown: one line, no long numbers (people's ids), nothing that may be a token.
fn safe(words: &str) -> String {
    let each = words.split_whitespace().map(|w| {
        let digits = w.chars().filter(char::is_ascii_digit).count();
        let token = ["EAA", "IGA", "IGQ"].iter().any(|t| w.contains(t));
        if digits >= 9 || token || w.len() > 40 || w.contains("://") || w.contains('@') {
            "…"
        } else {
            w
        }
    });
    let line = each.collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect()
}

/// The token's end, in words.
pub(super) fn ran_out(at: Millis) -> ChannelError {
    ChannelError::new(
        Remedy::Reconnect,
        "token",
        format!(
            "The token ran out on {}. Generate a new one in the Meta app's dashboard and paste it here.",
            when::day(at)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(code: i64, sub: i64, aim: Aim) -> Remedy {
        let said = Said {
            code,
            sub,
            ..Said::default()
        };
        said.means(Channel::Instagram, aim).0
    }

    fn answered(status: u16, body: &str, aim: Aim) -> Refused {
        let answer = Answer {
            host: "graph.test".into(),
            status,
            headers: Default::default(),
            body: body.into(),
        };
        refused(&answer, Channel::Instagram, "step", aim, 0, None)
    }

    #[test]
    fn what_broke_inside_leaves_a_send_uncertain_whatever_its_code_and_a_question_to_be_asked_again()
     {
        let told = |code: i64, transient: bool| {
            serde_json::json!({ "error": { "code": code, "is_transient": transient, "message": "?" } })
                .to_string()
        };
        for (status, body) in [
            (500, told(-1, true)),
            (500, told(-1, false)),
            (400, told(-1, true)),
            (503, told(1_357, false)),
            (500, told(100, false)),
            (400, told(2, false)),
        ] {
            let remedy = |aim| answered(status, &body, aim).error.remedy;
            assert_eq!(remedy(Aim::Send), Remedy::Uncertain, "{status} {body}");
            assert_eq!(remedy(Aim::Look), Remedy::Retry, "{status} {body}");
            assert_eq!(remedy(Aim::Upload), Remedy::Retry, "{status} {body}");
            assert!(!answered(status, &body, Aim::Look).is_its_word());
        }
        // What says clearly that nothing was done stays what it is.
        let closed = told(551, false);
        assert_eq!(
            answered(500, &closed, Aim::Send).error.remedy,
            Remedy::Final
        );
        assert_eq!(
            answered(400, &told(777, false), Aim::Send).error.remedy,
            Remedy::Final
        );
    }

    #[test]
    fn a_page_from_somebody_on_the_way_ends_no_reading() {
        for (status, body) in [
            (403, "<html>Sign in</html>"),
            (404, "<html>"),
            (400, " <p>"),
            (407, ""),
            (401, "<html>"),
            (302, ""),
            (403, "{}"),
        ] {
            let e = answered(status, body, Aim::Look).error;
            assert_eq!(e.remedy, Remedy::Retry, "{status}: {e}");
            assert_eq!(e.what.contains("web page"), body.contains('<'), "{e}");
        }
        assert_eq!(
            answered(403, "<html>", Aim::Send).error.remedy,
            Remedy::Final,
            "nothing was sent"
        );
    }

    #[test]
    fn every_documented_code_has_its_remedy_when_reading_and_when_sending() {
        use Remedy::{Final, Reconnect, Retry, Uncertain, Wait};
        // Codes that concern sending, or one person, message or file, do not end reading.
        for (code, sub, reading, sending) in [
            (190, 0, Reconnect, Reconnect),
            (190, 458, Reconnect, Reconnect),
            (190, 459, Reconnect, Reconnect),
            (190, 460, Reconnect, Reconnect),
            (190, 463, Reconnect, Reconnect),
            (190, 467, Reconnect, Reconnect),
            (102, 0, Reconnect, Reconnect),
            (10, 2_534_022, Retry, Final),
            (10, 2_018_278, Retry, Final),
            (10, 0, Reconnect, Reconnect),
            (3, 0, Reconnect, Reconnect),
            (200, 0, Reconnect, Reconnect),
            (299, 0, Reconnect, Reconnect),
            (200, 2_534_041, Reconnect, Reconnect),
            (4, 0, Wait, Wait),
            (17, 0, Wait, Wait),
            (32, 0, Wait, Wait),
            (613, 2_534_040, Wait, Wait),
            (80_001, 0, Wait, Wait),
            (80_002, 0, Wait, Wait),
            (80_006, 0, Wait, Wait),
            (341, 0, Wait, Wait),
            (1, 0, Retry, Uncertain),
            (1, 1_357_046, Retry, Uncertain),
            (2, 0, Retry, Uncertain),
            (100, 2_534_014, Retry, Final),
            (100, 2_018_001, Retry, Final),
            (100, 2_018_047, Retry, Final),
            (100, 2_018_008, Retry, Final),
            (100, 2_018_109, Retry, Final),
            (100, 2_018_294, Retry, Final),
            (100, 2_018_074, Retry, Final),
            (551, 0, Retry, Final),
            (200, 1_545_041, Retry, Final),
            (10, 2_018_108, Retry, Final),
            (10, 1_893_063, Retry, Final),
            (100, 2_534_029, Retry, Final),
            (368, 0, Retry, Final),
            (2_022, 0, Retry, Final),
            (100, 2_018_300, Retry, Final),
            (9_000_001, 0, Retry, Final),
            (100, 0, Retry, Final),
            (777, 0, Retry, Final),
        ] {
            assert_eq!(
                meaning(code, sub, Aim::Look),
                reading,
                "reading {code}/{sub}"
            );
            assert_eq!(
                meaning(code, sub, Aim::Send),
                sending,
                "sending {code}/{sub}"
            );
            // A file is handed over once more only where it broke, and never for hours where it is refused.
            let handing = if sending == Uncertain { Retry } else { sending };
            assert_eq!(
                meaning(code, sub, Aim::Upload),
                handing,
                "handing over {code}/{sub}"
            );
        }
    }

    #[test]
    fn the_vendors_words_lose_ids_addresses_and_tokens() {
        let shown = safe(
            "No user 17841400000000001 at\nhttps://x.test/?t=1 for EAAGabcdefghijklmnopqrstuvwxyz0123456789ABCDEFG a@b.test (#100)",
        );
        assert_eq!(shown, "No user … at … for … … (#100)");
        assert!(safe(&"word ".repeat(500)).len() <= LONGEST);
    }
}
