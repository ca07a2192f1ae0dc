//! Data that is well-formed and all the same not read: what strangers nest too deep.

/// Lists and objects inside of each other that are kept; the reader of JSON gives up at 128.
const DEEPEST: usize = 96;

/// The same with `null` in the place of every list and object that lies too deep, where there is one.
pub(super) fn shallow(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let (mut depth, mut quoted, mut escaped, mut changed) = (0_usize, false, false, false);
    for &byte in json {
        let hidden = depth > DEEPEST;
        if quoted {
            (quoted, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
        } else {
            match byte {
                b'"' => quoted = true,
                b'[' | b'{' => {
                    depth += 1;
                    if depth == DEEPEST + 1 {
                        out.extend_from_slice(b"null");
                        changed = true;
                    }
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if !hidden && depth <= DEEPEST {
            out.push(byte);
        }
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn what_is_nested_too_deep_is_cut_out_and_the_rest_is_read() {
        let text = format!(
            r#"{{"a":[{{"deep":{},"b":"x"}},"[[\\\"]{{"],"c":2}}"#,
            nested(200)
        );
        assert!(serde_json::from_str::<Value>(&text).is_err());
        let mended = shallow(text.as_bytes()).expect("something was cut out");
        let value: Value = serde_json::from_slice(&mended).unwrap();
        assert_eq!(value["a"][0]["b"], "x");
        assert_eq!(value["a"][1], "[[\\\"]{");
        assert_eq!(value["c"], 2);
        let mut inner = &value["a"][0]["deep"];
        while inner.is_array() {
            inner = &inner[0];
        }
        assert!(inner.is_null());
    }

    #[test]
    fn what_is_not_nested_too_deep_stays_as_it_is() {
        assert_eq!(shallow(nested(DEEPEST).as_bytes()), None);
        assert_eq!(shallow(br#"{"a":"[[["}"#), None);
        assert_eq!(shallow(b"]]]not json"), None);
    }
}
