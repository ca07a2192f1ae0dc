// What the desktop around the window does with Parley: links, notifications, the session's start, the window's place.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { journey, type Journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, openRow, row, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import type { Window } from "../lib/webdriver.ts";

const ANNA = "anna@shop.test";

/** Waits until this conversation is open. */
async function isOpen(w: Window, id: string): Promise<void> {
  await eventually("its timeline", async () => (await w.execute<boolean>(`return document.querySelector('[data-testid="timeline"]')?.dataset.conversation === arguments[0]`, id)) || undefined, 30);
}

/** A workspace with a mailbox and one customer who waits, whose conversation is not open. Returns its id. */
async function begun(w: Window, j: Journey, text: string): Promise<string> {
  await createWorkspace(w);
  await connectAccount(w, j);
  await (await w.byTestId("view-inbox")).click();
  await j.desktop.lookAway();
  await j.servers.write({ from: ANNA, subject: "Lamp", text });
  await j.desktop.notified(text);
  const id = await (await row(w, text)).attribute("data-id");
  assert.ok(id !== null);
  return id;
}

test("a link of another program opens its conversation, in the running window and at the start, and a forged one nothing", async () => {
  await journey("link", async (j) => {
    let w = await j.open();
    const id = await begun(w, j, "Is the brass lamp in stock?");
    assert.ok((j.desktop.badge() ?? 0) >= 1, "the number in the dock");

    await (await w.byTestId("nav-settings")).click();
    await j.startAgain(`parley://conversation/${id}`);
    await isOpen(w, id);

    await (await w.byTestId("nav-settings")).click();
    await j.startAgain(`parley://conversation/${id}?send=now`);
    await w.shows("This link is not one of Parley’s");
    assert.equal(await w.execute<boolean>(`return document.querySelector('[data-testid="timeline"]') !== null`), false);
    await j.desktop.picture("link-refused");

    // The window has the size that it was left with, and shows where the link leads once the workspace is open.
    await w.resize(1100, 700);
    const kept = join(j.desktop.folder, "parley", "window.json");
    await eventually("the size to be kept", () => (existsSync(kept) && /"width":1100\.0,"height":700\.0/.test(readFileSync(kept, "utf8"))) || undefined);
    w = await j.reopen([`parley://conversation/${id}`], false);
    await isOpen(w, id);
    assert.deepEqual(await w.execute<number[]>("return [window.innerWidth, window.innerHeight]"), [1100, 700]);
  });
});

test("a conversation has one notification, which opens it, goes when it is read, and lets it sleep until tomorrow", async () => {
  await journey("notice", async (j) => {
    const w = await j.open();
    const id = await begun(w, j, "First question?");
    const [first] = j.desktop.notifications().slice(-1);
    assert.equal(first?.replaces, 0);
    assert.deepEqual(first.actions, ["default", "snooze"]);

    await j.servers.write({ from: ANNA, subject: "Lamp", text: "Second question?" });
    const second = await j.desktop.notified("Second question?");
    assert.ok(second.replaces > 0, "it takes the place of the first");
    assert.match(second.title, /2 new messages/);
    assert.equal(await j.desktop.noticesOnScreen(), 1);
    await j.desktop.picture("notice");

    await j.desktop.act();
    await isOpen(w, id);
    await eventually("the notification to go", async () => (await j.desktop.noticesOnScreen()) === 0 || undefined);

    await (await w.byTestId("nav-settings")).click();
    await j.desktop.lookAway();
    await j.servers.write({ from: ANNA, subject: "Lamp", text: "Third question?" });
    await j.desktop.notified("Third question?");
    await (await w.byTestId("view-inbox")).click();
    await openRow(w, "Third question?");
    await eventually("what was read to go", async () => (await j.desktop.noticesOnScreen()) === 0 || undefined);

    await (await w.byTestId("nav-settings")).click();
    await j.desktop.lookAway();
    await j.servers.write({ from: ANNA, subject: "Lamp", text: "Fourth question?" });
    await j.desktop.notified("Fourth question?");
    await j.desktop.act("Snooze until tomorrow");
    await (await w.byTestId("view-snoozed")).click();
    await row(w, "Fourth question?");
  });
});

test("starting at login is what the session's own file says", async () => {
  await journey("login", async (j) => {
    let w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await settings(w, "general");
    const folder = join(j.desktop.env["XDG_CONFIG_HOME"] ?? "", "autostart");
    const isOn = async (): Promise<string | null> => (await w.byTestId("setting-login")).attribute("aria-checked");
    assert.equal(await isOn(), "false");
    await (await w.byTestId("setting-login")).click();
    const file = await eventually("the session's file", () => (existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith(".desktop")) : undefined));
    assert.match(readFileSync(join(folder, file), "utf8"), /^Exec=.*parley" --hidden$/m);
    await eventually("the switch", async () => (await isOn()) === "true" || undefined);

    // Somebody takes the file away in the desktop's own settings.
    rmSync(join(folder, file));
    w = await j.reopen();
    await settings(w, "general");
    assert.equal(await isOn(), "false");
    await settings(w, "notices");
    await w.byTestId("setting-overdue");
    await j.desktop.picture("settings-notices");
  });
});
