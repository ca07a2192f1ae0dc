import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import list from "../src/licences/list.json";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** `npm run licences` makes the list anew. */
describe("the list of other people's work", () => {
  it("names what Cargo.lock holds, in its versions", () => {
    const locked = new Set([...read("Cargo.lock").matchAll(/\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"/g)].map(([, name = "", version = ""]) => `${name} ${version}`));
    expect(list.packages.filter((p) => p.of === "rust" && !locked.has(`${p.name} ${p.version}`))).toEqual([]);
  });

  it("names every crate that the program asks for", () => {
    const named = new Set(list.packages.map((p) => p.name));
    const asked = ["Cargo.toml", "engine/Cargo.toml", "keychain/Cargo.toml"].flatMap((path) => {
      const sections = read(path).split(/^\[/m).filter((section) => section.startsWith("dependencies]"));
      return sections.flatMap((section) => [...section.matchAll(/^([a-z][\w-]*)(?:\.workspace)? = /gm)].map(([, name = ""]) => name));
    });
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !name.startsWith("parley-") && !named.has(name))).toEqual([]);
  });

  it("names what is bundled into the window, in its versions", () => {
    const lock = JSON.parse(read("ui/package-lock.json")) as { packages: Record<string, { version: string; dev?: boolean; optional?: boolean }> };
    const named = new Set(list.packages.filter((p) => p.of === "javascript").map((p) => `${p.name} ${p.version}`));
    const bundled = Object.entries(lock.packages).filter(([place, p]) => place !== "" && p.dev !== true && p.optional !== true).map(([place, p]) => `${place.replace(/^.*node_modules\//, "")} ${p.version}`);
    expect(bundled.filter((one) => !named.has(one))).toEqual([]);
  });

  it("has a licence for each, and the text of nearly all", () => {
    expect(list.packages.filter((p) => p.licence === "")).toEqual([]);
    expect(list.packages.filter((p) => p.texts.some((text) => list.texts[text] === undefined))).toEqual([]);
    expect(list.packages.filter((p) => p.texts.length === 0).length).toBeLessThan(20);
  });
});
