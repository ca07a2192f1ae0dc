//! Tries an account step by step, and finds the numbers that a key is for.

use super::walk::number_of;
use super::{Api, Twilio};
use crate::connectors::{Context, Found, Result, Step};
use crate::model::{
    AccountConfig, Channel, ChannelError, Profile, Remedy, SmsConfig, SmsVia, WhatsappConfig,
};
use serde_json::Value;
use url::Url;

/// What a note is about.
const ANSWERS: &str = "answers";

fn done(step: &'static str, note: impl Into<String>) -> Step {
    Step {
        step,
        ok: true,
        note: note.into(),
        hint: None,
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Who answers what comes to a number, besides Parley.
fn answers(number: &Value) -> Option<String> {
    if !text(number, "sms_application_sid").is_empty() {
        return Some(
            "An application of the vendor also gets what customers write to this number, and may answer by itself. \
             Look into the number's settings under Messaging."
                .into(),
        );
    }
    let host = Url::parse(text(number, "sms_url"))
        .ok()?
        .host_str()?
        .to_owned();
    Some(if host == "demo.twilio.com" {
        "The number answers by itself: new numbers send each customer a sample message. In the vendor's console, open \
         the number, and under Messaging empty the field “A message comes in”."
            .into()
    } else {
        format!(
            "A program at {host} also gets what customers write to this number, and may answer. If that is not wanted, \
             empty the field “A message comes in” in the number's settings."
        )
    })
}

impl Twilio {
    pub(super) async fn tried(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let result = self.steps(&mut steps).await;
        if let Err(e) = &result {
            steps.push(Step {
                step: e.step,
                ok: false,
                note: e.what.clone(),
                hint: e.hint.clone(),
            });
        }
        (steps, result)
    }

    async fn steps(&self, steps: &mut Vec<Step>) -> Result<Profile> {
        let api = self.api()?;
        // A key that may only read and send messages is enough.
        let found = api.numbers(&self.number).await?;
        steps.push(done("login", "The account and its key are accepted."));
        let mut notes = Vec::new();
        if let Some(found) = found {
            let mine = found.iter().find(|n| number_of(n) == self.number);
            self.number_step(api, mine, steps, &mut notes).await?;
        }
        api.messages("To", &self.named(&self.number), 1).await?;
        steps.push(done("messages", "Messages can be read."));
        notes.push("New messages are looked for every 15 seconds while somebody writes or looks, else each minute.".into());
        Ok(Profile {
            name: self.number.clone(),
            notes,
        })
    }

    /// Looks who else answers on the number, for as long as the account is read. A key that may not ask says nothing.
    pub(super) async fn look_who_answers(&self) {
        if self.channel != Channel::Sms || !self.number.starts_with('+') {
            return;
        }
        let Ok(api) = self.api() else { return };
        match api.numbers(&self.number).await {
            Ok(Some(found)) => {
                let mine = found.iter().find(|n| number_of(n) == self.number);
                self.note(ANSWERS, mine.and_then(answers));
            }
            Ok(None) => {}
            Err(e) => tracing::debug!(step = e.step, "who answers on the number is not known"),
        }
    }

    async fn number_step(
        &self,
        api: &Api,
        mine: Option<&Value>,
        steps: &mut Vec<Step>,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let Some(mine) = mine else {
            // Senders on WhatsApp and short codes are listed elsewhere.
            if self.channel == Channel::Whatsapp || !self.number.starts_with('+') {
                return Ok(());
            }
            let all = api.numbers("").await?.unwrap_or_default();
            let all: Vec<&str> = all
                .iter()
                .map(number_of)
                .filter(|n| !n.is_empty())
                .collect();
            let what = if all.is_empty() {
                "This account has no numbers. Buy one in the vendor's console, or look at the account SID.".to_owned()
            } else {
                format!(
                    "This account has no such number. It has {}.",
                    all.join(", ")
                )
            };
            return Err(ChannelError::new(Remedy::Reconnect, "number", what));
        };
        let can = |what: &str| {
            mine.pointer(&format!("/capabilities/{what}"))
                .and_then(Value::as_bool)
        };
        if self.channel == Channel::Sms && can("sms") == Some(false) {
            let what = "This number cannot send or receive text messages. Take another one.";
            return Err(ChannelError::new(Remedy::Reconnect, "number", what));
        }
        steps.push(done("number", "The number belongs to the account."));
        if self.channel != Channel::Sms {
            return Ok(());
        }
        match answers(mine) {
            Some(trap) => {
                let sample = text(mine, "sms_url").contains("//demo.twilio.com");
                steps.push(Step {
                    ok: !sample,
                    ..done("answers", trap.clone())
                });
                self.note(ANSWERS, Some(trap.clone()));
                notes.push(trap);
            }
            None => {
                self.note(ANSWERS, None);
                steps.push(done("answers", "Nobody else answers on this number."));
            }
        }
        Ok(())
    }
}

/// The numbers of an account: for text messages those that can do them, for WhatsApp all, because its senders are
/// numbers of the account as a rule.
///
/// # Errors
/// What the vendor says; [`Remedy::Final`] where there are none.
pub async fn find(config: &AccountConfig, context: Context) -> Result<Vec<Found>> {
    let access = match config {
        AccountConfig::Sms(SmsConfig {
            via: SmsVia::Twilio(t),
            ..
        }) => t,
        AccountConfig::Whatsapp(w) => &w.twilio,
        _ => return Err(none()),
    };
    let api = Api::new(access, &context)?;
    let of = |number: &Value| {
        let phone = number_of(number).to_owned();
        let sms = number.pointer("/capabilities/sms").and_then(Value::as_bool);
        let name = Some(text(number, "friendly_name"))
            .filter(|n| !n.is_empty() && *n != phone)
            .unwrap_or(&phone)
            .to_owned();
        let config = match config {
            AccountConfig::Sms(s) if sms != Some(false) => AccountConfig::Sms(SmsConfig {
                number: phone.clone(),
                ..s.clone()
            }),
            AccountConfig::Whatsapp(w) => AccountConfig::Whatsapp(WhatsappConfig {
                number: phone.clone(),
                ..w.clone()
            }),
            _ => return None,
        };
        let notes = match config {
            AccountConfig::Sms(_) => answers(number).into_iter().collect(),
            _ => vec!["WhatsApp has to be set up for this number at the vendor.".to_owned()],
        };
        (!phone.is_empty()).then_some(Found {
            config,
            label: name,
            notes,
        })
    };
    let numbers = api.numbers("").await?.unwrap_or_default();
    let found: Vec<Found> = numbers.iter().filter_map(of).collect();
    if found.is_empty() {
        return Err(none());
    }
    Ok(found)
}

fn none() -> ChannelError {
    let what = "The account has no number for this. Buy one in the vendor's console, or enter the number by hand.";
    ChannelError::new(Remedy::Final, "find", what)
}
