use super::*;

fn out(what: What, input: &str, hint: &str) -> serde_json::Value {
    inspect(what, input.as_bytes(), hint).unwrap()
}

#[test]
fn a_mail_is_shown_with_every_field() {
    let m = out(
        What::Mail,
        "From: Anna <a@b.test>\nTo: c@d.test\nDate: Tue, 2 Jan 2024 10:00:00 +0100\nMessage-ID: <1@b.test>\nReferences: <x@b> <y@b>\nSubject: Hi\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nText\n> old\n--x\nContent-Type: text/csv; name=a.csv\n\n1;2\n--x--\n",
        "",
    );
    assert_eq!(
        m["from"],
        serde_json::json!([{ "name": "Anna", "addr": "a@b.test" }])
    );
    assert_eq!(
        (
            m["date"].as_i64(),
            m["message_id"].as_str(),
            m["kind"].as_str()
        ),
        (Some(1_704_186_000), Some("1@b.test"), Some("person"))
    );
    assert_eq!(m["references"], serde_json::json!(["x@b", "y@b"]));
    assert_eq!(m["attachments"][0]["size"], 3);
    assert_eq!(
        m["text"].as_str().unwrap(),
        format!(
            "{}{}",
            m["visible"].as_str().unwrap(),
            m["folded"].as_str().unwrap()
        )
    );
    assert_eq!(
        (
            m["machine_generated"].as_bool(),
            m["bounce"].is_null(),
            m["in_reply_to"].is_null()
        ),
        (Some(false), true, true)
    );
}

#[test]
fn everything_else_has_its_answer() {
    assert_eq!(out(What::Phone, "030 123456", "DE")["e164"], "+4930123456");
    assert_eq!(out(What::Phone, "112", "DE")["valid"], false);
    assert_eq!(
        out(What::Address, "Anna <Anna@Shop.test>\n", "")["addr"],
        "anna@shop.test"
    );
    assert!(
        !out(What::Html, "<script>x</script><b>y</b>", "")["html"]
            .as_str()
            .unwrap()
            .contains("script")
    );
    assert_eq!(out(What::Url, "javascript:alert(1)", "")["openable"], false);
    assert_eq!(out(What::Reply, "yes\n> no\n", "text")["visible"], "yes\n");
    let mails = [
        "From: a@x.test\nTo: team@y.test\nMessage-ID: <1@a>\n\nx",
        "From: b@x.test\nTo: team@y.test\nMessage-ID: <2@a>\n\nx",
        "From: team@y.test\nTo: a@x.test\nMessage-ID: <3@a>\nIn-Reply-To: <1@a>\n\nx",
    ]
    .map(|m| data_encoding::BASE64.encode(m.as_bytes()));
    assert_eq!(
        out(What::Thread, &serde_json::to_string(&mails).unwrap(), "")["partition"],
        serde_json::json!([[1, 3], [2]])
    );
    assert!(inspect(What::Thread, b"no", "").is_err());
    assert!(inspect(What::Mail, b"", "").is_err());
}
