import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { english } from "../src/i18n/english.svelte";
import { language } from "../src/i18n/language.svelte";
import { PaletteState } from "../src/screens/palette/palette.svelte";
import { App } from "../src/state/app.svelte";

let host: ScriptedHost;
let app: App;

beforeEach(async () => {
  localStorage.clear();
  host = new ScriptedHost();
  app = new App(host);
  await app.start();
});

const first = async (): Promise<void> => {
  await app.openConversation(app.list.ids[0] ?? null);
  await app.list.ensure(0, 5);
};
const ids = (palette: PaletteState): string[] => palette.result.found.map((one) => one.entry.id);
const typed = (text: string): PaletteState => {
  const palette = new PaletteState(app);
  palette.typed(text);
  return palette;
};
const run = (palette: PaletteState, id: string): void => palette.result.found.find((one) => one.entry.id === id)?.entry.run?.();

describe("the palette", () => {
  it("does what is typed, and shows the key of it", async () => {
    await first();
    const palette = typed("resolve");
    expect(ids(palette)[0]).toBe("key:resolve");
    expect(palette.result.found[0]?.entry.keys).toBe("E");
    run(palette, "key:resolve");
    await vi.waitFor(() => expect(host.calls.some((call) => call.name === "resolve")).toBe(true));
  });

  it("leaves out what cannot be done, and says why where it is asked for", () => {
    const palette = new PaletteState(app);
    expect(ids(palette)).not.toContain("key:resolve");
    palette.typed("resolve or");
    const line = palette.result.found.find((one) => one.entry.id === "key:resolve");
    expect(line?.entry.hindered).toBe("Open a conversation first");
    // What can be done comes before it.
    palette.typed("resolve");
    expect(palette.result.found[0]?.entry.hindered).toBeUndefined();
  });

  it("sets stages, assigns, snoozes and tags without a further step", async () => {
    await first();
    expect(ids(typed("won"))[0]).toBe("stage:won");
    expect(ids(typed("assign tom"))[0]).toBe("assign:a1");
    expect(ids(typed("snooze tomorrow"))[0]).toBe("snooze:t");
    run(typed("assign tom"), "assign:a1");
    await vi.waitFor(() => expect(host.calls.find((call) => call.name === "assign")?.args).toEqual({ conversation: app.list.ids[0], agent: "a1" }));
  });

  it("asks for more in a step, and comes back from it", async () => {
    await first();
    const palette = new PaletteState(app);
    palette.enter("assign");
    expect(palette.result.found.map((one) => one.entry.label)).toEqual(["Mara Lind (me)", "Tom Okafor", "Layla Haddad", "Nobody"]);
    palette.typed("lay");
    expect(ids(palette)).toEqual(["assign:a2"]);
    expect(palette.back()).toBe(true);
    expect(palette.query).toBe("");
    expect(palette.back()).toBe(false);
  });

  it("makes a tag that there is not yet, and only that", async () => {
    await first();
    const palette = new PaletteState(app);
    palette.enter("tag");
    palette.typed("Brand new");
    expect(ids(palette)).toEqual(["tag:brand new"]);
    const known = app.workspace.sidebar?.tags[0]?.key ?? "";
    palette.typed(known);
    expect(ids(palette).filter((id) => id === `tag:${known}`)).toHaveLength(1);
  });

  it("goes to views, kept searches and pages of the settings", () => {
    expect(ids(typed("snoozed"))[0]).toBe("view:snoozed");
    expect(ids(typed("lamps month"))[0]).toBe("saved:5a1e");
    const palette = typed("settings keys");
    expect(ids(palette)[0]).toBe("settings:keys");
    run(palette, "settings:keys");
    expect([app.screen, app.settingsPage]).toEqual(["settings", "keys"]);
  });

  it("finds people by name, those the engine knows too", async () => {
    const palette = typed("marie");
    await vi.waitFor(() => expect(palette.result.found.some((one) => one.entry.label === "Marieke de Vries")).toBe(true));
    expect(host.calls.filter((call) => call.name === "search").every((call) => JSON.stringify(call.args).includes("from:"))).toBe(true);
  });

  it("opens a link that is pasted, and says so where it is none of ours", () => {
    const good = typed(`parley://conversation/${app.list.ids[0] ?? ""}`);
    expect(good.result.found[0]?.entry.hindered).toBeUndefined();
    expect(typed("parley://evil.example/x").result.found[0]?.entry.hindered).toBe("This is not one of Parley’s links");
  });

  it("puts first what was used lately", () => {
    app.used.did("view:all");
    app.used.did("settings:about");
    expect(ids(new PaletteState(app)).slice(0, 2)).toEqual(["settings:about", "view:all"]);
  });

  it("keeps names and tags out of what outlives the window", () => {
    for (const id of ["tag:secret", "saved:5a1e", "withTag:secret", "open:0f", "key:resolve", "assign:a1"]) app.used.did(id);
    expect(localStorage.getItem("parley.used")).toBe('["key:resolve"]');
  });

  it("is found by English names in every language", async () => {
    await first();
    await language.speak("de");
    await english.load();
    const palette = typed("snooze");
    expect(palette.result.found[0]?.entry.label).toBe("Zurückstellen …");
    expect(palette.result.found[0]?.by).toBe("Snooze");
    expect(ids(typed("zuruck")).slice(0, 3)).toContain("key:snooze");
    await language.speak("en");
  });
});

describe("the history", () => {
  it("takes back an older action alone, says why where it cannot, and does it again", async () => {
    await first();
    const id = app.list.ids[0] ?? "";
    await app.actions.tag("vip", true, [id]);
    await app.actions.stage("won");
    await app.actions.stage("lost");
    await app.undos.load();
    const [, won, tag] = app.undos.items ?? [];
    expect(app.undos.items?.map((item) => item.command)).toEqual(["stage_set", "stage_set", "tag_set"]);
    await app.actions.undoOne(won?.group ?? "");
    expect(app.undos.refused[won?.group ?? ""]).toContain("changed again");
    await app.actions.undoOne(tag?.group ?? "");
    await app.undos.load();
    expect(app.undos.items?.map((item) => item.undone)).toEqual([false, false, true]);
    await app.actions.redo(tag?.group ?? "");
    await app.undos.load();
    expect(app.undos.items?.[0]).toMatchObject({ command: "tag_set", undone: false });
  });

  it("has one line for many conversations", async () => {
    await app.actions.drop({ to: "resolve" }, app.list.ids.slice(0, 3));
    await app.undos.load();
    expect(app.undos.items).toHaveLength(1);
    expect(app.undos.items?.[0]?.conversations).toBe(3);
  });
});
