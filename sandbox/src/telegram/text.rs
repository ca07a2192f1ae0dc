//! Telegram's HTML as its server reads it: the text without the tags, and the entities in UTF-16 units. Strict, and
//! written by the published description rather than with the engine's code, which is judged by it.

use serde_json::{Value, json};

/// A text with what is formatted in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parsed {
    pub(super) text: String,
    pub(super) entities: Vec<Value>,
}

struct Open {
    tag: String,
    kind: &'static str,
    from: usize,
    url: Option<String>,
}

/// Reads it, or says why not as the server does.
pub(super) fn html(given: &str) -> Result<Parsed, String> {
    let mut out = Parsed {
        text: String::new(),
        entities: Vec::new(),
    };
    let (mut units, mut open): (usize, Vec<Open>) = (0, Vec::new());
    let mut rest = given;
    while let Some(c) = rest.chars().next() {
        let offset = given.len() - rest.len();
        match c {
            '<' => {
                let end = rest
                    .find('>')
                    .ok_or_else(|| format!("Unclosed start tag at byte offset {offset}"))?;
                let inside = rest.get(1..end).unwrap_or_default();
                rest = rest.get(end + 1..).unwrap_or_default();
                match inside.strip_prefix('/') {
                    Some(name) => {
                        let last = open
                            .pop()
                            .ok_or_else(|| format!("Unexpected end tag at byte offset {offset}"))?;
                        if last.tag != name.trim() {
                            return Err(format!(
                                "Unmatched end tag at byte offset {offset}, expected \"</{}>\", found \"</{name}>\"",
                                last.tag
                            ));
                        }
                        out.entities.extend(entity(last, units));
                    }
                    None => {
                        let started = start(inside, offset, units)?;
                        if let Some(around) = open.last()
                            && matches!(around.kind, "pre" | "code")
                        {
                            return Err(format!(
                                "Nested tags in \"{}\" at byte offset {offset}",
                                around.tag
                            ));
                        }
                        if started.kind == "blockquote"
                            && open.iter().any(|o| o.kind == "blockquote")
                        {
                            return Err(format!(
                                "Nested blockquotes aren't allowed at byte offset {offset}"
                            ));
                        }
                        open.push(started);
                    }
                }
            }
            '&' => {
                let (c, length) = named(rest);
                out.text.push(c);
                units += c.len_utf16();
                rest = rest.get(length..).unwrap_or_default();
            }
            c => {
                out.text.push(c);
                units += c.len_utf16();
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    if let Some(left) = open.pop() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            left.tag
        ));
    }
    out.entities
        .sort_by_key(|e| e["offset"].as_u64().unwrap_or(0));
    Ok(out)
}

fn named(rest: &str) -> (char, usize) {
    [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
    ]
    .into_iter()
    .find(|(name, _)| rest.starts_with(name))
    .map_or(('&', 1), |(name, c)| (c, name.len()))
}

fn start(inside: &str, offset: usize, from: usize) -> Result<Open, String> {
    let (tag, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
    let kind = match tag {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "code" => "code",
        "pre" => "pre",
        "a" => "text_link",
        "blockquote" => "blockquote",
        _ => {
            return Err(format!(
                "Unsupported start tag \"{tag}\" at byte offset {offset}"
            ));
        }
    };
    let url = attributes
        .strip_prefix("href=\"")
        .and_then(|a| a.strip_suffix('"'));
    Ok(Open {
        tag: tag.to_owned(),
        kind,
        from,
        url: url.map(|u| u.replace("&quot;", "\"").replace("&amp;", "&")),
    })
}

fn entity(open: Open, to: usize) -> Option<Value> {
    let length = to - open.from;
    let web = |u: &String| u.starts_with("http://") || u.starts_with("https://");
    if length == 0 || open.kind == "text_link" && !open.url.as_ref().is_some_and(web) {
        return None;
    }
    let mut e = json!({ "type": open.kind, "offset": open.from, "length": length });
    if let Some(url) = open.url {
        e["url"] = json!(url);
    }
    Some(e)
}

#[cfg(test)]
mod tests {
    use super::html;
    use serde_json::json;

    #[test]
    fn tags_become_entities_counted_in_utf16() {
        let p =
            html("😀 <b>a &lt; <i>b</i></b> <a href=\"https://a.test/?x=1&amp;y\">c</a>").unwrap();
        assert_eq!(p.text, "😀 a < b c");
        assert_eq!(
            p.entities,
            [
                json!({"type":"bold","offset":3,"length":5}),
                json!({"type":"italic","offset":7,"length":1}),
                json!({"type":"text_link","offset":9,"length":1,"url":"https://a.test/?x=1&y"}),
            ]
            .as_slice()
        );
    }

    #[test]
    fn what_the_server_refuses_is_refused() {
        for bad in [
            "<p>x</p>",
            "<b>x",
            "x</b>",
            "<b><i>x</b></i>",
            "<pre><b>x</b></pre>",
            "1 < 2",
            "<blockquote><blockquote>x</blockquote></blockquote>",
        ] {
            assert!(html(bad).is_err(), "{bad}");
        }
    }
}
