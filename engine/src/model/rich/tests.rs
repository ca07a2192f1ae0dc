use super::*;
use crate::model::letter::{self, Picture};
use proptest::prelude::*;

const FILE: &str = "000102030405060708090a0b0c0d0e0f";

fn again(html: &str) -> String {
    Rich::read(html).unwrap().html()
}

fn text(html: &str) -> String {
    Rich::read(html).unwrap().text()
}

#[test]
fn what_the_editor_writes_stays_as_it_is() {
    for html in [
        "<p>One</p><p></p><p>two <strong>bold <em>both</em></strong> end</p>",
        "<ul><li><p>a</p></li><li><p>b</p><ol start=\"3\"><li><p>c</p></li></ol></li></ul>",
        "<blockquote><p>said</p><ul><li><p>x</p></li></ul></blockquote>",
        "<pre>  fn  main() {\n}</pre><p><code>x  y</code><br>next</p>",
        "<p><a href=\"https://a.test/?b=1&amp;c=2\">here <u>and</u></a> <s>gone</s></p>",
        &format!("<p>see <img src=\"cid:{FILE}\" alt=\"a &lt;b&gt;\"> there</p>"),
    ] {
        assert_eq!(again(html), html);
    }
}

#[test]
fn what_others_write_is_said_in_the_few_tags_there_are() {
    for (html, want) in [
        (
            "<b>x</b><i>y</i><del>z</del>",
            "<p><strong>x</strong><em>y</em><s>z</s></p>",
        ),
        (
            "<div>a</div><div>b</div><h1>c</h1>",
            "<p>a</p><p>b</p><p>c</p>",
        ),
        (
            "<span style='color:red' onclick=x>a</span><font size=7>b</font>",
            "<p>ab</p>",
        ),
        (
            "<ul>\n <li>a\n <li>b</ul>",
            "<ul><li><p>a  </p></li><li><p>b</p></li></ul>",
        ),
        (
            "<ul><ul><li>deep</ul></ul>",
            "<ul><li><p></p><ul><li><p>deep</p></li></ul></li></ul>",
        ),
        ("<li>lost</li>", "<p>lost</p>"),
        ("<ol start=-3><li>a</ol>", "<ol><li><p>a</p></li></ol>"),
        ("<blockquote></blockquote><ul></ul>", ""),
        (
            "<b>a<p>b</b>c",
            "<p><strong>a</strong></p><p><strong>b</strong>c</p>",
        ),
        (
            "1 < 2 & 3 &lt; 4 &#x41;&unknown;",
            "<p>1 &lt; 2 &amp; 3 &lt; 4 A&amp;unknown;</p>",
        ),
        ("<pre><b>x</b>\n\ny</pre>", "<pre>x\n\ny</pre>"),
    ] {
        assert_eq!(again(html), want, "{html}");
    }
}

#[test]
fn nothing_that_runs_loads_or_hides_comes_through() {
    for html in [
        "<script>alert(1)</script>x",
        "<ScRiPt src=//a.test/x></SCRIPT >x",
        "<style>p{background:url(//a.test)}</style>x",
        "<p onclick=\"alert(1)\" style=\"x\" class=y id=z>x</p>",
        "<img src=x onerror=alert(1)><img src='https://a.test/p.png'><img src='cid:nothing'>x",
        "<img src=\"data:image/png;base64,AAAA\"><svg><a href='javascript:alert(1)'>y</a></svg>x",
        "<iframe srcdoc='<script>1</script>'></iframe>x",
        "<!--<p onclick=1>-->x<!-- <script>",
        "<object data=x><embed src=x><form action=x><input autofocus onfocus=1>x",
        "<math><mi xlink:href='javascript:1'>y</mi></math>x",
        "<template><script>1</script></template>x",
        "</script>x<base href=//a.test><meta http-equiv=refresh content=0><link rel=x href=y>",
    ] {
        assert_eq!(again(html), "<p>x</p>", "{html}");
    }
}

#[test]
fn a_link_leads_to_the_web_or_to_a_mailbox_only() {
    for to in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "tel:+4912",
        "//a.test",
        "/x",
        "https:a.test",
        "https://",
        "vbscript:x",
        "part:x",
    ] {
        assert_eq!(
            again(&format!("<a href=\"{to}\">x</a>")),
            "<p>x</p>",
            "{to}"
        );
    }
    assert_eq!(
        again("<a href='https://a.test/\"><img src=x>' target=_blank>x</a>"),
        "<p><a href=\"https://a.test/%22%3E%3Cimg%20src=x%3E\">x</a></p>"
    );
    assert_eq!(
        again("<a href=mailto:a@b.test>x</a><a href=HTTP://A.test>y</a>"),
        "<p><a href=\"mailto:a@b.test\">x</a><a href=\"http://a.test/\">y</a></p>"
    );
}

#[test]
fn the_text_says_what_the_formatting_said() {
    for (html, want) in [
        ("<p>One</p><p></p><p>two<br>three</p>", "One\n\ntwo\nthree"),
        (
            "<p>We have:</p><ul><li><p>lamps</p></li><li><p>shades</p><ul><li><p>red</p></li></ul></li></ul><p>End</p>",
            "We have:\n- lamps\n- shades\n  - red\nEnd",
        ),
        (
            "<ol start=9><li><p>a</p><p>more</p></li><li><p>b<br>c</p></li></ol>",
            "9. a\n   more\n10. b\n    c",
        ),
        (
            "<blockquote><p>said</p><p></p><blockquote><p>before</p></blockquote></blockquote>",
            "> said\n>\n>> before",
        ),
        (
            "<p>See <a href='https://a.test/x'>the <b>page</b></a>, <a href='https://a.test/'>https://a.test</a> or <a href='mailto:t@a.test'>t@a.test</a>.</p>",
            "See the page <https://a.test/x>, https://a.test or t@a.test.",
        ),
        ("<pre>a\n  b</pre><p><code>c</code></p>", "a\n  b\nc"),
        (
            &format!("<p>See <img src='cid:{FILE}' alt='Pasted picture 1.png'></p>"),
            "See [Pasted picture 1.png]",
        ),
    ] {
        assert_eq!(text(html), want, "{html}");
    }
}

#[test]
fn text_and_its_tree_say_the_same() {
    for t in ["", "a", "a\n\n  b  c\n<b>&amp;\t", "\n\n", "مرحبا\nשלום"] {
        let rich = Rich::of_text(t);
        assert_eq!((rich.text().as_str(), rich.is_plain()), (t, true));
        assert_eq!(Rich::read(&rich.html()).unwrap(), rich);
    }
    assert!(!Rich::read("<p><b>a</b></p>").unwrap().is_plain());
    assert!(!Rich::read("<ul><li>a</ul>").unwrap().is_plain());
}

#[test]
fn a_picture_that_is_not_among_the_files_is_left_out() {
    let rich = Rich::read(&format!("<ul><li>a<img src=cid:{FILE}>b</li></ul>")).unwrap();
    assert_eq!(rich.pictures().len(), 1);
    let known = FileId::parse(FILE).unwrap();
    assert_eq!(rich.clone().showing_only(&[known]), rich);
    let none = rich.showing_only(&[]);
    assert_eq!(none, Rich::read("<ul><li>ab</li></ul>").unwrap());
}

#[test]
fn a_letter_has_each_line_in_its_own_direction_and_pictures_in_their_places() {
    let rich = Rich::read(&format!(
        "<p>See  https://x.test/a <img src=cid:{FILE} alt=A></p><p></p><ul><li>مرحبا</li></ul><pre>&lt;</pre>"
    ))
    .unwrap();
    let pictures = [
        Picture {
            content_id: "one@x.test",
            key: FILE,
            name: "a.png",
        },
        Picture {
            content_id: "two@x.test",
            key: "other",
            name: "b.png",
        },
    ];
    let html = letter::html("", Some(&rich), "Tom", None, &pictures);
    assert_eq!(
        html,
        "<html><body><div dir=\"auto\"><div dir=\"auto\">See&nbsp; <a href=\"https://x.test/a\">https://x.test/a</a> <img src=\"cid:one@x.test\" alt=\"A\" style=\"max-width:100%\"></div>\n<div dir=\"auto\"><br></div>\n<ul dir=\"auto\" style=\"margin:0\">\n<li>مرحبا</li>\n</ul>\n<pre style=\"margin:0;font-family:monospace;white-space:pre-wrap\">&lt;</pre>\n</div><p><img src=\"cid:two@x.test\" alt=\"b.png\" style=\"max-width:100%\"></p><div class=\"moz-signature\"><br>-- <br>Tom</div></body></html>"
    );
}

#[test]
fn a_megabyte_of_anything_is_read_in_one_go_and_more_is_refused() {
    for piece in [
        "<b>x",
        "<ul><li>",
        "<blockquote>",
        "<p>",
        "<a href=\"",
        "<!--",
        "&",
        "<",
        "</ul>",
        "<i><p>x</i>",
    ] {
        let html = piece.repeat(MAX_HTML / piece.len());
        let rich = Rich::read(&html).unwrap();
        assert_eq!(
            Rich::read(&rich.html()).unwrap_or(rich.clone()),
            rich,
            "{piece}"
        );
    }
    assert!(Rich::read(&"x".repeat(MAX_HTML + 1)).is_err());
}

#[test]
fn nesting_ends_at_a_depth_and_what_is_deeper_is_not_lost() {
    let deep = format!(
        "{}words{}",
        "<blockquote>".repeat(500),
        "</blockquote>".repeat(500)
    );
    let html = again(&deep);
    assert_eq!(html.matches("<blockquote>").count(), MAX_DEPTH);
    assert!(html.contains("words"));
    assert_eq!(again(&html), html);
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>".to_owned()),
        Just("</p>".to_owned()),
        Just("<b>".to_owned()),
        Just("</b>".to_owned()),
        Just("<i>".to_owned()),
        Just("</i>".to_owned()),
        Just("<u>".to_owned()),
        Just("<code>".to_owned()),
        Just("</code>".to_owned()),
        Just("<ul>".to_owned()),
        Just("</ul>".to_owned()),
        Just("<ol start=4>".to_owned()),
        Just("</ol>".to_owned()),
        Just("<li>".to_owned()),
        Just("</li>".to_owned()),
        Just("<blockquote>".to_owned()),
        Just("</blockquote>".to_owned()),
        Just("<pre>".to_owned()),
        Just("</pre>".to_owned()),
        Just("<br>".to_owned()),
        Just("<div>".to_owned()),
        Just(format!("<img src='cid:{FILE}' alt='&quot;x'>")),
        Just("<a href='https://a.test/?x=\"&lt;'>".to_owned()),
        Just("<a href='javascript:1'>".to_owned()),
        Just("</a>".to_owned()),
        Just("<script>".to_owned()),
        Just("</script>".to_owned()),
        Just("<img src=x onerror=1>".to_owned()),
        Just("\n".to_owned()),
        Just(" ".to_owned()),
        "\\PC{0,6}",
        "[<>&\"'=/!a-z -]{0,12}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|all| all.concat())
}

/// The tags of our own form, and nothing else between `<` and `>`.
fn is_ours(html: &str) -> bool {
    html.split('<').skip(1).all(|rest| {
        let Some((tag, text)) = rest.split_once('>') else {
            return false;
        };
        let name = tag
            .trim_start_matches('/')
            .split(' ')
            .next()
            .unwrap_or_default();
        let known = [
            "p",
            "br",
            "strong",
            "em",
            "u",
            "s",
            "code",
            "a",
            "ul",
            "ol",
            "li",
            "blockquote",
            "pre",
            "img",
        ];
        let bare = tag.trim_start_matches('/') == name;
        let dressed = match name {
            "a" => tag.starts_with("a href=\"http") && tag.matches('"').count() == 2,
            "img" => tag.starts_with("img src=\"cid:") && tag.matches('"').count() == 4,
            "ol" => tag.starts_with("ol start=\"") && tag.matches('"').count() == 2,
            _ => false,
        };
        known.contains(&name) && (bare || dressed) && !text.contains('>')
    })
}

proptest! {
    #[test]
    fn what_was_read_once_is_read_the_same_again(html in soup()) {
        let once = Rich::read(&html).unwrap();
        let twice = Rich::read(&once.html()).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert!(is_ours(&once.html()), "{}", once.html());
        prop_assert_eq!(Rich::of_text(&once.text()).text(), once.text());
    }
}
