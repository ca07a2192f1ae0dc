/** The languages of the window, each under its own name. */
export const languages = [
  { tag: "en", name: "English", dir: "ltr" },
  { tag: "de", name: "Deutsch", dir: "ltr" },
  { tag: "nl", name: "Nederlands", dir: "ltr" },
  { tag: "fr", name: "Français", dir: "ltr" },
  { tag: "ar", name: "العربية", dir: "rtl" },
] as const;

export type Tag = (typeof languages)[number]["tag"];
export type Dir = "ltr" | "rtl";

/** The language of a tag such as `de-AT`, if the window speaks it. */
export function spoken(tag: string): Tag | null {
  const primary = tag.toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language.tag === primary)?.tag ?? null;
}

/** The language that was chosen, or else the first of the system's that the window speaks, or else English. */
export function choose(chosen: string | null, system: readonly string[]): Tag {
  const own = chosen === null ? null : spoken(chosen);
  return own ?? system.map(spoken).find((tag) => tag !== null) ?? "en";
}

/**
 * How dates and numbers are written: the system's habits where they are of this language, with the digits of its region
 * (`٢` in Egypt, `2` in Morocco). Arabic on a system of another language has no region, and gets the digits its reader
 * sees everywhere else on that system. The calendar is always the one that dates are entered in.
 */
export function regionOf(tag: Tag, system: readonly string[]): string {
  const own = system.find((one) => spoken(one) === tag && one.length > tag.length);
  const options: Intl.LocaleOptions = { calendar: "gregory" };
  if (tag === "ar" && own === undefined) options.numberingSystem = "latn";
  try {
    return new Intl.Locale(own?.replaceAll("_", "-") ?? tag, options).toString();
  } catch {
    return tag;
  }
}

/** Which way a language is written. */
export function dirOf(tag: Tag): Dir {
  return languages.find((language) => language.tag === tag)?.dir ?? "ltr";
}
