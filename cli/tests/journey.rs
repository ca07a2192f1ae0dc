//! parleyctl against real mail servers: what a script would do, and what it is told when things go wrong.

#![allow(clippy::unwrap_used)]

mod desk;

use desk::{ANNA, PASSWORD, Place, header};
use parley_sandbox::relay::Fault;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Command;

fn subjects(rows: &Value) -> Vec<&str> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|r| r["subject"].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_writes_and_gets_an_answer() {
    let p = Place::connected().await;
    p.deliver(
        "Anna Berg <anna@shop.test>",
        "Lamp",
        "Is the green lamp in stock?",
    );
    p.deliver("Bob <bob@shop.test>", "Chair", "Do you repair chairs?");

    let synced = p.ctl(&["sync", "--once"]).json();
    assert_eq!(
        (&synced[0]["new"], &synced[0]["error"]),
        (&json!(2), &Value::Null),
        "{synced}"
    );
    let before = p.ctl(&["conversations"]);
    assert_eq!(subjects(&before.json()).len(), 2);
    assert_eq!(p.ctl(&["sync", "--once"]).json()[0]["new"], 0);
    assert_eq!(
        p.ctl(&["conversations"]).out,
        before.out,
        "a second poll changes nothing"
    );

    let found = p.ctl(&["search", "green", "lamp"]).json();
    assert_eq!(found["hits"].as_array().unwrap().len(), 1, "{found}");
    let anna = found["hits"][0]["conversation"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = p.ctl(&["show", &anna[..8]]).json();
    assert_eq!(shown["customer"]["row"]["name"], "Anna Berg");
    let message = shown["timeline"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["type"] == "message")
        .unwrap()
        .clone();
    assert!(
        message["text"].as_str().unwrap().contains("green lamp"),
        "{message}"
    );
    assert!(
        p.text(&["show", &anna[..8]])
            .out
            .contains("Is the green lamp in stock?")
    );

    p.write("price.txt", "12 EUR");
    let price = p.path("price.txt");
    let sent = p
        .fed(
            &[
                "send",
                "--conversation",
                &anna,
                "--attach",
                price.to_str().unwrap(),
                "--resolve",
                "--wait",
            ],
            "Yes, it is.\n",
        )
        .json();
    assert_eq!(sent["send"]["state"], "sent", "{sent}");
    let mails = p.dovecot.mails(ANNA, "INBOX").unwrap();
    assert_eq!(mails.len(), 1, "the customer has it once");
    let mail = String::from_utf8_lossy(&mails[0]);
    let asked = p.dovecot.mails(desk::TEAM, "INBOX").unwrap();
    let asked: Vec<String> = asked
        .iter()
        .map(|m| String::from_utf8_lossy(m).into_owned())
        .collect();
    let lamp = asked
        .iter()
        .find(|m| header(m, "Subject") == Some("Lamp"))
        .unwrap();
    assert_eq!(header(&mail, "In-Reply-To"), header(lamp, "Message-ID"));
    assert_eq!(header(&mail, "Subject"), Some("Re: Lamp"));
    assert!(mail.contains("price.txt"));

    assert_eq!(
        subjects(&p.ctl(&["conversations", "--view", "resolved"]).json()),
        ["Re: Lamp"]
    );
    p.ctl(&["sync", "--once"]).json();
    assert_eq!(
        p.ctl(&["show", &anna]).json()["timeline"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|i| i["type"] == "message")
            .count(),
        2,
        "its own echo is no third message"
    );
    let checked = p.ctl(&["check"]).json();
    assert_eq!(checked["ok"], true, "{checked}");

    let today = jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::get("Europe/Berlin").unwrap())
        .date()
        .to_string();
    let report = p
        .ctl(&[
            "report",
            "response-times",
            "--from",
            &today,
            "--to",
            &today,
            "--by",
            "agent",
        ])
        .json();
    assert_eq!(report["total"]["first"]["n"], 1, "{report}");
    assert_eq!(
        report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["first"]["n"] == 1)
            .unwrap()["label"],
        "Ruth"
    );
    let text = p
        .text(&["report", "response-times", "--from", &today, "--to", &today])
        .out;
    assert!(
        text.lines()
            .any(|l| l.starts_with("Ruth") && l.contains("0:00:")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_names_the_step_and_keeps_nothing() {
    let p = Place::start().await;
    p.ctl(&["init"]).json();
    let e = p.add("not the password").error(1);
    assert_eq!(
        (&e["code"], &e["step"]),
        (&json!("channel"), &json!("login")),
        "{e}"
    );
    assert!(!e["message"].as_str().unwrap().contains("not the password"));
    assert_eq!(p.ctl(&["account", "list"]).json(), json!([]));

    p.add(PASSWORD).json();
    let listed = p.ctl(&["account", "list"]).json();
    assert_eq!(listed[0]["config"]["address"], desk::TEAM);
    assert!(
        !serde_json::to_string(&listed).unwrap().contains("w\\\\örd"),
        "a password came out"
    );
    assert_eq!(p.ctl(&["account", "test", desk::TEAM]).json()["ok"], true);
    p.ctl(&["account", "pause", desk::TEAM]).json();
    assert_eq!(p.ctl(&["sync", "--once"]).json()[0]["paused"], true);
    assert_eq!(
        p.ctl(&["sync", "--once", "--account", desk::TEAM]).error(7)["code"],
        "refused"
    );
    p.ctl(&["account", "remove", desk::TEAM]).json();
    assert_eq!(p.ctl(&["account", "list"]).json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_said_and_noticed_when_it_is_back() {
    let mut p = Place::connected().await;
    p.dovecot.stop().unwrap();
    let round = p.ctl(&["sync", "--once"]);
    assert_eq!(round.code, 1, "{round:?}");
    let said: Value = serde_json::from_str(&round.out).unwrap();
    assert_eq!(said[0]["error"]["step"], "connect", "{said}");
    assert_eq!(p.ctl(&["account", "list"]).json()[0]["state"], "waiting");
    p.dovecot.restart().unwrap();
    p.deliver("Anna <anna@shop.test>", "Lamp", "Hello?");
    assert_eq!(p.ctl(&["sync", "--once"]).json()[0]["new"], 1);
    assert_eq!(p.ctl(&["account", "list"]).json()[0]["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_held_until_it_is_wanted_and_may_be_taken_back() {
    let p = Place::connected().await;
    let held = p
        .ctl(&[
            "send",
            "--to",
            "Anna <anna@shop.test>",
            "--subject",
            "Hello",
            "--text",
            "Your lamp is here.",
        ])
        .json();
    let id = held["id"].as_str().unwrap().to_owned();
    assert_eq!(p.ctl(&["outbox"]).json()[0]["send"]["state"], "held");
    assert_eq!(
        p.ctl(&["outbox", "flush"]).json(),
        json!([]),
        "held is not due"
    );
    p.ctl(&["outbox", "cancel", &id[..8]]).json();
    assert_eq!(p.ctl(&["outbox", "list"]).json(), json!([]));
    assert!(p.relay.accepted().is_empty());

    p.relay.fault_once(Fault::RefuseRecipient);
    let refused = p.ctl(&[
        "send",
        "--to",
        ANNA,
        "--subject",
        "Hello",
        "--text",
        "Your lamp is here.",
        "--wait",
    ]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("failed"), "{refused:?}");
    let failed = p.ctl(&["outbox"]).json();
    assert_eq!(failed[0]["send"]["state"], "failed", "{failed}");
    let id = failed[0]["id"].as_str().unwrap().to_owned();
    p.ctl(&["outbox", "retry", &id]).json();
    assert_eq!(
        p.ctl(&["outbox", "flush"]).json()[0]["send"]["state"],
        "sent"
    );
    assert_eq!(p.relay.accepted().len(), 1);

    p.relay.fault_once(Fault::DropAfterData { accepted: false });
    let lost = p.ctl(&[
        "send",
        "--to",
        ANNA,
        "--subject",
        "Again",
        "--text",
        "Still here.",
        "--wait",
    ]);
    assert_eq!(lost.code, 1, "{lost:?}");
    let id = serde_json::from_str::<Value>(&lost.out).unwrap();
    assert_eq!(id["send"]["state"], "uncertain", "{id}");
    let id = id["id"].as_str().unwrap().to_owned();
    assert_eq!(
        p.ctl(&["outbox", "flush"]).json(),
        json!([]),
        "uncertain is never sent again by itself"
    );
    assert_eq!(p.ctl(&["outbox", "check", &id]).error(7)["code"], "refused");
    p.ctl(&["outbox", "mark-sent", &id]).json();
    assert_eq!(p.ctl(&["outbox"]).json(), json!([]));
    assert_eq!(p.ctl(&["check"]).json()["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_decisions_show_in_the_conversation() {
    let p = Place::connected().await;
    p.deliver("Anna <anna@shop.test>", "Lamp", "Hello \u{1b}[31mred");
    p.ctl(&["sync", "--once"]).json();
    let id = p.only_conversation();
    p.fed(&["note", &id], "She called twice.\n").json();
    p.ctl(&["assign", &id, "--to", "ruth"]).json();
    assert_eq!(
        p.ctl(&["conversations", "--view", "mine"]).json()[0]["id"],
        id.as_str()
    );
    p.ctl(&["assign", &id, "--nobody"]).json();
    assert_eq!(
        p.ctl(&["assign", &id, "--to", "nobody here"]).error(7)["code"],
        "invalid"
    );
    p.ctl(&["resolve", &id]).json();
    assert_eq!(p.ctl(&["resolve", &id]).error(7)["code"], "refused");
    let text = p.text(&["show", &id]).out;
    for wanted in ["She called twice.", "note by Ruth", "assigned", "resolved"] {
        assert!(text.contains(wanted), "{wanted} is missing in {text}");
    }
    assert!(!text.contains('\u{1b}'), "a mail reached for the terminal");
    assert_eq!(p.ctl(&["show", "00000000"]).error(6)["code"], "not_found");
    assert_eq!(
        p.ctl(&["show", &"0".repeat(32)]).error(6)["code"],
        "not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_opens_with_its_passphrase_only_and_is_never_made_by_accident() {
    let p = Place::start().await;
    assert_eq!(p.ctl(&["conversations"]).error(6)["code"], "not_found");
    assert!(!p.data().exists(), "asking made a folder");
    p.ctl(&["init"]).json();
    assert_eq!(p.ctl(&["init"]).error(7)["code"], "refused");

    p.write("passphrase", "wrong horse battery");
    assert_eq!(p.ctl(&["conversations"]).error(4)["code"], "locked");
    let plain = p.text(&["conversations"]);
    assert_eq!(
        (plain.code, plain.out.as_str(), plain.err.lines().count()),
        (4, "", 1)
    );
    assert!(plain.err.starts_with("parleyctl: "), "{}", plain.err);
    let mut none = Command::new(env!("CARGO_BIN_EXE_parleyctl"));
    let none = none
        .args(["conversations", "--dir"])
        .arg(p.data())
        .env("PARLEY_KEYRING", "off")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        none.status.code(),
        Some(4),
        "without any passphrase and without a terminal"
    );
    p.write("passphrase", desk::PASSPHRASE);
    assert_eq!(p.ctl(&["conversations"]).json(), json!([]));
    assert_eq!(p.text(&["conversations", "--no-such-option"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_syncs_another_is_told_that_it_is_busy() {
    let p = Place::connected().await;
    let mut child = p.command(&["--json", "sync"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |what: &str| {
        lines
            .by_ref()
            .map(|l| l.unwrap())
            .find(|l| l.contains(what))
            .unwrap_or_else(|| panic!("{what} was never said"))
    };
    until("Connected");
    p.deliver("Anna <anna@shop.test>", "Lamp", "Pushed to you");
    let notice: Value = serde_json::from_str(&until("notice")).unwrap();
    assert_eq!(notice["notice"]["name"], "Anna", "{notice}");
    assert_eq!(p.ctl(&["conversations"]).error(5)["code"], "busy");
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        child.wait().unwrap().code(),
        Some(0),
        "it ends well when asked to"
    );
    assert_eq!(subjects(&p.ctl(&["conversations"]).json()), ["Lamp"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_finds_something_says_so_in_its_exit_code() {
    let p = Place::connected().await;
    p.write("a.txt", "kept");
    let file = p.path("a.txt");
    p.ctl(&[
        "send",
        "--to",
        ANNA,
        "--subject",
        "x",
        "--text",
        "x",
        "--attach",
        file.to_str().unwrap(),
    ])
    .json();
    assert_eq!(p.ctl(&["check"]).json()["ok"], true);
    let kept = desk::files(&p.data().join("files"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    std::fs::remove_file(&kept[0]).unwrap();
    let found = p.ctl(&["check"]);
    assert_eq!(found.code, 3, "{found:?}");
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(
        (&found["ok"], &found["findings"][0]["invariant"]),
        (&json!(false), &json!("I1"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_early_is_no_failure() {
    let p = Place::connected().await;
    let mut child = p
        .command(&["conversations", "--view", "all"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(
        (ran.status.code(), ran.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}
