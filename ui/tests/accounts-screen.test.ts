import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { folded } from "../src/state/folded.svelte";

let host: ScriptedHost;
let window_: ReturnType<typeof mount>;
// The whole window is mounted: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });
const WAIT = { timeout: 8000 };
const all = (testid: string, within: ParentNode = document): HTMLElement[] => [...within.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
const one = (testid: string, within: ParentNode = document): HTMLElement => {
  const found = all(testid, within)[0];
  if (found === undefined) throw new Error(`there is no ${testid}`);
  return found;
};
const there = (testid: string, within: ParentNode = document): Promise<HTMLElement> => vi.waitFor(() => one(testid, within), WAIT);
const press = (target: HTMLElement): void => {
  target.click();
  flushSync();
};
const write = (field: HTMLElement, text: string): void => {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
};
const calls = (name: string): unknown[] => host.calls.filter((call) => call.name === name).map((call) => call.args);
const card = (channel: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-testid="account"][data-channel="${channel}"]`);
  if (found === null) throw new Error(`no account of ${channel}`);
  return found;
};
async function more(channel: string): Promise<void> {
  one("account-more", card(channel)).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
  flushSync();
  await there("menu-remove");
}

async function begin(state: string): Promise<void> {
  window.localStorage.clear();
  window.innerWidth = 1280;
  host = new ScriptedHost(state);
  window_ = mount(App, { target: document.body, props: { host } });
  await there("nav-settings");
}
async function accounts(state: string): Promise<void> {
  await begin(state);
  press(one("nav-settings"));
  await there("account");
}
afterEach(() => {
  void unmount(window_);
  if (folded.has("accounts-all")) folded.toggle("accounts-all");
});

describe("an account's menu", () => {
  it("removes the account, and its messages when that was chosen", async () => {
    await accounts("channels");
    await more("whatsapp");
    press(one("menu-remove"));
    press(await there("account-erase"));
    press(one("account-remove-yes"));
    const { id } = host.accounts.find((account) => account.config.channel === "whatsapp") ?? { id: "" };
    await vi.waitFor(() => expect(calls("account_remove")).toEqual([{ id, erase: true }]), WAIT);
  });

  it("reads again since the day that was chosen, and says so on the card", async () => {
    await accounts("channels");
    await more("whatsapp");
    press(one("menu-resync"));
    press(await there("resync-go"));
    await vi.waitFor(() => expect(calls("account_resync")).toHaveLength(1), WAIT);
    const { since } = calls("account_resync")[0] as { since: number };
    expect(Math.round((Date.now() - since) / 86_400_000)).toBe(7);
    await vi.waitFor(() => expect(one("account-said", card("whatsapp")).textContent).toContain("Reading again what came since"), WAIT);
  });

  it("does not offer to read again what a provider gives only once", async () => {
    await accounts("channels");
    await more("telegram");
    expect(all("menu-resync")).toEqual([]);
  });
});

describe("what was done to an account", () => {
  it("is said on its own card, and why it failed", async () => {
    await accounts("channels");
    host.failNext = "account_poll";
    press(one("account-poll", card("webchat")));
    await vi.waitFor(() => expect(one("account-failed", card("webchat")).textContent).toContain("could not be read"), WAIT);
    expect(all("account-failed")).toHaveLength(1);
    press(one("account-poll", card("webchat")));
    await vi.waitFor(() => expect(one("account-said", card("webchat")).textContent).toContain("Checked just now"), WAIT);
    expect(all("account-failed")).toEqual([]);
  });
});

describe("an account that needs a new secret", () => {
  it("is changed with its name, the reason and the steps before one’s eyes, and the keys in the field", async () => {
    await accounts("channels-trouble");
    press(one("account-sign-in", card("messenger")));
    const form = await there("chat-form");
    expect(form.querySelector("h2")?.textContent).toContain("Change Parley Lamps");
    expect(one("connect-why").textContent).toContain("190/460");
    expect(one("connect-deeds").textContent).toContain("Generate token");
    await vi.waitFor(() => expect(document.activeElement).toBe(one("connect-secret")), WAIT);
    press(one("connect-back"));
    await vi.waitFor(() => expect(document.activeElement).toBe(one("account-edit", card("messenger"))), WAIT);
  });

  it("is a mailbox as well", async () => {
    await accounts("broken");
    const button = one("account-sign-in");
    expect(button.textContent).toContain("Enter a new password");
    press(button);
    const form = await there("wizard");
    expect(form.querySelector("h2")?.textContent).toContain("Change press@parley-lamps.example");
    expect(one("connect-why").textContent).toContain("refused the password");
    await vi.waitFor(() => expect(document.activeElement).toBe(one("wizard-password")), WAIT);
  });

  it("says what to enter, and nothing where another secret does not help", async () => {
    await accounts("channels-trouble");
    expect(one("account-sign-in", card("messenger")).textContent).toContain("Enter a new token");
    expect(one("account-sign-in", card("messenger")).className).toContain("solid");
    // It runs out soon, and still works.
    expect(one("account-sign-in", card("instagram")).className).not.toContain("solid");
    expect(card("telegram").dataset["state"]).toBe("needs_attention");
    expect(all("account-sign-in", card("telegram"))).toEqual([]);
  });
});

describe("a website’s chat", () => {
  async function connect(token: string): Promise<void> {
    await accounts("channels");
    press(one("account-add"));
    press(await there("connect-webchat"));
    write(await there("connect-homeserver"), "https://m.example");
    write(one("connect-user"), "@chat:m.example");
    write(one("connect-secret"), "right");
    write(one("connect-registration-token"), token);
    press(one("connect-done"));
    await there("snippet");
  }

  it("shows its snippet when it is connected, with the keys there", async () => {
    await connect("tok");
    const snippet = one("snippet");
    expect(snippet.closest<HTMLElement>('[data-testid="account"]')?.dataset["id"]).toBe(host.accounts.at(-1)?.id);
    await vi.waitFor(() => expect(document.activeElement).toBe(snippet), WAIT);
    expect((one("snippet-copy") as HTMLButtonElement).disabled).toBe(false);
  });

  it("says that a snippet without registration token lets nobody in, and does not copy it", async () => {
    await connect("");
    expect(one("snippet-no-token").textContent).toContain("registration token is missing");
    expect((one("snippet-copy") as HTMLButtonElement).disabled).toBe(true);
  });
});

describe("many accounts in the sidebar", () => {
  it("are one line that unfolds, and those that need a look", async () => {
    await begin("channels-trouble");
    const line = await there("accounts-all");
    expect(line.textContent).toContain("5 of 9 connected");
    expect(all("account-state").map((account) => account.dataset["state"])).toEqual(["needs_attention", "waiting", "needs_attention", "paused"]);
    press(line);
    expect([all("account-state").length, line.getAttribute("aria-expanded")]).toEqual([9, "true"]);
  });

  it("are listed as long as they are few", async () => {
    await begin("");
    await there("account-state");
    expect([all("account-state").length, all("accounts-all")]).toEqual([2, []]);
  });
});
