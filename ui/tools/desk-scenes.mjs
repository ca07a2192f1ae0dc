// The palette, the keys, the history, the notices and the customer's panel, in their states.
const id = (testid) => `[data-testid="${testid}"]`;
const open = async (page, n = 0) => {
  await page.locator(id("row")).nth(n).click();
  await page.locator(id("message")).first().waitFor();
};
const palette = async (page, typed = "") => {
  await open(page);
  await page.keyboard.press("Control+k");
  await page.locator(id("palette-option")).first().waitFor();
  if (typed !== "") await page.locator(id("palette-input")).fill(typed);
  await page.waitForTimeout(typed === "" ? 60 : 350);
};
/** Does a few things, so that there is something to take back. */
const busy = async (page) => {
  await open(page);
  for (const keys of [["q", "4"], ["a", "m"], ["s", "t"]]) {
    await page.keyboard.press(keys[0]);
    await page.locator('[role="dialog"]').waitFor();
    await page.keyboard.press(keys[1]);
    await page.locator('[role="dialog"]').waitFor({ state: "detached" });
    await page.waitForTimeout(60);
  }
  await page.locator(id("row")).nth(2).click();
  await page.keyboard.press("x");
  await page.keyboard.press("Shift+j");
  await page.keyboard.press("e");
  await page.waitForTimeout(150);
};
const history = async (page) => {
  await busy(page);
  await page.keyboard.press("z");
  await page.waitForTimeout(80);
  await page.keyboard.press("Shift+z");
  await page.locator(id("history-line")).first().waitFor();
};
const keys = async (page) => {
  await page.locator(id("nav-settings")).click();
  await page.locator(id("settings-keys")).click();
  await page.locator(id("key-row")).first().waitFor();
};
const row = (page, action) => page.locator(`${id("key-row")}[data-action="${action}"]`);

export const deskScenes = [
  { name: "palette-typed", act: (page) => palette(page, "wo") },
  { name: "palette-people", act: (page) => palette(page, "anna") },
  { name: "palette-none", act: (page) => palette(page, "xylophone") },
  { name: "palette-link", act: (page) => palette(page, "parley://nowhere") },
  {
    name: "palette-assign",
    act: async (page) => {
      await palette(page, "assign");
      await page.keyboard.press("Enter");
      await page.locator(id("palette-step")).waitFor();
    },
  },
  { name: "palette-nothing-open", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("Control+k"); await page.locator(id("palette-input")).fill("resolve"); await page.waitForTimeout(250); } },
  { name: "history", act: history },
  { name: "history-refused", act: async (page) => { await history(page); await page.evaluate(() => (window.scripted.failNext = "undo_one")); await page.locator(id("history-undo")).nth(1).click(); await page.locator(id("history-refused")).waitFor(); } },
  { name: "history-empty", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("Shift+z"); await page.locator(id("undo-history")).waitFor(); await page.waitForTimeout(100); } },
  { name: "panel-linked", act: async (page) => { await open(page); await page.locator(id("panel-cut")).waitFor(); await page.locator(id("panel-file")).first().waitFor(); } },
  { name: "panel-folded", act: async (page) => { await open(page); for (const n of [0, 2, 5]) await page.locator(id("panel-fold")).nth(n).click(); } },
  { name: "panel-extremes", state: "extremes", act: async (page) => { await page.locator(id("row")).filter({ hasText: "Wolfe" }).click(); await page.locator(id("message")).first().waitFor(); await page.locator(id("panel-all-tags")).waitFor(); } },
  { name: "panel-renaming", act: async (page) => { await open(page); await page.locator(id("panel-name")).click(); await page.locator(id("panel-name-input")).waitFor(); } },
  { name: "keys-found", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("?"); await page.locator(id("keys-search")).fill("snooze"); await page.waitForTimeout(80); } },
  { name: "settings-keys", act: keys },
  { name: "settings-keys-waiting", act: async (page) => { await keys(page); await row(page, "resolve").locator(id("key-change")).click(); await page.locator(id("key-capture")).waitFor(); await page.keyboard.press("g"); await page.waitForTimeout(60); } },
  { name: "settings-keys-conflict", act: async (page) => { await keys(page); await row(page, "note").locator(id("key-change")).click(); await page.locator(id("key-capture")).waitFor(); await page.keyboard.press("."); await page.locator(id("key-conflict")).waitFor({ timeout: 4000 }); } },
  { name: "settings-keys-refused", act: async (page) => { await keys(page); await row(page, "note").locator(id("key-add")).click(); await page.locator(id("key-capture")).waitFor(); await page.keyboard.press("Control+c"); await page.locator(id("key-refused")).waitFor(); } },
  {
    name: "toasts-three",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("r");
      await page.evaluate(() => (window.scripted.failNext = "tag_set"));
      await page.keyboard.press("Escape");
      await busy(page);
    },
  },
];
