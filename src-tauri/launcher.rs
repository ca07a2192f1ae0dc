//! The number on the program's icon in the dock or launcher.

use tauri::AppHandle;

/// Shows how many wait; nothing for nobody. Where the desktop has no such place, nobody hears it.
#[cfg(target_os = "linux")]
pub async fn show(_app: &AppHandle, count: u32) {
    use zbus::zvariant::Value;
    static BUS: tokio::sync::OnceCell<zbus::Connection> = tokio::sync::OnceCell::const_new();
    let told = async {
        let bus = BUS.get_or_try_init(zbus::Connection::session).await?;
        let what = std::collections::HashMap::from([
            ("count", Value::from(i64::from(count))),
            ("count-visible", Value::from(count > 0)),
        ]);
        bus.emit_signal(
            None::<&str>,
            "/com/canonical/unity/launcherentry/parley",
            "com.canonical.Unity.LauncherEntry",
            "Update",
            &("application://Parley.desktop", what),
        )
        .await
    };
    if let Err(e) = told.await {
        tracing::debug!(error = %e, "the launcher could not be told");
    }
}

/// Shows how many wait; nothing for nobody.
#[cfg(not(target_os = "linux"))]
pub async fn show(app: &AppHandle, count: u32) {
    use tauri::Manager;
    if let Some(window) = app.get_webview_window(crate::window::LABEL) {
        // Windows has no such place; the tray's icon has the number there.
        let _ = window.set_badge_count((count > 0).then_some(i64::from(count)));
    }
}
