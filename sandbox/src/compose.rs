//! Writes simple mails as a customer's mail program would.

use std::time::SystemTime;

use data_encoding::{BASE64, HEXLOWER};
use jiff::{Timestamp, tz::TimeZone};

use crate::error::{Error, Result};

/// A mail with one plain text.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Who writes, with or without a name: `Anna Berg <anna@shop.test>`.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The Message-ID this answers, with its angle brackets.
    pub in_reply_to: Option<String>,
}

impl Letter {
    /// The mail as it goes over the wire, dated now.
    pub fn to_mail(&self) -> Result<Vec<u8>> {
        let id = format!("<{}@{}>", random_name()?, domain(&self.from));
        self.to_mail_as(&id, SystemTime::now())
    }

    /// The mail with this Message-ID (with its angle brackets) and date.
    pub fn to_mail_as(&self, message_id: &str, at: SystemTime) -> Result<Vec<u8>> {
        for (what, value) in [("From", &self.from), ("To", &self.to)] {
            if !value.contains('@') || !value.is_ascii() || value.contains(char::is_control) {
                return Err(Error::Option(format!(
                    "{what}: {value:?} is not an address the sandbox can write"
                )));
            }
        }
        let mut head = vec![
            format!("From: {}", self.from),
            format!("To: {}", self.to),
            format!("Subject: {}", encoded_words(&self.subject)),
            format!("Date: {}", date(at)?),
            format!("Message-ID: {message_id}"),
        ];
        if let Some(id) = self
            .in_reply_to
            .as_deref()
            .filter(|id| !id.contains(char::is_control))
        {
            head.push(format!("In-Reply-To: {id}"));
            head.push(format!("References: {id}"));
        }
        head.extend(
            [
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: base64",
            ]
            .map(String::from),
        );
        Ok(format!(
            "{}\r\n\r\n{}",
            head.join("\r\n"),
            wrapped_base64(self.text.as_bytes())
        )
        .into_bytes())
    }
}

/// The bare address in `Name <address>`.
pub(crate) fn address(mailbox: &str) -> &str {
    mailbox
        .split_once('<')
        .map_or(mailbox, |(_, rest)| rest.trim_end().trim_end_matches('>'))
        .trim()
}

fn domain(mailbox: &str) -> &str {
    address(mailbox)
        .rsplit_once('@')
        .map_or("localhost", |(_, domain)| domain)
}

/// A time as the Date header wants it.
pub(crate) fn date(at: SystemTime) -> Result<String> {
    let broken = |error: jiff::Error| Error::Option(format!("no date for a mail: {error}"));
    let zoned = Timestamp::try_from(at)
        .map_err(broken)?
        .to_zoned(TimeZone::UTC);
    jiff::fmt::rfc2822::to_string(&zoned).map_err(broken)
}

/// Twelve bytes nobody can guess, in letters and digits.
pub(crate) fn random_name() -> Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Option(format!("the system gives no random bytes: {error}")))?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Base64 in lines of at most 76 characters.
pub(crate) fn wrapped_base64(bytes: &[u8]) -> String {
    bytes
        .chunks(57)
        .map(|chunk| BASE64.encode(chunk) + "\r\n")
        .collect()
}

/// The text as a header may hold it (RFC 2047), folded where it is long.
pub(crate) fn encoded_words(text: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic();
    if text.len() < 60 && text.chars().all(plain) && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for character in text.chars() {
        // 42 bytes are 56 characters of base64: with the frame and the header's name still a short line.
        if words
            .last()
            .is_some_and(|word| word.len() + character.len_utf8() > 42)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let frame = |word: &String| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes()));
    words.iter().map(frame).collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    fn letter(subject: &str, text: &str) -> Letter {
        Letter {
            from: "Anna Berg <anna@shop.test>".into(),
            to: "support@desk.test".into(),
            subject: subject.into(),
            text: text.into(),
            in_reply_to: Some("<1@desk.test>".into()),
        }
    }

    #[test]
    fn any_subject_and_text_come_back_from_a_parser() {
        let long = "Änderung der Bestellung 注文 №".repeat(12);
        for subject in [
            "Lamp",
            "",
            "a\r\nBcc: evil@x.test",
            &long,
            "=?utf-8?Q?fake?=",
        ] {
            let mail = letter(subject, "Grüße\r\n.\r\n\u{1f600}")
                .to_mail()
                .unwrap();
            let parsed = MessageParser::default().parse(&mail).unwrap();
            assert_eq!(
                parsed
                    .subject()
                    .unwrap_or_default()
                    .replace(['\r', '\n'], ""),
                subject.replace(['\r', '\n'], "")
            );
            assert_eq!(parsed.body_text(0).unwrap(), "Grüße\r\n.\r\n\u{1f600}");
            assert_eq!(parsed.in_reply_to().as_text(), Some("1@desk.test"));
            assert!(parsed.bcc().is_none(), "a header was smuggled in");
            assert!(
                mail.split(|byte| *byte == b'\n')
                    .all(|line| line.len() <= 79)
            );
        }
    }

    #[test]
    fn an_address_with_a_line_break_is_refused() {
        let evil = Letter {
            to: "a@b.test\r\nBcc: c@d.test".into(),
            ..letter("x", "y")
        };
        assert!(evil.to_mail().is_err());
    }

    #[test]
    fn the_bare_address_is_found_with_and_without_a_name() {
        assert_eq!(address("Anna Berg <anna@shop.test>"), "anna@shop.test");
        assert_eq!(address(" anna@shop.test "), "anna@shop.test");
    }
}
