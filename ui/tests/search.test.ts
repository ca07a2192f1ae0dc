import { describe, expect, it } from "vitest";
import type { Args, Host, Name, Reply } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";
import { rangeOf } from "../src/state/reports.svelte";
import { Search } from "../src/state/search.svelte";

describe("search as one types", () => {
  it("asks once for a burst of keys", async () => {
    const host = new ScriptedHost();
    const search = new Search(host);
    for (const query of ["l", "la", "lam", "lamp"]) search.typed(query);
    await new Promise((r) => setTimeout(r, 150));
    expect(host.calls.map((c) => c.args)).toEqual([{ query: "lamp", limit: 50, before: null, order: "newest" }]);
    expect(search.hits.length).toBeGreaterThan(0);
  });

  it("shows the answer to the newest question, even when an older one comes later", async () => {
    const scripted = new ScriptedHost();
    const slow: Host = Object.assign(Object.create(scripted) as ScriptedHost, {
      call: async <K extends Name>(name: K, args: Args<K>): Promise<Reply<K>> => {
        const { query } = args as Args<"search">;
        await new Promise((r) => setTimeout(r, query === "lamp" ? 60 : 5));
        return scripted.call(name, args);
      },
    });
    const search = new Search(slow);
    search.query = "lamp";
    const first = search.ask();
    search.query = "voucher";
    await Promise.all([first, search.ask()]);
    expect(search.answered).toBe("voucher");
    expect(search.hits.every((h) => h.subject?.text.includes("Voucher"))).toBe(true);
  });

  it("can be kept as a view that shows what it finds", async () => {
    const host = new ScriptedHost();
    const app = new App(host);
    await app.start();
    app.search.query = "voucher";
    const view = await app.search.save("Vouchers");
    await app.show("all", { saved: view.id });
    expect(app.list.ids.length).toBeGreaterThan(0);
    expect(app.list.filter.saved).toBe(view.id);
    await expect(app.search.save("  ")).rejects.toThrow();
  });

  it("forgets its hits with the query", async () => {
    const search = new Search(new ScriptedHost());
    search.query = "lamp";
    await search.ask();
    search.query = " ";
    await search.ask();
    expect(search.hits).toEqual([]);
  });
});

describe("a report's range", () => {
  const now = new Date(2026, 10, 22, 15, 30).getTime();
  it("is whole days, today included", () => {
    const { from, to } = rangeOf("7", now);
    expect(new Date(from).toString()).toContain("Nov 16 2026 00:00");
    expect(new Date(to).toString()).toContain("Nov 23 2026 00:00");
  });
  it("may be the month", () => expect(new Date(rangeOf("month", now).from).toString()).toContain("Nov 01 2026 00:00"));
});
