//! What mail programs say of a piece of HTML by class, id or name, kept in one attribute of ours through the cleaning.

/// The attribute that carries it.
pub const ATTRIBUTE: &str = "data-parley-mark";

/// HTML without the marks.
pub fn unmarked(html: &str) -> String {
    let start = format!(" {ATTRIBUTE}=\"");
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // In clean HTML a quotation mark in text or in a value is written as an entity there, so this is an attribute.
    while let Some((before, after)) = rest.split_once(start.as_str()) {
        out.push_str(before);
        rest = after.split_once('"').map_or("", |(_, r)| r);
    }
    out.push_str(rest);
    out
}

/// History as a whole.
const HISTORY: &[&str] = &[
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "olk_src_body_section",
    "messagereplysection",
    "missive_quote",
    "freshdesk_quote",
    "front-blockquote",
    "nylas-quote",
    "quoted_message",
    "originalcontent",
    "_originalcontent",
    "sh-quoted-content",
    "hs_reply",
    "zmail_extra_hr",
    "gmail_quote_container",
    "mail-quote-collapse",
    "spike-quote",
    "quoted-content",
    "hey-quoted",
    "replied-message",
    "replymessage",
    "moz-email-headers-table",
    "front-quoted",
    "bloop_original_html",
    "aol_quoted",
    "mailmaster_quote",
    "ntes-quote",
    "qmquote",
    "re-quote",
    "mb_quoted",
    "yahoo-quoted-begin",
];
/// A block that cites.
const CITES: &[&str] = &[
    "cite",
    "wordsection-quote",
    "outlook_quote",
    "clean_bq",
    "iosymail",
    "moz-quote",
];
/// The introduction.
const INTRO: &[&str] = &[
    "moz-cite-prefix",
    "gmail_attr",
    "airmail_on",
    "reply-intro",
    "protonmail_quote_header",
    "yahoo_quoted_header",
    "quote-header",
    "bloop_on",
];
/// The header of the quoted mail begins here.
const HEADER: &[&str] = &[
    "divrplyfwdmsg",
    "outlookmessageheader",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "stopspelling",
    "replysplit",
    "_replydivider",
    "orm",
    "divtagdefaultwrapper-reply",
];
/// A signature.
const SIGNATURE: &[&str] = &[
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "signature",
    "applemailsignature",
    "protonmail_signature_block",
    "ms-outlook-mobile-signature",
    "messagesignaturesection",
    "composer_signature",
    "yahoo-signature",
    "front-signature",
    "sh-signature",
    "mobile-signature",
    "applelinebreakatbeginningofsignature",
    "x-apple-signature",
    "zmail_signature",
    "bloop_sign",
    "hs_signature",
    "airmail_ext_on",
    "k9mail-signature",
    "tutanota_signature",
    "newton-signature",
    "outlook-signature",
    "email-signature",
    "mail-signature",
    "missive_signature",
    "qmsignature",
    "foxmail_signature",
];

/// The mark of a tag, from its attributes as they came: one letter, or none.
pub fn mark<'a>(
    tag: &str,
    attributes: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<&'static str> {
    let mut found = None;
    let mut box_of_gmail = false;
    for (name, value) in attributes {
        let value = value.get(..value.floor_char_boundary(400)).unwrap_or(value);
        match name {
            "class" | "id" | "name" => {
                for word in value.split_ascii_whitespace() {
                    let lower = word.to_ascii_lowercase();
                    let word = plain(&lower);
                    box_of_gmail |= word == "gmail_quote" || word == "quote" && name == "name";
                    found = found.or_else(|| named(word));
                }
            }
            "type" if tag == "blockquote" && value.eq_ignore_ascii_case("cite") => {
                found = found.or(Some("c"));
            }
            "style" if tag == "div" || tag == "p" => {
                let style: String = value
                    .to_ascii_lowercase()
                    .chars()
                    .filter(|c| !c.is_whitespace())
                    .collect();
                if found.is_none() && outlook_line(&style) {
                    found = Some("h");
                }
            }
            _ => {}
        }
    }
    match (found, tag, box_of_gmail) {
        // Gmail calls both its box and the quotation in it so.
        (_, "blockquote", true) => Some("w"),
        (None, _, true) => Some("g"),
        (None, "blockquote", _) => Some("b"),
        (None, "hr", _) => Some("r"),
        (found, ..) => found,
    }
}

/// Without what other programs put before the names they found.
fn plain(word: &str) -> &str {
    let mut word = word;
    while let Some(rest) = word.strip_prefix("x_").or(word.strip_prefix("m_")) {
        word = rest;
    }
    // Yahoo puts a number of its own before each name.
    if word.starts_with("ydp")
        && let Some(at) = word.find("yahoo")
    {
        word = word.get(at..).unwrap_or(word);
    }
    word
}

fn named(word: &str) -> Option<&'static str> {
    let is = |all: &[&str]| all.contains(&word);
    if is(HISTORY) || word.starts_with("yahoo_quoted") {
        Some("q")
    } else if is(CITES) {
        Some("c")
    } else if is(INTRO) {
        Some("i")
    } else if is(HEADER) {
        Some("h")
    } else if is(SIGNATURE) || word.starts_with("applemailsignature") {
        Some("s")
    } else {
        None
    }
}

/// The line that Outlook and Windows Mail draw above the header of the quoted mail.
fn outlook_line(style: &str) -> bool {
    (style.contains("border:none;border-top:solid")
        || style.contains("border-top:solid")
        || style.contains("border-top-style:solid")
        || style.contains("border-top:1px"))
        && (style.contains("padding:3.0pt0")
            || style.contains("padding:3pt0")
            || style.contains("padding-top:5px;border-top-color"))
}
