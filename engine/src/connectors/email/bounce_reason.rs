//! Why a mail came back: from the status code (RFC 3463) and from what servers say.
//!
//! A reason is *hard* when the address itself is no good, so that another try would fail as well: there is no such
//! mailbox, domain or server for mail, or it moved. Everything else is *soft*: a full or blocked mailbox, a policy,
//! a size, the network. A policy may be permanent for this mail and says nothing about the address.

/// A reason: its key, whether it is hard, and its words.
pub(super) struct Reason {
    /// `user_unknown`.
    pub(super) key: &'static str,
    /// See the module.
    pub(super) hard: bool,
    /// For a person.
    pub(super) words: &'static str,
}

const REASONS: &[Reason] = &[
    Reason {
        key: "user_unknown",
        hard: true,
        words: "There is no such mailbox.",
    },
    Reason {
        key: "host_unknown",
        hard: true,
        words: "There is no such domain, or it takes no mail.",
    },
    Reason {
        key: "moved",
        hard: true,
        words: "The mailbox has moved to another address.",
    },
    Reason {
        key: "mailbox_full",
        hard: false,
        words: "The mailbox is full.",
    },
    Reason {
        key: "suspended",
        hard: false,
        words: "The mailbox is switched off.",
    },
    Reason {
        key: "auth_failure",
        hard: false,
        words: "The server does not believe that the mail is from your domain (SPF, DKIM or DMARC).",
    },
    Reason {
        key: "blocked",
        hard: false,
        words: "The server refuses mail from your mail server.",
    },
    Reason {
        key: "spam",
        hard: false,
        words: "The server took the mail for spam.",
    },
    Reason {
        key: "content",
        hard: false,
        words: "The server refused what is in the mail.",
    },
    Reason {
        key: "size",
        hard: false,
        words: "The mail is too large.",
    },
    Reason {
        key: "rate_limited",
        hard: false,
        words: "Too many mails were sent in a short time.",
    },
    Reason {
        key: "relay_denied",
        hard: false,
        words: "The server does not pass mail on for this sender or recipient.",
    },
    Reason {
        key: "policy",
        hard: false,
        words: "A rule of the recipient's server forbids it.",
    },
    Reason {
        key: "expired",
        hard: false,
        words: "It could not be delivered in time.",
    },
    Reason {
        key: "network",
        hard: false,
        words: "The recipient's server could not be reached.",
    },
    Reason {
        key: "system",
        hard: false,
        words: "The recipient's server has a fault.",
    },
    Reason {
        key: "other",
        hard: false,
        words: "The server gave no reason that is known.",
    },
];

/// What servers say, each with its reason; the first that is found counts.
const SAID: &[(&str, &str)] = &[
    ("domain of sender address", "policy"),
    ("sender address rejected", "policy"),
    ("bad sender", "policy"),
    ("sender domain", "policy"),
    ("sender verify", "policy"),
    ("sender denied", "policy"),
    ("sender rejected", "policy"),
    ("invalid sender", "policy"),
    ("mail exchanger", "host_unknown"),
    ("dns lookup failure", "host_unknown"),
    ("domain is not reachable", "host_unknown"),
    ("indicated no smtp service", "host_unknown"),
    ("malformed or unexpected name server", "network"),
    ("userid", "user_unknown"),
    ("temporary locked", "suspended"),
    ("temporarily locked", "suspended"),
    ("dmarc", "auth_failure"),
    ("spf check", "auth_failure"),
    ("spf fail", "auth_failure"),
    ("spf record", "auth_failure"),
    ("spf validation", "auth_failure"),
    ("sender policy framework", "auth_failure"),
    ("openspf", "auth_failure"),
    ("spf-result", "auth_failure"),
    ("spf: ", "auth_failure"),
    ("dkim", "auth_failure"),
    ("is not authorized to send", "auth_failure"),
    ("sender id (", "auth_failure"),
    ("unauthenticated email", "auth_failure"),
    ("authentication checks", "auth_failure"),
    ("violates spf", "auth_failure"),
    ("authentication information", "auth_failure"),
    ("reverse dns", "blocked"),
    ("rdns", "blocked"),
    ("ptr record", "blocked"),
    ("cannot find your hostname", "blocked"),
    ("cannot resolve your address", "blocked"),
    ("no ptr", "blocked"),
    ("fcrdns", "blocked"),
    ("reverse hostname", "blocked"),
    ("client host rejected", "blocked"),
    ("mailbox full", "mailbox_full"),
    ("mailbox is full", "mailbox_full"),
    ("over quota", "mailbox_full"),
    ("overquota", "mailbox_full"),
    ("quota exceeded", "mailbox_full"),
    ("exceeded its quota", "mailbox_full"),
    ("exceeded storage", "mailbox_full"),
    ("exceeded the maximum storage", "mailbox_full"),
    ("mailbox size", "mailbox_full"),
    ("insufficient storage", "mailbox_full"),
    ("out of storage", "mailbox_full"),
    ("full mailbox", "mailbox_full"),
    ("disk quota", "mailbox_full"),
    ("quota", "mailbox_full"),
    ("mailbox exceeds", "mailbox_full"),
    ("inbox is full", "mailbox_full"),
    ("mail box is full", "mailbox_full"),
    ("too much mail data", "mailbox_full"),
    ("mailfolder is full", "mailbox_full"),
    ("no space left on", "system"),
    ("insufficient system storage", "mailbox_full"),
    ("storage space", "mailbox_full"),
    ("has moved", "moved"),
    ("no longer on this server", "moved"),
    ("has been replaced by", "moved"),
    ("please use the new address", "moved"),
    ("message size exceeds", "size"),
    ("message too large", "size"),
    ("message too big", "size"),
    ("exceeds size limit", "size"),
    ("message file too big", "size"),
    ("maximum message size", "size"),
    ("message length exceeds", "size"),
    ("exceed maximum allowable size", "size"),
    ("size limit", "size"),
    ("max message size", "size"),
    ("exceeds fixed limit", "size"),
    ("exceeds maximum", "size"),
    ("line too long", "content"),
    ("too many recipients", "rate_limited"),
    ("rate limit", "rate_limited"),
    ("too many connections", "rate_limited"),
    ("too many messages", "rate_limited"),
    ("too many concurrent", "rate_limited"),
    ("sending rate", "rate_limited"),
    ("throttl", "rate_limited"),
    ("rate that", "rate_limited"),
    ("too fast", "rate_limited"),
    ("too frequent", "rate_limited"),
    ("frequency", "rate_limited"),
    ("too many errors", "rate_limited"),
    ("connection rate", "rate_limited"),
    ("temporarily deferred", "rate_limited"),
    ("sending limit", "rate_limited"),
    ("exceeded the rate", "rate_limited"),
    ("too many invalid", "rate_limited"),
    ("many sessions", "rate_limited"),
    ("maximum connect", "rate_limited"),
    ("no such user", "user_unknown"),
    ("user unknown", "user_unknown"),
    ("unknown user", "user_unknown"),
    ("unknown recipient", "user_unknown"),
    ("recipient unknown", "user_unknown"),
    ("user not found", "user_unknown"),
    ("recipient not found", "user_unknown"),
    ("does not exist", "user_unknown"),
    ("doesn't exist", "user_unknown"),
    ("no mailbox", "user_unknown"),
    ("mailbox unavailable", "user_unknown"),
    ("mailbox not found", "user_unknown"),
    ("mailbox unknown", "user_unknown"),
    ("unknown mailbox", "user_unknown"),
    ("invalid recipient", "user_unknown"),
    ("invalid mailbox", "user_unknown"),
    ("no such recipient", "user_unknown"),
    ("no such mailbox", "user_unknown"),
    ("no such address", "user_unknown"),
    ("address unknown", "user_unknown"),
    ("unknown address", "user_unknown"),
    ("unknown account", "user_unknown"),
    ("invalid user", "user_unknown"),
    ("not a valid user", "user_unknown"),
    ("not a valid mailbox", "user_unknown"),
    ("not listed in", "user_unknown"),
    ("no account by", "user_unknown"),
    ("does not have an account", "user_unknown"),
    ("doesn't have a", "user_unknown"),
    ("user doesn", "user_unknown"),
    ("address rejected: undeliverable", "user_unknown"),
    ("recipient address rejected: user", "user_unknown"),
    ("recipient address rejected: access denied", "user_unknown"),
    ("wasn't found", "user_unknown"),
    ("couldn't be found", "user_unknown"),
    ("could not be found", "user_unknown"),
    ("recipnotfound", "user_unknown"),
    ("resolver.adr", "user_unknown"),
    ("not our customer", "user_unknown"),
    ("no user", "user_unknown"),
    ("this user doesn", "user_unknown"),
    ("recipient no longer", "user_unknown"),
    ("is not known", "user_unknown"),
    ("invalid address", "user_unknown"),
    ("bad destination mailbox", "user_unknown"),
    ("not a known user", "user_unknown"),
    ("unrouteable mail", "user_unknown"),
    ("unknown local", "user_unknown"),
    ("unknown or illegal alias", "user_unknown"),
    ("mailbox does not", "user_unknown"),
    ("no recipient", "user_unknown"),
    ("recipients are invalid", "user_unknown"),
    ("not exist", "user_unknown"),
    ("undeliverable address", "user_unknown"),
    ("invalid/inactive user", "user_unknown"),
    ("bad address", "user_unknown"),
    ("recipient is not", "user_unknown"),
    ("user is not", "user_unknown"),
    ("recipient rejected", "user_unknown"),
    ("recipient verify fail", "user_unknown"),
    ("not found in", "user_unknown"),
    ("can't find user", "user_unknown"),
    (
        "delivery to the following recipients failed",
        "user_unknown",
    ),
    ("host unknown", "host_unknown"),
    ("unknown host", "host_unknown"),
    ("host not found", "host_unknown"),
    ("host or domain name not found", "host_unknown"),
    ("domain not found", "host_unknown"),
    ("no such domain", "host_unknown"),
    ("domain name not found", "host_unknown"),
    ("name or service not known", "host_unknown"),
    ("unrouteable address", "host_unknown"),
    ("unroutable address", "host_unknown"),
    ("nxdomain", "host_unknown"),
    ("dns error", "host_unknown"),
    ("domain couldn't be found", "host_unknown"),
    ("couldn't find any host", "host_unknown"),
    ("domain does not exist", "host_unknown"),
    ("no mx ", "host_unknown"),
    ("nullmx", "host_unknown"),
    ("null mx", "host_unknown"),
    ("does not accept mail", "host_unknown"),
    ("doesn't accept", "host_unknown"),
    ("invalid domain", "host_unknown"),
    ("unknown domain", "host_unknown"),
    ("illegal host", "host_unknown"),
    ("disabled", "suspended"),
    ("suspended", "suspended"),
    ("inactive", "suspended"),
    ("deactivated", "suspended"),
    ("account is locked", "suspended"),
    ("not active", "suspended"),
    ("expired account", "suspended"),
    ("has been locked", "suspended"),
    ("account has been", "suspended"),
    ("spam", "spam"),
    ("junk mail", "spam"),
    ("unsolicited", "spam"),
    ("bulk mail", "spam"),
    ("blacklist", "blocked"),
    ("block list", "blocked"),
    ("blocklist", "blocked"),
    ("blocked using", "blocked"),
    ("reputation", "blocked"),
    ("rbl", "blocked"),
    ("dnsbl", "blocked"),
    ("banned", "blocked"),
    ("your ip", "blocked"),
    ("blocked", "blocked"),
    ("not allowed to connect", "blocked"),
    ("listed at", "blocked"),
    ("greylist", "rate_limited"),
    ("graylist", "rate_limited"),
    ("access denied", "blocked"),
    ("virus", "content"),
    ("malware", "content"),
    ("content", "content"),
    ("attachment", "content"),
    ("rfc 5322", "content"),
    ("header", "content"),
    ("8bit", "content"),
    ("phishing", "content"),
    ("dangerous", "content"),
    ("relay", "relay_denied"),
    ("rcpthosts", "relay_denied"),
    ("not permitted to relay", "relay_denied"),
    ("authentication required", "relay_denied"),
    ("not local", "relay_denied"),
    ("too many hops", "system"),
    ("mail loop", "system"),
    ("loops back", "system"),
    ("routing loop", "system"),
    ("hop count", "system"),
    ("timed out", "expired"),
    ("time out", "expired"),
    ("timeout", "expired"),
    ("retry time", "expired"),
    ("delivery time expired", "expired"),
    ("in the queue too long", "expired"),
    ("queue", "expired"),
    ("could not be delivered within", "expired"),
    ("not been delivered", "expired"),
    ("has been delayed", "expired"),
    ("will keep trying", "expired"),
    ("message expired", "expired"),
    ("expired", "expired"),
    ("delayed", "expired"),
    ("connection refused", "network"),
    ("no route to host", "network"),
    ("network is unreachable", "network"),
    ("could not connect", "network"),
    ("couldn't connect", "network"),
    ("unable to connect", "network"),
    ("lost connection", "network"),
    ("connection reset", "network"),
    ("connection was", "network"),
    ("couldn't establish", "network"),
    ("tls", "network"),
    ("dns", "network"),
    ("connection", "network"),
    ("unreachable", "network"),
    ("policy", "policy"),
    ("prohibited", "policy"),
    ("not allowed", "policy"),
    ("not permitted", "policy"),
    ("permission", "policy"),
    ("not authorized", "policy"),
    ("refused", "policy"),
    ("denied", "policy"),
    ("rejected", "policy"),
    ("administrat", "policy"),
    ("restricted", "policy"),
    ("configuration", "system"),
    ("internal error", "system"),
    ("system error", "system"),
    ("local error", "system"),
    ("i/o error", "system"),
    ("unable to", "system"),
];

/// Codes that say it better than words do (RFC 3463, and the registry of RFC 5248).
const CODES: &[(&str, &str)] = &[
    ("1.1", "user_unknown"),
    ("1.10", "user_unknown"),
    ("1.0", "user_unknown"),
    ("1.2", "host_unknown"),
    ("1.3", "user_unknown"),
    ("1.4", "user_unknown"),
    ("1.6", "moved"),
    ("1.9", "moved"),
    ("2.1", "suspended"),
    ("2.2", "mailbox_full"),
    ("2.3", "size"),
    ("3.1", "mailbox_full"),
    ("3.2", "system"),
    ("3.3", "system"),
    ("3.4", "size"),
    ("3.5", "system"),
    ("4.0", "network"),
    ("4.1", "expired"),
    ("4.2", "network"),
    ("4.3", "network"),
    ("4.4", "host_unknown"),
    ("4.5", "rate_limited"),
    ("4.6", "system"),
    ("4.7", "expired"),
    ("5.3", "rate_limited"),
    ("6.0", "content"),
    ("6.1", "content"),
    ("6.2", "content"),
    ("6.3", "content"),
    ("6.6", "content"),
    ("6.7", "content"),
    ("7.20", "auth_failure"),
    ("7.21", "auth_failure"),
    ("7.22", "auth_failure"),
    ("7.23", "auth_failure"),
    ("7.24", "auth_failure"),
    ("7.25", "blocked"),
    ("7.26", "auth_failure"),
    ("7.27", "host_unknown"),
    ("1.7", "policy"),
    ("1.8", "policy"),
    ("7.1", "policy"),
    ("7.0", "policy"),
    ("7.2", "policy"),
    ("7.8", "relay_denied"),
    ("7.509", "auth_failure"),
    ("7.515", "auth_failure"),
    ("7.133", "policy"),
    ("1.351", "user_unknown"),
    ("7.57", "relay_denied"),
    ("7.64", "relay_denied"),
];

/// Codes that are believed before any words.
const SURE: &[&str] = &[
    "1.2", "1.6", "1.7", "1.8", "1.10", "2.2", "2.3", "3.4", "4.7", "7.20", "7.23", "7.24", "7.25",
    "7.26", "7.27", "7.509", "7.515",
];

/// The reason behind a status code and what was said.
pub(super) fn of(status: Option<&str>, said: &str) -> &'static Reason {
    let detail = status.and_then(|s| s.split_once('.')).map(|(_, d)| d);
    let coded = detail
        .and_then(|d| CODES.iter().find(|(c, _)| *c == d))
        .map(|(_, r)| *r);
    let sure = detail.filter(|d| SURE.contains(d)).and(coded);
    let said = said.to_lowercase();
    let worded = || SAID.iter().find(|(w, _)| said.contains(w)).map(|(_, r)| *r);
    let reason = match (worded(), coded) {
        // General words say less than a code about the address.
        (
            Some("policy" | "system" | "content" | "suspended"),
            Some(c @ ("user_unknown" | "host_unknown")),
        ) if detail != Some("1.0") => c,
        (Some(w), _) => w,
        (None, Some(c)) => c,
        (None, None) => "other",
    };
    named(sure.unwrap_or(reason))
}

/// The reason of that key.
pub(super) fn named(key: &str) -> &'static Reason {
    const OTHER: Reason = Reason {
        key: "other",
        hard: false,
        words: "The server gave no reason that is known.",
    };
    REASONS.iter().find(|r| r.key == key).unwrap_or(&OTHER)
}

/// The finest enhanced status code in a text; codes that say nothing (`5.0.0`) count only alone.
pub(super) fn code_in(text: &str) -> Option<String> {
    let mut best: Option<String> = None;
    for word in text.split(|c: char| !(c.is_ascii_digit() || c == '.')) {
        let w = word.trim_matches('.');
        let mut p = w.split('.');
        let (Some(a), Some(b), Some(c), None) = (p.next(), p.next(), p.next(), p.next()) else {
            continue;
        };
        if !matches!(a, "4" | "5") || b.is_empty() || c.is_empty() || b.len() > 1 || c.len() > 3 {
            continue;
        }
        if b != "0" || c != "0" {
            return Some(w.to_owned());
        }
        best.get_or_insert_with(|| w.to_owned());
    }
    best
}

/// The reply code of SMTP in a text: `550 no such user`.
pub(super) fn reply_in(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .filter(|w| w.len() == 3)
        .filter_map(|w| w.parse::<u16>().ok())
        .find(|n| matches!(n, 421 | 422 | 450..=459 | 471 | 500..=559 | 571))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_follow_from_codes_and_words() {
        for (status, said, key) in [
            (
                Some("5.1.1"),
                "550 5.1.1 <a@b>: Recipient address rejected: User unknown",
                "user_unknown",
            ),
            (Some("5.2.2"), "user over quota", "mailbox_full"),
            (Some("5.7.26"), "This message does not pass", "auth_failure"),
            (
                Some("5.7.1"),
                "Our system has detected that this message is likely unsolicited mail",
                "spam",
            ),
            (Some("4.4.7"), "anything", "expired"),
            (
                Some("5.0.0"),
                "Host or domain name not found",
                "host_unknown",
            ),
            (Some("5.1.1"), "", "user_unknown"),
            (None, "message size exceeds fixed limit", "size"),
            (None, "", "other"),
        ] {
            assert_eq!(of(status, said).key, key, "{status:?} {said}");
        }
        for r in REASONS {
            assert!(named(r.key).words == r.words && r.words.ends_with('.'));
        }
        for (_, key) in SAID.iter().chain(CODES) {
            assert_eq!(named(key).key, *key);
        }
    }

    #[test]
    fn codes_are_found_and_addresses_are_none() {
        assert_eq!(code_in("550 5.1.1 no (10.5.1.1)").as_deref(), Some("5.1.1"));
        assert_eq!(
            code_in("host 5.1.1.2 said 5.0.0 then #5.2.2.").as_deref(),
            Some("5.2.2")
        );
        assert_eq!(code_in("v2.3.4"), None);
        assert_eq!(reply_in("said: 550-x 12"), Some(550));
        assert_eq!(reply_in("300 mails"), None);
    }
}
