//! A workspace goes out, is erased, and comes back.

use crate::scene::{DAY, HOUR, MINUTE, MONDAY, Mail, Scene, folder, key};
use crate::support::{mail, mbox, put};
use parley_engine::Engine;
use parley_engine::api::args;
use parley_engine::api::dto::{Draft, FileItem};
use parley_engine::connectors;
use parley_engine::model::{Class, OutboxState};
use parley_engine::store::transfer::{self as rows, ImportState};
use parley_engine::store::{Store, check, outbox};
use parley_engine::time::ManualClock;
use parley_engine::transfer::export::{Attached, Options as Export};
use parley_engine::transfer::{self, Options, Running};
use std::path::Path;
use std::sync::Arc;

/// Several customers, channels of all kinds of mail, and everything that an agent can do to them.
fn rich() -> Scene {
    let s = Scene::new();
    s.arrives(
        &Mail::from("Anna <anna@shop.test>")
            .named("a1")
            .text("Where is it?")
            .file("photo.bin", b"\x01\x02picture"),
    );
    s.later(HOUR);
    s.arrives(
        &Mail::from("bert@shop.test")
            .named("b1")
            .subject("Invoice")
            .cc(&["Carla <carla@shop.test>"]),
    );
    s.arrives(&Mail::from("robot@list.test").named("r1").machine("list-id"));
    s.arrives(&Mail::from("spam@bad.test").named("j1").junk());
    s.arrives(&Mail::from("x@odd.test").named("u1").unreadable());
    s.arrives(
        &Mail::from("old@shop.test")
            .named("o1")
            .at(MONDAY - 90 * DAY),
    );
    s.arrives(
        &Mail::from("eve@shop.test")
            .named("e1")
            .authenticated(Some(false))
            .reply_to("other@shop.test"),
    );
    s.arrives(
        &Mail::sent_to("dora@shop.test")
            .named("s1")
            .text("From another program"),
    );
    s.later(MINUTE);
    let (anna, bert) = (s.customer("anna@shop.test"), s.customer("bert@shop.test"));
    let answer = s.replies("anna@shop.test", "It is on its way.");
    // Its copy in Sent is seen.
    let id = s.message_id_of(answer);
    s.receive([&Mail::sent_to("anna@shop.test")
        .message_id(&id)
        .text("It is on its way.")
        .remote("Sent/7")]);
    let failed = s.writes("bert@shop.test", "This one is refused.");
    s.write(move |tx| {
        outbox::begin(tx, failed)?;
        outbox::failed(tx, failed, "550 no such user")
    });
    let back = s.writes("bert@shop.test", "Taken back");
    s.write(move |tx| outbox::cancel(tx, back).map(drop));
    s.later(MINUTE);
    s.does(args::NoteAdd {
        conversation: anna,
        text: "Called her: she is patient".into(),
    });
    s.does(args::TagSet {
        conversation: anna,
        tag: "vip".into(),
        on: true,
    });
    s.does(args::StageSet {
        customer: anna,
        stage: Some("won".into()),
        evidence: None,
    });
    s.does(args::CustomerRename {
        id: bert,
        name: "Bert B.".into(),
    });
    s.does(args::Assign {
        conversation: bert,
        agent: Some(s.store().identity().agent),
    });
    s.later(MINUTE);
    s.does(args::Resolve { conversation: anna });
    s.does(args::Undo {});
    s.does(args::Resolve { conversation: anna });
    s.later(4 * DAY);
    s.arrives(
        &Mail::from("anna@shop.test")
            .named("a2")
            .text("And again")
            .answering(&id),
    );
    s.does(args::Link {
        a: anna,
        b: s.customer("old@shop.test"),
    });
    s.does(args::Snooze {
        conversation: bert,
        until: Some(s.now() + DAY),
    });
    s.does(args::ClassSet {
        message: s.id(&Mail::from("robot@list.test").named("r1").machine("list-id")),
        class: Class::Human,
    });
    s.does(args::NotCustomer {
        handle: s.handle("eve@shop.test"),
        on: true,
    });
    s.does(args::DraftSave {
        conversation: anna,
        draft: formatted(s.stage("drawing.bin", b"staged for a draft")),
    });
    // The same mail in another mailbox of ours.
    let second = s.connect("sales@parley.test");
    s.receive_at(
        second,
        [&Mail::from("bert@shop.test")
            .named("b1")
            .at(MONDAY + HOUR)
            .subject("Invoice")
            .cc(&["Carla <carla@shop.test>"])
            .remote("INBOX/9")],
    );
    s.is_sound();
    s
}

/// The same with words in bold, and with a file as a picture in its text.
fn formatted(files: Vec<FileItem>) -> Draft {
    let picture = files[0].id.hex();
    Draft {
        html: Some(format!(
            "<p>Half a <strong>sentence</strong><img src=\"cid:{picture}\" alt=\"\"></p>"
        )),
        ..draft("", files)
    }
}

fn draft(text: &str, files: Vec<FileItem>) -> Draft {
    Draft {
        note: false,
        text: text.into(),
        html: None,
        subject: Some("Re: it".into()),
        to: vec![crate::scene::party("Anna <anna@shop.test>")],
        cc: Vec::new(),
        bcc: vec![crate::scene::party("boss@parley.test")],
        account: None,
        from: None,
        quote: true,
        signature: true,
        forwarding: None,
        files,
        of: Vec::new(),
        updated_at: 0,
    }
}

#[test]
fn drafts_come_back_with_their_files_and_an_older_one_never_over_a_newer() {
    let s = rich();
    let dir = folder();
    let file = put(dir.path(), "all.jsonl", s.exported(Export::default()));
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("\"type\":\"draft\"")
    );
    for like in [Some(&s), None] {
        let home = folder();
        let back = fresh(home.path(), like);
        assert_eq!(
            problems(&s, &back, &take(&s, &back, &file)),
            Vec::<String>::new()
        );
        let (body, agent, me) = s
            .run(back.store().read(|c| {
                Ok(c.query_row(
                    "SELECT body, agent, (SELECT value FROM meta WHERE key = 'agent') FROM draft",
                    [],
                    |r| {
                        Ok((
                            r.get::<_, String>(0)?,
                            r.get::<_, Vec<u8>>(1)?,
                            r.get::<_, Vec<u8>>(2)?,
                        ))
                    },
                )?)
            }))
            .unwrap();
        let d: Draft = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (d.text.as_str(), d.files.len(), d.bcc.len()),
            ("Half a sentence", 1, 1)
        );
        assert_eq!(agent, me, "it is the person's at the desk");
        let id = d.files[0].id;
        assert_eq!(
            d.html,
            Some(format!(
                "<p>Half a <strong>sentence</strong><img src=\"cid:{}\" alt=\"\"></p>",
                id.hex()
            ))
        );
        let bytes = {
            let files = back.store().files();
            s.run(
                back.store()
                    .read(move |c| files.read(&parley_engine::store::files::get(c, id)?.hash)),
            )
            .unwrap()
        };
        assert_eq!(bytes, b"staged for a draft");
        // What was written here since stays.
        s.run(back.store().write(|tx| {
            tx.execute("UPDATE draft SET updated_at = updated_at + 1, body = json_set(body, '$.text', 'newer')", [])?;
            Ok(())
        }))
        .unwrap();
        take(&s, &back, &file);
        let text: String = s
            .run(back.store().read(|c| {
                Ok(
                    c.query_row("SELECT json_extract(body, '$.text') FROM draft", [], |r| {
                        r.get(0)
                    })?,
                )
            }))
            .unwrap();
        assert_eq!(text, "newer");
        sound(&s, &back);
    }
    // Whoever gets some conversations gets no half-written words.
    let some = s.exported(Export {
        conversations: vec![s.customer("anna@shop.test")],
        ..Export::default()
    });
    assert!(!some.contains("Half a sentence"));
}

/// A fresh workspace in a folder: nothing is connected. With the same key of ids or another one.
fn fresh(dir: &Path, like: Option<&Scene>) -> Arc<Engine> {
    let clock = Arc::new(ManualClock::at(like.map_or(MONDAY + 30 * DAY, Scene::now)));
    if let Some(s) = like {
        Store::join(dir, &key(), clock.clone(), &s.store().identity().ids)
            .unwrap()
            .close();
    }
    Engine::open(dir, &key(), clock, connectors::factory()).unwrap()
}

fn take(s: &Scene, engine: &Arc<Engine>, path: &Path) -> rows::Import {
    let store = engine.store();
    let import = s
        .run(transfer::begin(store, path, Options::default()))
        .unwrap();
    s.run(transfer::run(store, &Running::default(), import.id))
        .unwrap()
}

fn problems(s: &Scene, engine: &Arc<Engine>, i: &rows::Import) -> Vec<String> {
    let id = i.id;
    s.run(engine.store().read(move |c| rows::problems(c, id, 50)))
        .unwrap()
        .into_iter()
        .filter(|p| !p.kept)
        .map(|p| format!("{}: {}", p.at, p.reason))
        .collect()
}

fn sound(s: &Scene, engine: &Arc<Engine>) {
    let files = engine.store().files();
    let report = s
        .run(engine.store().read(move |c| check::check(c, &files)))
        .unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn a_workspace_that_comes_back_under_its_own_key_is_the_same() {
    let s = rich();
    let dir = folder();
    let file = put(
        dir.path(),
        "all.jsonl",
        s.exported(Export {
            raw: true,
            digest: true,
            ..Export::default()
        }),
    );
    let home = folder();
    let back = fresh(home.path(), Some(&s));
    let i = take(&s, &back, &file);
    assert_eq!(problems(&s, &back, &i), Vec::<String>::new());
    assert_eq!(i.state, ImportState::Done);
    assert_eq!(s.run(back.store().read(check::digest)).unwrap(), s.digest());
    assert_eq!(
        i.digest,
        Some(s.run(back.store().read(transfer::digest::content)).unwrap())
    );
    sound(&s, &back);
    // Again, nothing changes.
    let again = take(&s, &back, &file);
    assert_eq!(
        (again.counts.new, again.counts.events, again.counts.refused),
        (0, 0, 0)
    );
    assert_eq!(s.run(back.store().read(check::digest)).unwrap(), s.digest());
}

#[test]
fn under_another_key_the_ids_are_new_and_the_content_is_the_same() {
    let s = rich();
    let dir = folder();
    let file = put(
        dir.path(),
        "all.jsonl",
        s.exported(Export {
            digest: true,
            ..Export::default()
        }),
    );
    let home = folder();
    let other = fresh(home.path(), None);
    let i = take(&s, &other, &file);
    assert_eq!(problems(&s, &other, &i), Vec::<String>::new());
    assert_ne!(
        s.run(other.store().read(check::digest)).unwrap(),
        s.digest()
    );
    let content = s
        .run(other.store().read(transfer::digest::content))
        .unwrap();
    assert_eq!(content, s.content());
    assert_eq!(i.digest, Some(content));
    sound(&s, &other);
    assert_eq!(take(&s, &other, &file).counts.new, 0);
}

#[test]
fn the_key_of_the_ids_comes_back_with_the_workspaces_own_key_and_only_into_an_empty_one() {
    let s = rich();
    let text = s.exported(Export::default());
    let header: parley_engine::model::interchange::Header =
        serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let ids = header.ids.unwrap();
    let dir = folder();
    // A snooze ends by the clock, so both must show the same instant.
    let clock = Arc::new(ManualClock::at(s.now()));
    let e = Engine::open(dir.path(), &key(), clock, connectors::factory()).unwrap();
    assert!(
        s.run(e.store().adopt(ids.clone(), header.agent.clone()))
            .unwrap()
    );
    assert_eq!(rows::check(&e.store().identity().ids), ids.check);
    let file = put(dir.path(), "all.jsonl", &text);
    take(&s, &e, &file);
    assert_eq!(s.run(e.store().read(check::digest)).unwrap(), s.digest());
    s.run(e.stop());
    let e = fresh(dir.path(), None);
    assert_eq!(rows::check(&e.store().identity().ids), ids.check);
    assert_eq!(e.store().identity().agent, s.store().identity().agent);
    // Another workspace's key opens nothing.
    let strange = folder();
    let other: parley_engine::secrets::Key = secrecy::SecretBox::new(Box::new([9; 32]));
    let e = Engine::open(
        strange.path(),
        &other,
        Arc::new(ManualClock::at(MONDAY)),
        connectors::factory(),
    )
    .unwrap();
    assert!(!s.run(e.store().adopt(ids.clone(), None)).unwrap());
    // Where something is, nothing is taken over.
    let used = Scene::new();
    used.arrives(&Mail::from("a@b.test"));
    assert!(!s.run(used.store().adopt(ids, None)).unwrap());
}

#[test]
fn what_was_not_sent_yet_is_not_sent_by_the_copy() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test"));
    let waiting = s.writes("anna@shop.test", "Still held");
    let dir = folder();
    let file = put(dir.path(), "all.jsonl", s.exported(Export::default()));
    let home = folder();
    let back = fresh(home.path(), Some(&s));
    take(&s, &back, &file);
    let o = s
        .run(back.store().read(move |c| outbox::get(c, waiting)))
        .unwrap();
    assert_eq!(o.state, OutboxState::Uncertain);
    assert!(o.error.unwrap().contains("exported"));
    sound(&s, &back);
}

#[test]
fn an_imported_mailbox_rests_until_its_password_is_entered() {
    let s = rich();
    let dir = folder();
    let file = put(dir.path(), "all.jsonl", s.exported(Export::default()));
    let home = folder();
    let back = fresh(home.path(), Some(&s));
    take(&s, &back, &file);
    let all = s
        .run(back.store().read(parley_engine::store::accounts::all))
        .unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|a| a.paused && a.says.contains("password")));
    // The workspace opens and polls all the same.
    s.run(back.start()).unwrap();
}

#[test]
fn a_file_cannot_turn_a_connected_mailbox_to_another_server() {
    let s = rich();
    let evil = s
        .exported(Export::default())
        .replace("mail.parley.test", "mail.evil.test")
        .lines()
        .map(|l| {
            // New entries for the same account.
            let mut v: serde_json::Value = serde_json::from_str(l).unwrap();
            if v["type"] == "entry" && v["entity"] == "account" {
                v["id"] = serde_json::json!(parley_engine::model::EntryId::random().hex());
            }
            v.to_string() + "\n"
        })
        .collect::<String>();
    let dir = folder();
    s.imports(&put(dir.path(), "evil.jsonl", evil), Options::default());
    for a in s.read(parley_engine::store::accounts::all) {
        let Some(e) = a.config.email() else {
            panic!("an account of another channel: {:?}", a.config)
        };
        let secret = s.read(move |c| Ok(parley_engine::store::accounts::secret(c, a.id).is_ok()));
        assert!(!secret || e.imap.host == "mail.parley.test" && e.smtp.host == "mail.parley.test");
    }
}

#[test]
fn chosen_conversations_go_out_without_settings_and_become_an_archive_elsewhere() {
    let s = rich();
    let text = s.exported(Export {
        conversations: vec![s.customer("anna@shop.test")],
        ..Export::default()
    });
    assert!(!text.contains("mail.parley.test") && !text.contains("Invoice"));
    assert!(text.contains("Where is it?") && text.contains("she is patient"));
    let dir = folder();
    let home = folder();
    let other = fresh(home.path(), None);
    let i = take(&s, &other, &put(dir.path(), "anna.jsonl", text));
    assert_eq!(problems(&s, &other, &i), Vec::<String>::new());
    assert_eq!(s.run(other.store().read(rows::archives)).unwrap().len(), 2);
    sound(&s, &other);
}

#[test]
fn files_beside_the_export_are_written_once_and_found_again() {
    let s = Scene::new();
    for n in ["1", "2"] {
        s.arrives(
            &Mail::from("anna@shop.test")
                .named(n)
                .text(n)
                .file("same.bin", b"the very same content"),
        );
    }
    let dir = folder();
    let text = s.exported_beside(
        Export {
            attached: Attached::Beside,
            ..Export::default()
        },
        Some(dir.path().to_path_buf()),
    );
    assert!(!text.contains("\"content\""));
    assert_eq!(
        std::fs::read_dir(dir.path().join("attachments"))
            .unwrap()
            .count(),
        1
    );
    let file = put(dir.path(), "all.jsonl", &text);
    let home = folder();
    let back = fresh(home.path(), Some(&s));
    assert_eq!(take(&s, &back, &file).counts.new, 2);
    let n = s
        .run(
            back.store().read(|c| {
                Ok(c.query_row("SELECT count(*) FROM file", [], |r| r.get::<_, i64>(0))?)
            }),
        )
        .unwrap();
    assert_eq!(n, 2);
    // Without them the messages are taken and the files reported.
    let bare = s.exported(Export {
        attached: Attached::Left,
        ..Export::default()
    });
    let home = folder();
    let back = fresh(home.path(), Some(&s));
    let elsewhere = folder();
    let i = take(&s, &back, &put(elsewhere.path(), "all.jsonl", bare));
    assert_eq!((i.counts.new, i.counts.refused), (2, 0));
    assert!(problems(&s, &back, &i)[0].contains("same.bin"));
}

#[test]
fn real_mail_is_still_one_message_after_a_move_to_another_key() {
    let s = Scene::new();
    let dir = folder();
    let html = "Message-ID: <h@shop.test>\nFrom: Hana <h@shop.test>\nTo: team@parley.test\nDate: 5 Jan 2026 10:00:00 +0000\nSubject: Look\nContent-Type: text/html; charset=utf-8\n\n<p>See <a href=\"https://shop.test/?a=1&amp;b=2\">this</a> <script>alert(1)</script></p>\n".to_owned();
    s.takes(&put(dir.path(), "a.mbox", mbox(&[mail(1, "one"), html])));
    let text = s.exported(Export::default());
    assert!(text.contains("https://shop.test/?a=1&amp;b=2") && !text.contains("part-link"));
    let home = folder();
    let other = fresh(home.path(), None);
    take(&s, &other, &put(dir.path(), "all.jsonl", text));
    let links: String = s
        .run(other.store().read(|c| {
            Ok(c.query_row(
                "SELECT html_links FROM body WHERE html IS NOT NULL",
                [],
                |r| r.get(0),
            )?)
        }))
        .unwrap();
    assert_eq!(links, "[\"https://shop.test/?a=1&b=2\"]");
    let i = take(&s, &other, &dir.path().join("a.mbox"));
    assert_eq!((i.counts.new, i.counts.known), (0, 2));
    sound(&s, &other);
}
