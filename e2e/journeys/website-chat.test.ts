// A visitor of a shop's website in Chromium, the team in the real window, a real homeserver between them.
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { chromiumPath } from "../lib/browser.ts";
import { journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, leaveField, openRow, paste, segment, sendState, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Shop } from "../lib/shop.ts";
import { NO_SYNAPSE, Synapse } from "../lib/synapse.ts";
import { Key, type Window } from "../lib/webdriver.ts";

/** Nobody has written from there yet: an address that somebody bears already is left to a person. */
const MAIL = "vera@visitor.test";

async function pushed(w: Window, testid: string): Promise<void> {
  await w.byTestId(testid, 30);
  await w.execute(`document.querySelector('[data-testid="' + arguments[0] + '"]').click()`, testid);
}

async function answer(w: Window, text: string): Promise<void> {
  await leaveField(w);
  await w.press("r");
  await (await w.byTestId("composer-text")).click();
  await w.type(text);
  await w.press([Key.control, Key.enter]);
  await sendState(w, "sent", 60);
}

test("a visitor chats with the window both ways, over a reload and a lost network, sends a file, and goes on by mail", async (t) => {
  const executablePath = chromiumPath();
  if (executablePath === undefined) return t.skip("there is no Chromium here (name one in CHROMIUM)");
  await journey("website-chat", async (j) => {
    const synapse = await Synapse.start(join(j.desktop.folder, "synapse"));
    if (synapse === null) return t.skip(NO_SYNAPSE);
    t.after(() => synapse.stop());
    await synapse.registrationToken("shop");
    const support = await synapse.register("support");
    const shop = await Shop.start();
    t.after(() => shop.stop());
    const browser = await chromium.launch({ executablePath, headless: true, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
    t.after(() => browser.close());
    const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();

    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await settings(w, "accounts");
    await (await w.byTestId("account-add")).click();
    await (await w.byTestId("connect-webchat")).click();
    await segment(w, "connect-sign-in", "token");
    for (const [field, value] of [["homeserver", synapse.url], ["secret", support.token], ["registration-token", "shop"], ["name", "Lamp Shop"]] as const) await paste(w, `connect-${field}`, value);
    await (await w.byTestId("connect-find")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="true"]', 60);
    await j.desktop.picture("website-chat-connect");
    await pushed(w, "connect-done");
    await eventually("the account", async () => (await w.execute<number>(`return document.querySelectorAll('[data-testid="account"]').length`)) === 2 || undefined, 30);

    // Both ways.
    await page.goto(shop.page("/lamps", { homeserver: synapse.url, token: "shop", support: support.user, consent: "always", name: "Lamp Shop", "ask-after-minutes": "0.2" }));
    await page.locator("parley-chat .launcher").click();
    const panel = page.getByRole("dialog");
    const says = async (text: string): Promise<void> => {
      await panel.locator("textarea").fill(text);
      await page.keyboard.press("Enter");
    };
    const line = (text: string): Promise<void> => panel.locator(".line").filter({ hasText: text }).first().waitFor();
    await says("Is the brass lamp in stock?");
    await (await w.byTestId("view-inbox")).click();
    await openRow(w, "Is the brass lamp in stock?");
    await answer(w, "Yes, three are left.");
    await line("Yes, three are left.");

    // Over a reload and a lost network.
    await page.reload();
    if (!(await panel.isVisible())) await page.locator("parley-chat .launcher").click();
    await line("Yes, three are left.");
    await context.setOffline(true);
    await says("Then I take two.");
    await context.setOffline(false);
    await w.shows("Then I take two.", 90);

    // A file.
    await panel.locator("input[type=file]").setInputFiles({ name: "room.txt", mimeType: "text/plain", buffer: Buffer.from("a small room") });
    await w.shows("room.txt", 60);
    await j.desktop.picture("website-chat-timeline");

    // Nobody answers in time: the visitor leaves an address, and the same customer goes on by mail.
    const form = panel.locator("form.sheet");
    await form.getByLabel("Name").fill("Anna Berg");
    await form.getByLabel("Email address").fill(MAIL);
    await form.getByRole("button", { name: "Save" }).click();
    await pushed(w, "panel-write-mail");
    await w.byCss('[data-testid="composer-way"][data-channel="email"]');
    await (await w.byTestId("composer-text")).click();
    await w.type("Here is the invoice, by mail.");
    await w.press([Key.control, Key.enter]);
    await eventually("the mail to go out", async () => (await j.servers.accepted()).some((mail) => mail.recipients.includes(MAIL)) || undefined, 60);
    await j.servers.write({ from: MAIL, subject: "Re: The invoice", text: "Thank you, it is paid." });
    await w.shows("Thank you, it is paid.", 60);
    await w.shows("Is the brass lamp in stock?");
    await j.desktop.picture("website-chat-by-mail");
  });
});
