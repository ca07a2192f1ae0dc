//! A login with an access token (XOAUTH2), as the big providers take it.

use std::io;

use data_encoding::BASE64;

use super::{Next, Session};
use crate::oauth;

/// What a refused client is told before the refusal; it answers with an empty line.
const REASONS: &str = r#"{"status":"401","schemes":"bearer","scope":"mail"}"#;

impl Session {
    /// A token tells by its signature whose it is; the name has to be the same one.
    pub(super) async fn by_token(&mut self, initial: &str) -> io::Result<Next> {
        let Some(said) = self.challenge(initial, "334 ").await? else {
            return Ok(super::cancelled());
        };
        let name = self
            .shared
            .options
            .token_key
            .as_deref()
            .and_then(|key| user_of(&said, key));
        match name {
            Some(name) => Ok(self.welcome(name)),
            None => {
                let reasons = format!("334 {}", BASE64.encode(REASONS.as_bytes()));
                let _ = self.challenge("", &reasons).await?;
                Ok("535 5.7.8 the token is not accepted".into())
            }
        }
    }
}

/// The user a right token of theirs came with.
fn user_of(said: &str, key: &[u8]) -> Option<String> {
    let rest = said.strip_prefix("user=")?;
    let (user, rest) = rest.split_once('\u{1}')?;
    let token = rest.strip_prefix("auth=Bearer ")?.trim_end_matches('\u{1}');
    (oauth::holder(token, key)? == user).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(user: &str, token: &str) -> String {
        format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}")
    }

    #[test]
    fn a_token_opens_its_own_users_door_while_it_is_good() {
        let token = oauth::access_token("a@shop.test", 60, 1);
        let user = |said: &str, key: &[u8]| user_of(said, key);
        assert_eq!(
            user(&said("a@shop.test", &token), oauth::KEY).as_deref(),
            Some("a@shop.test")
        );
        assert_eq!(user(&said("b@shop.test", &token), oauth::KEY), None);
        assert_eq!(user(&said("a@shop.test", &token), b"another key"), None);
        let old = oauth::access_token("a@shop.test", -1, 2);
        assert_eq!(user(&said("a@shop.test", &old), oauth::KEY), None);
        for odd in [
            "",
            "user=a@shop.test",
            "user=a\u{1}auth=Bearer x.y\u{1}\u{1}",
        ] {
            assert_eq!(user(odd, oauth::KEY), None, "{odd:?}");
        }
    }
}
