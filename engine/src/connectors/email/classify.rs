//! Person, program or junk: by RFC 3834 and by what programs are known to write into their headers.

use super::bounce::{Letter, is_complaint};
use super::headers::Headers;
use crate::model::{Class, Kind, Place};

/// Local parts behind which no person reads.
const MACHINES: &[&str] = &[
    "mailer-daemon",
    "mailer_daemon",
    "postmaster",
    "post_master",
    "post-master",
    "mail-daemon",
    "no-reply",
    "noreply",
    "no_reply",
    "do-not-reply",
    "donotreply",
    "do_not_reply",
    "bounce",
    "bounces",
];

/// How answers of absent people begin, in the words of Outlook, Gmail, Exchange and others; nobody types them.
const VACATION_SUBJECTS: &[&str] = &[
    "automatic reply:",
    "auto reply:",
    "auto-reply:",
    "autoreply:",
    "auto response:",
    "auto-response:",
    "autoresponse:",
    "auto: ",
    "out of office:",
    "out of the office:",
    "out of office autoreply",
    "out of office reply",
    "out-of-office reply",
    "vacation reply",
    "away from my mail",
    "automatische antwort:",
    "automatische antwort ",
    "automatische abwesenheit",
    "abwesenheitsnotiz",
    "abwesenheitsassistent",
    "abwesend:",
    "réponse automatique :",
    "réponse automatique\u{a0}:",
    "réponse automatique:",
    "absence du bureau",
    "absent du bureau",
    "respuesta automática:",
    "respuesta automatica:",
    "fuera de la oficina:",
    "fuera de oficina:",
    "risposta automatica:",
    "fuori ufficio:",
    "resposta automática:",
    "resposta automatica:",
    "fora do escritório:",
    "automatisch antwoord:",
    "afwezig:",
    "afwezigheidsbericht",
    "automatiskt svar:",
    "autosvar:",
    "automatisk svar:",
    "automatisk svarmelding",
    "automaattinen vastaus:",
    "automatyczna odpowiedź:",
    "odpowiedź automatyczna:",
    "automatická odpověď:",
    "automatická odpoveď:",
    "automatikus válasz:",
    "otomatik yanıt:",
    "automatický",
    "автоматический ответ:",
    "автоответ:",
    "автоматична відповідь:",
    "自动答复:",
    "自動回覆:",
    "自动回复:",
    "自動返信:",
    "自動応答:",
    "자동 회신:",
    "자동 응답:",
];

/// What an absent person's program says where its header does not say whether it is one.
const TICKET_WORDS: &[&str] = &[
    "ticket",
    "[#",
    "case #",
    "case:",
    "request received",
    "anfrage",
    "vorgang",
    "we received your",
    "we have received",
    "bestellung",
    "order",
];

/// What wrote a mail, the class that follows, and, unless a person wrote it, why in a word.
pub(super) fn classify(
    letter: &Letter<'_>,
    place: Place,
    bounced: bool,
    calendar_only: bool,
) -> (Kind, Class, Option<&'static str>) {
    let (kind, reason) = kind(letter, bounced, calendar_only);
    if place == Place::Junk {
        return (kind, Class::Junk, Some("junk-folder"));
    }
    if letter
        .headers
        .text("x-spam-flag")
        .is_some_and(|v| v.starts_with("yes"))
    {
        return (kind, Class::Junk, Some("spam-flag"));
    }
    match kind {
        Kind::Person => (kind, Class::Human, None),
        _ => (kind, Class::Machine, Some(reason)),
    }
}

fn kind(letter: &Letter<'_>, bounced: bool, calendar_only: bool) -> (Kind, &'static str) {
    let headers = letter.headers;
    if bounced {
        return (
            Kind::Bounce,
            if letter.report().is_some() {
                "dsn"
            } else {
                "bounce"
            },
        );
    }
    match letter.report().as_deref() {
        Some("feedback-report") => return (Kind::Auto, "feedback-loop"),
        Some("disposition-notification") => return (Kind::Auto, "receipt"),
        Some(_) => return (Kind::Auto, "report"),
        None => {}
    }
    if is_complaint(letter) {
        return (Kind::Auto, "feedback-loop");
    }
    by_automatic_field(letter)
        .or_else(|| by_list_field(headers))
        .or_else(|| {
            said(headers, "x-auto-response-suppress")
                .then_some((Kind::Auto, "auto-response-suppress"))
        })
        .or_else(|| calendar_only.then_some((Kind::Auto, "calendar")))
        .or_else(|| by_sender(letter))
        .unwrap_or((Kind::Person, ""))
}

/// The first word of a field.
fn word(headers: &Headers<'_>, name: &str) -> Option<String> {
    headers.text(name).map(|v| {
        v.split([';', ' ', '(', ','])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    })
}

fn said(headers: &Headers<'_>, name: &str) -> bool {
    word(headers, name).is_some_and(|v| !matches!(v.as_str(), "no" | "none" | "false" | ""))
}

fn by_automatic_field(letter: &Letter<'_>) -> Option<(Kind, &'static str)> {
    let headers = letter.headers;
    let submitted = word(headers, "auto-submitted").unwrap_or_default();
    let subject = letter.subject.to_lowercase();
    let away = VACATION_SUBJECTS.iter().any(|s| subject.starts_with(s));
    let ticket = TICKET_WORDS.iter().any(|w| subject.contains(w));
    let full = headers.text("auto-submitted").unwrap_or_default();
    if submitted == "auto-replied" || full.contains("vacation") {
        let kind = if ticket && !away && !full.contains("vacation") {
            Kind::Auto
        } else {
            Kind::Vacation
        };
        return Some((kind, "auto-submitted"));
    }
    if away {
        return Some((Kind::Vacation, "vacation-subject"));
    }
    let listed = headers.first("list-id").is_some() || headers.first("list-post").is_some();
    if !submitted.is_empty() && submitted != "no" && !listed {
        return Some((Kind::Auto, "auto-submitted"));
    }
    let replies = [
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply-from",
        "x-autoreply-from",
        "x-mail-autoreply",
    ];
    if replies.into_iter().any(|n| said(headers, n))
        || word(headers, "precedence").is_some_and(|p| p == "auto_reply" || p == "auto-reply")
    {
        return Some((
            if ticket { Kind::Auto } else { Kind::Vacation },
            "auto-reply",
        ));
    }
    said(headers, "x-autogenerated").then_some((Kind::Auto, "auto-reply"))
}

fn by_list_field(headers: &Headers<'_>) -> Option<(Kind, &'static str)> {
    for name in ["list-id", "list-post"] {
        if headers
            .first(name)
            .is_some_and(|v| !v.eq_ignore_ascii_case(b"no"))
        {
            return Some((Kind::List, "list-id"));
        }
    }
    if headers.first("list-unsubscribe").is_some() {
        return Some((Kind::List, "list-unsubscribe"));
    }
    if [
        "mailing-list",
        "x-mailing-list",
        "x-mailman-version",
        "x-listname",
        "x-list-id",
    ]
    .into_iter()
    .any(|n| headers.first(n).is_some())
    {
        return Some((Kind::List, "list-id"));
    }
    let precedence = headers.text("precedence").unwrap_or_default();
    match precedence.trim() {
        "list" | "bulk" => Some((Kind::List, "precedence")),
        "junk" => Some((Kind::Auto, "precedence")),
        _ => None,
    }
}

fn by_sender(letter: &Letter<'_>) -> Option<(Kind, &'static str)> {
    let headers = letter.headers;
    if headers
        .text("return-path")
        .is_some_and(|v| v.split_whitespace().collect::<String>() == "<>")
    {
        return Some((Kind::Auto, "null-sender"));
    }
    let address = letter
        .from
        .map(|f| f.address.to_lowercase())
        .unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default();
    let machine = MACHINES.iter().any(|m| {
        local == *m
            || local
                .strip_prefix(m)
                .is_some_and(|rest| rest.starts_with(['+', '-', '.', '=', '_']))
    }) || ["-noreply", "-no-reply", ".noreply", "_noreply", "+noreply"]
        .iter()
        .any(|e| local.ends_with(e));
    let raw_from = headers.text("from").unwrap_or_default();
    (machine || raw_from.contains("mailer-daemon") || raw_from.contains("mail delivery sub"))
        .then_some((Kind::Auto, "machine-sender"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, from: &str, place: Place) -> Box<crate::model::Incoming> {
        let raw = format!("{header}From: {from}\r\n\r\nhi");
        match super::super::convert::convert(
            raw.as_bytes(),
            crate::model::RemoteId(String::new()),
            place,
            None,
            false,
        ) {
            crate::model::Event::Message(m) => m,
            other => panic!("{other:?}"),
        }
    }

    fn class(header: &str, from: &str) -> (Class, Option<&'static str>) {
        let m = read(header, from, Place::Inbox);
        (m.class, m.class_reason)
    }

    fn kind_of(header: &str) -> Kind {
        read(header, "anna@shop.test", Place::Inbox).kind
    }

    #[test]
    fn programs_are_told_apart_by_what_they_are_for() {
        for (header, kind) in [
            ("", Kind::Person),
            (
                "Auto-Submitted: auto-replied\r\nSubject: Re: hello\r\n",
                Kind::Vacation,
            ),
            (
                "Auto-Submitted: auto-replied\r\nSubject: [Ticket 12] We received your request\r\n",
                Kind::Auto,
            ),
            ("Auto-Submitted: auto-generated\r\n", Kind::Auto),
            (
                "Auto-Submitted: auto-generated\r\nList-Id: <x.test>\r\n",
                Kind::List,
            ),
            ("Precedence: auto_reply\r\n", Kind::Vacation),
            ("X-Autoreply: yes\r\n", Kind::Vacation),
            ("List-Id: <x.test>\r\n", Kind::List),
            ("Precedence: bulk\r\n", Kind::List),
            (
                "Subject: Automatische Antwort: Ihre Frage\r\n",
                Kind::Vacation,
            ),
            (
                "Subject: =?utf-8?Q?R=C3=A9ponse_automatique=C2=A0:_x?=\r\n",
                Kind::Vacation,
            ),
            (
                "Subject: =?utf-8?B?6Ieq5Yqo562U5aSNOiB4?=\r\n",
                Kind::Vacation,
            ),
            (
                "Subject: Out of office next week, who answers?\r\n",
                Kind::Person,
            ),
            ("Subject: Automatic doors: offer\r\n", Kind::Person),
            (
                "Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n",
                Kind::Auto,
            ),
            (
                "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n",
                Kind::Bounce,
            ),
            (
                "Content-Type: text/calendar; method=REPLY\r\n",
                Kind::Person,
            ),
        ] {
            assert_eq!(kind_of(header), kind, "{header}");
        }
    }

    #[test]
    fn an_ordinary_mail_is_a_persons() {
        for header in [
            "",
            "Auto-Submitted: no\r\n",
            "Precedence: normal\r\n",
            "Return-Path: <anna@shop.test>\r\n",
            "X-Auto-Response-Suppress: None\r\n",
            "Subject: I could not order\r\n",
            "Subject: Undeliverable parcel\r\n",
            "Content-Type: multipart/mixed; boundary=report\r\n",
        ] {
            assert_eq!(
                class(header, "anna@shop.test"),
                (Class::Human, None),
                "{header}"
            );
        }
        assert_eq!(class("", "noreplyton@shop.test").0, Class::Human);
        assert_eq!(class("", "bouncer@club.test").0, Class::Human);
    }

    #[test]
    fn every_sign_of_a_program_is_named() {
        for (header, reason) in [
            (
                "Auto-Submitted: auto-replied (vacation)\r\n",
                "auto-submitted",
            ),
            ("AUTO-SUBMITTED: auto-generated; x=y\r\n", "auto-submitted"),
            ("List-Id: <news.shop.test>\r\n", "list-id"),
            ("List-Unsubscribe: <https://x.test>\r\n", "list-unsubscribe"),
            ("Precedence: Bulk\r\n", "precedence"),
            (
                "X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n",
                "auto-response-suppress",
            ),
            ("X-Autoreply: yes\r\n", "auto-reply"),
            ("Return-Path: < >\r\n", "null-sender"),
            (
                "Content-Type: multipart/report; report-type=delivery-status\r\n",
                "dsn",
            ),
            (
                "Content-Type: multipart/report; report-type=disposition-notification\r\n",
                "receipt",
            ),
            ("X-Failed-Recipients: a@b.test\r\n", "bounce"),
            (
                "Subject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\n",
                "bounce",
            ),
        ] {
            assert_eq!(
                class(header, "anna@shop.test"),
                (Class::Machine, Some(reason)),
                "{header}"
            );
        }
        for from in [
            "MAILER-DAEMON@mx.test",
            "no-reply@shop.test",
            "noreply+77@shop.test",
            "postmaster@x.test",
        ] {
            assert_eq!(
                class("", from),
                (Class::Machine, Some("machine-sender")),
                "{from}"
            );
        }
    }

    #[test]
    fn junk_is_what_the_provider_takes_for_junk() {
        assert_eq!(
            class("X-Spam-Flag: YES\r\n", "a@b.test"),
            (Class::Junk, Some("spam-flag"))
        );
        let m = read("", "a@b.test", Place::Junk);
        assert_eq!(
            (m.class, m.class_reason),
            (Class::Junk, Some("junk-folder"))
        );
    }
}
