import { describe, expect, it } from "vitest";
import { bindings, Matcher } from "../src/state/keys";
import { keymap } from "../src/state/keymap.svelte";
import { actions, chose, collide, effective, holder, moved, refusal, swapped, usual } from "../src/state/keyrules";

const of = (chosen: Parameters<typeof effective>[0], action: string): string[] => effective(chosen).filter((b) => b.action === action).map((b) => b.keys);
const pressed = (key: string): KeyboardEvent => new KeyboardEvent("keydown", { key, code: `Key${key.toUpperCase()}` });

describe("keys that a person chose", () => {
  it("are the usual ones where nothing was chosen", () => expect(effective({})).toEqual(bindings.map((b) => (b.always === true ? { keys: b.keys, action: b.action, always: true } : { keys: b.keys, action: b.action }))));
  it("replace the usual ones, and may be several or none", () => {
    expect(of({ resolve: ["w", "Ctrl+d"] }, "resolve")).toEqual(["w", "Ctrl+d"]);
    expect(of({ resolve: [] }, "resolve")).toEqual([]);
  });
  it("come before what is usual elsewhere", () => {
    const chosen = { note: ["e"] };
    expect(of(chosen, "note")).toEqual(["e"]);
    expect(of(chosen, "resolve")).toEqual([]);
  });
  it("never leave a key with two meanings, nor a beginning of two keys that is one", () => {
    const table = effective({ note: ["e"], reply: ["e", "g"], search: ["g x"], nothingWeKnow: ["q"] });
    for (const a of table) for (const b of table) if (a !== b) expect(collide(a.keys, b.keys), `${a.keys} and ${b.keys}`).toBe(false);
  });
  it("do not take Escape away", () => expect(of({ back: ["x"], note: ["Escape"] }, "back")).toEqual(["Escape"]));
  it("that mean nothing here are passed over", () => expect(effective({ fly: ["f"] })).toEqual(effective({})));
  it("are not kept where they are as usual", () => {
    expect(chose({ note: ["w"] }, "note", ["n"])).toEqual({});
    expect(chose({}, "note", ["w"])).toEqual({ note: ["w"] });
  });
});

describe("a key that is refused", () => {
  const cases: [string, Parameters<typeof refusal>[1], ReturnType<typeof refusal>][] = [
    ["Tab", "note", "tab"], ["Enter", "note", "enter"], ["Enter", "open", null], ["Escape", "note", "escape"], ["ArrowDown", "next", "moves"], [" ", "next", "moves"], ["Ctrl+c", "note", "edit"], ["Ctrl+w", "note", "system"],
    ["F5", "note", "system"], ["F7", "note", null], ["Control", "note", "modifier"], ["a b c", "note", "three"], ["g n", "note", null], ["Ctrl+Enter", "send", null], ["w", "send", "typing"], ["g w", "palette", "typing"], ["Alt+w", "palette", null], ["F8", "toasts", null], ["x", "back", "fixed"], ["Shift+Tab", "note", "tab"], ["Alt+Tab", "note", "system"], ["Backspace", "note", "moves"],
  ];
  it.each(cases)("%s for %s: %s", (keys, action, why) => expect(refusal(keys, action)).toBe(why));
  it("is none of those that Parley comes with", () => {
    for (const b of bindings) if (b.action !== "back") expect(refusal(b.keys, b.action), b.keys).toBeNull();
  });
});

describe("a key that somebody has", () => {
  it("is found, also as the beginning of two", () => {
    expect(holder(effective({}), "e", "note")?.action).toBe("resolve");
    expect(holder(effective({}), "g", "note")?.action).toBe("goInbox");
    expect(holder(effective({}), "n", "note")).toBeNull();
    expect(holder(effective({}), "e x", "note")?.action).toBe("resolve");
  });
  it("is swapped", () => {
    const chosen = swapped({}, "note", "n", "e");
    expect([of(chosen, "note"), of(chosen, "resolve")]).toEqual([["e"], ["n"]]);
    // And back again: nothing is left to keep.
    expect(swapped(chosen, "note", "e", "n")).toEqual({});
  });
  it("is taken, and its former action goes without", () => {
    const chosen = moved({}, "note", ["e"]);
    expect([of(chosen, "note"), of(chosen, "resolve")]).toEqual([["e"], []]);
  });
  it("loses all keys that begin with it", () => {
    const chosen = moved({}, "note", ["g"]);
    expect(of(chosen, "goInbox")).toEqual([]);
    expect(of(chosen, "goSettings")).toEqual([]);
  });
  it("is not given where it would eat letters", () => {
    const chosen = swapped({}, "note", "n", "Ctrl+k");
    expect([of(chosen, "note"), of(chosen, "palette")]).toEqual([["Ctrl+k"], []]);
  });
});

describe("the map of keys", () => {
  it("is what the matcher hears at once", () => {
    const matcher = new Matcher(() => keymap.table);
    expect(matcher.match(pressed("e"))).toBe("resolve");
    keymap.chosen = { resolve: ["w"] };
    expect(matcher.match(pressed("e"))).toBeNull();
    expect(matcher.match(pressed("w"))).toBe("resolve");
    expect(keymap.first("resolve")).toBe("w");
    keymap.chosen = {};
  });
  it("knows every action once", () => expect(actions.flatMap(usual)).toHaveLength(bindings.length));
});
