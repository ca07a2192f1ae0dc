//! Settings of the big mail providers, by an address's domain and by where the domain's mail goes, so that most people
//! type nothing but address and password.

mod table;

use crate::model::{MailServer, OauthProvider, Security};
use table::{PROVIDERS, Provider};

/// How one signs in at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With the password of the mailbox.
    Password,
    /// With a password made for this program.
    AppPassword,
    /// Through the provider's own page only.
    SignInPage,
}

/// What is known of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// What people call it.
    pub name: &'static str,
    /// Where mail is read.
    pub imap: MailServer,
    /// Where mail is handed in.
    pub smtp: MailServer,
    /// How one signs in.
    pub way: Way,
    /// Whose sign-in page may be used.
    pub oauth: Option<OauthProvider>,
    /// What a person must know to sign in there, as i18n keys.
    pub notes: Vec<&'static str>,
}

/// Gmail and the like want a password made for one program.
pub const NOTE_APP_PASSWORD: &str = "app_password";
/// Microsoft has switched passwords off for IMAP.
pub const NOTE_NO_PASSWORDS: &str = "no_passwords";
/// IMAP must be switched on in the provider's settings first.
pub const NOTE_SWITCH_ON: &str = "switch_on";
/// Mail is read through the provider's own program on this computer.
pub const NOTE_BRIDGE: &str = "bridge";

impl Provider {
    fn preset(&self, address: &str) -> Preset {
        let bridge = self.note == NOTE_BRIDGE;
        let server = |host: &str, port: u16| MailServer {
            host: host.to_owned(),
            port,
            security: if port == 587 || bridge {
                Security::Starttls
            } else {
                Security::Tls
            },
            user: address.to_owned(),
        };
        let way = match self.way {
            Way::Password => None,
            Way::AppPassword => Some(NOTE_APP_PASSWORD),
            Way::SignInPage => Some(NOTE_NO_PASSWORDS),
        };
        let own = Some(self.note).filter(|n| !n.is_empty());
        Preset {
            name: self.name,
            imap: server(self.imap, if bridge { 1143 } else { 993 }),
            smtp: server(self.smtp.0, self.smtp.1),
            way: self.way,
            oauth: self.oauth,
            notes: way.into_iter().chain(own).collect(),
        }
    }
}

/// The provider of an address, by its domain. `None` when the text is no address, or nobody known.
#[must_use]
pub fn by_address(address: &str) -> Option<Preset> {
    let address = crate::model::handle::email_key(address)?;
    let domain = crate::model::handle::domain(&address)?;
    let known = |d: &&str| *d == domain || (d.ends_with('.') && domain.starts_with(*d));
    let provider = PROVIDERS.iter().find(|p| p.domains.iter().any(known))?;
    Some(provider.preset(&address))
}

/// The provider of an address whose domain's mail goes to this exchanger.
#[must_use]
pub fn by_exchanger(address: &str, exchanger: &str) -> Option<Preset> {
    let address = crate::model::handle::email_key(address)?;
    let host = exchanger.trim_end_matches('.').to_ascii_lowercase();
    let provider = PROVIDERS
        .iter()
        .find(|p| p.exchangers.iter().any(|e| is_under(&host, e)))?;
    Some(provider.preset(&address))
}

/// The provider that this server belongs to.
#[must_use]
pub fn of_host(host: &str) -> Option<Preset> {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let provider = PROVIDERS
        .iter()
        .filter(|p| p.note != NOTE_BRIDGE)
        .find(|p| p.imap == host || p.smtp.0 == host)?;
    Some(provider.preset(""))
}

/// How one signs in at the provider that this server belongs to.
#[must_use]
pub fn way_of_host(host: &str) -> Way {
    of_host(host).map_or(Way::Password, |p| p.way)
}

fn is_under(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'))
}

/// Whether the provider behind this SMTP host files sent mail by itself.
#[must_use]
pub fn files_sent_mail(smtp_host: &str) -> bool {
    let host = smtp_host.trim().trim_end_matches('.').to_ascii_lowercase();
    [
        "gmail.com",
        "googlemail.com",
        "office365.com",
        "outlook.com",
        "live.com",
        "hotmail.com",
    ]
    .iter()
    .any(|d| host == *d || host.strip_suffix(d).is_some_and(|h| h.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggest(address: &str) -> Preset {
        by_address(address).unwrap()
    }

    #[test]
    fn a_known_domain_gets_its_providers_servers_and_notes() {
        let s = suggest("Anna@GoogleMail.com");
        assert_eq!(
            (s.imap.host.as_str(), s.imap.port, s.imap.security),
            ("imap.gmail.com", 993, Security::Tls)
        );
        assert_eq!(
            (s.notes, s.oauth, s.imap.user.as_str()),
            (
                vec![NOTE_APP_PASSWORD],
                Some(OauthProvider::Google),
                "anna@googlemail.com"
            )
        );
        assert_eq!(
            (
                suggest("a@gmx.de").imap.host.as_str(),
                suggest("a@gmx.es").imap.host.as_str()
            ),
            ("imap.gmx.net", "imap.gmx.com")
        );
        assert_eq!(suggest("a@web.de").smtp.security, Security::Starttls);
        for unknown in ["a@gmx-shop.test", "a@my.outlook.com", "not an address"] {
            assert_eq!(by_address(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_customers_own_domain_is_known_by_where_its_mail_goes() {
        let at = |mx: &str| by_exchanger("info@shop.test", mx).map(|p| (p.name, p.imap.host));
        let is = |name, host: &str| Some((name, host.to_owned()));
        assert_eq!(at("ASPMX.L.GOOGLE.COM."), is("Google", "imap.gmail.com"));
        assert_eq!(
            at("shop-test.mail.protection.outlook.com"),
            is("Microsoft 365", "outlook.office365.com")
        );
        assert_eq!(
            at("shop-test.a-v1.mx.microsoft"),
            is("Microsoft 365", "outlook.office365.com")
        );
        assert_eq!(at("smtpin.rzone.de"), is("STRATO", "imap.strato.de"));
        assert_eq!(at("mx00.kundenserver.de"), is("IONOS", "imap.ionos.de"));
        assert_eq!(at("mx.zoho.eu"), is("Zoho", "imappro.zoho.eu"));
        assert_eq!(at("mail.shop.test"), None);
        assert_eq!(at("evilgoogle.com"), None);
    }

    #[test]
    fn protons_mail_is_read_through_the_program_on_this_computer() {
        let s = suggest("a@proton.me");
        assert_eq!(
            (s.imap.host.as_str(), s.imap.port, s.smtp.port),
            ("127.0.0.1", 1143, 1025)
        );
        assert_eq!(
            (s.imap.security, s.notes),
            (Security::Starttls, vec![NOTE_BRIDGE])
        );
    }

    #[test]
    fn a_server_tells_how_its_provider_lets_people_in() {
        assert_eq!(way_of_host("IMAP.mail.me.com."), Way::AppPassword);
        assert_eq!(way_of_host("smtp.office365.com"), Way::SignInPage);
        assert_eq!(way_of_host("imap.shop.test"), Way::Password);
    }

    /// The same settings as others publish them; they lie outside the project.
    #[test]
    fn published_settings_agree_with_the_table() {
        let shared = std::env::var("PARLEY_SHARED")
            .map_or_else(
                |_| std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
                Into::into,
            )
            .join("data/ispdb");
        if !shared.is_dir() {
            eprintln!(
                "skipped: no published settings at {} (PARLEY_SHARED)",
                shared.display()
            );
            return;
        }
        for domain in [
            "gmx.com",
            "googlemail.com",
            "hotmail.com",
            "office365.com",
            "yahoo.com",
        ] {
            let text = std::fs::read_to_string(shared.join(format!("{domain}.xml"))).unwrap();
            let s = suggest(&format!("a@{domain}"));
            for server in [&s.imap, &s.smtp] {
                let security = match server.security {
                    Security::Tls => "SSL",
                    Security::Starttls => "STARTTLS",
                    Security::None => "plain",
                };
                let wanted = [
                    format!("<hostname>{}</hostname>", server.host),
                    format!("<port>{}</port>", server.port),
                    format!("<socketType>{security}</socketType>"),
                ];
                // All three in one and the same server's block.
                let agrees = text
                    .split("Server type=")
                    .any(|block| wanted.iter().all(|w| block.contains(w)));
                assert!(agrees, "{domain}: {server:?}");
            }
        }
    }

    #[test]
    fn no_name_stands_in_two_rows() {
        for names in [
            |p: &'static Provider| p.domains,
            |p: &'static Provider| p.exchangers,
        ] {
            let mut all: Vec<_> = PROVIDERS.iter().flat_map(names).collect();
            let n = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), n);
        }
        assert!(PROVIDERS.len() >= 40);
    }

    #[test]
    fn only_providers_that_file_sent_mail_are_trusted_to() {
        assert!(files_sent_mail("smtp.gmail.com") && files_sent_mail("SMTP.office365.com."));
        assert!(!files_sent_mail("smtp.shop.test") && !files_sent_mail("notgmail.com"));
    }
}
