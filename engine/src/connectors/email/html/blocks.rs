//! Which elements begin and end lines: one list for the text of a mail (`text`) and for the lines in which quotations
//! are looked for (`quote::html`), so that both see the same lines.
//!
//! A rule (`hr`) is in it: in the text it only ends a line, and for quotations it is met before this list is asked, since
//! there it says something of its own. Parts of tables are in it too: their rows begin lines anyway. Cells and `br` are
//! not: each reader does something else with them.

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];

/// Whether an element of this name begins and ends lines.
pub(in crate::connectors::email) fn is_block(name: &str) -> bool {
    BLOCKS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_searched() {
        assert!(BLOCKS.is_sorted());
        assert!(is_block("h6") && is_block("hr") && is_block("ul") && !is_block("td"));
    }
}
