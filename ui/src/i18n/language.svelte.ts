import type IntlMessageFormat from "intl-messageformat";
import { choose, dirOf, regionOf, type Dir, type Tag } from "./languages";

/** One language's texts; a message may be taken apart already. */
export type Catalogue = Readonly<Record<string, string | ReturnType<IntlMessageFormat["getAst"]>>>;

// One chunk each: the first paint costs the one that is spoken.
const catalogues: Readonly<Record<Tag, () => Promise<{ default: Catalogue }>>> = {
  en: () => import("./en.json"),
  de: () => import("./de.json"),
  nl: () => import("./nl.json"),
  fr: () => import("./fr.json"),
  ar: () => import("./ar.json"),
};

/** What the system speaks, best first. */
function system(): readonly string[] {
  return typeof navigator === "undefined" ? [] : navigator.languages;
}

/** The language the window speaks now. Every text that is shown reads it, so a switch needs no restart. */
export class Language {
  tag = $state.raw<Tag>("en");
  dir = $state.raw<Dir>("ltr");
  /** How dates and numbers are written. */
  region = $state.raw("en");
  texts = $state.raw<Catalogue>({});
  private asked = 0;

  /** Speaks the chosen language, or the system's for none. */
  async speak(chosen: string | null): Promise<void> {
    const tag = choose(chosen, system());
    const turn = (this.asked += 1);
    const { default: texts } = await catalogues[tag]();
    // Who chose again meanwhile is heard, however long each catalogue takes.
    if (turn !== this.asked) return;
    this.put(tag, dirOf(tag), regionOf(tag, system()), texts);
  }

  /** Speaks these texts; for looking at the window, in development builds. */
  put(tag: Tag, dir: Dir, region: string, texts: Catalogue): void {
    this.texts = texts;
    this.tag = tag;
    this.dir = dir;
    this.region = region;
    document.documentElement.lang = tag;
    document.documentElement.dir = dir;
  }
}

export const language = new Language();
