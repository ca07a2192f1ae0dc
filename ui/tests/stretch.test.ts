import { describe, expect, it } from "vitest";
import type { ChangeItem } from "../src/api/ChangeItem";
import type { TimelineItem } from "../src/api/TimelineItem";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { message } from "../src/host/scripted/world";
import { daysOf, linesOf } from "../src/state/lines";
import { cutEnd, cutStart, joined } from "../src/state/stretch";
import { KEPT, keyOf, Timeline } from "../src/state/timeline.svelte";

const HOUR = 3_600_000;
const NOON = new Date(2026, 2, 2, 12).getTime();
const said = (id: string, at: number): TimelineItem => ({ type: "message", ...message(at, null, null, id), id });
const note = (id: string, at: number): TimelineItem => ({ type: "note", id, at, agent: "Mara", text: "" });
const change = (id: string, at: number): ChangeItem & { type: "change" } => ({ type: "change", id, at, agent: "Mara", what: "tagged", value: id, at_value: null });
const episode = (n: number, at: number): Extract<TimelineItem, { type: "episode" }> => ({ type: "episode", id: `e${String(n)}`, number: n, opened_at: at, resolved_at: null, by_agent: false, first_response: null, resolved_by: null, messages: 9, start: `s${String(n)}`, end: null });
const none = new Set<string>();

async function long(count: number): Promise<{ host: ScriptedHost; timeline: Timeline; id: string }> {
  const host = new ScriptedHost(`long-${String(count)}`, NOON);
  const timeline = new Timeline(host);
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
  const rows = await host.call("conversation_rows", { ids });
  return { host, timeline, id: rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id };
}
const texts = (timeline: Timeline): string[] => timeline.items.flatMap((item) => (item.type === "message" ? [item.text] : []));

describe("a stretch of a long conversation", () => {
  it("keeps a bounded number of items however far one reads, and misses none on the way back", async () => {
    const count = 700;
    const { timeline, id } = await long(count);
    await timeline.open(id);
    const up = new Set(texts(timeline));
    while (timeline.older !== null) {
      await timeline.loadOlder();
      for (const text of texts(timeline)) up.add(text);
      expect(timeline.items.length).toBeLessThanOrEqual(KEPT);
    }
    expect(up.size).toBe(count);
    expect(timeline.newer).not.toBeNull();
    const down = new Set(texts(timeline));
    while (timeline.newer !== null) {
      await timeline.loadNewer();
      for (const text of texts(timeline)) down.add(text);
      expect(timeline.items.length).toBeLessThanOrEqual(KEPT);
      expect(new Set(timeline.items.map(keyOf)).size).toBe(timeline.items.length);
    }
    const numbers = [...down].map((text) => Number(/\((\d+)\)$/.exec(text)?.[1]));
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });

  it("opens with the same two calls at most, whatever its length", async () => {
    for (const count of [100, 5000]) {
      const { host, timeline, id } = await long(count);
      host.calls.length = 0;
      await timeline.open(id);
      expect(host.calls.length).toBeLessThanOrEqual(2);
      expect(timeline.items.length).toBeLessThan(100);
    }
  });

  it("is read around the first unread message, also where that is far up", async () => {
    const { host, timeline, id } = await long(1000);
    await host.call("timeline", { conversation: id, before: null, after: null, around: null, limit: 200 });
    await timeline.open(id);
    await timeline.jumpTo(0);
    const early = timeline.items.find((item) => item.type === "message" && item.direction === "inbound")?.id ?? "";
    await host.call("mark_unread_from", { message: early });
    await timeline.open(id);
    expect(timeline.firstUnread).toBe(early);
    expect(timeline.items.some((item) => item.id === early)).toBe(true);
  });

  it("goes to a date by the first message of that day, or the nearest", async () => {
    const { timeline, id } = await long(1000);
    await timeline.open(id);
    expect(await timeline.jumpTo(0)).toBe(true);
    expect(texts(timeline)[0]).toContain("(1)");
    expect(await timeline.jumpTo(NOON + 900 * HOUR)).toBe(true);
    expect(texts(timeline).at(-1)).toContain("(1000)");
  });

  it("scrolls without asking where the message is loaded already", async () => {
    const { host, timeline, id } = await long(200);
    await timeline.open(id);
    const last = timeline.items.findLast((item) => item.type === "message")?.id ?? "";
    host.calls.length = 0;
    const jumps = timeline.jumps;
    await timeline.jump(last);
    expect(host.calls).toHaveLength(0);
    expect(timeline.jumps).toBe(jumps + 1);
  });

  it("is cut at a message, and what begins with it stays", () => {
    const items = [episode(1, 1), said("a", 1), note("n", 2), episode(2, 5), said("b", 5), note("o", 5), said("c", 9), note("p", 10)];
    const end = cutEnd(items, 6);
    expect(end?.items.map((i) => i.id)).toEqual(["e1", "a", "n", "e2", "b", "o"]);
    expect(end?.edge).toBe("b");
    const start = cutStart(items, 4);
    expect(start?.items.map((i) => i.id)).toEqual(["e2", "b", "o", "c", "p"]);
    expect(start?.edge).toBe("b");
    expect(start?.within?.id).toBe("e1");
    expect(cutEnd([note("n", 1)], 1)).toBeNull();
  });

  it("says which end could not be read on, and reads on when asked again", async () => {
    const { host, timeline, id } = await long(500);
    await timeline.open(id);
    host.failNext = "timeline";
    await timeline.loadOlder();
    expect(timeline.failed).toBe("older");
    expect(timeline.error).toContain("disk");
    await timeline.loadOlder();
    expect(timeline.failed).toBeNull();
    expect(timeline.error).toBeNull();
  });

  it("takes what stands in two pages once", () => {
    expect(joined([said("a", 1), said("b", 2)], [said("b", 2), said("c", 3)]).map((i) => i.id)).toEqual(["a", "b", "c"]);
  });
});

describe("an episode that is put away", () => {
  it("is passed over in one step, though its middle was never loaded, and read when it is shown again", async () => {
    const { host, timeline, id } = await long(1000);
    await timeline.open(id);
    const within = timeline.within;
    expect(within).not.toBeNull();
    timeline.toggleFold(within?.id ?? "");
    await timeline.loadOlder();
    const header = timeline.items.find((item) => item.type === "episode" && item.id === within?.id);
    expect(header).toBeDefined();
    expect(linesOf(timeline.items, timeline.folded, null).map((l) => l.key)).toContain(`episode:${within?.id ?? ""}`);
    host.calls.length = 0;
    timeline.toggleFold(within?.id ?? "");
    await new Promise((r) => setTimeout(r, 20));
    expect(host.calls).toHaveLength(1);
    expect(timeline.items[0]).toMatchObject({ type: "episode", id: within?.id });
    expect(timeline.aim).toBe(`episode:${within?.id ?? ""}`);
  });

  it("stays away while other conversations are looked at", async () => {
    const { host, timeline, id } = await long(300);
    await timeline.open(id);
    const first = timeline.episodes[0]?.id ?? "";
    timeline.toggleFold(first);
    const { ids } = await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 9 });
    await timeline.open(ids.find((other) => other !== id) ?? "");
    await timeline.open(id);
    expect(timeline.folded.has(first)).toBe(true);
  });

  it("is shown again when somebody jumps to a message in it", async () => {
    const { timeline, id } = await long(300);
    await timeline.open(id);
    timeline.foldAll(true);
    const message = timeline.items.findLast((item) => item.type === "message")?.id ?? "";
    expect(linesOf(timeline.items, timeline.folded, null, { within: timeline.within }).every((l) => l.item.type === "episode")).toBe(true);
    await timeline.jump(message);
    expect(linesOf(timeline.items, timeline.folded, null).some((l) => l.item.id === message)).toBe(true);
  });

  it("has no head of its own where the next begins at once", () => {
    expect(linesOf([episode(2, 5), said("b", 5)], none, null, { within: episode(1, 1) }).filter((l) => l.begun)).toHaveLength(0);
    expect(linesOf([said("b", 5)], none, null, { within: episode(1, 1) })[0]).toMatchObject({ begun: true, key: "within:e1" });
  });
});

describe("changes in a row", () => {
  const items = [said("m", NOON), change("1", NOON + 1), change("2", NOON + 2), change("3", NOON + 3), said("n", NOON + 4), change("4", NOON + 5)];

  it("are one line from three on", () => {
    const lines = linesOf(items, none, null);
    expect(lines.map((l) => l.changes?.length ?? l.item.id)).toEqual(["m", 3, "n", "4"]);
  });

  it("are shown one by one when opened, under a line that closes them", () => {
    const lines = linesOf(items, none, null, { spread: new Set(["2"]) });
    expect(lines.map((l) => l.changes?.length ?? l.item.id)).toEqual(["m", 3, "1", "2", "3", "n", "4"]);
    expect(new Set(lines.map((l) => l.key)).size).toBe(lines.length);
  });

  it("are not joined over midnight", () => {
    const late = new Date(2026, 2, 2, 23, 59).getTime();
    const lines = linesOf([change("1", late), change("2", late + 1), change("3", late + 2 * HOUR)], none, null);
    expect(lines.every((l) => l.changes === null)).toBe(true);
  });
});

describe("days", () => {
  it("keep their keys while older lines come before them, so that nothing shown is built anew", () => {
    const newer = [said("b", NOON), said("c", NOON + 24 * HOUR)];
    const before = daysOf(linesOf(newer, none, null));
    const after = daysOf(linesOf([said("z", NOON - 48 * HOUR), said("a", NOON - HOUR), ...newer], none, null));
    expect(after.map((d) => d.key).slice(1)).toEqual(before.map((d) => d.key));
    expect(after[1]?.lines.map((l) => l.item.id)).toEqual(["a", "b"]);
  });

  it("never share a key, also where a clock went back", () => {
    const days = daysOf(linesOf([said("a", NOON), said("b", NOON + 24 * HOUR), said("c", NOON)], none, null));
    expect(new Set(days.map((d) => d.key)).size).toBe(3);
  });
});
