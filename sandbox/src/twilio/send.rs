//! Sending: what is refused at once, and what is taken.

use serde_json::Value;

use super::account::{Account, Fate, failed};
use super::message::{Message, WINDOW};
use crate::http::{Request, Response};

/// Most characters of a text.
const LONGEST: usize = 1_600;
/// Most files.
const FILES: usize = 10;

impl Account {
    pub(super) fn create(&mut self, request: &Request, now: i64) -> Response {
        match self.take(request, now) {
            Ok(message) => {
                let answer = Response::json(201, &self.render(&message, now));
                self.messages.push(message);
                answer
            }
            Err(code) => failed(code),
        }
    }

    /// The message that a request makes, or the vendor's code of refusal.
    fn take(&mut self, request: &Request, now: i64) -> Result<Message, u32> {
        let form = request.form();
        let field = |name: &str| {
            let found = form.iter().find(|(n, _)| n == name);
            found.map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
        };
        // Programs write arrays as the vendor does; the vendor's OpenAPI wants brackets.
        let media_urls: Vec<String> = form
            .iter()
            .filter(|(name, _)| name.split('[').next() == Some("MediaUrl"))
            .map(|(_, url)| url.clone())
            .collect();
        let to = field("To").ok_or(21604u32)?;
        let service = field("MessagingServiceSid").map(str::to_owned);
        let own = self.numbers.first().map(|n| n.phone.clone());
        let from = match (field("From"), &service) {
            (Some(from), _) => from.to_owned(),
            (None, Some(_)) => own.unwrap_or_default(),
            (None, None) => return Err(21603),
        };
        let whatsapp = to.starts_with("whatsapp:");
        if whatsapp != from.starts_with("whatsapp:") {
            return Err(21910);
        }
        self.check_numbers(&from, to)?;
        let template = field("ContentSid")
            .map(|sid| self.filled(sid, field("ContentVariables")))
            .transpose()?;
        let by_template = template.is_some();
        let body = match (template, field("Body")) {
            (Some(text), _) => text,
            (None, Some(body)) => body.to_owned(),
            (None, None) if !media_urls.is_empty() => String::new(),
            (None, None) => return Err(21602),
        };
        if body.chars().count() > LONGEST {
            return Err(21617);
        }
        if media_urls.len() > FILES {
            return Err(21623);
        }
        if media_urls.iter().any(|url| !url.starts_with("http")) {
            return Err(21620);
        }
        let mut fate = self.fates.get(to).copied().unwrap_or(Fate::Delivered);
        let open = self
            .last_inbound(&from, to)
            .is_some_and(|last| now - last < WINDOW);
        if whatsapp && !by_template && !open {
            fate = Fate::Failed(63016);
        }
        let sid = self.new_sid(if media_urls.is_empty() { "SM" } else { "MM" });
        Ok(Message {
            sid,
            direction: "outbound-api",
            from,
            to: to.to_owned(),
            body,
            created: now,
            held: 0,
            fate,
            service,
            media: Vec::new(),
            media_urls,
        })
    }

    fn check_numbers(&self, from: &str, to: &str) -> Result<(), u32> {
        let bare = |address: &str| {
            address
                .strip_prefix("whatsapp:")
                .unwrap_or(address)
                .to_owned()
        };
        let (number, own) = (bare(to), bare(from));
        let digits = number.strip_prefix('+').unwrap_or_default();
        let valid = (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        // The vendor's own numbers for trying refusals.
        let magic = match number.as_str() {
            "+15005550001" => Some(21211),
            "+15005550002" => Some(21612),
            "+15005550003" => Some(21408),
            "+15005550004" => Some(21610),
            "+15005550009" => Some(21614),
            _ => None,
        };
        if !valid {
            return Err(21211);
        }
        if let Some(code) = magic {
            return Err(code);
        }
        let mine = if to.starts_with("whatsapp:") {
            self.whatsapp.contains(&own)
        } else {
            self.numbers.iter().any(|n| n.phone == own)
        };
        if !mine {
            return Err(21606);
        }
        if self.opted_out.contains(&(from.to_owned(), to.to_owned())) {
            return Err(21610);
        }
        match self.fates.get(to) {
            Some(Fate::Refused(code)) => Err(*code),
            _ => Ok(()),
        }
    }

    fn filled(&self, sid: &str, variables: Option<&str>) -> Result<String, u32> {
        let mut text = self.templates.get(sid).cloned().ok_or(21655u32)?;
        let variables: Value =
            serde_json::from_str(variables.unwrap_or("{}")).map_err(|_| 21656u32)?;
        for (name, value) in variables.as_object().ok_or(21656u32)? {
            let value = value.as_str().ok_or(21656u32)?;
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        Ok(text)
    }
}
