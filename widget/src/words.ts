// The script's words: chosen by the snippet, else by the page, else English.
import { ar } from "./words/ar";
import { de } from "./words/de";
import { en, type Words } from "./words/en";
import { fr } from "./words/fr";
import { nl } from "./words/nl";

export type { Words };
export const languages: Readonly<Record<string, Words>> = { en, de, nl, fr, ar };

/** The first language that is spoken here, of tags such as `de-AT`. */
export function language(...tags: readonly (string | null | undefined)[]): string {
  for (const tag of tags) {
    const base = (tag ?? "").trim().toLowerCase().split(/[-_]/)[0] ?? "";
    if (Object.hasOwn(languages, base)) return base;
  }
  return "en";
}

export function words(code: string): Words {
  return languages[code] ?? en;
}

export function direction(code: string): "ltr" | "rtl" {
  return code === "ar" ? "rtl" : "ltr";
}

/** A text with its `{places}` filled. What is filled in is text and stays text. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
