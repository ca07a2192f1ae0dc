//! The bundle for support: what is planted in a workspace is not in it, and what the window remembers is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)] // helpers fail as tests do

mod scene;

use parley_engine::api::dto::{ListChoice, Sort, View, WindowMemory};
use parley_engine::api::{args, diagnostics};
use scene::{MONDAY, Mail, Scene};

/// Words that no program would say by itself, each at another place of a workspace.
const PLANTED: &[&str] = &[
    "wilhelmina",
    "quackenbush",
    "zanzibar-lantern",
    "marzipan",
    "fiddlesticks",
    "0201234567",
    "20 123 45 67",
    "hunter2-swordfish",
    "sk_live_51Hb9xKq2eZvKYlo2C",
    "ya29.a0AfH6SMBx7Kp",
    "velociraptor.example",
    "imap.velociraptor.example",
    "hippopotamus",
    "ptarmigan",
    "oystercatcher",
];

fn planted() -> Scene {
    let s = Scene::new();
    let customer = "wilhelmina@velociraptor.example";
    s.arrives(
        &Mail::from("Wilhelmina Quackenbush <wilhelmina@velociraptor.example>")
            .subject("The zanzibar-lantern")
            .text("The marzipan arrived. Call me: +31 20 123 45 67 or 0201234567. Key sk_live_51Hb9xKq2eZvKYlo2C.")
            .file("hippopotamus.pdf", b"fiddlesticks")
            .at(MONDAY),
    );
    let conversation = s.customer(customer);
    s.does(args::NoteAdd {
        conversation,
        text: "The password is hunter2-swordfish, says ptarmigan".into(),
    });
    s.does(args::CustomerRename {
        id: conversation,
        name: "Wilhelmina Oystercatcher".into(),
    });
    s.does(args::TagSet {
        conversation,
        tag: "fiddlesticks".into(),
        on: true,
    });
    let logs = s.dir().join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    let lines = [
        "2026-11-22T09:12:33.123456Z  INFO parley: started version=\"0.1.0\"",
        "2026-11-22T09:12:34.123456Z  WARN parley_engine::sync: imap.velociraptor.example:993 refused wilhelmina@velociraptor.example",
        "2026-11-22T09:12:35.123456Z  WARN parley_engine::sync: greeted Wilhelmina and QUACKENBUSH; Oystercatcher's folder “marzipan” is gone",
        "2026-11-22T09:12:36.123456Z ERROR parley: token=ya29.a0AfH6SMBx7Kp-_q19 sk_live_51Hb9xKq2eZvKYlo2C tel +31 20 123 45 67 (0201234567) at /home/ptarmigan/hippopotamus",
        "2026-11-22T09:12:37.123456Z  INFO parley: stopped in_time=true",
    ];
    std::fs::write(logs.join("parley.log"), lines.join("\n")).unwrap();
    s
}

#[test]
fn nothing_that_was_planted_is_in_the_bundle() {
    let s = planted();
    let bundle = s.does(args::Diagnostics {});
    for part in &bundle.parts {
        let text = part.text.to_lowercase();
        for word in PLANTED {
            assert!(
                !text.contains(&word.to_lowercase()),
                "“{word}” is in {}:\n{}",
                part.name,
                part.text
            );
        }
        let dir = s.dir().display().to_string();
        assert!(!part.text.contains(&dir), "the folder is in {}", part.name);
    }
}

#[test]
fn the_bundle_says_what_support_asks_for() {
    let s = planted();
    let bundle = s.does(args::Diagnostics {});
    let part = |name: &str| {
        let found = bundle.parts.iter().find(|p| p.name == name);
        found.map(|p| p.text.clone()).unwrap_or_default()
    };
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&part(name)).unwrap();
    assert!(json("versions.json")["sqlite"].is_string());
    assert_eq!(json("data.json")["database"]["counted"]["messages"], 1);
    assert!(json("data.json")["database"]["cipher"].is_string());
    let accounts = json("accounts.json");
    assert_eq!(accounts.as_array().unwrap().len(), 1);
    assert_eq!(accounts[0]["channel"], "email");
    assert_eq!(accounts[0]["messages"], 1);
    let log = part("log.txt");
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(
        log.contains("INFO parley: started version=\"0.1.0\""),
        "{log}"
    );
    assert!(log.contains("<host "), "{log}");
    assert!(log.ends_with("in_time=true\n"), "{log}");
}

#[test]
fn the_archive_holds_the_same_as_is_shown() {
    let s = planted();
    let archive = s.run(diagnostics::archive(&s.desk)).unwrap();
    assert!(archive.starts_with(b"PK\x03\x04"));
    let text = String::from_utf8_lossy(&archive).to_lowercase();
    for part in s.does(args::Diagnostics {}).parts {
        assert!(text.contains(&part.name.to_lowercase()), "{}", part.name);
    }
    for word in PLANTED {
        assert!(!text.contains(&word.to_lowercase()), "{word}");
    }
}

#[test]
fn the_size_of_the_workspace_is_that_of_its_parts() {
    let s = planted();
    let size = s.does(args::DataSize {});
    assert!(size.database > 0 && size.files > 0 && size.logs > 0);
    assert!(size.index.is_some_and(|index| index < size.database));
    assert!(
        size.counted
            .iter()
            .any(|c| c.key == "messages" && c.count == 1)
    );
}

#[test]
fn what_the_window_remembers_outlasts_the_program_and_is_not_in_the_log() {
    let home = scene::folder();
    let memory = WindowMemory {
        lists: vec![ListChoice {
            view: View::Waiting,
            sort: Sort::Newest,
            group: None,
            closed: vec!["stage:lead".into()],
        }],
        panel: Some(false),
        list_width: Some(400),
        panel_width: None,
    };
    {
        let s = Scene::in_folder(home.path());
        assert_eq!(s.does(args::WindowMemory {}), WindowMemory::default());
        let before = s.number("SELECT count(*) FROM entry");
        let remembered = memory.clone();
        s.does(args::WindowRemember { memory: remembered });
        assert_eq!(s.number("SELECT count(*) FROM entry"), before);
        s.store().close();
    }
    let s = Scene::in_folder(home.path());
    assert_eq!(s.does(args::WindowMemory {}), memory);
    s.write(|tx| {
        tx.execute(
            "UPDATE setting SET value = '{\"lists\":7}' WHERE key = 'window'",
            [],
        )?;
        Ok(())
    });
    assert_eq!(s.does(args::WindowMemory {}), WindowMemory::default());
}

#[test]
fn a_size_that_nobody_could_read_is_refused() {
    let s = Scene::new();
    let set = |zoom: u32| {
        s.ask(args::SettingsSet {
            zoom: Some(zoom),
            ..args::SettingsSet::default()
        })
    };
    assert_eq!(set(150).unwrap().zoom, 150);
    assert!(set(10).is_err() && set(1_000).is_err());
    assert_eq!(s.does(args::SettingsGet {}).zoom, 150);
}
