//! The written schema says what is written and what is read.

use crate::scene::{Mail, Scene, folder};
use crate::support::put;
use parley_engine::model::interchange::Line;
use parley_engine::transfer::Options;
use parley_engine::transfer::export;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}

pub fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(docs("interchange.schema.json")).unwrap())
        .unwrap()
}

/// So much of JSON Schema as ours uses. Says what does not fit; with `strict`, also fields that it does not name.
pub fn check(
    root: &Value,
    schema: &Value,
    v: &Value,
    at: &str,
    strict: bool,
) -> Result<(), String> {
    if let Some(r) = schema["$ref"].as_str() {
        check(root, root.pointer(&r[1..]).unwrap(), v, at, strict)?;
    }
    if let Some(all) = schema["oneOf"].as_array() {
        let fits: Vec<_> = all.iter().map(|s| check(root, s, v, at, strict)).collect();
        if fits.iter().filter(|f| f.is_ok()).count() != 1 {
            return Err(format!("{at}: fits not exactly one: {fits:?}"));
        }
    }
    if let Some(c) = schema.get("const")
        && c != v
    {
        return Err(format!("{at}: {v} is not {c}"));
    }
    if let Some(e) = schema["enum"].as_array()
        && !e.contains(v)
    {
        return Err(format!("{at}: {v} is none of {e:?}"));
    }
    let is = |t: &str| match t {
        "object" => v.is_object(),
        "array" => v.is_array(),
        "string" => v.is_string(),
        "integer" => v.is_i64() || v.is_u64(),
        "boolean" => v.is_boolean(),
        "null" => v.is_null(),
        other => panic!("the schema says {other}"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(t) => vec![t],
        Value::Array(a) => a.iter().map(|t| t.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|t| is(t)) {
        return Err(format!("{at}: is no {types:?}"));
    }
    for r in schema["required"].as_array().into_iter().flatten() {
        if v.get(r.as_str().unwrap()).is_none() {
            return Err(format!("{at}: has no {r}"));
        }
    }
    if let (Some(fields), Some(known)) = (v.as_object(), schema["properties"].as_object()) {
        for (k, x) in fields {
            match known.get(k) {
                Some(s) => check(root, s, x, &format!("{at}.{k}"), strict)?,
                None if strict => return Err(format!("{at}: {k} is not in the schema")),
                None => {}
            }
        }
    }
    if let (Some(all), Some(s)) = (v.as_array(), schema.get("items")) {
        for x in all {
            check(root, s, x, &format!("{at}[]"), strict)?;
        }
    }
    Ok(())
}

/// The examples of the page, by the heading they stand under.
fn examples() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(docs("interchange.md")).unwrap();
    let (mut out, mut heading, mut inside) = (Vec::new(), String::new(), false);
    for line in page.lines() {
        if line.starts_with('#') && !inside {
            heading = line.trim_start_matches('#').trim().to_owned();
        } else if line.starts_with("```") {
            inside = line == "```jsonl";
            if inside {
                out.push((heading.clone(), String::new()));
            }
        } else if inside {
            out.last_mut().unwrap().1 += &format!("{line}\n");
        }
    }
    out
}

#[test]
fn what_is_exported_fits_the_schema_to_the_last_field() {
    let s = Scene::new();
    s.arrives(
        &Mail::from("Anna <anna@shop.test>")
            .file("a.bin", b"abc")
            .cc(&["x@y.test"])
            .reply_to("z@y.test"),
    );
    s.arrives(&Mail::from("u@shop.test").unreadable());
    s.replies("anna@shop.test", "Yes");
    s.writes_and_resolves("anna@shop.test", "Bye");
    let root = schema();
    let text = s.exported(export::Options {
        raw: true,
        digest: true,
        ..export::Options::default()
    });
    for line in text.lines() {
        let v: Value = serde_json::from_str(line).unwrap();
        check(&root, &root, &v, "line", true).unwrap();
        assert_eq!(Line::read(line.as_bytes()).unwrap().unknown(), 0, "{line}");
    }
    assert!(text.ends_with("}\n") && text.lines().last().unwrap().contains("\"end\""));
}

#[test]
fn every_example_of_the_page_fits_the_schema_and_is_taken() {
    let root = schema();
    let all = examples();
    assert!(all.len() >= 9, "{} examples", all.len());
    for channel in [
        "email",
        "instagram",
        "messenger",
        "sms",
        "whatsapp",
        "telegram",
        "matrix",
        "webchat",
    ] {
        assert!(
            all.iter()
                .any(|(_, e)| e.contains(&format!("\"channel\":\"{channel}\""))),
            "{channel}"
        );
    }
    for (heading, text) in all {
        for line in text.lines() {
            let v: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{heading}: {e}: {line}"));
            check(&root, &root, &v, "line", true).unwrap_or_else(|e| panic!("{heading}: {e}"));
        }
        let s = Scene::new();
        let dir = folder();
        let file = if text.contains("\"parley\"") {
            text.clone()
        } else {
            format!("{{\"parley\":\"interchange\",\"version\":1}}\n{text}")
        };
        let i = s.imports(&put(dir.path(), "example.jsonl", file), Options::default());
        let said: Vec<String> = s.problems(&i).into_iter().map(|p| p.reason).collect();
        assert_eq!(said, Vec::<String>::new(), "{heading}");
        assert!(i.counts.new > 0, "{heading}");
        s.is_sound();
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let root = schema();
    for bad in [
        r#"{"type":"message","direction":"sideways","sent_at":1}"#,
        r#"{"type":"message","direction":"inbound"}"#,
        r#"{"type":"message","direction":"inbound","sent_at":1,"to":"anna@shop.test"}"#,
        r#"{"type":"gossip"}"#,
        r#"{"type":"resolved","at":1}"#,
        r#"{"type":"agent","id":"a"}"#,
        r#"[]"#,
    ] {
        let v: Value = serde_json::from_str(bad).unwrap();
        assert!(check(&root, &root, &v, "line", false).is_err(), "{bad}");
        assert!(Line::read(bad.as_bytes()).is_err(), "{bad}");
    }
}
