//! Conversations in windows of their own, beside the main one, and how pages keep what is being written before they go.

use crate::engine::Handle;
use crate::frame::{self, Frame};
use crate::ipc::Pace;
use crate::window;
use parley_engine::api::dto::ErrorBody;
use parley_engine::model::CustomerId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tauri::{AppHandle, Emitter, EventTarget, Manager, WebviewWindow, WindowEvent};
use tokio::sync::Notify;

/// What the labels of these windows begin with; the capability names it too. The rest is the conversation's id, so that
/// the page knows from its label, which no page can choose, what it is for.
pub const PREFIX: &str = "conversation-";

/// More windows than a person can keep apart, and a bound to what a page that went wrong could open.
const MOST: usize = 20;
const SMALLEST: (f64, f64) = (480.0, 420.0);
const USUAL: (f64, f64) = (760.0, 760.0);
/// The next window stands so far below and beside the last.
const STEP: f64 = 32.0;
/// How long pages may take to keep what is being written.
const PATIENCE: Duration = Duration::from_millis(800);

/// Where the windows of conversations stand: one place for all, the last one's.
#[derive(Debug)]
pub struct Asides {
    file: PathBuf,
    place: Mutex<Option<Frame>>,
}

impl Asides {
    /// The place that is kept in `data_dir`.
    pub fn new(data_dir: &Path) -> Self {
        let file = data_dir.join("conversation-window.json");
        let kept = std::fs::read(&file)
            .ok()
            .and_then(|json| frame::read_frame(&json, SMALLEST));
        Self {
            file,
            place: Mutex::new(kept),
        }
    }

    /// Writes the place down.
    pub fn remember(&self) {
        let Some(place) = self.place() else { return };
        let written = serde_json::to_vec(&place)
            .map_err(std::io::Error::other)
            .and_then(|json| crate::place::write(&self.file, &json));
        if let Err(e) = written {
            tracing::warn!(error = %e, "the place of conversations' windows could not be kept");
        }
    }

    fn place(&self) -> Option<Frame> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, window: &WebviewWindow) {
        if window.is_minimized().unwrap_or(false) || !window.is_visible().unwrap_or(false) {
            return;
        }
        let seen = frame::measure(window).filter(|seen| !seen.maximized);
        if let Some(seen) = seen {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
    }
}

/// Pages that were asked to keep what is being written, and those that have.
#[derive(Debug, Default)]
pub struct Farewell {
    said: AtomicBool,
    kept: Mutex<BTreeSet<String>>,
    heard: Notify,
}

impl Farewell {
    /// A page has kept everything.
    pub fn hear(&self, label: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(label.to_owned());
        drop(kept);
        self.heard.notify_waiters();
    }

    fn begin(&self, labels: &[String]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for label in labels {
            kept.remove(label);
        }
    }

    fn have_kept(&self, labels: &[String]) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        labels.iter().all(|label| kept.contains(label))
    }

    /// Waits until all of these have kept what they had, but not for one that hangs.
    async fn wait(&self, labels: &[String], patience: Duration) {
        let all = async {
            loop {
                let heard = self.heard.notified();
                tokio::pin!(heard);
                // Registered before the look, or an answer between the two would be missed.
                heard.as_mut().enable();
                if self.have_kept(labels) {
                    return;
                }
                heard.await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("a page did not say in time that it kept what was being written");
        }
    }
}

/// The label of a conversation's window.
fn label(conversation: CustomerId) -> String {
    format!("{PREFIX}{}", conversation.hex())
}

fn is_aside(label: &str) -> bool {
    label.starts_with(PREFIX)
}

/// Opens a conversation in its own window, or raises the one it has.
pub fn open(app: &AppHandle, engine: &Handle, conversation: CustomerId) -> Result<(), ErrorBody> {
    let label = label(conversation);
    let refused = |e: String| ErrorBody {
        code: "window".into(),
        message: format!("The window could not be opened: {e}"),
    };
    if let Some(there) = app.get_webview_window(&label) {
        let raised = there
            .show()
            .and_then(|()| there.unminimize())
            .and_then(|()| there.set_focus());
        return raised.map_err(|e| refused(e.to_string()));
    }
    let others = app.webview_windows().keys().filter(|l| is_aside(l)).count();
    if others >= MOST {
        return Err(ErrorBody {
            code: "window".into(),
            message: format!("{MOST} conversations have their own window already; close one first"),
        });
    }
    make(app, engine, &label, others).map_err(|e| refused(e.to_string()))
}

fn make(
    app: &AppHandle,
    engine: &Handle,
    label: &str,
    others: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let place = app.state::<Asides>().place();
    let (width, height) = place.map_or(USUAL, |place| (place.width, place.height));
    let mut builder = window::guarded(app, label, engine)?
        .inner_size(width, height)
        .min_inner_size(SMALLEST.0, SMALLEST.1);
    if let Some(at) = place.map(|place| beside(&place, others))
        && frame::is_reachable(&at, &frame::screens(app))
    {
        builder = builder.position(at.x, at.y);
    }
    let opened = builder.build()?;
    watch(&opened);
    window::present(&opened)?;
    Ok(())
}

/// The place of the next window where others stand already.
fn beside(last: &Frame, others: usize) -> Frame {
    let step = if others == 0 { 0.0 } else { STEP };
    Frame {
        x: last.x + step,
        y: last.y + step,
        ..*last
    }
}

fn watch(window: &WebviewWindow) {
    let watched = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::Focused(focused) => watched
            .state::<window::Desk>()
            .attend(watched.label(), *focused),
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => watched.state::<Asides>().see(&watched),
        WindowEvent::ThemeChanged(theme) => window::repaint(&watched, *theme),
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            close(&watched);
        }
        WindowEvent::Destroyed => {
            watched
                .state::<window::Desk>()
                .attend(watched.label(), false);
            window::shows(watched.app_handle(), watched.label(), None);
            watched.state::<Pace>().forget(watched.label());
        }
        _ => {}
    });
}

/// Closes a conversation's window once its page has kept what is being written there.
fn close(window: &WebviewWindow) {
    let asides = window.state::<Asides>();
    asides.see(window);
    asides.remember();
    let _ = window.hide();
    let window = window.clone();
    tauri::async_runtime::spawn(async move {
        let labels = [window.label().to_owned()];
        let farewell = window.state::<Farewell>();
        ask_to_keep(window.app_handle(), &farewell, &labels);
        farewell.wait(&labels, PATIENCE).await;
        let _ = window.destroy();
    });
}

fn ask_to_keep(app: &AppHandle, farewell: &Farewell, labels: &[String]) {
    farewell.begin(labels);
    for label in labels {
        let _ = app.emit_to(EventTarget::webview_window(label), "closing", ());
    }
}

/// The program is about to end: pages first keep what is being written. True where the end has to wait for that; it
/// then comes by itself.
pub fn say_farewell(app: &AppHandle, code: i32) -> bool {
    let farewell = app.state::<Farewell>();
    let labels: Vec<String> = app.webview_windows().into_keys().collect();
    if labels.is_empty() || farewell.said.swap(true, Ordering::SeqCst) {
        return false;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let farewell = app.state::<Farewell>();
        ask_to_keep(&app, &farewell, &labels);
        farewell.wait(&labels, PATIENCE).await;
        app.exit(code);
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Frame = Frame {
        x: 100.0,
        y: 80.0,
        width: 700.0,
        height: 600.0,
        maximized: false,
    };

    #[test]
    fn a_label_is_the_conversation_and_nothing_a_page_chose() {
        let id = CustomerId::random();
        let label = label(id);
        assert!(is_aside(&label) && label.ends_with(&id.hex()));
        assert_eq!(label.len(), PREFIX.len() + 32);
        assert!(!is_aside(window::LABEL));
    }

    #[test]
    fn the_next_window_stands_where_the_last_was_and_beside_it_while_that_is_open() {
        assert_eq!(beside(&LAST, 0), LAST);
        let next = beside(&LAST, 1);
        assert_eq!((next.x, next.y, next.width), (132.0, 112.0, 700.0));
    }

    #[test]
    fn the_place_of_the_last_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let asides = Asides::new(dir.path());
        assert_eq!(asides.place(), None);
        *asides.place.lock().unwrap() = Some(LAST);
        asides.remember();
        assert_eq!(Asides::new(dir.path()).place(), Some(LAST));
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_goes_when_its_page_has_kept_everything() {
        let farewell = Farewell::default();
        let labels = ["main".to_owned(), "conversation-1".to_owned()];
        farewell.hear("main");
        farewell.begin(&labels);
        assert!(
            !farewell.have_kept(&labels),
            "an older answer counts no more"
        );
        let start = tokio::time::Instant::now();
        let answers = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            farewell.hear("conversation-1");
            tokio::time::sleep(Duration::from_millis(10)).await;
            farewell.hear("main");
        };
        tokio::join!(farewell.wait(&labels, PATIENCE), answers);
        assert_eq!(start.elapsed(), Duration::from_millis(20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_hangs_is_not_waited_for_long() {
        let farewell = Farewell::default();
        let start = tokio::time::Instant::now();
        farewell.wait(&["main".to_owned()], PATIENCE).await;
        assert_eq!(start.elapsed(), PATIENCE);
    }
}
