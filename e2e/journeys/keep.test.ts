// Bringing messages in from files, and going back to a backup, with the system's own dialogs.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SystemDialog } from "../lib/dialogs.ts";
import { journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, finds, leaveField, openRow, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key, type Window } from "../lib/webdriver.ts";

/** A mail of some years ago. */
function old(n: number, text: string): string {
  return `From: Customer ${n} <old${n}@shop.test>
To: support@desk.test
Subject: Old order ${n}
Message-ID: <old-${n}@shop.test>
Date: Mon, 0${1 + (n % 9)} Mar 2021 09:00:00 +0000
Content-Type: text/plain; charset=utf-8

${text}
`;
}

/** Waits until `times` imports have ended and the newest one says `words`: an import in the list may be an earlier one. */
async function imported(w: Window, times: number, words: RegExp): Promise<void> {
  await eventually(`import ${times} to end with ${words}`, async () => {
    const rows = await w.execute<[string, string][]>(`return [...document.querySelectorAll('[data-testid="import-row"]')].map((e) => [e.dataset.state, e.innerText])`);
    return (rows.length === times && rows.every(([state]) => state === "done") && words.test(rows[0]?.[1] ?? "")) || undefined;
  }, 60);
}

test("old mail is imported from a file and a folder without an account, found, and never doubled", async () => {
  await journey("import", async (j) => {
    const mbox = join(j.desktop.folder, "old.mbox");
    const mails = Array.from({ length: 40 }, (_, n) => old(n, n === 7 ? "The samovar has a dent." : `Order ${n} is fine.`));
    writeFileSync(mbox, mails.map((mail) => `From - Mon Mar  1 09:00:00 2021\n${mail}\n`).join(""));
    const folder = join(j.desktop.folder, "letters");
    mkdirSync(folder);
    writeFileSync(join(folder, "one.eml"), old(50, "The kettle whistles too quietly."));
    writeFileSync(join(folder, "known.eml"), old(7, "The samovar has a dent."));

    const w = await j.open();
    await createWorkspace(w);
    await (await w.byTestId("welcome-import-door")).click();
    const files = await SystemDialog.opened(j.desktop, async () => (await w.byTestId("import-files")).click());
    await j.desktop.picture("import-dialog");
    await files.choose(mbox);
    await imported(w, 1, /40 read, 40 new, 0 here already/);
    const chooser = await SystemDialog.opened(j.desktop, async () => (await w.byTestId("import-folder")).click());
    await chooser.choose(folder);
    await imported(w, 2, /2 read, 1 new, 1 here already/);
    await j.desktop.picture("import");

    await (await w.byTestId("welcome-inbox")).click();
    await finds(w, "samovar", 1);
    await finds(w, "kettle", 1);
    await (await w.byTestId("search-hit")).click();
    await w.shows("The kettle whistles too quietly.");
    await j.desktop.picture("import-found");

    // The same file again: everything is known.
    await settings(w, "data");
    const again = await SystemDialog.opened(j.desktop, async () => (await w.byTestId("import-files")).click());
    await again.choose(mbox);
    await imported(w, 2, /40 read, 0 new, 40 here already/);
    await finds(w, "samovar", 1);
    await finds(w, "is:waiting order", 0);
  });
});

test("a backup brings back the state of before, and what came since is fetched again", async () => {
  await journey("backup", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await openRow(w, "I need the lamp by Friday");
    await note(w, "Before the backup.");
    await settings(w, "data");
    await (await w.byTestId("backup-now")).click();
    await w.byTestId("backup", 60);
    await j.desktop.picture("backup");

    await (await w.byTestId("view-all")).click();
    await openRow(w, "I need the lamp by Friday");
    await note(w, "After the backup.");
    await j.servers.write({ from: "anna@shop.test", subject: "Later", text: "This came after the backup." });
    await w.shows("This came after the backup.");

    // A no changes nothing.
    await settings(w, "data");
    const asked = await SystemDialog.opened(j.desktop, async () => (await w.byCss('[data-testid="backup"] button')).click());
    await j.desktop.picture("restore-question");
    await asked.press("Escape");
    await asked.closed();
    await finds(w, "\"after the backup\"", 1);
    await w.press(Key.escape);
    assert.ok(!(await w.text()).includes("Nothing was restored"));
    const sure = await SystemDialog.opened(j.desktop, async () => (await w.byCss('[data-testid="backup"] button')).click());
    await sure.press("Return");
    await sure.closed();
    // The workspace is closed and opened in between: until then the window shows what was.
    await w.shows("Back at the backup.", 60);

    // The note of before is back, the one since then is gone, and the mail is fetched again.
    await (await w.byTestId("view-all", 60)).click();
    await openRow(w, "This came after the backup.");
    await w.shows("Before the backup.");
    assert.ok(!(await w.text()).includes("After the backup."));
    assert.ok(!(await w.text()).includes("Note added"));
    await j.desktop.picture("restored");
  });
});

/** Writes a note into the open conversation. */
async function note(w: Window, text: string): Promise<void> {
  await leaveField(w);
  await w.press("n");
  await (await w.byTestId("composer-text")).fill(text);
  await (await w.byTestId("composer-send")).click();
  await eventually("the note", async () => (await w.execute<boolean>(`return [...document.querySelectorAll('[data-testid="note"]')].some((e) => e.innerText.includes(arguments[0]))`, text)) || undefined);
}
