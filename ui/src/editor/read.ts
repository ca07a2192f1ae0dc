// Documents out of what was kept, and out of what is pasted.
import { DOMParser as Parser, Fragment, Slice, type Node, type ParseOptions, type Schema } from "prosemirror-model";
import { schema } from "./schema";
import { tidy } from "./tidy";

const kept = Parser.fromSchema(schema);

/** A paragraph for each line. */
function paragraphs(text: string): Node[] {
  return text.split(/\r\n?|\n/).map((line) => schema.node("paragraph", null, line === "" ? [] : [schema.text(line)]));
}

/** What was kept as text. */
export function ofText(text: string): Node {
  return schema.node("doc", null, paragraphs(text));
}

/** What was kept as HTML. The document that it is read in is never shown and loads nothing. */
export function ofHtml(html: string): Node {
  return kept.parse(new DOMParser().parseFromString(html, "text/html").body, { preserveWhitespace: "full" });
}

/** Pasted text, line by line. */
export function sliceOfText(text: string): Slice {
  return new Slice(Fragment.from(paragraphs(text)), 1, 1);
}

/** Reads what is pasted: reduced to what is kept. */
class Pasted extends Parser {
  override parseSlice(dom: globalThis.Node, options?: ParseOptions): Slice {
    if (dom instanceof HTMLElement) tidy(dom);
    return super.parseSlice(dom, options);
  }
}

export const pasted = new Pasted(schema as Schema, kept.rules);
