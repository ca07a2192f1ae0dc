use super::*;

fn fetch(text: &[u8]) -> Fetched {
    match read(text) {
        Answer::Fetch(f) => *f,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_ordinary_fetch_is_read_whole() {
    let f = fetch(b"* 12 FETCH (UID 7 FLAGS (\\Seen $Forwarded ) INTERNALDATE \" 1-Jan-2024 00:00:00 +0000\" RFC822.SIZE 44 MODSEQ (99) BODY[HEADER.FIELDS (MESSAGE-ID)] {8}\r\nM: <1>\r\n BODY[] \"a \\\"b\\\\\" X-NEW (a (b c) NIL))\r\n");
    assert_eq!((f.uid, f.size, f.seen()), (Some(7), Some(44), Some(true)));
    assert_eq!(f.date.as_deref(), Some(" 1-Jan-2024 00:00:00 +0000"));
    assert_eq!(f.header.as_deref(), Some(b"M: <1>\r\n".as_slice()));
    assert_eq!(f.body.as_deref(), Some(b"a \"b\\".as_slice()));
}

#[test]
fn what_a_server_leaves_out_or_says_as_nothing_is_simply_absent() {
    let f = fetch(b"* 1 FETCH (UID 2 BODY[] NIL INTERNALDATE NIL FLAGS NIL RFC822.SIZE NIL)\r\n");
    assert_eq!(
        f,
        Fetched {
            uid: Some(2),
            ..Fetched::default()
        }
    );
    assert_eq!(fetch(b"* 1 FETCH (FLAGS ())\r\n").seen(), Some(false));
    assert_eq!(fetch(b"* 1 FETCH (UID 0)\r\n").uid, None);
}

#[test]
fn a_literal_of_a_wrong_size_gives_nothing_rather_than_half_a_mail() {
    for bad in [
        b"* 1 FETCH (UID 1 BODY[] {3}\r\nabcdef)\r\n".as_slice(),
        b"* 1 FETCH (UID 1 BODY[] {9}\r\nabc)\r\n",
        b"* 1 FETCH (UID 1 BODY[] \"unclosed\r\n",
        b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc\r\n",
        b"* 1 FETCH (UID 1) trailing\r\n",
    ] {
        assert_eq!(read(bad), Answer::Other, "{}", text(bad));
    }
}

#[test]
fn gmails_own_items_are_read() {
    let f = fetch(b"* 1 FETCH (X-GM-THRID 1278455344230334865 X-GM-MSGID 1278455344230334866 X-GM-LABELS (\"\\\\Inbox\" \\Sent \"Muy Importante\") UID 3)\r\n");
    assert_eq!(
        (f.thread, f.gmail),
        (
            Some(1_278_455_344_230_334_865),
            Some(1_278_455_344_230_334_866)
        )
    );
    assert_eq!(
        f.labels.as_deref(),
        Some(
            [
                "\\Inbox".to_owned(),
                "\\Sent".into(),
                "Muy Importante".into()
            ]
            .as_slice()
        )
    );
}

#[test]
fn statuses_have_codes_that_are_known_or_not() {
    let Answer::Done(tag, said) = read(b"A1 NO [AUTHENTICATIONFAILED] Wrong.\r\n") else {
        panic!()
    };
    assert_eq!((tag.as_str(), said.verdict), ("A1", Verdict::No));
    assert!(said.is("AUTHENTICATIONFAILED") && said.text == "Wrong.");
    let Answer::Status(said) = read(b"* OK [uidvalidity 77] ok\r\n") else {
        panic!()
    };
    assert_eq!(said.number::<u32>("UIDVALIDITY"), Some(77));
    let Answer::Status(said) = read("* OK [ALERT]é\r\n".as_bytes()) else {
        panic!()
    };
    assert!(said.is("ALERT") && said.text == "é");
    let Answer::Status(said) = read(b"* OK [MAILBOXID (F22)] ok\r\n") else {
        panic!()
    };
    assert_eq!(said.code, Some(("MAILBOXID".into(), "(F22)".into())));
}

#[test]
fn folders_searches_and_vanished_numbers_are_read() {
    assert_eq!(
        read(b"* LIST (\\HasNoChildren \\Sent) \"/\" {4}\r\nSent\r\n"),
        Answer::List(Line {
            name: "Sent".into(),
            marks: vec!["\\hasnochildren".into(), "\\sent".into()],
            delimiter: Some("/".into())
        })
    );
    assert!(
        matches!(read(b"* LIST () NIL \"Caf\xe9\"\r\n"), Answer::List(l) if l.delimiter.is_none() && l.name.starts_with("Caf"))
    );
    assert_eq!(
        read(b"* SEARCH 3 1 2 (MODSEQ 917)\r\n"),
        Answer::Search(vec![3, 1, 2])
    );
    assert_eq!(read(b"* SEARCH \r\n"), Answer::Search(vec![]));
    assert_eq!(
        read(b"* VANISHED (EARLIER) 41,43:44\r\n"),
        Answer::Vanished(true, vec![(41, 41), (43, 44)])
    );
    assert_eq!(
        read(b"* STATUS \"a b\" (MESSAGES 7 MAILBOXID (F1) )\r\n"),
        Answer::Figures(
            "a b".into(),
            vec![
                ("MESSAGES".into(), "7".into()),
                ("MAILBOXID".into(), "F1".into())
            ]
        )
    );
    assert_eq!(read(b"+ idling\r\n"), Answer::Continue("idling".into()));
}

#[test]
fn only_lines_that_are_no_sentence_announce_literals() {
    assert_eq!(announced(b"* 1 FETCH (BODY[] {13}\r\n"), Some(13));
    assert_eq!(announced(b"* 1 FETCH (BODY[] {13+}\n"), Some(13));
    assert_eq!(
        announced(b"x {99999999999999999999999}\r\n"),
        Some(u64::MAX)
    );
    assert_eq!(announced(b"x {not a number}\r\n"), None);
    assert!(is_sentence(b"* OK hello {5}\r\n") && is_sentence(b"A1 NO {5}\r\n"));
    assert!(!is_sentence(b"* LIST () \"/\" {5}\r\n"));
}

#[test]
fn no_bytes_make_it_panic() {
    let seeds: [&[u8]; 6] = [
        b"* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[HEADER.FIELDS (A)] {3}\r\nabc RFC822 \"x\\\"\")\r\n",
        b"* LIST (\\A) \"/\" \"b\"\r\n",
        b"* STATUS a (MESSAGES 1 X (2))\r\n",
        b"* VANISHED (EARLIER) 1:4294967295,7\r\n",
        b"A1 OK [COPYUID 1 2 3] x\r\n",
        b"+ go\r\n",
    ];
    let mut state = 7u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    for _ in 0..20_000 {
        let mut bytes = seeds[random() % seeds.len()].to_vec();
        for _ in 0..1 + random() % 4 {
            let at = random() % bytes.len();
            match random() % 4 {
                0 => bytes[at] = u8::try_from(random() % 256).unwrap(),
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, b"(){}\"\\ \r\n[]"[random() % 11]),
                _ => {
                    bytes.remove(at);
                    if bytes.is_empty() {
                        bytes.push(b'*');
                    }
                }
            }
        }
        let _ = (read(&bytes), announced(&bytes), is_sentence(&bytes));
    }
    let deep = [b"* 1 FETCH ".as_slice(), &b"(".repeat(100_000)].concat();
    assert_eq!(read(&deep), Answer::Other);
}
