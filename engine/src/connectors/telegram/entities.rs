//! A text with its entities as HTML, which then goes through the sanitiser like anybody's.

use serde_json::Value;

struct Mark {
    from: usize,
    to: usize,
    open: String,
    close: &'static str,
}

/// The text as HTML; none where nothing in it is formatted.
pub(super) fn html(text: &str, entities: &Value) -> Option<String> {
    let units = text.encode_utf16().count();
    let mut marks: Vec<Mark> = entities
        .as_array()?
        .iter()
        .filter_map(|e| mark(e, units))
        .collect();
    if marks.is_empty() {
        return None;
    }
    // The wider ones outside, so that what lies within is closed first.
    marks.sort_by_key(|m| (m.from, usize::MAX - m.to));
    let mut out = String::new();
    let mut open: Vec<&Mark> = Vec::new();
    let mut next = marks.iter().peekable();
    let mut at = 0;
    for c in text.chars() {
        close(&mut out, &mut open, at);
        while let Some(m) = next.next_if(|m| m.from <= at) {
            // One that reaches out of what is open ends with it.
            if open.last().is_none_or(|around| m.to <= around.to) && m.from == at {
                out.push_str(&m.open);
                open.push(m);
            }
        }
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>"),
            c => out.push(c),
        }
        at += c.len_utf16();
    }
    close(&mut out, &mut open, usize::MAX);
    Some(out)
}

fn close(out: &mut String, open: &mut Vec<&Mark>, at: usize) {
    while let Some(m) = open.pop_if(|m| m.to <= at) {
        out.push_str(m.close);
    }
}

fn mark(e: &Value, units: usize) -> Option<Mark> {
    let number = |n: &str| e[n].as_u64().and_then(|n| usize::try_from(n).ok());
    let (from, length) = (number("offset")?, number("length")?);
    let to = from.checked_add(length)?.min(units);
    if from >= to {
        return None;
    }
    let plain = |open: &str, close| Mark {
        from,
        to,
        open: open.to_owned(),
        close,
    };
    Some(match e["type"].as_str()? {
        "bold" => plain("<b>", "</b>"),
        "italic" => plain("<i>", "</i>"),
        "underline" => plain("<u>", "</u>"),
        "strikethrough" => plain("<s>", "</s>"),
        "code" => plain("<code>", "</code>"),
        "pre" => plain("<pre>", "</pre>"),
        "blockquote" | "expandable_blockquote" => plain("<blockquote>", "</blockquote>"),
        "text_link" => {
            let url = e["url"].as_str()?;
            let escaped = url.replace('&', "&amp;").replace('"', "&quot;");
            plain(&format!("<a href=\"{escaped}\">"), "</a>")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::html;
    use serde_json::json;

    #[test]
    fn entities_are_counted_in_utf16_and_stand_inside_of_each_other() {
        let e = json!([
            { "type": "bold", "offset": 3, "length": 5 },
            { "type": "italic", "offset": 7, "length": 1 },
            { "type": "text_link", "offset": 9, "length": 1, "url": "https://a.test/?a=1&b=\"2" },
        ]);
        assert_eq!(
            html("😀 a < b c", &e).unwrap(),
            "😀 <b>a &lt; <i>b</i></b> <a href=\"https://a.test/?a=1&amp;b=&quot;2\">c</a>"
        );
    }

    #[test]
    fn what_is_not_formatted_has_no_html_and_nonsense_does_no_harm() {
        assert_eq!(
            html(
                "see a.test",
                &json!([{ "type": "url", "offset": 4, "length": 6 }])
            ),
            None
        );
        assert_eq!(
            html("x", &json!([{ "type": "bold", "offset": 9, "length": 2 }])),
            None
        );
        let crossed = json!([
            { "type": "bold", "offset": 0, "length": 3 },
            { "type": "italic", "offset": 2, "length": 3 },
            { "type": "bold", "offset": 4, "length": 18446744073709551615_u64 },
        ]);
        assert_eq!(html("abcdef", &crossed).unwrap(), "<b>abc</b>def");
    }
}
