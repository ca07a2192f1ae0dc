// The main job in the real window: a real mailbox in, one conversation per customer, a real answer out.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { journey } from "../lib/journey.ts";
import { attach, connectAccount, connected, createWorkspace, draft, fillWizard, leaveField, openRow, row, sendState } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key } from "../lib/webdriver.ts";

const CUSTOMER = "anna@shop.test";

test("a customer's mail is announced, read, answered with a file, and kept over a restart", async () => {
  await journey("mail", async (j) => {
    let w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await j.desktop.picture("inbox-connected");

    // Older mail is history: it is there, and nobody waits. A new mail is announced and stands in the inbox.
    await (await w.byTestId("view-inbox")).click();
    await j.desktop.lookAway();
    await j.servers.write({ from: CUSTOMER, subject: "Lamp 4711", text: "Is the brass lamp in stock?" });
    await j.desktop.notified("Is the brass lamp in stock?");
    await openRow(w, "Is the brass lamp in stock?");
    await w.shows("Is the brass lamp in stock?");

    // An answer that is taken back comes back as a draft and goes nowhere.
    await leaveField(w);
    await w.press("r");
    await (await w.byTestId("composer-text")).type("Not this one.");
    await w.press([Key.control, Key.enter]);
    await (await w.byTestId("undo-send")).click();
    await eventually("the draft", async () => (await draft(w)).includes("Not this one.") || undefined);

    // The answer with a file arrives at the customer, in the customer's thread.
    const note = join(j.desktop.folder, "lamp.txt");
    writeFileSync(note, "three in stock");
    await (await w.byTestId("composer-text")).fill("Yes, three are left.");
    await attach(w, note);
    await (await w.byTestId("composer-text")).click();
    await w.press([Key.control, Key.enter]);
    await w.byTestId("undo-bar");
    await j.desktop.picture("sending");
    await sendState(w, "sent");
    const mail = await j.servers.received(CUSTOMER, "Yes, three are left.");
    assert.match(mail, /^In-Reply-To: </im);
    assert.match(mail, /lamp\.txt/);
    assert.equal((await j.servers.mails(CUSTOMER)).filter((m) => m.includes("Not this one.")).length, 0);
    await eventually("the copy in Sent", async () => (await j.servers.mails(j.servers.facts.address, "Sent")).some((m) => m.includes("Yes, three are left.")) || undefined, 30);

    // Resolved, it leaves the inbox; searched, it is found; started again, it is still there.
    await leaveField(w);
    await w.press("e");
    await (await w.byTestId("view-resolved")).click();
    await row(w, "Yes, three are left.");
    await w.press("/");
    await (await w.byTestId("search-input")).type("brass lam");
    await (await w.byTestId("search-hit")).click();
    await w.shows("Is the brass lamp in stock?");
    w = await j.reopen();
    await (await w.byTestId("view-resolved", 60)).click();
    await openRow(w, "Yes, three are left.");
    await w.shows("Is the brass lamp in stock?");
    assert.equal(await draft(w), "");
  });
});

test("a wrong password is said in words at the set-up, and mended", async () => {
  await journey("wrong-password", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await (await w.byTestId("welcome-add-account")).click();
    await (await w.byTestId("connect-email")).click();
    await fillWizard(w, j, "not the password");
    await (await w.byTestId("wizard-test")).click();
    const steps = await w.byCss('[data-testid="wizard-steps"][data-ok="false"]', 60);
    assert.match(await steps.text(), /password/i);
    await j.desktop.picture("wizard-wrong-password");
    await (await w.byTestId("wizard-password")).fill(j.servers.facts.password);
    await (await w.byTestId("wizard-test")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="true"]', 60);
    await (await w.byTestId("wizard-connect")).click();
    await connected(w);
  });
});

test("a server that is down is said in words, the answer waits, and both go on when it is back", async () => {
  await journey("server-down", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await (await w.byTestId("view-inbox")).click();
    await j.servers.write({ from: CUSTOMER, subject: "Delivery", text: "When does it arrive?" });
    await openRow(w, "When does it arrive?");

    await j.servers.stop("smtp");
    await j.servers.stop("imap");
    await eventually("the account to say so", async () => (await w.execute<string | null>(`return document.querySelector('[data-testid="account-state"]')?.dataset.state ?? null`)) === "waiting" || undefined, 60);
    await leaveField(w);
    await w.press("r");
    await (await w.byTestId("composer-text")).type("Tomorrow before noon.");
    await w.press([Key.control, Key.enter]);
    await sendState(w, "queued", 60);
    await j.desktop.picture("server-down");

    await j.servers.start("imap");
    await j.servers.start("smtp");
    await sendState(w, "sent", 90);
    await j.servers.received(CUSTOMER, "Tomorrow before noon.");
    assert.equal((await j.servers.mails(CUSTOMER)).filter((m) => m.includes("Tomorrow before noon.")).length, 1);
    await j.servers.write({ from: CUSTOMER, subject: "Re: Delivery", text: "Wonderful, thank you." });
    await w.shows("Wonderful, thank you.", 90);
  });
});
