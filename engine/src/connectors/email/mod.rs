//! Mail: IMAP to read, SMTP to send.
