// Windows of their own, the settings of this desktop, paper, and everything twice as large.
const id = (testid) => `[data-testid="${testid}"]`;
const there = (page) => page.locator(id("row")).first().waitFor();
const narrow = (page) => page.locator(id("rail-menu")).isVisible();
const settings = async (page, tab) => {
  await page.locator("#app > *").first().waitFor();
  await page.locator(`${id("rail-menu")}, ${id("nav-settings")}`).first().waitFor();
  await page.locator((await narrow(page)) ? id("rail-settings") : id("nav-settings")).click();
  await page.locator(id(`settings-${tab}`)).click();
};
/** The same page as a window of its own for a conversation. */
const alone = async (page, n = 0, wanted = null) => {
  await there(page);
  const conversation = wanted ?? (await page.locator(id("row")).nth(n).getAttribute("data-id"));
  await page.goto(`${page.url()}&conversation=${conversation}`);
  await page.locator(id("alone")).waitFor();
};
const open = async (page, n = 0) => {
  await page.locator(id("row")).nth(n).click();
  await page.locator(id("message")).first().waitFor();
};
const paper = async (page, notes) => {
  await open(page);
  await page.keyboard.press("Control+p");
  if (notes) await page.locator(id("print-notes")).click();
  await page.locator(id("print-go")).click();
  await page.locator(id("paper")).waitFor({ state: "attached" });
  await page.emulateMedia({ media: "print" });
};

export const windowScenes = [
  { name: "alone", act: async (page) => { await alone(page); await page.locator(id("message")).first().waitFor(); } },
  { name: "alone-answering", act: async (page) => { await alone(page); await page.locator(id("message")).first().waitFor(); await page.keyboard.press("r"); await page.locator(id("composer-to")).waitFor(); } },
  { name: "alone-panel", act: async (page) => { await alone(page); await page.locator(id("do-panel")).click(); await page.locator(id("panel")).waitFor(); } },
  { name: "alone-gone", act: (page) => alone(page, 0, "f".repeat(32)) },
  {
    name: "contested",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("r");
      await page.locator(id("composer-to")).waitFor();
      await page.keyboard.type("The lamp is on its way");
      await page.evaluate(async () => {
        const conversation = document.querySelector("[data-testid=timeline]").dataset.conversation;
        const draft = { note: false, text: "The lamp leaves our workshop tomorrow morning", subject: null, to: [], cc: [], bcc: [], account: null, from: null, quote: true, signature: true, forwarding: null, files: [], of: [], updated_at: 0 };
        await window.scripted.call("draft_save", { conversation, draft });
        window.scripted.arrive(conversation, "And one more thing");
      });
      await page.locator(id("contested")).waitFor();
    },
  },
  { name: "print-dialog", act: async (page) => { await open(page); await page.keyboard.press("Control+p"); await page.locator(id("print-dialog")).waitFor(); } },
  { name: "settings-profile", act: async (page) => { await settings(page, "profile"); await page.locator(id("setting-name")).waitFor(); } },
  { name: "settings-appearance", act: async (page) => { await settings(page, "appearance"); await page.locator(id("setting-zoom")).waitFor(); } },
  { name: "settings-diagnostics", act: async (page) => { await settings(page, "diagnostics"); await page.locator(id("diagnostics-part")).nth(3).locator("summary").click(); } },
  { name: "settings-diagnostics-failed", act: async (page) => { await there(page); await page.evaluate(() => (window.scripted.failNext = "diagnostics")); await settings(page, "diagnostics"); await page.locator("main [role=alert]").waitFor(); } },
  { name: "settings-size", act: async (page) => { await settings(page, "data"); await page.locator(id("data-size")).waitFor(); } },
  { name: "settings-about", act: async (page) => { await settings(page, "about"); await page.locator(id("about-version")).waitFor(); } },
  { name: "settings-licences", act: async (page) => { await settings(page, "about"); await page.locator(id("licences-show")).click(); await page.locator(id("licences-search")).fill("svelte"); await page.locator(`${id("licence")} summary`).first().click(); } },
];

/** What is looked at in print; by eye, and by its pages as PDF. */
export const paperScenes = [
  { name: "paper", act: (page) => paper(page, false) },
  { name: "paper-notes", act: (page) => paper(page, true) },
  { name: "paper-reports", act: async (page) => { await there(page); await page.keyboard.press("g"); await page.keyboard.press("r"); await page.locator(id("report-row")).first().waitFor(); await page.emulateMedia({ media: "print" }); } },
  { name: "paper-waits", act: async (page) => { await there(page); await page.keyboard.press("g"); await page.keyboard.press("w"); await page.locator(id("wait-row")).first().waitFor(); await page.keyboard.press("Control+p"); await page.locator(id("waits-paper")).waitFor({ state: "attached" }); await page.emulateMedia({ media: "print" }); } },
];

/** The main screens as they are at 200 %. */
export const largeScenes = [
  { name: "large-list", act: there },
  { name: "large-conversation", act: (page) => open(page) },
  { name: "large-answering", act: async (page) => { await open(page); await page.keyboard.press("r"); await page.locator(id("composer-to")).waitFor(); } },
  { name: "large-panel", act: async (page) => { await open(page); if (!(await page.locator(id("panel")).isVisible())) await page.locator(id("do-panel")).click(); await page.locator(id("panel")).waitFor(); } },
  { name: "large-drawer", act: async (page) => { await there(page); await page.locator(id("rail-menu")).click(); await page.locator(id("view-mine")).waitFor(); } },
  { name: "large-selected", act: async (page) => { await there(page); await page.locator(`${id("row")} [data-face]`).first().click(); await page.locator(id("bulk-bar")).waitFor(); } },
  { name: "large-search", act: async (page) => { await there(page); await page.keyboard.press("/"); await page.locator(id("search-input")).fill("lamp"); await page.locator(id("search-hit")).first().waitFor(); } },
  { name: "large-palette", act: async (page) => { await there(page); await page.keyboard.press("Control+k"); await page.locator(id("palette")).waitFor(); } },
  { name: "large-keys", act: async (page) => { await there(page); await page.keyboard.press("?"); await page.locator("[role=dialog]").waitFor(); } },
  { name: "large-waits", act: async (page) => { await there(page); await page.locator(id("rail-waits")).click(); await page.locator(id("wait-row")).first().waitFor(); } },
  { name: "large-reports", act: async (page) => { await there(page); await page.locator(id("rail-reports")).click(); await page.locator(id("report-row")).first().waitFor(); } },
  ...["accounts", "profile", "appearance", "general", "data", "keys", "diagnostics", "about"].map((tab) => ({ name: `large-settings-${tab}`, act: async (page) => { await there(page); await settings(page, tab); await page.waitForTimeout(120); } })),
  { name: "large-alone", act: async (page) => { await alone(page); await page.locator(id("message")).first().waitFor(); } },
  { name: "large-print", act: async (page) => { await open(page); await page.keyboard.press("Control+p"); await page.locator(id("print-dialog")).waitFor(); } },
  { name: "large-door", state: "fresh" },
  { name: "large-welcome", state: "empty" },
];
