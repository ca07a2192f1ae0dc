//! The door: every state of the keyring and of the folder has its own words, and none makes a new workspace.

use super::scene::folder;
use parley_engine::api::dto::{ErrorBody, SessionState, SessionStatus, Trouble};
use parley_engine::api::{App, AppOptions, Host, NoHost};
use parley_engine::secrets::{Key, Secrets, SecretsError};
use parley_engine::time::SystemClock;
use secrecy::{ExposeSecret, SecretBox};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A keyring whose answers are scripted.
#[derive(Default)]
struct Ring {
    held: Mutex<BTreeMap<String, [u8; 32]>>,
    says: Mutex<Option<SecretsError>>,
    slow: Mutex<Duration>,
    desktop: Mutex<&'static str>,
}

impl Ring {
    fn answer(&self) -> Result<(), SecretsError> {
        std::thread::sleep(*self.slow.lock().unwrap());
        self.says.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

struct Shared(Arc<Ring>);
impl Secrets for Shared {
    fn name(&self) -> &'static str {
        "the keyring"
    }
    fn place(&self) -> String {
        format!("the keyring of {}", self.0.desktop.lock().unwrap())
    }
    fn load(&self, id: &str) -> Result<Option<Key>, SecretsError> {
        self.0.answer()?;
        let held = self.0.held.lock().unwrap().get(id).copied();
        Ok(held.map(|k| SecretBox::new(Box::new(k))))
    }
    fn save(&self, id: &str, key: &Key) -> Result<(), SecretsError> {
        self.0.answer()?;
        self.0
            .held
            .lock()
            .unwrap()
            .insert(id.into(), *key.expose_secret());
        Ok(())
    }
}

/// A person who agrees to everything.
struct Agrees;
#[async_trait::async_trait]
impl Host for Agrees {
    async fn pick_files(&self) -> Vec<PathBuf> {
        NoHost.pick_files().await
    }
    async fn save_file(&self, s: &str) -> Option<PathBuf> {
        NoHost.save_file(s).await
    }
    async fn open_url(&self, url: &str) -> Result<(), String> {
        NoHost.open_url(url).await
    }
    async fn confirm(&self, question: &str, yes: &str) -> bool {
        assert!(question.contains("set aside") && yes == "Restore");
        true
    }
}

struct Desk {
    rt: tokio::runtime::Runtime,
    ring: Arc<Ring>,
    dir: PathBuf,
}

impl Desk {
    fn new(dir: &Path) -> Self {
        Self {
            rt: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            ring: Arc::default(),
            dir: dir.to_path_buf(),
        }
    }
    fn app(&self) -> Arc<App> {
        App::new(AppOptions {
            data_dir: self.dir.clone(),
            secrets: Arc::new(Shared(Arc::clone(&self.ring))),
            clock: Arc::new(SystemClock),
            host: Arc::new(Agrees),
            passphrase: None,
        })
    }
    fn call(&self, app: &Arc<App>, name: &str, args: Value) -> Result<Value, ErrorBody> {
        self.rt.block_on(app.call(name, args))
    }
    fn stop(&self, app: Arc<App>) {
        self.rt.block_on(app.stop());
    }
    fn status(&self, app: &Arc<App>) -> SessionStatus {
        serde_json::from_value(self.call(app, "session_status", json!({})).unwrap()).unwrap()
    }
    /// A new workspace, and the words of its recovery key.
    fn make(&self) -> Vec<String> {
        let app = self.app();
        self.call(&app, "session_open", json!({ "passphrase": null }))
            .unwrap();
        let words = self.call(&app, "recovery_issue", json!({})).unwrap();
        assert_eq!(
            self.call(&app, "keep_get", json!({})).unwrap()["recovery"],
            "shown"
        );
        let kept = self.call(&app, "recovery_confirm", json!({})).unwrap();
        assert_eq!(kept["recovery"], "set");
        self.stop(app);
        serde_json::from_value(words["words"].clone()).unwrap()
    }
    fn trouble(&self) -> (Option<Trouble>, SessionStatus) {
        let app = self.app();
        let s = self.status(&app);
        self.stop(app);
        assert_eq!(s.state, SessionState::Failed, "{s:?}");
        assert!(s.message.as_ref().is_some_and(|m| m.len() > 30), "{s:?}");
        (s.trouble, s)
    }
}

#[test]
fn each_state_of_the_keyring_has_its_screen_and_changes_nothing() {
    let dir = folder();
    let d = Desk::new(dir.path());
    *d.ring.desktop.lock().unwrap() = "GNOME";
    d.make();
    let files = || std::fs::read(dir.path().join("key.json")).unwrap();
    let before = files();
    let says = |e| *d.ring.says.lock().unwrap() = e;
    says(Some(SecretsError::Locked("dismissed".into())));
    let (t, s) = d.trouble();
    assert_eq!(t, Some(Trouble::KeyringLocked));
    assert!(s.recovery, "the recovery key is offered");
    says(Some(SecretsError::Unavailable("the bus is gone".into())));
    assert_eq!(d.trouble().0, Some(Trouble::KeyringAbsent));
    *d.ring.desktop.lock().unwrap() = "KDE";
    assert_eq!(d.trouble().0, Some(Trouble::KeyringChanged));
    *d.ring.desktop.lock().unwrap() = "GNOME";
    says(None);
    let held = std::mem::take(&mut *d.ring.held.lock().unwrap());
    assert_eq!(d.trouble().0, Some(Trouble::EntryGone));
    *d.ring.held.lock().unwrap() = held;
    assert_eq!(files(), before);
    // Locked, then unlocked: one process tries again.
    says(Some(SecretsError::Locked("not yet".into())));
    let app = d.app();
    assert_eq!(d.status(&app).state, SessionState::Failed);
    says(None);
    assert_eq!(d.status(&app).state, SessionState::Open);
    d.stop(app);
}

#[test]
fn a_slow_keyring_keeps_nobody_waiting_for_the_screen_that_says_so() {
    let dir = folder();
    let d = Desk::new(dir.path());
    d.make();
    *d.ring.slow.lock().unwrap() = Duration::from_millis(2_500);
    let app = d.app();
    let s = d.status(&app);
    assert_eq!(s.state, SessionState::Opening);
    assert!(s.message.unwrap().contains("keyring"));
    let mut tries = 0;
    while d.status(&app).state == SessionState::Opening {
        tries += 1;
        assert!(tries < 20);
    }
    assert_eq!(
        d.status(&app).state,
        SessionState::Open,
        "it was asked once and answered"
    );
    d.stop(app);
}

#[test]
fn the_recovery_key_opens_what_the_keyring_lost_and_puts_the_key_back_there() {
    let dir = folder();
    let d = Desk::new(dir.path());
    let words = d.make();
    assert_eq!(words.len(), 24);
    d.ring.held.lock().unwrap().clear();
    let app = d.app();
    let wrong = d
        .call(
            &app,
            "session_recover",
            json!({ "words": "abandon ".repeat(24) }),
        )
        .unwrap_err();
    assert_eq!(wrong.code, "locked");
    let s = d
        .call(&app, "session_recover", json!({ "words": words.join(" ") }))
        .unwrap();
    assert_eq!(s["state"], "open");
    d.stop(app);
    let app = d.app();
    assert_eq!(
        d.status(&app).state,
        SessionState::Open,
        "the keyring holds it again"
    );
    // To a passphrase and back.
    let kept = d
        .call(
            &app,
            "key_change",
            json!({ "to": "passphrase", "passphrase": "correct horse" }),
        )
        .unwrap();
    assert_eq!(
        (kept["key"].as_str(), kept["recovery"].as_str()),
        (Some("passphrase"), Some("set"))
    );
    d.stop(app);
    let app = d.app();
    assert_eq!(d.status(&app).state, SessionState::Locked);
    d.call(
        &app,
        "session_open",
        json!({ "passphrase": "correct horse" }),
    )
    .unwrap();
    assert_eq!(
        d.call(&app, "key_change", json!({ "to": "keyring" }))
            .unwrap()["key"],
        "keyring"
    );
    d.stop(app);
}

#[test]
fn a_missing_database_offers_the_backup_and_a_missing_key_file_is_put_back_from_it() {
    let dir = folder();
    let d = Desk::new(dir.path());
    d.make();
    let app = d.app();
    assert_eq!(d.status(&app).state, SessionState::Open);
    let made = d.call(&app, "backup_now", json!({})).unwrap();
    assert_eq!(made["kind"], "manual");
    d.stop(app);
    std::fs::remove_file(dir.path().join("parley.db")).unwrap();
    let (t, s) = d.trouble();
    assert_eq!((t, s.backups.len()), (Some(Trouble::DatabaseGone), 1));
    assert!(
        !dir.path().join("parley.db").exists(),
        "none was made in its place"
    );
    let app = d.app();
    let s = d
        .call(
            &app,
            "session_restore",
            json!({ "name": s.backups[0].name }),
        )
        .unwrap();
    assert_eq!(s["state"], "open");
    // And back again from inside.
    let s = d
        .call(&app, "backup_restore", json!({ "name": made["name"] }))
        .unwrap();
    assert_eq!(s["state"], "open");
    d.stop(app);
    std::fs::remove_file(dir.path().join("key.json")).unwrap();
    let app = d.app();
    assert_eq!(d.status(&app).state, SessionState::Open);
    d.stop(app);
    std::fs::remove_file(dir.path().join("key.json")).unwrap();
    std::fs::remove_dir_all(dir.path().join("backups")).unwrap();
    assert_eq!(d.trouble().0, Some(Trouble::KeyFileGone));
    std::fs::write(dir.path().join("key.json"), b"{").unwrap();
    assert_eq!(d.trouble().0, Some(Trouble::KeyFileDamaged));
}

#[test]
fn of_two_that_start_at_once_one_has_the_workspace() {
    let dir = folder();
    let d = Desk::new(dir.path());
    d.make();
    for _ in 0..5 {
        let (a, b) = (d.app(), d.app());
        let (x, y) =
            d.rt.block_on(async { tokio::join!(a.open(None), b.open(None)) });
        let busy = |r: &parley_engine::Result<SessionStatus>| {
            r.as_ref().err().is_some_and(|e| e.code() == "busy")
        };
        assert!(x.is_ok() != y.is_ok() && (busy(&x) || busy(&y)));
        d.stop(a);
        d.stop(b);
    }
}

#[test]
fn damage_while_it_is_open_closes_rebuilds_and_opens_it_again() {
    let dir = folder();
    let d = Desk::new(dir.path());
    d.make();
    let app = d.app();
    app.go_online();
    assert_eq!(d.status(&app).state, SessionState::Open);
    d.call(&app, "backup_now", json!({})).unwrap();
    let desk = app.desk().unwrap();
    let store = Arc::clone(desk.engine.store());
    // Everything into the file, then damage behind its back.
    d.rt.block_on(
        store.read(|c| Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)),
    )
    .ok();
    let file = dir.path().join("parley.db");
    let size = usize::try_from(std::fs::metadata(&file).unwrap().len()).unwrap();
    let damage: Vec<u8> = vec![0xA5; size - 4096];
    use std::os::unix::fs::FileExt;
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .write_all_at(&damage, 4096)
        .unwrap();
    store.health().suspect();
    drop((desk, store));
    let mut tries = 0;
    loop {
        if let Ok(k) = d.call(&app, "keep_get", json!({}))
            && !k["rescue"].is_null()
        {
            assert!(
                k["rescue"]["set_aside"]
                    .as_str()
                    .unwrap()
                    .starts_with("damaged-")
            );
            break;
        }
        tries += 1;
        assert!(tries < 200, "nobody noticed");
        std::thread::sleep(Duration::from_millis(100));
    }
    d.call(&app, "rescue_seen", json!({})).unwrap();
    assert!(d.call(&app, "keep_get", json!({})).unwrap()["rescue"].is_null());
    d.stop(app);
}
