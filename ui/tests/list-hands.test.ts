import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";
import { ConversationList, isConversation, isHead } from "../src/state/list.svelte";
import { Memory } from "../src/state/memory.svelte";
import { choiceFrom, cuts, isDay, sorts } from "../src/state/sections";

const settle = (ms = 60): Promise<void> => new Promise((r) => setTimeout(r, ms));
let host: ScriptedHost;
let list: ConversationList;
beforeEach(async () => {
  host = new ScriptedHost();
  list = new ConversationList(host);
  await list.refresh();
});

/** Somebody whose conversation is not in the inbox writes. */
async function newcomer(): Promise<string> {
  const { ids } = await host.call("conversation_ids", { view: "resolved", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 1 });
  host.arrive(ids[0] ?? "", "One more thing");
  return ids[0] ?? "";
}

describe("a list that a hand is on", () => {
  it("keeps its lines, tells what is new, and lets it in when asked", async () => {
    const before = list.ids;
    list.keep("hand", true);
    const id = await newcomer();
    await list.refresh();
    expect(list.ids).toEqual(before);
    expect([list.waiting, list.news]).toEqual([true, 1]);
    list.letIn();
    expect(list.ids[0]).toBe(id);
    expect([list.waiting, list.news]).toEqual([false, 0]);
  });

  it("lets in what waits as soon as the hand is off", async () => {
    list.keep("hand", true);
    list.keep("menu", true);
    const id = await newcomer();
    await list.refresh();
    list.keep("hand", false);
    expect(list.ids).not.toContain(id);
    list.keep("menu", false);
    expect(list.ids[0]).toBe(id);
  });

  it("is let go by a hand that does not move", async () => {
    vi.useFakeTimers();
    list.keep("hand", true);
    const refreshed = newcomer().then(() => list.refresh());
    await vi.advanceTimersByTimeAsync(100);
    await refreshed;
    expect(list.waiting).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(list.waiting).toBe(false);
  });

  it("takes away at once what one resolved oneself, and nothing else", async () => {
    const [first, second] = list.ids as [string, string];
    list.keep("hand", true);
    await newcomer();
    await host.call("resolve", { conversation: first });
    list.did([first]);
    await list.refresh();
    expect(list.ids[0]).toBe(second);
    expect(list.news).toBe(1);
  });

  it("does not tell of an order that is the same", async () => {
    list.keep("hand", true);
    await list.refresh();
    expect(list.waiting).toBe(false);
  });
});

describe("the choice", () => {
  it("stays on its conversation when others come before it", async () => {
    list.selected = list.ids[2] ?? null;
    const id = list.selected;
    await newcomer();
    await list.refresh();
    expect(list.selected).toBe(id);
    expect(list.ids.indexOf(id ?? "")).toBe(3);
  });

  it("goes on from where a conversation was that left", async () => {
    const [, second, third] = list.ids as [string, string, string];
    list.selected = second;
    await host.call("resolve", { conversation: second });
    await list.refresh();
    expect(list.neighbour(1)).toBe(third);
  });
});

describe("groups", () => {
  it("have a heading with the whole number, and every conversation once", async () => {
    const all = [...list.ids].sort();
    for (const by of ["stage", "assignee", "channel", "day"] as const) {
      await list.setGroup(by);
      expect(list.heads.length).toBeGreaterThan(by === "channel" ? 0 : 1);
      expect(list.heads.every((line) => isHead(list.lines[line] ?? ""))).toBe(true);
      expect([...list.ids].sort()).toEqual(all);
      expect(list.total).toBe(all.length);
    }
  });

  it("close to their heading and keep their number, and the keys pass them by", async () => {
    await list.setGroup("assignee");
    const [first, second] = list.parts;
    const total = list.total;
    await list.toggle(list.lines[0] ?? "");
    expect(list.lines.slice(0, 2).every(isHead)).toBe(true);
    expect(list.total).toBe(total);
    expect(list.ids).not.toContain(first?.ids[0]);
    expect(list.beside(list.lines[0] ?? "", 1)).toBe(second?.ids[0]);
    await list.toggle(list.lines[0] ?? "");
    expect(list.ids[0]).toBe(first?.ids[0]);
  });

  it("that are closed are asked for nothing but their number", async () => {
    await list.setGroup("stage");
    await list.toggle(list.lines[0] ?? "");
    host.calls.length = 0;
    await list.refresh();
    expect(host.calls.filter((c) => c.name === "section_ids")).toHaveLength(list.parts.length - 1);
  });

  it("of days part at midnight, the last week day by day", () => {
    const now = new Date(2026, 10, 22, 10).getTime();
    const found = cuts(now);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found.length).toBeLessThanOrEqual(64);
    expect(found.slice(-7).map((at) => new Date(at).getDate())).toEqual([16, 17, 18, 19, 20, 21, 22]);
    expect(found.every((at) => new Date(at).getHours() === 0)).toBe(true);
    expect(isDay({ by: "day", from: found.at(-1) ?? 0, to: null })).toBe(true);
    expect(isDay({ by: "day", from: found[0] ?? 0, to: found[1] ?? 0 })).toBe(false);
  });
});

describe("the order", () => {
  it("is kept for each view, over a restart", async () => {
    const memory = new Memory(host);
    list = new ConversationList(host, undefined, memory);
    await list.setSort("oldest");
    await list.setGroup("day");
    await list.show({ view: "mine" });
    expect([list.sort, list.group]).toEqual(["newest", "none"]);
    await list.show({ view: "inbox" });
    expect([list.sort, list.group]).toEqual(["oldest", "day"]);
    await memory.flush();
    const later = new Memory(host);
    await later.load();
    const next = new ConversationList(host, undefined, later);
    expect([next.sort, next.group]).toEqual(["oldest", "day"]);
  });

  it("begins with the longest wait where waits are shown, and with what wakes next where things sleep", () => {
    expect(sorts("waiting")[0]).toBe("longest_wait");
    expect(sorts("snoozed")[0]).toBe("wakes_next");
    expect(choiceFrom("inbox", { view: "inbox", sort: "wakes_next", group: null, closed: ["x"] })).toEqual({ sort: "newest", group: "none", closed: ["x"] });
    expect(choiceFrom("inbox", undefined)).toEqual({ sort: "newest", group: "none", closed: [] });
  });
});

describe("selecting", () => {
  it("of a range grows and shrinks from where it began, and leaves alone what was selected before", () => {
    const [a, b, c, d, e] = list.ids as [string, string, string, string, string];
    list.toggleMark(e);
    list.toggleMark(b);
    list.cursor = b;
    for (const id of [c, d, c]) list.markTo(id);
    expect([...list.marked].sort()).toEqual([b, c, e].sort());
    list.markTo(a);
    expect([...list.marked].sort()).toEqual([a, b, e].sort());
  });

  it("of all that match takes closed groups along", async () => {
    const all = list.ids.length;
    await list.setGroup("stage");
    await list.toggle(list.lines[0] ?? "");
    await list.refresh();
    await list.markAll();
    expect(list.marked.size).toBe(all);
  });

  it("forgets what left the list", async () => {
    const [first] = list.ids as [string];
    list.toggleMark(first);
    await host.call("resolve", { conversation: first });
    await list.refresh();
    expect(list.marked.size).toBe(0);
  });
});

describe("100,000 conversations", () => {
  it("are shown after the first page, and only rows near the eye are kept", async () => {
    const huge = new ScriptedHost("huge");
    const long = new ConversationList(huge);
    await long.begin();
    expect(long.ids.length).toBeGreaterThanOrEqual(20_000);
    await vi.waitFor(() => expect(long.partly).toBe(false), 20_000);
    expect(long.ids).toHaveLength(100_000);
    for (let at = 0; at < 100_000; at += 5_000) for (let i = 0; i < 6; i += 1) await long.ensure(at + i * 60, at + i * 60 + 12);
    expect(long.rows.size).toBeLessThanOrEqual(2_100);
    expect(long.lines.slice(0, 3).every(isConversation)).toBe(true);
  }, 30_000);

  it("that were scrolled past are never asked for", async () => {
    host.calls.length = 0;
    const rows = vi.spyOn(host, "call");
    await Promise.all([list.ensure(0, 5), list.ensure(10, 12), list.ensure(45, 50)]);
    expect(rows.mock.calls.filter((c) => c[0] === "conversation_rows")).toHaveLength(2);
    expect(list.rows.has(list.ids[49] ?? "")).toBe(true);
  });
});

describe("acting on many", () => {
  let app: App;
  beforeEach(async () => {
    app = new App(host);
    await app.start();
    await app.list.ensure(0, 20);
  });

  it("is one action: the undo key takes all of it back", async () => {
    const all = app.list.ids.length;
    await app.list.markAll();
    await app.actions.resolve();
    await vi.waitFor(() => expect(app.list.ids).toHaveLength(0));
    expect(app.toasts.list.at(-1)?.text).toBe(`${String(all)} resolved`);
    app.actions.press("undo");
    await vi.waitFor(() => expect(app.list.ids).toHaveLength(all));
    expect(host.calls.filter((c) => c.name === "undo")).toHaveLength(1);
  });

  it("says how many it changed, not how many were selected", async () => {
    const [a, b] = app.list.ids as [string, string];
    await host.call("assign", { conversation: a, agent: "a1" });
    app.list.toggleMark(a);
    app.list.toggleMark(b);
    await app.actions.assign("a1");
    expect(app.toasts.list.at(-1)?.text).toBe("Assigned to Tom Okafor");
    app.list.toggleMark(a);
    app.list.toggleMark(b);
    await app.actions.assign("a1");
    expect(app.toasts.list.at(-1)).toMatchObject({ text: "Nothing to change", undo: null });
  });

  it("marks read, and back by the undo key", async () => {
    const unread = [...app.list.rows.values()].filter((r) => r.unread > 0).map((r) => r.id);
    await app.list.markAll();
    await app.actions.read();
    await vi.waitFor(() => expect(unread.some((id) => (app.list.rows.get(id)?.unread ?? 0) > 0)).toBe(false));
    app.actions.press("undo");
    await vi.waitFor(() => expect(unread.every((id) => (app.list.rows.get(id)?.unread ?? 0) > 0)).toBe(true));
  });

  it("goes on in steps that can be stopped, and is still one action", async () => {
    const huge = new ScriptedHost("huge");
    const many = new App(huge);
    await many.start();
    await vi.waitFor(() => expect(many.list.ids).toHaveLength(100_000), 20_000);
    const ids = many.list.ids.slice(0, 1000);
    many.list.marks.all(ids);
    const stop = vi.spyOn(huge, "call").mockImplementation(async function (this: ScriptedHost, name, args) {
      if (name === "bulk" && stop.mock.calls.filter((c) => c[0] === "bulk").length === 2) many.actions.bulk.stop();
      return ScriptedHost.prototype.call.call(huge, name, args) as never;
    });
    await many.actions.tag("vip", true);
    const groups = stop.mock.calls.filter((c) => c[0] === "bulk").map((c) => (c[1] as { group: string | null }).group);
    expect(groups).toHaveLength(2);
    expect(groups[1]).not.toBeNull();
    expect(many.toasts.list.at(-1)?.text).toBe("Stopped. 400 tagged #vip");
    expect(many.actions.bulk.working).toBeNull();
  }, 40_000);

  it("through a menu reaches the conversation it was opened on, not the one that is open", async () => {
    const [first, , third] = app.list.ids as [string, string, string];
    await app.openConversation(first);
    app.openMenu(third, { x: 0, y: 0 });
    expect(app.targets).toEqual([third]);
    const done = app.actions.assign("a2");
    app.closeMenu();
    await done;
    await vi.waitFor(() => expect(app.list.rows.get(third)?.assignee?.id).toBe("a2"));
    expect(app.targets).toEqual([first]);
  });

  it("through a menu's picker still reaches it", async () => {
    const [first, , third] = app.list.ids as [string, string, string];
    await app.openConversation(first);
    app.openMenu(third, { x: 0, y: 0 });
    app.closeMenu();
    app.overlay = "snooze";
    await settle(10);
    expect(app.targets).toEqual([third]);
    app.overlay = null;
    await settle(10);
    expect(app.targets).toEqual([first]);
  });

  it("by dropping does what the view stands for", async () => {
    const [first, second] = app.list.ids as [string, string];
    await app.actions.drop({ to: "assign", agent: null }, [first, second]);
    await app.actions.drop({ to: "tag", tag: "vip" }, [first]);
    await app.actions.drop({ to: "resolve" }, [second]);
    await vi.waitFor(() => {
      expect(app.list.rows.get(first)).toMatchObject({ assignee: null });
      expect(app.list.rows.get(first)?.tags).toContain("vip");
      expect(app.list.ids).not.toContain(second);
    });
    expect(app.aim).toBeNull();
    await app.actions.drop({ to: "snooze" }, [first]);
    expect([app.overlay, app.targets]).toEqual(["snooze", [first]]);
  });

  it("extends the selection without opening what it passes", async () => {
    await app.openConversation(app.list.ids[0] ?? null);
    host.calls.length = 0;
    for (const key of ["markNext", "markNext", "markPrevious"] as const) app.actions.press(key);
    await settle(150);
    expect([...app.list.marked]).toEqual(app.list.ids.slice(0, 2));
    expect(host.calls.filter((c) => c.name === "timeline")).toHaveLength(0);
  });
});
