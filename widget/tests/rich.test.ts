import { describe, expect, test } from "vitest";
import { rich } from "../src/rich";
import { body } from "../src/timeline";

/** What is shown of a formatted text, written as HTML by the test alone. */
function shown(html: string): string {
  const into = document.createElement("div");
  rich(into, html, (text) => [text]);
  for (const a of into.querySelectorAll("a")) for (const name of ["target", "rel"]) a.removeAttribute(name);
  return into.innerHTML;
}

describe("a formatted answer", () => {
  test("has bold, italics, links, lists, paragraphs and breaks", () => {
    for (const html of ["<p><strong>Yes</strong>, <em>three</em>.</p><p>a<br>b</p>", "<ul><li>one</li><li>two<ol><li>three</li></ol></li></ul>", "<b>a<i>b</i></b>"]) expect(shown(html)).toBe(html);
    expect(shown('<A class="x" HREF="https://a.test/?b=1&amp;c=2" onclick="alert(1)">Here</A>')).toBe('<a href="https://a.test/?b=1&amp;c=2">Here</a>');
    expect(shown("<h2>Hours</h2><div>Nine</div>")).toBe("<p>Hours</p><p>Nine</p>");
  });

  test("has no other mark and no attribute; the words stay", () => {
    expect(shown('<img src=x onerror=alert(1)><b style="color:red" onclick="a>b">x</b><svg><a xlink:href="https://a.test">y</a></svg><iframe src="https://a.test">z</iframe>')).toBe("<b>x</b>yz");
    expect(shown("<script>alert(1)</script><style>p{}</style><!-- <b>no</b> -->a<scr<script>ipt>b")).not.toMatch(/<(?!\/?b>)/);
    expect(shown("&lt;img src=x&gt; &amp;lt; &#60;b&#x3E; &nope; &#9999999;")).toBe("&lt;img src=x&gt; &amp;lt; &lt;b&gt; &amp;nope; &amp;#9999999;");
  });

  test("leads to the web only, and in a link stands no other", () => {
    for (const href of ["javascript:alert(1)", "java&#10;script:alert(1)", "data:text/html,x", "//a.test", "https://user:word@a.test/", ""]) expect(shown(`<a href="${href}">x</a>`)).toBe("x");
    const into = document.createElement("div");
    rich(into, '<a href="https://a.test/"><b>https://b.test</b></a>', () => [document.createElement("a")]);
    expect(into.querySelectorAll("a")).toHaveLength(1);
  });

  test("repeats not what it answers", () => {
    expect(shown('<mx-reply><blockquote><a href="https://m.test/">In reply to</a><br>Is it there?</blockquote></mx-reply>Yes')).toBe("Yes");
  });

  test("whatever is open, crossed or endless ends in time", () => {
    expect(shown("<b>a<i>b</b>c</i>d</p></div>e")).toBe("<b>a<i>b</i></b>cde");
    expect(shown("a < b > c <")).toBe("a &lt; b &gt; c &lt;");
    for (const piece of ["<b>", "<", '<a "', "<a '", "<script", "<!--", "<mx-reply>", "&#", "</b>"]) {
      const into = document.createElement("div");
      rich(into, piece.repeat(2_000 / piece.length), (text) => [text]);
      let deep = 0;
      for (let at: Element | null = into; at !== null; at = at.lastElementChild) deep += 1;
      expect(deep, piece).toBeLessThan(40);
    }
  });

  test("is taken from where the homeserver's clients put it, and never too much of it", () => {
    const content = { msgtype: "m.text", body: "Yes", format: "org.matrix.custom.html", formatted_body: "<b>Yes</b>" };
    expect(body(content)).toMatchObject({ text: "Yes", html: "<b>Yes</b>" });
    expect(body({ ...content, format: "test.other" }).html).toBe("");
    expect(body({ ...content, formatted_body: "x".repeat(20_000) }).html).toBe("");
    expect(body({ ...content, formatted_body: { b: 1 } }).html).toBe("");
  });
});
