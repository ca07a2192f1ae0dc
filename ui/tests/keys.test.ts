import { describe, expect, it } from "vitest";
import { bindings, chord, isTextField, latin, Matcher } from "../src/state/keys";

const press = (key: string, more: KeyboardEventInit = {}): KeyboardEvent => new KeyboardEvent("keydown", { key, code: key.length === 1 ? `Key${key.toUpperCase()}` : key, ...more });

describe("a key is matched by what it types, or where it lies", () => {
  it("takes the Latin letter that is typed", () => expect(latin(press("j"))).toBe("j"));
  it("takes the place of the key where the layout gives no Latin letter", () => {
    expect(latin(press("о", { code: "KeyJ" }))).toBe("j");
    expect(latin(press("ؤ", { code: "KeyC" }))).toBe("c");
    expect(latin(press("۳", { code: "Digit3" }))).toBe("3");
    expect(latin(press("؟", { code: "Slash", shiftKey: true }))).toBe("?");
  });
  it("keeps a Latin layout's own letters, wherever they lie", () => expect(latin(press("z", { code: "KeyY" }))).toBe("z"));
  it("is not changed by Caps Lock", () => expect(chord(press("J"))).toBe("j"));
  it("does not name Shift where it makes the character", () => expect(chord(press("?", { code: "Slash", shiftKey: true }))).toBe("?"));
  it("counts the command key as Ctrl", () => expect(chord(press("k", { metaKey: true }))).toBe("Ctrl+k"));
});

describe("the matcher", () => {
  const at = (target: Element, key: string, more: KeyboardEventInit = {}): KeyboardEvent => {
    const event = press(key, more);
    Object.defineProperty(event, "target", { value: target });
    return event;
  };

  it("has every key of the issue", () => {
    const matcher = new Matcher();
    const one = (key: string, more: KeyboardEventInit = {}): string | null => matcher.match(at(document.body, key, more));
    expect(["j", "k", "Enter", "r", "n", "e", "s", "a", "l", "q", ".", "u", "/", "z"].map((k) => one(k))).toEqual(["next", "previous", "open", "reply", "note", "resolve", "snooze", "assign", "tag", "stage", "noReply", "unread", "search", "undo"]);
    expect(one("?", { shiftKey: true, code: "Slash" })).toBe("keys");
    expect(one("Enter", { ctrlKey: true })).toBe("send");
    expect(one("Enter", { ctrlKey: true, shiftKey: true })).toBe("sendResolve");
    expect(one("k", { ctrlKey: true })).toBe("palette");
    expect(one("Escape")).toBe("back");
  });

  it("waits for the second key after g, and not for ever", () => {
    const matcher = new Matcher();
    expect(matcher.match(at(document.body, "g"), 0)).toBeNull();
    expect(matcher.match(at(document.body, "r"), 500)).toBe("goReports");
    expect(matcher.match(at(document.body, "g"), 0)).toBeNull();
    expect(matcher.match(at(document.body, "r"), 5000)).toBe("reply");
  });

  it("leaves to a text field everything but what sends, finds, goes back, and the keys of the window itself, which type nothing", () => {
    const field = document.createElement("textarea");
    const matcher = new Matcher();
    const mine = bindings.filter((b) => {
      const keys = b.keys.split("+");
      const key = keys.at(-1) ?? "";
      return !b.keys.includes(" ") && matcher.match(at(field, key, { ctrlKey: keys.includes("Ctrl"), shiftKey: keys.includes("Shift") })) !== null;
    });
    expect(mine.map((b) => b.keys)).toEqual(["Ctrl+Enter", "Ctrl+Shift+Enter", "Ctrl+k", "F6", "Ctrl+p", "Ctrl+=", "Ctrl+-", "Ctrl+0", "Escape"]);
  });

  it("does not take a checkbox for a text field", () => {
    const box = document.createElement("input");
    box.type = "checkbox";
    expect(isTextField(box)).toBe(false);
  });

  it("gives no key two meanings", () => expect(new Set(bindings.map((b) => b.keys)).size).toBe(bindings.length));
});
