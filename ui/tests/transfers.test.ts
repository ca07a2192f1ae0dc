import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { Archives } from "../src/state/archives.svelte";
import { Contacts, homeRegion } from "../src/state/contacts.svelte";
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
    expect(transfers.exportError).not.toBeNull();
    expect(transfers.busy).toBe(false);
    await transfers.export();
    expect(transfers.exported).toMatchObject({ messages: 21_616 });
    expect(transfers.exportError).toBeNull();
  });

  it("shows how far an export came, and keeps nothing of one that is stopped", async () => {
    transfers = new Transfers(new ScriptedHost("exporting"));
    const ended = transfers.export();
    await vi.waitFor(() => expect(transfers.exporting).toMatchObject({ active: true, of: 21_616 }));
    await transfers.stopExport();
    await ended;
    expect(transfers.exporting).toBeNull();
    expect(transfers.exported).toMatchObject({ stopped: true, path: null });
    expect(transfers.busy).toBe(false);
  });
});

describe("archives", () => {
  it("are renamed, and gone when they are erased", async () => {
    const archives = new Archives(host);
    await archives.refresh();
    const id = archives.items[0]?.id ?? "";
    await archives.rename(id, "Mail of the old shop");
    expect(archives.items[0]?.name).toBe("Mail of the old shop");
    await archives.erase(id);
    expect(archives.items.map((a) => a.id)).not.toContain(id);
    expect(archives.erased?.name).toBe("Mail of the old shop");
    expect(archives.erasing).toBeNull();
  });

  it("stay when the person does not agree, or the engine refuses", async () => {
    const archives = new Archives(host);
    await archives.refresh();
    host.failNext = "archive_erase";
    await archives.erase(archives.items[0]?.id ?? "");
    expect(archives.error).not.toBeNull();
    expect(archives.erased).toBeNull();
    expect(archives.items.length).toBe(2);
  });
});

describe("customers from a table", () => {
  it("are looked at before anything is written", async () => {
    const contacts = new Contacts(host);
    await contacts.pick();
    expect(contacts.plan?.columns[2]?.holds).toBe("email");
    await contacts.hold(2, "ignore");
    expect(contacts.plan?.taken).toBe(0);
    await contacts.hold(2, "email");
    await contacts.live("");
    expect(contacts.plan?.needs_region).toBe(true);
    contacts.close();
    expect(contacts.plan).toBeNull();
    expect(host.calls.map((c) => c.name)).not.toContain("contacts_import");
  });

  it("are brought in with what the person said of the columns", async () => {
    const contacts = new Contacts(host);
    await contacts.pick();
    await contacts.hold(5, "note");
    expect(await contacts.bring()).toBe(true);
    const asked = host.calls.find((c) => c.name === "contacts_import")?.args as { uses: string[] };
    expect(asked.uses[5]).toBe("note");
    expect(contacts.plan).toBeNull();
    expect(contacts.report?.import.contacts).toBe(true);
  });

  it("keep the preview when they could not be brought in", async () => {
    const contacts = new Contacts(host);
    await contacts.pick();
    host.failNext = "contacts_import";
    expect(await contacts.bring()).toBe(false);
    expect(contacts.plan).not.toBeNull();
    expect(contacts.error).not.toBeNull();
  });

  it("have phone numbers of the country of this computer's language", () => {
    expect(homeRegion("de-CH")).toBe("CH");
    expect(homeRegion("sv")).toBe("SE");
    expect(homeRegion("not a language")).toBe("");
  });
});
