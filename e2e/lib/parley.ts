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
  const { address, host, imap_port, smtp_port, ca } = j.servers.facts;
  await (await w.byTestId("wizard-address")).fill(address);
  await (await w.byTestId("wizard-password")).fill(password);
  const servers = await w.byTestId("wizard-servers");
  if ((await servers.attribute("aria-expanded")) !== "true") await servers.click();
  for (const [which, port] of [["imap", imap_port], ["smtp", smtp_port]] as const) {
    await choose(w, `wizard-${which}-security`, "starttls");
    await (await w.byTestId(`wizard-${which}-host`)).fill(host);
    await (await w.byTestId(`wizard-${which}-port`)).fill(`${port}`);
    await (await w.byTestId(`wizard-${which}-user`)).fill(address);
  }
  await paste(w, "wizard-certificate", readFileSync(ca, "utf8"));
}

/** Connects the team's mailbox and waits until its older mail is there. */
export async function connectAccount(w: Window, j: Journey): Promise<void> {
  await (await w.byTestId("welcome-add-account")).click();
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
async function choose(w: Window, testid: string, value: string): Promise<void> {
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
  const at = await eventually(
    `a row with "${text}"`,
    async () => {
      const n = await w.execute<number>(`return [...document.querySelectorAll('[data-testid="row"]')].findIndex((e) => e.innerText.includes(arguments[0]))`, text);
      return n < 0 ? undefined : n;
    },
    seconds,
  );
  const id = await w.execute<string>(`return document.querySelectorAll('[data-testid="row"]')[arguments[0]].dataset.id`, at);
  return w.byCss(`[data-testid="row"][data-id="${id}"]`);
}

/** Opens the conversation whose row shows a text. */
export async function openRow(w: Window, text: string): Promise<void> {
  await (await row(w, text)).click();
  await w.byTestId("composer");
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
  return w.execute<string>(`return document.querySelector('[data-testid="composer-text"]').value`);
}

/** Leaves a text field, so that single keys are commands again. */
export async function leaveField(w: Window): Promise<void> {
  await w.press(Key.escape);
  await w.execute(`document.activeElement instanceof HTMLElement && document.activeElement.blur()`);
}
