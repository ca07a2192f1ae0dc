//! Which elements are open while tags are read, as far as selectors ask for it. A parser of HTML knows better in odd
//! corners; what it costs there is a style that is missing or one too many.

/// Most open elements that are remembered.
const MAX_OPEN: usize = 400;
/// Most classes of one element.
const MAX_CLASSES: usize = 16;
/// Longest name of a class or id.
const MAX_NAME: usize = 100;

/// Elements without content.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "hr", "img", "input", "link",
    "meta", "param", "source", "track", "wbr",
];

/// Blocks, which end a paragraph that was left open.
const ENDS_P: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];

/// What a name asks of an element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Element {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) classes: Vec<String>,
}

impl Element {
    /// An element by its tag's name and its attributes `class` and `id`. Mail is seldom strict: letters count the
    /// same, be they large or small.
    pub(in super::super) fn new(name: &str, class: Option<&str>, id: Option<&str>) -> Self {
        let short = |n: &&str| !n.is_empty() && n.len() <= MAX_NAME;
        Self {
            name: name.to_owned(),
            id: id.map(str::trim).filter(short).map(str::to_ascii_lowercase),
            classes: class
                .unwrap_or_default()
                .split_ascii_whitespace()
                .filter(short)
                .take(MAX_CLASSES)
                .map(str::to_ascii_lowercase)
                .collect(),
        }
    }
}

/// The open elements, the outermost first.
#[derive(Debug, Default)]
pub(in super::super) struct Open(Vec<Element>);

impl Open {
    pub(super) fn elements(&self) -> &[Element] {
        &self.0
    }

    /// Ends what a parser ends before such a tag, and begins what it begins.
    pub(in super::super) fn before(&mut self, name: &str) {
        match name {
            "li" => self.end(&["li"], &["ul", "ol", "dir", "menu"]),
            "dd" | "dt" => self.end(&["dd", "dt"], &["dl"]),
            "td" | "th" => self.end(&["td", "th"], &["table", "tr"]),
            "tr" => {
                self.end(&["tr"], &["table"]);
                if self.0.last().is_some_and(|e| e.name == "table") {
                    self.push(Element::new("tbody", None, None));
                }
            }
            "tbody" | "thead" | "tfoot" => self.end(&["tbody", "thead", "tfoot"], &["table"]),
            _ => {}
        }
        if ENDS_P.contains(&name) {
            self.end(&["p"], &["td", "th", "table", "caption", "button"]);
        }
    }

    /// The element is open now, unless it has no content.
    pub(in super::super) fn push(&mut self, element: Element) {
        if self.0.len() < MAX_OPEN && !VOID.contains(&element.name.as_str()) {
            self.0.push(element);
        }
    }

    /// An end tag. Nothing outside of a table's cell is ended inside it.
    pub(in super::super) fn close(&mut self, name: &str) {
        let bounds: &[&str] = match name {
            "table" | "body" | "html" => &[],
            "tr" | "tbody" | "thead" | "tfoot" | "td" | "th" => &["table"],
            _ => &["td", "th", "table"],
        };
        self.end(&[name], bounds);
    }

    fn end(&mut self, names: &[&str], bounds: &[&str]) {
        let at = self
            .0
            .iter()
            .rposition(|e| names.contains(&e.name.as_str()) || bounds.contains(&e.name.as_str()));
        if let Some(at) = at
            && self
                .0
                .get(at)
                .is_some_and(|e| names.contains(&e.name.as_str()))
        {
            self.0.truncate(at);
        }
    }
}
