//! Where a window stands, as it is kept from one start to the next.

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, LogicalPosition, LogicalSize, WebviewWindow};

/// Wider or higher than this is a damaged file, not a screen.
const LARGEST: f64 = 16_384.0;
/// So much of the window must be on a screen for a person to get hold of it.
const GRIP: f64 = 100.0;

/// Where a window stands, in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// From the left of the first screen.
    pub x: f64,
    /// From its top.
    pub y: f64,
    /// Inner width.
    pub width: f64,
    /// Inner height.
    pub height: f64,
    /// It fills its screen.
    pub maximized: bool,
}

/// Where a window stands now.
pub fn measure(window: &WebviewWindow) -> Option<Frame> {
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
pub type Screen = (f64, f64, f64, f64);

/// The place in this file, if it is one. A file of another program or a damaged one is no place.
pub fn read_frame(json: &[u8], smallest: (f64, f64)) -> Option<Frame> {
    let place: Frame = serde_json::from_slice(json).ok()?;
    let fits = |n: f64, least: f64| n.is_finite() && (least..=LARGEST).contains(&n);
    (fits(place.width, smallest.0)
        && fits(place.height, smallest.1)
        && fits(place.x.abs(), 0.0)
        && fits(place.y.abs(), 0.0))
    .then_some(place)
}

/// Whether a person could get hold of a window that stands there.
pub fn is_reachable(place: &Frame, screens: &[Screen]) -> bool {
    screens.iter().any(|(x, y, width, height)| {
        let across = (place.x + place.width).min(x + width) - place.x.max(*x);
        // The title is at the top: it must not be above or below the screen.
        across >= GRIP && place.y >= *y - 1.0 && place.y + GRIP <= y + height
    })
}

/// The screens.
pub fn screens(app: &AppHandle) -> Vec<Screen> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: (f64, f64) = (960.0, 600.0);
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
        assert_eq!(read_frame(json.as_bytes(), SMALLEST), Some(FRAME));
        for (old, new) in [
            ("1280.0", "1.0"),
            ("800.0", "1e9"),
            ("10.0", "-1e300"),
            ("false", "\"no\""),
            ("maximized", "other"),
        ] {
            assert_eq!(
                read_frame(json.replace(old, new).as_bytes(), SMALLEST),
                None,
                "{old} → {new}"
            );
        }
        assert_eq!(read_frame(b"", SMALLEST), None);
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
}
