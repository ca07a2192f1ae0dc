// One customer over three channels: every answer leaves by the channel it was meant for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Channels } from "../lib/channels.ts";
import { journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, leaveField, openRow, paste, sendState, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key, type Window } from "../lib/webdriver.ts";

const MAIL = "anna@shop.test";

/** Connects an account by its form: what is typed, what is found out, and what was tested. */
async function connect(w: Window, kind: string, secret: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const before = await accounts(w);
  await (await w.byTestId("account-add")).click();
  await (await w.byTestId(`connect-${kind}`)).click();
  await (await w.byTestId("connect-advanced")).click();
  for (const [testid, value] of Object.entries(fields)) await paste(w, testid, value);
  await paste(w, "connect-secret", secret);
  await (await w.byTestId("connect-find")).click();
  await w.byTestId("connect-found", 30);
  // The form grows while things are found and tested: what is pressed is the button, wherever it stands.
  await w.byCss('[data-testid="wizard-steps"][data-ok="true"]', 60);
  await pushed(w, "connect-done");
  await eventually(`the account of ${kind}`, async () => (await accounts(w)) === before + 1 || undefined, 30);
}

async function pushed(w: Window, testid: string): Promise<void> {
  await w.byTestId(testid, 30);
  await w.execute(`document.querySelector('[data-testid="' + arguments[0] + '"]').click()`, testid);
}

function accounts(w: Window): Promise<number> {
  return w.execute<number>(`return document.querySelectorAll('[data-testid="account"]').length`);
}

/** Links the open conversation with the customer that the list offers first for a word. */
async function link(w: Window, who: string): Promise<void> {
  await leaveField(w);
  await w.press("m");
  await (await w.byTestId("link-input")).fill(who);
  await w.byTestId("link-side", 20);
  await w.press(Key.enter);
  await eventually("the dialog to close", async () => (await w.execute<boolean>(`return document.querySelector('[data-testid="link-input"]') === null`)) || undefined);
}

/** Answers by a channel that is chosen among all ways to the customer. */
async function answer(w: Window, channel: string, text: string): Promise<void> {
  await leaveField(w);
  await w.press("r");
  await w.byTestId("composer-text");
  const now = await w.execute<string | null>(`return document.querySelector('[data-testid="composer-way"]')?.dataset.channel ?? null`);
  if (now !== channel) {
    await (await w.byTestId("composer-way")).click();
    await (await w.byCss(`[data-testid="way"][data-channel="${channel}"]`)).click();
    await w.byCss(`[data-testid="composer-way"][data-channel="${channel}"]`);
  }
  await (await w.byTestId("composer-text")).click();
  await w.type(text);
  await w.press([Key.control, Key.enter]);
  await sendState(w, "sent", 60);
}

test("a customer writes by Instagram, by mail and by text message, is one conversation, and is answered on each", async () => {
  await journey("channels", async (j) => {
    const vendors = await Channels.start(j.desktop);
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await settings(w, "accounts");
    await connect(w, "instagram", vendors.setting("Instagram", "Token"), { "connect-base": vendors.setting("Instagram", "Address") });
    await connect(w, "sms_twilio", vendors.setting("SMS by Twilio", "API key secret"), {
      "connect-account-sid": vendors.setting("SMS by Twilio", "Account SID"),
      "connect-key-sid": vendors.setting("SMS by Twilio", "API key SID"),
      "connect-base": vendors.setting("SMS by Twilio", "Address"),
    });
    await j.desktop.picture("channels-accounts");

    // By Instagram first.
    await (await w.byTestId("view-inbox")).click();
    await vendors.write("instagram", "Is the brass lamp from your story still there?");
    await openRow(w, "Is the brass lamp from your story still there?");

    // Then by mail, from an address that the agent knows to be the same person's.
    await j.servers.write({ from: MAIL, subject: "The lamp", text: "I wrote on Instagram as well, this is me." });
    await openRow(w, "I wrote on Instagram as well, this is me.");
    await link(w, vendors.customer("instagram").name);
    await w.shows("Is the brass lamp from your story still there?", 30);

    // Then by text message.
    await vendors.write("sms", "My number, if the courier asks.");
    await openRow(w, "My number, if the courier asks.");
    await link(w, MAIL);
    for (const said of ["Is the brass lamp from your story still there?", "I wrote on Instagram as well, this is me.", "My number, if the courier asks."]) await w.shows(said, 30);
    await j.desktop.picture("channels-timeline");

    // One timeline; each answer goes by the way that was chosen, and nobody else gets it.
    await answer(w, "sms", "Thank you, the courier has it.");
    await answer(w, "instagram", "Yes, it is still there.");
    await answer(w, "email", "The invoice comes by mail.");
    await vendors.received("sms", "Thank you, the courier has it.");
    await vendors.received("instagram", "Yes, it is still there.");
    await j.servers.received(MAIL, "The invoice comes by mail.");
    for (const [id, text] of [["sms", "Thank you, the courier has it."], ["instagram", "Yes, it is still there."]] as const) {
      const ours = (await vendors.lines(id)).filter((line) => line.ours).map((line) => line.text);
      assert.deepEqual(ours, [text], `${id} was given what was shown, once`);
    }
    assert.equal((await j.servers.mails(MAIL)).filter((mail) => mail.includes("The invoice comes by mail.")).length, 1);
    await j.desktop.picture("channels-answered");

    // What is taken back by the customer leaves a tombstone.
    const [theirs] = (await vendors.lines("instagram")).filter((line) => !line.ours);
    await vendors.does("instagram", "unsend", { id: theirs?.id });
    await eventually("the words to go", async () => !(await w.execute<string>(`return document.querySelector('[data-testid="timeline"]')?.innerText ?? ""`)).includes("from your story") || undefined, 90);
  });
});
