import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import AppWindow from "../src/App.svelte";
import type { Name } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";

// The whole window is drawn in each of them.
vi.setConfig({ testTimeout: 60_000 });

let host: ScriptedHost;
let window_: ReturnType<typeof mount> | null = null;
const all = (testid: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
const there = (testid: string): Promise<HTMLElement> =>
  vi.waitFor(() => {
    const found = all(testid)[0];
    if (found === undefined) throw new Error(`there is no ${testid}`);
    return found;
  }, 20_000);
const gone = (testid: string): Promise<void> => vi.waitFor(() => expect(all(testid)).toHaveLength(0), 20_000);
const click = async (testid: string): Promise<void> => {
  (await there(testid)).click();
  flushSync();
};
const calls = (name: Name): number => host.calls.filter((c) => c.name === name).length;

function open(state: string): void {
  host = new ScriptedHost(state);
  window_ = mount(AppWindow, { target: document.body, props: { host } });
}

beforeEach(() => {
  window.localStorage.clear();
  // The test's document has no CSS object, and the timeline looks up its items by escaped keys.
  vi.stubGlobal("CSS", { escape: (text: string) => text });
});
afterEach(async () => {
  if (window_ !== null) await unmount(window_);
  window_ = null;
});

describe("sample data", () => {
  it("is one click from the first screen, and leads into the inbox", async () => {
    open("empty");
    await click("welcome-sample");
    await there("row");
    expect((await there("banner-sample")).textContent).toContain("Nothing here is real");
    await there("nav-sample");
    expect(calls("sample_load")).toBe(1);
  });

  it("is one click from the recovery key too, as nothing real is in it yet", async () => {
    open("empty-recovery");
    await click("recovery-sample");
    await there("row");
    await there("banner-sample");
  });

  it("offers the recovery key before the first real account", async () => {
    open("empty-recovery");
    await click("recovery-sample");
    await click("sample-add-account");
    await there("welcome-recovery");
    expect(all("recovery-sample")).toHaveLength(0);
    await click("recovery-later");
    await click("connect-email");
    await there("wizard-address");
    await there("banner-sample");
  });

  it("goes with one click, and the first screen is back", async () => {
    open("sample");
    await click("sample-remove");
    await there("welcome-sample");
    await gone("banner-sample");
    expect(calls("sample_remove")).toBe(1);
    expect(document.body.textContent).toContain("The sample data is gone.");
  });

  it("says how far it is, and keeps the first screen until all of it is there", async () => {
    open("empty-sample-slow");
    await click("welcome-sample");
    const arriving = await there("welcome-sample-arriving");
    await vi.waitFor(() => expect(arriving.textContent).toContain("46"));
    expect(all("row")).toHaveLength(0);
  });

  it("says that only a part of it is here, and goes on with it", async () => {
    open("sample-half");
    expect((await there("banner-sample")).dataset["state"]).toBe("half");
    await click("sample-go-on");
    await vi.waitFor(async () => expect((await there("banner-sample")).dataset["state"]).toBe("here"), 20_000);
  });

  it("refuses to send before anything is typed, and takes a note", async () => {
    open("sample");
    await click("row");
    await there("message");
    const text = await vi.waitFor(() => {
      const field = all("composer-text")[0] as HTMLTextAreaElement;
      expect(field.placeholder).toContain("nothing is sent");
      return field;
    }, 20_000);
    text.dispatchEvent(new FocusEvent("focus"));
    await there("composer-sample");
    text.value = "Hello";
    text.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
    for (const button of ["composer-send", "composer-send-resolve"]) expect(((await there(button)) as HTMLButtonElement).disabled).toBe(true);
    await click("composer-note");
    const note = all("composer-text")[0] as HTMLTextAreaElement;
    note.value = "A note";
    note.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
    await click("composer-send");
    await vi.waitFor(() => expect(calls("note_add")).toBe(1));
    expect(calls("send")).toBe(0);
  });

  it("is loaded and removed in the settings as well", async () => {
    open("");
    await there("row");
    await click("nav-settings");
    await click("settings-data");
    await click("sample-load");
    await click("sample-remove-here");
    await vi.waitFor(() => expect(calls("sample_remove")).toBe(1));
    await gone("banner-sample");
    // A real account is there: what is left is its inbox, not the first screen.
    await there("row");
  });

  it("says why it cannot be removed, and stays", async () => {
    open("sample");
    await there("banner-sample");
    host.failNext = "sample_remove";
    await click("sample-remove");
    await vi.waitFor(() => expect(document.body.textContent).toContain("could not be read"));
    await there("banner-sample");
  });
});
