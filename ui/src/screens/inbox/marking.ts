/**
 * Marks words in texts that are on screen, without touching the texts: the browser paints the ranges. Where it cannot, the
 * message of a hit is framed all the same.
 */

const NAME = "found";
const NAME_HERE = "found-here";
const letter = /[\p{L}\p{N}]/u;
const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** A text as it is compared: small letters without marks, and where each of them stands in the text. */
function folded(text: string): { text: string; at: number[] } {
  let out = "";
  const at: number[] = [];
  let i = 0;
  for (const char of text) {
    const plain = char.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    for (let k = 0; k < plain.length; k += 1) at.push(i);
    out += plain;
    i += char.length;
  }
  at.push(i);
  return { text: out, at };
}

/** Where words begin with one of these, as pairs of offsets, in order. */
export function hitsIn(text: string, words: readonly string[]): [number, number][] {
  const low = folded(text);
  const hits: [number, number][] = [];
  for (const word of words) {
    const wanted = folded(word).text;
    if (wanted === "") continue;
    for (let i = low.text.indexOf(wanted); i >= 0; i = low.text.indexOf(wanted, i + wanted.length)) {
      const before = low.text[i - 1];
      // Languages without spaces have words anywhere.
      if (before !== undefined && letter.test(before) && !dense.test(wanted)) continue;
      hits.push([low.at[i] ?? 0, low.at[i + wanted.length] ?? text.length]);
    }
  }
  return hits.sort((a, b) => a[0] - b[0]);
}

/** Marks the words in everything below that is text of a message; those of one message stronger. */
export function mark(content: HTMLElement, words: readonly string[], here: string | null): void {
  if (typeof CSS === "undefined" || !("highlights" in CSS) || typeof Highlight === "undefined") return;
  const all: Range[] = [];
  const strong: Range[] = [];
  if (words.length > 0) {
    for (const text of content.querySelectorAll<HTMLElement>("[data-testid=message-text], [data-subject]")) {
      const own = text.closest<HTMLElement>("[data-id]")?.dataset["id"] === here;
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        for (const [from, to] of hitsIn(node.nodeValue ?? "", words)) {
          const range = new Range();
          range.setStart(node, from);
          range.setEnd(node, to);
          (own ? strong : all).push(range);
        }
      }
    }
  }
  CSS.highlights.set(NAME, new Highlight(...all));
  CSS.highlights.set(NAME_HERE, new Highlight(...strong));
}

export function unmark(): void {
  if (typeof CSS === "undefined" || !("highlights" in CSS)) return;
  CSS.highlights.delete(NAME);
  CSS.highlights.delete(NAME_HERE);
}
