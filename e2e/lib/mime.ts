// A mail as its recipient's program takes it apart: just enough to look at what Parley has sent.
import { createHash } from "node:crypto";

export interface Part {
  /** The header's fields by their lower-case names, unfolded. */
  head: Map<string, string>;
  /** The media type, such as `text/plain`. */
  type: string;
  /** What the part holds, decoded. */
  body: Buffer;
  parts: Part[];
}

/** Takes a raw mail apart. */
export function parseMail(raw: string): Part {
  return part(Buffer.from(raw, "utf8").toString("latin1"));
}

/** Every part of a mail that holds no others, in its order. */
export function leaves(mail: Part): Part[] {
  return mail.parts.length === 0 ? [mail] : mail.parts.flatMap(leaves);
}

/** The text of the first part of a type, with plain line ends. */
export function textOf(mail: Part, type = "text/plain"): string {
  const found = leaves(mail).find((leaf) => leaf.type === type && !isFile(leaf));
  return (found?.body.toString("utf8") ?? "").replaceAll("\r\n", "\n");
}

/** The part that is a file of this name. */
export function fileOf(mail: Part, name: string): Part | undefined {
  return leaves(mail).find((leaf) => [leaf.head.get("content-disposition"), leaf.head.get("content-type")].some((field) => field?.includes(name)));
}

export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isFile(leaf: Part): boolean {
  return /^attachment/i.test(leaf.head.get("content-disposition") ?? "");
}

function part(raw: string): Part {
  const text = raw.replaceAll("\r\n", "\n");
  const end = text.indexOf("\n\n");
  const [top, rest] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 2)];
  const head = new Map<string, string>();
  for (const line of top.replaceAll(/\n[ \t]+/g, " ").split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) head.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  const said = head.get("content-type") ?? "text/plain";
  const type = (said.split(";")[0] ?? "").trim().toLowerCase();
  const boundary = /boundary="?([^";]+)"?/i.exec(said)?.[1];
  if (type.startsWith("multipart/") && boundary !== undefined) {
    const pieces = `\n${rest}`.split(`\n--${boundary}`).slice(1).filter((piece) => !piece.startsWith("--"));
    return { head, type, body: Buffer.alloc(0), parts: pieces.map((piece) => part(piece.replace(/^[ \t]*\n/, ""))) };
  }
  return { head, type, body: decoded(rest, head.get("content-transfer-encoding") ?? "7bit"), parts: [] };
}

function decoded(body: string, encoding: string): Buffer {
  if (/base64/i.test(encoding)) return Buffer.from(body, "base64");
  if (!/quoted-printable/i.test(encoding)) return Buffer.from(body, "latin1");
  const plain = body.replaceAll(/=[ \t]*\n/g, "").replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, "latin1");
}
