// Parley's window in the words of a person: what the journeys do with it.
import { readFileSync } from "node:fs";
import type { Journey } from "./journey.ts";
import { eventually } from "./process.ts";
import { Key, type Element, type Window } from "./webdriver.ts";

/** The first start: a new workspace whose key the keyring keeps. */
export async function createWorkspace(w: Window): Promise<void> {
  await (await w.byTestId("welcome-create", 60)).click();
  // The recovery key is offered before anything is in the workspace.
  await (await w.byTestId("recovery-show", 60)).click();
  await (await w.byTestId("recovery-written", 60)).click();
  await w.byTestId("welcome-add-account", 60);
}

/** Fills the wizard for the team's mailbox. */
export async function fillWizard(w: Window, j: Journey, password = j.servers.facts.password): Promise<void> {
  await (await w.byTestId("wizard-address")).fill(j.servers.facts.address);
  await paste(w, "wizard-password", password);
  await fillServers(w, j);
  await paste(w, "wizard-certificate", readFileSync(j.servers.facts.ca, "utf8"));
}

/** Fills the wizard's fields about the servers. */
export async function fillServers(w: Window, j: Journey): Promise<void> {
  const { address, host, imap_port, smtp_port } = j.servers.facts;
  const servers = await w.byTestId("wizard-servers");
  if ((await servers.attribute("aria-expanded")) !== "true") await servers.click();
  for (const [which, port] of [["imap", imap_port], ["smtp", smtp_port]] as const) {
    await choose(w, `wizard-${which}-security`, "starttls");
    // Typing letter by letter takes the driver a tenth of a second each.
    await paste(w, `wizard-${which}-host`, host);
    await paste(w, `wizard-${which}-port`, `${port}`);
    await paste(w, `wizard-${which}-user`, address);
  }
}

/** Connects the team's mailbox and waits until its older mail is there. */
export async function connectAccount(w: Window, j: Journey): Promise<void> {
  await (await w.byTestId("welcome-add-account")).click();
  await (await w.byTestId("connect-email")).click();
  await fillWizard(w, j);
  await (await w.byTestId("wizard-connect")).click();
  await connected(w);
}

/** Waits until the account says that all is well, and shows what is in the mailbox. */
export async function connected(w: Window): Promise<void> {
  await w.byCss('[data-testid="account-state"][data-state="ok"]', 60);
  await (await w.byTestId("view-all")).click();
  await w.byTestId("row", 60);
}

/** Chooses a value of a select as a person would see it change. */
export async function choose(w: Window, testid: string, value: string): Promise<void> {
  await w.byTestId(testid);
  await w.execute(`const e = document.querySelector('[data-testid="' + arguments[0] + '"]'); e.value = arguments[1]; e.dispatchEvent(new Event("change", { bubbles: true }));`, testid, value);
}

/** Puts a long text into a field as pasting does. */
export async function paste(w: Window, testid: string, text: string): Promise<void> {
  await w.byTestId(testid);
  await w.execute(`const e = document.querySelector('[data-testid="' + arguments[0] + '"]'); e.value = arguments[1]; e.dispatchEvent(new Event("input", { bubbles: true }));`, testid, text);
}

/** The list's row that shows a text. */
export async function row(w: Window, text: string, seconds = 30): Promise<Element> {
  const id = await rowId(w, text, seconds);
  return w.byCss(`[data-testid="row"][data-id="${id}"]`);
}

/** Whose row shows a text. Asked in one go: lines may come while somebody asks. */
function rowId(w: Window, text: string, seconds = 30): Promise<string> {
  const ask = async (): Promise<string | undefined> => (await w.execute<string | null>(`return [...document.querySelectorAll('[data-testid="row"]')].find((e) => e.innerText.includes(arguments[0]))?.dataset.id ?? null`, text)) ?? undefined;
  return eventually(`a row with "${text}"`, ask, seconds);
}

/** Opens the conversation whose row shows a text. A line that moved away under the pointer is clicked again. */
export async function openRow(w: Window, text: string): Promise<void> {
  const id = await rowId(w, text);
  await eventually(`the conversation with "${text}" to open`, async () => {
    await (await w.byCss(`[data-testid="row"][data-id="${id}"]`)).click();
    return eventually("its timeline", async () => (await w.execute<boolean>(`return document.querySelector('[data-testid="timeline"]')?.dataset.conversation === arguments[0]`, id)) || undefined, 3);
  });
  await w.byTestId("composer");
}

/** Opens the menu of the message that shows a text, and does one of its deeds. */
export async function messageMenu(w: Window, text: string, deed: string): Promise<void> {
  const id = await eventually(`a message with "${text}"`, async () => (await w.execute<string | null>(`return [...document.querySelectorAll('[data-testid="message"]')].find((e) => e.innerText.includes(arguments[0]))?.dataset.id ?? null`, text)) ?? undefined);
  await (await w.byCss(`[data-testid="message"][data-id="${id}"] [data-testid="message-menu"]`)).click();
  await (await w.byTestId(`menu-${deed}`)).click();
}

/** Chooses a segment of a row of them, such as how to sign in. */
export async function segment(w: Window, testid: string, value: string): Promise<void> {
  await w.byTestId(testid);
  await w.execute(`document.querySelector('[data-testid="' + arguments[0] + '"] input[value="' + arguments[1] + '"]').click()`, testid, value);
}

/** Opens a page of the settings. */
export async function settings(w: Window, page: "accounts" | "data" | "general" | "notices" | "diagnostics"): Promise<void> {
  await (await w.byTestId("nav-settings")).click();
  await (await w.byTestId(`settings-${page}`)).click();
}

/** Searches, and waits until this many messages are found. */
export async function finds(w: Window, query: string, count: number): Promise<void> {
  if (!(await w.execute<boolean>(`return document.querySelector('[data-testid="search-input"]') !== null`))) await (await w.byTestId("nav-search")).click();
  // The page may put another field in its place while it opens.
  await eventually("the words in the field", async () => {
    await (await w.byTestId("search-input")).fill(query);
    return true;
  });
  await eventually(
    `${count} hits for "${query}"`,
    async () => {
      const [hits, answered] = await w.execute<[number, string | null]>(`return [document.querySelectorAll('[data-testid="search-hit"]').length, document.querySelector('[data-testid="search-box"]')?.dataset.answered ?? null]`);
      return (answered === query && hits === count) || undefined;
    },
  );
}

/** Waits until the last message of ours stands in this state. */
export async function sendState(w: Window, state: string, seconds = 40): Promise<void> {
  await eventually(
    `a send that is ${state}`,
    async () => (await w.execute<string | null>(`return [...document.querySelectorAll('[data-testid="send-state"]')].at(-1)?.dataset.state ?? null`)) === state || undefined,
    seconds,
  );
}

/** Chooses a file for the answer. */
export async function attach(w: Window, path: string): Promise<void> {
  await (await w.byCss('[data-testid="composer-attach-input"]')).type(path);
  await w.byTestId("composer-file");
}

/** The answer that is being written. */
export async function draft(w: Window): Promise<string> {
  return w.execute<string>(`const e = document.querySelector('[data-testid="composer-text"]'); return (e?.value ?? e?.innerText ?? "").trim();`);
}

/** Leaves a text field, so that single keys are commands again. */
export async function leaveField(w: Window): Promise<void> {
  await w.press(Key.escape);
  await w.execute(`document.activeElement instanceof HTMLElement && document.activeElement.blur()`);
}
