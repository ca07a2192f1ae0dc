//! A throw-away Dovecot 2.3 on free loopback ports, run as an ordinary user.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::BASE64;
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::error::{Error, Result};
use crate::files;
use crate::lmtp::Lmtp;
use crate::maildir;
use crate::process::{self, Guarded, User};

const PACKAGES: &str = "dovecot-imapd dovecot-submissiond dovecot-lmtpd";
const PLACES: [&str; 3] = [
    "/usr/sbin/dovecot",
    "/usr/local/sbin/dovecot",
    "/usr/bin/dovecot",
];
const START_PATIENCE: Duration = Duration::from_secs(20);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const PORT_ATTEMPTS: usize = 8;
const TAKEN: &str = "Address already in use";

/// What the server shall look like; `Options::default()` has no users.
#[derive(Default, Clone)]
pub struct Options {
    /// Addresses and their passwords. Each gets a mailbox.
    pub users: Vec<(String, String)>,
    /// The capability line before and after login, to look like another vendor's server.
    pub imap_capability: Option<String>,
    /// Where the submission port relays to; without it every submitted mail is refused by a dead relay.
    pub relay: Option<SocketAddr>,
    /// A fixed port for IMAP (plain and STARTTLS) instead of a free one.
    pub imap_port: Option<u16>,
    /// A fixed port for IMAP over TLS instead of a free one.
    pub imaps_port: Option<u16>,
    /// A fixed port for submission instead of a free one.
    pub submission_port: Option<u16>,
    /// Keep the mailboxes in this folder instead of a temporary one.
    pub mail_folder: Option<PathBuf>,
    /// Use these certificates instead of new ones.
    pub certificates: Option<Certificates>,
    /// Do not mark Sent, Drafts and so on with their special use, as some old servers do not.
    pub without_special_use: bool,
    /// Take access tokens signed with this key (XOAUTH2, OAUTHBEARER), besides passwords.
    pub token_key: Option<Vec<u8>>,
    /// Take access tokens only, as Exchange Online does.
    pub without_passwords: bool,
    /// More lines for `dovecot.conf`, put at its end.
    pub extra_settings: String,
}

impl Options {
    /// Options with these users and nothing else changed.
    pub fn users(users: &[(&str, &str)]) -> Self {
        let users = users
            .iter()
            .map(|(address, password)| ((*address).into(), (*password).into()))
            .collect();
        Self {
            users,
            ..Self::default()
        }
    }
}

/// A running server; dropping it stops it and removes what it wrote.
pub struct Dovecot {
    options: Options,
    certificates: Certificates,
    user: User,
    program: String,
    ports: Ports,
    mail: PathBuf,
    server: Option<Guarded>,
    folder: TempDir,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    imap: u16,
    imaps: u16,
    submission: u16,
}

impl Dovecot {
    /// Starts a server and returns when it answers.
    pub fn start(options: Options) -> Result<Self> {
        for (address, _) in &options.users {
            check_address(address)?;
        }
        let program = installed()?;
        let certificates = match &options.certificates {
            Some(given) => given.clone(),
            None => Certificates::generate()?,
        };
        // The sockets' paths have to be short, so the run folder is always a temporary one.
        let folder = tempfile::Builder::new()
            .prefix("parley-dovecot-")
            .tempdir()
            .map_err(Error::system("create a temporary folder"))?;
        let mail = options
            .mail_folder
            .clone()
            .unwrap_or_else(|| folder.path().join("mail"));
        let ports = free_ports(&options)?;
        let user = User::ordinary()?;
        let mut server = Self {
            options,
            certificates,
            user,
            program,
            ports,
            mail,
            server: None,
            folder,
        };
        server.prepare()?;
        server.launch_on_free_ports()?;
        Ok(server)
    }

    /// The port for IMAP without TLS or with STARTTLS.
    pub fn imap_port(&self) -> u16 {
        self.ports.imap
    }

    /// The port for IMAP with TLS from the first byte.
    pub fn imaps_port(&self) -> u16 {
        self.ports.imaps
    }

    /// The submission port (STARTTLS).
    pub fn submission_port(&self) -> u16 {
        self.ports.submission
    }

    /// The authority a client has to trust.
    pub fn ca_pem(&self) -> &str {
        self.certificates.ca_pem()
    }

    /// The certificates, to start another server with the same authority.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The addresses that have a mailbox here.
    pub fn addresses(&self) -> Vec<&str> {
        self.options
            .users
            .iter()
            .map(|(address, _)| address.as_str())
            .collect()
    }

    /// The Maildir of a user: `new` and `cur` are INBOX, `.Sent/cur` and so on the other folders.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.mail.join(user).join("Maildir")
    }

    /// The raw mails of one folder of a user (`INBOX`, `Sent` …), oldest file name first.
    pub fn mails(&self, user: &str, mailbox: &str) -> Result<Vec<Vec<u8>>> {
        maildir::read(&self.maildir(user), mailbox)
    }

    /// Puts a mail into a folder of a user as one that came at this time; in any folder but INBOX it is read.
    pub fn place(&self, user: &str, mailbox: &str, at: SystemTime, raw_mail: &[u8]) -> Result<()> {
        check_address(user)?;
        let maildir = self.maildir(user);
        maildir::place(&maildir, mailbox, at, raw_mail)?;
        self.give(&self.mail.join(user))
    }

    /// Where mail for these users is delivered by LMTP.
    pub fn lmtp(&self) -> Lmtp {
        Lmtp::new(self.folder.path().join("run/lmtp"))
    }

    /// Delivers a raw mail into a user's INBOX, as a mail exchanger would.
    pub fn deliver(&self, user: &str, raw_mail: &[u8]) -> Result<()> {
        self.lmtp().deliver("sandbox@sender.test", user, raw_mail)
    }

    /// The server's own log.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops the server: connections break, ports close, mailboxes stay.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        server.stop(STOP_PATIENCE)?;
        // Its login processes hold the same sockets, and may end a moment after their master.
        let deadline = Instant::now() + STOP_PATIENCE;
        let open = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
        while [self.ports.imap, self.ports.imaps, self.ports.submission]
            .iter()
            .any(open)
        {
            if Instant::now() > deadline {
                return Err(Error::Start {
                    server: "a stopping Dovecot",
                    reason: "its ports still answer".into(),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Stops the server if it runs and starts it again on the same ports with the same mailboxes.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    /// Changes a user's password from the next login on.
    pub fn set_password(&mut self, user: &str, password: &str) -> Result<()> {
        for (address, old) in &mut self.options.users {
            if address == user {
                password.clone_into(old);
            }
        }
        self.write_users()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("dovecot.log")
    }

    fn prepare(&self) -> Result<()> {
        let folder = self.folder.path();
        files::create_folder(&folder.join("run"))?;
        // Other servers reach the sockets in it; everything secret in it is for its owner alone.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))
            .map_err(Error::file(folder))?;
        files::create_folder(&self.mail)?;
        self.certificates.write(folder)?;
        self.write_users()?;
        self.write_token_key()?;
        self.give(folder)?;
        self.give(&self.mail)
    }

    fn give(&self, path: &Path) -> Result<()> {
        if self.user.become_it {
            files::give(path, self.user.uid, self.user.gid)?;
        }
        Ok(())
    }

    fn write_users(&self) -> Result<()> {
        let mut lines = String::new();
        for (address, password) in &self.options.users {
            // As base64, so that a password may hold any character.
            let password = BASE64.encode(password.as_bytes());
            let (uid, gid, home) = (self.user.uid, self.user.gid, self.mail.join(address));
            let _ = writeln!(
                lines,
                "{address}:{{PLAIN.b64}}{password}:{uid}:{gid}::{}::",
                home.display()
            );
        }
        let path = self.folder.path().join("users");
        files::write_private(&path, lines.as_bytes())?;
        self.give(&path)
    }

    /// The key that access tokens are checked with, where Dovecot looks for it.
    fn write_token_key(&self) -> Result<()> {
        let Some(key) = &self.options.token_key else {
            return Ok(());
        };
        let folder = self.folder.path();
        let place = folder.join("keys/default/HS256");
        files::create_folder(&place)?;
        files::write_private(&place.join("default"), BASE64.encode(key).as_bytes())?;
        let settings = format!(
            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\nusername_attribute = email\n",
            folder.display()
        );
        files::write_private(&folder.join("oauth2.conf.ext"), settings.as_bytes())
    }

    /// Who is let in, and how.
    fn authentication(&self) -> String {
        let folder = self.folder.path().display();
        let tokens = self.options.token_key.is_some();
        let mechanisms = match (tokens, self.options.without_passwords) {
            (true, true) => "xoauth2 oauthbearer",
            (true, false) => "plain login xoauth2 oauthbearer",
            (false, _) => "plain login",
        };
        let mut text = format!("auth_mechanisms = {mechanisms}\n");
        if tokens {
            let _ = write!(
                text,
                "passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {folder}/oauth2.conf.ext\n}}\n"
            );
        }
        let _ = write!(
            text,
            "passdb {{\n  driver = passwd-file\n  mechanisms = plain login\n  args = username_format=%u {folder}/users\n}}\n"
        );
        text
    }

    fn launch_on_free_ports(&mut self) -> Result<()> {
        let mut last = None;
        for _ in 0..PORT_ATTEMPTS {
            match self.launch() {
                Ok(()) => return Ok(()),
                // Between finding a port free and taking it, another program may have taken it.
                Err(Error::Start { reason, .. }) if reason.contains(TAKEN) => {
                    last = Some(reason);
                    self.ports = free_ports(&self.options)?;
                }
                Err(other) => return Err(other),
            }
        }
        Err(Error::Start {
            server: "Dovecot",
            reason: last.unwrap_or_default(),
        })
    }

    fn launch(&mut self) -> Result<()> {
        let config = self.folder.path().join("dovecot.conf");
        files::write_private(&config, self.configuration().as_bytes())?;
        self.give(&config)?;
        // A server that was killed leaves its pid file, which would stop the next one.
        for leftover in [self.log_path(), self.folder.path().join("run/master.pid")] {
            let _ = std::fs::remove_file(leftover);
        }
        let mut command = self.user.prefix();
        command.extend([
            self.program.clone(),
            "-F".into(),
            "-c".into(),
            config.display().to_string(),
        ]);
        let mut server = Guarded::spawn(&command)?;
        self.wait_until_ready(&mut server)?;
        self.server = Some(server);
        Ok(())
    }

    fn wait_until_ready(&self, server: &mut Guarded) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        let failed = |reason: String| {
            Err(Error::Start {
                server: "Dovecot",
                reason,
            })
        };
        loop {
            // Asked before the ports: an answer there could be another program's, on a port it took from us.
            if server.ended() {
                return failed(fatal_lines(&self.log()));
            }
            if self.answers() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return failed(format!(
                    "no answer within {START_PATIENCE:?}: {}",
                    fatal_lines(&self.log())
                ));
            }
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    fn answers(&self) -> bool {
        greeting(self.ports.imap).is_some_and(|line| line.starts_with("* OK"))
            && greeting(self.ports.submission).is_some_and(|line| line.starts_with("220"))
            && TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.imaps)).is_ok()
            && std::os::unix::net::UnixStream::connect(self.lmtp().socket()).is_ok()
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let User { name, group, .. } = &self.user;
        let Ports {
            imap,
            imaps,
            submission,
        } = self.ports;
        let capability = self
            .options
            .imap_capability
            .as_ref()
            .map(|words| format!("imap_capability = {words}"))
            .unwrap_or_default();
        // Port 1 refuses connections everywhere, which is what "no relay" should feel like.
        let relay = self
            .options
            .relay
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let (relay_host, relay_port) = (relay.ip(), relay.port());
        let mailboxes = self.mailboxes();
        let authentication = self.authentication();
        let extra = &self.options.extra_settings;
        format!(
            r"
protocols = imap lmtp submission
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
hostname = localhost
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
first_valid_uid = 1
{capability}

ssl = yes
ssl_cert = <{folder}/leaf.pem
ssl_key = <{folder}/key.pem

auth_failure_delay = 0
auth_verbose = yes
disable_plaintext_auth = no
{authentication}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}

mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
mailbox_idle_check_interval = 1 secs
namespace inbox {{
  inbox = yes
{mailboxes}}}

submission_relay_host = {relay_host}
submission_relay_port = {relay_port}

service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {submission}
  }}
}}
service lmtp {{
  user = {name}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  # Without this listener a wrong password, which tests send on purpose, slows down the next logins.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service stats {{
  chroot =
}}
{extra}
"
        )
    }

    fn mailboxes(&self) -> String {
        let mut text = String::new();
        for name in ["Sent", "Drafts", "Trash", "Junk", "Archive"] {
            let special = if self.options.without_special_use {
                String::new()
            } else {
                format!("    special_use = \\{name}\n")
            };
            let _ = write!(
                text,
                "  mailbox {name} {{\n    auto = subscribe\n{special}  }}\n"
            );
        }
        text
    }
}

/// Finds the program and makes sure that it reads the configuration written here.
fn installed() -> Result<String> {
    let missing = Error::Missing {
        program: "dovecot",
        packages: PACKAGES,
    };
    let program = process::find(&PLACES).ok_or(missing)?;
    for helper in ["submission-login", "lmtp", "imap"] {
        let places = [
            format!("/usr/lib/dovecot/{helper}"),
            format!("/usr/libexec/dovecot/{helper}"),
        ];
        if !places.iter().any(|place| Path::new(place).is_file()) {
            return Err(Error::Missing {
                program: "a part of dovecot",
                packages: PACKAGES,
            });
        }
    }
    let version =
        process::output(&program, &["--version"]).map_err(Error::system("dovecot --version"))?;
    if !version.starts_with("2.3.") {
        return Err(Error::Version {
            program: "Dovecot",
            found: version,
            needed: "2.3",
        });
    }
    Ok(program)
}

/// The address becomes a folder's name and a line of a file: nothing may break out of either.
fn check_address(address: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+=".contains(c);
    if address.contains('@') && !address.starts_with('.') && address.chars().all(plain) {
        return Ok(());
    }
    Err(Error::Option(format!(
        "{address:?} cannot be a mailbox of the sandbox: use letters, digits, . - _ + and one @"
    )))
}

/// Three ports nobody listens on at this moment. They are held together, so they differ.
fn free_ports(options: &Options) -> Result<Ports> {
    let mut held = Vec::new();
    let mut take = |fixed: Option<u16>| {
        let wanted = fixed.unwrap_or(0);
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
            .and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        match bound {
            Ok((port, listener)) => {
                held.push(listener);
                Ok(port)
            }
            Err(error) => Err(Error::Start {
                server: "Dovecot",
                reason: format!("port {wanted} of 127.0.0.1: {error}"),
            }),
        }
    };
    Ok(Ports {
        imap: take(options.imap_port)?,
        imaps: take(options.imaps_port)?,
        submission: take(options.submission_port)?,
    })
}

fn greeting(port: u16) -> Option<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line)
}

fn fatal_lines(log: &str) -> String {
    let grave = |line: &&str| line.contains("Fatal") || line.contains("Error");
    let lines: Vec<_> = log.lines().filter(grave).take(5).collect();
    if lines.is_empty() {
        log.lines()
            .last()
            .unwrap_or("it printed nothing")
            .to_owned()
    } else {
        lines.join("; ")
    }
}
