//! Starting with the session. The truth is what the system has: its file or entry is asked each time, because a
//! person can change it elsewhere too.

use crate::place::Place;

/// The argument with which the session starts Parley: into the tray.
pub const HIDDEN: &str = "--hidden";

#[cfg(target_os = "linux")]
pub use linux::Entry;
#[cfg(not(target_os = "linux"))]
pub use others::Entry;

#[cfg(target_os = "linux")]
mod linux {
    use super::{HIDDEN, Place};
    use crate::place::{self, DATA_DIR, IDENTIFIER};
    use crate::words::NAME;
    use std::path::{Path, PathBuf};

    /// The file in the session's autostart folder (XDG).
    pub struct Entry {
        file: PathBuf,
        text: Result<String, String>,
    }

    impl Entry {
        /// Of this data folder.
        pub fn of(place: &Place) -> Result<Self, String> {
            let absolute = |name: &str| {
                std::env::var_os(name)
                    .map(PathBuf::from)
                    .filter(|path| path.is_absolute())
            };
            let config = absolute("XDG_CONFIG_HOME")
                .or_else(|| absolute("HOME").map(|home| home.join(".config")))
                .ok_or("there is no home folder in which programs are started with the session")?;
            // An AppImage runs from a folder that is gone after it.
            let program = absolute("APPIMAGE").map_or_else(std::env::current_exe, Ok);
            let program = program.map_err(|e| format!("Parley does not know where it is: {e}"))?;
            Ok(Self::at(&config, &program, place))
        }

        pub(super) fn at(config: &Path, program: &Path, place: &Place) -> Self {
            Self {
                file: config
                    .join("autostart")
                    .join(format!("{}.desktop", place.instance)),
                text: text(program, place),
            }
        }

        /// Whether the session starts Parley. A desktop's own settings may have switched the file off.
        pub fn is_on(&self) -> bool {
            std::fs::read_to_string(&self.file).is_ok_and(|text| {
                !text.lines().any(|line| {
                    let line: String = line.split_whitespace().collect();
                    matches!(
                        line.as_str(),
                        "Hidden=true" | "X-GNOME-Autostart-enabled=false"
                    )
                })
            })
        }

        /// Has the session start Parley, or no longer.
        pub fn set(&self, on: bool) -> Result<(), String> {
            let done = if on {
                let text = self.text.as_ref().map_err(Clone::clone)?;
                let folder = self.file.parent().unwrap_or(Path::new("/"));
                place::make_dir(folder).and_then(|()| place::write(&self.file, text.as_bytes()))
            } else {
                match std::fs::remove_file(&self.file) {
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
                    done => done,
                }
            };
            done.map_err(|e| format!("{} could not be changed: {e}", self.file.display()))
        }
    }

    fn text(program: &Path, place: &Place) -> Result<String, String> {
        let mut exec = Vec::new();
        if place.instance != IDENTIFIER {
            let folder = place
                .data_dir
                .to_str()
                .ok_or("the data folder's name is not UTF-8")?;
            exec.push(quoted("env")?);
            exec.push(quoted(&format!("{DATA_DIR}={folder}"))?);
        }
        let program = program
            .to_str()
            .ok_or("the name of Parley's file is not UTF-8")?;
        exec.push(quoted(program)?);
        exec.push(HIDDEN.to_owned());
        Ok(format!(
            "[Desktop Entry]\nType=Application\nName={NAME}\nExec={}\nIcon=parley\nTerminal=false\nStartupNotify=false\nX-GNOME-Autostart-enabled=true\n",
            exec.join(" ")
        ))
    }

    /// An argument as the Desktop Entry Specification wants it: quoted, and the quoting escaped once more as a string.
    fn quoted(arg: &str) -> Result<String, String> {
        if arg.chars().any(char::is_control) {
            return Err(format!("{arg:?} cannot stand in a file of the session"));
        }
        let mut out = String::from("\"");
        for c in arg.chars() {
            match c {
                '"' | '`' | '$' => out.extend(['\\', '\\', c]),
                '\\' => out.push_str(r"\\\\"),
                '%' => out.push_str("%%"),
                c => out.push(c),
            }
        }
        out.push('"');
        Ok(out)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn place(instance: &str, data_dir: &str) -> Place {
            Place {
                data_dir: data_dir.into(),
                instance: instance.into(),
            }
        }

        #[test]
        fn it_is_off_until_it_is_switched_on_and_off_again_leaves_nothing() {
            let config = tempfile::tempdir().unwrap();
            let place = place(IDENTIFIER, "/home/bo/.local/share/parley");
            let entry = Entry::at(config.path(), Path::new("/usr/bin/parley"), &place);
            assert!(!entry.is_on());
            entry.set(false).unwrap();
            entry.set(true).unwrap();
            entry.set(true).unwrap();
            assert!(entry.is_on());
            let file = config.path().join("autostart/app.parley.desktop.desktop");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(
                text.contains("\nExec=\"/usr/bin/parley\" --hidden\n"),
                "{text}"
            );
            entry.set(false).unwrap();
            assert!(!entry.is_on() && !file.exists());
        }

        #[test]
        fn a_file_that_the_desktops_settings_switched_off_is_off() {
            let config = tempfile::tempdir().unwrap();
            let place = place(IDENTIFIER, "/d");
            let entry = Entry::at(config.path(), Path::new("/usr/bin/parley"), &place);
            for (from, to) in [
                ("enabled=true", "enabled=false"),
                ("Terminal", "Hidden = true\nTerminal"),
            ] {
                entry.set(true).unwrap();
                let text = std::fs::read_to_string(&entry.file).unwrap();
                std::fs::write(&entry.file, text.replace(from, to)).unwrap();
                assert!(!entry.is_on(), "{to}");
            }
        }

        #[test]
        fn another_data_folder_is_started_as_such_whatever_its_name_is() {
            let config = tempfile::tempdir().unwrap();
            let place = place("app.parley.desktop.d0", r#"/a b/"$HOME`\100%"#);
            let entry = Entry::at(config.path(), Path::new("/opt/parley"), &place);
            entry.set(true).unwrap();
            let text = std::fs::read_to_string(&entry.file).unwrap();
            let exec = r#"Exec="env" "PARLEY_DATA_DIR=/a b/\\"\\$HOME\\`\\\\100%%" "/opt/parley" --hidden"#;
            assert!(text.contains(exec), "{text}");
            let odd = super::tests::place(IDENTIFIER, "/d");
            let entry = Entry::at(config.path(), Path::new("/opt/x\nExec=evil"), &odd);
            assert!(entry.set(true).is_err());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use super::{HIDDEN, Place};
    use crate::place::IDENTIFIER;
    use crate::words::NAME;
    use auto_launch::{AutoLaunch, AutoLaunchBuilder, MacOSLaunchMode, WindowsEnableMode};

    /// The system's own entry: a launch agent of macOS, a value in the registry of Windows.
    pub struct Entry(AutoLaunch);

    impl Entry {
        /// Of this data folder. Only the usual one can be started with the session here.
        pub fn of(place: &Place) -> Result<Self, String> {
            if place.instance != IDENTIFIER {
                return Err(
                    "only Parley's usual data folder can be opened with the session".into(),
                );
            }
            let program = std::env::current_exe()
                .map_err(|e| format!("Parley does not know where it is: {e}"))?;
            let program = program
                .to_str()
                .ok_or("the name of Parley's file is not UTF-8")?;
            AutoLaunchBuilder::new()
                .set_app_name(NAME)
                .set_app_path(program)
                .set_args(&[HIDDEN])
                .set_macos_launch_mode(MacOSLaunchMode::LaunchAgent)
                .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
                .build()
                .map(Self)
                .map_err(|e| e.to_string())
        }

        /// Whether the session starts Parley.
        pub fn is_on(&self) -> bool {
            self.0.is_enabled().unwrap_or(false)
        }

        /// Has the session start Parley, or no longer.
        pub fn set(&self, on: bool) -> Result<(), String> {
            let done = if on {
                self.0.enable()
            } else {
                self.0.disable()
            };
            done.map_err(|e| e.to_string())
        }
    }
}
