import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { Lines } from "../src/parts/lines";
import { fitting } from "../src/screens/inbox/tags";

let host: ScriptedHost;
let window_: ReturnType<typeof mount>;
const all = (testid: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
const one = (testid: string): HTMLElement => {
  const found = all(testid)[0];
  if (found === undefined) throw new Error(`there is no ${testid}`);
  return found;
};
const there = (testid: string): Promise<HTMLElement> => vi.waitFor(() => one(testid), 4000);
const press = (target: Element, key: string, more: KeyboardEventInit = {}): void => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, code: key.length === 1 ? `Key${key.toUpperCase()}` : key, bubbles: true, cancelable: true, ...more }));
  flushSync();
};
const active = (): HTMLElement | null => document.getElementById(one("list").getAttribute("aria-activedescendant") ?? "");
const nameOf = (row: HTMLElement | undefined): string => row?.querySelector(".name")?.textContent ?? "";

beforeEach(async () => {
  host = new ScriptedHost();
  window_ = mount(App, { target: document.body, props: { host } });
  await there("row");
});
afterEach(() => unmount(window_));

describe("the list by keyboard", () => {
  it("opens with the arrows, moves alone with Ctrl, and selects with Shift and the space bar", async () => {
    const list = one("list");
    press(list, "ArrowDown");
    press(list, "ArrowDown", { ctrlKey: true });
    expect(active()?.dataset["index"]).toBe("1");
    expect(document.querySelectorAll('[role="option"][aria-selected="true"]')).toHaveLength(1);
    press(list, " ");
    press(list, "ArrowDown", { shiftKey: true });
    expect(one("bulk-count").textContent).toBe("2");
    expect(one("list-said").textContent).toBe("2 selected");
    press(list, "Escape");
    expect(all("bulk-bar")).toHaveLength(0);
  });

  it("selects all that match with Ctrl+A and says so", async () => {
    press(one("list"), "a", { ctrlKey: true });
    await there("bulk-bar");
    expect(one("list-said").textContent).toContain("All 50 selected");
    expect(one("mark-all").getAttribute("aria-checked")).toBe("true");
  });

  it("opens the menu with its key and with Shift+F10, moves in it by letters and arrows, and comes back", async () => {
    const list = one("list");
    press(list, "ArrowDown", { ctrlKey: true });
    for (const [key, more] of [["ContextMenu", {}], ["F10", { shiftKey: true }]] as const) {
      list.focus();
      press(list, key, more);
      const menu = await there("conversation-menu");
      await vi.waitFor(() => expect(document.activeElement?.getAttribute("role")).toBe("menuitem"));
      press(document.activeElement ?? menu, "t");
      expect(document.activeElement?.getAttribute("data-testid")).toBe("conversation-menu-tag");
      press(document.activeElement ?? menu, "ArrowDown");
      expect(document.activeElement?.getAttribute("data-testid")).toBe("conversation-menu-stage");
      press(document.activeElement ?? menu, "Escape");
      await vi.waitFor(() => expect(all("conversation-menu")).toHaveLength(0));
      await vi.waitFor(() => expect(document.activeElement).toBe(one("list")));
    }
  });

  it("closes and opens groups, and steps out to a heading", async () => {
    one("list-sort").click();
    (await there("list-order-group-stage")).click();
    await there("group");
    const list = one("list");
    expect(list.getAttribute("role")).toBe("tree");
    press(list, "Home");
    expect(active()?.getAttribute("aria-expanded")).toBe("true");
    press(list, "ArrowLeft");
    expect(active()?.getAttribute("aria-expanded")).toBe("false");
    press(list, "ArrowRight");
    press(list, "ArrowRight");
    expect(active()?.getAttribute("aria-level")).toBe("2");
    expect(active()?.getAttribute("aria-posinset")).toBe("1");
    press(list, "ArrowLeft");
    expect(active()?.getAttribute("aria-expanded")).toBe("true");
  });
});

describe("the menu of a conversation", () => {
  it("names every act with its key, and acts on the conversation under the pointer", async () => {
    const row = all("row")[2];
    const id = row?.dataset["id"];
    row?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 300, clientY: 200 }));
    const menu = await there("conversation-menu");
    expect(menu.getAttribute("aria-label")).toContain(nameOf(row));
    const keys = [...menu.querySelectorAll("[data-line]")].map((line) => line.getAttribute("aria-keyshortcuts"));
    expect(keys.every((key) => key !== null && key !== "")).toBe(true);
    one("conversation-menu-resolve").click();
    await vi.waitFor(() => expect(host.calls.find((c) => c.name === "resolve")?.args).toEqual({ conversation: id }));
    await vi.waitFor(() => expect(all("row").some((r) => r.dataset["id"] === id)).toBe(false));
  });
});

describe("a row", () => {
  it("is selected by its face, a range with Shift, and opened elsewhere", async () => {
    const rows = all("row");
    rows[1]?.querySelector<HTMLElement>("[data-face]")?.click();
    flushSync();
    rows[3]?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    flushSync();
    expect(one("bulk-count").textContent).toBe("3");
    expect(host.calls.some((c) => c.name === "timeline")).toBe(false);
    rows[0]?.click();
    await vi.waitFor(() => expect(host.calls.some((c) => c.name === "timeline")).toBe(true));
  });

  it("shows the tags that fit and how many more there are", () => {
    const tags = Array.from({ length: 200 }, (_, i) => `tag${String(i)}`);
    const shown = fitting(tags, 200);
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.length).toBeLessThan(6);
    expect(fitting(["one"], 10)).toEqual([]);
    expect(fitting(["納期について納期について"], 110)).toHaveLength(1);
  });
});

describe("where lines lie", () => {
  it("is found for rows and headings alike, there and back", () => {
    const lines = new Lines(1000, 72, [0, 5, 6, 400], 28);
    let top = 0;
    for (let i = 0; i < 1000; i += 1) {
      expect(lines.top(i)).toBe(top);
      expect(lines.at(top)).toBe(i);
      expect(lines.at(top + lines.height(i) - 1)).toBe(i);
      top += [0, 5, 6, 400].includes(i) ? 28 : 72;
    }
    expect(lines.total).toBe(top);
    expect([lines.headOf(0), lines.headOf(4), lines.headOf(6), lines.headOf(999)]).toEqual([0, 0, 6, 400]);
    expect([lines.headAfter(0), lines.headAfter(6), lines.headAfter(400)]).toEqual([5, 400, null]);
    expect(new Lines(0, 72).at(100)).toBe(0);
  });
});
