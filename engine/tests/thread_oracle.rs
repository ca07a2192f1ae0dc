//! Threads of honest mail, compared with what a real Dovecot makes of the same mails (`THREAD`, RFC 5256).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod email_support;

use email_support::{Mailbox, PASSWORD, TEAM};
use parley_engine::api::inspect::thread::thread;
use parley_sandbox::Dovecot;
use parley_sandbox::dovecot::Options;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Conversations of customers with the team, each mail answering an earlier one of its thread, some with the answered
/// mail not at hand, shuffled. Every subject is another, so that none can join anything.
fn corpus(seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(seed);
    let mut mails = Vec::new();
    for t in 0..12 {
        let people = [
            format!("customer{t}@home.test"),
            TEAM.to_owned(),
            format!("friend{t}@work.test"),
        ];
        let mut refs: Vec<Vec<String>> = Vec::new();
        for n in 0..1 + dice.roll(6) {
            let own = format!("<{t}.{n}.mail@x{}.test>", dice.roll(3));
            let from = if n == 0 { 0 } else { dice.roll(3) };
            let others: Vec<&str> = people
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != from)
                .map(|(_, p)| p.as_str())
                .collect();
            let (answers, chain) = if n == 0 {
                (String::new(), vec![own.clone()])
            } else {
                let parent = &refs[dice.roll(refs.len())];
                let last = parent.last().unwrap().clone();
                let field = match dice.roll(3) {
                    0 => format!(
                        "In-Reply-To: {last}\r\nReferences: {}\r\n",
                        parent.join("\r\n ")
                    ),
                    1 => format!("References: {}\r\n", parent.join(" ")),
                    _ => format!(
                        "in-reply-to: {last}\r\nREFERENCES:\r\n\t{}\r\n",
                        parent.join("\t")
                    ),
                };
                let mut chain = parent.clone();
                chain.push(own.clone());
                (field, chain)
            };
            refs.push(chain);
            // Not every mail was kept: those that name it are one thread all the same.
            if n > 0 && dice.roll(6) == 0 {
                continue;
            }
            mails.push(
                format!(
                    "Message-ID: {own}\r\nDate: Tue, 2 Jan 2024 {:02}:{:02}:00 +0000\r\nFrom: <{}>\r\nTo: {}\r\nSubject: thread {t} mail {n}\r\n{answers}\r\nHello {t} {n}\r\n",
                    t, n, people[from], others.join(", ")
                )
                .into_bytes(),
            );
        }
    }
    for i in (1..mails.len()).rev() {
        mails.swap(i, dice.roll(i + 1));
    }
    mails
}

/// `(1 2 (3)(4 5))(6)` as groups.
fn groups(answer: &str) -> Vec<Vec<usize>> {
    let (mut depth, mut word, mut all, mut group) = (0, String::new(), Vec::new(), Vec::new());
    for c in answer.chars() {
        if c.is_ascii_digit() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            group.push(std::mem::take(&mut word).parse().unwrap());
        }
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    group.sort_unstable();
                    all.push(std::mem::take(&mut group));
                }
            }
            _ => {}
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn honest_mail_is_threaded_as_by_a_real_server() {
    let dovecot = Dovecot::start(Options::users(&[(TEAM, PASSWORD)])).unwrap();
    let mailbox = Mailbox::open(&dovecot).await;
    for seed in 1..=6 {
        let folder = format!("T{seed}");
        mailbox.say(&format!("a CREATE {folder}")).await;
        let mails = corpus(seed);
        for m in &mails {
            mailbox.append(&folder, m).await;
        }
        mailbox.say(&format!("a SELECT {folder}")).await;
        let answer = mailbox.ask("a UID THREAD REFS UTF-8 ALL", "* THREAD").await;
        let theirs = groups(&answer);
        assert_eq!(
            theirs.iter().map(Vec::len).sum::<usize>(),
            mails.len(),
            "{answer}"
        );
        assert_eq!(thread(&mails).0, theirs, "seed {seed}");
    }
}
