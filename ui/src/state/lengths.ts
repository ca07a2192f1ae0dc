import type { TextLimit } from "../api/TextLimit";
import type { TextUnit } from "../api/TextUnit";

/** A limit is spoken of from this share of it on. */
const NEAR = 0.8;

// GSM 03.38, the default alphabet, and what takes two places because it stands behind an escape.
const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const ESCAPED = new Set("^{}\\[~]|€\f");

/** A text as short messages. */
export interface Segments {
  alphabet: "gsm" | "ucs2";
  /** Places it takes: septets, or units of 16 bits. */
  places: number;
  /** Messages it is sent as. */
  segments: number;
  /** Places that are left in the last one. */
  left: number;
}

/** How many short messages a text is. Nothing that takes two places is torn between two of them. */
export function segmentsOf(text: string): Segments {
  const all = [...text];
  const gsm = all.every((c) => BASIC.has(c) || ESCAPED.has(c));
  const size = (c: string): number => (gsm ? (ESCAPED.has(c) ? 2 : 1) : c.length);
  const [alone, joined] = gsm ? [160, 153] : [70, 67];
  const places = all.reduce((sum, c) => sum + size(c), 0);
  const alphabet = gsm ? "gsm" : "ucs2";
  if (places <= alone) return { alphabet, places, segments: places === 0 ? 0 : 1, left: alone - places };
  let segments = 1;
  let used = 0;
  for (const c of all) {
    if (used + size(c) > joined) {
      segments += 1;
      used = 0;
    }
    used += size(c);
  }
  return { alphabet, places, segments, left: joined - used };
}

/** How long a text is for a channel. */
export function lengthOf(text: string, unit: TextUnit): number {
  switch (unit) {
    case "chars": return [...text].length;
    case "bytes": return new TextEncoder().encode(text).length;
    case "segments": return segmentsOf(text).segments;
  }
}

/** A text against the limit of its channel. */
export interface Room {
  used: number;
  most: number;
  unit: TextUnit;
  over: boolean;
  /** Characters that still fit. Where bytes are counted: of such as there are already, on average. */
  left: number;
  /** Characters at the end that do not fit. */
  toomany: number;
  /** Short messages, where that is what is counted. */
  segments: Segments | null;
}

/** What is to be said about a text's length; null while there is room enough. Short messages are always counted: each costs. */
export function roomFor(text: string, limit: TextLimit | null): Room | null {
  if (limit === null || text === "") return null;
  const used = lengthOf(text, limit.unit);
  const segments = limit.unit === "segments" ? segmentsOf(text) : null;
  if (segments === null && used < limit.most * NEAR) return null;
  const all = [...text];
  const over = used > limit.most;
  const toomany = over ? all.length - [...longest(text, (part) => lengthOf(part, limit.unit) <= limit.most)].length : 0;
  const left = over ? 0 : Math.floor(((limit.most - used) * all.length) / used);
  return { used, most: limit.most, unit: limit.unit, over, left: limit.unit === "bytes" ? left : Math.max(0, limit.most - used), toomany, segments };
}

/** How many bytes files take in a mail, as the engine counts them: base64 in lines, and each part's headers. */
export function encodedSize(files: readonly number[]): number {
  return files.reduce((sum, size) => sum + Math.ceil(size / 57) * 78 + 400, 2_000);
}

/** Most messages that one text becomes. */
export const MOST_PARTS = 10;
const PAUSES = ["\n\n", "\n", ". ", "! ", "? ", "。", " "];

/** A text in several messages that each fit, parted as the engine parts it: where a reader would pause. */
export function partsOf(text: string, { most, unit }: TextLimit): string[] {
  const fits = (part: string): boolean => lengthOf(part, unit) <= most;
  const out: string[] = [];
  let rest = text.trim();
  while (rest !== "") {
    if (fits(rest)) return [...out, rest];
    const head = longest(rest, fits);
    const size = bytes(head);
    const at = PAUSES.map((mark) => ({ mark, i: head.lastIndexOf(mark) })).find(({ mark, i }) => i >= 0 && bytes(head.slice(0, i) + mark.trimEnd()) * 3 >= size);
    const part = at === undefined ? head : head.slice(0, at.i + at.mark.trimEnd().length);
    if (part.trim() !== "") out.push(part.trim());
    rest = rest.slice(part.length).trimStart();
  }
  return out;
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** The longest beginning that fits; one character at least. */
function longest(text: string, fits: (part: string) => boolean): string {
  const all = [...text];
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(all.slice(0, middle).join(""))) low = middle;
    else high = middle - 1;
  }
  return all.slice(0, Math.max(1, low)).join("");
}
