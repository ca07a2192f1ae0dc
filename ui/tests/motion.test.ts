import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => /\.(svelte|css|ts)$/.test(name));
const sources = files.map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));

/** What moves in a source, and is not stopped where somebody asked for less motion. */
function restless(text: string): string[] {
  const found: string[] = [];
  const guarded = /@media \(prefers-reduced-motion: reduce\) \{[\s\S]*?animation: none/.test(text);
  for (const [, of = "", value = ""] of text.matchAll(/\b(transition|animation)(?:-duration)?:\s*([^;}]+)/g)) {
    if (value.trim() === "none") continue;
    // The two durations are nothing under reduced motion.
    if (of === "transition" && value.split(",").every((one) => /var\(--(fast|slow)\)/.test(one)) && !/\d+m?s\b/.test(value)) continue;
    if (of === "animation" && guarded) continue;
    found.push(`${of}: ${value.trim()}`);
  }
  for (const [what] of text.matchAll(/behavior:\s*["']?smooth|from "svelte\/(?:transition|animate|motion)"|\.animate\(/g)) found.push(what);
  return found;
}

describe("motion", () => {
  it("is over at once where somebody asked for less of it, everywhere", () => {
    expect(sources.flatMap(({ name, text }) => restless(text).map((what) => `${name}: ${what}`))).toEqual([]);
  });

  it("is found by this test where it is not", () => {
    expect(restless(".a { transition: opacity 0.3s; }")).toHaveLength(1);
    expect(restless(".a { transition: opacity var(--fast), color 1s; }")).toHaveLength(1);
    expect(restless(".a { animation: spin 1s infinite; }")).toHaveLength(1);
    expect(restless("box.scrollTo({ top: 0, behavior: 'smooth' })")).toHaveLength(1);
    expect(restless('import { fade } from "svelte/transition";')).toHaveLength(1);
    expect(restless(".a { transition: opacity var(--fast); }")).toEqual([]);
  });

  it("has durations that are nothing where it is not wanted", () => {
    const tokens = readFileSync(join(root, "styles", "tokens.css"), "utf8");
    expect(tokens).toMatch(/prefers-reduced-motion: reduce\) \{\s*:root \{\s*--fast: 0ms;\s*--slow: 0ms;/);
  });
});
