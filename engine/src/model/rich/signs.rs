//! The tree as text with signs around its words: `*bold*`, `_italic_`, `~struck~` and three backticks around code, as
//! WhatsApp and others read them. Lists, quotes and links are said as in plain text.

use super::plain::{self, Said, led};
use super::{Look, Piece, Rich, What};

const FENCE: &str = "```";

impl Rich {
    /// The text with signs around what is formatted. Where signs would not be read as such, the words stand bare.
    #[must_use]
    pub fn signs(&self) -> String {
        plain::lines(&self.blocks, &SIGNS).join("\n")
    }
}

const SIGNS: Said = Said {
    line,
    code,
    quote: ">",
};

fn code(code: &str) -> String {
    if code.contains(FENCE) || code.trim().is_empty() {
        code.to_owned()
    } else {
        format!("{FENCE}{code}{FENCE}")
    }
}

/// A stretch of a line that looks the same throughout.
struct Run {
    words: String,
    look: Look,
}

fn line(pieces: &[Piece]) -> String {
    let runs = runs(pieces);
    let mut out = String::new();
    for (i, run) in runs.iter().enumerate() {
        let next = runs.get(i + 1).and_then(|r| r.words.chars().next());
        marked(&mut out, run, next);
    }
    out
}

/// Signs hold on one line, and a link's address is said after all of its words.
fn runs(pieces: &[Piece]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let link = first.look.link.as_deref();
        let same = rest.iter().take_while(|p| p.look.link.as_deref() == link);
        let (some, after) = rest.split_at(same.count());
        rest = after;
        match link {
            // One look for a whole link, so that its address stands behind its words.
            Some(to) => {
                let words: String = some.iter().map(|p| plain::words(&p.what)).collect();
                out.push(Run {
                    words: led(to, &words),
                    look: Look::default(),
                });
            }
            None => {
                for p in some {
                    let look = match p.what {
                        What::Text(_) => Look {
                            underlined: false,
                            ..p.look.clone()
                        },
                        _ => Look::default(),
                    };
                    let words = plain::words(&p.what);
                    match out.last_mut().filter(|r| r.look == look) {
                        Some(last) => last.words.push_str(&words),
                        None => out.push(Run { words, look }),
                    }
                }
            }
        }
    }
    out
}

/// Signs are read as such only where they touch the words within and no word outside.
fn marked(out: &mut String, run: &Run, next: Option<char>) {
    let inner = run.words.trim();
    let start = run.words.len() - run.words.trim_start().len();
    let (before, after) = (
        run.words.get(..start).unwrap_or_default(),
        run.words.get(start + inner.len()..).unwrap_or_default(),
    );
    out.push_str(before);
    let signs: Vec<&str> = signs(&run.look)
        .into_iter()
        .filter(|s| !inner.contains(*s))
        .collect();
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let stands_free = free(out.chars().next_back()) && (!after.is_empty() || free(next));
    if inner.is_empty() || inner.contains('\n') || !stands_free {
        out.push_str(inner);
    } else {
        signs.iter().for_each(|s| out.push_str(s));
        out.push_str(inner);
        signs.iter().rev().for_each(|s| out.push_str(s));
    }
    out.push_str(after);
}

fn signs(look: &Look) -> Vec<&'static str> {
    if look.code {
        return vec![FENCE];
    }
    let sign = |on: bool, sign| on.then_some(sign);
    [
        sign(look.strong, "*"),
        sign(look.em, "_"),
        sign(look.struck, "~"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Rich;

    fn signs(html: &str) -> String {
        Rich::read(html).unwrap().signs()
    }

    #[test]
    fn words_get_signs_where_they_are_read_as_such() {
        for (html, want) in [
            ("<p>a <strong>b</strong> c</p>", "a *b* c"),
            ("<p><em>i</em>, <s>s</s>.</p>", "_i_, ~s~."),
            ("<p><strong>b <em>both</em></strong></p>", "*b* *_both_*"),
            ("<p>say <strong> hi </strong>you</p>", "say  *hi* you"),
            ("<p>un<strong>believ</strong>able</p>", "unbelievable"),
            ("<p><strong>2*3</strong></p>", "2*3"),
            ("<p><u>under</u></p>", "under"),
            ("<p><strong>a<br>b</strong></p>", "*a*\n*b*"),
            ("<p><strong> </strong></p>", " "),
            ("<p>run <code>x  y</code> now</p>", "run ```x  y``` now"),
            ("<pre>a\n b</pre>", "```a\n b```"),
            ("<pre>a ``` b</pre>", "a ``` b"),
        ] {
            assert_eq!(signs(html), want, "{html}");
        }
    }

    #[test]
    fn lists_quotes_and_links_are_said_in_text() {
        let html = "<ul><li><p>a <strong>b</strong></p></li><li><p>c</p></li></ul><blockquote><p><em>q</em></p></blockquote>";
        assert_eq!(signs(html), "- a *b*\n- c\n> _q_");
        assert_eq!(
            signs("<p>see <a href=\"https://a.test/x\">here <strong>now</strong></a>.</p>"),
            "see here now <https://a.test/x>."
        );
        assert_eq!(
            signs("<p><a href=\"https://a.test/\">https://a.test</a></p>"),
            "https://a.test"
        );
    }
}
