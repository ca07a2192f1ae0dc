import { beforeEach, describe, expect, it } from "vitest";
import type { TestReport } from "../src/api/TestReport";
import type { Args, Name, Reply } from "../src/host/host";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { blankOf, Connecting, deedsOf, isEnough, snippetOf } from "../src/state/connecting.svelte";
import { word } from "../src/i18n";

/** A host whose next answer to a command waits until it is let go. */
class HeldHost extends ScriptedHost {
  private held: Name | null = null;
  private let_: (() => void) | null = null;

  hold(name: Name): void {
    this.held = name;
  }

  release(): void {
    this.let_?.();
  }

  override async call<K extends Name>(name: K, args: Args<K>): Promise<Reply<K>> {
    if (name === this.held) {
      this.held = null;
      await new Promise<void>((go) => (this.let_ = go));
    }
    return super.call(name, args);
  }
}

let host: HeldHost;
beforeEach(() => {
  host = new HeldHost("channels");
});
const calls = (name: Name): unknown[] => host.calls.filter((call) => call.name === name).map((call) => call.args);

function matrix(): Connecting {
  const form = new Connecting(host, "matrix");
  if (form.config.channel !== "matrix") throw new Error("no matrix");
  Object.assign(form.config, { homeserver: "https://m.example", user_id: "@s:m.example" });
  form.secret = "right";
  return form;
}

describe("what is typed while the engine is asked", () => {
  it("makes a test of what stood there before worth nothing", async () => {
    const form = matrix();
    host.hold("account_test");
    const tested = form.test();
    form.secret = "wrong";
    form.changed(true);
    host.release();
    expect(await tested).toBe(false);
    expect([form.report, form.busy]).toEqual([null, null]);
    // What is pressed now is tested anew, and not connected.
    expect(await form.connect()).toBeNull();
    expect(form.report as TestReport | null).toMatchObject({ ok: false });
    expect(calls("account_add")).toEqual([]);
  });

  it("makes accounts found with another token be forgotten, but not for a name", async () => {
    const form = new Connecting(host, "instagram");
    form.secret = "IG";
    host.hold("account_find");
    const first = form.find();
    form.secret = "IG2";
    form.changed(true);
    host.release();
    expect(await first).toBe(false);
    expect(form.found).toBeNull();
    host.hold("account_find");
    const second = form.find();
    form.changed();
    host.release();
    await second;
    expect(form.found).toHaveLength(2);
  });
});

describe("taking over an account that was found", () => {
  it("leaves alone what was entered beside it", async () => {
    const form = new Connecting(host, "instagram");
    form.secret = "IG";
    await form.find();
    if (form.config.channel !== "instagram") throw new Error("no instagram");
    form.config.human_agent = true;
    const [one, two] = form.found ?? [];
    if (one === undefined || two === undefined) throw new Error("not found");
    form.choose(two);
    form.choose(one);
    expect(form.config).toMatchObject({ id: "17841400000000001", name: "parley.lamps", human_agent: true });
  });

  it("keeps the team's own name, and the approved texts", async () => {
    const form = new Connecting(host, "whatsapp");
    if (form.config.channel !== "whatsapp") throw new Error("no whatsapp");
    form.config.twilio.account_sid = "AC1";
    form.secret = "s";
    host.hold("account_find");
    const asked = form.find();
    form.config.name = "Shop";
    form.config.templates = [{ id: "HX9", name: "", text: "" }];
    form.changed();
    host.release();
    await asked;
    expect(form.config).toMatchObject({ number: "+46101380003", name: "Shop", templates: [{ id: "HX9" }] });
  });

  it("gives it back when the secret is another one, but nothing that a person typed", async () => {
    const form = new Connecting(host, "telegram");
    form.secret = "710000001:abc";
    await form.find();
    expect(form.config).toMatchObject({ bot_id: "710000001" });
    form.secret = "720000002:abc";
    form.changed(true);
    expect(form.config).toMatchObject({ bot_id: "", name: "" });
    const other = matrix();
    other.changed(true);
    expect(other.config).toMatchObject({ user_id: "@s:m.example" });
  });
});

describe("a number that nobody finds", () => {
  const twilio = (account: string): Connecting => {
    const form = new Connecting(host, "sms_twilio");
    if (form.config.channel !== "sms" || form.config.via.kind !== "twilio") throw new Error("no twilio");
    form.config.via.account_sid = account;
    form.secret = "s";
    return form;
  };

  it("can be typed where the account has none, and is connected", async () => {
    const form = twilio("ACnone");
    expect(await form.find()).toBe(false);
    expect([form.error?.includes("by hand"), form.byHand, form.seeks]).toEqual([true, true, true]);
    if ("number" in form.config) form.config.number = "+4670000";
    form.changed();
    expect(form.seeks).toBe(false);
    expect(await form.connect()).not.toBeNull();
  });

  it("is another one than those in the list, which is then not meant", async () => {
    const form = twilio("AC1");
    await form.find();
    const [first] = form.found ?? [];
    if (first === undefined) throw new Error("not found");
    form.choose(first);
    form.typeNumber();
    expect([form.isChosen(first), "number" in form.config && form.config.number]).toEqual([false, ""]);
    form.choose(first);
    expect([form.isChosen(first), form.byHand]).toEqual([true, false]);
  });

  it("is asked for before an own phone can be tested, and nothing is looked for there", () => {
    const config = blankOf("sms_phone");
    if (config.channel !== "sms" || config.via.kind !== "phone") throw new Error("no phone");
    Object.assign(config.via, { base_url: "http://192.168.1.20:8080", user: "sms" });
    expect(isEnough(config)).toBe(false);
    const form = new Connecting(host, "sms_phone");
    form.config = config;
    form.secret = "x";
    expect([form.seeks, form.canTest]).toEqual([false, false]);
    if (form.config.channel === "sms") form.config.number = "+46701740002";
    expect(form.canTest).toBe(true);
  });
});

describe("the steps at the vendor", () => {
  it("lead to a script that every page of the website finds", () => {
    const config = blankOf("webchat");
    if (config.channel !== "webchat") throw new Error("no chat");
    expect(snippetOf(config, { name: "", accent: "", language: "", askAfter: "3", consent: "ask" })).toContain('src="/parley-chat.js"');
  });

  it("name what Meta asks for", () => {
    const page = { ...blankOf("instagram"), door: "page" as const };
    if (page.channel !== "instagram") throw new Error("no instagram");
    const said = (of: ReturnType<typeof deedsOf>): string => of.map((one) => word("deed", one.key)).join(" ");
    expect(said(deedsOf("instagram", page))).toContain("business_management");
    expect(said(deedsOf("messenger", blankOf("messenger")))).toContain("task Messages");
  });
});
