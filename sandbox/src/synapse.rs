//! A throw-away Matrix homeserver: Synapse from the user's cache (`scripts/setup.sh` puts it there), with SQLite.
//!
//! Everything here blocks; an async test calls it before it begins, or on a thread for blocking work.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::files;
use crate::process::{self, Guarded};

mod ask;
mod front;

use ask::{Body, ask};
pub use front::Front;

const PATIENCE: Duration = Duration::from_secs(90);
/// The name users carry behind their colon.
pub const SERVER_NAME: &str = "desk.test";
const SECRET: &str = "test-only";
/// The password of every user that [`Synapse::register`] makes.
pub const PASSWORD: &str = "a long password";

/// What a homeserver is to be like.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Messages a user may send in a second, and that many at once; without it as many as one likes.
    pub messages_per_second: Option<f64>,
    /// The largest upload in bytes; without it 50 MB.
    pub largest_upload: Option<u64>,
}

/// A running homeserver; dropping it stops it. What it keeps stays in its folder.
pub struct Synapse {
    folder: PathBuf,
    port: u16,
    python: String,
    server: Option<Guarded>,
    admin: String,
}

/// A signed-in user of the homeserver.
#[derive(Debug, Clone)]
pub struct MatrixUser {
    port: u16,
    /// Such as `@support:desk.test`.
    pub user_id: String,
    /// What proves it.
    pub access_token: String,
    /// Which of the user's devices this is.
    pub device_id: String,
}

impl Synapse {
    /// Starts a homeserver that keeps its data in `dir`; one that was there before goes on, on its port if that is free.
    ///
    /// # Errors
    /// [`Error::Skipped`] where Synapse is not installed; else what kept it from starting.
    pub fn start(dir: &Path, wishes: &Wishes) -> Result<Self> {
        let python = python()?;
        files::create_folder(dir)?;
        let folder = std::path::absolute(dir).map_err(Error::file(dir))?;
        let mut synapse = Self {
            port: port(&folder)?,
            folder,
            python,
            server: None,
            admin: String::new(),
        };
        synapse.prepare(wishes)?;
        synapse.launch()?;
        synapse.admin = synapse.enrol("admin", true)?.access_token;
        Ok(synapse)
    }

    /// Where its client API is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its own log.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("synapse.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A user with [`PASSWORD`], signed in on a device of its own; who is there already is signed in again.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn register(&self, name: &str) -> Result<MatrixUser> {
        self.enrol(name, false)
    }

    /// Lets visitors register with a token, so many times or as often as they like. One that is there stays as it is.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn registration_token(&self, token: &str, uses: Option<u32>) -> Result<()> {
        let path = "/_synapse/admin/v1/registration_tokens";
        if self
            .admin_call("GET", &format!("{path}/{token}"), &Value::Null)
            .is_ok()
        {
            return Ok(());
        }
        let wish = json!({ "token": token, "uses_allowed": uses });
        self.admin_call("POST", &format!("{path}/new"), &wish)
            .map(drop)
    }

    /// Ends a user's account, as a shop does with visitors of long ago.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn deactivate(&self, user_id: &str) -> Result<()> {
        let path = format!("/_synapse/admin/v1/deactivate/{user_id}");
        self.admin_call("POST", &path, &json!({ "erase": true }))
            .map(drop)
    }

    /// Stops the homeserver: connections break, the port refuses.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn stop(&mut self) -> Result<()> {
        self.server
            .take()
            .map_or(Ok(()), |mut server| server.stop(Duration::from_secs(20)))
    }

    /// Starts it again on its port.
    ///
    /// # Errors
    /// Where it does not come up.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    fn enrol(&self, name: &str, admin: bool) -> Result<MatrixUser> {
        let path = "/_synapse/admin/v1/register";
        let nonce = word(&call(self.port, "GET", path, None, &Value::Null)?, "nonce");
        let kind = if admin { "admin" } else { "notadmin" };
        let sign = "import hashlib,hmac,sys\nprint(hmac.new(sys.argv[1].encode(), '\\0'.join(sys.argv[2:]).encode(), hashlib.sha1).hexdigest())";
        let mac = process::output(
            &self.python,
            &["-c", sign, SECRET, &nonce, name, PASSWORD, kind],
        )
        .map_err(Error::system("sign a registration with Python"))?;
        let wish = json!({ "nonce": nonce, "username": name, "password": PASSWORD, "admin": admin, "mac": mac });
        let answer = match call(self.port, "POST", path, None, &wish) {
            Err(Error::Answer { answer, .. }) if answer.contains("M_USER_IN_USE") => {
                self.sign_in(name)?
            }
            other => other?,
        };
        Ok(MatrixUser {
            port: self.port,
            user_id: word(&answer, "user_id"),
            access_token: word(&answer, "access_token"),
            device_id: word(&answer, "device_id"),
        })
    }

    fn sign_in(&self, name: &str) -> Result<Value> {
        let identifier = json!({ "type": "m.id.user", "user": name });
        let wish =
            json!({ "type": "m.login.password", "identifier": identifier, "password": PASSWORD });
        call(self.port, "POST", "/_matrix/client/v3/login", None, &wish)
    }

    fn admin_call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        call(self.port, method, path, Some(&self.admin), body)
    }

    fn prepare(&self, wishes: &Wishes) -> Result<()> {
        let write = |name: &str, text: String| {
            let path = self.folder.join(name);
            std::fs::write(&path, text).map_err(Error::file(&path))
        };
        write("homeserver.yaml", self.settings(wishes))?;
        write("log.yaml", self.log_settings())?;
        if !self.folder.join("signing.key").exists() {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| Error::System {
                doing: "take random bytes".into(),
                source: std::io::Error::other(error),
            })?;
            let seed = data_encoding::BASE64_NOPAD.encode(&seed);
            write("signing.key", format!("ed25519 a_test {seed}\n"))?;
        }
        Ok(())
    }

    fn settings(&self, wishes: &Wishes) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        let much = "{per_second: 1000, burst_count: 1000}";
        let pace = wishes.messages_per_second.map_or_else(
            || much.to_owned(),
            |most| {
                format!(
                    "{{per_second: {most}, burst_count: {}}}",
                    most.ceil().max(1.0)
                )
            },
        );
        let largest = wishes.largest_upload.unwrap_or(50_000_000);
        format!(
            "server_name: {SERVER_NAME}
public_baseurl: http://127.0.0.1:{port}/
pid_file: {folder}/homeserver.pid
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
log_config: {folder}/log.yaml
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
listeners:
  - {{port: {port}, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{{names: [client], compress: false}}]}}
registration_shared_secret: {SECRET}
macaroon_secret_key: {SECRET}
form_secret: {SECRET}
report_stats: false
caches: {{sync_response_cache_duration: 0s}}
enable_registration: true
registration_requires_token: true
allow_guest_access: false
trusted_key_servers: []
federation_domain_whitelist: []
url_preview_enabled: false
max_upload_size: {largest}
rc_message: {pace}
rc_registration: {much}
rc_registration_token_validity: {much}
rc_login: {{address: {much}, account: {much}, failed_attempts: {much}}}
rc_joins: {{local: {much}, remote: {much}}}
rc_invites: {{per_room: {much}, per_user: {much}, per_issuer: {much}}}
rc_room_creation: {much}
"
        )
    }

    fn log_settings(&self) -> String {
        format!(
            "version: 1
formatters: {{plain: {{format: '%(asctime)s %(levelname)s %(name)s %(message)s'}}}}
handlers: {{file: {{class: logging.FileHandler, formatter: plain, filename: '{}/synapse.log'}}}}
root: {{level: WARNING, handlers: [file]}}
disable_existing_loggers: false
",
            self.folder.display()
        )
    }

    fn launch(&mut self) -> Result<()> {
        let settings = self.folder.join("homeserver.yaml").display().to_string();
        let command = [
            &self.python,
            "-m",
            "synapse.app.homeserver",
            "-c",
            &settings,
        ];
        let mut server = Guarded::spawn(&command.map(String::from))?;
        let deadline = Instant::now() + PATIENCE;
        let versions = "/_matrix/client/versions";
        while !matches!(
            ask(self.port, "GET", versions, None, Body::None),
            Ok((200, _))
        ) {
            if server.ended() || Instant::now() > deadline {
                return Err(Error::Start {
                    server: "Synapse",
                    reason: self.log(),
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.server = Some(server);
        Ok(())
    }
}

impl MatrixUser {
    /// A request of this user's to the client API; `path` begins behind `/_matrix/client/v3`.
    ///
    /// # Errors
    /// Everything but a 2xx, with what was answered.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let path = format!("/_matrix/client/v3{path}");
        call(self.port, method, &path, Some(&self.access_token), body)
    }

    /// Makes a private room, invites `others`, and gives its id.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn create_room(&self, others: &[&str], initial_state: &Value) -> Result<String> {
        let wish = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": others, "initial_state": initial_state });
        Ok(word(&self.call("POST", "/createRoom", &wish)?, "room_id"))
    }

    /// Sends an event of a kind under a transaction id and gives its id.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn send(&self, room: &str, kind: &str, txn: &str, content: &Value) -> Result<String> {
        let path = format!("/rooms/{room}/send/{kind}/{txn}");
        Ok(word(&self.call("PUT", &path, content)?, "event_id"))
    }

    /// Says a text.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn say(&self, room: &str, txn: &str, text: &str) -> Result<String> {
        self.send(
            room,
            "m.room.message",
            txn,
            &json!({ "msgtype": "m.text", "body": text }),
        )
    }

    /// Takes an event back.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn redact(&self, room: &str, event: &str, txn: &str) -> Result<String> {
        let path = format!("/rooms/{room}/redact/{event}/{txn}");
        Ok(word(&self.call("PUT", &path, &json!({}))?, "event_id"))
    }

    /// Uploads a file and gives its `mxc:` address.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn upload(&self, kind: &str, bytes: &[u8]) -> Result<String> {
        let path = "/_matrix/media/v3/upload";
        let proof = Some(self.access_token.as_str());
        let (status, answer) = ask(self.port, "POST", path, proof, Body::Bytes(kind, bytes))
            .map_err(Error::system("ask Synapse"))?;
        Ok(word(&judged("POST", path, status, &answer)?, "content_uri"))
    }

    /// The bytes behind an `mxc:` address.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn download(&self, uri: &str) -> Result<Vec<u8>> {
        let place = uri.strip_prefix("mxc://").unwrap_or(uri);
        let path = format!("/_matrix/client/v1/media/download/{place}");
        let (status, answer) = ask(
            self.port,
            "GET",
            &path,
            Some(&self.access_token),
            Body::None,
        )
        .map_err(Error::system("ask Synapse"))?;
        if status == 200 {
            return Ok(answer);
        }
        judged("GET", &path, status, &answer).map(|_| Vec::new())
    }

    /// A room's events, oldest first, at most a hundred.
    ///
    /// # Errors
    /// What the homeserver answered.
    pub fn events(&self, room: &str) -> Result<Vec<Value>> {
        let page = self.call(
            "GET",
            &format!("/rooms/{room}/messages?dir=b&limit=100"),
            &Value::Null,
        )?;
        let mut events = page["chunk"].as_array().cloned().unwrap_or_default();
        events.reverse();
        Ok(events)
    }
}

fn call(port: u16, method: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let body = if body.is_null() {
        Body::None
    } else {
        Body::Json(body)
    };
    let (status, answer) =
        ask(port, method, path, token, body).map_err(Error::system("ask Synapse"))?;
    judged(method, path, status, &answer)
}

fn judged(method: &str, path: &str, status: u16, answer: &[u8]) -> Result<Value> {
    match serde_json::from_slice(answer) {
        Ok(value) if (200..300).contains(&status) => Ok(value),
        _ => Err(Error::Answer {
            server: "Synapse",
            command: format!("{method} {path}"),
            answer: format!("{status} {}", String::from_utf8_lossy(answer)),
        }),
    }
}

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// The Python that has Synapse.
fn python() -> Result<String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")));
    let places = [
        set("PARLEY_SYNAPSE_PYTHON").map(PathBuf::from),
        cache.map(|cache| cache.join("parley/synapse/bin/python")),
    ];
    places
        .into_iter()
        .flatten()
        .find(|place| place.is_file())
        .map(|place| place.display().to_string())
        .ok_or_else(|| {
            Error::Skipped("Synapse is not installed (scripts/setup.sh test installs it)".into())
        })
}

/// The port of before, if nobody has it now; else a free one, which is kept.
fn port(folder: &Path) -> Result<u16> {
    let file = folder.join("port");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let found = listen(before.trim().parse().unwrap_or(0))
        .or_else(|_| listen(0))
        .and_then(|listener| listener.local_addr())
        .map_err(Error::system("find a free port on 127.0.0.1"))?
        .port();
    std::fs::write(&file, found.to_string()).map_err(Error::file(&file))?;
    Ok(found)
}
