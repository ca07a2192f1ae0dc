//! What one may type.

use clap::{Args, Parser, Subcommand, ValueEnum};
use parley_engine::api::dto::{GroupBy, View};
use parley_engine::api::headless::{OauthProvider, Place, Security};
use parley_engine::api::inspect::What;
use std::path::PathBuf;

/// Parley without a window.
///
/// Exit codes: 0 done · 1 failed · 2 not understood · 3 `check` found something, `import` left something out · 4 locked · 5 another Parley has
/// it open · 6 there is no such thing · 7 refused or invalid.
#[derive(Debug, Parser)]
#[command(name = "parleyctl", version, max_term_width = 100)]
pub struct Cli {
    /// One JSON document on stdout instead of text (`sync` without `--once`: one a line); errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// The workspace's folder; else PARLEY_DATA_DIR, else where the desktop app keeps it
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Read the workspace's passphrase from this file descriptor: its first line
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Open it with its recovery key instead: the 24 words on the first line of this file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub recovery_fd: Option<u32>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a workspace; with a passphrase if one is given, else its key goes into the system's keyring
    Init {
        /// Your name, as colleagues see it
        #[arg(long)]
        name: Option<String>,
        /// Make a recovery key as well, and print its 24 words once
        #[arg(long)]
        recovery_words: bool,
    },
    /// Where the key of the workspace is kept
    #[command(subcommand)]
    Key(Key),
    /// Make a backup now, and verify it
    Backup {
        /// Into this folder, whole with its kept files, instead of among the workspace's own
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// List the backups, newest first
    Backups,
    /// Go back to a backup; the present database is set aside, never deleted
    Restore {
        /// Its name in `backups`, or the folder it lies in
        backup: String,
        /// Make a workspace of it in this folder instead
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Mailboxes
    #[command(subcommand)]
    Account(Account),
    /// Send what is due and fetch what is new; until Ctrl-C unless --once
    Sync {
        /// One round, then end
        #[arg(long)]
        once: bool,
        /// Only this account (id, start of it, or address)
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
    /// List conversations
    Conversations {
        /// Which ones
        #[arg(long, value_parser = words::view(), default_value = "inbox")]
        view: View,
        /// Longest wait first instead of newest first
        #[arg(long)]
        longest_wait: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show a conversation
    Show {
        /// Its id, or the start of it
        conversation: String,
        /// The sanitised HTML of mails that have one
        #[arg(long)]
        html: bool,
        /// At most so many messages, the newest
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Search all messages, newest first
    Search {
        /// Words, "phrases", from:, to:, subject: and so on
        #[arg(required = true, allow_hyphen_values = true)]
        query: Vec<String>,
        /// The most relevant first, among the newest 2,000 hits
        #[arg(long)]
        best: bool,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Send a message: an answer with --conversation, or a new one with --to
    Send(Send),
    /// Write a note into a conversation
    Note {
        /// Its id, or the start of it
        conversation: String,
        /// The note; else it is read from stdin
        #[arg(long)]
        text: Option<String>,
    },
    /// Assign a conversation
    Assign {
        /// Its id, or the start of it
        conversation: String,
        /// To whom: `me`, a name or an id
        #[arg(
            long,
            value_name = "AGENT",
            required_unless_present = "nobody",
            conflicts_with = "nobody"
        )]
        to: Option<String>,
        /// To nobody
        #[arg(long)]
        nobody: bool,
    },
    /// Resolve a conversation
    Resolve {
        /// Its id, or the start of it
        conversation: String,
    },
    /// What is not sent yet, or went wrong
    Outbox {
        /// What to do; without it, `list`
        #[command(subcommand)]
        what: Option<Outbox>,
    },
    /// Bring in mails (.eml), mailbox files, Maildirs, interchange files (.jsonl) and tables of customers (.csv, .tsv)
    Import(Import),
    /// Archives of what was imported
    Archives {
        /// What to do; without it, `list`
        #[command(subcommand)]
        what: Option<Archives>,
    },
    /// Made-up conversations to look around with
    #[command(subcommand)]
    Sample(Sample),
    /// Write everything, or chosen conversations, as an interchange file
    Export(Export),
    /// Check that nothing was lost, doubled or damaged; exit code 3 when something is found
    Check {
        /// Only read the database's file whole
        #[arg(long)]
        quick: bool,
        /// Read every backup whole instead
        #[arg(long, conflicts_with = "quick")]
        backups: bool,
    },
    /// Write a bundle for support: versions, states and the log, without anybody's words, names or secrets
    Diagnostics {
        /// The file, a ZIP archive; one that is there already is left alone
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Reports
    #[command(subcommand)]
    Report(Report),
    /// Show how Parley understands a thing; needs no workspace. Input on stdin, JSON on stdout
    Inspect(Inspect),
}

/// A thing to look at.
#[derive(Debug, Clone, Args)]
pub struct Inspect {
    /// What it is
    #[arg(value_enum)]
    pub what: Thing,
    /// What it does not say itself: a region (DE) for a phone number; text, html or eml for a reply;
    /// instagram, messenger, twilio, whatsapp, smsgate, telegram or matrix for a payload whose shape does not tell
    #[arg(long)]
    pub hint: Option<String>,
    /// Lines {"id":…,"b64":…,"hint":…} in, one line {"id":…,"out":…} or {"id":…,"err":…} out for each
    #[arg(long)]
    pub batch: bool,
}

/// What can be inspected.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Thing {
    /// A mail
    Mail,
    /// HTML of a mail
    Html,
    /// A text with quoted history
    Reply,
    /// A phone number
    Phone,
    /// A link
    Url,
    /// A mail address
    Address,
    /// A JSON array of mails in Base64
    Thread,
    /// A provider's data: a page of its interface, or a webhook's body
    Payload,
}

impl From<Thing> for What {
    fn from(t: Thing) -> Self {
        match t {
            Thing::Mail => Self::Mail,
            Thing::Html => Self::Html,
            Thing::Reply => Self::Reply,
            Thing::Phone => Self::Phone,
            Thing::Url => Self::Url,
            Thing::Address => Self::Address,
            Thing::Thread => Self::Thread,
            Thing::Payload => Self::Payload,
        }
    }
}

/// About the key of the workspace.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Say where it is, and whether there is a recovery key
    Status,
    /// Keep it in the system's keyring from now on
    Keyring,
    /// Keep it under a passphrase from now on
    Passphrase {
        /// Read the new passphrase from this file descriptor: its first line
        #[arg(long, value_name = "N")]
        new_passphrase_fd: Option<u32>,
    },
    /// Make a new recovery key and print its 24 words once; older words open nothing any more
    RecoveryWords,
}

/// About mailboxes.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Connect a mailbox; servers that are not named are found from the address
    Add(Box<AccountAdd>),
    /// Connect an account of any channel by its settings
    Connect(AccountConnect),
    /// Read what came in the last days once more; what is here stays as it is
    Resync {
        /// Its id, start of it, or address
        account: String,
        /// How many days
        #[arg(long, default_value_t = 7)]
        days: u16,
    },
    /// List them with their states
    List,
    /// Sign in to a connected mailbox and say how each step went
    Test {
        /// Its id, start of it, or address
        account: String,
        /// Try another password: the first line of this file descriptor
        #[arg(long, value_name = "N")]
        password_fd: Option<u32>,
    },
    /// Sign in again at the provider's page
    SignIn {
        /// Its id, start of it, or address
        account: String,
        /// Read what Google calls the program's secret from this file descriptor: its first line
        #[arg(long, value_name = "N")]
        client_secret_fd: Option<u32>,
    },
    /// Disconnect; its messages stay
    Remove {
        /// Its id, start of it, or address
        account: String,
    },
    /// Pause it, or go on
    Pause {
        /// Its id, start of it, or address
        account: String,
        /// Go on
        #[arg(long)]
        off: bool,
    },
}

/// An account of any channel to connect.
#[derive(Debug, Args)]
pub struct AccountConnect {
    /// Its settings, JSON, as `account list --json` shows them: text that begins with {, a file, or - for stdin
    pub config: String,
    /// Read its token, secret or password from this file descriptor: its first line
    #[arg(long, value_name = "N")]
    pub secret_fd: Option<u32>,
    /// Find out from the secret what the settings leave out: account, number or bot
    #[arg(long)]
    pub find: bool,
    /// Keep it without trying it
    #[arg(long)]
    pub no_test: bool,
}

/// A mailbox to connect.
#[derive(Debug, Args)]
pub struct AccountAdd {
    /// The address
    #[arg(long)]
    pub address: String,
    /// The name customers see beside the address
    #[arg(long, default_value = "")]
    pub display_name: String,
    /// Where mail is read
    #[arg(long, value_name = "HOST")]
    pub imap_host: Option<String>,
    /// Its port (993 for tls, 143 for starttls)
    #[arg(long, value_name = "PORT")]
    pub imap_port: Option<u16>,
    /// Its protection
    #[arg(long, value_parser = words::security(), value_name = "tls|starttls|none")]
    pub imap_security: Option<Security>,
    /// The name to sign in with, if it is not the address
    #[arg(long, value_name = "NAME")]
    pub imap_user: Option<String>,
    /// Where mail is handed in
    #[arg(long, value_name = "HOST")]
    pub smtp_host: Option<String>,
    /// Its port (465 for tls, 587 for starttls)
    #[arg(long, value_name = "PORT")]
    pub smtp_port: Option<u16>,
    /// Its protection
    #[arg(long, value_parser = words::security(), value_name = "tls|starttls|none")]
    pub smtp_security: Option<Security>,
    /// The name to sign in with, if it is not that of reading
    #[arg(long, value_name = "NAME")]
    pub smtp_user: Option<String>,
    /// Read the password from this file descriptor: its first line
    #[arg(long, value_name = "N")]
    pub password_fd: Option<u32>,
    /// Trust this certificate (PEM) besides those of the system
    #[arg(long, value_name = "FILE")]
    pub trust_certificate: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256 fingerprint; may be repeated
    #[arg(long, value_name = "HEX")]
    pub trust_fingerprint: Vec<String>,
    /// Ask Mozilla's public directory for the servers too; it learns the domain
    #[arg(long)]
    pub ask_directory: bool,
    /// Sign in at the provider's page in a browser instead of with a password
    #[arg(long, value_parser = words::oauth(), value_name = "google|microsoft", requires = "client_id", conflicts_with = "password_fd")]
    pub oauth: Option<OauthProvider>,
    /// The id under which the program is registered at the provider
    #[arg(long, value_name = "ID", requires = "oauth")]
    pub client_id: Option<String>,
    /// Read what Google calls the program's secret from this file descriptor: its first line
    #[arg(long, value_name = "N", requires = "oauth")]
    pub client_secret_fd: Option<u32>,
    /// Microsoft's tenant; any without it
    #[arg(long, value_name = "TENANT", default_value = "", requires = "oauth")]
    pub tenant: String,
    /// Keep it without trying it
    #[arg(long)]
    pub no_test: bool,
}

/// A message to send.
#[derive(Debug, Args)]
pub struct Send {
    /// Answer in this conversation (id or start of it)
    #[arg(long, required_unless_present = "to")]
    pub conversation: Option<String>,
    /// To whom (`anna@shop.example` or `Anna <anna@shop.example>`); may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<String>,
    /// Copies; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub cc: Vec<String>,
    /// Hidden copies; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub bcc: Vec<String>,
    /// From which account (id, start of it, or address)
    #[arg(long)]
    pub account: Option<String>,
    /// From which of the account's addresses; else its own
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// Without the account's signature
    #[arg(long)]
    pub no_signature: bool,
    /// Without the message that is answered below
    #[arg(long)]
    pub no_quote: bool,
    /// The subject
    #[arg(long)]
    pub subject: Option<String>,
    /// The text; else it is read from stdin
    #[arg(long)]
    pub text: Option<String>,
    /// Files to send along; may be repeated
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// Resolve the conversation as well
    #[arg(long)]
    pub resolve: bool,
    /// Send at once, without the time to undo, and say how it went
    #[arg(long)]
    pub wait: bool,
}

/// What to bring in.
#[derive(Debug, Args)]
pub struct Import {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Into this mailbox (id, start of it, or address)
    #[arg(long, conflicts_with_all = ["new_archive", "measured"])]
    pub account: Option<String>,
    /// Into an archive of this name, made if it is not there; without either, “Imported”
    #[arg(long, value_name = "NAME")]
    pub new_archive: Option<String>,
    /// An address that is yours: mails from it were sent by you; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub own: Vec<String>,
    /// Count the messages as if they came today: conversations open, waits are measured
    #[arg(long)]
    pub measured: bool,
    /// Of a table of customers: the country (DE) where phone numbers without a country code were written
    #[arg(long, value_name = "CC")]
    pub region: Option<String>,
    /// Of a table of customers: what each column holds, from the first on, with commas: ignore, email, phone, whatsapp,
    /// name, first_name, last_name, tags, note, country
    #[arg(long, value_name = "USES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// What the mails are, whatever their folder is called
    #[arg(long, value_parser = words::place(), value_name = "inbox|sent|junk|other")]
    pub folder: Option<Place>,
}

/// About made-up conversations.
#[derive(Debug, Subcommand)]
pub enum Sample {
    /// Load them beside what is there; cut short, the same command goes on
    Load,
    /// Remove all of them, and nothing else
    Remove,
    /// Write them to stdout as an interchange file; needs no workspace
    Print {
        /// The moment that the newest lie shortly before, in milliseconds since 1970; else now
        #[arg(long, value_name = "MILLISECONDS")]
        now: Option<i64>,
        /// The same number gives the same lines for the same moment
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// About archives.
#[derive(Debug, Subcommand)]
pub enum Archives {
    /// List them, with where they came from
    List,
    /// Call one something else
    Rename {
        /// Its name, its id or the start of it
        archive: String,
        /// Its new name
        name: String,
    },
    /// Say what `remove` would erase
    Weigh {
        /// Its name, its id or the start of it
        archive: String,
    },
    /// Erase one: its messages, their files, and conversations that consist of nothing else. It cannot be taken back
    Remove {
        /// Its name, its id or the start of it
        archive: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// What to write.
#[derive(Debug, Args)]
pub struct Export {
    /// The file; `-` is stdout
    pub file: PathBuf,
    /// Only this conversation (id or start of it); may be repeated
    #[arg(long, value_name = "CONVERSATION")]
    pub conversation: Vec<String>,
    /// Without the contents of files
    #[arg(long, conflicts_with = "attachments_beside")]
    pub no_attachments: bool,
    /// Files into the folder `attachments` beside the export, each once
    #[arg(long)]
    pub attachments_beside: bool,
    /// Also each mail as it came
    #[arg(long)]
    pub raw: bool,
}

/// About the outbox.
#[derive(Debug, Clone, Subcommand)]
pub enum Outbox {
    /// List what is not sent yet, or went wrong
    List,
    /// Take a send back that is held or queued; it becomes a draft again
    Cancel {
        /// Its id, or the start of it
        id: String,
    },
    /// Try a failed or uncertain send again at the next sync or flush
    Retry {
        /// Its id, or the start of it
        id: String,
    },
    /// You found that an uncertain send arrived
    MarkSent {
        /// Its id, or the start of it
        id: String,
    },
    /// Look in the Sent folder whether an uncertain send arrived
    Check {
        /// Its id, or the start of it
        id: String,
    },
    /// Send what is due now
    Flush {
        /// Only this account (id, start of it, or address)
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
}

/// Reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// First and next response and resolution: n, median, 90th percentile, mean
    ResponseTimes {
        /// The first day (YYYY-MM-DD, local time)
        #[arg(long, value_name = "DATE")]
        from: String,
        /// The last day, whole (YYYY-MM-DD, local time)
        #[arg(long, value_name = "DATE")]
        to: String,
        /// What a row is
        #[arg(long, value_enum, default_value = "agent")]
        by: By,
    },
}

/// What a row of a report is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum By {
    /// Who answered
    Agent,
    /// The channel
    Channel,
}

impl From<By> for GroupBy {
    fn from(b: By) -> Self {
        match b {
            By::Agent => Self::Agent,
            By::Channel => Self::Channel,
        }
    }
}

/// The engine's own words as values, so that they cannot drift apart.
mod words {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    use parley_engine::api::dto::View;
    use parley_engine::api::headless::{OauthProvider, Security};
    use serde::de::DeserializeOwned;

    fn of<T: DeserializeOwned + Clone + Send + Sync + 'static>(
        known: &'static [&'static str],
    ) -> impl TypedValueParser<Value = T> {
        PossibleValuesParser::new(known)
            .try_map(|word| serde_json::from_value::<T>(serde_json::Value::String(word)))
    }

    pub fn view() -> impl TypedValueParser<Value = View> {
        of(&[
            "inbox",
            "mine",
            "unassigned",
            "waiting",
            "snoozed",
            "resolved",
            "automatic",
            "problems",
            "all",
        ])
    }

    pub fn place() -> impl TypedValueParser<Value = parley_engine::api::headless::Place> {
        of(&["inbox", "sent", "junk", "other"])
    }

    pub fn security() -> impl TypedValueParser<Value = Security> {
        of(&["tls", "starttls", "none"])
    }

    pub fn oauth() -> impl TypedValueParser<Value = OauthProvider> {
        of(&["google", "microsoft"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_view_of_the_window_can_be_listed() {
        for word in [
            "inbox",
            "mine",
            "unassigned",
            "waiting",
            "snoozed",
            "resolved",
            "automatic",
            "problems",
            "all",
        ] {
            assert!(
                Cli::try_parse_from(["parleyctl", "conversations", "--view", word]).is_ok(),
                "{word}"
            );
        }
        assert!(Cli::try_parse_from(["parleyctl", "conversations", "--view", "later"]).is_err());
    }

    #[test]
    fn no_secret_can_be_given_as_an_argument() {
        for option in ["--password", "--passphrase"] {
            assert!(
                Cli::try_parse_from([
                    "parleyctl",
                    "account",
                    "add",
                    "--address",
                    "a@b.test",
                    option,
                    "x"
                ])
                .is_err(),
                "{option}"
            );
        }
    }

    #[test]
    fn a_send_needs_somebody_to_go_to() {
        assert!(Cli::try_parse_from(["parleyctl", "send", "--text", "x"]).is_err());
        assert!(
            Cli::try_parse_from(["parleyctl", "send", "--to", "a@b.test", "--text", "x"]).is_ok()
        );
    }
}
