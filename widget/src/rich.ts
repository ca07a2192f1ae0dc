// The team's formatted answers: a few harmless marks, made as elements one by one. The browser never parses what came, and whatever else stands in it is dropped, its words kept.
import { el } from "./dom";
import { webAddress } from "./text";

const MARKS = /^(b|strong|i|em|a|ul|ol|li|p|br)$/;
/** What stands on lines of its own; it is shown as a paragraph. */
const BLOCKS = /^(h[1-6]|div|blockquote|pre)$/;
/** What an answer repeats of what it answers, and what was never meant to be read. */
const SKIPPED = /<(mx-reply|script|style)\b[^]*?(<\/\1>|$)|<!--[^]*?(-->|$)/gi;
const TOKEN = /<(\/?)([a-z][\w-]*)((?:"[^"]*"|'[^']*'|[^'"<>])*)>|[^<]+|</gi;
const HREF = /\shref\s*=\s*["']?([^"'\s]*)/i;
const DEEPEST = 30;
const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

export function link(href: string, ...shown: string[]): HTMLElement {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...shown);
}

/** Fills an element with a formatted text; `plain` makes what stands between the marks. */
export function rich(into: HTMLElement, html: string, plain: (text: string) => readonly (Node | string)[]): void {
  let open = [into];
  for (const [text, slash, tag = "", rest = ""] of html.replace(SKIPPED, "").matchAll(TOKEN)) {
    const name = tag.toLowerCase().replace(BLOCKS, "p");
    const inner = open.at(-1) ?? into;
    if (tag === "") inner.append(...(inner.closest("a") === null ? plain(decoded(text)) : [decoded(text)]));
    else if (!MARKS.test(name)) continue;
    else if (slash !== "") {
      const at = open.findLastIndex((one) => one.localName === name);
      if (at > 0) open = open.slice(0, at);
    } else {
      const href = name === "a" ? webAddress(decoded(HREF.exec(rest)?.[1] ?? "")) : "";
      if (href === null) continue;
      const made = href === "" ? el(name as "p") : link(href);
      inner.append(made);
      if (name !== "br" && open.length < DEEPEST) open.push(made);
    }
  }
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|(amp|lt|gt|quot|apos|nbsp));/gi, (_, ten: string | undefined, sixteen: string | undefined, name = "") => CHARACTERS[name.toLowerCase()] ?? String.fromCodePoint(ten === undefined ? Number.parseInt(sixteen ?? "", 16) : Number(ten)));
}
