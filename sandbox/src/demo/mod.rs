//! A team's and some customers' mailboxes on this machine, with mail in them, to try Parley with.

pub mod control;
mod page;
mod seeds;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::certificates::Certificates;
use crate::compose::{self, Letter};
use crate::dovecot::{self, Dovecot};
use crate::error::{Error, Result};
use crate::files;
use crate::lmtp::Lmtp;
use crate::oauth::{self, Behaviour, OAuth};
use crate::relay::{self, Relay};

/// The team's address in the demo.
pub const TEAM: &str = "support@desk.test";
/// The customers, first the one the page writes as.
pub const CUSTOMERS: [&str; 4] = [
    "anna@shop.test",
    "tom@garden.test",
    "lea@studio.test",
    "omar@cafe.test",
];

/// What a client has to know of a running demo. Written to `demo.json` in its folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The team's address, which is also its login.
    pub address: String,
    /// The password of every mailbox here.
    pub password: String,
    /// The customers' addresses.
    pub customers: Vec<String>,
    /// The servers' host.
    pub host: String,
    /// IMAP, plain or with STARTTLS.
    pub imap_port: u16,
    /// IMAP with TLS from the first byte.
    pub imaps_port: u16,
    /// SMTP with STARTTLS and login.
    pub smtp_port: u16,
    /// The authority's certificate, a file in PEM form.
    pub ca: PathBuf,
    /// The page on which one writes as a customer.
    pub page: String,
    /// The page's port.
    pub page_port: u16,
    /// Where a development build of Parley signs in instead of at a provider: `PARLEY_SIGN_IN_AT`.
    pub sign_in: String,
    /// The id under which programs are known there.
    pub client_id: String,
    /// Where the mailbox server takes deliveries.
    pub lmtp: PathBuf,
}

impl Facts {
    /// The facts of the demo that runs, or last ran, in `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("demo.json");
        let bytes = std::fs::read(&path).map_err(Error::file(&path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::Option(format!("{}: {error}", path.display())))
    }
}

/// The running servers; dropping this stops them. Needs a tokio runtime.
pub struct Demo {
    facts: Facts,
    dovecot: Dovecot,
    relay: Relay,
    page: JoinHandle<()>,
    /// Signs the team in at a page; ends with the demo.
    _oauth: OAuth,
}

/// What shall be different from the usual demo.
#[derive(Debug, Default, Clone, Copy)]
pub struct Wishes {
    /// One certificate that nobody vouches for, as home-made servers show it, instead of an authority and a leaf.
    pub home_made_certificate: bool,
}

impl Demo {
    /// Starts the servers with their mail in `folder`. A second start there finds the same mail, the
    /// same password and, unless another program took one, the same ports.
    pub async fn start(folder: &Path, wishes: Wishes) -> Result<Self> {
        files::create_folder(folder)?;
        let folder = folder.canonicalize().map_err(Error::file(folder))?;
        if wishes.home_made_certificate && !folder.join("ca.pem").exists() {
            Certificates::home_made(true)?.write(&folder)?;
        }
        let earlier = Facts::read(&folder).ok();
        match start_with(&folder, earlier.as_ref()).await {
            Err(Error::Start { .. } | Error::System { .. }) if earlier.is_some() => {
                let kept = earlier.map(|facts| Facts {
                    imap_port: 0,
                    imaps_port: 0,
                    smtp_port: 0,
                    page_port: 0,
                    ..facts
                });
                start_with(&folder, kept.as_ref()).await
            }
            other => other,
        }
    }

    /// What a client has to know.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The mailbox server.
    pub fn dovecot(&mut self) -> &mut Dovecot {
        &mut self.dovecot
    }

    /// The outgoing server.
    pub fn relay(&mut self) -> &mut Relay {
        &mut self.relay
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.page.abort();
    }
}

/// Delivers a letter of a customer to the team, as the customer's mail server would.
pub fn write_as_customer(facts: &Facts, letter: &Letter) -> Result<()> {
    let mail = letter.to_mail()?;
    let (sender, mailbox) = (compose::address(&letter.from), compose::address(&letter.to));
    Lmtp::new(&facts.lmtp).deliver(sender, mailbox, &mail)
}

async fn start_with(folder: &Path, earlier: Option<&Facts>) -> Result<Demo> {
    let fixed = |port: fn(&Facts) -> u16| earlier.map(port).filter(|port| *port != 0);
    let password = match earlier {
        Some(facts) => facts.password.clone(),
        None => compose::random_name()?,
    };
    let certificates = Certificates::load_or_generate(folder)?;
    let addresses = || std::iter::once(TEAM).chain(CUSTOMERS).map(String::from);
    let mail_folder = folder.join("mail");
    let fresh = !mail_folder.exists();
    let dovecot = Dovecot::start(dovecot::Options {
        users: addresses()
            .map(|address| (address, password.clone()))
            .collect(),
        imap_port: fixed(|facts| facts.imap_port),
        imaps_port: fixed(|facts| facts.imaps_port),
        mail_folder: Some(mail_folder.clone()),
        certificates: Some(certificates.clone()),
        token_key: Some(oauth::KEY.to_vec()),
        ..dovecot::Options::default()
    })?;
    if fresh {
        seeds::plant(&dovecot)?;
    }
    let relay = Relay::start(relay::Options {
        users: addresses()
            .map(|address| (address, password.clone()))
            .collect(),
        port: fixed(|facts| facts.smtp_port),
        token_key: Some(oauth::KEY.to_vec()),
        certificates: Some(certificates),
        delivery: Some(dovecot.lmtp()),
        mailboxes: addresses().collect(),
        ..relay::Options::default()
    })
    .await?;
    let listener = TcpListener::bind(SocketAddr::from((
        Ipv4Addr::LOCALHOST,
        fixed(|facts| facts.page_port).unwrap_or(0),
    )))
    .await
    .map_err(Error::system("listen for the demo's page"))?;
    let page_port = listener
        .local_addr()
        .map_err(Error::system("ask for the page's port"))?
        .port();
    let oauth = OAuth::start(Behaviour::of(TEAM)).await?;
    let facts = Facts {
        address: TEAM.into(),
        password,
        customers: CUSTOMERS.map(String::from).to_vec(),
        host: "localhost".into(),
        imap_port: dovecot.imap_port(),
        imaps_port: dovecot.imaps_port(),
        smtp_port: relay.port(),
        ca: folder.join("ca.pem"),
        page: format!("http://127.0.0.1:{page_port}/"),
        page_port,
        sign_in: oauth.base(),
        client_id: oauth::CLIENT.into(),
        lmtp: dovecot.lmtp().socket().to_owned(),
    };
    let text =
        serde_json::to_vec_pretty(&facts).map_err(|error| Error::Option(error.to_string()))?;
    files::write_private(&folder.join("demo.json"), &text)?;
    let page = tokio::spawn(page::serve(listener, facts.clone(), mail_folder));
    Ok(Demo {
        facts,
        dovecot,
        relay,
        page,
        _oauth: oauth,
    })
}
