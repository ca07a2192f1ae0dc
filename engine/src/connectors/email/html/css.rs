//! Inline styles: read by a CSS parser, and only what is known by property **and** value is written anew.

use cssparser::color::parse_named_color;
use cssparser::{Delimiter, ParseError, Parser, Token};
use std::fmt::Write as _;

/// Longest style of one tag that is looked at.
pub(super) const MAX_STYLE: usize = 8_192;
/// Most declarations of one style or rule.
pub(super) const MAX_DECLARATIONS: usize = 100;
/// Deepest nesting of brackets in which addresses are looked for.
const MAX_NESTING: usize = 16;
/// Widest and highest that anything may ask to be.
const MAX_PX: f32 = 2_000.0;

/// What the values of a property may be.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A colour.
    Colour,
    /// Of a background, its colour.
    Background,
    /// Lengths and percentages between nothing and so many pixels and percents.
    Length(f32, f32),
    /// Lengths, colours and line styles.
    Border,
    /// Names of fonts.
    Family,
    /// Everything about a font.
    Font,
    /// A number, at most this.
    Number(f32),
    /// Words and lengths of decoration.
    Decoration,
}

const AUTO: &[&str] = &[
    "auto",
    "inherit",
    "initial",
    "none",
    "normal",
    "fit-content",
    "max-content",
    "min-content",
];
const LINES: &[&str] = &[
    "none",
    "hidden",
    "dotted",
    "dashed",
    "solid",
    "double",
    "groove",
    "ridge",
    "inset",
    "outset",
    "thin",
    "medium",
    "thick",
    "inherit",
    "initial",
    "transparent",
    "currentcolor",
];
const WEIGHTS: &[&str] = &[
    "normal",
    "bold",
    "bolder",
    "lighter",
    "italic",
    "oblique",
    "small-caps",
    "inherit",
    "initial",
    "xx-small",
    "x-small",
    "small",
    "medium",
    "large",
    "x-large",
    "xx-large",
    "smaller",
    "larger",
];

/// What a property may say; `None` for those that are not allowed.
fn kind(property: &str) -> Option<Kind> {
    use Kind::{Background, Border, Colour, Decoration, Family, Font, Length, Number, Words};
    Some(match property {
        "background" => Background,
        "background-color"
        | "border-color"
        | "border-top-color"
        | "border-right-color"
        | "border-bottom-color"
        | "border-left-color"
        | "color"
        | "text-decoration-color" => Colour,
        "border"
        | "border-top"
        | "border-right"
        | "border-bottom"
        | "border-left"
        | "border-style"
        | "border-top-style"
        | "border-right-style"
        | "border-bottom-style"
        | "border-left-style"
        | "border-width"
        | "border-top-width"
        | "border-right-width"
        | "border-bottom-width"
        | "border-left-width" => Border,
        "border-radius"
        | "border-top-left-radius"
        | "border-top-right-radius"
        | "border-bottom-left-radius"
        | "border-bottom-right-radius" => Length(MAX_PX, 100.0),
        "border-spacing" => Length(50.0, 0.0),
        "border-collapse" => Words(&["collapse", "separate"]),
        "box-sizing" => Words(&["border-box", "content-box"]),
        "caption-side" => Words(&["top", "bottom"]),
        "clear" => Words(&["none", "left", "right", "both"]),
        "direction" => Words(&["ltr", "rtl"]),
        "display" => Words(&[
            "none",
            "inline",
            "block",
            "inline-block",
            "list-item",
            "table",
            "inline-table",
            "table-row",
            "table-cell",
            "table-row-group",
            "table-header-group",
            "table-footer-group",
            "table-column",
            "table-column-group",
            "table-caption",
        ]),
        "empty-cells" => Words(&["show", "hide"]),
        "float" => Words(&["none", "left", "right"]),
        "font" => Font,
        "font-family" => Family,
        "font-size" => Length(200.0, 500.0),
        "font-style" | "font-variant" => Words(WEIGHTS),
        "font-weight" => Number(1_000.0),
        "height" | "max-height" | "min-height" => Length(MAX_PX, 100.0),
        "width" | "max-width" | "min-width" => Length(MAX_PX, 100.0),
        "letter-spacing" | "word-spacing" => Length(50.0, 0.0),
        "line-height" => Length(200.0, 500.0),
        "list-style" | "list-style-type" | "list-style-position" => Words(&[
            "none",
            "disc",
            "circle",
            "square",
            "decimal",
            "lower-alpha",
            "upper-alpha",
            "lower-roman",
            "upper-roman",
            "lower-latin",
            "upper-latin",
            "inside",
            "outside",
        ]),
        "margin" | "margin-top" | "margin-right" | "margin-bottom" | "margin-left" => {
            Length(500.0, 100.0)
        }
        "opacity" => Number(1.0),
        "overflow" | "overflow-x" | "overflow-y" => Words(&["hidden", "visible", "auto"]),
        "overflow-wrap" | "word-wrap" => Words(&["normal", "break-word", "anywhere"]),
        "padding" | "padding-top" | "padding-right" | "padding-bottom" | "padding-left" => {
            Length(500.0, 100.0)
        }
        "table-layout" => Words(&["auto", "fixed"]),
        "text-align" => Words(&[
            "left",
            "right",
            "center",
            "justify",
            "start",
            "end",
            "-webkit-center",
            "inherit",
        ]),
        "text-decoration" | "text-decoration-line" | "text-decoration-style" => Decoration,
        "text-indent" => Length(200.0, 50.0),
        "text-transform" => Words(&["none", "uppercase", "lowercase", "capitalize"]),
        "unicode-bidi" => Words(&["normal", "embed", "isolate", "plaintext"]),
        "vertical-align" => Words(&[
            "top",
            "middle",
            "bottom",
            "baseline",
            "sub",
            "super",
            "text-top",
            "text-bottom",
        ]),
        "visibility" => Words(&["visible", "hidden", "collapse"]),
        "white-space" => Words(&["normal", "nowrap", "pre", "pre-wrap", "pre-line"]),
        "word-break" => Words(&["normal", "break-all", "break-word", "keep-all"]),
        _ => return None,
    })
}

/// A declaration that is allowed, written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) property: String,
    pub(super) value: String,
    /// Whether it holds before those that are not.
    pub(super) important: bool,
}

/// The declarations of an inline style that are allowed, written anew. What this wrote it writes the same again.
#[must_use]
pub(super) fn style(text: &str) -> String {
    written(declarations(text).iter())
}

/// The same, one by one.
#[must_use]
pub(super) fn declarations(text: &str) -> Vec<Declared> {
    if text.len() > MAX_STYLE {
        return Vec::new();
    }
    declared(&mut Parser::new(text))
}

/// The allowed declarations of a style or of a rule's block, read to its end.
pub(super) fn declared(parser: &mut Parser<'_>) -> Vec<Declared> {
    let mut out = Vec::new();
    for _ in 0..MAX_DECLARATIONS {
        if parser.is_exhausted() {
            break;
        }
        out.extend(parser.parse_until_after(Delimiter::Semicolon, declaration));
    }
    while parser.next().is_ok() {}
    out
}

/// Declarations as a style attribute says them.
pub(super) fn written<'a>(all: impl Iterator<Item = &'a Declared>) -> String {
    let mut out = String::new();
    for d in all {
        if !out.is_empty() {
            out.push(';');
        }
        out.push_str(&d.property);
        out.push(':');
        out.push_str(&d.value);
    }
    out
}

type Css<T> = Result<T, ParseError<()>>;

fn declaration(p: &mut Parser<'_>) -> Css<Declared> {
    let property = p.expect_ident()?.to_ascii_lowercase();
    p.expect_colon()?;
    let kind = kind(&property).ok_or_else(ParseError::unexpected_token)?;
    let (value, important) = value(p, kind)?;
    if value.is_empty() {
        return Err(ParseError::unexpected_token());
    }
    Ok(Declared {
        property,
        value,
        important,
    })
}

/// The value of a declaration, token by token, and whether it is important; one token too strange and there is none.
fn value(p: &mut Parser<'_>, kind: Kind) -> Css<(String, bool)> {
    let mut out = String::new();
    let mut tokens = 0;
    let mut important = false;
    // A name of several words is one font.
    while let Ok(token) = p.next().cloned() {
        tokens += 1;
        let piece = match &token {
            Token::Delim('!') => {
                p.expect_ident_matching("important")?;
                p.expect_exhausted()?;
                important = true;
                break;
            }
            Token::Comma if matches!(kind, Kind::Family | Kind::Font) => {
                out.push(',');
                continue;
            }
            Token::Delim('/') if kind == Kind::Font => "/".to_owned(),
            Token::Function(name) if has_colour(kind) && is_colour_function(name) => {
                let name = name.to_ascii_lowercase();
                let inside = p.parse_nested_block(colour_numbers)?;
                format!("{name}({inside})")
            }
            // Pictures are left out of a background; its colour stays.
            Token::UnquotedUrl(_) | Token::Comma | Token::Delim('/')
                if kind == Kind::Background =>
            {
                continue;
            }
            Token::Function(_) if kind == Kind::Background => {
                p.parse_nested_block(|p| {
                    while p.next().is_ok() {}
                    Css::Ok(())
                })?;
                continue;
            }
            other => match single(other, kind) {
                Some(piece) => piece,
                None if kind == Kind::Background => continue,
                None => return Err(ParseError::unexpected_token()),
            },
        };
        if tokens > 40 {
            return Err(ParseError::unexpected_token());
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&piece);
        if kind == Kind::Background {
            // One colour is all that is left; what follows was its picture.
            important = ends_important(p);
            break;
        }
    }
    Ok((out.trim_matches([',', ' ']).to_owned(), important))
}

/// Reads to the end, and whether that says `!important`.
fn ends_important(p: &mut Parser<'_>) -> bool {
    let (mut bang, mut important) = (false, false);
    while let Ok(token) = p.next() {
        important = bang && matches!(token, Token::Ident(w) if w.eq_ignore_ascii_case("important"));
        bang = *token == Token::Delim('!');
    }
    important
}

fn has_colour(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Colour | Kind::Background | Kind::Border | Kind::Decoration
    )
}

fn is_colour_function(name: &str) -> bool {
    ["rgb", "rgba", "hsl", "hsla"]
        .iter()
        .any(|f| name.eq_ignore_ascii_case(f))
}

/// A token that stands for itself.
fn single(token: &Token<'_>, kind: Kind) -> Option<String> {
    match (token, kind) {
        (Token::Hash(hex) | Token::IDHash(hex), k) if has_colour(k) => {
            let fits =
                matches!(hex.len(), 3 | 4 | 6 | 8) && hex.bytes().all(|b| b.is_ascii_hexdigit());
            fits.then(|| format!("#{hex}"))
        }
        (Token::Ident(word), k) => ident(word, k),
        (Token::QuotedString(name), Kind::Family | Kind::Font) => {
            font_name(name).map(|n| format!("'{n}'"))
        }
        (Token::Number { value, .. }, k) => plain_number(*value, k),
        (Token::Percentage { unit_value, .. }, Kind::Length(_, most)) if most > 0.0 => {
            percent(*unit_value, most)
        }
        (Token::Percentage { unit_value, .. }, Kind::Font) => percent(*unit_value, 500.0),
        (Token::Dimension { value, unit, .. }, k) => {
            let most = match k {
                Kind::Length(most, _) => most,
                Kind::Border | Kind::Decoration => 50.0,
                Kind::Font => 200.0,
                _ => return None,
            };
            length(*value, unit, most)
        }
        _ => None,
    }
}

fn ident(word: &str, kind: Kind) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let listed = |list: &[&str]| list.contains(&lower.as_str());
    let allowed = match kind {
        Kind::Words(list) => listed(list) || lower == "inherit",
        Kind::Colour | Kind::Background => is_colour_word(&lower),
        Kind::Border => listed(LINES) || is_colour_word(&lower),
        Kind::Length(..) => listed(AUTO) || listed(WEIGHTS),
        Kind::Number(most) => most > 1.0 && listed(WEIGHTS),
        Kind::Family | Kind::Font => return font_name(word),
        Kind::Decoration => {
            listed(&[
                "none",
                "underline",
                "overline",
                "line-through",
                "solid",
                "double",
                "dotted",
                "dashed",
                "wavy",
            ]) || is_colour_word(&lower)
        }
    };
    // A colour keeps its writing, as everything that is only read.
    allowed.then(|| {
        if has_colour(kind) {
            word.to_owned()
        } else {
            lower
        }
    })
}

/// Words for colours beside their names.
const COLOURS: &[&str] = &[
    "transparent",
    "currentcolor",
    "inherit",
    "initial",
    "unset",
    "window",
    "windowtext",
    "canvas",
    "canvastext",
    "buttonface",
    "buttontext",
    "graytext",
    "highlight",
    "highlighttext",
    "infobackground",
    "infotext",
    "linktext",
    "menu",
    "menutext",
    "threedface",
];

/// The name of a colour, or a word for one.
fn is_colour_word(lower: &str) -> bool {
    COLOURS.contains(&lower) || parse_named_color(lower).is_ok()
}

/// Words that some program once ran or obeyed: no value says them, not even as the name of a font.
pub(super) fn is_obeyed(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    [
        "javascript",
        "vbscript",
        "expression",
        "position",
        "@import",
    ]
    .iter()
    .any(|w| lower.contains(w))
}

fn font_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let known = !is_obeyed(name) && !name.eq_ignore_ascii_case("url");
    (known && !name.trim().is_empty() && name.len() <= 60 && name.chars().all(plain))
        .then(|| name.to_owned())
}

fn plain_number(value: f32, kind: Kind) -> Option<String> {
    match kind {
        Kind::Number(most) => Some(number(value.clamp(0.0, most))),
        // A bare number is a length only when it is nothing; of a line's height it is a factor.
        Kind::Length(most, _) if value >= 0.0 => {
            Some(number(value.min(if most < 300.0 { 10.0 } else { 0.0 })))
        }
        Kind::Border | Kind::Decoration if value == 0.0 => Some("0".to_owned()),
        Kind::Font if value >= 0.0 => Some(number(value.min(1_000.0))),
        _ => None,
    }
}

fn percent(unit: f32, most: f32) -> Option<String> {
    (unit >= 0.0).then(|| format!("{}%", number((unit * 100.0).min(most))))
}

/// A length that is not negative (which moves text over other text), and at most so many pixels.
fn length(value: f32, unit: &str, most: f32) -> Option<String> {
    let unit = unit.to_ascii_lowercase();
    let px = match unit.as_str() {
        "px" => 1.0,
        "pt" => 4.0 / 3.0,
        "em" | "rem" | "pc" => 16.0,
        "ex" | "ch" => 8.0,
        "cm" => 37.8,
        "mm" => 3.78,
        "in" => 96.0,
        _ => return None,
    };
    if value < 0.0 || value.is_nan() {
        return None;
    }
    if value * px > most {
        return Some(format!("{}px", number(most)));
    }
    Some(format!("{}{unit}", number(value)))
}

/// A number with at most three decimals, as it is read back.
fn number(value: f32) -> String {
    let rounded = (f64::from(value) * 1_000.0).round() / 1_000.0;
    format!("{rounded}")
}

/// Numbers, percentages, commas and slashes.
fn colour_numbers(p: &mut Parser<'_>) -> Css<String> {
    let mut out = String::new();
    while let Ok(token) = p.next().cloned() {
        if out.len() > 80 {
            return Err(ParseError::unexpected_token());
        }
        match token {
            Token::Comma => {
                out.push(',');
                continue;
            }
            Token::Delim('/') => {
                out.push('/');
                continue;
            }
            _ => {}
        }
        if !out.is_empty() && !out.ends_with([',', '/']) {
            out.push(' ');
        }
        match token {
            Token::Number { value, .. } if value.abs() <= 1_000.0 => out.push_str(&number(value)),
            Token::Percentage { unit_value, .. } if unit_value.abs() <= 10.0 => {
                let _ = write!(out, "{}%", number(unit_value * 100.0));
            }
            Token::Dimension { value, unit, .. }
                if unit.eq_ignore_ascii_case("deg") && value.abs() <= 1_000.0 =>
            {
                let _ = write!(out, "{}deg", number(value));
            }
            _ => return Err(ParseError::unexpected_token()),
        }
    }
    Ok(out)
}

/// Calls `found` with every address in a piece of CSS: `url(…)` however it is written, `@import`, fonts, and the
/// strings of functions that choose among pictures.
pub(super) fn addresses(css: &str, found: &mut dyn FnMut(&str)) {
    let mut parser = Parser::new(css);
    walk(&mut parser, false, 0, found);
}

fn walk(p: &mut Parser<'_>, strings: bool, depth: usize, found: &mut dyn FnMut(&str)) {
    let mut import = false;
    while let Ok(token) = p.next().cloned() {
        match &token {
            Token::UnquotedUrl(url) => found(url),
            Token::QuotedString(text) if strings || import => {
                found(text);
                import = false;
            }
            Token::AtKeyword(word) => import = word.eq_ignore_ascii_case("import"),
            Token::Semicolon => import = false,
            _ => {}
        }
        let opens = matches!(
            token,
            Token::Function(_)
                | Token::ParenthesisBlock
                | Token::SquareBracketBlock
                | Token::CurlyBracketBlock
        );
        if opens && depth < MAX_NESTING {
            let loads = matches!(&token, Token::Function(f) if ["url", "src", "image-set", "-webkit-image-set", "image", "cross-fade"].iter().any(|n| f.eq_ignore_ascii_case(n)));
            let _ = p.parse_nested_block(|p| {
                walk(
                    p,
                    loads
                        || (strings
                            && matches!(token, Token::Function(_) | Token::ParenthesisBlock)),
                    depth + 1,
                    found,
                );
                Ok::<(), ParseError<()>>(())
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_keep_only_what_cannot_load_or_cover() {
        for (given, kept) in [
            (
                "COLOR: Red !important; width:100%; color: rgba(1,2,3,.5)",
                "color:Red;width:100%;color:rgba(1,2,3,0.5)",
            ),
            (
                "font-family:\"Open Sans\", Arial ,sans-serif",
                "font-family:'Open Sans', Arial, sans-serif",
            ),
            (
                "font: italic bold 12px/1.5 Georgia, serif",
                "font:italic bold 12px / 1.5 Georgia, serif",
            ),
            (
                "border:1px solid #CCC;border-left:none",
                "border:1px solid #CCC;border-left:none",
            ),
            (
                "background:#fff url(http://a.test/x) no-repeat",
                "background:#fff",
            ),
            ("background:url('http://a.test/x') #fff", "background:#fff"),
            (
                "padding:0 10px 0 1.5em;margin:0 auto",
                "padding:0 10px 0 1.5em;margin:0 auto",
            ),
            (
                "line-height:1.4;line-height:140%",
                "line-height:1.4;line-height:140%",
            ),
            (
                "width:99999px;height:1e30em;width:300%",
                "width:2000px;height:2000px;width:100%",
            ),
            (
                "font-size:9999px;font-size:2rem",
                "font-size:200px;font-size:2rem",
            ),
            ("color:/* x */red", "color:red"),
            ("c\\6flor:red", "color:red"),
            (
                "text-decoration:underline;text-align:center",
                "text-decoration:underline;text-align:center",
            ),
            ("position:fixed;color:blue", "color:blue"),
            ("color:red;color:}", "color:red"),
            (
                "mso-line-height-rule:exactly;display:block",
                "display:block",
            ),
            (
                "background-color:hsl(120deg 50% 25% / 30%)",
                "background-color:hsl(120deg 50% 25%/30%)",
            ),
        ] {
            assert_eq!(style(given), kept, "{given}");
            assert_eq!(style(&style(given)), style(given), "{given}");
        }
        for drop in [
            "position:fixed",
            "position:absolute",
            "position:sticky!important",
            "background:url(x)",
            "background:u\\72l(x)",
            "background-image:url(x)",
            "color:var(--x)",
            "--x:red",
            "color:env(x)",
            "content:attr(title)",
            "width:expression(1)",
            "width:expr/**/ession(1)",
            "behavior:url(x)",
            "behaviour:x",
            "-moz-binding:url(x)",
            "margin:-99px",
            "margin-left:-1px",
            "text-indent:-9999px",
            "color:rgb((1)",
            "transform:scale(9)",
            "z-index:9",
            "content:'x'",
            "font-family:'a;b'",
            "background:image-set('x' 1x)",
            "@import 'x'",
            "width:calc(1px)",
            "width:100vw",
            "inset:0",
            "top:0",
            "left:-1px",
            "all:unset",
            "display:flex",
            "display:grid",
            "display:contents",
            "filter:url(#x)",
            "cursor:url(x)",
            "list-style:url(x)",
            "list-style-image:url(x)",
            "mask:url(x)",
            "clip-path:url(#x)",
            "animation:x 1s",
            "transition:all 1s",
            "src:url(x)",
            "font-family:url(x)",
            "border-image:url(x) 1",
            "pointer-events:none",
            "background:url(\"javascript:alert(1)\")",
            "background:\\75\\72\\6c(x)",
            "color:red\\9 url(x)",
            "width:1px url(x)",
            "color:expression(alert(1))",
            "float:none url(x)",
            "font:url(x)",
            "color:<script>",
            "color:\"</style>\"",
            "color:ajavascript",
            "background:positionfixed",
            "border-color:colour",
            "font-family:xjavascript",
            "font-family:'my expression'",
        ] {
            assert_eq!(style(drop), "", "{drop}");
        }
    }

    #[test]
    fn every_address_in_a_style_sheet_is_found() {
        let mut all = Vec::new();
        let css = "@import 'http://a.test/1'; @import url(http://a.test/2); @font-face{src:url(\"http://a.test/3\") format('woff'), local('x')}
            .a{background:u\\72l(http://a.test/4)} @media screen{.b{background-image:image-set('http://a.test/5' 1x, url(http://a.test/6) 2x)}}
            .c{content:'http://no.test'} .d{background:url( http://a.test/7 )";
        addresses(css, &mut |u| all.push(u.trim().to_owned()));
        let want: Vec<String> = (1..=7).map(|n| format!("http://a.test/{n}")).collect();
        assert_eq!(all, want);
    }
}
