import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageItem } from "../src/api/MessageItem";
import type { ToOption } from "../src/api/ToOption";
import type { Args } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";
import { Composer } from "../src/state/composer.svelte";
import { keyOfWay } from "../src/state/reach";
import { speakerOf } from "../src/state/speaker";

let host: ScriptedHost;
let app: App;
let composer: Composer;
const people: Record<string, string> = {};
const settle = (ms = 80): Promise<void> => new Promise((done) => setTimeout(done, ms));
const way = (channel: string): ToOption => {
  const found = composer.by.ways.find((one) => one.channel === channel);
  if (found === undefined) throw new Error(`nobody is reached by ${channel}`);
  return found;
};
const write = (text: string): void => composer.wrote({ text, html: null }, new Set());
const open = (name: string): Promise<void> => app.openConversation(people[name] ?? "");
/** What the engine kept of a reply. */
const kept = async (name: string): Promise<string[]> => (await host.call("drafts", { conversation: people[name] ?? "" })).filter((draft) => !draft.note).map((draft) => draft.text);

beforeEach(async () => {
  host = new ScriptedHost("channels");
  app = new App(host);
  composer = app.composer;
  await app.start();
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
  for (const row of await host.call("conversation_rows", { ids })) people[row.name] = row.id;
  await open("Lea Sommer");
});

describe("a way that was chosen", () => {
  it("is gone on with at once: the reply takes the focus", () => {
    const { focuses } = composer;
    composer.reach(keyOfWay(way("telegram")));
    expect([composer.focuses, composer.expanded, composer.mode]).toEqual([focuses + 1, true, "reply"]);
    composer.useTemplate(null);
    expect(composer.focuses).toBe(focuses + 2);
  });

  it("stays when the composer is put away and news come, and after something was sent", async () => {
    composer.reach(keyOfWay(way("telegram")));
    composer.expanded = false;
    await composer.flush();
    await composer.refresh();
    expect(composer.by.channel).toBe("telegram");
    write("Hello");
    await composer.send(false);
    await composer.refresh();
    expect(composer.by.channel).toBe("telegram");
  });

  it("gives way to a newer message, and to another conversation", async () => {
    composer.reach(keyOfWay(way("telegram")));
    composer.expanded = false;
    await composer.flush();
    host.arrive(people["Lea Sommer"] ?? "", "And in white?");
    await composer.refresh();
    expect(composer.by.channel).toBe("instagram");
    composer.reach(keyOfWay(way("telegram")));
    await composer.flush();
    await open("Kim Park");
    await open("Lea Sommer");
    expect(composer.by.channel).toBe("instagram");
  });

  it("is not meant by an answer to a message", async () => {
    composer.reach(keyOfWay(way("telegram")));
    await composer.answer(composer.by.options?.answering ?? "");
    expect(composer.by.channel).toBe("instagram");
  });
});

describe("while somebody writes", () => {
  it("the time to answer that begins again is known, and what is written stays", async () => {
    await open("Omar Haddad");
    composer.focus("reply");
    write("It comes tomorrow.");
    const answering = composer.by.options?.answering;
    expect([composer.by.bar, composer.canSend]).toEqual(["over", false]);
    host.arrive(people["Omar Haddad"] ?? "", "Hello?");
    await vi.waitFor(() => expect(composer.by.bar).toBeNull());
    expect([composer.canSend, composer.text, composer.by.options?.answering]).toEqual([true, "It comes tomorrow.", answering]);
  });

  it("it is known that they want no more messages", async () => {
    composer.reach(keyOfWay(way("telegram")));
    write("Hello");
    const id = people["Lea Sommer"] ?? "";
    for (const handle of host["find"](id).handles) handle.opted_out = true;
    host["tell"](id);
    await vi.waitFor(() => expect(composer.by.bar).toBe("opted_out"));
    expect([composer.by.channel, composer.text, composer.canSend]).toEqual(["telegram", "Hello", false]);
  });

  it("an account that is gone leads nowhere, and no other channel takes its place", async () => {
    composer.reach(keyOfWay(way("telegram")));
    write("Hello");
    await host.call("account_remove", { id: composer.by.account, erase: false });
    await vi.waitFor(() => expect(composer.by.bar).toBe("no_account"));
    expect([composer.by.channel, composer.text, composer.canSend]).toEqual(["telegram", "Hello", false]);
  });

  it("the recipients and the subject that were typed stay", async () => {
    composer.reach(keyOfWay(way("email")));
    [composer.by.to, composer.subject] = ["somebody@example.com", "Offer"];
    composer.touched("reply");
    host.arrive(people["Lea Sommer"] ?? "", "Hello?");
    await settle();
    expect([composer.by.to, composer.subject]).toEqual(["somebody@example.com", "Offer"]);
  });
});

describe("writing to an address of the panel", () => {
  it("finds one that was given just now", async () => {
    const id = people["Kim Park"] ?? "";
    await open("Kim Park");
    composer.focus("reply");
    const [handle] = host["find"](id).handles;
    if (handle !== undefined) handle.email = "kim@park.example";
    expect(await composer.reachAt("email", "Kim@park.example")).toBe(true);
    expect([composer.by.channel, composer.by.to]).toEqual(["email", "kim@park.example"]);
  });

  it("never begins a reply by another channel", async () => {
    await open("Kim Park");
    const { focuses } = composer;
    expect(await composer.reachAt("email", "nobody@park.example")).toBe(false);
    expect([composer.focuses, composer.expanded]).toEqual([focuses, false]);
  });

  it("shows an address that nobody vouches for as it is, without a name", async () => {
    await open("Ida Nyström");
    expect(await composer.reachAt("email", "ida.nystrom@posten.se")).toBe(true);
    expect(composer.by.to).toBe("ida.nystrom@posten.se");
  });
});

describe("a send that is refused after its conversation was left", () => {
  /** Refuses what is named, once it is let go. */
  const hold = (name: string): (() => void) => {
    let release = (): void => undefined;
    const held = new Promise<void>((done) => (release = done));
    const call = host.call.bind(host);
    host.call = (async (asked: never, args: never) => {
      if (asked !== name) return call(asked, args);
      await held;
      throw Object.assign(new Error("Instagram refused the message."), { code: "channel" });
    }) as typeof host.call;
    return release;
  };

  it("is said with the name and the way there, and not in the conversation on screen", async () => {
    composer.focus("reply");
    write("From 5 % up.");
    const release = hold("send");
    const sent = app.actions.send(true);
    await open("Kim Park");
    write("Another");
    expect([composer.sending, composer.canSend]).toEqual([false, true]);
    release();
    await sent;
    await vi.waitFor(() => expect(app.toasts.list).toHaveLength(1));
    const [toast] = app.toasts.list;
    expect(toast?.text).toBe("Not sent to Lea Sommer: Instagram refused the message.");
    expect([composer.conversation, composer.error, composer.text, toast?.stays]).toEqual([people["Kim Park"], null, "Another", true]);
    await toast?.show?.();
    expect([composer.conversation, composer.text]).toEqual([people["Lea Sommer"], "From 5 % up."]);
  });

  it("keeps the words that were written last", async () => {
    write("First");
    await composer.flush();
    write("First and second");
    const release = hold("send");
    const sent = composer.send(false);
    await open("Kim Park");
    release();
    await sent;
    await vi.waitFor(async () => expect(await kept("Lea Sommer")).toEqual(["First and second"]));
  });

  it("is said of a note as well", async () => {
    composer.focus("note");
    composer.typed("Call her");
    const release = hold("note_add");
    const added = app.actions.send(false);
    await open("Kim Park");
    release();
    await added;
    await vi.waitFor(() => expect(app.toasts.list.map((toast) => toast.text)).toEqual(["Note on Lea Sommer not added: Instagram refused the message."]));
    expect([composer.error, composer.mode]).toEqual([null, "reply"]);
  });
});

describe("a send that succeeds after its conversation was left", () => {
  it("moves nobody, and its words do not come back as a draft", async () => {
    composer.focus("reply");
    write("From 5 % up.");
    const sent = app.actions.send(true);
    await open("Kim Park");
    await sent;
    await settle();
    expect(host.calls.filter((call) => call.name === "send")).toHaveLength(1);
    expect([app.list.selected, composer.conversation]).toEqual([people["Kim Park"], people["Kim Park"]]);
    expect(await kept("Lea Sommer")).toEqual([]);
  });
});

describe("an approved text", () => {
  const values = (): string[] | undefined => composer.template?.values;
  const fill = (n: number, value: string): void => {
    if (composer.template !== null) composer.template.values[n - 1] = value;
  };
  beforeEach(async () => {
    await open("Omar Haddad");
    composer.focus("reply");
    composer.useTemplate(composer.by.templates[0] ?? null);
    fill(1, "Omar");
  });

  it("keeps what was filled in when another one is chosen, or none", () => {
    composer.useTemplate(composer.by.templates[1] ?? null);
    expect([composer.template?.id, values()?.[0]]).toEqual(["HX2", "Omar"]);
    composer.useTemplate(null);
    composer.useTemplate(composer.by.templates[0] ?? null);
    expect(values()).toEqual(["Omar", ""]);
  });

  it("waits half filled in while one looks at another conversation", async () => {
    await open("Kim Park");
    expect(composer.template).toBeNull();
    await open("Omar Haddad");
    expect([composer.template?.id, values(), composer.expanded, composer.by.channel]).toEqual(["HX1", ["Omar", ""], true, "whatsapp"]);
  });

  it("does not come back where one may write freely again, and not after it was sent", async () => {
    await open("Kim Park");
    host.arrive(people["Omar Haddad"] ?? "", "Hello?");
    await open("Omar Haddad");
    expect([composer.template, composer.by.bar]).toEqual([null, null]);
  });

  it("is gone once it was sent", async () => {
    fill(2, "1077");
    expect(await composer.send(false)).not.toBeNull();
    expect((host.calls.findLast((call) => call.name === "send")?.args as Args<"send">).template?.values).toEqual(["Omar", "1077"]);
    await open("Kim Park");
    await open("Omar Haddad");
    expect(composer.template).toBeNull();
  });

  it("is not sent to somebody who asked for no more messages meanwhile", async () => {
    fill(2, "1077");
    expect(composer.canSend).toBe(true);
    const { by } = composer;
    if (by.options !== null) by.renew({ ...by.options, to: by.options.to.map((one) => ({ ...one, opted_out: true })) });
    expect([by.bar, composer.canSend, values()]).toEqual(["opted_out", false, ["Omar", "1077"]]);
  });

  it("stays when news come while the composer is put away", async () => {
    composer.expanded = false;
    await composer.refresh();
    expect(values()).toEqual(["Omar", ""]);
  });
});

describe("who says a message", () => {
  const said = (more: Partial<MessageItem>): string => speakerOf({ direction: "outbound", author: null, from: null, account: "@parley.lamps", ...more });
  it("is the account where another program sent it", () => {
    expect([said({}), said({ from: { name: "Parley Lamps", address: "hello@parley-lamps.example" } }), said({ from: { name: "", address: "x" } }), said({ author: "Mara Lind" })]).toEqual(["@parley.lamps", "Parley Lamps", "@parley.lamps", "Mara Lind"]);
    expect(said({ direction: "inbound", from: { name: null, address: "lea@sommer-studio.de" } })).toBe("lea@sommer-studio.de");
  });
});
