//! Canonical handles: what a channel knows of a person, in the one form that is compared.

/// The canonical form of a mail address, or `None` when it is no address one could answer.
///
/// Trimmed, lower-cased, at most 254 octets, one `@` outside quotes, no control characters or spaces
/// (RFC 5321 §4.5.3.1; the local part's case is folded because no provider of note tells it apart).
#[must_use]
pub fn email_key(address: &str) -> Option<String> {
    let a = address
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim();
    let (local, domain) = a.rsplit_once('@')?;
    let bad = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '<' | '>' | ',' | ';' | '\\' | '"' | '(' | ')')
    };
    let fits = !local.is_empty() && local.len() <= 64 && a.len() <= 254;
    let domain = domain.trim_end_matches('.');
    let named = !domain.is_empty() && !domain.starts_with('.') && !domain.contains("..");
    if !fits || !named || local.contains('@') || local.chars().any(bad) || domain.chars().any(bad) {
        return None;
    }
    Some(format!(
        "{}@{}",
        local.to_lowercase(),
        domain.to_lowercase()
    ))
}

/// The canonical form of an address on any channel, or `None` when it is empty or no address at all.
#[must_use]
pub fn address_key(channel: super::Channel, address: &str) -> Option<String> {
    if channel == super::Channel::Email {
        return email_key(address);
    }
    let a = address.trim().to_lowercase();
    (!a.is_empty() && a.len() <= 254 && !a.chars().any(char::is_control)).then_some(a)
}

/// The domain of a canonical address.
#[must_use]
pub fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, d)| d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_case_space_or_brackets() {
        assert_eq!(
            email_key(" <Anna.Berg@Shop.Test> ").as_deref(),
            Some("anna.berg@shop.test")
        );
        assert_eq!(email_key("a@b.").as_deref(), Some("a@b"));
    }

    #[test]
    fn what_cannot_be_answered_is_no_handle() {
        for bad in [
            "",
            "anna",
            "@b",
            "a@",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "a@b@c",
            "a@.b",
            "a@b..c",
            "\"a\"@b",
        ] {
            assert_eq!(email_key(bad), None, "{bad:?}");
        }
        assert_eq!(email_key(&format!("{}@b", "x".repeat(65))), None);
    }
}
