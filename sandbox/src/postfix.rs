//! A throw-away Postfix in front of a throw-away Dovecot, where we are root and Postfix is installed.
//!
//! It is a second opinion on our SMTP client: real STARTTLS and login, real bounces.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::dovecot::Dovecot;
use crate::error::{Error, Result};
use crate::files;
use crate::process::{self, Guarded};

const PATIENCE: Duration = Duration::from_secs(20);
/// Mail to any address here comes back as a bounce.
pub const DEAD_DOMAIN: &str = "nowhere.test";

/// A running server; dropping it stops it and removes what it wrote.
pub struct Postfix {
    ports: Ports,
    server: Option<Guarded>,
    folder: TempDir,
}

#[derive(Clone, Copy)]
struct Ports {
    exchange: u16,
    submission: u16,
    dead: u16,
}

impl Postfix {
    /// Starts a server that checks passwords at `dovecot` and delivers to its mailboxes. Where that
    /// cannot work the error is [`Error::Skipped`] and says why.
    pub fn start(dovecot: &Dovecot) -> Result<Self> {
        usable()?;
        let folder = tempfile::Builder::new()
            .prefix("parley-postfix-")
            .tempdir()
            .map_err(Error::system("create a temporary folder"))?;
        let mut server = Self {
            ports: free_ports()?,
            server: None,
            folder,
        };
        server.prepare(dovecot)?;
        server.launch()?;
        Ok(server)
    }

    /// The port other mail servers would use: no login, own mailboxes only.
    pub fn exchange_port(&self) -> u16 {
        self.ports.exchange
    }

    /// The port clients use: STARTTLS and login with a Dovecot user's password.
    pub fn submission_port(&self) -> u16 {
        self.ports.submission
    }

    /// The server's own log.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("mail.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops the server.
    pub fn stop(&mut self) -> Result<()> {
        self.server
            .take()
            .map_or(Ok(()), |mut server| server.stop(Duration::from_secs(10)))
    }

    fn prepare(&self, dovecot: &Dovecot) -> Result<()> {
        let folder = self.folder.path();
        let open = |path: &Path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
                .map_err(Error::file(path))
        };
        for part in ["etc", "spool", "data"] {
            files::create_folder(&folder.join(part))?;
            open(&folder.join(part))?;
        }
        open(folder)?;
        let owner = |kind: &str| {
            process::output("id", &[kind, "postfix"])
                .ok()
                .and_then(|number| number.parse().ok())
                .ok_or_else(|| Error::Skipped("there is no user \"postfix\"".into()))
        };
        files::give(&folder.join("data"), owner("-u")?, owner("-g")?)?;
        dovecot.certificates().write(&folder.join("etc"))?;
        let write = |name: &str, text: String| {
            let path = folder.join("etc").join(name);
            std::fs::write(&path, text)
                .map_err(Error::file(&path))
                .and_then(|()| open(&path))
        };
        write("main.cf", self.main_settings(dovecot))?;
        write("master.cf", self.services())
    }

    fn main_settings(&self, dovecot: &Dovecot) -> String {
        let folder = self.folder.path().display();
        let run = dovecot
            .lmtp()
            .socket()
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default();
        let (run, dead) = (run.display(), self.ports.dead);
        let addresses = dovecot.addresses();
        let domains: BTreeSet<_> = addresses
            .iter()
            .filter_map(|one| one.split_once('@'))
            .map(|(_, d)| d)
            .collect();
        let domains = domains.into_iter().collect::<Vec<_>>().join(", ");
        let mailboxes = addresses
            .iter()
            .map(|address| format!("{address}=1"))
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            r"compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.desk.test
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_transport = lmtp:unix:{run}/lmtp
transport_maps = inline:{{ {{ {DEAD_DOMAIN} = smtp:[127.0.0.1]:{dead} }} }}
default_transport = error:5.1.2 this server knows no other servers
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/etc/leaf.pem
smtpd_tls_key_file = {folder}/etc/key.pem
smtpd_sasl_type = dovecot
smtpd_sasl_path = {run}/auth-client
message_size_limit = 26214400
"
        )
    }

    fn services(&self) -> String {
        let Ports {
            exchange,
            submission,
            dead,
        } = self.ports;
        let mut text = format!(
            "127.0.0.1:{exchange} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{dead} inet n - n - - smtpd
  -o smtpd_relay_restrictions=
  -o {{smtpd_recipient_restrictions=check_recipient_access inline:{{ {{ {DEAD_DOMAIN} = 550 5.1.1 User unknown }} }}, reject}}
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
flush unix n - n 1000? 0 flush
"
        );
        // The last number is how many of a kind may run; some insist on a number.
        for (name, most, program) in [
            ("rewrite", "-", "trivial-rewrite"),
            ("bounce", "0", "bounce"),
            ("defer", "0", "bounce"),
            ("trace", "0", "bounce"),
            ("proxymap", "-", "proxymap"),
            ("smtp", "-", "smtp"),
            ("lmtp", "-", "lmtp"),
            ("error", "-", "error"),
            ("retry", "-", "error"),
            ("anvil", "1", "anvil"),
            ("scache", "1", "scache"),
        ] {
            let _ = writeln!(text, "{name} unix - - n - {most} {program}");
        }
        text
    }

    fn launch(&mut self) -> Result<()> {
        let etc = self.folder.path().join("etc").display().to_string();
        let run = |program: &str, arguments: &[&str]| {
            process::output(program, &[&["-c", &etc], arguments].concat()).map_err(|said| {
                Error::Start {
                    server: "Postfix",
                    reason: format!("{program}: {said}"),
                }
            })
        };
        // Makes the queue's folders, which the master process takes for granted.
        run("postfix", &["check"])?;
        let master = format!("{}/master", run("postconf", &["-h", "daemon_directory"])?);
        let mut server = Guarded::spawn(&[master, "-c".into(), etc.clone(), "-d".into()])?;
        let deadline = Instant::now() + PATIENCE;
        while !greets(self.ports.submission) {
            if server.ended() || Instant::now() > deadline {
                return Err(Error::Start {
                    server: "Postfix",
                    reason: self.log(),
                });
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        self.server = Some(server);
        Ok(())
    }
}

fn usable() -> Result<()> {
    let skipped = |why: &str| Err(Error::Skipped(format!("Postfix: {why}")));
    if process::find(&["/usr/sbin/postfix"]).is_none() {
        return skipped("not installed (apt-get install -y --no-install-recommends postfix)");
    }
    match process::output("id", &["-u"]) {
        Ok(id) if id == "0" => Ok(()),
        _ => skipped("its master process runs as root only, and we are not root"),
    }
}

fn free_ports() -> Result<Ports> {
    let held = || -> std::io::Result<_> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let [exchange, submission, dead] = &[listen()?, listen()?, listen()?];
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        Ok(Ports {
            exchange: port(exchange)?,
            submission: port(submission)?,
            dead: port(dead)?,
        })
    };
    held().map_err(Error::system("find a free port on 127.0.0.1"))
}

fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line.starts_with("220") && line.contains("mx.desk.test")
}
