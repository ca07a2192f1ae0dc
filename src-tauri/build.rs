//! Fixes what the window may call: one command, and the permissions of `capabilities/`.

fn main() {
    if !std::path::Path::new("ui/dist/index.html").is_file() {
        println!(
            "cargo::error=ui/dist/index.html is missing: build the user interface first (`make run` does, or `npm run build` in ui/)"
        );
        return;
    }
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    let manifest = tauri_build::AppManifest::new().commands(&["call"]);
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(manifest);
    if let Err(e) = tauri_build::try_build(attributes) {
        println!(
            "cargo::error=tauri.conf.json or src-tauri/capabilities/ cannot be used: {}",
            format!("{e:#}").replace('\n', " ")
        );
    }
}
