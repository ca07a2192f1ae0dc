// Where the notices stand: never over what somebody types into, its caret, the bar that takes a send back, or a dialog.
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const id = (testid) => `[data-testid="${testid}"]`;
const browser = await launch();
if (browser === null) {
  console.log("toasts: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const problems = [];

/** Plays a step at a size and in a direction. */
async function step(name, { width = 1280, height = 800, lang = "en", state = "" }, work) {
  const page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(12_000);
  const label = `${name} (${String(width)}×${String(height)}, ${lang})`;
  page.on("pageerror", (error) => problems.push(`${label}: ${error.message}`));
  try {
    await page.addInitScript(() => window.localStorage.clear());
    await page.goto(`${server.url}?host=scripted&state=${state}&lang=${lang}`);
    await page.locator("#app > *").first().waitFor();
    await work(page);
    console.log(`ok   ${label}`);
  } catch (error) {
    problems.push(`${label}: ${error.message}`);
    console.log(`FAIL ${label}: ${error.message.split("\n")[0]}`);
  }
  await page.close();
}

const open = async (page) => {
  await page.locator(id("row")).filter({ hasText: "Anna Berg" }).click();
  await page.locator(id("message")).first().waitFor();
};
/** Three notices that stay, however long the rest takes: what went wrong waits for somebody. */
const notices = async (page) => {
  for (let i = 1; i <= 3; i += 1) {
    await page.evaluate(() => (window.scripted.failNext = "resolve"));
    await page.locator(id("do-resolve")).click();
    await page.waitForFunction((n) => document.querySelectorAll('[data-testid="toast"]').length === n, i);
  }
};
/** No notice covers what these select, and all stand on the screen. */
const clear = async (page, ...selectors) => {
  // A place is looked for a few times a second.
  await page.waitForTimeout(450);
  const found = await page.evaluate((selectors) => {
    const toasts = [...document.querySelectorAll('[data-testid="toast"]')].map((node) => node.getBoundingClientRect());
    const out = toasts.filter((t) => t.left < 0 || t.top < 0 || t.right > window.innerWidth || t.bottom > window.innerHeight).length;
    const covered = selectors.filter((selector) => {
      const node = document.querySelector(selector);
      if (node === null) return true;
      const b = node.getBoundingClientRect();
      return toasts.some((t) => t.left < b.right - 0.5 && t.right > b.left + 0.5 && t.top < b.bottom - 0.5 && t.bottom > b.top + 0.5);
    });
    return { n: toasts.length, out, covered };
  }, selectors);
  assert.ok(found.n > 0, "there is no notice any more");
  assert.equal(found.out, 0, "a notice is off the screen");
  assert.deepEqual(found.covered, [], `covered at ${JSON.stringify(found)}`);
};

for (const size of [{ width: 1280, height: 800 }, { width: 960, height: 600 }, { width: 960, height: 600, lang: "ar" }]) {
  await step("beside the composer, folded and at its largest", size, async (page) => {
    await open(page);
    await notices(page);
    await clear(page, id("composer"));
    await page.keyboard.press("r");
    await page.locator(id("composer-text")).fill("A long answer.\n".repeat(30));
    await page.locator(id("composer-add-cc")).click({ timeout: 2000 }).catch(() => undefined);
    await page.locator(id("composer-text")).focus();
    await clear(page, id("composer"), id("composer-text"));
  });
  await step("beside the bar that takes a send back", size, async (page) => {
    await open(page);
    await page.keyboard.press("r");
    await page.locator(id("composer-text")).fill("Sent");
    await page.keyboard.press("Control+Enter");
    await page.locator(id("undo-bar")).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(id("timeline")).focus().catch(() => undefined);
    await notices(page);
    await clear(page, id("undo-bar"), id("composer"));
  });
  await step("beside a dialog with a field in it", size, async (page) => {
    await open(page);
    await notices(page);
    await page.keyboard.press("/");
    await page.locator(id("search-input")).fill("lamp");
    await page.locator(id("search-hit")).first().waitFor();
    // A dialog as large as the window leaves no room: what is typed into stays free all the same.
    await clear(page, id("search-input"));
  });
  await step("beside a field of the settings", size, async (page) => {
    await open(page);
    await notices(page);
    await page.locator(id("nav-settings")).click();
    await page.locator(id("settings-general")).click();
    await page.locator(id("setting-name")).focus();
    await clear(page, id("setting-name"));
  });
}

await step("are reached by key, hold their time, and give the focus back", {}, async (page) => {
  await open(page);
  await page.keyboard.press("q");
  await page.locator('[role="dialog"]').waitFor();
  await page.keyboard.press("4");
  await page.locator(id("toast")).waitFor();
  await page.keyboard.press("r");
  await page.keyboard.press("F6");
  await page.waitForFunction(() => document.activeElement?.closest('[data-testid="toast"]') !== null);
  await page.waitForTimeout(7000);
  assert.equal(await page.locator(id("toast")).count(), 1, "its time ran on while it had the focus");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "composer-text");
});

await browser.close();
server.stop();
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("toasts: nothing that must be seen was covered");
