import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Draft } from "../src/api/Draft";
import type { Name } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { Composer, formatParties, parseParties, PAUSE } from "../src/state/composer.svelte";
import { PIECE } from "../src/state/attachments.svelte";

let host: ScriptedHost;
let composer: Composer;
let ids: string[];
const saved = (): Draft[] => host.calls.filter((c) => c.name === "draft_save").map((c) => (c.args as { draft: Draft }).draft);
const calls = (name: Name): number => host.calls.filter((c) => c.name === name).length;

beforeEach(async () => {
  host = new ScriptedHost();
  composer = new Composer(host);
  ids = (await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 10 })).ids;
  await composer.open(ids[0] ?? "");
});

function type(text: string): void {
  composer.text = text;
  composer.touched();
}

describe("nothing an agent typed is lost", () => {
  it("keeps a draft after a pause, once for a burst of keys", async () => {
    vi.useFakeTimers();
    for (const text of ["H", "He", "Hel", "Hello"]) {
      type(text);
      await vi.advanceTimersByTimeAsync(PAUSE / 2);
    }
    expect(saved()).toEqual([]);
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(saved().map((d) => d.text)).toEqual(["Hello"]);
  });

  it("keeps it at once when another conversation is opened, and shows it on the way back", async () => {
    type("Half a sentence");
    await composer.open(ids[1] ?? "");
    expect(composer.text).toBe("");
    await composer.open(ids[0] ?? "");
    expect(composer.text).toBe("Half a sentence");
    expect(composer.expanded).toBe(true);
  });

  it("keeps reply and note apart", async () => {
    type("To the customer");
    composer.mode = "note";
    composer.note = "To the team";
    composer.touched();
    await composer.flush();
    expect(saved().map((d) => [d.note, d.text])).toEqual([[false, "To the customer"], [true, "To the team"]]);
  });

  it("tries again when a draft could not be kept", async () => {
    host.failNext = "draft_save";
    type("Precious");
    await composer.flush();
    expect(composer.error).toContain("disk");
    await composer.flush();
    expect((await host.call("drafts", { conversation: ids[0] ?? "" }))[0]?.text).toBe("Precious");
  });

  it("keeps the text when sending is refused", async () => {
    type("Precious");
    host.failNext = "send";
    expect(await composer.send(false)).toBeNull();
    expect(composer.text).toBe("Precious");
    expect(composer.error).toContain("disk");
  });

  it("does not bring a sent text back as a draft", async () => {
    type("Gone");
    await composer.flush();
    expect(await composer.send(false)).not.toBeNull();
    await new Promise((r) => setTimeout(r, PAUSE + 50));
    expect(await host.call("drafts", { conversation: ids[0] ?? "" })).toEqual([]);
    expect(composer.text).toBe("");
  });

  it("does not bring a written note back as a draft", async () => {
    composer.mode = "note";
    composer.note = "Seen";
    composer.touched();
    await composer.flush();
    expect(await composer.addNote()).toBe(true);
    expect(await host.call("drafts", { conversation: ids[0] ?? "" })).toEqual([]);
  });
});

describe("sending", () => {
  it("answers the proposed message from the proposed account", async () => {
    type("Hello");
    await composer.send(true);
    const args = host.calls.find((c) => c.name === "send")?.args as { to: unknown[]; answering: string | null; resolve: boolean; subject: string };
    expect(args).toMatchObject({ resolve: true, subject: "Re: Order 1042: lamp arrived with a cracked shade", to: [{ address: "anna.berg@lindqvist-interior.se", name: "Anna Berg" }] });
    expect(args.answering).not.toBeNull();
  });

  it("sends once, however often the key is pressed", async () => {
    type("Hello");
    await Promise.all([composer.send(false), composer.send(false)]);
    expect(calls("send")).toBe(1);
  });

  it("says loudly that answers go elsewhere", async () => {
    const rows = await host.call("conversation_rows", { ids: (await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 })).ids });
    await composer.open(rows.find((r) => r.name.startsWith("Klaus"))?.id ?? "");
    expect(composer.elsewhere?.address).toBe("einkauf@licht-und-raum.de");
  });

  it("sends nothing to nobody", () => {
    composer.to = " ";
    composer.text = "Hello";
    expect(composer.canSend).toBe(false);
  });
});

describe("files", () => {
  it("go over in pieces under a megabyte, the last one marked", async () => {
    await composer.take([new File([new Uint8Array(PIECE * 2 + 5)], "photo.png")]);
    const pieces = host.calls.filter((c) => c.name === "file_stage").map((c) => c.args as { id: string | null; data: string; last: boolean });
    expect(pieces.map((p) => [p.id === null, p.last])).toEqual([[true, false], [false, false], [false, true]]);
    expect(Math.max(...pieces.map((p) => p.data.length))).toBeLessThanOrEqual(1_000_000);
    expect(composer.files.map((f) => [f.name, f.size])).toEqual([["photo.png", PIECE * 2 + 5]]);
  });

  it("may be empty", async () => {
    await composer.take([new File([], "empty.txt")]);
    expect(composer.files).toHaveLength(1);
  });

  it("do not follow into another conversation", async () => {
    const taking = composer.take([new File([new Uint8Array(10)], "late.txt")]);
    await composer.open(ids[1] ?? "");
    await taking;
    expect(composer.files).toEqual([]);
  });
});

describe("recipients", () => {
  it("are read and written as one line", () => {
    const parties = [{ name: "Berg, Anna", address: "a@x.se" }, { name: null, address: "b@x.se" }];
    expect(formatParties(parties)).toBe('"Berg, Anna" <a@x.se>, b@x.se');
    expect(parseParties(formatParties(parties))).toEqual(parties);
  });
});
