//! The account's numbers, and whether they answer by themselves.

use serde_json::{Value, json};

use super::account::{Account, failed};
use super::list::Page;
use super::text::rfc2822;
use crate::http::{Request, Response};

/// Where new numbers ask what to answer.
pub const SAMPLE: &str = "https://demo.twilio.com/welcome/sms/reply/";
/// What they answer.
pub(super) const SAMPLE_ANSWER: &str =
    "Thanks for the message. Configure your number's SMS URL to change this message.";
/// When the numbers were bought: long ago.
const BOUGHT: i64 = 1_700_000_000_000;

/// A number of the account.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) sid: String,
    pub(super) phone: String,
    sms_url: String,
}

impl Number {
    pub(super) fn new(sid: String, phone: String, sample: bool) -> Self {
        let mut number = Self {
            sid,
            phone,
            sms_url: String::new(),
        };
        number.answers_by_itself(sample);
        number
    }

    pub(super) fn answers_by_itself(&mut self, on: bool) {
        self.sms_url = if on { SAMPLE.into() } else { String::new() };
    }

    pub(super) fn is_sample(&self) -> bool {
        self.sms_url == SAMPLE
    }
}

impl Account {
    pub(super) fn number_list(&self, request: &Request) -> Response {
        let Some(page) = Page::of(request) else {
            return failed(20001);
        };
        let wanted = request.query("PhoneNumber");
        let rows = self
            .numbers
            .iter()
            .filter(|n| wanted.is_none_or(|w| n.phone.contains(w)))
            .map(|n| self.render_number(n));
        let path = self.path("IncomingPhoneNumbers.json");
        let rows = ("incoming_phone_numbers", rows.collect());
        Response::json(200, &page.frame(&path, rows, None))
    }

    pub(super) fn number_change(&mut self, file: &str, request: &Request) -> Response {
        let sid = file.strip_suffix(".json").unwrap_or(file);
        let form = request.form();
        let url = form.iter().find(|(name, _)| name == "SmsUrl");
        let Some(at) = self.numbers.iter().position(|n| n.sid == sid) else {
            return failed(20404);
        };
        if let (Some(number), Some((_, url))) = (self.numbers.get_mut(at), url) {
            number.sms_url.clone_from(url);
        }
        match self.numbers.get(at) {
            Some(number) => Response::json(200, &self.render_number(number)),
            None => failed(20404),
        }
    }

    pub(super) fn render_number(&self, number: &Number) -> Value {
        json!({
            "account_sid": self.sid,
            "address_requirements": "none",
            "address_sid": null,
            "api_version": "2010-04-01",
            "beta": false,
            "bundle_sid": null,
            "capabilities": { "fax": false, "mms": true, "sms": true, "voice": true },
            "date_created": rfc2822(BOUGHT),
            "date_updated": rfc2822(BOUGHT),
            "emergency_address_sid": null,
            "emergency_address_status": "unregistered",
            "emergency_status": "Inactive",
            "friendly_name": number.phone,
            "identity_sid": null,
            "origin": "twilio",
            "phone_number": number.phone,
            "sid": number.sid,
            "sms_application_sid": null,
            "sms_fallback_method": "POST",
            "sms_fallback_url": null,
            "sms_method": "POST",
            "sms_url": number.sms_url,
            "status": "in-use",
            "status_callback": null,
            "status_callback_method": "POST",
            "trunk_sid": null,
            "uri": self.path(&format!("IncomingPhoneNumbers/{}.json", number.sid)),
            "voice_application_sid": null,
            "voice_caller_id_lookup": false,
            "voice_fallback_method": "POST",
            "voice_fallback_url": null,
            "voice_method": "POST",
            "voice_receive_mode": "voice",
            "voice_url": null,
        })
    }
}
