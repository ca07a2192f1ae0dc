use super::*;

fn clean(html: &str) -> Sanitised {
    sanitise(html).unwrap()
}

#[test]
fn ordinary_formatting_stays() {
    let html = "<p style=\"color: #333; font-family: 'Open Sans', Arial\">Hi <b>you</b></p><table width=\"100%\" bgcolor=\"#ffffff\" cellpadding=\"0\"><tbody><tr><td align=\"center\" valign=\"top\">1</td></tr></tbody></table>";
    let out = clean(html).clean;
    assert_eq!(
        out.html,
        "<p style=\"color:#333;font-family:'Open Sans', Arial\">Hi <b>you</b></p><table width=\"100%\" bgcolor=\"#ffffff\" cellpadding=\"0\"><tbody><tr><td align=\"center\" valign=\"top\">1</td></tr></tbody></table>"
    );
    assert_eq!(out.version, SANITISER_VERSION);
}

#[test]
fn links_are_numbered_and_never_stand_in_the_html() {
    let out = clean("<a href=' https://Shop.test/a?x=1&amp;y '>one</a><a href='mailto:a@b.test'>two</a><a href='https://shop.test/a?x=1&y'>same</a><a href='javascript:x'>text stays</a>").clean;
    assert_eq!(out.links, ["https://shop.test/a?x=1&y", "mailto:a@b.test"]);
    assert!(
        out.html.starts_with(
            "<a href=\"part-link:0\" target=\"_blank\" rel=\"noopener noreferrer\">one</a>"
        ),
        "{}",
        out.html
    );
    assert!(out.html.contains("part-link:1") && !out.html.contains("shop.test"));
    assert!(out.html.contains("text stays"));
}

#[test]
fn dangerous_link_targets_lose_their_href() {
    for href in [
        "javascript:alert(1)",
        "JaVa\tScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "about:blank",
        "#top",
        "/relative",
        "part-link:x",
        "part-link:7/8",
        "part://localhost/1",
        "smb://x/y",
        "ms-msdt:x",
        "vbscript:x",
        "cid:1",
        "//evil.test",
    ] {
        let out = clean(&format!("<a href=\"{href}\">x</a>")).clean;
        assert!(
            !out.html.contains("href") && out.links.is_empty(),
            "{href}: {}",
            out.html
        );
    }
}

#[test]
fn everything_remote_is_left_out_and_listed() {
    let out = clean(
        "<head><style>@font-face{src:url(http://a.test/9)}</style><link rel=stylesheet href='http://a.test/8'></head><img src='https://t.test/p.png?id=1' alt='Logo' onerror=x><img srcset='http://a.test/1 1x, http://a.test/2 2x'><table background='http://a.test/3'></table><p style='background:url(http://a.test/4)'><video poster='http://a.test/5'></video><noscript><img src=http://a.test/6></noscript><v:fill src='http://a.test/7'>",
    )
    .clean;
    let mut listed: Vec<&str> = out
        .blocked
        .iter()
        .filter_map(|b| b.strip_prefix("http://a.test/"))
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert!(out.html.contains("alt=\"Logo\""));
    assert!(!out.html.contains("http"), "{}", out.html);
}

#[test]
fn a_picture_keeps_its_place_and_a_pixel_has_none() {
    let out = clean("<img src='http://t.test/1' width=1 height=1><img src='http://a.test/big' width=600><img style='width:1px;height:1px' src=http://t.test/2><p style='background:url(http://a.test/bg)'>x</p>").clean;
    let kind = |url: &str| {
        out.blocked
            .iter()
            .position(|b| b == url)
            .map(|n| out.kinds[n])
    };
    assert_eq!(kind("http://t.test/1"), Some(Remote::Tracker));
    assert_eq!(kind("http://t.test/2"), Some(Remote::Tracker));
    assert_eq!(kind("http://a.test/big"), Some(Remote::Picture));
    assert_eq!(kind("http://a.test/bg"), Some(Remote::Other));
    let n = out
        .blocked
        .iter()
        .position(|b| b == "http://a.test/big")
        .unwrap();
    assert!(
        out.html.contains(&format!("data-remote=\"{n}\"")),
        "{}",
        out.html
    );
    assert_eq!(out.html.matches("data-remote").count(), 1);
}

#[test]
fn images_of_the_mail_itself_are_shown_by_content_id() {
    let out = clean("<img src=\"cid:a b%40x/../1\"><img src='CID:two'>");
    assert!(
        out.clean
            .html
            .contains("src=\"part://localhost/cid/a%20b%40x%2F..%2F1\""),
        "{}",
        out.clean.html
    );
    assert!(out.cids.contains("a b@x/../1") && out.cids.contains("two"));
}

#[test]
fn the_text_of_html_keeps_words_and_lines_apart() {
    let text = |h: &str| to_text(&clean(h).clean.html);
    assert_eq!(
        text("<p>Hi <b>you</b> there,</p><p>1 &lt; 2 &amp;&nbsp;3<br>next</p>"),
        "Hi you there,\n\n1 < 2 & 3\nnext"
    );
    assert_eq!(
        text("<div>a</div>\n  <div><div>b</div></div><ul><li>x</li><li>y</li></ul>"),
        "a\nb\n• x\n• y"
    );
    assert_eq!(
        text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
        "a b\nc"
    );
    assert_eq!(text("<pre>a\n  b</pre>&amp;lt;"), "a\n  b\n&lt;");
}

#[test]
fn what_is_over_its_budget_is_not_shown_as_html() {
    assert!(sanitise(&"<div>".repeat(MAX_DEPTH - 1)).is_some());
    assert!(sanitise(&"<div>".repeat(MAX_DEPTH)).is_some());
    assert!(sanitise(&"<div>".repeat(MAX_DEPTH + 1)).is_none());
    assert!(sanitise(&"<b>".repeat(100_000)).is_none());
    assert!(sanitise(&"<span></x>".repeat(20_000)).is_none());
    assert!(sanitise(&"<br>".repeat(MAX_TAGS - 1)).is_some());
    assert!(sanitise(&"<br>".repeat(MAX_TAGS)).is_some());
    assert!(sanitise(&"<br>".repeat(MAX_TAGS + 1)).is_none());
    assert!(sanitise(&"<".repeat(MAX_HTML)).is_none());
    for (length, fits) in [
        (MAX_HTML - 1, true),
        (MAX_HTML, true),
        (MAX_HTML + 1, false),
    ] {
        assert_eq!(sanitise(&"x".repeat(length)).is_some(), fits, "{length}");
    }
    for (count, kept) in [
        (MAX_LINKS - 1, MAX_LINKS - 1),
        (MAX_LINKS, MAX_LINKS),
        (MAX_LINKS + 1, MAX_LINKS),
    ] {
        let links: String = (0..count)
            .map(|n| format!("<a href='https://a.test/{n}'>x</a>"))
            .collect();
        assert_eq!(clean(&links).clean.links.len(), kept);
    }
}

#[test]
fn elements_that_open_again_in_every_block_do_not_multiply() {
    let fonts: String = (0..200)
        .map(|n| format!("<font size={}><b><font color=c{n}>", n % 7))
        .collect();
    assert!(sanitise(&format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(10_000))).is_none());
}

#[test]
fn text_that_was_too_much_to_be_html_is_shown_as_text() {
    assert_eq!(
        as_text("<p>1 &lt; 2 <b>x</b></p><script>no</script>"),
        "<p>1 &lt; 2 x</p>"
    );
}
