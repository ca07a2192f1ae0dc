// The pictures of the user guide, taken of the window's pages on the sample data. `make shots` runs it.
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { parleyctl, Served, unlock } from "../lib/browser.ts";

const FOLDER = join(import.meta.dirname, "../../docs/images/guide");
const run = promisify(execFile);

/** Opens a conversation by what its row shows. */
async function open(page: Page, text: RegExp): Promise<void> {
  await page.getByTestId("row").filter({ hasText: text }).first().click();
  await page.getByTestId("message").first().waitFor();
}

async function settings(page: Page, which: string): Promise<void> {
  await page.getByTestId("nav-settings").click();
  await page.getByTestId(`settings-${which}`).click();
}

/** Each picture, and how the page comes to show what is on it. */
const pictures: Record<string, (page: Page) => Promise<unknown>> = {
  inbox: async (page) => open(page, /delivery|order|parcel/i),
  views: async (page) => {
    await page.getByTestId("view-waiting").click();
    await page.getByTestId("row").first().waitFor();
  },
  write: async (page) => {
    await open(page, /./);
    await page.keyboard.press("r");
    await page.getByTestId("composer-text").waitFor();
  },
  stage: async (page) => {
    await open(page, /./);
    await page.keyboard.press("q");
    await page.getByTestId("stage").waitFor();
  },
  snooze: async (page) => {
    await open(page, /./);
    await page.keyboard.press("s");
    await page.getByTestId("snooze").waitFor();
  },
  search: async (page) => {
    await page.keyboard.press("/");
    await page.getByTestId("search-input").fill("lamp");
    await page.getByTestId("search-hit").first().waitFor();
  },
  palette: async (page) => {
    await open(page, /./);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("snooze");
  },
  keys: (page) => page.keyboard.press("?"),
  several: async (page) => {
    for (const n of [1, 2, 3]) await page.getByTestId("row").nth(n).click({ modifiers: ["Control"] });
  },
  waits: (page) => page.getByTestId("nav-waits").click(),
  reports: async (page) => {
    await page.getByTestId("nav-reports").click();
    await page.getByTestId("report-table").waitFor();
  },
  notifications: (page) => settings(page, "notices"),
  appearance: (page) => settings(page, "appearance"),
  data: async (page) => {
    await settings(page, "data");
    // Where it lies here is nobody's business; where it lies usually is.
    await page.getByTestId("data-dir").evaluate((place) => (place.textContent = "~/.local/share/parley"));
  },
  diagnostics: (page) => settings(page, "diagnostics"),
  // Last: what is begun here stays in the list as a draft.
  note: async (page) => {
    await open(page, /./);
    await page.keyboard.press("n");
    await page.keyboard.type("Asked the warehouse; they count on Monday.");
  },
};

const served = await Served.start(async (workspace) => {
  await parleyctl(workspace, ["sample", "load"]);
});
if (served === null) {
  console.error("no Chromium was found: install chromium, or name one in CHROMIUM");
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });
try {
  const first = await served.page();
  await unlock(first);
  await first.getByTestId("row").first().waitFor();
  await first.close();
  for (const [name, show] of Object.entries(pictures)) {
    const page = await served.page();
    await page.getByTestId("row").first().waitFor();
    await show(page);
    await page.waitForTimeout(400);
    const path = join(FOLDER, `${name}.png`);
    await page.screenshot({ path });
    // A palette is enough for a window, and a quarter of the size.
    await run("convert", [path, "-strip", "-colors", "128", "-define", "png:compression-level=9", path]).catch(() => undefined);
    await page.context().close();
  }
  console.log(`pictures written to ${FOLDER}`);
} finally {
  await served.stop();
}
