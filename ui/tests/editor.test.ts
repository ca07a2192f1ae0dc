import { describe, expect, it } from "vitest";
import { EditorState, TextSelection } from "prosemirror-state";
import { linkOf } from "../src/editor/address";
import { clear, isOn, plugins, toggle } from "../src/editor/commands";
import { ofHtml, ofText, pasted, sliceOfText } from "../src/editor/read";
import { schema } from "../src/editor/schema";
import { html, isPlain, picturesOf, text } from "../src/editor/write";

const FILE = "000102030405060708090a0b0c0d0e0f";
const state = (of: string): EditorState => EditorState.create({ doc: ofHtml(of), plugins: plugins() });
const selected = (of: string): EditorState => {
  const at = state(of);
  return at.apply(at.tr.setSelection(TextSelection.between(at.doc.resolve(1), at.doc.resolve(at.doc.content.size - 1))));
};
const after = (of: EditorState, command: ReturnType<typeof toggle>): EditorState => {
  let now = of;
  command(of, (tr) => (now = of.apply(tr)));
  return now;
};
const paste = (markup: string): string => {
  const { body } = new DOMParser().parseFromString(markup, "text/html");
  return html(schema.node("doc", null, pasted.parseSlice(body, { preserveWhitespace: true }).content));
};

describe("what is written", () => {
  // The same samples stand in the engine's tests of `model::rich`: both must write them alike.
  it("is kept and read again as it is", () => {
    for (const one of [
      "<p>One</p><p></p><p>two <strong>bold <em>both</em></strong> end</p>",
      '<ul><li><p>a</p></li><li><p>b</p><ol start="3"><li><p>c</p></li></ol></li></ul>',
      "<blockquote><p>said</p><ul><li><p>x</p></li></ul></blockquote>",
      "<pre>  fn  main() {\n}</pre><p><code>x  y</code><br>next</p>",
      '<p><a href="https://a.test/?b=1&amp;c=2">here <u>and</u></a> <s>gone</s></p>',
      `<p>see <img src="cid:${FILE}" alt="a &lt;b&gt;"> there</p>`,
    ]) expect(html(ofHtml(one))).toBe(one);
  });

  it("says the same as text", () => {
    for (const [markup, said] of [
      ["<p>We have:</p><ul><li><p>lamps</p></li><li><p>shades</p><ul><li><p>red</p></li></ul></li></ul><p>End</p>", "We have:\n- lamps\n- shades\n  - red\nEnd"],
      ['<ol start="9"><li><p>a</p><p>more</p></li><li><p>b<br>c</p></li></ol>', "9. a\n   more\n10. b\n    c"],
      ["<blockquote><p>said</p><p></p><blockquote><p>before</p></blockquote></blockquote>", "> said\n>\n>> before"],
      ['<p>See <a href="https://a.test/x">the <strong>page</strong></a>, <a href="https://a.test/">https://a.test</a> or <a href="mailto:t@a.test">t@a.test</a>.</p>', "See the page <https://a.test/x>, https://a.test or t@a.test."],
      [`<p>See <img src="cid:${FILE}" alt="Pasted picture 1.png"></p>`, "See [Pasted picture 1.png]"],
    ] as const) expect(text(ofHtml(markup))).toBe(said);
  });

  it("is plain text as long as nothing is formatted, line for line", () => {
    for (const one of ["", "a", "a\n\n  b  c\n<b>&amp;", "مرحبا\nשלום"]) {
      expect(text(ofText(one))).toBe(one);
      expect(isPlain(ofText(one))).toBe(true);
    }
    expect(isPlain(ofHtml("<p><em>a</em></p>"))).toBe(false);
    expect(isPlain(ofHtml("<ul><li><p>a</p></li></ul>"))).toBe(false);
  });

  it("names the pictures in it", () => {
    expect([...picturesOf(ofHtml(`<ul><li><p><img src="cid:${FILE}" alt=""></p></li></ul>`))]).toEqual([FILE]);
  });
});

describe("what is pasted", () => {
  it("keeps no style, no picture from afar and nothing that runs", () => {
    expect(paste('<p style="color:red" onclick="x()">a<img src="https://far.test/p.png"><img src="data:image/png;base64,AA"><script>1</script><a href="javascript:x">b</a></p>')).toBe("<p>ab</p>");
  });

  it("keeps bold and italic of other programs, also where they say it by style", () => {
    expect(paste('<p><b style="font-weight:normal"><span style="font-weight:700">a</span><span style="font-style:italic">b</span></b></p>')).toBe("<p><strong>a</strong><em>b</em></p>");
  });

  it("makes lists of Word's paragraphs, and bold lines of headings", () => {
    const line = (mark: string, words: string): string => `<p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">${mark}<span>  </span></span>${words}</p>`;
    expect(paste(`<h1>Offer</h1>${line("1.", "one")}${line("2.", "two")}${line("·", "three")}`)).toBe("<p><strong>Offer</strong></p><ol><li><p>one</p></li><li><p>two</p></li></ol><ul><li><p>three</p></li></ul>");
  });

  it("keeps the space between paragraphs of a page as empty lines, and those of a mail as they are", () => {
    expect(paste("<p>a</p><p>b</p>")).toBe("<p>a</p><p></p><p>b</p>");
    expect(paste("<div>a</div><div><br></div><div>b</div>")).toBe("<p>a</p><p></p><p>b</p>");
  });

  it("is text line by line where it has no formatting", () => {
    expect(text(schema.node("doc", null, sliceOfText("a\r\n\r\nb").content))).toBe("a\n\nb");
  });
});

describe("looks", () => {
  it("are put on what is selected and taken off again", () => {
    for (const look of ["strong", "em", "underline", "strike", "code", "bullets", "numbers", "quote"] as const) {
      const on = after(selected("<p>words</p>"), toggle(look));
      expect([look, isOn(on, look)]).toEqual([look, true]);
      expect(html(after(on, toggle(look)).doc)).toBe("<p>words</p>");
    }
  });

  it("turn one kind of list into the other", () => {
    expect(html(after(selected("<ul><li><p>a</p></li></ul>"), toggle("numbers")).doc)).toBe("<ol><li><p>a</p></li></ol>");
  });

  it("are all taken off at once", () => {
    expect(html(after(selected('<blockquote><ul><li><p><strong>a</strong> <a href="https://a.test/">b</a></p></li></ul></blockquote>'), clear).doc)).toBe("<p>a b</p>");
  });
});

describe("a link", () => {
  it("leads to the web or to a mailbox only", () => {
    for (const [said, to] of [["a.test/x", "https://a.test/x"], [" HTTP://A.test ", "http://a.test/"], ["anna@a.test", "mailto:anna@a.test"], ["mailto:anna@a.test", "mailto:anna@a.test"], ["localhost:8080/x", null]] as const) expect(linkOf(said)).toBe(to);
    for (const said of ["", "words", "javascript:alert(1)", "java\nscript:x", "data:text/html,x", "file:///etc/passwd", "https:a.test", "https://", "tel:12", "a b.test", "https://a.test\\x", "//a.test"]) expect(linkOf(said)).toBeNull();
  });
});
