// What strangers wrote, made harmless: it is only ever shown as text, never too much of it, and its links are few and plain.

/** What is shown of a message at once, and at all. */
export const SHOWN = 4_000;
export const LARGEST = 100_000;

// Marks that turn the direction of what follows them, and characters that a name can hide in.
const TRICKS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A string of at most so many characters out of anything. */
export function str(value: unknown, most = LARGEST): string {
  return typeof value === "string" ? cut(value, most) : "";
}

/** At most so many UTF-16 units, without halving a character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most);
}

/** A name on one line. */
export function name(value: unknown, most = 60): string {
  const text = str(value, 1_000).replace(TRICKS, "").replace(/\s+/g, " ").trim();
  return text.length > most ? `${cut(text, most - 1)}…` : text;
}

/** The name of a file to keep: no folders, nothing hidden, its ending still there. */
export function fileName(value: unknown): string {
  const text = str(value, 1_000).replace(TRICKS, "").replace(/[\\/:*?"<>|\s]+/g, " ").replace(/^[.\s]+/, "").trim();
  if (text.length <= 80) return text;
  const ending = /\.\w{1,10}$/.exec(text)?.[0] ?? "";
  return `${cut(text, 79 - ending.length)}…${ending}`;
}

export interface Piece {
  text: string;
  href?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u202a-\u202e\u2066-\u2069]{1,2000}/gi;
const MOST_LINKS = 100;

/** A text in pieces, those that are web addresses with where they lead. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  let links = 0;
  for (const match of text.matchAll(LINK)) {
    if (links === MOST_LINKS) break;
    // What ends a sentence is not part of the address; a bracket is, where it was opened in it.
    let shown = match[0].replace(/[.,;:!?…،؛؟]+$/, "");
    while (/[)\]}]$/.test(shown) && count(shown, shown.slice(-1)) > count(shown, opener(shown.slice(-1)))) shown = shown.slice(0, -1);
    const href = webAddress(shown);
    if (href === null) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: shown, href });
    end = match.index + shown.length;
    links += 1;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** The address as the browser reads it, if it is one of the web and names nobody's password. */
export function webAddress(text: string): string | null {
  try {
    const url = new URL(text);
    return (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "" && url.hostname !== "" ? url.href : null;
  } catch {
    return null;
  }
}

function count(text: string, one: string): number {
  return text.split(one).length - 1;
}

function opener(closer: string): string {
  return closer === ")" ? "(" : closer === "]" ? "[" : "{";
}

/** Whether it looks like a mail address; whether it is one, only a mail can tell. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>"(),:;\\]{1,64}@[^\s@<>"(),:;\\]+\.[^\s@<>"(),:;\\.]{2,}$/.test(text);
}
