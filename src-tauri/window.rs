//! The one window: what it may load, where it may go, and where it stood last time.

use crate::engine::Handle;
use crate::{ipc, tray, words};
use parley_engine::api::dto::Settings;
use parley_engine::model::{CustomerId, MessageId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tauri::utils::config::Color;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, Emitter, EventTarget, LogicalPosition, LogicalSize, Manager, Theme, Url, WebviewUrl,
    WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

/// The window's label, which its capability names.
pub const LABEL: &str = "main";

/// A proxy where nobody listens. A page's `preconnect` slips past the content policy; it does not slip past this.
const DEAD_PROXY: &str = "http://127.0.0.1:9";

const SMALLEST: (f64, f64) = (960.0, 600.0);
const USUAL: (f64, f64) = (1280.0, 800.0);
/// Wider or higher than this is a damaged file, not a screen.
const LARGEST: f64 = 16_384.0;
/// So much of the window must be on a screen for a person to get hold of it.
const GRIP: f64 = 100.0;

/// Where the window stands, in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    maximized: bool,
}

/// What the shell knows of its window.
#[derive(Debug)]
pub struct Desk {
    file: PathBuf,
    place: Mutex<Option<Frame>>,
    /// What the file says.
    kept: Mutex<Option<Frame>>,
    /// It will be written in a moment.
    soon: AtomicBool,
    focused: AtomicBool,
    /// The conversation on screen, as the page last said.
    shown: Mutex<Option<CustomerId>>,
    close_to_tray: AtomicBool,
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
            place: Mutex::default(),
            kept: Mutex::default(),
            soon: AtomicBool::new(false),
            focused: AtomicBool::new(false),
            shown: Mutex::default(),
            close_to_tray: AtomicBool::new(false),
        }
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

fn measure(window: &WebviewWindow) -> Option<Frame> {
    let scale = window.scale_factor().ok()?;
    let size: LogicalSize<f64> = window.inner_size().ok()?.to_logical(scale);
    let at: LogicalPosition<f64> = window.outer_position().ok()?.to_logical(scale);
    Some(Frame {
        x: at.x,
        y: at.y,
        width: size.width,
        height: size.height,
        maximized: window.is_maximized().unwrap_or(false),
    })
}

/// A screen in logical pixels: x, y, width, height.
type Screen = (f64, f64, f64, f64);

/// The place in this file, if it is one. A file of another program or a damaged one is no place.
fn read_frame(json: &[u8]) -> Option<Frame> {
    let place: Frame = serde_json::from_slice(json).ok()?;
    let fits = |n: f64, least: f64| n.is_finite() && (least..=LARGEST).contains(&n);
    (fits(place.width, SMALLEST.0)
        && fits(place.height, SMALLEST.1)
        && fits(place.x.abs(), 0.0)
        && fits(place.y.abs(), 0.0))
    .then_some(place)
}

/// Whether a person could get hold of a window that stands there.
fn is_reachable(place: &Frame, screens: &[Screen]) -> bool {
    screens.iter().any(|(x, y, width, height)| {
        let across = (place.x + place.width).min(x + width) - place.x.max(*x);
        // The title is at the top: it must not be above or below the screen.
        across >= GRIP && place.y >= *y - 1.0 && place.y + GRIP <= y + height
    })
}

fn screens(app: &AppHandle) -> Vec<Screen> {
    let monitors = app.available_monitors().unwrap_or_default();
    let logical = |m: &tauri::Monitor| {
        let (scale, at, size) = (m.scale_factor(), m.position(), m.size());
        (
            f64::from(at.x) / scale,
            f64::from(at.y) / scale,
            f64::from(size.width) / scale,
            f64::from(size.height) / scale,
        )
    };
    monitors.iter().map(logical).collect()
}

/// Opens the window, locked down: the page is the app's own, nothing leads out of it, and no request leaves it.
pub fn open(
    app: &AppHandle,
    engine: &Handle,
    hidden: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let desk = app.state::<Desk>();
    let links = engine.clone();
    let mut builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(words::NAME)
        .inner_size(USUAL.0, USUAL.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
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
        .devtools(cfg!(debug_assertions))
        // What the web view keeps for itself (salts, no content) stays with the other files of this instance.
        .data_directory(desk.file.with_file_name("webview"))
        // Nothing of a message goes into a cache on the disk. The WebDriver of the tests cannot reach such a window.
        .incognito(!is_driven());
    let remembered = std::fs::read(&desk.file)
        .ok()
        .and_then(|json| read_frame(&json));
    if let Some(place) = remembered {
        builder = builder
            .inner_size(place.width, place.height)
            .maximized(place.maximized);
        if is_reachable(&place, &screens(app)) {
            builder = builder.position(place.x, place.y);
        }
    }
    *desk.place.lock().unwrap_or_else(PoisonError::into_inner) = remembered;
    let window = builder.visible(false).build()?;
    // The colour of the page to come, so that the window does not flash white before it.
    window.set_background_color(Some(ground(window.theme().unwrap_or(Theme::Light))))?;
    watch(&window);
    if hidden {
        tauri::async_runtime::spawn(stay_hidden(window));
        return Ok(());
    }
    window.show()?;
    window.set_focus()?;
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

fn watch(window: &WebviewWindow) {
    let watched = window.clone();
    window.on_window_event(move |event| {
        let desk = watched.state::<Desk>();
        match event {
            WindowEvent::Focused(focused) => desk.focused.store(*focused, Ordering::SeqCst),
            WindowEvent::Moved(_) | WindowEvent::Resized(_) => {
                desk.see(&watched);
                remember_soon(&watched);
            }
            WindowEvent::ThemeChanged(theme) => {
                let _ = watched.set_background_color(Some(ground(*theme)));
            }
            WindowEvent::CloseRequested { api, .. } => {
                desk.remember();
                if desk.close_to_tray.load(Ordering::SeqCst) && tray::is_shown() {
                    api.prevent_close();
                    let _ = watched.hide();
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
            app.state::<Desk>()
                .close_to_tray
                .store(settings.close_to_tray, Ordering::SeqCst);
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

/// What a person at the window looks at.
pub fn look(app: &AppHandle) -> Look {
    let desk = app.try_state::<Desk>();
    Look {
        focused: desk
            .as_ref()
            .is_some_and(|d| d.focused.load(Ordering::SeqCst)),
        conversation: desk.and_then(|d| *d.shown.lock().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// The page shows this conversation now.
pub fn shows(app: &AppHandle, conversation: Option<CustomerId>) {
    if let Some(desk) = app.try_state::<Desk>() {
        *desk.shown.lock().unwrap_or_else(PoisonError::into_inner) = conversation;
    }
}

/// Tells the page of something.
pub fn tell(app: &AppHandle, event: &str, payload: serde_json::Value) {
    if let Err(e) = app.emit_to(EventTarget::webview_window(LABEL), event, payload) {
        tracing::warn!(error = %e, event, "the window could not be told");
    }
}

/// Brings the window to the front, and asks its page to show a conversation.
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
    fn the_windows_place_survives_its_file_and_a_damaged_file_is_ignored() {
        let json = serde_json::to_string(&FRAME).unwrap();
        assert_eq!(read_frame(json.as_bytes()), Some(FRAME));
        for (old, new) in [
            ("1280.0", "1.0"),
            ("800.0", "1e9"),
            ("10.0", "-1e300"),
            ("false", "\"no\""),
            ("maximized", "other"),
        ] {
            assert_eq!(
                read_frame(json.replace(old, new).as_bytes()),
                None,
                "{old} → {new}"
            );
        }
        assert_eq!(read_frame(b""), None);
    }

    #[test]
    fn a_window_on_a_screen_that_was_unplugged_is_brought_back() {
        let laptop = (0.0, 0.0, 1920.0, 1080.0);
        let beside = Frame { x: 2000.0, ..FRAME };
        assert!(is_reachable(&FRAME, &[laptop]));
        assert!(is_reachable(
            &beside,
            &[laptop, (1920.0, 0.0, 1920.0, 1080.0)]
        ));
        assert!(!is_reachable(&beside, &[laptop]));
        assert!(
            !is_reachable(&Frame { y: -300.0, ..FRAME }, &[laptop]),
            "the title bar is above the screen"
        );
        assert!(!is_reachable(&FRAME, &[]));
    }

    #[test]
    fn a_place_is_written_whole_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path());
        desk.remember();
        assert!(!desk.file.exists(), "nothing was seen yet");
        *desk.place.lock().unwrap() = Some(FRAME);
        desk.remember();
        assert_eq!(read_frame(&std::fs::read(&desk.file).unwrap()), Some(FRAME));
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no half-written file is left"
        );
    }
}
