//! The commands, as the window and the command line ask them.

use crate::scene::{DAY, MINUTE, Mail, SECOND, Scene, folder, key, mailbox};
use parley_engine::api::dto::{
    self, GroupBy, Metric, NoticeSettings, SessionState, Sort, TimelineItem, View,
};
use parley_engine::api::{App, AppOptions, COMMANDS, Desk, NoHost, Role, args, call};
use parley_engine::model::{CustomerId, MessageId};
use parley_engine::secrets::{Key, Secrets, SecretsError};
use parley_engine::time::{Clock, ManualClock};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const ANNA: &str = "anna@shop.test";

fn as_role(s: &Scene, role: Role) -> Desk {
    Desk {
        engine: Arc::clone(&s.engine),
        host: Arc::new(NoHost),
        role,
    }
}

fn code(s: &Scene, desk: &Desk, name: &str, args: Value) -> String {
    match s.run(call(desk, name, args)) {
        Ok(_) => "ok".into(),
        Err(e) => e.code().into(),
    }
}

/// A valid set of arguments for every command.
fn arguments(s: &Scene, name: &str, message: MessageId) -> Value {
    let c = s.customer(ANNA);
    let (account, handle) = (s.account, s.handle(ANNA));
    match name {
        "conversation_ids" => json!({ "view": "inbox", "sort": "newest", "limit": 10 }),
        "conversation_sections" => json!({ "view": "inbox", "by": "stage" }),
        "section_ids" => {
            json!({ "view": "inbox", "sort": "newest", "limit": 10, "section": { "by": "stage", "key": null } })
        }
        "bulk" => json!({ "conversations": [c], "act": { "do": "resolve" } }),
        "conversation_rows" => json!({ "ids": [c] }),
        "window_remember" => {
            json!({ "memory": { "lists": [], "panel": false, "list_width": 300, "panel_width": null } })
        }
        "wait_board" => json!({ "limit": 10 }),
        "timeline" => json!({ "conversation": c, "limit": 10 }),
        "message_html" | "message_text" | "message_source" | "message_rest" | "message_save"
        | "outbox_cancel" | "outbox_retry" | "outbox_mark_sent" | "outbox_check" => {
            json!({ "id": message })
        }
        "message_at" => json!({ "conversation": c, "at": 0 }),
        "message_days" => json!({ "conversation": c, "bounds": [0, DAY] }),
        "conversation_files" => json!({ "conversation": c, "limit": 10 }),
        "find_within" => json!({ "conversation": c, "query": "lamp", "limit": 10 }),
        "mark_unread_from" => json!({ "message": message }),
        "images_load" => json!({ "message": message }),
        "image_sender_remove" => json!({ "address": ANNA }),
        "link_open" => json!({ "message": message, "link": 0 }),
        "file_save" => json!({ "file": message }),
        "customer" => json!({ "id": c }),
        "customer_rename" => json!({ "id": c, "name": "Anna" }),
        "stage_set" => json!({ "customer": c, "stage": "won" }),
        "not_customer" => json!({ "handle": handle, "on": true }),
        "vendor_open" => json!({ "page": "twilio" }),
        "card_open" => json!({ "message": message, "card": 0 }),
        "customers_find" => json!({ "with": c, "query": "", "limit": 5 }),
        "unlink_preview" => json!({ "id": c }),
        "link" => json!({ "a": c, "b": c }),
        "unlink" => json!({ "split": [c] }),
        "assign" => json!({ "conversation": c, "agent": null }),
        "snooze" => json!({ "conversation": c, "until": null }),
        "note_add" => json!({ "conversation": c, "text": "a note" }),
        "tag_set" => json!({ "conversation": c, "tag": "vip", "on": true }),
        "class_set" => json!({ "message": message, "class": "human" }),
        "resolve" | "reopen" | "no_reply_needed" | "mark_read" | "mark_unread"
        | "reply_options" | "drafts" => json!({ "conversation": c }),
        "send" => {
            json!({ "conversation": c, "account": account, "to": [{ "name": null, "address": ANNA }], "text": "hello" })
        }
        "draft_save" => {
            json!({ "conversation": c, "draft": { "note": false, "text": "x", "subject": null, "to": [], "cc": [], "account": null, "files": [], "updated_at": 0 } })
        }
        "file_stage" => json!({ "id": null, "name": "a.txt", "data": "YQ==", "last": true }),
        "search" => json!({ "query": "hello", "limit": 10 }),
        "report_response_times" => json!({ "from": 0, "to": 1, "by": "agent" }),
        "report_episodes" => {
            json!({ "from": 0, "to": 1, "by": "agent", "key": "all", "metric": "first", "limit": 10 })
        }
        // Known from the table: nobody is asked.
        "account_suggest" => json!({ "address": "anna@gmail.com" }),
        "oauth_start" => json!({ "provider": "google", "client_id": "an-id" }),
        "oauth_wait" | "oauth_cancel" => json!({ "flow": "none" }),
        "account_test" | "account_add" => {
            json!({ "config": mailbox("two@parley.test"), "password": "x" })
        }
        "account_update" => json!({ "id": account, "config": mailbox(crate::scene::TEAM) }),
        "account_pause" => json!({ "id": account, "on": false }),
        "account_poll" | "account_remove" => json!({ "id": account }),
        _ => json!({}),
    }
}

#[test]
fn every_command_takes_its_arguments_and_no_others() {
    for (name, _) in COMMANDS {
        let s = Scene::new();
        let m = s.arrives(&Mail::from(ANNA));
        let mut args = arguments(&s, name, m);
        let found = code(&s, &s.desk, name, args.clone());
        assert!(
            !matches!(found.as_str(), "internal" | "storage" | "corrupt"),
            "{name}: {found}"
        );
        let before = s.log().len();
        args["nobody_knows_this"] = json!(1);
        assert_eq!(
            code(&s, &s.desk, name, args),
            "invalid",
            "{name} takes what nobody knows"
        );
        assert_eq!(s.log().len(), before);
    }
    let s = Scene::new();
    assert_eq!(code(&s, &s.desk, "make_coffee", json!({})), "invalid");
}

#[test]
fn a_command_asks_for_its_role() {
    let s = Scene::new();
    let m = s.arrives(&Mail::from(ANNA));
    let roles = [
        Role::Viewer,
        Role::Restricted,
        Role::Agent,
        Role::Lead,
        Role::Admin,
        Role::Owner,
    ];
    for (name, least) in COMMANDS {
        for role in roles.into_iter().filter(|r| r < least) {
            let before = s.log().len();
            assert_eq!(
                code(&s, &as_role(&s, role), name, arguments(&s, name, m)),
                "refused",
                "{name} as {role:?}"
            );
            assert_eq!(s.log().len(), before);
        }
    }
    let least = |n: &str| COMMANDS.iter().find(|c| c.0 == n).unwrap().1;
    assert_eq!(
        (
            least("send"),
            least("report_response_times"),
            least("account_add"),
            least("sidebar")
        ),
        (Role::Agent, Role::Lead, Role::Admin, Role::Viewer)
    );
}

/// Customers `0..n`, all of whom wrote in one instant.
fn crowd(n: usize) -> Scene {
    let s = Scene::new();
    let mails: Vec<Mail> = (0..n)
        .map(|i| Mail::from(&format!("c{i}@shop.test")).at(s.now()))
        .collect();
    s.receive(&mails);
    s
}

fn page(s: &Scene, view: View, sort: Sort, after: Option<String>, limit: u32) -> dto::IdPage {
    s.does(args::ConversationIds {
        saved: None,
        view,
        stage: None,
        tag: None,
        sort,
        after,
        limit,
    })
}

fn all(s: &Scene, view: View) -> Vec<CustomerId> {
    page(s, view, Sort::Newest, None, 1000).ids
}

#[test]
fn paging_a_list_covers_each_once_though_all_wrote_in_one_instant() {
    let s = crowd(23);
    for sort in [
        Sort::Newest,
        Sort::Oldest,
        Sort::LongestWait,
        Sort::WakesNext,
    ] {
        for limit in [1, 4, 23, 24] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let p = page(&s, View::Inbox, sort, after, limit);
                seen.extend(p.ids);
                after = p.next;
                if after.is_none() {
                    break;
                }
            }
            let once: std::collections::BTreeSet<_> = seen.iter().collect();
            assert_eq!((seen.len(), once.len()), (23, 23), "{sort:?} by {limit}");
        }
    }
    assert!(
        s.ask(args::ConversationIds {
            saved: None,
            view: View::All,
            stage: None,
            tag: None,
            sort: Sort::Newest,
            after: Some("nowhere".into()),
            limit: 1
        })
        .is_err()
    );
}

#[test]
fn the_sidebars_numbers_are_those_of_the_lists() {
    let s = crowd(12);
    let c = |i: usize| s.customer(&format!("c{i}@shop.test"));
    let me = s.store().identity().agent;
    s.does(args::Resolve { conversation: c(0) });
    s.does(args::Snooze {
        conversation: c(1),
        until: Some(s.now() + DAY),
    });
    s.does(args::Assign {
        conversation: c(2),
        agent: Some(me),
    });
    s.does(args::Assign {
        conversation: c(0),
        agent: Some(me),
    });
    s.does(args::TagSet {
        conversation: c(3),
        tag: "vip".into(),
        on: true,
    });
    s.does(args::TagSet {
        conversation: c(0),
        tag: "vip".into(),
        on: true,
    });
    s.does(args::StageSet {
        customer: c(4),
        stage: Some("won".into()),
        evidence: None,
    });
    s.does(args::Link { a: c(5), b: c(6) });
    s.does(args::NotCustomer {
        handle: s.handle("c7@shop.test"),
        on: true,
    });
    s.replies("c8@shop.test", "hello");
    s.does(args::NoReplyNeeded { conversation: c(9) });
    let sidebar = s.does(args::Sidebar {});
    for v in &sidebar.views {
        assert_eq!(v.count as usize, all(&s, v.view).len(), "{:?}", v.view);
    }
    let count = |v: View| sidebar.views.iter().find(|x| x.view == v).unwrap().count;
    assert_eq!(
        (
            count(View::All),
            count(View::Inbox),
            count(View::Mine),
            count(View::Snoozed),
            count(View::Resolved),
            count(View::Automatic)
        ),
        (11, 8, 1, 1, 1, 1)
    );
    assert_eq!(count(View::Waiting), 6);
    assert_eq!(
        sidebar
            .tags
            .iter()
            .map(|t| (t.key.as_str(), t.count))
            .collect::<Vec<_>>(),
        [("vip", 1)]
    );
    assert_eq!(
        sidebar
            .stages
            .iter()
            .map(|t| (t.key.as_str(), t.count))
            .collect::<Vec<_>>(),
        [("won", 1)]
    );
    s.is_sound();
}

fn messages(t: &dto::Timeline) -> Vec<MessageId> {
    t.items
        .iter()
        .filter_map(|i| {
            if let TimelineItem::Message(m) = i {
                Some(m.id)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn paging_a_timeline_covers_each_message_once_and_in_order() {
    let s = Scene::new();
    let mails: Vec<Mail> = (0..30)
        .map(|i| {
            Mail::from(ANNA)
                .text(&format!("mail {i}"))
                .at(s.now() + i / 7 * SECOND)
        })
        .collect();
    s.later(MINUTE);
    s.receive(&mails);
    let c = s.customer(ANNA);
    let whole = s.timeline(c);
    let ask = |before, after, around, limit| {
        s.does(args::TimelinePage {
            conversation: c,
            before,
            after,
            around,
            limit,
        })
    };
    for limit in [1, 4, 7, 30, 31] {
        let mut seen: Vec<MessageId> = Vec::new();
        let mut t = ask(None, None, None, limit);
        assert_eq!(t.newer, None);
        loop {
            let mut page = messages(&t);
            page.extend(&seen);
            seen = page;
            let Some(older) = t.older.clone() else { break };
            t = ask(Some(older), None, None, limit);
        }
        assert_eq!(seen, whole, "backwards by {limit}");
        let middle = whole[15];
        let t = ask(None, None, Some(middle), limit);
        assert!(messages(&t).contains(&middle));
        let (mut seen, mut edge) = (messages(&t), t.newer.clone());
        while let Some(p) = edge {
            let next = ask(None, Some(p), None, limit);
            seen.extend(messages(&next));
            edge = next.newer;
        }
        let mut edge = t.older;
        while let Some(p) = edge {
            let next = ask(Some(p), None, None, limit);
            let mut page = messages(&next);
            page.extend(&seen);
            seen = page;
            edge = next.older;
        }
        assert_eq!(seen, whole, "from the middle by {limit}");
    }
}

fn draft(text: &str) -> dto::Draft {
    dto::Draft {
        note: false,
        text: text.into(),
        html: None,
        subject: None,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        account: None,
        from: None,
        quote: false,
        signature: false,
        forwarding: None,
        files: Vec::new(),
        of: Vec::new(),
        updated_at: 0,
    }
}

#[test]
fn a_draft_is_kept_restored_deleted_by_the_send_and_back_after_undo() {
    let dir = folder();
    let conversation;
    {
        let s = Scene::in_folder(dir.path());
        s.arrives(&Mail::from(ANNA));
        conversation = s.customer(ANNA);
        s.does(args::DraftSave {
            conversation,
            draft: draft("Dear An"),
        });
        s.does(args::DraftSave {
            conversation,
            draft: dto::Draft {
                note: true,
                ..draft("call her")
            },
        });
    }
    let s = Scene::in_folder(dir.path());
    let texts = |s: &Scene| {
        s.does(args::Drafts { conversation })
            .into_iter()
            .map(|d| d.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&s), ["Dear An", "call her"]);
    assert!(
        s.does(args::ConversationRows {
            ids: vec![conversation]
        })[0]
            .draft
    );
    let send = serde_json::from_value(arguments(&s, "send", MessageId([0; 16]))).unwrap();
    s.does::<args::Send>(send);
    assert_eq!(texts(&s), ["call her"]);
    s.does(args::DraftSave {
        conversation,
        draft: draft("meanwhile"),
    });
    assert!(s.does(args::Undo {}).draft);
    assert_eq!(texts(&s), ["hello\n\nmeanwhile", "call her"]);
    s.does(args::DraftSave {
        conversation,
        draft: draft("  "),
    });
    assert_eq!(texts(&s), ["call her"]);
}

#[test]
fn a_stage_keeps_who_when_and_the_message_as_evidence() {
    let s = Scene::new();
    let m = s.arrives(&Mail::from(ANNA));
    let customer = s.customer(ANNA);
    s.does(args::StageSet {
        customer,
        stage: Some("engaged".into()),
        evidence: None,
    });
    s.later(MINUTE);
    s.does(args::StageSet {
        customer,
        stage: Some("qualified".into()),
        evidence: Some(m),
    });
    assert!(
        s.ask(args::StageSet {
            customer,
            stage: Some("famous".into()),
            evidence: None
        })
        .is_err()
    );
    let p = s.does(args::Customer { id: customer });
    let last = &p.stage_history[0];
    assert_eq!(
        (
            last.from.as_deref(),
            last.to.as_deref(),
            last.evidence,
            last.at
        ),
        (Some("engaged"), Some("qualified"), Some(m), s.now())
    );
    assert!(last.agent.is_some());
    assert_eq!(p.row.stage.as_deref(), Some("qualified"));
    let found = s.does(args::ConversationIds {
        saved: None,
        view: View::All,
        stage: Some("qualified".into()),
        tag: None,
        sort: Sort::Newest,
        after: None,
        limit: 9,
    });
    assert_eq!(found.ids, [customer]);
    s.does(args::Undo {});
    assert_eq!(
        s.does(args::Customer { id: customer }).row.stage.as_deref(),
        Some("engaged")
    );
}

#[test]
fn tags_are_one_however_they_are_typed() {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    let conversation = s.customer(ANNA);
    for tag in ["#VIP", "vip", "  Vip "] {
        s.does(args::TagSet {
            conversation,
            tag: tag.into(),
            on: true,
        });
    }
    assert_eq!(
        s.does(args::ConversationRows {
            ids: vec![conversation]
        })[0]
            .tags,
        ["vip"]
    );
    s.does(args::TagSet {
        conversation,
        tag: "VIP".into(),
        on: false,
    });
    assert!(
        s.does(args::ConversationRows {
            ids: vec![conversation]
        })[0]
            .tags
            .is_empty()
    );
    for bad in ["", "#", "a\u{7}b", &"x".repeat(61)] {
        assert!(
            s.ask(args::TagSet {
                conversation,
                tag: bad.into(),
                on: true
            })
            .is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn search_goes_on_where_the_last_page_ended() {
    let s = Scene::new();
    let mails: Vec<Mail> = (0..9)
        .map(|i| {
            Mail::from(ANNA)
                .text(&format!("the lamp number {i}"))
                .at(s.now())
        })
        .collect();
    s.receive(&mails);
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let p = s.does(args::Search {
            order: Default::default(),
            query: "lamp".into(),
            limit: 4,
            before,
        });
        seen.extend(p.hits.into_iter().map(|h| h.message));
        before = p.next;
        if before.is_none() {
            break;
        }
    }
    let once: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), once.len()), (9, 9));
}

#[test]
fn each_figure_opens_as_many_episodes_as_it_counts() {
    let s = crowd(6);
    s.later(MINUTE);
    for i in 0..4 {
        s.replies(&format!("c{i}@shop.test"), "hello");
    }
    s.receive([&Mail::sent_to("c4@shop.test").answering(
        &Mail::from("c4@shop.test")
            .at(s.now() - MINUTE)
            .own_id()
            .unwrap(),
    )]);
    s.does(args::Resolve {
        conversation: s.customer("c0@shop.test"),
    });
    s.later(SECOND);
    s.does(args::Link {
        a: s.customer("c1@shop.test"),
        b: s.customer("c2@shop.test"),
    });
    s.later(SECOND);
    s.receive([
        &Mail::from("c1@shop.test").text("one more"),
        &Mail::from("c2@shop.test").text("and one more"),
    ]);
    s.later(MINUTE);
    s.replies("c2@shop.test", "to both");
    let (from, to) = (0, s.now() + DAY);
    for by in [GroupBy::Agent, GroupBy::Channel] {
        let r = s.does(args::ReportResponseTimes { from, to, by });
        assert_eq!(
            (
                r.total.first.n,
                r.total.next.n,
                r.total.resolution.n,
                r.total.unanswered
            ),
            (5, 1, 1, 1)
        );
        for row in r.rows.iter().chain([&r.total]) {
            for (metric, n) in [
                (Metric::First, row.first.n),
                (Metric::Next, row.next.n),
                (Metric::Resolution, row.resolution.n),
                (Metric::Unanswered, row.unanswered),
            ] {
                let behind = s.does(args::ReportEpisodes {
                    from,
                    to,
                    by,
                    key: row.key.clone(),
                    metric,
                    limit: 500,
                });
                assert_eq!(behind.len(), n as usize, "{} {metric:?}", row.key);
            }
        }
        if by == GroupBy::Agent {
            assert_eq!(
                r.rows
                    .iter()
                    .find(|x| x.key == "outside_app")
                    .map(|x| x.first.n),
                Some(1)
            );
        }
    }
    assert!(
        s.ask(args::ReportResponseTimes {
            from: 5,
            to: 5,
            by: GroupBy::Agent
        })
        .is_err()
    );
    s.is_sound();
}

fn settings() -> args::SettingsSet {
    serde_json::from_value(json!({})).unwrap()
}

#[test]
fn settings_have_bounds() {
    let s = Scene::new();
    let bad = [
        args::SettingsSet {
            hold_seconds: Some(121),
            ..settings()
        },
        args::SettingsSet {
            reopen_days: Some(366),
            ..settings()
        },
        args::SettingsSet {
            wait_target: Some(59),
            ..settings()
        },
        args::SettingsSet {
            theme: Some("pink".into()),
            ..settings()
        },
        args::SettingsSet {
            my_name: Some(" ".into()),
            ..settings()
        },
        args::SettingsSet {
            keys: Some([("resolve!".to_owned(), vec!["e".to_owned()])].into()),
            ..settings()
        },
        args::SettingsSet {
            keys: Some([("resolve".to_owned(), vec!["e".to_owned(); 5])].into()),
            ..settings()
        },
        args::SettingsSet {
            keys: Some([("resolve".to_owned(), vec!["\n".to_owned()])].into()),
            ..settings()
        },
        args::SettingsSet {
            searches: Some(vec!["lamp".to_owned(); 11]),
            ..settings()
        },
    ];
    let before = s.does(args::SettingsGet {});
    for b in bad {
        assert!(s.ask(b).is_err());
    }
    assert_eq!(s.does(args::SettingsGet {}), before);
    let set = s.does(args::SettingsSet {
        hold_seconds: Some(0),
        reopen_days: Some(7),
        my_name: Some("Bo".into()),
        ..settings()
    });
    assert_eq!(
        (set.hold_seconds, set.reopen_days, set.my_name.as_str()),
        (0, 7, "Bo")
    );
}

#[test]
fn quiet_hours_lie_on_a_clock_and_in_a_week() {
    let s = Scene::new();
    let before = s.does(args::SettingsGet {}).notices;
    let with = |change: fn(&mut NoticeSettings)| {
        let mut notices = before.clone();
        change(&mut notices);
        args::SettingsSet {
            notices: Some(notices),
            ..settings()
        }
    };
    for wrong in [
        with(|n| n.quiet_from = 1_440),
        with(|n| n.quiet_to = 1_440),
        with(|n| n.quiet_days = vec![0]),
        with(|n| n.quiet_days = vec![8]),
        with(|n| n.quiet_days = vec![1, 1]),
    ] {
        assert!(s.ask(wrong).is_err());
    }
    assert_eq!(s.does(args::SettingsGet {}).notices, before);
    s.does(with(|n| {
        n.quiet = true;
        n.quiet_from = 1_439;
        n.quiet_days = vec![6, 7];
    }));
    let now = s.does(args::SettingsGet {}).notices;
    let hours = now.quiet_hours().unwrap();
    assert_eq!((hours.from, hours.to), (1_439, 420));
    assert_eq!(hours.days, [6, 7]);
}

#[test]
fn keys_and_searches_are_kept_as_they_are_given() {
    let s = Scene::new();
    let keys: std::collections::BTreeMap<_, _> = [
        ("resolve".to_owned(), vec!["g e".to_owned()]),
        ("actionOfTomorrow".to_owned(), Vec::new()),
    ]
    .into();
    s.does(args::SettingsSet {
        keys: Some(keys.clone()),
        searches: Some(vec!["from:anna lamp".into()]),
        ..settings()
    });
    s.does(args::SettingsSet {
        theme: Some("dark".into()),
        ..settings()
    });
    let kept = s.does(args::SettingsGet {});
    assert_eq!(
        (kept.keys, kept.searches),
        (keys, vec!["from:anna lamp".into()])
    );
    let back = s.does(args::SettingsSet {
        keys: Some([].into()),
        ..settings()
    });
    assert!(back.keys.is_empty());
}

/// A desktop without a keyring.
struct NoKeyring;

impl Secrets for NoKeyring {
    fn name(&self) -> &'static str {
        "no keyring"
    }
    fn load(&self, _: &str) -> Result<Option<Key>, SecretsError> {
        Err(SecretsError::Unavailable("none runs here".into()))
    }
    fn save(&self, _: &str, _: &Key) -> Result<(), SecretsError> {
        Err(SecretsError::Unavailable("none runs here".into()))
    }
}

fn app(dir: &Path) -> Arc<App> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(crate::scene::MONDAY));
    App::new(AppOptions {
        data_dir: dir.to_path_buf(),
        secrets: Arc::new(NoKeyring),
        clock,
        host: Arc::new(NoHost),
        passphrase: None,
    })
}

#[test]
fn a_session_is_fresh_then_open_and_nobody_else_may_open_it() {
    let rt = tokio::runtime::Runtime::new().unwrap();
    let dir = folder();
    let first = app(dir.path());
    rt.block_on(async {
        assert_eq!(first.status().await.unwrap().state, SessionState::Fresh);
        assert_eq!(
            first.call("sidebar", json!({})).await.unwrap_err().code,
            "locked"
        );
        first
            .call("session_open", json!({ "passphrase": "correct horse" }))
            .await
            .unwrap();
        assert_eq!(first.status().await.unwrap().state, SessionState::Open);
        first.call("sidebar", json!({})).await.unwrap();
        let second = app(dir.path());
        let e = second
            .call("session_open", json!({ "passphrase": "correct horse" }))
            .await
            .unwrap_err();
        assert_eq!(e.code, "busy");
        first.stop().await;
        assert_eq!(second.status().await.unwrap().state, SessionState::Locked);
        assert_eq!(
            second
                .call("session_open", json!({ "passphrase": "wrong horse" }))
                .await
                .unwrap_err()
                .code,
            "locked"
        );
        second
            .call("session_open", json!({ "passphrase": "correct horse" }))
            .await
            .unwrap();
        assert_eq!(
            second
                .call("session_open", json!({ "passphrase": null, "more": 1 }))
                .await
                .unwrap_err()
                .code,
            "invalid"
        );
        second.stop().await;
    });
}

#[test]
fn a_workspace_of_a_newer_parley_is_refused_in_words() {
    let dir = folder();
    {
        let s = Scene::in_folder(dir.path());
        s.write(|tx| Ok(tx.pragma_update(None, "user_version", 4_711)?));
    }
    let Err(e) =
        parley_engine::store::Store::open(dir.path(), &key(), Arc::new(ManualClock::at(0)))
    else {
        panic!("it opened")
    };
    assert_eq!(e.code(), "newer");
    assert!(e.to_string().contains("update Parley"), "{e}");
}

#[test]
fn a_sleeper_wakes_by_the_hour_and_says_when_the_next_one_does() {
    let s = crowd(2);
    let c = |i: usize| s.customer(&format!("c{i}@shop.test"));
    assert!(
        s.ask(args::Snooze {
            conversation: c(0),
            until: Some(s.now())
        })
        .is_err()
    );
    s.does(args::Snooze {
        conversation: c(0),
        until: Some(s.now() + DAY),
    });
    s.does(args::Snooze {
        conversation: c(1),
        until: Some(s.now() + 2 * DAY),
    });
    let entries = s.log().len();
    s.later(DAY);
    assert_eq!(
        s.write(parley_engine::store::conversations::wake),
        Some(s.now() + DAY)
    );
    assert_eq!((s.is_open(c(0)), s.is_open(c(1))), (true, false));
    assert_eq!(s.log().len(), entries, "waking writes nothing");
    s.is_sound();
}
