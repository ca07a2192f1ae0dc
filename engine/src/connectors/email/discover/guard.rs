//! Which addresses a public name may lead to. A stranger's domain must not make this computer speak to the machines
//! around it.

pub use crate::connectors::fetch::is_public;

use std::net::IpAddr;

/// Ends of names that belong to nobody on the internet: what they lead to is the network's own.
const LOCAL: &[&str] = &[
    "localhost",
    "local",
    "lan",
    "home",
    "internal",
    "intranet",
    "private",
    "corp",
    "test",
    "home.arpa",
];

/// Whether a name is for the local network only.
pub(super) fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.') || LOCAL.iter().any(|l| super::is_within(&name, l))
}

/// Whether a host that a domain names can be its mail server: a name, or an address that is not around the corner.
pub(super) fn is_mail_host(host: &str, domain: &str) -> bool {
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return is_public(ip) || is_local_name(domain);
    }
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    host.len() <= 253
        && host.split('.').all(label)
        && (!is_local_name(host) || is_local_name(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_domain_cannot_name_a_machine_around_the_corner() {
        for host in ["imap.shop.example", "MX1.shop.example", "93.184.216.34"] {
            assert!(is_mail_host(host, "shop.example"), "{host}");
        }
        for host in [
            "127.0.0.1",
            "[::1]",
            "router.lan",
            "localhost",
            "printer",
            "10.0.0.1",
            "a b.example",
            "a/b.example",
            "",
            "x..example",
            "user@host.example",
        ] {
            assert!(!is_mail_host(host, "shop.example"), "{host}");
        }
        assert!(
            is_mail_host("mail.office.lan", "office.lan") && is_mail_host("10.0.0.1", "office.lan")
        );
    }
}
