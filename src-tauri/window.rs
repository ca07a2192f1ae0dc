//! The main window, and what holds for every window: what it may load, where it may go, and where it stood last time.

use crate::engine::Handle;
use crate::frame::{Frame, is_reachable, measure, read_frame, screens};
use crate::{ipc, tray, words};
use parley_engine::api::dto::Settings;
use parley_engine::model::{CustomerId, MessageId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use tauri::utils::config::Color;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, Emitter, EventTarget, Manager, Theme, Url, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent,
};

/// The window's label, which its capability names.
pub const LABEL: &str = "main";

/// A proxy where nobody listens. A page's `preconnect` slips past the content policy; it does not slip past this.
const DEAD_PROXY: &str = "http://127.0.0.1:9";

const SMALLEST: (f64, f64) = (960.0, 600.0);
const USUAL: (f64, f64) = (1280.0, 800.0);
/// From the smallest to the largest size that everything can be shown at, in percent.
const ZOOMS: std::ops::RangeInclusive<u32> = 50..=300;

/// What the shell knows of its windows.
#[derive(Debug)]
pub struct Desk {
    file: PathBuf,
    zoom_file: PathBuf,
    place: Mutex<Option<Frame>>,
    /// What the file says.
    kept: Mutex<Option<Frame>>,
    /// It will be written in a moment.
    soon: AtomicBool,
    /// The conversation that each window shows, as its page last said.
    shown: Mutex<BTreeMap<String, CustomerId>>,
    /// The windows that have the focus: one, or none. By label, because the next window may get it before the last loses it.
    focused: Mutex<BTreeSet<String>>,
    close_to_tray: AtomicBool,
    /// How large everything is shown, in percent.
    zoom: AtomicU32,
}

/// What a person at the window looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The window has the keyboard.
    pub focused: bool,
    /// The conversation it shows.
    pub conversation: Option<CustomerId>,
}

impl Desk {
    /// The desk of the window whose place is kept in `data_dir`.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            file: data_dir.join("window.json"),
            zoom_file: data_dir.join("zoom.json"),
            place: Mutex::default(),
            kept: Mutex::default(),
            soon: AtomicBool::new(false),
            shown: Mutex::default(),
            focused: Mutex::default(),
            close_to_tray: AtomicBool::new(false),
            zoom: AtomicU32::new(read_zoom(&data_dir.join("zoom.json"))),
        }
    }

    /// A window got the focus or lost it.
    pub fn attend(&self, label: &str, focused: bool) {
        let mut set = self.focused.lock().unwrap_or_else(PoisonError::into_inner);
        if focused {
            set.insert(label.to_owned());
        } else {
            set.remove(label);
        }
    }

    /// The label of the window that has the focus.
    pub fn in_front(&self) -> Option<String> {
        let set = self.focused.lock().unwrap_or_else(PoisonError::into_inner);
        set.first().cloned()
    }

    /// How large everything is shown; 1 is the usual size.
    pub fn zoom(&self) -> f64 {
        f64::from(self.zoom.load(Ordering::SeqCst)) / 100.0
    }

    /// Takes a new size, and keeps it for the next start: the settings are read only once the workspace is open, and
    /// a page that jumps to another size then is a page that jumps.
    fn resize(&self, percent: u32) -> bool {
        if !ZOOMS.contains(&percent) || self.zoom.swap(percent, Ordering::SeqCst) == percent {
            return false;
        }
        if let Err(e) = crate::place::write(&self.zoom_file, percent.to_string().as_bytes()) {
            tracing::warn!(error = %e, "the size of the text could not be kept for the next start");
        }
        true
    }

    /// Writes the window's place down. A crash in the middle leaves the old file.
    pub fn remember(&self) {
        let Some(place) = *self.place.lock().unwrap_or_else(PoisonError::into_inner) else {
            return;
        };
        // Held while it is written: two at once would write into each other.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if *kept == Some(place) {
            return;
        }
        let written = serde_json::to_vec(&place)
            .map_err(std::io::Error::other)
            .and_then(|json| crate::place::write(&self.file, &json));
        match written {
            Ok(()) => *kept = Some(place),
            Err(e) => tracing::warn!(error = %e, "the window's place could not be kept"),
        }
    }

    fn see(&self, window: &WebviewWindow) {
        // A minimised window reports a place that nobody wants back.
        if window.is_minimized().unwrap_or(false) || !window.is_visible().unwrap_or(true) {
            return;
        }
        let Some(seen) = measure(window) else { return };
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(match *place {
            // Keep the place to go back to when the window is no longer maximised.
            Some(before) if seen.maximized => Frame {
                maximized: true,
                ..before
            },
            _ => seen,
        });
    }
}

/// The size of the last time, in percent. A damaged file counts for nothing.
fn read_zoom(file: &Path) -> u32 {
    let kept = std::fs::read_to_string(file).ok();
    kept.and_then(|text| text.trim().parse().ok())
        .filter(|percent| ZOOMS.contains(percent))
        .unwrap_or(100)
}

/// A window, locked down: the page is the app's own, nothing leads out of it, and no request leaves it. Every window
/// of the program is made here.
pub fn guarded<'a>(
    app: &'a AppHandle,
    label: &str,
    engine: &Handle,
) -> Result<WebviewWindowBuilder<'a, tauri::Wry, AppHandle>, Box<dyn std::error::Error>> {
    let desk = app.state::<Desk>();
    let links = engine.clone();
    Ok(WebviewWindowBuilder::new(app, label, WebviewUrl::default())
        .title(words::NAME)
        .proxy_url(Url::parse(DEAD_PROXY)?)
        .on_navigation(may_navigate)
        .on_new_window(move |url, _| {
            follow(&links, &url);
            NewWindowResponse::Deny
        })
        .on_download(|_, _| false)
        // The page gets dropped files as contents; the other handler would tell it their paths.
        .disable_drag_drop_handler()
        .browser_extensions_enabled(false)
        .general_autofill_enabled(false)
        // The size is the setting's, and the same in every window; the engine would keep its own.
        .zoom_hotkeys_enabled(false)
        .devtools(cfg!(debug_assertions))
        // What the web view keeps for itself (salts, no content) stays with the other files of this instance.
        .data_directory(desk.file.with_file_name("webview"))
        // Nothing of a message goes into a cache on the disk. The WebDriver of the tests cannot reach such a window.
        .incognito(!is_driven())
        .visible(false))
}

/// Gives a window that was made the size that was chosen, and the colour of the page to come, so that it does not flash
/// white before it.
fn dress(window: &WebviewWindow) -> tauri::Result<()> {
    window.set_background_color(Some(ground(window.theme().unwrap_or(Theme::Light))))?;
    window.set_zoom(window.state::<Desk>().zoom())
}

/// Shows a window that was made.
pub fn present(window: &WebviewWindow) -> tauri::Result<()> {
    dress(window)?;
    window.show()?;
    window.set_focus()
}

/// Opens the main window where it stood.
pub fn open(
    app: &AppHandle,
    engine: &Handle,
    hidden: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let desk = app.state::<Desk>();
    let mut builder = guarded(app, LABEL, engine)?
        .inner_size(USUAL.0, USUAL.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1);
    let remembered = std::fs::read(&desk.file)
        .ok()
        .and_then(|json| read_frame(&json, SMALLEST));
    if let Some(place) = remembered {
        builder = builder
            .inner_size(place.width, place.height)
            .maximized(place.maximized);
        if is_reachable(&place, &screens(app)) {
            builder = builder.position(place.x, place.y);
        }
    }
    *desk.place.lock().unwrap_or_else(PoisonError::into_inner) = remembered;
    let window = builder.build()?;
    watch(&window);
    if hidden {
        dress(&window)?;
        tauri::async_runtime::spawn(stay_hidden(window));
        return Ok(());
    }
    present(&window)?;
    Ok(())
}

/// Started with the session: the window stays away if there is a tray to find it in. The tray may come up later than
/// Parley; without one the window waits in the taskbar.
async fn stay_hidden(window: WebviewWindow) {
    const TRIES: u32 = 15;
    for _ in 0..TRIES {
        let shown = tauri::async_runtime::spawn_blocking(tray::is_shown);
        if shown.await.unwrap_or(false) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    if !window.is_visible().unwrap_or(true) {
        let _ = window.minimize();
        let _ = window.show();
    }
}

fn is_driven() -> bool {
    std::env::var("TAURI_WEBVIEW_AUTOMATION").is_ok_and(|v| v == "true")
}

/// `--bg` of the page's tokens.
fn ground(theme: Theme) -> Color {
    match theme {
        Theme::Dark => Color(0x1b, 0x1c, 0x20, 0xff),
        _ => Color(0xff, 0xff, 0xff, 0xff),
    }
}

/// The system went from light to dark or back.
pub fn repaint(window: &WebviewWindow, theme: Theme) {
    let _ = window.set_background_color(Some(ground(theme)));
}

fn watch(window: &WebviewWindow) {
    let watched = window.clone();
    window.on_window_event(move |event| {
        let desk = watched.state::<Desk>();
        match event {
            WindowEvent::Focused(focused) => desk.attend(LABEL, *focused),
            WindowEvent::Moved(_) | WindowEvent::Resized(_) => {
                desk.see(&watched);
                remember_soon(&watched);
            }
            WindowEvent::ThemeChanged(theme) => {
                repaint(&watched, *theme);
            }
            WindowEvent::CloseRequested { api, .. } => {
                desk.remember();
                api.prevent_close();
                if desk.close_to_tray.load(Ordering::SeqCst) && tray::is_shown() {
                    let _ = watched.hide();
                } else {
                    // The whole program ends with its main window, after the pages have kept what is being written.
                    watched.app_handle().exit(0);
                }
            }
            _ => {}
        }
    });
}

/// Writes the window's place down once it has come to rest: a session that ends by force asks nobody.
fn remember_soon(window: &WebviewWindow) {
    const REST: std::time::Duration = std::time::Duration::from_secs(1);
    if window.state::<Desk>().soon.swap(true, Ordering::SeqCst) {
        return;
    }
    let app = window.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(REST).await;
        let desk = app.state::<Desk>();
        desk.soon.store(false, Ordering::SeqCst);
        desk.remember();
    });
}

/// Keeps the settings that the window itself obeys, for as long as the engine runs.
pub async fn obey(app: AppHandle, engine: Handle) {
    ipc::opened(&app).await;
    let mut changes = engine.changes();
    loop {
        if let Ok(value) = engine.call("settings_get", serde_json::json!({})).await
            && let Ok(settings) = serde_json::from_value::<Settings>(value)
        {
            let desk = app.state::<Desk>();
            desk.close_to_tray
                .store(settings.close_to_tray, Ordering::SeqCst);
            if desk.resize(settings.zoom) {
                for window in app.webview_windows().values() {
                    let _ = window.set_zoom(desk.zoom());
                }
            }
        }
        loop {
            match ipc::next(&mut changes).await {
                None => return,
                Some(change) if change.settings => break,
                Some(_) => {}
            }
        }
    }
}

/// What a person at one of the windows looks at.
pub fn look(app: &AppHandle) -> Look {
    let Some(desk) = app.try_state::<Desk>() else {
        return Look {
            focused: false,
            conversation: None,
        };
    };
    let front = desk.in_front();
    let shown = desk.shown.lock().unwrap_or_else(PoisonError::into_inner);
    Look {
        focused: front.is_some(),
        conversation: shown.get(front.as_deref().unwrap_or(LABEL)).copied(),
    }
}

/// The page of this window shows this conversation now.
pub fn shows(app: &AppHandle, label: &str, conversation: Option<CustomerId>) {
    if let Some(desk) = app.try_state::<Desk>() {
        let mut shown = desk.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match conversation {
            Some(id) => shown.insert(label.to_owned(), id),
            None => shown.remove(label),
        };
    }
}

/// Tells the main window's page of something.
pub fn tell(app: &AppHandle, event: &str, payload: serde_json::Value) {
    if let Err(e) = app.emit_to(EventTarget::webview_window(LABEL), event, payload) {
        tracing::warn!(error = %e, event, "the window could not be told");
    }
}

/// The window that a dialog belongs over: the one a person is at, else the main one.
pub fn front(app: &AppHandle) -> Option<WebviewWindow> {
    let label = app.try_state::<Desk>().and_then(|desk| desk.in_front());
    label
        .and_then(|label| app.get_webview_window(&label))
        .or_else(|| app.get_webview_window(LABEL))
}

/// Brings the main window to the front, and asks its page to show a conversation.
pub fn raise(app: &AppHandle, conversation: Option<CustomerId>) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    let raised = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    if let Err(e) = raised {
        tracing::warn!(error = %e, "the window could not be raised");
    }
    if let Some(id) = conversation {
        tell(app, "open", serde_json::json!({ "conversation": id }));
    }
}

/// The app's own page and the frame of a mail; nothing else, from anywhere.
pub fn may_navigate(url: &Url) -> bool {
    let own = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows serves the app's own page under this name, which no network can answer for.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    let bare = url.port().is_none() && url.username().is_empty() && url.password().is_none();
    own && bare || url.as_str() == "about:srcdoc"
}

/// A link in a mail carries no address, only the message and the link's number in it.
fn numbered_link(url: &Url) -> Option<(MessageId, u32)> {
    if url.scheme() != "part-link"
        || url.has_host()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return None;
    }
    let (message, link) = url.path().split_once('/')?;
    let digits = !link.is_empty() && link.bytes().all(|b| b.is_ascii_digit());
    Some((
        MessageId::parse(message)?,
        link.parse().ok().filter(|_| digits)?,
    ))
}

/// Has the engine look a numbered link up; it asks the person before anything is opened.
fn follow(engine: &Handle, url: &Url) {
    let Some((message, link)) = numbered_link(url) else {
        tracing::warn!(scheme = url.scheme(), "a new window was denied");
        return;
    };
    let engine = engine.clone();
    tauri::async_runtime::spawn(async move {
        let args = serde_json::json!({ "message": message, "link": link });
        if let Err(e) = engine.call("link_open", args).await {
            tracing::warn!(code = e.code, %message, link, "a link was not opened");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(s: &str) -> Url {
        Url::parse(s).unwrap()
    }

    #[test]
    fn only_the_apps_own_page_and_the_mail_frame_may_be_navigated_to() {
        for right in [
            "tauri://localhost",
            "tauri://localhost/index.html#/inbox",
            "about:srcdoc",
        ] {
            assert!(may_navigate(&url(right)), "{right}");
        }
        for wrong in [
            "https://example.org",
            "http://localhost",
            "http://127.0.0.1:9",
            "tauri://evil",
            "tauri://localhost:81/",
            "tauri://x@localhost/",
            "about:blank",
            "about:srcdoc?x",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:0",
            "blob:tauri://localhost/x",
            "part://localhost/m/1",
            "part-link:1/2",
            "ipc://localhost",
            "https://tauri.localhost.evil.example",
            "mailto:a@b",
        ] {
            assert!(!may_navigate(&url(wrong)), "{wrong}");
        }
        assert_eq!(may_navigate(&url("http://tauri.localhost/")), cfg!(windows));
    }

    #[test]
    fn a_link_is_a_message_and_a_number_and_nothing_else() {
        let id = "00112233445566778899aabbccddeeff";
        assert_eq!(
            numbered_link(&url(&format!("part-link:{id}/3"))),
            Some((MessageId::parse(id).unwrap(), 3))
        );
        for wrong in [
            format!("part-link:{id}"),
            format!("part-link:{id}/"),
            format!("part-link:{id}/-1"),
            format!("part-link:{id}/+1"),
            format!("part-link:{id}/3/4"),
            format!("part-link:{id}/99999999999"),
            format!("part-link://{id}/3"),
            format!("part-link:{id}/3?x"),
            format!("part-link:{id}/3#x"),
            format!("part:{id}/3"),
            "part-link:3".into(),
            format!("https://example.org/{id}/3"),
        ] {
            assert_eq!(numbered_link(&url(&wrong)), None, "{wrong}");
        }
    }

    const FRAME: Frame = Frame {
        x: 10.0,
        y: 20.0,
        width: 1280.0,
        height: 800.0,
        maximized: false,
    };

    #[test]
    fn the_focus_may_come_to_the_next_window_before_it_leaves_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path());
        assert_eq!(desk.in_front(), None);
        desk.attend(LABEL, true);
        desk.attend("conversation-x", true);
        desk.attend(LABEL, false);
        assert_eq!(desk.in_front().as_deref(), Some("conversation-x"));
        desk.attend("conversation-x", false);
        assert_eq!(desk.in_front(), None);
    }

    #[test]
    fn the_size_outlasts_the_program_and_nonsense_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path());
        assert!(!desk.resize(100), "it is the usual size already");
        assert!(desk.resize(150) && !desk.resize(9_999) && !desk.resize(0));
        assert!((Desk::new(dir.path()).zoom() - 1.5).abs() < 1e-9);
        std::fs::write(dir.path().join("zoom.json"), "huge").unwrap();
        assert!((Desk::new(dir.path()).zoom() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_place_is_written_whole_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path());
        desk.remember();
        assert!(!desk.file.exists(), "nothing was seen yet");
        *desk.place.lock().unwrap() = Some(FRAME);
        desk.remember();
        assert_eq!(
            read_frame(&std::fs::read(&desk.file).unwrap(), SMALLEST),
            Some(FRAME)
        );
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no half-written file is left"
        );
    }
}
