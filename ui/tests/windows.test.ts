import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";
import { Composer, PAUSE } from "../src/state/composer.svelte";
import { chord } from "../src/state/keys";
import { Memory } from "../src/state/memory.svelte";
import { Paper } from "../src/state/paper.svelte";
import { stepped, Wheel, ZOOMS } from "../src/state/zoom";

const settle = (ms = 80): Promise<void> => new Promise((r) => setTimeout(r, ms));

let host: ScriptedHost;
beforeEach(() => {
  host = new ScriptedHost();
});

async function ids(): Promise<string[]> {
  return (await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 50 })).ids;
}

async function aloneWith(id: string): Promise<App> {
  Object.assign(host, { alone: id });
  const app = new App(host);
  await app.start();
  return app;
}

describe("a conversation in its own window", () => {
  it("loads its conversation and no list", async () => {
    const [first = ""] = await ids();
    host.calls.length = 0;
    const app = await aloneWith(first);
    expect(app.timeline.conversation).toBe(first);
    expect(app.list.selected).toBe(first);
    expect(host.calls.map((c) => c.name)).not.toContain("conversation_ids");
    expect(document.title).toBe(app.list.rows.get(first)?.name);
  });

  it("stays with it: another one is shown in the main window", async () => {
    const [first = "", second = ""] = await ids();
    const app = await aloneWith(first);
    await app.openConversation(second);
    expect(app.timeline.conversation).toBe(first);
    expect(host.windows).toEqual([`main ${second}`]);
    await app.openConversation(null);
    expect(app.timeline.conversation).toBe(first);
  });

  it("knows the keys of a conversation and none of the list or of other screens", async () => {
    const [first = ""] = await ids();
    const app = await aloneWith(first);
    for (const action of ["next", "mark", "goSettings", "search", "window"] as const) expect([action, app.actions.press(action)]).toEqual([action, false]);
    expect(app.actions.press("reply")).toBe(true);
    expect(app.screen).toBe("inbox");
    await app.actions.resolve();
    expect(app.timeline.conversation).toBe(first);
  });

  it("says so where its conversation is gone", async () => {
    const app = await aloneWith("f".repeat(32));
    expect([app.ready, app.missing]).toEqual([true, true]);
  });

  it("is asked for by key, and takes along what is being written", async () => {
    const app = new App(host);
    await app.start();
    const [first = ""] = await ids();
    await app.openConversation(first);
    app.composer.text = "Half a thought";
    app.composer.touched("reply");
    expect(app.actions.press("window")).toBe(true);
    await settle();
    expect(host.windows).toEqual([first]);
    expect((await host.call("drafts", { conversation: first })).map((d) => d.text)).toContain("Half a thought");
  });
});

describe("a draft in two windows", () => {
  let here: Composer;
  let there: Composer;
  let id = "";
  beforeEach(async () => {
    [id = ""] = await ids();
    for (const draft of await host.call("drafts", { conversation: id })) await host.call("draft_save", { conversation: id, draft: { ...draft, text: "", files: [] } });
    here = new Composer(host);
    there = new Composer(host);
    await Promise.all([here.open(id), there.open(id)]);
  });

  it("is followed where nothing is being written", async () => {
    here.text = "Written here";
    here.touched("reply");
    await here.flush();
    await there.refresh();
    expect(there.text).toBe("Written here");
    expect(there.contested).toBeNull();
  });

  it("that was sent in one is gone from the other", async () => {
    here.text = "Sent from here";
    here.touched("reply");
    await here.flush();
    await there.refresh();
    expect(await here.send(false)).not.toBeNull();
    await there.refresh();
    expect([there.text, there.expanded]).toEqual(["", false]);
  });

  it("is never overwritten while both are written in: a person chooses", async () => {
    vi.useFakeTimers();
    here.text = "Mine";
    here.touched("reply");
    there.text = "Theirs";
    there.touched("reply");
    const kept = here.flush();
    await vi.advanceTimersByTimeAsync(50);
    await kept;
    const told = there.refresh();
    await vi.advanceTimersByTimeAsync(50);
    await told;
    expect(there.contested?.text).toBe("Mine");
    await vi.advanceTimersByTimeAsync(PAUSE * 3);
    expect((await drafts()).map((d) => d.text)).toEqual(["Mine"]);
    there.settle(true);
    await vi.advanceTimersByTimeAsync(PAUSE * 2);
    expect((await drafts()).map((d) => d.text)).toEqual(["Theirs"]);
    const again = here.refresh();
    await vi.advanceTimersByTimeAsync(50);
    await again;
    expect(here.text).toBe("Theirs");
  });

  it("keeps both texts where the window is closed before somebody chose", async () => {
    here.text = "Mine";
    here.touched("reply");
    there.text = "Theirs";
    there.touched("reply");
    await here.flush();
    await there.refresh();
    await there.leave();
    expect((await host.call("drafts", { conversation: id })).map((d) => d.text)).toEqual(["Theirs\n\nMine"]);
  });

  it("is not taken from under the hand by an answer that is older than what was typed", async () => {
    here.text = "First";
    here.touched("reply");
    await here.flush();
    const late = here.refresh();
    here.text = "First and second";
    here.touched("reply");
    await late;
    expect([here.text, here.contested]).toEqual(["First and second", null]);
  });

  async function drafts(): Promise<{ text: string }[]> {
    const asked = host.call("drafts", { conversation: id });
    await vi.advanceTimersByTimeAsync(10);
    return asked;
  }
});

describe("the size of everything", () => {
  it("goes step by step and stops at the ends", () => {
    expect(stepped(100, 1)).toBe(110);
    expect(stepped(100, -1)).toBe(90);
    expect(stepped(ZOOMS[0], -1)).toBe(80);
    expect(stepped(200, 1)).toBe(200);
    expect([stepped(115, 1), stepped(115, -1)]).toEqual([125, 110]);
  });

  it("is kept in the settings", async () => {
    const app = new App(host);
    await app.start();
    await app.zoom(1);
    await app.zoom(1);
    expect((await host.call("settings_get", {})).zoom).toBe(125);
    await app.zoom(0);
    expect(app.workspace.settings?.zoom).toBe(100);
  });

  it("adds up steps that come faster than they are kept", async () => {
    const app = new App(host);
    await app.start();
    await Promise.all([app.zoom(1), app.zoom(1), app.zoom(1)]);
    expect((await host.call("settings_get", {})).zoom).toBe(150);
  });

  it("takes the wheel by notches, however small the pieces it tells", () => {
    const wheel = new Wheel();
    expect([wheel.turn(-100), wheel.turn(100)]).toEqual([1, -1]);
    expect([wheel.turn(-30), wheel.turn(-30), wheel.turn(-30)]).toEqual([null, null, 1]);
    expect([wheel.turn(-60), wheel.turn(60), wheel.turn(30)]).toEqual([null, null, -1]);
  });

  it("is larger with plus, wherever the keyboard has it", () => {
    const key = (key: string, shiftKey = false): string => chord({ key, code: "", shiftKey, ctrlKey: true, metaKey: false, altKey: false });
    expect([key("="), key("+", true), key("+"), key("-"), key("0")]).toEqual(["Ctrl+=", "Ctrl+=", "Ctrl+=", "Ctrl+-", "Ctrl+0"]);
  });
});

describe("what the window remembers", () => {
  it("is written once for many changes, and bounded", async () => {
    vi.useFakeTimers();
    const memory = new Memory(host);
    for (let width = 300; width < 900; width += 50) memory.keepWidth("list", width);
    memory.keepPanel(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(host.calls.filter((c) => c.name === "window_remember")).toHaveLength(1);
    expect([host.memory.list_width, host.memory.panel]).toEqual([560, false]);
    memory.keepWidth("list", null);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(host.memory.list_width).toBeNull();
  });
});

describe("a conversation on paper", () => {
  it("has all its messages, and notes only where they are wanted", async () => {
    const [first = ""] = await ids();
    const page = await host.call("timeline", { conversation: first, before: null, after: null, around: null, limit: 200 });
    const count = (type: string): number => page.items.filter((item) => item.type === type).length;
    const paper = new Paper(host);
    expect(await paper.set(first, { notes: false, quotes: false })).toBe(true);
    expect(paper.sheet?.items.map((item) => item.type)).toEqual(Array.from({ length: count("message") }, () => "message"));
    await paper.set(first, { notes: true, quotes: false });
    expect(paper.sheet?.items.filter((item) => item.type === "note")).toHaveLength(count("note"));
    expect(paper.sheet?.cut).toBe(false);
  });

  it("of a very long conversation has the newest, and says that it was cut", async () => {
    host = new ScriptedHost("long-5000");
    const all = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
    const rows = await host.call("conversation_rows", { ids: all.ids });
    const paper = new Paper(host);
    await paper.set(rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id, { notes: false, quotes: false });
    expect(paper.sheet?.cut).toBe(true);
    expect(paper.sheet?.items.length).toBeLessThanOrEqual(2_000);
    expect(paper.sheet?.items.length).toBeGreaterThan(1_000);
  });

  it("says what went wrong instead of printing a part", async () => {
    const [first = ""] = await ids();
    host.failNext = "timeline";
    const paper = new Paper(host);
    expect(await paper.set(first, { notes: true, quotes: true })).toBe(false);
    expect([paper.sheet, paper.busy]).toEqual([null, false]);
    expect(paper.error).toContain("disk I/O");
  });
});
