import { describe, expect, it } from "vitest";
import { fit, fold, wordsOf } from "../src/state/fuzzy";

const score = (query: string, text: string): number => fit(wordsOf(query), fold(text))?.score ?? -Infinity;
const best = (query: string, texts: readonly string[]): string => [...texts].sort((a, b) => score(query, b) - score(query, a))[0] ?? "";
const marked = (query: string, text: string): string => {
  const marks = fit(wordsOf(query), fold(text))?.marks ?? [];
  return [...marks].reverse().reduce((out, [a, b]) => `${out.slice(0, a)}[${out.slice(a, b)}]${out.slice(b)}`, text);
};

describe("finding by a few letters", () => {
  it("puts the beginning of a word before its middle", () => expect(best("no", ["Snooze", "Write a note"])).toBe("Write a note"));
  it("puts what is exactly typed first", () => expect(best("all", ["Select all that match", "All"])).toBe("All"));
  it("finds first letters of words", () => expect(best("nrn", ["Undo the last action", "No reply needed"])).toBe("No reply needed"));
  it("finds words in any order", () => expect(score("dark appearance", "Appearance: Dark")).toBeGreaterThan(0));
  it("does not take letters from here and there for a word", () => expect(score("eel", "Set the label")).toBe(-Infinity));
  it("wants every word", () => expect(score("snooze zebra", "Snooze until tomorrow")).toBe(-Infinity));
  it("cares neither for accents nor for case", () => {
    expect(score("lefevre", "Jean-Baptiste Lefèvre")).toBeGreaterThan(0);
    expect(score("ETIQUETER", "Étiqueter…")).toBeGreaterThan(0);
    expect(score("strasse", "Hauptstraße")).toBeGreaterThan(0);
    expect(score("zurück", "Zurückstellen")).toBeGreaterThan(0);
  });
  it("reads Arabic as it is written quickly", () => {
    expect(score("اسناد", "إسناد إليّ")).toBeGreaterThan(0);
    expect(score("محادثه", "المحادثة التالية")).toBeGreaterThan(0);
  });
  it("marks the letters that were meant, also where folding changed their number", () => {
    expect(marked("won", "Stage: Won")).toBe("Stage: [Won]");
    expect(marked("strasse", "Die Straße 5")).toBe("Die [Straße] 5");
    expect(marked("etiq", "Étiqueter")).toBe("[Étiq]ueter");
    expect(marked("b anna", "Anna Berg")).toBe("[Anna] [B]erg");
  });
  it("never marks half of a sign that is written in two units", () => expect(marked("zoe", "👩‍🚀 Zoë")).toBe("👩‍🚀 [Zoë]"));
  it("takes an empty query for all", () => expect(fit([], fold("x"))).toEqual({ score: 0, marks: [] }));
});
