//! Why a server lets nobody in, in words: its codes where it has any, else what the big providers are known to say.

use super::net::{at, mend, retry};
use super::presets::{self, Way};
use super::sasl::Refusal;
use crate::model::{ChannelError, Hint, MailServer};

/// What was shown to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A password.
    Password,
    /// An access token.
    Token,
}

/// The server takes no passwords.
pub(super) fn no_passwords(server: &MailServer, step: &'static str) -> ChannelError {
    mend(
        step,
        format!(
            "{} takes no passwords. It lets programs in through its own sign-in page only: choose to sign in with the provider in the account's settings.",
            at(server)
        ),
    )
    .with_hint(Hint::SignInPage)
}

/// The server takes no tokens.
pub(super) fn no_tokens(server: &MailServer, step: &'static str) -> ChannelError {
    mend(
        step,
        format!(
            "{} does not take the provider's sign-in. Choose a password in the account's settings, or correct the server.",
            at(server)
        ),
    )
}

/// The server refused a token and said why.
pub(super) fn token_refused(
    server: &MailServer,
    step: &'static str,
    refusal: &Refusal,
) -> ChannelError {
    let status = if refusal.status.is_empty() {
        String::new()
    } else {
        format!(" ({})", refusal.status)
    };
    mend(
        step,
        format!(
            "{} refused the provider's sign-in{status}. Sign in again in the account's settings, with the account whose mailbox this is; for a shared mailbox, with one that may open it.",
            at(server)
        ),
    )
    .with_hint(Hint::TokenRefused)
}

const BUSY: &[&str] = &[
    "unavailable",
    "inuse",
    "in use",
    "try again",
    "temporar",
    "limit",
    "too many",
];
const WANTS_APP_PASSWORD: &[&str] = &[
    "application-specific password",
    "app-specific password",
    "app password",
    "application password",
    "5.7.9",
    "invalidsecondfactor",
    "weblogin",
    "web login",
    "web browser",
    "webalert",
];
const READING_IS_OFF: &[&str] = &[
    "not enabled for imap",
    "imap is disabled",
    "imap access is disabled",
    "imap disabled",
    "pop/imap",
    "enable imap",
    "imap service is not enabled",
];
const SENDING_IS_OFF: &[&str] = &["5.7.139", "smtpclientauthentication is disabled"];

/// A refusal at the door. `said` is all the server said, `shown` what of it a person reads.
pub(super) fn refused(
    server: &MailServer,
    step: &'static str,
    said: &str,
    shown: &str,
    asked: Asked,
) -> ChannelError {
    let lower = said.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let at = at(server);
    if says(WANTS_APP_PASSWORD) {
        return app_password(server, step, shown);
    }
    if says(READING_IS_OFF) {
        return mend(
            step,
            format!(
                "{at} does not let programs read this mailbox yet: {shown}. Switch IMAP on in the provider's own settings (on its website), then try again."
            ),
        )
        .with_hint(Hint::SwitchOn);
    }
    if says(SENDING_IS_OFF) {
        return sending_off(server, step, shown, asked);
    }
    if says(BUSY) && !lower.contains("authenticationfailed") {
        return retry(
            step,
            format!(
                "{at} cannot sign anybody in at the moment: {shown}. It is tried again by itself."
            ),
        );
    }
    if lower.contains("disabled") && asked == Asked::Password {
        return no_passwords(server, step);
    }
    if asked == Asked::Token {
        return token_refused(
            server,
            step,
            &Refusal {
                status: String::new(),
            },
        );
    }
    match presets::way_of_host(&server.host) {
        Way::AppPassword => app_password(server, step, shown),
        Way::SignInPage => no_passwords(server, step),
        Way::Password => mend(
            step,
            format!(
                "{at} refused the user name or password: {shown}. Check both; some providers want an app password made for this program."
            ),
        ),
    }
}

fn app_password(server: &MailServer, step: &'static str, shown: &str) -> ChannelError {
    mend(
        step,
        format!(
            "{} refused the password: {shown}. This provider wants an app password made for this program; make one in the security settings of the account at the provider, and use it here.",
            at(server)
        ),
    )
    .with_hint(Hint::AppPassword)
}

fn sending_off(server: &MailServer, step: &'static str, shown: &str, asked: Asked) -> ChannelError {
    let hint = match asked {
        Asked::Password => Hint::SignInPage,
        Asked::Token => Hint::SendingOff,
    };
    mend(
        step,
        format!(
            "{} does not let programs send from this mailbox: {shown}. Its administrator can switch on “Authenticated SMTP” for the mailbox; a password alone is not taken there any more.",
            at(server)
        ),
    )
    .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Remedy, Security};

    fn because(host: &str, said: &str, asked: Asked) -> (Remedy, Option<Hint>) {
        let server = MailServer {
            host: host.into(),
            port: 993,
            security: Security::Tls,
            user: "u".into(),
        };
        let e = refused(&server, "login", said, "“said”", asked);
        assert!(e.what.contains(host), "{e}");
        (e.remedy, e.hint)
    }

    #[test]
    fn each_way_of_being_refused_has_its_own_advice() {
        let mend = Remedy::Reconnect;
        let own = "mail.shop.test";
        for (host, said, expected) in [
            (
                own,
                "[ALERT] Application-specific password required (Failure)",
                Some(Hint::AppPassword),
            ),
            (
                own,
                "534-5.7.9 Please log in with your web browser",
                Some(Hint::AppPassword),
            ),
            (
                "imap.mail.yahoo.com",
                "[AUTHENTICATIONFAILED] LOGIN Invalid credentials",
                Some(Hint::AppPassword),
            ),
            (
                "imap.mail.me.com",
                "[AUTHENTICATIONFAILED] Authentication failed",
                Some(Hint::AppPassword),
            ),
            (
                own,
                "[ALERT] Your account is not enabled for IMAP use.",
                Some(Hint::SwitchOn),
            ),
            (
                own,
                "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
                Some(Hint::SignInPage),
            ),
            (
                "outlook.office365.com",
                "LOGIN failed.",
                Some(Hint::SignInPage),
            ),
            (
                own,
                "[PRIVACYREQUIRED] LOGIN is disabled",
                Some(Hint::SignInPage),
            ),
            (own, "[AUTHENTICATIONFAILED] Authentication failed.", None),
        ] {
            assert_eq!(
                because(host, said, Asked::Password),
                (mend, expected),
                "{said}"
            );
        }
    }

    #[test]
    fn a_busy_server_is_tried_again_and_a_wrong_password_never() {
        for said in [
            "[UNAVAILABLE] Temporary authentication failure.",
            "[LIMIT] Too many simultaneous connections.",
        ] {
            assert_eq!(
                because("a.test", said, Asked::Password),
                (Remedy::Retry, None),
                "{said}"
            );
        }
        let wrong = "[AUTHENTICATIONFAILED] Wrong; try again";
        assert_eq!(
            because("a.test", wrong, Asked::Password).0,
            Remedy::Reconnect
        );
    }

    #[test]
    fn a_refused_token_asks_for_another_unless_sending_is_off() {
        assert_eq!(
            because("a.test", "AUTHENTICATE failed.", Asked::Token),
            (Remedy::Reconnect, Some(Hint::TokenRefused))
        );
        assert_eq!(
            because(
                "smtp.office365.com",
                "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant.",
                Asked::Token
            ),
            (Remedy::Reconnect, Some(Hint::SendingOff))
        );
    }
}
