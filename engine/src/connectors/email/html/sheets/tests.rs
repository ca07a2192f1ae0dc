use super::super::{MAX_TAGS, sanitise, unfolded};
use super::*;

fn shown(html: &str) -> String {
    unfolded(html).unwrap().html
}

/// The style that `css` gives to the paragraph in `<div id=top class="a b"><p class="c" style=…>`.
fn of_p(css: &str, own: &str) -> String {
    let html = shown(&format!(
        "<style>{css}</style><div id=top class='a b'><p class='c' style=\"{own}\">x</p></div>"
    ));
    let p = html.split("<p").nth(1).unwrap();
    let style = p.split('>').next().unwrap().trim();
    style
        .strip_prefix("style=\"")
        .and_then(|s| s.strip_suffix('"'))
        .unwrap_or(style)
        .to_owned()
}

#[test]
fn names_of_tags_classes_and_ids_find_their_elements() {
    for (selector, fits) in [
        ("p", true),
        ("P", true),
        ("*", true),
        (".c", true),
        (".C", true),
        ("p.c", true),
        ("*.c", true),
        ("div p", true),
        ("div > p", true),
        ("div>p", true),
        ("#top p", true),
        ("#top.a.b > .c", true),
        ("div.a p", true),
        (".x, p", true),
        ("a:hover, p", true),
        (".\\63", true),
        ("/* x */ div /* y */ p", true),
        ("div", false),
        (".d", false),
        ("p.d", false),
        ("p p", false),
        ("body > p", false),
        ("#top > div p", false),
        ("p:hover", false),
        ("p:first-child", false),
        ("p::before", false),
        ("p[class]", false),
        ("div + p", false),
        ("div ~ p", false),
        ("> p", false),
        ("div >", false),
        ("div > > p", false),
        ("p..c", false),
        ("p. c", false),
        ("#top#other p", false),
        ("p*", false),
        ("1p", false),
        ("", false),
        (",", false),
        ("@p", false),
    ] {
        let style = of_p(&format!("{selector} {{color:red}}"), "");
        assert_eq!(style == "color:red", fits, "{selector}: {style}");
    }
}

#[test]
fn the_stronger_then_the_later_rule_holds_and_an_inline_style_above_both() {
    for (css, own, want) in [
        ("p{color:red} p{color:blue}", "", "color:blue"),
        (".c{color:red} p{color:blue}", "", "color:red"),
        (
            "#top p{color:red} .a .b .c{color:blue} .c{color:green}",
            "",
            "color:red",
        ),
        ("div p{color:red} p{color:blue}", "", "color:red"),
        (
            "p,.c{color:red} p.c{color:green} p{color:blue}",
            "",
            "color:green",
        ),
        ("p{color:red}", "color:blue", "color:blue"),
        ("p{color:red !important}", "color:blue", "color:red"),
        (
            "p{color:red!important}",
            "color:blue ! important",
            "color:blue",
        ),
        ("p{color:red!important} .c{color:green}", "", "color:red"),
        (
            "p{margin:1px;color:red}",
            "margin-top:2px",
            "margin:1px;color:red;margin-top:2px",
        ),
        (
            "p{margin-top:2px} .c{margin:1px}",
            "",
            "margin-top:2px;margin:1px",
        ),
        (
            "p{background:url(http://a.test/x) #fff !important}",
            "background:red",
            "background:#fff",
        ),
    ] {
        assert_eq!(of_p(css, own), want, "{css} | {own}");
    }
}

#[test]
fn at_rules_are_left_out_but_for_media_that_every_screen_is() {
    for (css, fits) in [
        ("@media screen{p{color:red}}", true),
        ("@media all{p{color:red}}", true),
        ("@media only screen {p{color:red}}", true),
        ("@media print, screen{p{color:red}}", true),
        ("@media {p{color:red}}", true),
        ("@media screen{@media all{p{color:red}}}", true),
        ("@media print{p{color:red}}", false),
        ("@media not screen{p{color:red}}", false),
        ("@media screen and (min-width:1px){p{color:red}}", false),
        ("@media (prefers-color-scheme:dark){p{color:red}}", false),
        ("@supports (color:red){p{color:red}}", false),
        ("@layer x{p{color:red}}", false),
        ("@import 'http://a.test/x';p{color:red}", true),
        (
            "@font-face{font-family:x;src:url(http://a.test/x)}p{color:red}",
            true,
        ),
        ("@charset 'x';p{color:red}", true),
        ("<!-- p{color:red} -->", true),
        ("p{color:red", true),
        ("}p{color:red}", false),
        ("q{}p{color:red}", true),
        ("q{color:blue;@media print{x{}}}p{color:red}", true),
    ] {
        assert_eq!(of_p(css, "") == "color:red", fits, "{css}");
    }
    let by_tag = |attributes: &str| {
        shown(&format!(
            "<style {attributes}>p{{color:red}}</style><p>x</p>"
        ))
        .contains("red")
    };
    assert!(by_tag("") && by_tag("media=screen type='text/css'") && by_tag("media='all, print'"));
    assert!(!by_tag("media=print") && !by_tag("type=text/less"));
    assert!(!by_tag("media='(max-width:600px)'"));
}

#[test]
fn what_a_sheet_says_goes_through_the_same_list_as_a_style() {
    for css in [
        "p{position:fixed;top:0;z-index:9}",
        "p{background:url(http://a.test/1)}",
        "p{background:u\\72l(http://a.test/1)}",
        "p{width:expression(alert(1))}",
        "p{behavior:url(x.htc);-moz-binding:url(x)}",
        "p{--x:red;color:var(--x)}",
        "p{content:'x'}",
        "p{margin-left:-9999px;text-indent:-9999px}",
        "p{transform:scale(9);animation:x 1s}",
        "p{pos\\69tion:absolute}",
    ] {
        assert_eq!(of_p(css, ""), "", "{css}");
    }
    assert_eq!(of_p("p{c\\6flor:red}", ""), "color:red");
    let found = sanitise("<style>p{background:url(http://a.test/1)}</style><p>x</p>").unwrap();
    assert_eq!(found.clean.blocked, ["http://a.test/1"]);
}

#[test]
fn outlook_and_newsletters_look_as_they_were_written() {
    let outlook = shown(
        "<html><head><style><!--\n/* Style Definitions */\n@font-face {font-family:Calibri;}\np.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;font-size:11.0pt;font-family:\"Calibri\",sans-serif;mso-fareast-language:EN-US;}\na:link, span.MsoHyperlink\n\t{mso-style-priority:99;color:#0563C1;text-decoration:underline;}\n@page WordSection1 {size:612.0pt 792.0pt;}\ndiv.WordSection1 {page:WordSection1;}\n--></style></head><body lang=EN><div class=WordSection1><p class=MsoNormal>Hi<o:p></o:p></p></div></body></html>",
    );
    assert_eq!(
        outlook.trim(),
        "<div><p style=\"margin:0cm;font-size:11pt;font-family:'Calibri', sans-serif\">Hi</p></div>"
    );
    let news = shown(
        "<style>.pre{display:none!important;max-height:0} table.box td{padding:8px} .box > tbody > tr > td.k{color:#fff} @media (max-width:600px){.box{width:100%!important}}</style><span class=pre>Preview</span><table class=box width=600><tr><td class=k>A<td>B</table>",
    );
    assert!(
        news.contains("<span style=\"max-height:0;display:none\">Preview</span>"),
        "{news}"
    );
    assert!(
        news.contains(
            "<td style=\"padding:8px;color:#fff\">A</td><td style=\"padding:8px\">B</td>"
        ),
        "{news}"
    );
    assert!(news.contains("<table width=\"600\">"), "{news}");
}

#[test]
fn the_style_of_the_page_is_put_around_the_mail() {
    assert_eq!(
        shown(
            "<style>body{font-family:Arial;margin:0}</style><body bgcolor=x style='background:#eee;width:100%'><p>x</p></body>"
        ),
        "<div style=\"font-family:Arial;background:#eee\"><p>x</p></div>"
    );
    assert_eq!(shown("<body style='margin:0'><p>x</p>"), "<p>x</p>");
}

#[test]
fn a_hidden_picture_that_a_sheet_hides_is_a_tracker() {
    let out = sanitise("<style>.t{width:1px;height:1px}</style><img class=t src='http://a.test/1'><img class=u src='http://a.test/2'>").unwrap();
    assert!(
        !out.clean.html.contains("data-remote=\"0\"")
            && out.clean.html.contains("data-remote=\"1\"")
    );
}

#[test]
fn elements_that_were_left_open_are_ended_as_a_parser_ends_them() {
    let style = |html: &str, n: usize| {
        let html = shown(&format!(
            "<style>p p,li li,td td,tr tr,p div{{color:red}} ul ul li{{color:blue}}</style>{html}"
        ));
        html.matches(["red", "blue"][n]).count()
    };
    assert_eq!(style("<p>a<p>b<div>c</div>", 0), 0);
    assert_eq!(style("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", 1), 1);
    assert_eq!(style("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", 0), 0);
    assert_eq!(style("<table><tr><td>a<td>b<tr><td>c</table>", 0), 0);
    assert_eq!(
        style("<table><tr><td><table><tr><td>a</table></table>", 0),
        2
    );
}

#[test]
fn each_bound_of_the_sheets_takes_what_is_at_it_and_leaves_out_what_is_above() {
    let rules = |n: usize| {
        let others: String = (1..n).map(|i| format!(".x{i}{{color:blue}}")).collect();
        of_p(&format!("{others}p{{color:red}}"), "")
    };
    assert_eq!(rules(MAX_RULES - 1), "color:red");
    assert_eq!(rules(MAX_RULES), "color:red");
    assert_eq!(rules(MAX_RULES + 1), "");
    let selectors = |n: usize| {
        let others: String = (1..n).map(|i| format!(".x{i},")).collect();
        of_p(&format!("{others}p{{color:red}}"), "")
    };
    assert_eq!(selectors(MAX_SELECTORS - 1), "color:red");
    assert_eq!(selectors(MAX_SELECTORS), "color:red");
    assert_eq!(selectors(MAX_SELECTORS + 1), "");
    let bytes = |n: usize| {
        let rule = "p{color:red}";
        of_p(&format!("/*{}*/{rule}", "x".repeat(n - rule.len() - 4)), "")
    };
    assert_eq!(bytes(MAX_SHEETS - 1), "color:red");
    assert_eq!(bytes(MAX_SHEETS), "color:red");
    assert_eq!(bytes(MAX_SHEETS + 1), "");
}

#[test]
fn sheets_that_cost_too_much_are_left_out_and_the_mail_is_shown() {
    let deep = "<div>".repeat(200);
    let bombs = [
        format!("{} p{{color:red}}", "div ".repeat(14)),
        format!("{} p{{color:red}}", "div > div ".repeat(7)),
        format!("b {} p{{color:red}}", "div > div ".repeat(6)),
        "*{color:red;width:1px;height:1px}".repeat(500),
        format!(
            "*{{font-family:{}}}",
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',".repeat(18) + "x"
        ),
    ];
    for css in bombs {
        let html = format!(
            "<style>{css}</style>{deep}{}",
            "<p>x</p>".repeat(MAX_TAGS / 2 - 200)
        );
        let out = shown(&html);
        assert_eq!(
            out.matches("<p").count(),
            MAX_TAGS / 2 - 200,
            "{}",
            &css[..40]
        );
    }
}

#[test]
fn no_rule_of_a_long_list_is_lost_that_holds_strongest() {
    let many: String = (0..300)
        .map(|n| format!("p{{width:{n}px;color:#{n:06}}}"))
        .collect();
    assert_eq!(
        of_p(&many, "height:1px"),
        "width:299px;color:#000299;height:1px"
    );
}
