//! What one mail may cost: each bound of `security.md` §2.1 that reading mail has to keep, in one place.

/// Largest mail that is read, in bytes.
pub const MAX_MAIL: usize = 50 * 1024 * 1024;
/// Most MIME parts, nested mails included.
pub const MAX_PARTS: usize = 500;
/// Deepest nesting of MIME parts.
pub const MAX_MIME_DEPTH: usize = 32;
/// Most header fields of a mail.
pub const MAX_HEADERS: usize = 1_000;
/// Largest header block of a mail, in bytes.
pub const MAX_HEADER_BLOCK: usize = 256 * 1024;
/// Most of one header field that is looked at, in bytes; the rest of it is left out.
pub const MAX_HEADER: usize = 64 * 1024;
/// Most addresses of a mail.
pub const MAX_ADDRESSES: usize = 2_000;
/// Deepest nesting of address groups (RFC 5322 knows one level only).
pub const MAX_GROUP_DEPTH: usize = 4;
/// Most text that is kept to be shown and searched, in bytes.
pub const MAX_TEXT: usize = 1024 * 1024;
/// Longest name of a file, in bytes.
pub const MAX_FILE_NAME: usize = 180;
/// Longest thread that is remembered.
pub const MAX_REFERENCES: usize = 100;
/// Longest subject, name or id that is kept, in bytes.
pub const MAX_FIELD: usize = 2_000;
/// Most recipients of one bounce that are told apart.
pub const MAX_BOUNCED: usize = 100;
/// Stack of the thread that reads a mail, in bytes.
pub const STACK: usize = 8 * 1024 * 1024;
/// Stands at the end of a text that was cut.
pub const CUT_MARK: &str = "\n[…]";
