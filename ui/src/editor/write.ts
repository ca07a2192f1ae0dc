// A document as the HTML that is kept and sent, and as text: both as the engine writes them.
import type { Mark, Node } from "prosemirror-model";

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const tags: Readonly<Record<string, string>> = { strong: "strong", em: "em", underline: "u", strike: "s", code: "code", link: "a" };
const attr = (node: Node | Mark, name: string): string => String(node.attrs[name] ?? "");

function children(node: Node): Node[] {
  return Array.from({ length: node.childCount }, (_, i) => node.child(i));
}

function opening(mark: Mark): string {
  return mark.type.name === "link" ? `<a href="${escaped(attr(mark, "href"))}">` : `<${tags[mark.type.name] ?? "s"}>`;
}

function leaf(node: Node): string {
  if (node.isText) return escaped(node.text ?? "");
  return node.type.name === "picture" ? `<img src="cid:${attr(node, "file")}" alt="${escaped(attr(node, "alt"))}">` : "<br>";
}

function line(node: Node): string {
  let out = "";
  let open: readonly Mark[] = [];
  const close = (from: number): void => {
    for (const mark of open.slice(from).reverse()) out += `</${tags[mark.type.name] ?? "s"}>`;
  };
  for (const child of children(node)) {
    let same = 0;
    while (same < open.length && same < child.marks.length && open[same]?.eq(child.marks[same] as Mark)) same += 1;
    close(same);
    for (const mark of child.marks.slice(same)) out += opening(mark);
    open = child.marks;
    out += leaf(child);
  }
  close(0);
  return out;
}

function block(node: Node): string {
  switch (node.type.name) {
    case "bullet_list": return `<ul>${html(node)}</ul>`;
    case "ordered_list": return `<ol${node.attrs["start"] === 1 ? "" : ` start="${attr(node, "start")}"`}>${html(node)}</ol>`;
    case "list_item": return `<li>${html(node)}</li>`;
    case "blockquote": return `<blockquote>${html(node)}</blockquote>`;
    case "code_block": return `<pre>${escaped(node.textContent)}</pre>`;
    default: return `<p>${line(node)}</p>`;
  }
}

/** The document as HTML. */
export function html(doc: Node): string {
  return children(doc).map(block).join("");
}

/** Whether its text says all of it. */
export function isPlain(doc: Node): boolean {
  return children(doc).every((node) => node.type.name === "paragraph" && children(node).every((child) => child.isText && child.marks.length === 0));
}

/** The files that it shows as pictures. */
export function picturesOf(doc: Node): Set<string> {
  const found = new Set<string>();
  doc.descendants((node) => {
    if (node.type.name === "picture") found.add(attr(node, "file"));
  });
  return found;
}

function words(node: Node): string {
  let out = "";
  let link: { to: string; said: string } | null = null;
  const end = (): void => {
    if (link === null) return;
    const address = link.to.replace(/^mailto:/, "");
    const said = link.said.trim();
    const bare = (text: string): string => text.replace(/\/+$/, "");
    out += link.said.trimEnd() + (said === "" ? address : bare(said) === bare(address) ? "" : ` <${address}>`) + link.said.slice(link.said.trimEnd().length);
    link = null;
  };
  for (const child of children(node)) {
    const to = child.marks.find((mark) => mark.type.name === "link")?.attrs["href"] as string | undefined;
    if (link !== null && (link as { to: string }).to !== to) end();
    const said = child.isText ? (child.text ?? "") : child.type.name === "hard_break" ? "\n" : attr(child, "alt") === "" ? "" : `[${attr(child, "alt")}]`;
    if (to === undefined) out += said;
    else if (link === null) link = { to, said };
    else (link as { said: string }).said += said;
  }
  end();
  return out;
}

function quoted(text: string): string {
  return text === "" ? ">" : text.startsWith(">") ? `>${text}` : `> ${text}`;
}

function lines(node: Node): string[] {
  switch (node.type.name) {
    case "bullet_list":
    case "ordered_list":
      return children(node).flatMap((item, i) => {
        const mark = node.type.name === "bullet_list" ? "- " : `${String(Number(node.attrs["start"]) + i)}. `;
        return children(item).flatMap(lines).map((text, n) => (n === 0 ? mark + text : text === "" ? "" : " ".repeat(mark.length) + text));
      });
    case "blockquote": return children(node).flatMap(lines).map(quoted);
    case "code_block": return node.textContent.split("\n");
    default: return words(node).split("\n");
  }
}

/** The document without its formatting: `- ` before what is listed, `> ` before what is quoted, the address behind a link. */
export function text(doc: Node): string {
  return children(doc).flatMap(lines).join("\n");
}
