import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Draft } from "../src/api/Draft";
import type { Name } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { Composer, PAUSE } from "../src/state/composer.svelte";
import { formatParties, parseParties } from "../src/state/parties";
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
    expect(composer.by.elsewhere?.address).toBe("einkauf@licht-und-raum.de");
  });

  it("sends nothing to nobody", () => {
    composer.by.to = " ";
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

describe("formatted text", () => {
  const bold = { text: "Bold", html: "<p><strong>Bold</strong></p>" };
  const sent = (): { text: string; html: string | null; files: string[]; inline: string[] } => host.calls.filter((c) => c.name === "send").at(-1)?.args as never;
  const picture = async (): Promise<string> => {
    await composer.take([new File([new Uint8Array(9)], "lamp.png", { type: "image/png" })]);
    return composer.files[0]?.id ?? "";
  };

  it("is kept in the draft, restored and sent", async () => {
    composer.wrote(bold, new Set());
    await composer.open(ids[1] ?? "");
    expect([composer.text, composer.html]).toEqual(["", null]);
    await composer.open(ids[0] ?? "");
    expect([composer.text, composer.html]).toEqual([bold.text, bold.html]);
    await composer.send(false);
    expect(sent()).toMatchObject(bold);
    expect([composer.text, composer.html]).toEqual(["", null]);
  });

  it("is restored as it was last typed, however quickly one goes back and forth", async () => {
    for (const n of [1, 2, 3, 4]) {
      composer.wrote({ text: `Bold ${String(n)}`, html: `<p><strong>Bold ${String(n)}</strong></p>` }, new Set());
      void composer.open(ids[1] ?? "");
      await composer.open(ids[0] ?? "");
      expect(composer.html).toBe(`<p><strong>Bold ${String(n)}</strong></p>`);
    }
  });

  it("tells the field of each text that was not typed into it, and of none that was", async () => {
    const before = composer.revision;
    composer.wrote(bold, new Set());
    expect(composer.revision).toBe(before);
    await composer.open(ids[1] ?? "");
    expect(composer.revision).toBeGreaterThan(before);
  });

  it("is let go when the text is typed where there is no formatting", () => {
    composer.wrote(bold, new Set());
    composer.typed("Plain");
    expect([composer.text, composer.html]).toEqual(["Plain", null]);
  });

  it("marks the pictures in it, and one that is deleted from it does not go out until that is undone", async () => {
    const id = await picture();
    const shown = { text: "[lamp.png]", html: `<p><img src="cid:${id}" alt="lamp.png"></p>` };
    composer.wrote(shown, new Set([id]));
    composer.wrote(bold, new Set());
    expect(composer.files).toEqual([]);
    composer.wrote(shown, new Set([id]));
    expect(composer.files.map((f) => f.id)).toEqual([id]);
    await composer.flush();
    await composer.open(ids[1] ?? "");
    await composer.open(ids[0] ?? "");
    expect(composer.attached.inline.has(id)).toBe(true);
    await composer.send(false);
    expect(sent()).toMatchObject({ files: [id], inline: [id] });
  });

  it("keeps a picture as a file when it is taken out of the text by its box", async () => {
    const id = await picture();
    composer.wrote({ text: "[lamp.png]", html: `<p><img src="cid:${id}" alt="lamp.png"></p>` }, new Set([id]));
    composer.writing = { focus: () => undefined, insertQuote: () => undefined, insertPicture: () => undefined, removePicture: () => composer.wrote(bold, new Set()), expectPicture: () => undefined, settlePicture: () => undefined };
    const file = composer.files[0];
    if (file !== undefined) composer.place(file, false);
    expect(composer.files.map((f) => f.id)).toEqual([id]);
    expect(composer.attached.inline.size).toBe(0);
  });
});

describe("files on their way", () => {
  it("can be taken back, and the others come", async () => {
    const taking = composer.take([new File([new Uint8Array(PIECE * 3)], "big.bin"), new File([new Uint8Array(5)], "small.txt")]);
    composer.attached.cancel(composer.attached.uploads[0]?.key ?? 0);
    await taking;
    expect(composer.files.map((f) => f.name)).toEqual(["small.txt"]);
    expect(composer.attached.uploads).toEqual([]);
  });

  it("that were pasted without a name get one, and their place in the text is told", async () => {
    const told: unknown[] = [];
    composer.writing = { focus: () => undefined, insertQuote: () => undefined, insertPicture: () => undefined, removePicture: () => undefined, expectPicture: (key, at) => told.push([key, at]), settlePicture: (key, item) => told.push([key, item?.alt]) };
    const shot = (): File => new File([new Uint8Array(5)], "image.png", { type: "image/png" });
    await composer.give([shot(), shot()], { pasted: true, inside: true, at: 7 });
    expect(composer.files.map((f) => f.name)).toEqual(["Pasted picture 1.png", "Pasted picture 2.png"]);
    expect(told).toEqual([[1, 7], [2, 7], [1, "Pasted picture 1.png"], [2, "Pasted picture 2.png"]]);
  });

  it("that are too large are named and not begun, and the word stays while others come", async () => {
    const large = new File([], "film.mov");
    Object.defineProperty(large, "size", { value: 60 * 1024 * 1024 });
    await composer.take([large, new File([new Uint8Array(5)], "small.txt")]);
    expect(composer.error).toContain("film.mov");
    expect(composer.files.map((f) => f.name)).toEqual(["small.txt"]);
  });

  it("that are folders are named", async () => {
    const entry = { isDirectory: true, name: "Photos" };
    const dropped = { items: [{ kind: "file", webkitGetAsEntry: () => entry }], files: [new File([], "Photos")] } as unknown as DataTransfer;
    await composer.drop(dropped);
    expect(composer.error).toContain("Photos");
    expect(composer.files).toEqual([]);
  });

  it("weigh no more than the server takes", async () => {
    host = new ScriptedHost("heavy");
    composer = new Composer(host);
    await composer.open(ids[0] ?? "");
    type("Here");
    await composer.take([new File([new Uint8Array(300_000)], "all.zip")]);
    expect(composer.weight).toMatchObject({ size: 300_000, most: 250_000, over: true });
    expect(composer.canSend).toBe(false);
    composer.detach(composer.files[0]?.id ?? "");
    expect(composer.canSend).toBe(true);
  });
});

describe("a channel with a limit", () => {
  it("sends nothing that is longer", async () => {
    host = new ScriptedHost("limited");
    composer = new Composer(host);
    await composer.open(ids[0] ?? "");
    type("a".repeat(120));
    expect(composer.canSend).toBe(true);
    type("a".repeat(121));
    expect([composer.canSend, composer.room?.over]).toEqual([false, true]);
  });

  it("without formatting sends text alone, and takes no files", async () => {
    host = new ScriptedHost("short");
    composer = new Composer(host);
    await composer.open(ids[0] ?? "");
    expect(composer.by.formats).toBe(false);
    await composer.give([new File([new Uint8Array(5)], "a.txt")], { pasted: false, inside: false });
    expect(composer.error).toContain("a.txt");
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
