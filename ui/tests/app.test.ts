import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Name } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";

let host: ScriptedHost;
let app: App;
const settle = (ms = 60): Promise<void> => new Promise((r) => setTimeout(r, ms));
const args = (name: Name): unknown[] => host.calls.filter((c) => c.name === name).map((c) => c.args);

beforeEach(async () => {
  host = new ScriptedHost();
  app = new App(host);
  await app.start();
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
});

async function press(...keys: Parameters<App["actions"]["press"]>[0][]): Promise<void> {
  for (const key of keys) {
    app.actions.press(key);
    await settle(20);
  }
}

describe("a workspace without an account", () => {
  it("is bare only as long as nothing was imported", async () => {
    const host = new ScriptedHost("empty");
    const empty = new App(host);
    await empty.start();
    expect(empty.workspace.isEmpty).toBe(true);
    const full = new ScriptedHost();
    full.accounts = [];
    const imported = new App(full);
    await imported.start();
    expect(imported.workspace.sidebar?.accounts).toHaveLength(0);
    expect(imported.workspace.isEmpty).toBe(false);
  });
});

describe("working through the inbox", () => {
  it("opens the next conversation with one key", async () => {
    await press("next");
    expect(app.list.selected).toBe(app.list.ids[0]);
    expect(app.timeline.conversation).toBe(app.list.ids[0]);
    await settle(100);
    await press("next");
    expect(app.timeline.conversation).toBe(app.list.ids[1]);
  });

  it("opens only where somebody stops who runs through the list, and at once for an action", async () => {
    for (let i = 0; i < 20; i += 1) app.actions.press("next");
    expect(app.list.selected).toBe(app.list.ids[19]);
    await settle(200);
    expect(app.timeline.conversation).toBe(app.list.ids[19]);
    expect(args("timeline")).toHaveLength(2);
    app.actions.press("next");
    app.actions.press("next");
    app.actions.press("reply");
    expect(app.composer.conversation).toBe(app.list.ids[21]);
  });

  it("resolves, shows the next, and takes it back", async () => {
    await press("next");
    const [first, second] = app.list.ids;
    await app.list.ensure(0, 5);
    await press("resolve");
    await vi.waitFor(() => expect(app.list.ids).not.toContain(first), 4000);
    await vi.waitFor(() => expect(app.timeline.conversation).toBe(second), 4000);
    expect(app.toasts.list.at(-1)?.text).toBe("Resolved");
    await press("undo");
    await vi.waitFor(() => expect(app.list.ids).toContain(first), 4000);
    expect(app.toasts.list.at(-1)?.text).toBe("Undone: resolve");
  });

  it("says how many messages of a send had gone when the rest was taken back", async () => {
    await press("next");
    const [first = ""] = app.list.ids;
    const call = host.call.bind(host);
    vi.spyOn(host, "call").mockImplementation((name, given) => (name === "outbox_cancel" ? Promise.resolve({ command: "send", conversation: first, draft: true, gone: 2 }) as never : call(name, given)));
    await app.actions.undoSend({ id: "f".repeat(32), conversation: first, hold_until: Date.now() + 1000 });
    expect(app.toasts.list.at(-1)?.text).toBe("2 messages of it have gone out already; the rest is a draft again");
  });

  it("shows the draft that lay at the other customer once both are linked, below what is being written", async () => {
    const [first = "", second = ""] = app.list.ids;
    const write = async (text: string): Promise<void> => {
      app.composer.text = text;
      app.composer.touched("reply");
      await app.composer.flush();
    };
    await app.openConversation(second);
    await write("Half a reply");
    await app.openConversation(first);
    app.composer.text = "Begun here";
    app.composer.touched("reply");
    await app.actions.link(first, second, "Somebody");
    await vi.waitFor(() => expect(app.composer.text).toBe("Begun here\n\nHalf a reply"), 4000);
    expect(app.composer.contested).toBeNull();
    await write("Of both");
    expect((args("draft_save").at(-1) as { draft: { of: string[] } }).draft.of).toEqual([first]);
  });

  it("resolves all that are marked, and one undo takes all back", async () => {
    await press("next", "mark", "markNext");
    const marked = [...app.list.marked];
    expect(marked).toHaveLength(2);
    await press("resolve");
    await vi.waitFor(() => expect(app.list.ids.some((id) => marked.includes(id))).toBe(false), 4000);
    await vi.waitFor(() => expect(app.toasts.list.at(-1)?.text).toBe("2 resolved"), 4000);
    app.toasts.list.at(-1)?.undo?.();
    await vi.waitFor(() => expect(marked.every((id) => app.list.ids.includes(id))).toBe(true), 4000);
    expect(args("undo")).toHaveLength(1);
  });

  it("gives the message on screen as evidence of a stage", async () => {
    await press("next");
    await app.actions.stage("won");
    expect(args("stage_set")).toEqual([{ customer: app.list.ids[0], stage: "won", evidence: app.timeline.lastMessage }]);
  });

  it("says why an action was refused and leaves everything as it was", async () => {
    await press("next");
    const shown = app.list.selected;
    host.failNext = "resolve";
    await press("resolve");
    expect(app.toasts.list.at(-1)).toMatchObject({ tone: "error" });
    expect(app.list.selected).toBe(shown);
  });

  it("leaves the conversation that was marked unread, or it would be read again", async () => {
    await press("next", "unread");
    await settle(900);
    expect(app.list.selected).toBeNull();
    expect(args("mark_read")).toEqual([]);
  });
});

describe("sending", () => {
  it("can be undone while it is held: the text is back in the composer", async () => {
    await press("next");
    app.composer.text = "Too early";
    await press("send");
    await settle();
    const held = app.outgoing.newest;
    expect(held).not.toBeNull();
    expect(app.composer.text).toBe("");
    if (held !== null) await app.actions.undoSend(held);
    expect(app.composer.text).toBe("Too early");
    expect(app.outgoing.newest).toBeNull();
  });

  it("can be undone by the undo key as well", async () => {
    await press("next");
    app.composer.text = "Too early";
    await press("send");
    await settle();
    await press("undo");
    await settle();
    expect(app.composer.text).toBe("Too early");
    expect(app.outgoing.newest).toBeNull();
  });

  it("with resolve goes to the next and can come back", async () => {
    await press("next");
    const [first, second] = app.list.ids;
    app.composer.text = "Done";
    await press("sendResolve");
    await settle(120);
    expect(app.list.selected).toBe(second);
    expect(args("send")).toMatchObject([{ conversation: first, resolve: true }]);
    const held = app.outgoing.newest;
    if (held !== null) await app.actions.undoSend(held);
    expect(app.list.selected).toBe(first);
    expect(app.composer.text).toBe("Done");
  });
});

describe("news", () => {
  it("appear in the open conversation without touching what is being written", async () => {
    await press("next");
    app.composer.text = "I am just";
    app.composer.touched();
    host.arrive(app.list.selected ?? "", "One more thing");
    await settle(120);
    expect(app.timeline.items.some((i) => i.type === "message" && i.text === "One more thing")).toBe(true);
    expect(app.composer.text).toBe("I am just");
  });

  it("in a burst are asked for once", async () => {
    await press("next");
    await settle();
    host.calls.length = 0;
    for (let i = 0; i < 20; i += 1) host.arrive(app.list.ids[3] ?? "", `Message ${String(i)}`);
    await settle(120);
    expect(args("conversation_ids")).toHaveLength(1);
    expect(args("sidebar")).toHaveLength(1);
  });

  it("that come while others are being followed wait their turn: an earlier answer never comes last", async () => {
    await press("next");
    await settle();
    const answer = host.call.bind(host);
    let under = 0;
    let most = 0;
    host.call = (async (name: "sidebar", asked: object) => {
      if (name !== "sidebar") return answer(name, asked as never);
      most = Math.max(most, ++under);
      await settle(80);
      under -= 1;
      return answer(name, asked as never);
    }) as never;
    for (let i = 0; i < 4; i += 1) {
      host.arrive(app.list.ids[3] ?? "", `Message ${String(i)}`);
      await settle(40);
    }
    await settle(400);
    expect(most).toBe(1);
    expect([...app.list.rows.values()].map((row) => row.snippet)).toContain("Message 3");
  });

  it("are read once they were on screen for a moment, and not in a window nobody looks at", async () => {
    vi.spyOn(document, "hasFocus").mockReturnValue(false);
    await press("next");
    await settle(900);
    expect(args("mark_read")).toEqual([]);
    vi.spyOn(document, "hasFocus").mockReturnValue(true);
    app.looked();
    await settle(900);
    expect(args("mark_read")).toEqual([{ conversation: app.list.selected }]);
  });

  it("from a notification open their conversation, from any screen", async () => {
    app.go("settings");
    host.open(app.list.ids[2] ?? "");
    await settle();
    expect(app.screen).toBe("inbox");
    expect(app.timeline.conversation).toBe(app.list.ids[2]);
  });
});

describe("the session", () => {
  it("says that a passphrase is wrong, and opens with the right one", async () => {
    const locked = new App(new ScriptedHost("locked"));
    await locked.start();
    expect(locked.ready).toBe(false);
    await locked.openSession("guess");
    expect(locked.session.error).toContain("passphrase is wrong");
    await locked.openSession("correct horse");
    expect(locked.ready).toBe(true);
  });
});
