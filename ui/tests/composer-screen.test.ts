import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
// Loaded here, so that it does not come when a quick test is over already.
import "../src/screens/inbox/RichText.svelte";
import { language } from "../src/i18n/language.svelte";

let host: ScriptedHost;
let window_: ReturnType<typeof mount>;
const people: Record<string, string> = {};
// The whole window is mounted: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });
const WAIT = { timeout: 8000 };
const all = (testid: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
const one = (testid: string): HTMLElement => {
  const found = all(testid)[0];
  if (found === undefined) throw new Error(`there is no ${testid}`);
  return found;
};
const there = (testid: string): Promise<HTMLElement> => vi.waitFor(() => one(testid), WAIT);
const press = (target: Element, key: string): void => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, code: `Key${key.toUpperCase()}`, bubbles: true, cancelable: true }));
  flushSync();
};
const write = (field: HTMLElement, text: string): void => {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
};
const click = async (testid: string): Promise<void> => {
  (await there(testid)).click();
  flushSync();
};
const focused = (): string | null => document.activeElement?.getAttribute("data-testid") ?? null;
/** Begins to answer somebody. */
async function answering(name: string): Promise<void> {
  host.open(people[name] ?? "");
  await vi.waitFor(() => expect(host.calls.some((call) => call.name === "drafts" && (call.args as { conversation: string }).conversation === people[name])).toBe(true), WAIT);
  await there("message");
  press(document.body, "r");
  await there("composer-way");
}

beforeEach(async () => {
  window.localStorage.clear();
  window.innerWidth = 1280;
  host = new ScriptedHost("channels");
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
  for (const row of await host.call("conversation_rows", { ids })) people[row.name] = row.id;
});
afterEach(() => void unmount(window_));

async function begin(): Promise<void> {
  window_ = mount(App, { target: document.body, props: { host } });
  await there("row");
}

describe("the composer of several channels", () => {
  beforeEach(begin);

  it("has the focus in the text when another channel was taken, so that nothing typed is a command", async () => {
    await answering("Omar Haddad");
    await click("composer-instead");
    await vi.waitFor(() => expect(focused()).toBe("composer-text"), WAIT);
    expect(one("composer-way").dataset["channel"]).toBe("sms");
    for (const key of "Hey") press(document.activeElement ?? document.body, key);
    expect(host.calls.some((call) => call.name === "resolve")).toBe(false);
  });

  it("has it in the blanks of an approved text, in its choice where there are none, and in the reply after it", async () => {
    const account = host.accounts.find((item) => item.config.channel === "whatsapp");
    if (account !== undefined) account.capabilities = { ...account.capabilities, templates: [{ id: "HX0", name: "Plain", text: "We are back on Monday." }, ...account.capabilities.templates] };
    await answering("Omar Haddad");
    await click("composer-template");
    await vi.waitFor(() => expect(focused()).toBe("template-choose"), WAIT);
    write(one("template-choose"), "HX1");
    one("template-choose").dispatchEvent(new Event("change", { bubbles: true }));
    flushSync();
    await click("composer-note");
    await click("composer-reply");
    await vi.waitFor(() => expect(focused()).toBe("template-blank"), WAIT);
    await click("template-leave");
    await vi.waitFor(() => expect(focused()).toBe("composer-text"), WAIT);
  });

  it("shows what is still empty of an approved text as gaps", async () => {
    await answering("Omar Haddad");
    await click("composer-template");
    write(await there("template-blank"), "Omar");
    const preview = one("template-preview");
    expect(preview.textContent).toContain("Omar");
    expect(preview.textContent).not.toContain("{{");
    expect([...preview.querySelectorAll(".gap")].map((gap) => gap.textContent)).toEqual(["Blank 2"]);
  });

  it("counts a text message in parts, also where it goes in several", async () => {
    await answering("Omar Haddad");
    await click("composer-instead");
    await vi.waitFor(() => expect(focused()).toBe("composer-text"), WAIT);
    const limit = host.accounts.find((item) => item.config.channel === "sms")?.capabilities.text_limit?.most ?? 0;
    write(one("composer-text"), "a".repeat(153 * limit + 20));
    expect((await there("composer-count")).textContent).toBe(`${String(limit + 1)} parts, and ${String(limit)} can be sent at a time`);
    await click("composer-split");
    expect(one("composer-count").textContent).toBe(`${String(limit + 1)} parts in all`);
    expect(one("composer-count").getAttribute("role")).toBe("status");
  });

  it("keeps its two buttons beside each other", async () => {
    await answering("Lea Sommer");
    expect([...(one("composer-send").parentElement?.children ?? [])].map((child) => child.getAttribute("data-testid"))).toEqual(["composer-send-resolve", "composer-send"]);
  });

  it("shows the whole address that was typed on the website, with what is to be said of it", async () => {
    await answering("Ida Nyström");
    await click("panel-write-mail");
    const field = await there("composer-to");
    expect([(field as HTMLInputElement).value, field.title]).toEqual(["ida.nystrom@posten.se", "ida.nystrom@posten.se"]);
    expect(field.parentElement?.textContent).toContain("not verified");
    await vi.waitFor(() => expect(focused()).toBe("composer-text"), WAIT);
  });

  it("writes a number to send from as a number in a line from right to left", async () => {
    await language.speak("ar");
    try {
      await answering("Omar Haddad");
      expect((await there("composer-from")).querySelector("option")?.textContent).toBe("\u2068+46101380003\u2069");
    } finally {
      await language.speak("en");
    }
  });
});

describe("how somebody came here", () => {
  it("is shown first and last, and in full when that is asked for", async () => {
    const ida = host["find"](people["Ida Nyström"] ?? "");
    const [touch] = ida.touches ?? [];
    if (touch === undefined) throw new Error("nobody knows how she came");
    ida.touches = Array.from({ length: 7 }, (_, i) => ({ ...touch, at: touch.at + i, touch: { ...touch.touch, page: `https://parley-lamps.example/p/${String(i)}` } }));
    await begin();
    host.open(ida.id);
    const more = await there("panel-more-touches");
    const pages = (): string[] => all("panel-touch").map((line) => /\/p\/\d/.exec(line.textContent)?.[0] ?? "");
    expect([more.textContent.trim(), pages()]).toEqual(["4 more", ["/p/0", "/p/5", "/p/6"]]);
    more.focus();
    more.click();
    flushSync();
    expect(pages()).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `/p/${String(n)}`));
    expect([focused(), one("panel-more-touches").getAttribute("aria-expanded")]).toEqual(["panel-more-touches", "true"]);
  });
});
