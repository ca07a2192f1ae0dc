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
const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setTimeout(resolve, 5));
  flushSync();
};

let view: Record<string, unknown> | null = null;
async function opened(host: ScriptedHost): Promise<ScriptedHost> {
  view = mount(Main, { target: document.body, props: { host } });
  await settled();
  return host;
}
afterEach(async () => {
  if (view !== null) await unmount(view);
  view = null;
});

async function first(host: ScriptedHost): Promise<string> {
  const page = await host.call("conversation_ids", { view: "all", stage: null, tag: null, sort: "newest", after: null, limit: 2, saved: null });
  return page.ids[1] ?? "";
}

describe("a link from another program", () => {
  it("opens its conversation, which the shell then knows to be on screen", async () => {
    const host = await opened(new ScriptedHost());
    const id = await first(host);
    expect(host.seen).not.toBe(id);
    host.follow(`parley://conversation/${id}`);
    await settled();
    expect(byId("timeline")?.dataset["conversation"]).toBe(id);
    expect(host.seen).toBe(id);
    byId("nav-settings")?.click();
    await settled();
    expect(host.seen).toBeNull();
  });

  it("waits until the workspace is open", async () => {
    const host = new ScriptedHost("locked");
    host.follow("");
    await opened(host);
    expect(byId("toast")).toBeNull();
    expect(await host.link()).toBe("");
  });

  it("that was refused at the door is said to be, and nothing opens", async () => {
    const host = await opened(new ScriptedHost());
    const before = host.seen;
    host.follow("");
    await settled();
    expect(byId("toast")?.textContent).toContain("not one of Parley");
    expect(host.seen).toBe(before);
  });
});

describe("starting at login", () => {
  it("shows what the system has, and what it says when it cannot be changed", async () => {
    const host = await opened(new ScriptedHost());
    byId("nav-settings")?.click();
    flushSync();
    byId("settings-general")?.click();
    await settled();
    expect(byId("setting-login")?.getAttribute("aria-checked")).toBe("false");
    byId("setting-login")?.click();
    await settled();
    expect(byId("setting-login")?.getAttribute("aria-checked")).toBe("true");
    host.failLogin = true;
    byId("setting-login")?.click();
    await settled();
    expect(byId("setting-login")?.getAttribute("aria-checked")).toBe("true");
    expect(byId("toast")?.textContent).toContain("read-only");
  });
});

describe("notifications", () => {
  it("are chosen one by one, and quiet hours by time and day", async () => {
    const host = await opened(new ScriptedHost());
    byId("nav-settings")?.click();
    flushSync();
    byId("settings-notices")?.click();
    await settled();
    byId("setting-overdue")?.click();
    await settled();
    const from = byId("setting-quiet-from") as HTMLInputElement;
    from.value = "21:30";
    from.dispatchEvent(new Event("change", { bubbles: true }));
    await settled();
    document.querySelectorAll<HTMLElement>('[data-testid="setting-quiet-day"]')[5]?.click();
    await settled();
    const { notices } = await host.call("settings_get", {});
    expect(notices).toMatchObject({ overdue: false, failed: true, quiet_from: 1290, quiet_days: [1, 2, 3, 4, 5, 6] });
    byId("setting-notify")?.click();
    await settled();
    expect(byId("setting-overdue")).toBeNull();
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
    for (const word of Object.values(shellWords())) {
      if (typeof word === "string") expect(word.length).toBeGreaterThan(0);
      else expect(Object.keys(word)).toContain("other");
    }
  });
});
