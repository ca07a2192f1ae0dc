import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import Main from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { minutesOf, timeOf, toggled } from "../src/screens/settings/quiet";
import { shellWords } from "../src/state/shellwords";
import { weekdayName } from "../src/i18n/time";

// jsdom has no CSS object; ids of tests need no escaping.
vi.stubGlobal("CSS", { escape: (text: string) => text });

const byId = (testid: string): HTMLElement | null => document.querySelector(`[data-testid="${testid}"]`);
/** Until it holds, however busy the computer is. */
const holds = (what: () => void): Promise<void> => vi.waitFor(what, { timeout: 25_000, interval: 20 });
const there = async (testid: string): Promise<HTMLElement> => {
  await holds(() => expect(byId(testid)).not.toBeNull());
  return byId(testid) as HTMLElement;
};
const click = async (testid: string): Promise<void> => {
  (await there(testid)).click();
  flushSync();
};
const isOn = (testid: string, on: boolean): Promise<void> => holds(() => expect(byId(testid)?.getAttribute("aria-checked")).toBe(String(on)));

let view: Record<string, unknown> | null = null;
async function opened(host: ScriptedHost, shows = "nav-settings"): Promise<ScriptedHost> {
  view = mount(Main, { target: document.body, props: { host } });
  await there(shows);
  return host;
}
afterEach(async () => {
  if (view !== null) await unmount(view);
  view = null;
});

async function second(host: ScriptedHost): Promise<string> {
  const page = await host.call("conversation_ids", { view: "all", stage: null, tag: null, sort: "newest", after: null, limit: 2, saved: null });
  return page.ids[1] ?? "";
}

describe("a link from another program", { timeout: 60_000 }, () => {
  it("opens its conversation, which the shell then knows to be on screen", async () => {
    const host = await opened(new ScriptedHost());
    const id = await second(host);
    expect(host.seen).not.toBe(id);
    host.follow(`parley://conversation/${id}`);
    await holds(() => expect(byId("timeline")?.dataset["conversation"]).toBe(id));
    await holds(() => expect(host.seen).toBe(id));
    await click("nav-settings");
    await holds(() => expect(host.seen).toBeNull());
  });

  it("waits until the workspace is open", async () => {
    const host = new ScriptedHost("locked");
    host.follow("");
    await opened(host, "passphrase");
    expect(byId("toast")).toBeNull();
    expect(await host.link()).toBe("");
  });

  it("that was refused at the door is said to be, and nothing opens", async () => {
    const host = await opened(new ScriptedHost());
    await there("row");
    const before = host.seen;
    host.follow("");
    expect((await there("toast")).textContent).toContain("not one of Parley");
    expect(host.seen).toBe(before);
  });
});

describe("starting at login", { timeout: 60_000 }, () => {
  it("shows what the system has, and what it says when it cannot be changed", async () => {
    const host = await opened(new ScriptedHost());
    await click("nav-settings");
    await click("settings-general");
    await isOn("setting-login", false);
    await click("setting-login");
    await isOn("setting-login", true);
    host.failLogin = true;
    await click("setting-login");
    expect((await there("toast")).textContent).toContain("read-only");
    await isOn("setting-login", true);
  });
});

describe("notifications", { timeout: 60_000 }, () => {
  it("are chosen one by one, and quiet hours by time and day", async () => {
    const host = await opened(new ScriptedHost());
    const notices = async () => (await host.call("settings_get", {})).notices;
    await click("nav-settings");
    await click("settings-notices");
    await click("setting-overdue");
    await isOn("setting-overdue", false);
    const from = (await there("setting-quiet-from")) as HTMLInputElement;
    from.value = "21:30";
    from.dispatchEvent(new Event("change", { bubbles: true }));
    from.value = "soon";
    from.dispatchEvent(new Event("change", { bubbles: true }));
    expect(from.value).toBe("21:30");
    const saturday = document.querySelectorAll<HTMLElement>('[data-testid="setting-quiet-day"]')[5];
    saturday?.click();
    await holds(() => expect(saturday?.getAttribute("aria-pressed")).toBe("true"));
    await vi.waitFor(async () => expect((await notices()).quiet_days).toHaveLength(6), { timeout: 25_000 });
    expect(await notices()).toMatchObject({ overdue: false, failed: true, quiet_from: 1290, quiet_days: [1, 2, 3, 4, 5, 6] });
    await click("setting-notify");
    await holds(() => expect(byId("setting-overdue")).toBeNull());
  });

  it("have times and days of a clock and a week", () => {
    expect(["00:00", "7:05", "23:59", "22:00:00"].map(minutesOf)).toEqual([0, 425, 1439, 1320]);
    expect(["", "24:00", "7:60", "abc", "-1:00"].map(minutesOf)).toEqual([null, null, null, null, null]);
    expect([0, 425, 1439].map(timeOf)).toEqual(["00:00", "07:05", "23:59"]);
    expect(toggled([1, 5], 3)).toEqual([1, 3, 5]);
    expect(toggled([1, 3, 5], 3)).toEqual([1, 5]);
    expect([1, 7].map(weekdayName)).toEqual(["Mon", "Sun"]);
  });

  it("speak words that the shell takes: none is empty or too long", () => {
    const { brief, ...words } = shellWords();
    expect(Object.values(brief).every((word) => word.length > 0 && word.length < 300)).toBe(true);
    for (const word of Object.values(words)) {
      if (typeof word === "string") expect(word.length).toBeGreaterThan(0);
      else expect(Object.keys(word)).toContain("other");
    }
  });
});
