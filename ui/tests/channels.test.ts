import { beforeEach, describe, expect, it } from "vitest";
import type { AccountItem } from "../src/api/AccountItem";
import type { Draft } from "../src/api/Draft";
import type { MessageItem } from "../src/api/MessageItem";
import type { ToOption } from "../src/api/ToOption";
import type { Args } from "../src/host/host";
import { abilities } from "../src/host/scripted/channels";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { message } from "../src/host/scripted/world";
import { allowance, daysLeft } from "../src/screens/settings/standing";
import { Attention } from "../src/state/attention";
import { gistOf, isQuiet, placed, quietWords } from "../src/state/cards";
import { Composer } from "../src/state/composer.svelte";
import { blankOf, Connecting, deedsOf, isEnough, isNamed, kindOf, kinds, snippetOf, type ChatKind } from "../src/state/connecting.svelte";
import { messagesOf, mostOf, refusalOf } from "../src/state/filerules";
import { partsOf } from "../src/state/lengths";
import { linesOf } from "../src/state/lines";
import { Linking } from "../src/state/linking.svelte";
import { barOf, blanksOf, keyOfWay, piecesOf } from "../src/state/reach";

let host: ScriptedHost;
beforeEach(() => {
  host = new ScriptedHost("channels");
});

async function conversationOf(name: string): Promise<string> {
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
  return (await host.call("conversation_rows", { ids })).find((row) => row.name === name)?.id ?? "";
}

describe("a reply goes by the way that was chosen", () => {
  let composer: Composer;
  const sent = (): Args<"send"> => host.calls.filter((call) => call.name === "send").at(-1)?.args as Args<"send">;
  const way = (channel: string): ToOption => {
    const found = composer.by.ways.find((one) => one.channel === channel);
    if (found === undefined) throw new Error(`nobody is reached by ${channel}`);
    return found;
  };
  const write = (text: string): void => composer.wrote({ text, html: null }, new Set());
  beforeEach(async () => {
    composer = new Composer(host);
    await composer.open(await conversationOf("Lea Sommer"));
  });

  it("begins with the channel of the last message, from an account that leads there", () => {
    expect([composer.by.channel, composer.by.sender?.capabilities.channel]).toEqual(["instagram", "instagram"]);
    expect(composer.by.senders.map((one) => one.address)).toEqual(["@parley.lamps"]);
    expect(composer.by.reached?.until).toBeGreaterThan(Date.now());
  });

  it("sends no subject, no copies, no signature and nothing below", async () => {
    composer.cc = "boss@example.com";
    write("From 5 % up.");
    await composer.send(false);
    expect(sent()).toMatchObject({ to: [{ address: "6011223344" }], cc: [], bcc: [], subject: null, signature: false, quote: null, inline: [], split: false, template: null });
  });

  it("keeps the text when another way is chosen, and the way in the draft", async () => {
    write("From 5 % up.");
    composer.reach(keyOfWay(way("telegram")));
    expect([composer.text, composer.by.channel, composer.by.looks]).toEqual(["From 5 % up.", "telegram", "words"]);
    const here = composer.conversation ?? "";
    await composer.open(null);
    await composer.open(here);
    expect([composer.text, composer.by.channel]).toEqual(["From 5 % up.", "telegram"]);
    const draft = host.calls.filter((call) => call.name === "draft_save").map((call) => (call.args as { draft: Draft }).draft).at(-1);
    expect(draft?.to).toEqual([{ name: "Lea Sommer", address: "88112233" }]);
  });

  it("goes by mail with what a mail has", async () => {
    composer.reach(keyOfWay(way("email")));
    expect([composer.by.mail, composer.by.to, composer.by.quotes]).toEqual([true, "Lea Sommer <lea@sommer-studio.de>", false]);
    composer.subject = "The lamp";
    write("From 5 % up.");
    await composer.send(false);
    expect(sent()).toMatchObject({ to: [{ address: "lea@sommer-studio.de" }], subject: "The lamp", signature: true, quote: null });
  });

  it("is not sent where the person wants no more messages", () => {
    composer.reach(keyOfWay(way("sms")));
    write("Hello");
    expect([composer.by.bar, composer.canSend]).toEqual(["opted_out", false]);
  });

  it("goes in several messages when that is asked for, and not before", async () => {
    write("We have both lamps in stock, and they go out on Monday. ".repeat(24));
    expect([composer.canSend, composer.canSplit, composer.parts]).toEqual([false, true, 2]);
    composer.split = true;
    expect(composer.canSend).toBe(true);
    await composer.send(false);
    expect(sent().split).toBe(true);
    expect(composer.split).toBe(false);
  });

  it("refuses what the channel does not take before it is read", async () => {
    await composer.give([new File([new Uint8Array(9)], "plan.docx", { type: "application/msword" }), new File([new Uint8Array(9)], "lamp.png", { type: "image/png" })], { pasted: false, inside: false });
    expect(composer.files.map((file) => file.name)).toEqual(["lamp.png"]);
    expect(composer.error).toContain("plan.docx");
    write("Look");
    expect([composer.messages, composer.canSend]).toEqual([2, true]);
    // What is attached stays when the way changes, and says why it cannot go there.
    composer.reach(keyOfWay(way("whatsapp")));
    expect([composer.refused.map((one) => one.why), composer.canSend]).toEqual([["none"], false]);
  });

  it("is an approved text when the time is over, filled in whole, and leaves what was written", async () => {
    await composer.open(await conversationOf("Omar Haddad"));
    write("Still to be said");
    expect([composer.by.bar, composer.canSend, composer.by.templates.length]).toEqual(["over", false, 2]);
    composer.useTemplate(composer.by.templates[0] ?? null);
    expect(composer.canSend).toBe(false);
    if (composer.template !== null) composer.template.values = ["Omar", "1077"];
    await composer.send(false);
    expect(sent()).toMatchObject({ text: "", template: { id: "HX1", values: ["Omar", "1077"] } });
    expect([composer.template, composer.text]).toEqual([null, "Still to be said"]);
  });
});

describe("what stands in the way of writing", () => {
  const way: ToOption = { party: { name: null, address: "+49171" }, channel: "whatsapp", kind: "handle", by: [{ account: "a", until: 1000, closed: false, opted_out: false }], opted_out: false };
  const reach = way.by[0] ?? null;
  it("is said with its reason, also when the time runs out while one writes", () => {
    expect(barOf(way, reach, abilities.whatsapp, 999)).toBeNull();
    expect(barOf(way, reach, abilities.whatsapp, 1000)).toBe("over");
    expect(barOf(way, null, abilities.whatsapp, 0)).toBe("no_account");
    expect(barOf({ ...way, opted_out: true }, reach, abilities.whatsapp, 0)).toBe("opted_out");
    expect(barOf(way, { account: "a", until: 1000, closed: false, opted_out: true }, abilities.whatsapp, 0)).toBe("opted_out");
    expect(barOf({ ...way, channel: "telegram" }, { account: "a", until: null, closed: true, opted_out: false }, abilities.telegram, 0)).toBe("never");
    expect(barOf({ ...way, channel: "telegram" }, { account: "a", until: 1000, closed: true, opted_out: false }, abilities.telegram, 2000)).toBe("over");
  });
});

describe("an approved text", () => {
  const template = { id: "HX", name: "x", text: "Hello {{1}}, order {{3}}, again {{1}}" };
  it("names each blank once, and shows those that are empty as gaps", () => {
    expect(blanksOf(template)).toEqual([1, 3]);
    expect(piecesOf(template, ["Anna", "-", " "])).toEqual([{ text: "Hello " }, { text: "Anna" }, { text: ", order " }, { blank: 3 }, { text: ", again " }, { text: "Anna" }]);
  });
});

describe("a long text", () => {
  it("is parted where a reader would pause, and nothing of it is lost", () => {
    const text = "First paragraph, short enough.\n\nSecond one is longer than that. It has two sentences, and words.";
    const parts = partsOf(text, { most: 40, unit: "chars" });
    expect(parts[0]).toBe("First paragraph, short enough.");
    expect(parts.every((part) => part.length <= 40)).toBe(true);
    expect(parts.join(" ").replace(/\s+/g, " ")).toBe(text.replace(/\s+/g, " "));
  });

  it("is torn in the middle of what is longer than a message, never inside of a sign", () => {
    expect(partsOf("😀".repeat(30), { most: 10, unit: "bytes" })).toEqual(Array.from({ length: 15 }, () => "😀😀"));
  });
});

describe("files", () => {
  it("are refused by kind and size, a mail's by weight only", () => {
    expect(refusalOf({ mime: "image/gif", size: 1 }, abilities.instagram)).toBe("kind");
    expect(refusalOf({ mime: "video/mp4", size: 1 }, abilities.instagram)).toBeNull();
    expect(refusalOf({ mime: "image/png", size: 9 * 1024 * 1024 }, abilities.instagram)).toBe("large");
    // Meta takes larger ones of everything but pictures.
    expect(refusalOf({ mime: "video/mp4", size: 9 * 1024 * 1024 }, abilities.instagram)).toBeNull();
    expect(refusalOf({ mime: "application/zip", size: 26 * 1024 * 1024 }, abilities.messenger)).toBe("large");
    expect([mostOf("image/jpeg", abilities.messenger), mostOf("audio/mp4", abilities.messenger), mostOf("image/png", abilities.whatsapp)]).toEqual([8 * 1024 * 1024, 25 * 1024 * 1024, null]);
    expect(refusalOf({ mime: "image/png", size: 1 }, abilities.whatsapp)).toBe("none");
    expect(refusalOf({ mime: "image/gif", size: 90 * 1024 * 1024 }, abilities.email)).toBeNull();
  });

  it("go with the words where they may, and apart where they must", () => {
    expect([messagesOf(1, 1, abilities.telegram), messagesOf(1, 3, abilities.telegram)]).toEqual([1, 3]);
    expect([messagesOf(1, 1, abilities.instagram), messagesOf(0, 2, abilities.instagram), messagesOf(2, 0, abilities.sms)]).toEqual([2, 2, 2]);
    expect(messagesOf(1, 9, abilities.email)).toBe(1);
  });
});

describe("connecting a channel", () => {
  const calls = (name: string): unknown[] => host.calls.filter((call) => call.name === name);

  it("finds out whose token it is and tests it, shows that, and connects with another press", async () => {
    const form = new Connecting(host, "telegram");
    form.secret = " 710000001:abc ";
    expect(await form.connect()).toBeNull();
    expect([form.report?.ok, calls("account_add").length]).toEqual([true, 0]);
    const account = await form.connect();
    expect(account?.config).toMatchObject({ channel: "telegram", bot_id: "710000001", name: "parley_lamps_bot" });
    expect(host.calls.find((call) => call.name === "account_add")?.args).toMatchObject({ password: "710000001:abc" });
  });

  it("asks which one, where a token is for several", async () => {
    const form = new Connecting(host, "instagram");
    form.secret = "IG";
    expect(await form.connect()).toBeNull();
    expect([form.found?.length, calls("account_test").length]).toEqual([2, 0]);
    const [first] = form.found ?? [];
    if (first !== undefined) form.choose(first);
    expect(await form.connect()).not.toBeNull();
  });

  it("says what is missing and connects nothing", async () => {
    const form = new Connecting(host, "instagram");
    form.secret = "IG";
    await form.find();
    const press = form.found?.[1];
    if (press !== undefined) form.choose(press);
    expect(form.notes[0]).toContain("switched off");
    expect(await form.connect()).toBeNull();
    expect(form.report?.steps.at(-1)).toMatchObject({ step: "permissions", ok: false });
    expect(calls("account_add")).toEqual([]);
  });

  it("says why a secret was refused, until it is typed anew", async () => {
    const form = new Connecting(host, "telegram");
    form.secret = "wrong";
    await form.find();
    expect(form.error).toContain("refused");
    form.secret = "710000001:abc";
    form.changed(true);
    expect([form.error, form.found]).toEqual([null, null]);
  });

  it("keeps the stored secret of an account that is changed", async () => {
    const existing = (await host.call("accounts", {})).find((account: AccountItem) => account.config.channel === "whatsapp");
    if (existing === undefined) throw new Error("no WhatsApp account");
    const form = new Connecting(host, "whatsapp", existing);
    if (form.config.channel === "whatsapp") form.config.templates.push({ id: " ", name: "", text: "" });
    await form.connect();
    const args = host.calls.find((call) => call.name === "account_update")?.args as Args<"account_update">;
    expect(args.password).toBeNull();
    expect(args.config.channel === "whatsapp" && args.config.templates.map((one) => one.id)).toEqual(["HX1", "HX2"]);
  });

  it("has settings and steps for every kind", () => {
    for (const kind of kinds.filter((one): one is ChatKind => one !== "email")) {
      expect(kindOf(blankOf(kind))).toBe(kind);
      expect(deedsOf(kind, blankOf(kind)).length).toBeGreaterThan(1);
    }
  });

  it("finds a homeserver by its name or the user alone, and asks no server before it is found", () => {
    const matrix = (homeserver: string, user_id: string): [boolean, boolean] => {
      const blank = blankOf("matrix");
      if (blank.channel !== "matrix") throw new Error("no Matrix");
      const config = { ...blank, homeserver, user_id };
      return [isEnough(config), isNamed(config)];
    };
    expect(matrix("", "@support:example.org")).toEqual([true, false]);
    expect(matrix("example.org", "@support:example.org")).toEqual([true, false]);
    expect(matrix("https://matrix.example.org", "@support:example.org")).toEqual([true, true]);
    expect(matrix("", "")).toEqual([false, false]);
    expect(matrix("https://matrix.example.org", "")).toEqual([false, false]);
  });

  it("writes a snippet that no name can break out of", () => {
    const config = { ...blankOf("webchat"), homeserver: "https://m.example", user_id: "@s:m.example", registration_token: "tok" };
    if (config.channel !== "webchat") throw new Error("no chat");
    const code = snippetOf(config, { name: '"><script>alert(1)</script>', accent: "#3d52c9", language: "", askAfter: "", consent: "ask" });
    expect(code).toContain('data-homeserver="https://m.example"');
    expect(code).toContain('data-ask-after-minutes="never"');
    expect(code).not.toContain("<script>alert");
    expect(code).not.toContain("data-language");
  });
});

describe("how an account stands", () => {
  const DAY = 86_400_000;
  it("counts a token's days, and warns from ten on", () => {
    expect(daysLeft(null, 0)).toBeNull();
    expect(daysLeft(11.5 * DAY, 0)).toEqual({ days: 11, near: false, over: false });
    expect(daysLeft(10.5 * DAY, 0)).toEqual({ days: 10, near: true, over: false });
    expect(daysLeft(0, 1)).toEqual({ days: 0, near: true, over: true });
  });
  it("shows an allowance that is overdrawn as full", () => {
    expect(allowance(130)).toEqual({ share: 1.3, shown: 100 });
    expect(allowance(null)).toBeNull();
  });
});

describe("what a message carries", () => {
  const made = (more: Partial<MessageItem>): MessageItem => message(1, { name: "A", address: "a", subject: "", ago: 0, lines: [], channel: "instagram" }, null, "", more);
  it("is a quiet line where nobody wrote anything", () => {
    expect(isQuiet(made({ cards: [{ kind: "missing", count: 3 }] }))).toBe(true);
    expect(quietWords(made({ cards: [{ kind: "missing", count: 3 }] }))).toContain("3");
    expect(quietWords(made({ cards: [{ kind: "missing" }] }))).toMatch(/^Some messages/);
    expect(isQuiet(made({ cards: [{ kind: "media" }] }))).toBe(false);
    expect(isQuiet(made({ text: "Hi", cards: [{ kind: "missing", count: 3 }] }))).toBe(false);
    expect(isQuiet(made({}))).toBe(false);
  });
  it("stands above the words where it says what they are about, and keeps its number", () => {
    const { above, below } = placed([{ kind: "media" }, { kind: "quote", text: "x" }]);
    expect([above.map((one) => one.at), below.map((one) => one.at)]).toEqual([[1], [0]]);
  });
  it("is named in the list where it has no words", () => {
    expect(gistOf({ snippet: "", brief: "picture" })).toBe("Photo");
    expect(gistOf({ snippet: "Hi", brief: null })).toBe("Hi");
  });
  it("says its channel where that changes", () => {
    const items = [made({ channel: "sms" }), made({ channel: "sms" }), made({ channel: "instagram" })].map((one) => ({ type: "message" as const, ...one }));
    expect(linesOf(items, new Set(), null).map((line) => line.channel)).toEqual([false, false, true]);
  });
});

describe("linking by hand", () => {
  it("puts nobody a key away of whom nothing speaks for being the same", async () => {
    const linking = new Linking(host, await conversationOf("Lea Sommer"));
    await linking.open();
    expect([linking.found.every((one) => one.why === "lately"), linking.active]).toEqual([true, null]);
    linking.move(1);
    expect(linking.chosen?.id).toBe(linking.found[0]?.id);
  });
});

describe("attention", () => {
  it("is said once per change", async () => {
    const attention = new Attention(host);
    for (const on of [true, true, false, false, true]) attention.look(on);
    await Promise.resolve();
    expect(host.calls.filter((call) => call.name === "attention").map((call) => (call.args as { on: boolean }).on)).toEqual([true, false, true]);
  });
});
