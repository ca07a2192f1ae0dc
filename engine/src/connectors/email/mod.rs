//! Electronic mail: IMAP to read, SMTP to send.

mod classify;
pub mod convert;
mod headers;
pub mod html;
pub mod identity;
pub mod presets;
mod net;
