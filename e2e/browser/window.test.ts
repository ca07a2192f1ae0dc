// The window's pages in Chromium, against the engine itself.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openConversation, parleyctl, Served, unlock } from "../lib/browser.ts";

const DAY = 86_400_000;
let served: Served | null = null;

/** What a customer wrote, so many days ago. */
function line(customer: number, days: number, text: string): string {
  return JSON.stringify({ type: "message", direction: "inbound", channel: customer % 3 === 0 ? "instagram" : "email", id: `m${customer}-${days}`, author: { name: `Customer ${customer}`, address: customer % 3 === 0 ? `ig${customer}` : `customer${customer}@shop.test` }, sent_at: Date.now() - days * DAY, subject: "Lamp", text });
}

before(async () => {
  served = await Served.start(async (workspace, folder) => {
    const file = join(folder, "old.jsonl");
    const lines = Array.from({ length: 120 }, (_, n) => line(n, 1 + (n % 7), n === 7 ? "The samovar hums." : `Is lamp ${n} in stock?`));
    writeFileSync(file, `${['{"parley":"interchange","version":1}', ...lines].join("\n")}\n`);
    await parleyctl(workspace, ["import", file, "--measured"]);
  });
});
after(() => served?.stop());

const NONE = "there is no Chromium here (name one in CHROMIUM)";

test("a workspace opens with its passphrase and with no other", async (t) => {
  if (served === null) return t.skip(NONE);
  const page = await served.page();
  await unlock(page, "not the passphrase");
  await page.getByTestId("session-error").waitFor();
  await unlock(page);
  await page.getByTestId("row").first().waitFor();
  assert.ok((await page.getByTestId("row").count()) > 5);
});

test("what is done in one window is seen in the other, and taken back in both", async (t) => {
  if (served === null) return t.skip(NONE);
  const [one, two] = await Promise.all([served.page(), served.page()]);
  for (const page of [one, two]) {
    await page.getByTestId("view-all").click();
    await openConversation(page, "Is lamp 119 in stock?");
  }
  await one.keyboard.press("Escape");
  await one.keyboard.press("n");
  await one.keyboard.type("Asked the warehouse.");
  await one.keyboard.press("Control+Enter");
  await two.getByTestId("note").filter({ hasText: "Asked the warehouse." }).waitFor();
  await one.keyboard.press("Escape");
  await one.keyboard.press("z");
  await two.getByTestId("note").filter({ hasText: "Asked the warehouse." }).waitFor({ state: "detached" });
});

test("a search finds what was imported and jumps to it", async (t) => {
  if (served === null) return t.skip(NONE);
  const page = await served.page();
  await page.getByTestId("row").first().waitFor();
  await page.keyboard.press("/");
  await page.getByTestId("search-input").fill("samovar");
  await page.getByTestId("search-hit").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("message").filter({ hasText: "The samovar hums." }).waitFor();
});

test("no page gets at the engine without the token, and none of another site does", async (t) => {
  if (served === null) return t.skip(NONE);
  const { origin } = new URL(served.address);
  const ask = { method: "POST", body: JSON.stringify({ name: "session_status", args: {} }) };
  assert.equal((await fetch(`${origin}/call`, ask)).status, 401);
  assert.equal((await fetch(`${origin}/call`, { ...ask, headers: { origin: "http://shop.test" } })).status, 403);
});
