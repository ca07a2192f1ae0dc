import { word, t, type Key } from "../../i18n";
import { english } from "../../i18n/english.svelte";
import type { IconName } from "../../parts/icons";
import { fit, fold, wordsOf, type Folded } from "../../state/fuzzy";

export type StepName = "assign" | "snooze" | "stage" | "tag" | "language" | "theme" | "link";
export type EntryGroup = "recent" | "actions" | "conversations" | "views" | "settings" | "window" | "found";

/** One line of the palette. */
export interface Entry {
  id: string;
  label: string;
  /** Other names it is found by, as its English one. */
  also?: readonly string[];
  hint?: string;
  /** Written as people read them. */
  keys?: string;
  icon?: IconName;
  tone?: string;
  group: EntryGroup;
  checked?: boolean;
  /** Why it cannot be done now. */
  hindered?: string;
  /** Does not stand among all, only where something is typed. */
  quiet?: boolean;
  run?: () => void;
  step?: StepName;
}

/** A line that fits what was typed, with the letters that were meant. */
export interface Found {
  entry: Entry;
  marks: [number, number][];
  /** The other name that fitted, where the shown one does not. */
  by: string | null;
}

/** An English name beside the spoken one. */
export function named(key: Key): { label: string; also: string[] } {
  const other = english.of(key);
  return { label: t(key), also: other === undefined ? [] : [other] };
}

/** The same for the words of a family. */
export function wordNamed(family: string, value: string): { label: string; also: string[] } {
  const other = english.of(`${family}.${value}`);
  return { label: word(family, value), also: other === undefined ? [] : [other] };
}

// The same names are folded for every letter that is typed.
const folded = new Map<string, Folded>();
function foldOf(text: string): Folded {
  let found = folded.get(text);
  if (found === undefined) {
    if (folded.size > 20_000) folded.clear();
    found = fold(text);
    folded.set(text, found);
  }
  return found;
}

/** Lines of the answer: nobody reads on further, and typing narrows it. */
export const MOST = 80;
/** What was used lately is likelier meant. */
const LATELY = 6;
/** A name that is not on the line, or what stands beside it, is a weaker hint. */
const ASIDE = 0.85;

/** The lines that fit, the best first; what cannot be done now comes last. */
export function ranked(entries: readonly Entry[], query: string, lately: readonly string[]): { found: Found[]; more: number } {
  const words = wordsOf(query);
  const scored: (Found & { score: number; place: number })[] = [];
  entries.forEach((entry, place) => {
    const own = fit(words, foldOf(entry.label));
    let best = own === null ? null : { score: own.score, marks: own.marks, by: null as string | null };
    for (const name of [...(entry.also ?? []), ...(entry.group === "conversations" && entry.hint !== undefined ? [entry.hint] : [])]) {
      const other = fit(words, foldOf(name));
      if (other !== null && (best === null || other.score * ASIDE > best.score)) best = { score: other.score * ASIDE, marks: own?.marks ?? [], by: own === null ? name : null };
    }
    if (best === null) return;
    const used = lately.indexOf(entry.id);
    const score = best.score + (used >= 0 ? LATELY - used * 0.5 : 0) - (entry.hindered === undefined ? 0 : 1000);
    scored.push({ entry, marks: best.marks, by: best.by, score, place });
  });
  scored.sort((a, b) => b.score - a.score || a.place - b.place);
  return { found: scored.slice(0, MOST), more: Math.max(0, scored.length - MOST) };
}
