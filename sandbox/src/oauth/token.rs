//! Access tokens: made here, and read by the servers that they open.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::KEY;

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// An access token (a JWT signed with [`KEY`]) for a user, good for so many seconds.
#[must_use]
pub fn access_token(user: &str, good_for: i64, number: u64) -> String {
    let now = now();
    let claims = json!({
        "iss": "https://sandbox.test", "sub": user, "email": user, "aud": "mail", "scope": "mail",
        "iat": now - 3_600, "nbf": now - 3_600, "exp": now + good_for, "jti": number.to_string(),
    });
    let part = |v: &Value| BASE64URL_NOPAD.encode(v.to_string().as_bytes());
    let signed = format!(
        "{}.{}",
        part(&json!({ "alg": "HS256", "typ": "JWT" })),
        part(&claims)
    );
    let signature = Hmac::<Sha256>::new_from_slice(KEY)
        .map(|mut mac| {
            mac.update(signed.as_bytes());
            BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
        })
        .unwrap_or_default();
    format!("{signed}.{signature}")
}

/// Whose access token this is, if it was signed with this key and is still good.
#[must_use]
pub fn holder(token: &str, key: &[u8]) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?)
        .ok()?;
    let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let good = claims.get("exp").and_then(Value::as_i64)? > now();
    claims
        .get("email")
        .and_then(Value::as_str)
        .filter(|_| good)
        .map(str::to_owned)
}
