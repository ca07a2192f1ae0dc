//! Settings of the big mail providers by domain, so that most people type nothing but address and password.

use crate::model::{MailServer, Security};

/// What is known of a provider, or guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Where mail is read.
    pub imap: MailServer,
    /// Where mail is handed in.
    pub smtp: MailServer,
    /// What a person must know to sign in there, as an i18n key; empty where nothing is special.
    pub note: &'static str,
    /// Whether this is known rather than guessed from the domain.
    pub known: bool,
}

/// Gmail and the like want a password made for one program.
pub const NOTE_APP_PASSWORD: &str = "app_password";
/// Microsoft has switched passwords off for IMAP.
pub const NOTE_NO_PASSWORDS: &str = "no_passwords";
/// IMAP must be switched on in the provider's settings first.
pub const NOTE_SWITCH_ON: &str = "switch_on";

struct Provider {
    /// Whole domains, or with a dot at the end the beginning of all of a provider's domains; earlier rows win.
    domains: &'static [&'static str],
    imap: &'static str,
    smtp: (&'static str, u16),
    note: &'static str,
}

const PROVIDERS: &[Provider] = &[
    Provider {
        domains: &["gmail.com", "googlemail.com"],
        imap: "imap.gmail.com",
        smtp: ("smtp.gmail.com", 465),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &[
            "outlook.",
            "hotmail.",
            "live.",
            "msn.com",
            "windowslive.com",
        ],
        imap: "outlook.office365.com",
        smtp: ("smtp-mail.outlook.com", 587),
        note: NOTE_NO_PASSWORDS,
    },
    Provider {
        domains: &["office365.com", "onmicrosoft.com"],
        imap: "outlook.office365.com",
        smtp: ("smtp.office365.com", 587),
        note: NOTE_NO_PASSWORDS,
    },
    Provider {
        domains: &["yahoo.", "ymail.com", "rocketmail.com"],
        imap: "imap.mail.yahoo.com",
        smtp: ("smtp.mail.yahoo.com", 465),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &["aol.com"],
        imap: "imap.aol.com",
        smtp: ("smtp.aol.com", 465),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &["gmx.de", "gmx.net", "gmx.at", "gmx.ch"],
        imap: "imap.gmx.net",
        smtp: ("mail.gmx.net", 465),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["gmx."],
        imap: "imap.gmx.com",
        smtp: ("mail.gmx.com", 465),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["web.de"],
        imap: "imap.web.de",
        smtp: ("smtp.web.de", 587),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["icloud.com", "me.com", "mac.com"],
        imap: "imap.mail.me.com",
        smtp: ("smtp.mail.me.com", 587),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &["fastmail.com", "fastmail.fm", "sent.com"],
        imap: "imap.fastmail.com",
        smtp: ("smtp.fastmail.com", 465),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &["zoho.com", "zohomail.com"],
        imap: "imap.zoho.com",
        smtp: ("smtp.zoho.com", 465),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["zoho.eu", "zohomail.eu"],
        imap: "imap.zoho.eu",
        smtp: ("smtp.zoho.eu", 465),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["mailbox.org"],
        imap: "imap.mailbox.org",
        smtp: ("smtp.mailbox.org", 465),
        note: "",
    },
    Provider {
        domains: &["posteo.de", "posteo.net", "posteo.org"],
        imap: "posteo.de",
        smtp: ("posteo.de", 465),
        note: "",
    },
    Provider {
        domains: &["ionos.de", "online.de", "onlinehome.de"],
        imap: "imap.ionos.de",
        smtp: ("smtp.ionos.de", 465),
        note: "",
    },
    Provider {
        domains: &["ionos.com"],
        imap: "imap.ionos.com",
        smtp: ("smtp.ionos.com", 465),
        note: "",
    },
    Provider {
        domains: &["t-online.de", "magenta.de"],
        imap: "secureimap.t-online.de",
        smtp: ("securesmtp.t-online.de", 465),
        note: NOTE_APP_PASSWORD,
    },
    Provider {
        domains: &["freenet.de"],
        imap: "mx.freenet.de",
        smtp: ("mx.freenet.de", 465),
        note: "",
    },
    Provider {
        domains: &["orange.fr", "wanadoo.fr"],
        imap: "imap.orange.fr",
        smtp: ("smtp.orange.fr", 465),
        note: "",
    },
    Provider {
        domains: &["free.fr"],
        imap: "imap.free.fr",
        smtp: ("smtp.free.fr", 465),
        note: "",
    },
    Provider {
        domains: &["laposte.net"],
        imap: "imap.laposte.net",
        smtp: ("smtp.laposte.net", 465),
        note: NOTE_SWITCH_ON,
    },
    Provider {
        domains: &["sfr.fr", "neuf.fr"],
        imap: "imap.sfr.fr",
        smtp: ("smtp.sfr.fr", 465),
        note: "",
    },
    Provider {
        domains: &["ziggo.nl", "upcmail.nl", "home.nl"],
        imap: "imap.ziggo.nl",
        smtp: ("smtp.ziggo.nl", 587),
        note: "",
    },
    Provider {
        domains: &[
            "kpnmail.nl",
            "kpn.nl",
            "kpnplanet.nl",
            "hetnet.nl",
            "planet.nl",
        ],
        imap: "imap.kpnmail.nl",
        smtp: ("smtp.kpnmail.nl", 587),
        note: "",
    },
    Provider {
        domains: &["xs4all.nl"],
        imap: "imap.xs4all.nl",
        smtp: ("smtp.xs4all.nl", 587),
        note: "",
    },
    Provider {
        domains: &["libero.it"],
        imap: "imapmail.libero.it",
        smtp: ("smtp.libero.it", 465),
        note: "",
    },
    Provider {
        domains: &["bluewin.ch"],
        imap: "imaps.bluewin.ch",
        smtp: ("smtpauths.bluewin.ch", 465),
        note: "",
    },
    Provider {
        domains: &["telenet.be"],
        imap: "imap.telenet.be",
        smtp: ("smtp.telenet.be", 587),
        note: "",
    },
    Provider {
        domains: &["yandex.com", "yandex.ru"],
        imap: "imap.yandex.com",
        smtp: ("smtp.yandex.com", 465),
        note: NOTE_APP_PASSWORD,
    },
];

/// Settings for an address: known ones, or `imap.DOMAIN` and `smtp.DOMAIN` with TLS as a guess. `None` when
/// the text is no address.
#[must_use]
pub fn suggest(address: &str) -> Option<Suggestion> {
    let address = crate::model::handle::email_key(address)?;
    let domain = crate::model::handle::domain(&address)?;
    let server = |host: &str, port: u16| MailServer {
        host: host.to_owned(),
        port,
        security: if port == 587 {
            Security::Starttls
        } else {
            Security::Tls
        },
        user: address.clone(),
    };
    let known = |d: &&str| *d == domain || (d.ends_with('.') && domain.starts_with(*d));
    Some(
        match PROVIDERS.iter().find(|p| p.domains.iter().any(known)) {
            Some(p) => Suggestion {
                imap: server(p.imap, 993),
                smtp: server(p.smtp.0, p.smtp.1),
                note: p.note,
                known: true,
            },
            None => Suggestion {
                imap: server(&format!("imap.{domain}"), 993),
                smtp: server(&format!("smtp.{domain}"), 465),
                note: "",
                known: false,
            },
        },
    )
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

    #[test]
    fn a_known_domain_gets_its_providers_servers_and_note() {
        let s = suggest("Anna@GoogleMail.com").unwrap();
        assert_eq!(
            (s.imap.host.as_str(), s.imap.port, s.imap.security),
            ("imap.gmail.com", 993, Security::Tls)
        );
        assert_eq!(
            (s.note, s.known, s.imap.user.as_str()),
            (NOTE_APP_PASSWORD, true, "anna@googlemail.com")
        );
        assert_eq!(
            (
                suggest("a@gmx.de").unwrap().imap.host.as_str(),
                suggest("a@gmx.es").unwrap().imap.host.as_str()
            ),
            ("imap.gmx.net", "imap.gmx.com")
        );
        assert!(
            !suggest("a@gmx-shop.test").unwrap().known
                && !suggest("a@my.outlook.com").unwrap().known
        );
        assert_eq!(
            suggest("a@web.de").unwrap().smtp.security,
            Security::Starttls
        );
    }

    #[test]
    fn an_unknown_domain_gets_a_guess_that_is_marked_as_one() {
        let s = suggest("info@shop.test").unwrap();
        assert_eq!(
            (s.imap.host.as_str(), s.smtp.host.as_str(), s.known),
            ("imap.shop.test", "smtp.shop.test", false)
        );
        assert_eq!(suggest("not an address"), None);
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
            let s = suggest(&format!("a@{domain}")).unwrap();
            for server in [&s.imap, &s.smtp] {
                assert!(
                    text.contains(&format!("<hostname>{}</hostname>", server.host))
                        && text.contains(&format!("<port>{}</port>", server.port)),
                    "{domain}: {server:?}"
                );
            }
        }
    }

    #[test]
    fn no_domain_stands_in_two_rows() {
        let mut all: Vec<_> = PROVIDERS.iter().flat_map(|p| p.domains).collect();
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
    }

    #[test]
    fn only_providers_that_file_sent_mail_are_trusted_to() {
        assert!(files_sent_mail("smtp.gmail.com") && files_sent_mail("SMTP.office365.com."));
        assert!(!files_sent_mail("smtp.shop.test") && !files_sent_mail("notgmail.com"));
    }
}
