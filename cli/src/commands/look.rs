//! How Parley understands a thing: input on stdin, JSON on stdout, no workspace.

use crate::args::Inspect;
use crate::failure::Failure;
use crate::{Outcome, Stop, written};
use parley_engine::api::inspect::{What, inspect};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};

/// Longest line of a batch: the largest mail in Base64, with room for the rest of the line.
const MAX_LINE: usize = 72 * 1024 * 1024;
/// So much of the end of a line that is too long is kept, for its id may stand there.
const TAIL: usize = 64 * 1024;
/// Stack of the thread that reads: that of a mail's own reader.
const STACK: usize = 8 * 1024 * 1024;

/// One line of a batch.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    b64: String,
    #[serde(default)]
    hint: Option<String>,
}

/// Runs `inspect` on a thread with room.
pub fn run(i: &Inspect) -> Result<Outcome, Stop> {
    let (what, batch) = (i.what.into(), i.batch);
    let hint = i.hint.clone().unwrap_or_default();
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            // What breaks a reader is an answer; the notes of a panic would only disturb whoever reads stderr.
            std::panic::set_hook(Box::new(|_| {}));
            if batch {
                lines(what, &hint)
            } else {
                one(what, &hint)
            }
        });
    let worker = worker.map_err(|e| Failure::storage(format!("no thread can be started: {e}")))?;
    worker
        .join()
        .map_err(|_| Failure::invalid("it broke the reader"))?
}

fn one(what: What, hint: &str) -> Result<Outcome, Stop> {
    let mut input = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut input)
        .map_err(|e| Failure::storage(format!("stdin cannot be read: {e}")))?;
    let answer = inspect(what, &input, hint).map_err(Failure::invalid)?;
    let mut out = std::io::stdout().lock();
    let text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    written(writeln!(out, "{text}"))?;
    Ok(Outcome::Done)
}

/// One answer for each line, in order; flushed whenever no further line is waiting.
fn lines(what: What, hint: &str) -> Result<Outcome, Stop> {
    let mut input = BufReader::with_capacity(256 * 1024, std::io::stdin().lock());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while next(&mut input, &mut line)
        .map_err(|e| Failure::storage(format!("stdin cannot be read: {e}")))?
    {
        let answer = answer(what, &line, hint);
        let text = serde_json::to_string(&answer).unwrap_or_default();
        written(writeln!(out, "{text}"))?;
        if input.buffer().is_empty() {
            written(out.flush())?;
        }
    }
    written(out.flush())?;
    Ok(Outcome::Done)
}

/// Reads a line; of one that is too long, only its beginning and its end are kept.
fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|b| *b == b'\n');
        let (piece, used) = match end {
            Some(at) => (buffer.get(..at).unwrap_or_default(), at + 1),
            None => (buffer, buffer.len()),
        };
        line.extend_from_slice(piece);
        if line.len() > MAX_LINE + 4 * TAIL {
            line.drain(MAX_LINE..line.len() - TAIL);
        }
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn answer(what: What, line: &[u8], hint: &str) -> Value {
    if line.len() > MAX_LINE {
        return json!({ "id": id(line), "err": "the line is too long" });
    }
    if line.trim_ascii().is_empty() {
        return json!({ "id": null, "err": "the line is empty" });
    }
    let line: Line = match serde_json::from_slice(line) {
        Ok(l) => l,
        Err(e) => {
            return json!({ "id": id(line), "err": format!("the line is not understood: {e}") });
        }
    };
    let Some(input) = base64(&line.b64) else {
        return json!({ "id": line.id, "err": "b64 is no Base64" });
    };
    match inspect(what, &input, line.hint.as_deref().unwrap_or(hint)) {
        Ok(out) => json!({ "id": line.id, "out": out }),
        Err(err) => json!({ "id": line.id, "err": err }),
    }
}

/// The id of a line that is otherwise not understood, so that whoever sent it knows which one it was.
fn id(line: &[u8]) -> Value {
    let head = line.get(..TAIL).unwrap_or(line);
    let tail = line
        .get(line.len().saturating_sub(TAIL)..)
        .unwrap_or_default();
    [head, tail]
        .into_iter()
        .find_map(|part| value_of_id(&String::from_utf8_lossy(part)))
        .unwrap_or(Value::Null)
}

/// The value behind the first `"id":` that has one.
fn value_of_id(text: &str) -> Option<Value> {
    text.match_indices("\"id\"").find_map(|(at, key)| {
        let rest = text.get(at + key.len()..)?.trim_start().strip_prefix(':')?;
        serde_json::Deserializer::from_str(rest)
            .into_iter::<Value>()
            .next()?
            .ok()
    })
}

/// Base64 (RFC 4648) in either alphabet; padding may be left out, ends of lines are passed over.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held, mut ended) = (0u32, 0u32, false);
    for b in text.bytes() {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                ended = true;
                continue;
            }
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        if ended {
            return None;
        }
        bits = bits << 6 | u32::from(v);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    // A single letter over is half a byte of something that was cut.
    (held != 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_answer() {
        for (line, want) in [
            (
                r#"{"id":1,"b64":"YUBiLnRlc3Q="}"#,
                json!({ "id": 1, "out": { "valid": true, "addr": "a@b.test" } }),
            ),
            (
                r#"{"id":"x","b64":"YQ"}"#,
                json!({ "id": "x", "out": { "valid": false, "addr": null } }),
            ),
            (
                r#"{"id":2,"b64":"!"}"#,
                json!({ "id": 2, "err": "b64 is no Base64" }),
            ),
            (
                "{\"id\":5,\"b64\":\"YUBiLnRlc3Q=\"}\r",
                json!({ "id": 5, "out": { "valid": true, "addr": "a@b.test" } }),
            ),
            (
                r#"{"id":3,"b64":"YUBiL"}"#,
                json!({ "id": 3, "err": "b64 is no Base64" }),
            ),
            (
                r#"{"id":4,"b64":"YUBi\nLnRlc3Q\r\n"}"#,
                json!({ "id": 4, "out": { "valid": true, "addr": "a@b.test" } }),
            ),
        ] {
            assert_eq!(answer(What::Address, line.as_bytes(), ""), want, "{line}");
        }
        for (line, id) in [
            ("nonsense", json!(null)),
            (r#"{"id":[3]}"#, json!([3])),
            ("[]", json!(null)),
            ("\u{fffd}", json!(null)),
            ("", json!(null)),
            (" \r", json!(null)),
            (r#"{"id":4,"b64":"YQ"#, json!(4)),
            (r#"{"b64":7,"id":"five"}"#, json!("five")),
        ] {
            let a = answer(What::Address, line.as_bytes(), "");
            assert!(
                a["id"] == id && a["err"].is_string() && a.get("out").is_none(),
                "{a}"
            );
        }
    }

    #[test]
    fn a_line_that_is_no_text_or_too_long_keeps_its_id() {
        let broken = b"{\"id\":6,\"b64\":\"\xff\xfe\"}";
        assert_eq!(answer(What::Address, broken, "")["id"], json!(6));
        for (front, back) in [
            ("{\"id\":7,\"b64\":\"", "\"}"),
            ("{\"b64\":\"", "\",\"id\":7}"),
        ] {
            let long = std::io::repeat(b'A').take(MAX_LINE as u64 + 5_000_000);
            let whole = front.as_bytes().chain(long).chain(back.as_bytes());
            let mut line = Vec::new();
            assert!(next(&mut BufReader::new(whole), &mut line).unwrap());
            assert!(line.len() <= MAX_LINE + 4 * TAIL);
            assert_eq!(
                answer(What::Mail, &line, ""),
                json!({ "id": 7, "err": "the line is too long" })
            );
        }
    }

    #[test]
    fn a_payload_whose_shape_tells_whose_it_is_needs_no_hint() {
        // {"MessageSid":"SM1","From":"+4930","To":"+4917","MessageStatus":"sent"}, and {"hello":1}
        let known = r#"{"id":1,"b64":"eyJNZXNzYWdlU2lkIjoiU00xIiwiRnJvbSI6Iis0OTMwIiwiVG8iOiIrNDkxNyIsIk1lc3NhZ2VTdGF0dXMiOiJzZW50In0="}"#;
        assert_eq!(
            answer(What::Payload, known.as_bytes(), ""),
            json!({ "id": 1, "out": { "messages": [], "later": [] } })
        );
        let other = r#"{"id":2,"b64":"eyJoZWxsbyI6MX0="}"#;
        let a = answer(What::Payload, other.as_bytes(), "");
        assert!(
            a["err"].as_str().is_some_and(|e| e.contains("--hint")),
            "{a}"
        );
    }

    #[test]
    fn lines_end_where_they_end() {
        let mut input = BufReader::with_capacity(2, &b"one\n\ntwo"[..]);
        let mut line = Vec::new();
        let mut all = Vec::new();
        while next(&mut input, &mut line).unwrap() {
            all.push(String::from_utf8(line.clone()).unwrap());
        }
        assert_eq!(all, ["one", "", "two"]);
    }
}
