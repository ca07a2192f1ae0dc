import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { keymap } from "../src/state/keymap.svelte";

let host: ScriptedHost;
let window_: ReturnType<typeof mount>;
// The whole window is mounted: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });
const WAIT = { timeout: 8000 };
const all = (testid: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
const one = (testid: string): HTMLElement => {
  const found = all(testid)[0];
  if (found === undefined) throw new Error(`there is no ${testid}`);
  return found;
};
const there = (testid: string): Promise<HTMLElement> => vi.waitFor(() => one(testid), WAIT);
const press = (target: Element, key: string, more: KeyboardEventInit = {}): void => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, code: key.length === 1 ? `Key${key.toUpperCase()}` : key, bubbles: true, cancelable: true, ...more }));
  flushSync();
};
const write = (field: HTMLElement, text: string): void => {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
};
const calls = (name: string): unknown[] => host.calls.filter((call) => call.name === name).map((call) => call.args);

async function begin(state = ""): Promise<void> {
  window.localStorage.clear();
  // Wide enough for the panel to stand beside the timeline.
  window.innerWidth = 1280;
  host = new ScriptedHost(state);
  window_ = mount(App, { target: document.body, props: { host } });
  await there("row");
}
afterEach(() => {
  void unmount(window_);
  keymap.chosen = {};
});

describe("the customer panel", () => {
  beforeEach(() => begin());

  it("says where the name comes from, and changes it in place", async () => {
    press(document.body, "j");
    (await there("panel-name")).click();
    flushSync();
    write(one("panel-name-input"), "Somebody else");
    press(one("panel-name-input"), "Escape");
    await there("panel-name");
    expect(calls("customer_rename")).toEqual([]);
    one("panel-name").click();
    flushSync();
    write(one("panel-name-input"), "Anna of the lamps");
    press(one("panel-name-input"), "Enter");
    await vi.waitFor(() => expect(one("panel-name-source").textContent).toContain("Named by Mara Lind"), WAIT);
    expect(one("panel-name").textContent).toContain("Anna of the lamps");
  });

  it("cuts a linked address off, and takes it back", async () => {
    press(document.body, "j");
    (await there("panel-cut")).click();
    await there("cut-stays");
    (await there("cut-do")).click();
    await vi.waitFor(() => expect(all("panel-cut")).toEqual([]), WAIT);
    expect(calls("unlink")).toHaveLength(1);
    press(document.body, "z");
    await there("panel-cut");
  });

  it("puts sections away and remembers it", async () => {
    press(document.body, "j");
    await there("panel-fold");
    const fold = all("panel-fold")[0];
    fold?.click();
    flushSync();
    expect(fold?.getAttribute("aria-expanded")).toBe("false");
    expect(localStorage.getItem("parley.folded")).toBe('["handles"]');
    fold?.click();
    flushSync();
  });
});

describe("keys in the settings", () => {
  beforeEach(() => begin());
  const row = (action: string): HTMLElement => {
    const found = document.querySelector<HTMLElement>(`[data-testid="key-row"][data-action="${action}"]`);
    if (found === null) throw new Error(`no line of ${action}`);
    return found;
  };
  const change = async (action: string, key: string, more: KeyboardEventInit = {}): Promise<void> => {
    row(action).querySelector<HTMLElement>('[data-testid="key-change"]')?.click();
    flushSync();
    press(await there("key-capture"), key, more);
  };

  it("are asked for, refused with the reason, swapped, and heard at once", async () => {
    one("nav-settings").click();
    flushSync();
    one("settings-keys").click();
    await there("key-row");
    await change("note", "c", { ctrlKey: true });
    expect(one("key-refused").textContent).toContain("edits text everywhere");
    await change("note", "k", { ctrlKey: true });
    expect(one("key-conflict").textContent).toContain("belongs to “Commands”");
    one("key-cancel").click();
    flushSync();
    // One letter may be the first of two; a press says that it is enough.
    await change("note", "e");
    one("key-capture").click();
    flushSync();
    expect(one("key-conflict").textContent).toContain("Resolve or reopen");
    one("key-swap").click();
    await vi.waitFor(() => expect([keymap.of("note"), keymap.of("resolve")]).toEqual([["e"], ["n"]]), WAIT);
    expect(calls("settings_set").at(-1)).toMatchObject({ keys: { note: ["e"], resolve: ["n"] } });
    await vi.waitFor(() => expect(row("note").textContent).toContain("E"), WAIT);
    one("keys-reset-all").click();
    await vi.waitFor(() => expect(keymap.chosen).toEqual({}), WAIT);
  });
});

describe("the search", () => {
  beforeEach(() => begin());

  it("completes a filter by key, puts a wrong one right, and remembers what led somewhere", async () => {
    press(document.body, "/");
    const field = await there("search-input");
    write(field, "fr");
    expect(one("search-way").textContent).toContain("from:");
    press(field, "Tab");
    expect((one("search-input") as HTMLInputElement).value).toBe("from:");
    write(field, "form:anna lamp");
    one("search-correct").click();
    flushSync();
    expect((one("search-input") as HTMLInputElement).value).toBe("from:anna lamp");
    write(field, "lamp");
    await there("search-hit");
    press(field, "Enter");
    await vi.waitFor(() => expect(calls("settings_set").at(-1)).toMatchObject({ searches: ["lamp"] }), WAIT);
  });
});
