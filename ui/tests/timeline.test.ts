import { beforeEach, describe, expect, it } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { linesOf } from "../src/state/lines";
import { bareSubject, partsOf, showsAnything } from "../src/state/quote";
import { keyOf, spliceTail, Timeline } from "../src/state/timeline.svelte";

let host: ScriptedHost;
let timeline: Timeline;
let long: string;
beforeEach(async () => {
  host = new ScriptedHost();
  timeline = new Timeline(host);
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
  const rows = await host.call("conversation_rows", { ids });
  long = rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id;
});

describe("the timeline", () => {
  it("opens at the end with one page, and grows upward without doubling anything", async () => {
    await timeline.open(long);
    expect(timeline.newer).toBeNull();
    const before = timeline.items.length;
    const first = timeline.items[0];
    await timeline.loadOlder();
    expect(timeline.items.length).toBeGreaterThan(before);
    expect(timeline.items).toContain(first);
    expect(new Set(timeline.items.map(keyOf)).size).toBe(timeline.items.length);
  });

  it("asks once for a page, however often the scroll says so", async () => {
    await timeline.open(long);
    host.calls.length = 0;
    await Promise.all([timeline.loadOlder(), timeline.loadOlder(), timeline.loadOlder()]);
    expect(host.calls).toHaveLength(1);
  });

  it("shows a new message without losing what was loaded above", async () => {
    await timeline.open(long);
    await timeline.loadOlder();
    const count = timeline.items.length;
    host.arrive(long, "News");
    await timeline.refresh();
    expect(timeline.items.length).toBe(count + 1);
    expect(timeline.items.at(-1)).toMatchObject({ text: "News" });
  });

  it("shows the conversation that was opened last, whichever answers last", async () => {
    const { ids } = await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 2 });
    await Promise.all([timeline.open(ids[0] ?? ""), timeline.open(ids[1] ?? "")]);
    expect(timeline.conversation).toBe(ids[1]);
  });

  it.each(["refresh", "loadOlder"] as const)("never shows one customer's messages under another's name: %s asked while another one opens", async (ask) => {
    const { ids } = await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 10 });
    const other = ids.find((id) => id !== long) ?? "";
    await timeline.open(long);
    const answer = host.call.bind(host);
    const waiting: (() => void)[] = [];
    // What is asked of the first conversation is answered last.
    host.call = (async (name: "timeline", args: { conversation: string }) => {
      if (args.conversation === long) await new Promise<void>((go) => waiting.push(go));
      return answer(name, args as never);
    }) as never;
    const opening = timeline.open(other);
    const late = timeline[ask]();
    await opening;
    const shown = timeline.items;
    for (const go of waiting) go();
    await late;
    expect(waiting).toHaveLength(1);
    expect(timeline.conversation).toBe(other);
    expect(timeline.items).toEqual(shown);
  });

  it("jumps to a message and can grow both ways from there", async () => {
    await timeline.open(long);
    await timeline.loadOlder();
    const old = timeline.items.find((i) => i.type === "message")?.id ?? "";
    await timeline.open(long, old);
    expect(timeline.target).toBe(old);
    expect(timeline.newer).not.toBeNull();
    const count = timeline.items.length;
    await timeline.loadNewer();
    expect(timeline.items.length).toBeGreaterThan(count);
  });

  it("takes a page that does not overlap as it is", () => {
    expect(spliceTail([{ type: "note", id: "1", at: 1, agent: "a", text: "" }], [{ type: "note", id: "9", at: 9, agent: "a", text: "" }])).toBeNull();
  });

  it("says what went wrong", async () => {
    host.failNext = "timeline";
    await timeline.open(long);
    expect(timeline.error).toContain("disk");
  });
});

describe("its lines", () => {
  it("put away what belongs to a folded episode", async () => {
    const { ids } = await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 1 });
    await timeline.open(ids[0] ?? "");
    const all = linesOf(timeline.items, new Set(), null);
    const episodes = timeline.items.filter((i) => i.type === "episode");
    const folded = linesOf(timeline.items, new Set([episodes[0]?.id ?? ""]), null);
    expect(folded.length).toBeLessThan(all.length);
    expect(folded.filter((l) => l.item.type === "episode")).toHaveLength(episodes.length);
  });

  it("name a subject once while it stays the same", async () => {
    await timeline.open(long);
    const named = linesOf(timeline.items, new Set(), null).filter((l) => l.subject);
    expect(named.length).toBeLessThan(4);
    expect(bareSubject("AW: Re: RE: Fwd: Lamp")).toBe("Lamp");
  });
});

describe("folded text", () => {
  const text = "Thank you!\n\nOn Tuesday, Mara wrote:\n> Yes.\n-- \nAnna";
  const quote = { start: 12, end: 42, kind: "quote" as const };
  const signature = { start: 42, end: text.length, kind: "signature" as const };

  it("is parted, and nothing is lost", () => {
    const parts = partsOf(text, [quote, signature]);
    expect(parts.map((part) => part.kind)).toEqual([null, "quote", "signature"]);
    expect(parts.map((part) => part.text).join("")).toBe(text);
    expect(parts[0]?.text.trim()).toBe("Thank you!");
  });

  it("stands between answers", () => {
    const parts = partsOf("A> q\nB", [{ start: 1, end: 5, kind: "quote" }]);
    expect(parts.map((part) => part.text)).toEqual(["A", "> q\n", "B"]);
  });

  it("is shown whole where its folds do not fit it", () => {
    expect(partsOf("short", [{ start: 2, end: 90, kind: "quote" }])).toEqual([{ text: "short", start: 0, kind: null }]);
    expect(partsOf("", [])).toEqual([]);
  });

  it("begins open where nothing else would be seen", () => {
    expect(showsAnything(partsOf("\n> q", [{ start: 1, end: 4, kind: "quote" }]))).toBe(false);
    expect(showsAnything(partsOf(text, [quote]))).toBe(true);
  });
});

describe("what may belong elsewhere", () => {
  it("is suggested until a person decides, and each decision is one call", async () => {
    const all = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
    const carrying = async (): Promise<{ id: string; conversation: string } | null> => {
      for (const conversation of all.ids) {
        const { items } = await host.call("timeline", { conversation, before: null, after: null, around: null, limit: 200 });
        const found = items.find((i) => i.type === "message" && i.hint !== null);
        if (found?.type === "message") return { id: found.id, conversation };
      }
      return null;
    };
    const before = await carrying();
    expect(before).not.toBeNull();
    await host.call("hint_dismiss", { message: before?.id ?? "" });
    expect(await carrying()).toBeNull();
    const { items } = await host.call("timeline", { conversation: before?.conversation ?? "", before: null, after: null, around: null, limit: 200 });
    const message = items.find((i) => i.type === "message" && i.id === before?.id);
    expect(message?.type === "message" && message.variants.length).toBe(1);
  });
});
