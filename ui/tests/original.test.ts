import { flushSync, mount, tick, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import LeftOut from "../src/screens/inbox/LeftOut.svelte";
import Rest from "../src/screens/inbox/Rest.svelte";
import { Timeline } from "../src/state/timeline.svelte";

const find = (testid: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
let view: Record<string, unknown> | null = null;
afterEach(async () => {
  if (view !== null) await unmount(view);
  view = null;
});

describe("a mail whose formatting is too much", () => {
  it("says so, and offers the original and a file", () => {
    const done: string[] = [];
    view = mount(LeftOut, { target: document.body, props: { onoriginal: () => done.push("original"), onsave: () => done.push("save") } });
    flushSync();
    expect(find("left-out")[0]?.textContent).toContain("too large");
    find("left-out-original")[0]?.click();
    find("left-out-save")[0]?.click();
    expect(done).toEqual(["original", "save"]);
  });
});

describe("the rest of a long text", () => {
  it("is offered, shown piece by piece and ends", async () => {
    let asked = 0;
    const more = (): Promise<void> => {
      asked += 1;
      return Promise.resolve();
    };
    view = mount(Rest, { target: document.body, props: { rest: undefined, onmore: more } });
    flushSync();
    expect(find("rest-piece")).toHaveLength(0);
    find("show-rest")[0]?.click();
    await tick();
    expect(asked).toBe(1);
    await unmount(view);
    view = mount(Rest, { target: document.body, props: { rest: { pieces: ["<b>one</b>"], next: 1_500_000, total: 3_000_000 }, onmore: more } });
    flushSync();
    expect(find("rest-piece").map((p) => p.textContent)).toEqual(["<b>one</b>"]);
    expect(find("show-rest")).toHaveLength(1);
    expect(document.body.textContent).toContain("of 3");
    await unmount(view);
    view = mount(Rest, { target: document.body, props: { rest: { pieces: ["one", "two"], next: null, total: 10 }, onmore: more } });
    flushSync();
    expect(find("rest-piece")).toHaveLength(2);
    expect(find("show-rest")).toHaveLength(0);
  });

  it("is asked for from where the last piece ended, once, and forgotten with its conversation", async () => {
    const host = new ScriptedHost();
    const timeline = new Timeline(host);
    const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
    const rows = await host.call("conversation_rows", { ids });
    await timeline.open(rows.find((row) => row.name === "Amelia Dubois")?.id ?? "");
    const long = timeline.items.find((item) => item.type === "message" && item.html_left_out)?.id ?? "";
    await timeline.loadText(long);
    expect(timeline.texts.get(long)?.rest).toBe(true);
    await Promise.all([timeline.loadRest(long), timeline.loadRest(long)]);
    expect(timeline.rests.get(long)?.pieces).toHaveLength(1);
    await timeline.loadRest(long);
    expect(timeline.rests.get(long)).toMatchObject({ next: null, total: 2_621_440 });
    host.calls.length = 0;
    await timeline.loadRest(long);
    expect(host.calls).toHaveLength(0);
    await timeline.open(rows[0]?.id ?? "");
    expect(timeline.rests.size).toBe(0);
  });
});
