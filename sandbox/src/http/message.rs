//! A request as a fake sees it, and what it answers.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::Value;

use super::calls::value;
use super::multipart::{self, Part};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its number in the log: a fake that is asked again ([`Response::not_yet`]) knows by it what it is asked.
    pub number: u64,
    /// `GET`, `POST` …
    pub method: String,
    /// The path as it was asked, without the query.
    pub path: String,
    /// The query, decoded, in order.
    pub pairs: Vec<(String, String)>,
    /// Headers with names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Flags of faults that happen to it.
    pub(super) flags: Vec<String>,
    /// The patience is over: [`Response::not_yet`] would not be heard any more.
    pub(super) last: bool,
}

impl Request {
    /// The first value of a name in the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        value(&self.pairs, name)
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The parts of the path, decoded.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|p| !p.is_empty());
        parts.map(decoded).collect()
    }

    /// User and password, where it shows some (RFC 7617).
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        let given = self.header("authorization")?.strip_prefix("Basic ")?;
        let bytes = BASE64.decode(given.trim().as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The bearer token, where it shows one.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?
            .strip_prefix("Bearer ")
            .map(str::trim)
    }

    /// Whether the body says that it is of this media type.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.header("content-type")
            .and_then(|c| c.split(';').next())
            .is_some_and(|c| c.trim().eq_ignore_ascii_case(kind))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body's fields, where it is a form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        if !self.is("application/x-www-form-urlencoded") {
            return Vec::new();
        }
        url::form_urlencoded::parse(&self.body)
            .into_owned()
            .collect()
    }

    /// The body's parts, where it is `multipart/form-data`.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        multipart::parts(
            self.header("content-type").unwrap_or_default(),
            self.body.as_slice(),
        )
    }

    /// Whether a fault set this flag for it.
    #[must_use]
    pub fn flagged(&self, name: &str) -> bool {
        self.flags.iter().any(|f| f == name)
    }

    /// Whether it has waited as long as it wanted: what is said now is the answer.
    #[must_use]
    pub fn last_chance(&self) -> bool {
        self.last
    }
}

/// A path's part without its `%XX`.
fn decoded(part: &str) -> String {
    // A plus is a plus in a path.
    let plain = part.replace('+', "%2B");
    url::form_urlencoded::parse(format!("v={plain}").as_bytes())
        .next()
        .map(|(_, v)| v.into_owned())
        .unwrap_or_default()
}

/// What a fake answers.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    pub(super) wait: Option<Duration>,
}

impl Response {
    /// A status without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(
            status,
            "application/json;charset=utf-8",
            body.to_string().into_bytes(),
        )
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, body: &str) -> Self {
        Self::bytes(status, "text/plain;charset=utf-8", body.as_bytes().to_vec())
    }

    /// A page.
    #[must_use]
    pub fn html(status: u16, body: &str) -> Self {
        Self::bytes(status, "text/html;charset=utf-8", body.as_bytes().to_vec())
    }

    /// Anything.
    #[must_use]
    pub fn bytes(status: u16, kind: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), kind.into())],
            body,
            wait: None,
        }
    }

    /// Leads elsewhere.
    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::empty(status).with("Location", to)
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Nothing to say yet: ask again when the state was touched, and a last time after this long (by the computer's
    /// clock, from when the request came).
    #[must_use]
    pub fn not_yet(patience: Duration) -> Self {
        Self {
            wait: Some(patience),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_meant() {
        let request = Request {
            path: "/a/%2B49%20x/c+d.json".into(),
            headers: vec![
                ("authorization".into(), "Basic QUM6czplYw==".into()),
                (
                    "content-type".into(),
                    "application/x-www-form-urlencoded; charset=utf-8".into(),
                ),
            ],
            body: b"To=%2B49&Body=a+b".to_vec(),
            ..Request::default()
        };
        assert_eq!(request.segments(), ["a", "+49 x", "c+d.json"]);
        assert_eq!(request.basic(), Some(("AC".into(), "s:ec".into())));
        assert_eq!(request.bearer(), None);
        let form = [("To", "+49"), ("Body", "a b")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(request.form(), form);
    }
}
