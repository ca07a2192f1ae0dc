import IntlMessageFormat from "intl-messageformat";
import en from "./en.json";

/** Every string of the window. */
export type Key = keyof typeof en;
type Value = string | number | boolean | Date;

const catalogue: Readonly<Record<string, string>> = en;
const compiled = new Map<string, IntlMessageFormat>();

/** The language of the window; others follow by adding a catalogue. */
export const locale = "en";
/** How dates and numbers are written: the system's habits as long as the language fits. */
export const region = typeof navigator !== "undefined" && navigator.language.startsWith(locale) ? navigator.language : locale;

/** The text of a key with its values filled in. */
export function t(key: Key, values?: Record<string, Value>): string {
  let message = compiled.get(key);
  if (message === undefined) {
    message = new IntlMessageFormat(catalogue[key] ?? key, locale, undefined, { ignoreTag: true });
    compiled.set(key, message);
  }
  const text: unknown = message.format(values);
  return Array.isArray(text) ? text.join("") : String(text);
}

/** A key made of a prefix and a word of the engine; falls back to the word itself when the engine knows more than this window. */
export function word(prefix: string, value: string): string {
  const key = `${prefix}.${value}`;
  return key in catalogue ? t(key as Key) : value;
}
