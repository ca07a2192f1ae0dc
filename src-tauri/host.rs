//! What only a window can do for the engine: choose files, and open a link after asking.

use crate::window;
use crate::words::{self, words};
use async_trait::async_trait;
use parley_engine::api::Host;
use parley_engine::api::{Openable, openable};
use std::path::{Path, PathBuf};
use tauri::AppHandle;
use tokio::sync::Mutex;

/// Dialogs of the operating system over the window.
pub struct Desktop {
    app: AppHandle,
    /// One question at a time: a mail with many links, or a quick finger, must not pile them up.
    asking: Mutex<()>,
}

impl Desktop {
    /// Dialogs of `app`.
    pub fn new(app: AppHandle) -> Self {
        Self {
            app,
            asking: Mutex::new(()),
        }
    }

    fn files(&self, title: &str) -> rfd::AsyncFileDialog {
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        match window::front(&self.app) {
            Some(over) => dialog.set_parent(&over),
            None => dialog,
        }
    }

    async fn ask(&self, question: &str, yes: &str) -> bool {
        let (open, cancel) = (yes.to_owned(), words().cancel.clone());
        let mut dialog = rfd::AsyncMessageDialog::new()
            .set_title(words::NAME)
            .set_level(rfd::MessageLevel::Warning)
            .set_description(spoken(question))
            .set_buttons(rfd::MessageButtons::OkCancelCustom(open.clone(), cancel));
        if let Some(over) = window::front(&self.app) {
            dialog = dialog.set_parent(&over);
        }
        match dialog.show().await {
            rfd::MessageDialogResult::Ok | rfd::MessageDialogResult::Yes => true,
            rfd::MessageDialogResult::Custom(chosen) => chosen == open,
            _ => false,
        }
    }
}

#[async_trait]
impl Host for Desktop {
    async fn pick_files(&self) -> Vec<PathBuf> {
        let Ok(_alone) = self.asking.try_lock() else {
            return Vec::new();
        };
        let picked = self
            .files(&words().attach)
            .pick_files()
            .await
            .unwrap_or_default();
        picked
            .into_iter()
            .map(|file| file.path().to_path_buf())
            .collect()
    }

    async fn save_file(&self, suggested: &str) -> Option<PathBuf> {
        let _alone = self.asking.try_lock().ok()?;
        let chosen = self
            .files(&words().save)
            .set_file_name(plain_name(suggested))
            .save_file()
            .await?;
        Some(chosen.path().to_path_buf())
    }

    async fn pick_import(&self, folder: bool) -> Vec<PathBuf> {
        let Ok(_alone) = self.asking.try_lock() else {
            return Vec::new();
        };
        let dialog = self.files(&words().import);
        if folder {
            let chosen = dialog.pick_folder().await;
            return chosen.iter().map(|f| f.path().to_path_buf()).collect();
        }
        let chosen = dialog.pick_files().await.unwrap_or_default();
        chosen.iter().map(|f| f.path().to_path_buf()).collect()
    }

    async fn open_url(&self, url: &str) -> Result<(), String> {
        let link = Link::read(url)?;
        let Ok(_alone) = self.asking.try_lock() else {
            return Ok(());
        };
        if !self.ask(&link.question(), &words().open_link).await {
            return Ok(());
        }
        link.open().await
    }

    fn runs_on(&self) -> Vec<(&'static str, String)> {
        // WebKitGTK on Linux, WebKit on macOS, WebView2 on Windows.
        let webview = tauri::webview_version().unwrap_or_else(|e| e.to_string());
        vec![("tauri", tauri::VERSION.to_owned()), ("webview", webview)]
    }

    async fn show_file(&self, path: &Path) -> Result<(), String> {
        // The folder alone: which program opens it is the person's choice, and none of them runs what lies in it.
        let folder = path
            .parent()
            .filter(|p| p.is_dir())
            .ok_or("the folder is not there any more")?
            .to_path_buf();
        tokio::task::spawn_blocking(move || open::that_detached(folder))
            .await
            .map_err(|e| e.to_string())?
            .map_err(|e| format!("no program could be started to show the folder: {e}"))
    }

    async fn open_browser(&self, url: &str) -> Result<(), String> {
        // The person has just pressed the button that names the provider, so nothing is asked.
        sign_in_page(url)?.open().await
    }

    async fn confirm(&self, question: &str, yes: &str) -> bool {
        let Ok(_alone) = self.asking.try_lock() else {
            return false;
        };
        self.ask(question, yes).await
    }
}

/// A provider's sign-in page, which is encrypted. Only a server on this very computer may do without.
fn sign_in_page(url: &str) -> Result<Link, String> {
    let link = Link::read(url)?;
    let host = link.0.shown_host.as_deref().unwrap_or_default();
    let on_this_computer = matches!(host.split(':').next(), Some("127.0.0.1" | "localhost"));
    match link.0.scheme.as_str() {
        "https" => Ok(link),
        "http" if on_this_computer => Ok(link),
        _ => Err("a sign-in page has to be encrypted".to_owned()),
    }
}

/// A suggested file name that names a file of the folder the person chooses, and looks like what it is.
fn plain_name(suggested: &str) -> String {
    let shown = |c: &char| !words::is_steering(*c) && !matches!(c, '/' | '\\' | ':');
    let name: String = suggested.chars().filter(shown).collect();
    match name.trim_matches(['.', ' ']) {
        "" => "file".to_owned(),
        name => name.to_owned(),
    }
}

/// A text as a message dialog of the system takes it literally. GTK's dialog reads its text as a C format string,
/// where a stranger's `%n` would write into memory; a doubled sign is one sign there.
pub fn spoken(text: &str) -> String {
    let text = text.replace('\0', "");
    if cfg!(all(unix, not(target_os = "macos"))) {
        text.replace('%', "%%")
    } else {
        text
    }
}

/// An address that may be handed to another program, by the engine's one policy. It has looked at it already; this is
/// the last door.
#[derive(Debug)]
struct Link(Openable);

impl Link {
    fn read(url: &str) -> Result<Self, String> {
        openable(url).map(Self).map_err(|e| e.to_string())
    }

    async fn open(self) -> Result<(), String> {
        tokio::task::spawn_blocking(move || open::that_detached(self.0.url))
            .await
            .map_err(|e| e.to_string())?
            .map_err(|e| format!("no program could be started for this link: {e}"))
    }

    /// The host first and alone, in its ASCII form: everything else in an address can be made to look like another host.
    fn question(&self) -> String {
        let address = shorten(&self.0.url);
        match &self.0.shown_host {
            Some(host) => words().ask_web(host, &address),
            None => words().ask_other(&address),
        }
    }
}

fn shorten(address: &str) -> String {
    const MOST: usize = 300;
    if address.len() <= MOST {
        return address.to_owned();
    }
    // A parsed address is ASCII.
    format!("{}…", address.get(..MOST).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_real_host_first() {
        let asked = |url: &str| Link::read(url).unwrap().question();
        assert!(
            asked("https://bank.example@evil.example/login")
                .starts_with("This link opens evil.example in")
        );
        assert!(asked("https://b\u{430}nk.example/").contains("xn--bnk-6cd.example"));
        assert!(asked("mailto:a@b.example").contains("mailto:a@b.example"));
    }

    #[test]
    fn only_four_kinds_of_link_reach_another_program() {
        for wrong in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "smb://host/share",
            "ms-msdt:/id",
            "data:text/html,x",
            "/etc/passwd",
            "--help",
            "https://",
            "part-link:1",
        ] {
            assert!(Link::read(wrong).is_err(), "{wrong}");
        }
        for right in [
            "https://a.example",
            "http://a.example/x?y",
            "mailto:a@b.example",
            "tel:+31201234567",
        ] {
            assert!(Link::read(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_sign_in_page_is_encrypted_or_on_this_computer() {
        assert!(sign_in_page("https://accounts.google.com/o/oauth2/v2/auth?x=y").is_ok());
        assert!(sign_in_page("http://127.0.0.1:8090/authorize").is_ok());
        for wrong in [
            "http://accounts.google.com/",
            "http://localhost.evil.example/",
            "mailto:a@b.example",
            "file:///etc/passwd",
        ] {
            assert!(sign_in_page(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_suggested_name_stays_in_its_folder_and_shows_its_true_end() {
        assert_eq!(plain_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(plain_name("../../.bashrc"), "bashrc");
        assert_eq!(plain_name("C:\\x\0.txt"), "Cx.txt");
        assert_eq!(plain_name(".. "), "file");
        assert_eq!(plain_name("Übersicht 100%.pdf"), "Übersicht 100%.pdf");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_address_becomes_a_format_string() {
        let question = spoken(
            &Link::read("https://a.example/%6e%n%s%25")
                .unwrap()
                .question(),
        );
        assert!(question.contains("%%6e%%n%%s%%25"), "{question}");
        assert_eq!(question.matches('%').count() % 2, 0);
        assert_eq!(spoken("a\0b"), "ab");
    }

    #[test]
    fn a_long_address_does_not_push_the_buttons_off_the_screen() {
        let long = format!("https://a.example/{}", "x".repeat(4_000));
        assert!(Link::read(&long).unwrap().question().len() < 500);
    }
}
