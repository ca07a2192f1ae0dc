// What a text written here can say: the same few things as `model::rich` of the engine, which makes it anew from them.
import { Schema, type MarkSpec, type Node, type NodeSpec } from "prosemirror-model";
import { linkOf } from "./address";

/** The engine's id of a file. */
const ID = /^cid:([0-9a-f]{32})$/;

/** The file that a picture's source names, if it is one of ours: pictures from afar are never shown. */
export function fileOf(src: string | null): string | null {
  return ID.exec(src ?? "")?.[1] ?? null;
}

const nodes = {
  doc: { content: "block+" },
  // A paragraph is a line, as it was typed. Its direction is that of its first letter (`unicode-bidi: plaintext`); a list as a
  // whole has one, so that its marks stand on one side.
  paragraph: { content: "inline*", group: "block", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
  bullet_list: { content: "list_item+", group: "block", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", { dir: "auto" }, 0] },
  ordered_list: {
    content: "list_item+", group: "block", attrs: { start: { default: 1, validate: "number" } },
    parseDOM: [{ tag: "ol", getAttrs: (dom) => ({ start: Math.min(99_999, Math.max(1, Math.trunc(Number(dom.getAttribute("start") ?? 1)) || 1)) }) }],
    toDOM: (node) => ["ol", { dir: "auto", ...(node.attrs["start"] === 1 ? {} : { start: String(node.attrs["start"]) }) }, 0],
  },
  list_item: { content: "paragraph block*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
  blockquote: { content: "block+", group: "block", defining: true, parseDOM: [{ tag: "blockquote" }], toDOM: () => ["blockquote", { dir: "auto" }, 0] },
  code_block: { content: "text*", marks: "", group: "block", code: true, defining: true, parseDOM: [{ tag: "pre", preserveWhitespace: "full" as const }], toDOM: () => ["pre", { dir: "auto", spellcheck: "false" }, 0] },
  text: { group: "inline" },
  hard_break: { inline: true, group: "inline", selectable: false, linebreakReplacement: true, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  picture: {
    inline: true, group: "inline", draggable: true, attrs: { file: { validate: "string" }, alt: { default: "", validate: "string" } },
    parseDOM: [{
      tag: "img[src]",
      getAttrs: (dom) => {
        const file = fileOf(dom.getAttribute("src"));
        return file === null ? false : { file, alt: dom.getAttribute("alt") ?? "" };
      },
    }],
    toDOM: (node) => ["img", { src: `cid:${String(node.attrs["file"])}`, alt: String(node.attrs["alt"]) }],
    leafText: (node: Node) => (node.attrs["alt"] === "" ? "" : `[${String(node.attrs["alt"])}]`),
  },
} satisfies Record<string, NodeSpec>;

// In the order in which their tags stand inside of each other.
const marks = {
  link: {
    attrs: { href: { validate: "string" } }, inclusive: false,
    parseDOM: [{
      tag: "a[href]",
      getAttrs: (dom) => {
        const said = dom.getAttribute("href") ?? "";
        const href = /^[a-z]+:/i.test(said.trim()) ? linkOf(said) : null;
        return href === null ? false : { href };
      },
    }],
    toDOM: (mark) => ["a", { href: String(mark.attrs["href"]), title: String(mark.attrs["href"]) }, 0],
  },
  strong: {
    parseDOM: [
      { tag: "strong" }, { tag: "b", getAttrs: (dom) => (dom.style.fontWeight === "normal" || dom.style.fontWeight === "400" ? false : null) },
      { style: "font-weight", getAttrs: (value) => (/^(bold(er)?|[6-9]\d\d)$/.test(value) ? null : false) },
    ],
    toDOM: () => ["strong", 0],
  },
  em: { parseDOM: [{ tag: "em" }, { tag: "i", getAttrs: (dom) => (dom.style.fontStyle === "normal" ? false : null) }, { style: "font-style=italic" }], toDOM: () => ["em", 0] },
  underline: { parseDOM: [{ tag: "u" }, { tag: "ins" }], toDOM: () => ["u", 0] },
  strike: { parseDOM: [{ tag: "s" }, { tag: "strike" }, { tag: "del" }, { style: "text-decoration=line-through" }, { style: "text-decoration-line=line-through" }], toDOM: () => ["s", 0] },
  code: { parseDOM: [{ tag: "code" }, { tag: "tt" }, { tag: "kbd" }, { tag: "samp" }], toDOM: () => ["code", { spellcheck: "false" }, 0] },
} satisfies Record<string, MarkSpec>;

export const schema = new Schema({ nodes, marks });
