//! The icon in the tray with the number of customers who wait.

use crate::engine::Handle;
use crate::words::words;
use crate::{ipc, launcher, window};
use parley_engine::api::dto::{Sidebar, View};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;
use tauri::image::Image;
use tauri::menu::{Menu, MenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Theme};

const ID: &str = "parley";
/// Counts this close together are asked for once.
const QUIET: Duration = Duration::from_millis(300);

/// For a light panel.
const DARK_MARK: Image<'_> = tauri::include_image!("icons/tray-light.png");
/// For a dark panel.
const LIGHT_MARK: Image<'_> = tauri::include_image!("icons/tray-dark.png");

/// Puts the icon into the tray. Without a tray the program runs all the same.
pub fn put_up(app: &AppHandle, data_dir: &Path) {
    // The library that draws the icon panics when the system's indicator library is not installed.
    match catch_unwind(AssertUnwindSafe(|| build(app, data_dir))) {
        Ok(Ok(_)) => {}
        Ok(Err(e)) => tracing::warn!(error = %e, "there is no tray"),
        Err(_) => tracing::warn!(
            "there is no tray: the system's indicator library (libayatana-appindicator3) is missing"
        ),
    }
}

fn build(app: &AppHandle, data_dir: &Path) -> tauri::Result<TrayIcon> {
    let menu = menu(app)?;
    TrayIconBuilder::with_id(ID)
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "linux"))
        .temp_dir_path(data_dir.join("tray"))
        .icon(mark(is_panel_dark(app)).clone())
        .icon_as_template(true)
        .tooltip(words().waiting(0))
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => window::raise(app, None),
            "quit" => app.exit(0),
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                window::raise(tray.app_handle(), None);
            }
        })
        .build(app)
}

fn menu(app: &AppHandle) -> tauri::Result<Menu<tauri::Wry>> {
    let open = MenuItem::with_id(app, "open", &words().open, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", &words().quit, true, None::<&str>)?;
    Menu::with_items(app, &[&open, &quit])
}

/// Says the menu and the tooltip anew, in the language that is spoken now.
pub async fn retell(app: &AppHandle, engine: &Handle) {
    let Some(tray) = app.tray_by_id(ID) else {
        return;
    };
    let told = menu(app).and_then(|menu| tray.set_menu(Some(menu)));
    if let Err(e) = told {
        tracing::warn!(error = %e, "the tray could not be told the language");
    }
    if let Some(count) = waiting(engine).await {
        show(app, count);
    }
}

/// Keeps the count true for as long as the engine runs.
pub async fn count(app: AppHandle, engine: Handle) {
    ipc::opened(&app).await;
    let mut changes = engine.changes();
    let mut shown = None;
    loop {
        if let Some(now) = waiting(&engine).await
            && shown != Some(now)
        {
            show(&app, now);
            launcher::show(&app, now).await;
            shown = Some(now);
        }
        loop {
            match ipc::next(&mut changes).await {
                None => return,
                Some(change) if change.all || change.lists => break,
                Some(_) => {}
            }
        }
        tokio::time::sleep(QUIET).await;
        // What came meanwhile is in the count that is asked for now.
        changes = changes.resubscribe();
    }
}

async fn waiting(engine: &Handle) -> Option<u32> {
    let value = engine.call("sidebar", serde_json::json!({})).await.ok()?;
    let sidebar: Sidebar = serde_json::from_value(value).ok()?;
    sidebar
        .views
        .iter()
        .find(|v| v.view == View::Waiting)
        .map(|v| v.count)
}

fn show(app: &AppHandle, count: u32) {
    let Some(tray) = app.tray_by_id(ID) else {
        return;
    };
    let told = tray
        .set_tooltip(Some(words().waiting(count)))
        .and_then(|()| paint(app, &tray, count));
    if let Err(e) = told {
        tracing::warn!(error = %e, "the tray's count could not be shown");
    }
}

/// macOS shows a number beside a tinted mark; elsewhere the number is drawn onto it.
fn paint(app: &AppHandle, tray: &TrayIcon, count: u32) -> tauri::Result<()> {
    if cfg!(target_os = "macos") {
        return tray.set_title((count > 0).then(|| count.to_string()));
    }
    let base = mark(is_panel_dark(app));
    let drawn = badge(base.rgba(), base.width(), count);
    tray.set_icon(Some(Image::new_owned(drawn, base.width(), base.height())))
}

fn mark(dark_panel: bool) -> &'static Image<'static> {
    static DARK: Image<'_> = DARK_MARK;
    static LIGHT: Image<'_> = LIGHT_MARK;
    if dark_panel { &LIGHT } else { &DARK }
}

fn is_panel_dark(app: &AppHandle) -> bool {
    let theme = app
        .get_webview_window(window::LABEL)
        .and_then(|w| w.theme().ok());
    let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    panel_is_dark(theme, &desktop)
}

/// The top bars of GNOME, Unity and Pantheon are dark whatever the theme of the windows is.
fn panel_is_dark(theme: Option<Theme>, desktop: &str) -> bool {
    theme == Some(Theme::Dark)
        || desktop
            .split(':')
            .any(|d| matches!(d, "GNOME" | "Unity" | "Pantheon" | "Budgie"))
}

/// Whether somebody shows tray icons in this session; a window that hides where there is no tray would be lost.
#[cfg(target_os = "linux")]
pub fn is_shown() -> bool {
    fn ask() -> zbus::Result<bool> {
        let connection = zbus::blocking::Connection::session()?;
        let watcher = zbus::blocking::Proxy::new(
            &connection,
            "org.kde.StatusNotifierWatcher",
            "/StatusNotifierWatcher",
            "org.kde.StatusNotifierWatcher",
        )?;
        watcher.get_property("IsStatusNotifierHostRegistered")
    }
    // The call must not hold up the window when the bus is dead.
    let (tell, answer) = std::sync::mpsc::sync_channel(1);
    let asked = std::thread::Builder::new()
        .name("tray-host".into())
        .spawn(move || {
            let _ = tell.send(ask().unwrap_or(false));
        });
    asked.is_ok() && answer.recv_timeout(QUIET).unwrap_or(false)
}

/// Whether somebody shows tray icons in this session.
#[cfg(not(target_os = "linux"))]
pub fn is_shown() -> bool {
    true
}

/// The digits and "+", 3 × 5 dots each, a row a number of three bits.
const GLYPHS: [[u8; 5]; 11] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [0, 2, 7, 2, 0],
];
const PLUS: usize = 10;
/// A dot of a digit is so many pixels wide on a mark of 64.
const DOT: u32 = 5;
const RED: [u8; 4] = [0xd9, 0x30, 0x25, 0xff];
const WHITE: [u8; 4] = [0xff; 4];

/// The mark with `count` on a red plate in its lower right corner; the mark itself when nobody waits.
fn badge(mark: &[u8], size: u32, count: u32) -> Vec<u8> {
    let mut out = mark.to_vec();
    let text: &[usize] = match count {
        0 => return out,
        1..=9 => &[count as usize],
        10..=99 => &[(count / 10) as usize, (count % 10) as usize],
        _ => &[9, PLUS],
    };
    let letters = u32::try_from(text.len()).unwrap_or(2);
    let (width, height) = ((letters * 4 - 1) * DOT + 2 * DOT, 7 * DOT);
    let (left, top) = (size.saturating_sub(width), size.saturating_sub(height));
    let mut dot = |x: u32, y: u32, colour: [u8; 4]| {
        let at = ((y * size + x) * 4) as usize;
        if let Some(pixel) = out.get_mut(at..at + 4) {
            pixel.copy_from_slice(&colour);
        }
    };
    for y in 0..height {
        for x in 0..width {
            if !is_cut_corner(x, y, width, height) {
                dot(left + x, top + y, RED);
            }
        }
    }
    for (i, letter) in (0u32..).zip(text) {
        for (row, bits) in (0u32..).zip(GLYPHS[*letter]) {
            for column in (0..3).filter(|c| bits & (4 >> c) != 0) {
                for (dx, dy) in (0..DOT).flat_map(|dx| (0..DOT).map(move |dy| (dx, dy))) {
                    dot(
                        left + (1 + i * 4 + column) * DOT + dx,
                        top + (1 + row) * DOT + dy,
                        WHITE,
                    );
                }
            }
        }
    }
    out
}

fn is_cut_corner(x: u32, y: u32, width: u32, height: u32) -> bool {
    let from_side = x.min(width - 1 - x);
    let from_edge = y.min(height - 1 - y);
    from_side + from_edge < DOT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_pixels(image: &[u8], colour: [u8; 4]) -> usize {
        image.chunks_exact(4).filter(|p| *p == colour).count()
    }

    #[test]
    fn nobody_waiting_leaves_the_mark_as_it_is() {
        let mark = vec![7; 64 * 64 * 4];
        assert_eq!(badge(&mark, 64, 0), mark);
    }

    #[test]
    fn the_number_is_drawn_in_the_corner_and_within_the_picture() {
        let mark = vec![0; 64 * 64 * 4];
        let one = badge(&mark, 64, 1);
        // A "1" has eight dots; the plate is red and as wide as one digit.
        assert_eq!(count_pixels(&one, WHITE), 8 * (DOT * DOT) as usize);
        assert!(count_pixels(&one, RED) > 300);
        assert_eq!(
            &one[..64 * 4 * 28],
            &mark[..64 * 4 * 28],
            "the upper part is untouched"
        );
        assert!(count_pixels(&badge(&mark, 64, 42), RED) > count_pixels(&one, RED));
    }

    #[test]
    fn every_number_looks_different_up_to_ninety_nine_and_more_is_one_sign() {
        let mark = vec![0; 64 * 64 * 4];
        let drawn: std::collections::HashSet<_> = (0..=100).map(|n| badge(&mark, 64, n)).collect();
        assert_eq!(drawn.len(), 101);
        assert_eq!(badge(&mark, 64, 100), badge(&mark, 64, u32::MAX));
    }

    #[test]
    fn a_mark_of_an_unforeseen_size_does_no_harm() {
        assert_eq!(badge(&[0; 16], 2, 88).len(), 16);
    }

    #[test]
    fn the_mark_suits_the_panel() {
        assert!(panel_is_dark(Some(Theme::Light), "ubuntu:GNOME"));
        assert!(panel_is_dark(Some(Theme::Dark), "KDE"));
        assert!(!panel_is_dark(Some(Theme::Light), "KDE"));
    }
}
