//! People, and what was asked however it came.

use serde_json::{Map, Value, json};

use crate::http::{Part, Request};

/// Somebody on Telegram.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id, which is their chat's with the bot too.
    pub id: i64,
    /// First name.
    pub first: String,
    /// Last name, if any.
    pub last: String,
    /// User name, if any.
    pub username: String,
    /// Started the bot.
    pub started: bool,
    /// Blocked it.
    pub blocked: bool,
    /// Deleted their account.
    pub deleted: bool,
}

impl Person {
    /// Somebody who has not started the bot yet.
    #[must_use]
    pub fn of(id: i64, first: &str, last: &str, username: &str) -> Self {
        Self {
            id,
            first: first.into(),
            last: last.into(),
            username: username.into(),
            started: false,
            blocked: false,
            deleted: false,
        }
    }

    /// As a `User`.
    pub(super) fn user(&self) -> Value {
        let mut user = json!({ "id": self.id, "is_bot": false, "first_name": self.first, "language_code": "en" });
        self.names(&mut user);
        user
    }

    /// As a private `Chat`.
    pub(super) fn chat(&self) -> Value {
        let mut chat = json!({ "id": self.id, "type": "private", "first_name": self.first });
        self.names(&mut chat);
        chat
    }

    fn names(&self, into: &mut Value) {
        if !self.last.is_empty() {
            into["last_name"] = json!(self.last);
        }
        if !self.username.is_empty() {
            into["username"] = json!(self.username);
        }
    }
}

/// A method's parameters, from the query, a form, JSON or a multipart form.
pub(super) struct Asked {
    values: Map<String, Value>,
    pub(super) files: Vec<Part>,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let mut values = Map::new();
        let mut files = Vec::new();
        let texts = request.pairs.clone().into_iter().chain(request.form());
        for (name, text) in texts {
            values.insert(name, read(&text));
        }
        for part in request.parts() {
            if part.file.is_some() {
                files.push(part);
            } else {
                values.insert(part.name.clone(), read(&part.text()));
            }
        }
        if request.is("application/json")
            && let Some(Value::Object(given)) = request.json()
        {
            values.extend(given);
        }
        Self { values, files }
    }

    /// A value; what came as text may be JSON inside.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|v| !v.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(s) => Some(s.clone()),
            other => Some(other.to_string()),
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let v = self.value(name)?;
        v.as_i64().or_else(|| v.as_str()?.parse().ok())
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|v| v == &json!(true) || v.as_str() == Some("True"))
    }
}

/// Objects and lists come as JSON in forms; anything else is meant as it stands.
fn read(text: &str) -> Value {
    let structured = text.starts_with(['{', '[']);
    let parsed = structured
        .then(|| serde_json::from_str(text).ok())
        .flatten();
    parsed.unwrap_or_else(|| match text {
        "true" => json!(true),
        "false" => json!(false),
        text => json!(text),
    })
}

/// Without the words that the fake keeps beside the vendor's, which begin with `_`.
pub(super) fn bare(value: &Value) -> Value {
    match value {
        Value::Object(o) => Value::Object(
            o.iter()
                .filter(|(name, _)| !name.starts_with('_'))
                .map(|(name, v)| (name.clone(), bare(v)))
                .collect(),
        ),
        Value::Array(all) => Value::Array(all.iter().map(bare).collect()),
        other => other.clone(),
    }
}
