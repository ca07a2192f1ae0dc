//! What the vendor's codes mean, and what to do about each. Its words may change and are not read.

use crate::connectors::http::Answer;
use crate::model::{ChannelError, Remedy, Undelivered};
use crate::time::{Millis, SECOND};
use serde_json::Value;

/// How long to rest where the vendor does not say.
const REST: Millis = 10 * SECOND;

/// A failure of a call, by the vendor's code where it gives one.
pub(super) fn refused(
    answer: &Answer,
    step: &'static str,
    acted: bool,
    now: Millis,
) -> ChannelError {
    let general = answer.failure(step, acted, now);
    let host = &answer.host;
    let code = code_of(answer);
    let step = if is_opt_out(code) { UNSUBSCRIBED } else { step };
    let known = code.and_then(known);
    let (remedy, what) = match (known, answer.status) {
        (Some((remedy, words)), _) => (remedy, format!("{host}: {words}")),
        (None, 401) => (Remedy::Reconnect, format!("{host}: {KEY}")),
        (None, 403) => (Remedy::Reconnect, format!("{host}: {MAY_NOT}")),
        (None, 404) => (Remedy::Reconnect, format!("{host}: {NOT_THERE}")),
        _ => (general.remedy, general.what),
    };
    let what = match code {
        Some(code) => format!("{what} ({code})"),
        None => what,
    };
    let told = general.retry_after;
    ChannelError {
        retry_after: told.or((remedy == Remedy::Wait).then_some(REST)),
        ..ChannelError::new(remedy, step, what)
    }
}

/// Some who speak the same interface give the code as a text.
fn code_of(answer: &Answer) -> Option<u32> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    number(body.get("code")?)
}

/// A number, or a text of digits.
pub(super) fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => u32::try_from(other.as_u64()?).ok(),
    }
}

const KEY: &str = "the account SID, the API key or its secret is wrong, or was revoked. Make a new API key and enter it.";
const MAY_NOT: &str = "this API key may not do that. Make one of the type Standard, or allow it to read and send messages.";
const NOT_THERE: &str = "there is no such account. Look at the account SID, and at the address in the account's settings.";

/// What to do about a refusal, and why in words.
fn known(code: u32) -> Option<(Remedy, &'static str)> {
    use Remedy::{Final, Reconnect, Wait};
    Some(match code {
        20003 | 20008 => (Reconnect, KEY),
        20005 | 30002 => (
            Reconnect,
            "the account is suspended or closed. Look at its console.",
        ),
        20006 | 70051 => (Reconnect, MAY_NOT),
        20404 => (Reconnect, NOT_THERE),
        // Documented as never processed.
        20429 | 14107 | 63018 => (Wait, "too many calls at once; it goes on by itself."),
        21611 => (
            Wait,
            "too many messages of this number wait to be sent; it goes on by itself.",
        ),
        21211 | 21217 | 63003 => (Final, "the customer's number is none that can be reached."),
        21212 | 21603 | 21606 | 21659 | 21660 | 21661 => (
            Final,
            "the account's own number cannot send this. Look whether it belongs to the account and can send messages.",
        ),
        21408 => (
            Final,
            "sending to this country is switched off. Switch it on in the console under Messaging, Geo permissions.",
        ),
        21610 => (
            Final,
            "the customer has unsubscribed by STOP; only they can undo that, by START.",
        ),
        21612 => (
            Final,
            "the customer's number cannot be reached from this number.",
        ),
        21614 => (
            Final,
            "the customer's number cannot receive text messages; it is no mobile number.",
        ),
        21605 | 21617 => (Final, "the text is too long."),
        21602 | 21619 => (Final, "there is no text."),
        21655 => (Final, "there is no such template in the account."),
        21656 => (Final, "what was filled into the template does not fit it."),
        21910 => (Final, "the two numbers belong to different channels."),
        63007 => (
            Final,
            "the account's number is not registered with WhatsApp.",
        ),
        63016 => (
            Final,
            "more than 24 hours have passed since the customer last wrote; WhatsApp takes only approved texts.",
        ),
        _ => return None,
    })
}

/// Why a message did not arrive after it was taken.
pub(super) fn undelivered(code: Option<u32>, status: &str) -> Undelivered {
    let Some(code) = code.filter(|c| *c != 0) else {
        return Undelivered {
            code: status.to_owned(),
            words: match status {
                "canceled" => "It was cancelled before it was sent.".into(),
                _ => "It was not delivered; nobody says why.".into(),
            },
            hard: false,
        };
    };
    let (hard, words) = match code {
        30001 => (false, "Too many messages waited; it was dropped."),
        30002 => (false, "The account at the vendor is suspended."),
        30003 => (
            false,
            "The phone cannot be reached: switched off, or without network.",
        ),
        30004 => (true, "The number blocks messages."),
        30005 => (true, "The number is unknown or no longer in use."),
        30006 => (
            true,
            "The number is a landline or cannot receive text messages.",
        ),
        30007 | 30410 => (false, "The carrier took it for unwanted and dropped it."),
        30008 => (false, "The carrier gives no reason."),
        30034 => (
            false,
            "The number is not registered for business messages in the United States (A2P 10DLC). Register it in the console.",
        ),
        21610 => (true, "The customer has unsubscribed by STOP."),
        21614 => (true, "The number cannot receive text messages."),
        63003 | 63024 => (true, "The number is not on WhatsApp."),
        63014 => (true, "The customer blocks this account."),
        63016 => (
            false,
            "More than 24 hours had passed since the customer last wrote; WhatsApp takes only approved texts then.",
        ),
        63049 => (false, "WhatsApp chose not to deliver it."),
        _ => (false, "The vendor gives only this code for the reason."),
    };
    Undelivered {
        code: code.to_string(),
        words: words.into(),
        hard,
    }
}

/// The step of a refusal because the customer wants no more messages.
pub(super) const UNSUBSCRIBED: &str = "recipient";

/// Whether this code says that the customer wants no more messages.
pub(super) fn is_opt_out(code: Option<u32>) -> bool {
    code == Some(21610)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderMap, HeaderValue};

    fn answer(status: u16, body: &str, retry_after: Option<&'static str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(wait) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(wait));
        }
        Answer {
            host: "api.vendor.test".into(),
            status,
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn each_code_of_the_table_says_what_to_do() {
        for (status, code, remedy) in [
            (401, 20003, Remedy::Reconnect),
            (403, 20005, Remedy::Reconnect),
            (404, 20404, Remedy::Reconnect),
            (429, 20429, Remedy::Wait),
            (400, 21211, Remedy::Final),
            (400, 21408, Remedy::Final),
            (400, 21606, Remedy::Final),
            (400, 21610, Remedy::Final),
            (400, 21611, Remedy::Wait),
            (400, 21612, Remedy::Final),
            (400, 21614, Remedy::Final),
            (400, 21617, Remedy::Final),
            (400, 63016, Remedy::Final),
            (400, 12345, Remedy::Final),
        ] {
            let text =
                format!(r#"{{"code":{code},"message":"in any language","status":{status}}}"#);
            let e = refused(&answer(status, &text, None), "send", true, 0);
            assert_eq!(e.remedy, remedy, "{code}");
            assert!(e.what.contains(&code.to_string()), "{}", e.what);
            assert!(!e.what.contains("in any language"));
            assert_eq!(
                e.retry_after,
                (remedy == Remedy::Wait).then_some(REST),
                "{code}"
            );
        }
    }

    #[test]
    fn a_vendors_wish_to_wait_is_kept_and_its_failures_leave_a_send_uncertain() {
        let e = refused(&answer(429, "", Some("30")), "poll", false, 0);
        assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(30_000)));
        let e = refused(&answer(500, "<html>", None), "send", true, 0);
        assert_eq!(e.remedy, Remedy::Uncertain);
        let e = refused(&answer(502, "", None), "poll", false, 0);
        assert_eq!(e.remedy, Remedy::Retry);
        let e = refused(&answer(400, r#"{"code":"21610"}"#, None), "send", true, 0);
        assert_eq!(e.remedy, Remedy::Final, "a code as a text");
        assert_eq!(
            refused(&answer(401, "", None), "poll", false, 0).remedy,
            Remedy::Reconnect
        );
    }
}
