import { beforeEach, describe, expect, it } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { rests, Transfers } from "../src/state/transfers.svelte";

let host: ScriptedHost;
let transfers: Transfers;
beforeEach(() => {
  host = new ScriptedHost();
  transfers = new Transfers(host);
});

describe("import and export", () => {
  it("starts an import with the addresses that a person typed, and follows it", async () => {
    transfers.own = "team@shop.test, sales@shop.test";
    await transfers.start(true);
    transfers.stop();
    expect(host.calls.find((c) => c.name === "import_start")?.args).toMatchObject({ folder: true, own: ["team@shop.test", "sales@shop.test"], measured: false });
    expect(transfers.items[0]).toMatchObject({ active: true });
  });

  it("stops an import and lets it go on", async () => {
    await transfers.start(false);
    const id = transfers.items[0]?.id ?? "";
    await transfers.cancel(id);
    expect(transfers.items.filter(rests).map((i) => i.id)).toContain(id);
    await transfers.resume(id);
    transfers.stop();
    expect(transfers.items[0]).toMatchObject({ id, active: true });
  });

  it("shows what was not taken, and hides it again", async () => {
    await transfers.refresh();
    const id = transfers.items[0]?.id ?? "";
    await transfers.show(id);
    expect(transfers.report?.problems.length).toBeGreaterThan(0);
    await transfers.show(id);
    expect(transfers.report).toBeNull();
  });

  it("says when an export cannot be written", async () => {
    host.failNext = "export_start";
    await transfers.export();
    expect(transfers.error).not.toBeNull();
    expect(transfers.busy).toBe(false);
    await transfers.export();
    expect(transfers.exported).toMatchObject({ messages: 21_616 });
    expect(transfers.error).toBeNull();
  });
});
