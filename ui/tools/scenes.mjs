// Every state of the window that is looked at: by eye in the pictures, by axe in the tests.
const id = (testid) => `[data-testid="${testid}"]`;
const open = async (page, n = 0) => {
  await page.locator(id("row")).nth(n).click();
  await page.locator(id("message")).first().waitFor();
};
const named = async (page, name) => {
  await page.locator(id("row")).first().waitFor();
  await page.evaluate(async (wanted) => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.open(rows.find((row) => row.name.includes(wanted)).id);
  }, name);
  await page.locator(id("message")).first().waitFor();
};

export const scenes = [
  { name: "door-fresh", state: "fresh" },
  { name: "door-passphrase", state: "fresh-passphrase" },
  { name: "door-locked", state: "locked" },
  { name: "door-failed", state: "failed" },
  { name: "door-waiting", state: "waiting" },
  { name: "door-keyring-changed", state: "keyring-changed" },
  {
    name: "door-recover", state: "keyring-locked",
    act: async (page) => {
      await page.locator(id("recovery-ask")).click();
      await page.locator(id("recovery-input")).waitFor();
    },
  },
  { name: "door-database-gone", state: "database-gone" },
  { name: "disk-full", state: "disk-full", act: (page) => page.locator(id("banner-disk")).waitFor() },
  { name: "backup-failed", state: "backup-failed", act: (page) => page.locator(id("banner-backup")).waitFor() },
  { name: "synced-folder", state: "synced", act: (page) => page.locator(id("banner-folder")).waitFor() },
  { name: "rescued", state: "rescued", act: (page) => page.locator(id("rescue")).waitFor() },
  {
    name: "welcome-recovery", state: "empty-recovery",
    act: async (page) => {
      await page.locator(id("recovery-show")).click();
      await page.locator(id("recovery-words")).waitFor();
    },
  },
  { name: "welcome", state: "empty" },
  {
    name: "wizard", state: "empty",
    act: async (page) => {
      await page.locator(id("welcome-add-account")).click();
      await page.locator(id("wizard-address")).fill("team@gmail.com");
      await page.locator(id("wizard-password")).fill("wrong");
      await page.waitForTimeout(450);
      await page.locator(id("wizard-test")).click();
      await page.locator(id("wizard-step")).first().waitFor();
    },
  },
  {
    name: "wizard-servers", state: "empty",
    act: async (page) => {
      await page.locator(id("welcome-add-account")).click();
      await page.locator(id("wizard-address")).fill("hello@workshop.example");
      await page.locator(id("wizard-password")).fill("right");
      await page.waitForTimeout(450);
      await page.locator(id("wizard-servers")).click();
    },
  },
  { name: "inbox", act: (page) => page.locator(id("row")).first().waitFor() },
  { name: "conversation", act: (page) => open(page) },
  {
    name: "replying",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("r");
      await page.locator(id("composer-text")).fill("Hello Anna,\n\nI am sorry about the shade. A new one leaves today and should be with you on Thursday.\n\nWarm regards,\nMara");
      await page.locator(id("composer-attach")).click();
      await page.locator(id("composer-file")).waitFor();
    },
  },
  {
    name: "sent",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("r");
      await page.locator(id("composer-text")).fill("A new shade leaves today.");
      await page.keyboard.press("Control+Enter");
      await page.locator(id("undo-bar")).waitFor();
    },
  },
  {
    name: "noting",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("n");
      await page.locator(id("composer-text")).fill("Stock in Gothenburg: 4 shades.");
    },
  },
  { name: "arabic", act: (page) => named(page, "Yusuf") },
  { name: "long-name", act: (page) => named(page, "Jean-Baptiste") },
  { name: "draft", act: (page) => named(page, "Marieke") },
  { name: "reply-to", act: async (page) => { await named(page, "Klaus"); await page.keyboard.press("r"); } },
  { name: "failed-send", act: (page) => named(page, "Priya") },
  { name: "uncertain-send", act: (page) => named(page, "Oliver") },
  { name: "unreadable", act: (page) => named(page, "Zoë") },
  { name: "outside", act: (page) => named(page, "Noah") },
  {
    name: "html",
    act: async (page) => {
      await open(page);
      await page.locator(id("show-html")).last().click();
      await page.locator("iframe").waitFor();
    },
  },
  { name: "automatic", act: async (page) => { await page.locator(id("view-automatic")).click(); await named(page, "Design Weekly"); } },
  { name: "snoozed", act: async (page) => { await page.locator(id("view-snoozed")).click(); await named(page, "Luca"); } },
  {
    name: "resolved-toast",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("e");
      await page.locator(id("toast")).waitFor();
    },
  },
  {
    name: "selected",
    act: async (page) => {
      await open(page);
      await page.keyboard.press("x");
      await page.keyboard.press("Shift+J");
    },
  },
  { name: "panel-toggled", act: async (page) => { await open(page); await page.keyboard.press("i"); } },
  { name: "snooze-menu", act: async (page) => { await open(page); await page.keyboard.press("s"); await page.locator(id("snooze")).waitFor(); } },
  { name: "snooze-date", act: async (page) => { await open(page); await page.keyboard.press("s"); await page.keyboard.press("d"); await page.locator(id("snooze-date")).waitFor(); } },
  { name: "stage-menu", act: async (page) => { await open(page); await page.keyboard.press("q"); await page.locator(id("stage")).waitFor(); } },
  { name: "assign-menu", act: async (page) => { await open(page); await page.keyboard.press("a"); await page.locator(id("assign")).waitFor(); } },
  { name: "tag-menu", act: async (page) => { await open(page); await page.keyboard.press("l"); await page.locator(id("tag-option")).first().waitFor(); } },
  { name: "palette", act: async (page) => { await open(page); await page.keyboard.press("Control+k"); await page.locator(id("palette")).waitFor(); } },
  { name: "keys", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("?"); await page.locator(id("keys")).waitFor(); } },
  { name: "search-empty", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("/"); await page.locator(id("search-input")).waitFor(); } },
  {
    name: "search",
    act: async (page) => {
      await page.locator(id("row")).first().waitFor();
      await page.keyboard.press("/");
      await page.locator(id("search-input")).fill("lamp colour:red");
      await page.locator(id("search-hit")).first().waitFor();
    },
  },
  {
    name: "jumped",
    act: async (page) => {
      await page.locator(id("row")).first().waitFor();
      await page.keyboard.press("/");
      await page.locator(id("search-input")).fill("correspondence 71");
      await page.locator(id("search-hit")).first().waitFor();
      await page.keyboard.press("Enter");
      await page.locator(id("message")).first().waitFor();
    },
  },
  { name: "reports", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("g"); await page.keyboard.press("r"); await page.locator(id("report-row")).first().waitFor(); } },
  {
    name: "report-episodes",
    act: async (page) => {
      await page.locator(id("nav-reports")).click();
      await page.locator(id("figure-first")).click();
      await page.locator(id("figure-row")).first().waitFor();
    },
  },
  { name: "waits", act: async (page) => { await page.locator(id("nav-waits")).click(); await page.locator(id("wait-row")).first().waitFor(); } },
  { name: "settings-accounts", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("account")).first().waitFor(); } },
  { name: "settings-edit", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("account-edit")).first().click(); await page.locator(id("wizard")).waitFor(); } },
  { name: "settings-remove", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("account-remove")).first().click(); await page.locator(id("account-remove-confirm")).waitFor(); } },
  { name: "settings-general", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-general")).click(); await page.locator(id("setting-name")).waitFor(); } },
  { name: "settings-data", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-data")).click(); await page.locator(id("backup")).first().waitFor(); await page.locator(id("recovery-issue")).click(); await page.locator(id("recovery-words")).waitFor(); } },
  { name: "settings-keys", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-keys")).click(); } },
  { name: "settings-about", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-about")).click(); await page.locator(id("about-check")).click(); await page.locator(id("check-result")).waitFor(); } },
  { name: "empty-view", act: async (page) => { await page.locator(id("view-snoozed")).click(); await named(page, "Luca"); await page.keyboard.press("e"); await page.waitForTimeout(200); } },
  { name: "error", state: "error", act: (page) => page.waitForTimeout(100) },
  { name: "offline", state: "offline", act: (page) => open(page) },
  { name: "broken-account", state: "broken", act: (page) => open(page) },
];

/** Opens a scene in a page. */
export async function play(page, base, scene) {
  await page.goto(`${base}?host=scripted&state=${scene.state ?? ""}`);
  await page.locator("#app > *").first().waitFor();
  if (scene.act) await scene.act(page);
  await page.waitForTimeout(160);
}
