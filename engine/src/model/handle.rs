//! Canonical handles: what a channel knows of a person, in the one form that is compared.

use unicode_normalization::UnicodeNormalization;

/// Longest local part and whole address, in octets (RFC 5321 §4.5.3.1, RFC 3696 erratum 1690).
const MAX_LOCAL: usize = 64;
const MAX_ADDRESS: usize = 254;
/// Longest domain and label of it (RFC 1035 §2.3.4).
const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// The canonical form of a mail address, or `None` when it is no address one could answer.
///
/// One address as RFC 5321 and RFC 5322 know it, with or without a name in front (`Anna <anna@shop.test>`); comments
/// go, quotes stay only where they are needed, the domain is lower-cased ASCII (IDNA), the local part is lower-cased
/// because no provider of note tells case apart (RFC 6531 letters are kept).
#[must_use]
pub fn email_key(address: &str) -> Option<String> {
    let a = address.trim();
    if a.len() > 2 * MAX_ADDRESS + 512 || a.chars().any(char::is_control) {
        return None;
    }
    let bare = without_comments(bracketed(a)?)?;
    let (local, domain) = split(bare.trim())?;
    let local = local_part(local.trim())?;
    let domain = domain_part(domain.trim())?;
    let whole = format!("{local}@{domain}");
    (whole.len() <= MAX_ADDRESS).then_some(whole)
}

/// What stands in angle brackets, if there are any; a name before them, nothing behind.
fn bracketed(a: &str) -> Option<&str> {
    let mut quoted = false;
    let mut escaped = false;
    let open = a.char_indices().find_map(|(i, c)| {
        let hit = c == '<' && !quoted;
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        }
        hit.then_some(i)
    });
    match open {
        None => (!a.ends_with('>')).then_some(a),
        Some(at) => {
            let name = a.get(..at)?;
            // A second address in front of the brackets is a disguise, or two addresses.
            if name.contains([',', ';', '>']) && !name.contains('"') {
                return None;
            }
            a.get(at + 1..)?
                .strip_suffix('>')
                .filter(|inner| !inner.contains('<'))
        }
    }
}

/// Without comments in parentheses, which may nest.
fn without_comments(a: &str) -> Option<String> {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0usize, false, false);
    for c in a.chars() {
        let special = !escaped;
        escaped = special && c == '\\' && (quoted || depth > 0);
        match c {
            '"' if special && depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if special && !quoted => depth += 1,
            ')' if special && !quoted => depth = depth.checked_sub(1)?,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    (depth == 0 && !quoted).then_some(out)
}

/// Local part and domain: at the last `@`, which no domain can hold.
fn split(a: &str) -> Option<(&str, &str)> {
    a.rsplit_once('@')
}

fn local_part(local: &str) -> Option<String> {
    let inner = match local.strip_prefix('"') {
        Some(rest) => unquoted(rest.strip_suffix('"')?)?,
        None => {
            if !is_dot_atom(local) {
                return None;
            }
            local.to_owned()
        }
    };
    let canonical: String = inner.nfc().collect::<String>().to_lowercase();
    let written = if is_dot_atom(&canonical) {
        canonical
    } else {
        format!(
            "\"{}\"",
            canonical.replace('\\', "\\\\").replace('"', "\\\"")
        )
    };
    (!written.is_empty() && written.len() <= MAX_LOCAL).then_some(written)
}

fn unquoted(inner: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?),
            '"' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

fn is_dot_atom(local: &str) -> bool {
    let atom = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(c)
            || (!c.is_ascii() && !c.is_whitespace() && !invisible(c))
    };
    local
        .split('.')
        .all(|a| !a.is_empty() && a.chars().all(atom))
}

/// Marks without a shape: two addresses that look alike must not differ by one.
fn invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}')
}

fn domain_part(domain: &str) -> Option<String> {
    if let Some(literal) = domain.strip_prefix('[') {
        let inner = literal.strip_suffix(']')?;
        let v6 = inner
            .get(..5)
            .filter(|p| p.eq_ignore_ascii_case("ipv6:"))
            .and_then(|_| inner.get(5..));
        return match v6 {
            Some(ip) => ip
                .parse::<std::net::Ipv6Addr>()
                .ok()
                .map(|ip| format!("[ipv6:{ip}]")),
            None => inner
                .parse::<std::net::Ipv4Addr>()
                .ok()
                .map(|ip| format!("[{ip}]")),
        };
    }
    let ascii = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        match url::Host::parse(domain).ok()? {
            url::Host::Domain(d) => d,
            _ => return None,
        }
    };
    let label = |l: &str| {
        (1..=MAX_LABEL).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let numeric = ascii
        .rsplit('.')
        .next()
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    (ascii.len() <= MAX_DOMAIN && !numeric && ascii.split('.').all(label)).then_some(ascii)
}

/// The canonical form of an address on any channel, or `None` when it is empty or no address at all.
#[must_use]
pub fn address_key(channel: super::Channel, address: &str) -> Option<String> {
    match channel {
        super::Channel::Email => return email_key(address),
        super::Channel::Sms | super::Channel::Whatsapp => return number_key(address),
        _ => {}
    }
    let a = address.trim().to_lowercase();
    (!a.is_empty() && a.len() <= 254 && !a.chars().any(char::is_control)).then_some(a)
}

/// The canonical form of a telephone address: E.164 for numbers, as written in lower case for the names and short
/// codes that also send text messages.
fn number_key(address: &str) -> Option<String> {
    let a = address.trim();
    let bare = a
        .split_once(':')
        .filter(|(scheme, _)| matches!(*scheme, "whatsapp" | "sms" | "tel"))
        .map_or(a, |(_, rest)| rest);
    if bare.starts_with('+')
        && let Some(number) = super::phone_key(bare, "")
    {
        return Some(number);
    }
    let plain = bare.to_lowercase();
    (!plain.is_empty() && plain.len() <= 64 && !plain.chars().any(char::is_control))
        .then_some(plain)
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
    fn an_address_is_compared_without_case_space_brackets_comments_or_needless_quotes() {
        for (written, key) in [
            (" <Anna.Berg@Shop.Test> ", "anna.berg@shop.test"),
            ("Anna Berg <anna@shop.test>", "anna@shop.test"),
            ("\"Berg, Anna\" <anna@shop.test>", "anna@shop.test"),
            ("anna(at work)@shop.test", "anna@shop.test"),
            ("(hi) anna@shop.test (there (deep))", "anna@shop.test"),
            ("\"anna\"@shop.test", "anna@shop.test"),
            ("\"a b\"@shop.test", "\"a b\"@shop.test"),
            ("\"a@b\"@shop.test", "\"a@b\"@shop.test"),
            ("\"a..b\"@shop.test", "\"a..b\"@shop.test"),
            ("anna@BÜCHER.test", "anna@xn--bcher-kva.test"),
            ("jürgen@shop.test", "jürgen@shop.test"),
            ("o'brien+tag=1@shop.test", "o'brien+tag=1@shop.test"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"),
            ("a@b", "a@b"),
        ] {
            assert_eq!(email_key(written).as_deref(), Some(key), "{written}");
            assert_eq!(email_key(key).as_deref(), Some(key), "{key} again");
        }
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
            "a@b.",
            "a.@b",
            ".a@b",
            "a..b@c",
            "a@-b.c",
            "a@b-.c",
            "a@b_c.d",
            "a@b c.d",
            "\"a@b",
            "a\"b@c",
            "a@[1.2.3]",
            "a@[nonsense]",
            "a@1.2.3.4",
            "a@b.c, d@e.f",
            "<a@b",
            "a@b>",
            "a(b@c",
            "a)b@c",
            "x@y.z <a@b.c",
            "a\u{202E}b@c.d",
            "a,b@c",
            "a;b@c",
            "a<b@c",
            "a\\b@c",
        ] {
            assert_eq!(email_key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn lengths_end_where_the_standard_ends_them() {
        assert!(email_key(&format!("{}@b", "x".repeat(64))).is_some());
        assert_eq!(email_key(&format!("{}@b", "x".repeat(65))), None);
        let label = "d".repeat(63);
        assert!(email_key(&format!("a@{label}.de")).is_some());
        assert_eq!(email_key(&format!("a@{label}d.de")), None);
        let domain = |n: usize| format!("{label}.{label}.{label}.{}", "e".repeat(n));
        assert!(email_key(&format!("a@{}", domain(60))).is_some());
        assert_eq!(
            email_key(&format!("ab@{}", domain(60))).map(|a| a.len()),
            None
        );
    }
}
