import IntlMessageFormat from "intl-messageformat";
import type en from "./en.json";
import { language } from "./language.svelte";
import type { Dir } from "./languages";

/** Every string of the window. */
export type Key = keyof typeof en;
type Value = string | number | boolean | Date;

let compiled = new Map<string, IntlMessageFormat>();
let compiledOf: unknown = null;

function message(key: string): IntlMessageFormat {
  const { texts, region } = language;
  if (compiledOf !== texts) {
    compiled = new Map();
    compiledOf = texts;
  }
  let found = compiled.get(key);
  if (found === undefined) {
    found = new IntlMessageFormat(texts[key] ?? key, region, undefined, { ignoreTag: true });
    compiled.set(key, found);
  }
  return found;
}

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";
/** What in a left-to-right line would draw its neighbours to the wrong side. */
const leftward = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** What would be torn apart in a right-to-left line: names and addresses, and figures in several parts, as of a telephone. */
const rightward = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|\d[^\d]+\d|\+\d/u;

/** A value that is written the other way than the words around it, so that it keeps its own order and leaves theirs alone. */
export function isolate(value: string, dir: Dir = language.dir): string {
  return (dir === "rtl" ? rightward : leftward).test(value) ? FIRST_STRONG_ISOLATE + value + POP_ISOLATE : value;
}

/** The text of a key with its values filled in. */
export function t(key: Key, values?: Record<string, Value>): string {
  const apart = values && Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? isolate(value) : value]));
  return formatted(key, apart);
}

/** The same for what leaves the window, in a mail or a file: without invisible marks. */
export function plain(key: Key, values?: Record<string, Value>): string {
  return formatted(key, values);
}

function formatted(key: string, values: Record<string, Value> | undefined): string {
  const text: unknown = message(key).format(values);
  return Array.isArray(text) ? text.join("") : String(text);
}

/** A key made of a prefix and a word of the engine; falls back to the word itself when the engine knows more than this window. */
export function word(prefix: string, value: string): string {
  const key = `${prefix}.${value}`;
  return key in language.texts ? formatted(key, undefined) : value;
}
