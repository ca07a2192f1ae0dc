// Every state of the window that is looked at: by eye in the pictures, by axe in the tests.
import { deskScenes } from "./desk-scenes.mjs";
import { channelScenes } from "./channel-scenes.mjs";
import { composerScenes } from "./composer-scenes.mjs";
import { listScenes } from "./list-scenes.mjs";
import { windowScenes } from "./window-scenes.mjs";

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

const settings = async (page, tab) => {
  await page.locator(id("nav-settings")).click();
  await page.locator(id(`settings-${tab}`)).click();
};
const wizard = async (page, address) => {
  await page.locator(id("welcome-add-account")).click();
  await page.locator(id("connect-email")).click();
  await page.locator(id("wizard-address")).fill(address);
  await page.keyboard.press("Tab");
  await page.waitForTimeout(450);
};
const untrusted = async (page) => {
  await wizard(page, "hello@office.local");
  await page.locator(id("wizard-password")).fill("right");
  await page.locator(id("wizard-test")).click();
  await page.locator(id("wizard-look-certificate")).waitFor();
};
const signingIn = async (page) => {
  await wizard(page, "hello@gmail.com");
  await page.locator(`${id("wizard-way")} label`).nth(1).click();
  await page.locator(id("wizard-client-id")).fill("1234-abcd.apps.example");
  await page.locator(id("wizard-sign-in")).click();
  await page.waitForTimeout(100);
};
const answering = async (page) => {
  await open(page);
  await page.keyboard.press("r");
  await page.locator(id("composer-to")).waitFor();
};
const searching = async (page) => {
  await page.locator(id("row")).first().waitFor();
  await page.keyboard.press("/");
  await page.locator(id("search-input")).fill("lamp");
  await page.locator(id("search-hit")).first().waitFor();
};

/** Whose last mail is too much to be shown. */
const LONG = "Amelia Dubois";

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
    name: "welcome-sample", state: "empty-sample-slow",
    act: async (page) => {
      await page.locator(id("welcome-sample")).click();
      await page.locator(id("welcome-sample-arriving")).waitFor();
    },
  },
  { name: "sample", state: "sample", act: (page) => page.locator(id("banner-sample")).waitFor() },
  { name: "sample-half", state: "sample-half", act: (page) => page.locator(id("sample-go-on")).waitFor() },
  {
    name: "sample-replying", state: "sample",
    act: async (page) => {
      await answering(page);
      await page.locator(id("composer-sample")).waitFor();
    },
  },
  {
    name: "sample-settings", state: "sample",
    act: async (page) => {
      await settings(page, "data");
      await page.locator(id("sample-remove-here")).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "wizard", state: "empty",
    act: async (page) => {
      await page.locator(id("welcome-add-account")).click();
      await page.locator(id("connect-email")).click();
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
      await page.locator(id("connect-email")).click();
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
  { name: "message-menu", act: async (page) => { await open(page); await page.locator(id("message")).last().focus(); await page.keyboard.press("Enter"); await page.locator(id("menu-link")).waitFor(); } },
  { name: "message-hover", act: async (page) => { await open(page); await page.locator(id("message")).last().hover(); } },
  { name: "header-menu", act: async (page) => { await open(page); await page.locator(id("header-menu")).click(); await page.locator(id("menu-find")).waitFor(); } },
  { name: "episodes-away", act: async (page) => { await open(page); await page.locator(id("episode")).first().click(); await page.waitForTimeout(100); await page.locator(id("timeline")).evaluate((box) => (box.scrollTop = 0)); } },
  { name: "changes", state: "extremes", act: async (page) => { await page.locator(id("row")).first().waitFor(); await named(page, "Wolfe"); await page.locator(id("changes")).first().waitFor(); await page.locator(id("timeline")).evaluate((box) => (box.scrollTop = 0)); } },
  { name: "changes-open", state: "extremes", act: async (page) => { await named(page, "Wolfe"); await page.locator(`${id("changes")} button`).first().click(); await page.locator(id("timeline")).evaluate((box) => (box.scrollTop = 300)); } },
  { name: "find", act: async (page) => { await named(page, "Amelia"); await page.keyboard.press("Control+f"); await page.locator(id("find-input")).fill("answer 7"); await page.locator(id("find-count")).filter({ hasText: "of" }).waitFor(); await page.waitForTimeout(150); } },
  { name: "find-none", act: async (page) => { await open(page); await page.keyboard.press("Control+f"); await page.locator(id("find-input")).fill("zeppelin"); await page.locator(id("find-count")).filter({ hasText: "Nothing" }).waitFor(); } },
  { name: "date", act: async (page) => { await named(page, "Amelia"); await page.keyboard.press("d"); await page.locator(id("date")).waitFor(); await page.waitForTimeout(100); } },
  { name: "gallery", act: async (page) => { await open(page); await page.keyboard.press("v"); await page.locator(id("gallery-file")).first().waitFor(); } },
  { name: "gallery-empty", act: async (page) => { await named(page, "Yusuf"); await page.keyboard.press("v"); await page.locator(id("gallery")).waitFor(); await page.waitForTimeout(100); } },
  { name: "viewer", act: async (page) => { await open(page); await page.locator(id("file-look")).first().click(); await page.locator(id("viewer")).waitFor(); await page.waitForTimeout(100); } },
  { name: "long", state: "long", act: (page) => named(page, "Anna") },
  { name: "long-middle", state: "long-2000", act: async (page) => { await named(page, "Anna"); await page.keyboard.press("Control+f"); await page.locator(id("find-input")).fill("(801)"); await page.locator(id("find-count")).filter({ hasText: "1 of 1" }).waitFor(); await page.locator(id("find-close")).click(); } },
  { name: "undelivered", act: async (page) => { await page.locator(id("view-snoozed")).click(); await named(page, "Luca"); } },
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
  { name: "settings-remove", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("account-more")).first().click(); await page.locator(id("menu-remove")).click(); await page.locator(id("account-remove-confirm")).waitFor(); } },
  { name: "settings-notices", act: async (page) => { await settings(page, "notices"); await page.locator(id("setting-quiet-from")).waitFor(); } },
  { name: "link-refused", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.evaluate(() => window.scripted.follow("")); await page.locator(id("toast")).first().waitFor(); } },
  { name: "settings-general", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-general")).click(); await page.locator(id("setting-hold")).waitFor(); } },
  { name: "settings-data", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-data")).click(); await page.locator(id("backup")).first().waitFor(); await page.locator(id("recovery-issue")).click(); await page.locator(id("recovery-words")).waitFor(); } },
  { name: "settings-keys", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-keys")).click(); } },
  { name: "settings-checked", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("settings-diagnostics")).click(); await page.locator(id("about-check")).click(); await page.locator(id("check-result")).waitFor(); } },
  { name: "empty-view", act: async (page) => { await page.locator(id("view-snoozed")).click(); await named(page, "Luca"); await page.keyboard.press("e"); await page.waitForTimeout(200); } },
  { name: "error", state: "error", act: (page) => page.waitForTimeout(100) },
  { name: "no-permission", state: "viewer", act: async (page) => { await open(page); await page.keyboard.press("e"); await page.locator(`${id("toast")}[data-tone=error]`).waitFor(); } },
  { name: "offline", state: "offline", act: (page) => open(page) },
  { name: "broken-account", state: "broken", act: (page) => open(page) },
  { name: "door-damaged", state: "damaged" },
  { name: "door-locked-wrong", state: "locked", act: async (page) => { await page.locator(id("passphrase")).fill("wrong horse"); await page.locator(id("unlock")).click(); await page.locator(id("session-error")).waitFor(); } },
  { name: "door-recover-typed", state: "keyring-changed", act: async (page) => { await page.locator(id("recovery-ask")).click(); await page.locator(id("recovery-input")).fill("lamp shade linen vireo"); } },
  { name: "wizard-found", state: "empty", act: (page) => wizard(page, "hello@workshop.example") },
  { name: "wizard-guess", state: "empty", act: (page) => wizard(page, "hello@office.local") },
  { name: "wizard-certificate", state: "empty", act: untrusted },
  { name: "wizard-trust", state: "empty", act: async (page) => { await untrusted(page); await page.locator(id("wizard-look-certificate")).click(); await page.locator(id("trust-dialog")).waitFor(); } },
  {
    name: "wizard-trusted", state: "empty",
    act: async (page) => {
      await untrusted(page);
      await page.locator(id("wizard-look-certificate")).click();
      await page.locator(id("trust-yes")).click();
      await page.waitForTimeout(200);
      await page.locator(id("wizard-distrust")).scrollIntoViewIfNeeded();
    },
  },
  { name: "wizard-works", state: "empty", act: async (page) => { await wizard(page, "hello@workshop.example"); await page.locator(id("wizard-password")).fill("right"); await page.locator(id("wizard-test")).click(); await page.locator(id("wizard-step")).nth(4).waitFor(); } },
  { name: "wizard-microsoft", state: "empty", act: async (page) => { await wizard(page, "hello@outlook.com"); } },
  { name: "wizard-signed-in", state: "empty", act: signingIn },
  {
    name: "sign-in-waiting", state: "empty-signing-in",
    act: async (page) => {
      await signingIn(page);
      await page.locator(id("wizard-sign-in-cancel")).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "certificate-changed", state: "certificate-changed",
    act: async (page) => {
      await page.locator(id("nav-settings")).click();
      await page.locator(id("account-edit")).first().click();
      await page.locator(id("wizard-password")).fill("right");
      await page.locator(id("wizard-test")).click();
      await page.locator(id("wizard-look-certificate")).click();
      await page.locator(id("trust-changed")).waitFor();
    },
  },
  {
    name: "history-rests",
    act: async (page) => {
      await page.locator(id("nav-settings")).click();
      const history = page.locator(`main ${id("history")}`).first();
      await history.locator(id("history-turn")).click();
      await page.locator(`main ${id("history")}[data-on="false"]`).waitFor();
    },
  },
  {
    name: "settings-folders",
    act: async (page) => {
      await page.locator(id("nav-settings")).click();
      await page.locator(id("account-edit")).first().click();
      await page.locator(id("folders-load")).click();
      await page.locator(id("folder")).nth(3).click();
      await page.locator(id("sync-read")).scrollIntoViewIfNeeded();
    },
  },
  { name: "settings-broken", state: "broken", act: async (page) => { await page.locator(id("nav-settings")).click(); await page.locator(id("account-sign-in")).waitFor(); } },
  { name: "settings-data-top", act: async (page) => { await settings(page, "data"); await page.locator(id("backup")).first().waitFor(); } },
  { name: "settings-data-failed", state: "backup-failed", act: async (page) => { await settings(page, "data"); await page.locator(id("backup-error")).waitFor(); } },
  { name: "settings-key", state: "passphrase", act: async (page) => { await settings(page, "data"); await page.locator(id("key-passphrase")).click(); await page.locator(`${id("key-keyring")}`).scrollIntoViewIfNeeded(); } },
  {
    name: "settings-import",
    act: async (page) => {
      await settings(page, "data");
      await page.locator(id("import-row")).first().waitFor();
      await page.locator(id("import-files")).click();
      await page.locator(id("import-cancel")).waitFor();
      await page.locator(id("import-report")).click();
      await page.locator(id("import-problems")).first().waitFor();
      await page.locator(id("import-files")).scrollIntoViewIfNeeded();
    },
  },
  { name: "settings-export", act: async (page) => { await settings(page, "data"); await page.locator(id("export-start")).click(); await page.locator(id("export-done")).waitFor(); await page.locator(id("export-done")).scrollIntoViewIfNeeded(); } },
  { name: "settings-exporting", state: "exporting", act: async (page) => { await settings(page, "data"); await page.locator(id("export-start")).click(); await page.locator(id("export-progress")).waitFor(); await page.locator(id("export-progress")).scrollIntoViewIfNeeded(); } },
  { name: "settings-export-stopped", state: "exporting", act: async (page) => { await settings(page, "data"); await page.locator(id("export-start")).click(); await page.locator(id("export-cancel")).click(); await page.locator(id("export-stopped")).waitFor(); await page.locator(id("export-stopped")).scrollIntoViewIfNeeded(); } },
  { name: "settings-export-full", state: "export-full", act: async (page) => { await settings(page, "data"); await page.locator(id("export-start")).click(); await page.locator(id("export-error")).waitFor(); await page.locator(id("export-error")).scrollIntoViewIfNeeded(); } },
  { name: "settings-archives", act: async (page) => { await settings(page, "data"); await page.locator(id("archive-row")).first().waitFor(); await page.locator(id("archive-report")).first().click(); await page.locator(id("archive-row")).last().scrollIntoViewIfNeeded(); } },
  { name: "settings-archive-rename", act: async (page) => { await settings(page, "data"); await page.locator(id("archive-rename")).first().click(); await page.locator(id("archive-name")).waitFor(); await page.locator(id("archive-row")).last().scrollIntoViewIfNeeded(); } },
  { name: "settings-archive-erased", act: async (page) => { await settings(page, "data"); await page.locator(id("archive-remove")).first().click(); await page.locator(id("archive-erased")).waitFor(); await page.locator(id("archive-row")).last().scrollIntoViewIfNeeded(); } },
  { name: "contacts-preview", act: async (page) => { await settings(page, "data"); await page.locator(id("contacts-pick")).click(); await page.locator(id("contacts-dialog")).waitFor(); } },
  { name: "contacts-preview-nothing", act: async (page) => { await settings(page, "data"); await page.locator(id("contacts-pick")).click(); await page.locator(id("contacts-use-2")).selectOption("ignore"); await page.locator(`${id("contacts-import")}:disabled`).waitFor(); } },
  { name: "contacts-brought", act: async (page) => { await settings(page, "data"); await page.locator(id("contacts-pick")).click(); await page.locator(id("contacts-import")).click(); await page.locator(id("import-row")).first().waitFor(); await page.locator(id("import-row")).first().scrollIntoViewIfNeeded(); } },
  { name: "welcome-import", state: "empty", act: async (page) => { await page.locator(id("welcome-import-door")).click(); await page.locator(id("import-files")).waitFor(); } },
  { name: "welcome-importing", state: "empty", act: async (page) => { await page.locator(id("welcome-import-door")).click(); await page.locator(id("import-files")).click(); await page.locator(id("import-row")).waitFor(); await page.locator(`${id("welcome-inbox")}:not(:disabled)`).waitFor(); await page.locator(id("welcome-inbox")).scrollIntoViewIfNeeded(); } },
  { name: "welcome-landed", state: "empty", act: async (page) => { await page.locator(id("welcome-import-door")).click(); await page.locator(id("contacts-pick")).click(); await page.locator(id("contacts-import")).click(); await page.locator(`${id("welcome-inbox")}:not(:disabled)`).click(); await page.locator(id("row")).first().waitFor(); } },
  {
    name: "settings-images",
    act: async (page) => {
      await open(page);
      await page.locator(id("show-html")).last().click();
      await page.locator(id("images-always")).click();
      await page.waitForTimeout(150);
      await settings(page, "general");
      await page.locator(id("image-sender")).scrollIntoViewIfNeeded();
    },
  },
  { name: "html-images", act: async (page) => { await open(page); await page.locator(id("show-html")).last().click(); await page.locator(id("images-load")).click(); await page.waitForTimeout(200); } },
  { name: "left-out", act: async (page) => { await named(page, LONG); await page.locator(id("left-out")).scrollIntoViewIfNeeded(); } },
  {
    name: "rest-of-text",
    act: async (page) => {
      await named(page, LONG);
      await page.locator(id("show-all")).click();
      await page.locator(id("show-rest")).click();
      await page.locator(id("rest-piece")).waitFor();
      await page.locator(id("show-rest")).scrollIntoViewIfNeeded();
    },
  },
  { name: "folded", act: (page) => named(page, "Fatoumata") },
  { name: "unfolded", act: async (page) => { await named(page, "Fatoumata"); await page.locator(id("fold")).first().click(); await page.locator(id("fold")).nth(1).click(); } },
  { name: "undelivered", act: async (page) => { await named(page, "Luca"); await page.locator(`${id("undelivered")} summary`).first().click(); } },
  { name: "hint", act: (page) => named(page, "Emma Lindqvist") },
  { name: "variant", act: async (page) => { await named(page, "Emma Lindqvist"); await page.locator(id("variant")).click(); await page.locator(id("variant-text")).waitFor(); } },
  {
    name: "message-details",
    act: async (page) => {
      await named(page, "Fatoumata");
      await page.locator(`${id("message")} .to`).last().click();
    },
  },
  { name: "composer-copies", act: async (page) => { await answering(page); await page.locator(id("composer-add-cc")).click(); await page.locator(id("composer-cc")).fill("Tom Okafor <tom@parley-lamps.example>"); } },
  { name: "composer-picture", state: "pictures", act: async (page) => { await answering(page); await page.locator(id("composer-attach")).click(); await page.locator(id("composer-inline")).click(); } },
  {
    name: "composer-forward",
    act: async (page) => {
      await open(page);
      await page.locator(id("message-menu")).last().click();
      await page.locator(id("menu-forward")).click();
      await page.locator(id("composer-forwarding")).waitFor();
    },
  },
  { name: "composer-broken", state: "broken", act: async (page) => { await answering(page); await page.locator(id("composer-from")).selectOption({ label: "press@parley-lamps.example" }); } },
  { name: "search-best", act: async (page) => { await searching(page); await page.locator(`${id("search-order")} label`).nth(1).click(); } },
  { name: "search-keep", act: async (page) => { await searching(page); await page.locator(id("saved-begin")).click(); await page.locator(id("saved-name")).waitFor(); } },
  { name: "search-none", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.keyboard.press("/"); await page.locator(id("search-input")).fill("xylophone"); await page.locator(id("search-none")).waitFor(); } },
  { name: "saved-view", act: async (page) => { await page.locator('[data-testid^="saved-"]').first().click(); await page.locator(id("row")).first().waitFor(); } },
  { name: "saved-menu", act: async (page) => { await page.locator('[data-testid^="saved-"]').first().hover(); await page.locator('[data-testid^="saved-menu-"]').first().click(); await page.waitForTimeout(100); } },
  ...listScenes,
  ...deskScenes,
  ...windowScenes,
  ...channelScenes,
  ...composerScenes,
];

/** Opens a scene in a page. */
export async function play(page, base, scene, tongue = "en") {
  page.setDefaultTimeout(8000);
  await page.goto(`${base}?host=scripted&state=${scene.state ?? ""}&lang=${tongue}`);
  await page.locator("#app > *").first().waitFor();
  if (scene.act) await scene.act(page);
  await page.waitForTimeout(160);
}
