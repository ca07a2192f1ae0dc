// What other programs put on the clipboard, brought into the shape that the parser knows: lists of word processors, headings,
// empty lines. Works on a document that is never shown.

const SILENT = "script, style, meta, title, link, template, iframe, object, svg, math, head, noscript";

function replace(old: Element, by: Element): void {
  by.append(...old.childNodes);
  old.replaceWith(by);
}

/** A heading is a line in bold. */
function headings(root: HTMLElement): void {
  for (const heading of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const line = document.createElement("p");
    const strong = document.createElement("strong");
    strong.append(...heading.childNodes);
    line.append(strong);
    heading.replaceWith(line);
  }
}

/** Word writes lists as paragraphs with a mark in front. */
function wordLists(root: HTMLElement): void {
  let list: HTMLElement | null = null;
  for (const line of [...root.querySelectorAll<HTMLElement>("p[style*='mso-list'], p[class^='MsoListParagraph']")]) {
    const mark = [...line.querySelectorAll<HTMLElement>("span[style*='mso-list']")].find((span) => /mso-list:\s*Ignore/i.test(span.getAttribute("style") ?? ""));
    if (mark === undefined) continue;
    const name = /^\s*(\d+|[a-z]{1,3})[.)]/i.test(mark.textContent ?? "") ? "ol" : "ul";
    mark.remove();
    const item = document.createElement("li");
    item.append(...line.childNodes);
    if (list === null || list.localName !== name || line.previousElementSibling !== list) {
      list = document.createElement(name);
      line.before(list);
    }
    list.append(item);
    line.remove();
  }
}

/** A line break at the end of a block shows nothing; a block with nothing else is an empty line. */
function lastBreaks(root: HTMLElement): void {
  for (const br of [...root.querySelectorAll("br")]) {
    const block = br.parentElement;
    if (block === null || !/^(p|div|li|td)$/.test(block.localName) || br.nextSibling !== null) continue;
    const empty = block.textContent?.trim() === "" && block.childElementCount === 1;
    br.remove();
    if (empty && block.localName === "div") replace(block, document.createElement("p"));
  }
}

/** On the web paragraphs have space between them; here a paragraph is a line. */
function space(root: HTMLElement): void {
  for (const line of [...root.querySelectorAll<HTMLElement>("p + p")]) {
    const before = line.previousElementSibling as HTMLElement;
    const tight = [line, before].some((p) => p.className.startsWith("Mso") || /^0(px|pt|cm|in)?$/.test(p.style.marginTop || p.style.marginBottom) || p.textContent?.trim() === "");
    if (!tight && line.closest("li, blockquote") === null) line.before(document.createElement("p"));
  }
}

/** Tidies pasted content in place. What this editor itself put on the clipboard is left as it is. */
export function tidy(root: HTMLElement): void {
  if (root.querySelector("[data-pm-slice]") !== null) return;
  for (const silent of root.querySelectorAll(SILENT)) silent.remove();
  for (const empty of [...root.querySelectorAll("*")].filter((e) => e.localName === "o:p")) empty.replaceWith(...empty.childNodes);
  wordLists(root);
  lastBreaks(root);
  space(root);
  headings(root);
}
