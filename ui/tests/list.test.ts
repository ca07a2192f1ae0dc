import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { ConversationList } from "../src/state/list.svelte";

let host: ScriptedHost;
let list: ConversationList;
beforeEach(async () => {
  host = new ScriptedHost();
  list = new ConversationList(host);
  await list.refresh();
});

describe("the list", () => {
  it("fetches rows only for what is on screen and a little around it", async () => {
    await list.ensure(0, 5);
    expect(list.rows.size).toBe(45);
    await list.ensure(0, 5);
    expect(host.calls.filter((c) => c.name === "conversation_rows")).toHaveLength(1);
  });

  it("fetches again only what changed and is known", async () => {
    await list.ensure(0, 1);
    host.calls.length = 0;
    await list.invalidate([list.ids[0] ?? "", "somewhere else"]);
    expect(host.calls.map((c) => (c.args as { ids: string[] }).ids)).toEqual([[list.ids[0]]]);
  });

  it("ignores the answer to a view that was left", async () => {
    const slow = list.show({ view: "resolved" });
    const fast = list.show({ view: "mine" });
    await Promise.all([slow, fast]);
    const mine = await host.call("conversation_ids", { view: "mine", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 100 });
    expect(list.ids).toEqual(mine.ids);
  });

  it("shows the newest row, whichever answer comes last", async () => {
    await list.ensure(0, 1);
    const id = list.ids[0] ?? "";
    const answer = host.call.bind(host);
    const waiting: (() => void)[] = [];
    host.call = (async (name: "conversation_rows", args: { ids: string[] }) => {
      const rows = await answer(name, args);
      if (waiting.length === 0) await new Promise<void>((go) => waiting.push(go));
      return rows;
    }) as never;
    const early = list.invalidate([id]);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    host.arrive(id, "Newer than what was asked first");
    await list.invalidate([id]);
    for (const go of waiting) go();
    await early;
    expect(list.rows.get(id)?.snippet).toBe("Newer than what was asked first");
  });

  it("moves to the next, stays at the ends", () => {
    expect(list.neighbour(1)).toBe(list.ids[0]);
    list.selected = list.ids[3] ?? null;
    expect(list.neighbour(1)).toBe(list.ids[4]);
    list.selected = list.ids.at(-1) ?? null;
    expect(list.neighbour(1)).toBe(list.ids.at(-1));
  });

  it("shows the next conversation that stays when some leave, else the one before", () => {
    const [a, b, c] = list.ids as [string, string, string];
    expect(list.successor([a])).toBe(b);
    expect(list.successor([a, b])).toBe(c);
    expect(list.successor([list.ids.at(-1) ?? ""])).toBe(list.ids.at(-2));
    expect(list.successor(list.ids)).toBeNull();
  });

  it("says what went wrong and recovers", async () => {
    host.failNext = "conversation_ids";
    await list.refresh();
    expect(list.error).toContain("disk");
    await list.refresh();
    expect(list.error).toBeNull();
  });
});
