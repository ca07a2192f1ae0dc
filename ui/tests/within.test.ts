import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { message } from "../src/host/scripted/world";
import { menuOf, ownWords } from "../src/screens/inbox/messageMenu";
import { hitsIn } from "../src/screens/inbox/marking";
import { App } from "../src/state/app.svelte";
import { wordsOf } from "../src/state/find.svelte";
import { isPicture, kindOf } from "../src/state/gallery.svelte";
import { linkOf, linkTo } from "../src/state/permalink";

let host: ScriptedHost;
let app: App;
let long: string;
beforeEach(async () => {
  host = new ScriptedHost("long-1500");
  app = new App(host);
  await app.start();
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
  const rows = await host.call("conversation_rows", { ids });
  long = rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id;
});

describe("a permalink", () => {
  const id = "0123456789abcdef0123456789abcdef";

  it("leads back to what it was made of", () => {
    expect(linkOf(linkTo(id, id))).toEqual({ conversation: id, message: id });
    expect(linkOf(linkTo(id))).toEqual({ conversation: id, message: null });
  });

  it("is refused in every other shape", () => {
    const hostile = [
      "", "parley://", "https://evil.example/", "javascript:alert(1)", `parley://conversation/${id}?message=${id}&x=1`, `parley://conversation/${id}#x`, `parley://conversation/../${id}`,
      `parley://conversation/${id.toUpperCase()}`, `parley://conversation/${id}?message=`, `PARLEY://conversation/${id}`, ` parley://conversation/${id}`, `parley://conversation/${id}\n`,
      `parley://user@conversation/${id}`, `parley://conversation/${id}?message=${"a".repeat(4000)}`, `parley://conversation/${id}%2f`, `parley://settings/${id}`,
    ];
    for (const url of hostile) expect(linkOf(url), url).toBeNull();
  });

  it("opens its message", async () => {
    await app.timeline.open(long);
    await app.timeline.jumpTo(0);
    const old = app.timeline.items.find((i) => i.type === "message")?.id ?? "";
    await app.openConversation(null);
    expect(await app.openLink(linkTo(long, old))).toBe(true);
    expect(app.timeline.target).toBe(old);
    expect(app.list.selected).toBe(long);
  });

  it("opens nothing and says so where it is hostile, or of another workspace", async () => {
    host.calls.length = 0;
    expect(await app.openLink("parley://conversation/../../etc/passwd")).toBe(false);
    expect(host.calls).toHaveLength(0);
    expect(await app.openLink(linkTo("f".repeat(32)))).toBe(false);
    expect(app.list.selected).toBeNull();
    expect(app.toasts.list.map((toast) => toast.tone)).toEqual(["error", "error"]);
  });

  it("shows the conversation where only the message is gone", async () => {
    expect(await app.openLink(linkTo(long, "e".repeat(32)))).toBe(true);
    expect(app.timeline.conversation).toBe(long);
    expect(app.timeline.error).toBeNull();
    expect(app.toasts.list).toHaveLength(1);
  });
});

describe("finding within a conversation", () => {
  it("counts every hit, loaded or not, and goes from one to the next and around", async () => {
    await app.openConversation(long);
    app.find.show();
    app.find.query = "brass";
    await app.find.ask();
    expect(app.find.found.length).toBe(125);
    expect(app.find.at).toBe(124);
    expect(app.find.message).toBe(app.timeline.target);
    await app.find.forward();
    expect(app.find.at).toBe(0);
    expect(app.timeline.items.some((i) => i.id === app.find.message)).toBe(true);
    await app.find.back();
    expect(app.find.at).toBe(124);
  });

  it("reads on where there are more hits than one page", async () => {
    await app.openConversation(long);
    app.find.show();
    app.find.query = "(";
    await app.find.ask();
    expect(app.find.found.length).toBe(500);
    expect(app.find.next).not.toBeNull();
    app.find.at = 0;
    const first = app.find.found[0]?.at ?? 0;
    await app.find.back();
    expect(app.find.found.length).toBe(1000);
    expect(app.find.found[app.find.at]?.at).toBeLessThan(first);
  });

  it("ends with the conversation, and an answer to an older question is dropped", async () => {
    await app.openConversation(long);
    app.find.show();
    app.find.query = "brass";
    const late = app.find.ask();
    app.find.query = "zeppelin";
    await app.find.ask();
    await late;
    expect(app.find.found).toHaveLength(0);
    expect(app.find.answered).toBe("zeppelin");
    await app.openConversation(app.list.ids.find((id) => id !== long) ?? null);
    expect(app.find.open).toBe(false);
  });

  it("says what went wrong", async () => {
    await app.openConversation(long);
    app.find.show();
    host.failNext = "find_within";
    app.find.query = "lamp";
    await app.find.ask();
    expect(app.find.error).toContain("disk");
  });

  it("marks words where they begin, whatever their letters wear", () => {
    const cut = (text: string, ...words: string[]): string[] => hitsIn(text, words).map(([a, b]) => text.slice(a, b));
    expect(cut("The Lampe, a lamp and a clamp", "lamp")).toEqual(["Lamp", "lamp"]);
    expect(cut("Große Füße", "fusse", "füße")).toEqual(["Füße"]);
    expect(cut("Café CAFÉ cafe\u0301", "cafe")).toEqual(["Café", "CAFÉ", "cafe\u0301"]);
    expect(cut("我想了解退款政策", "退款")).toEqual(["退款"]);
    expect(cut("😀 lamp", "lamp")).toEqual(["lamp"]);
    expect(cut("ﬁne", "fine")).toEqual(["ﬁne"]);
  });

  it("marks no operators", () => {
    expect(wordsOf('lamp "linen shade" -brass from:anna')).toEqual(["lamp", "linen", "shade"]);
  });
});

describe("the files of a conversation", () => {
  it("come a page at a time and are told apart by kind", async () => {
    const other = new ScriptedHost();
    const shop = new App(other);
    await shop.start();
    const { ids } = await other.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 1 });
    await shop.gallery.open(ids[0] ?? "");
    expect(shop.gallery.files.map((f) => f.file.name)).toContain("shade-crack-1.png");
    shop.gallery.kind = "picture";
    expect(shop.gallery.shown.every((f) => isPicture(f.file))).toBe(true);
    shop.gallery.kind = "document";
    expect(shop.gallery.shown).toHaveLength(1);
  });

  it("are shown only of kinds that are drawn anew", () => {
    expect(isPicture({ mime: "image/svg+xml" })).toBe(false);
    expect(kindOf({ mime: "image/svg+xml" })).toBe("picture");
    expect(kindOf({ mime: "application/pdf" })).toBe("document");
    expect(kindOf({ mime: "application/octet-stream" })).toBe("other");
  });

  it("say what went wrong", async () => {
    host.failNext = "conversation_files";
    await app.gallery.open(long);
    expect(app.gallery.error).toContain("disk");
    expect(app.gallery.loading).toBe(false);
  });
});

describe("what can be done with a message", () => {
  const inbound = { ...message(0, { name: "Anna", address: "a@x.test", subject: "", ago: 0, lines: [] }, "S", "Own words\n> quoted"), folds: [{ start: 9, end: 18, kind: "quote" as const }] };
  const ids = (m: typeof inbound, chosen = ""): string[] => menuOf(app, m, chosen, () => undefined).map((item) => item.id);

  it("depends on which way it went and whether it could be read", async () => {
    await app.openConversation(long);
    expect(ids(inbound)).toEqual(["answer", "forward", "quote", "copy", "link", "source", "save", "unread", "machine"]);
    expect(ids({ ...inbound, direction: "outbound" })).toEqual(["forward", "quote", "copy", "link", "source", "save"]);
    expect(ids({ ...inbound, unreadable: "broken" })).toEqual(["link", "source", "save", "unread", "machine"]);
    expect(ids({ ...inbound, class: "machine" }).at(-1)).toBe("human");
    expect(ids({ ...inbound, channel: "instagram" as typeof inbound.channel })).not.toContain("save");
  });

  it("quotes what is selected, else what the person wrote themselves, below what is written already", async () => {
    await app.openConversation(long);
    expect(ownWords(inbound)).toBe("Own words");
    app.composer.text = "Hello,";
    menuOf(app, inbound, "", () => undefined).find((item) => item.id === "quote")?.run();
    expect(app.composer.text).toBe("Hello,\n\n> Own words\n\n");
    menuOf(app, inbound, "two\nlines", () => undefined).find((item) => item.id === "quote")?.run();
    expect(app.composer.text).toBe("Hello,\n\n> Own words\n\n> two\n> lines\n\n");
    expect(app.composer.mode).toBe("reply");
  });

  it("copies the text, and the link", async () => {
    await app.openConversation(long);
    const written: string[] = [];
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) } });
    for (const id of ["copy", "link"]) menuOf(app, inbound, "", () => undefined).find((item) => item.id === id)?.run();
    await new Promise((r) => setTimeout(r, 10));
    expect(written).toEqual(["Own words", linkTo(long, inbound.id)]);
    vi.unstubAllGlobals();
  });

  it("marks unread from there, and leaves, or it would be read again at once", async () => {
    await app.openConversation(long);
    const third = app.timeline.items.filter((i) => i.type === "message" && i.direction === "inbound").at(-3);
    await app.actions.unreadFrom(third?.id ?? "");
    expect(app.list.selected).toBeNull();
    const [row] = await host.call("conversation_rows", { ids: [long] });
    expect(row?.unread).toBe(3);
  });
});
