// A reply with formatting: what is typed in the window arrives as HTML and as text, the picture in its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey } from "../lib/journey.ts";
import { fileOf, leaves, parseMail, sha256, textOf } from "../lib/mime.ts";
import { connectAccount, createWorkspace, leaveField, messageMenu, openRow, sendState } from "../lib/parley.ts";
import { picture } from "../lib/png.ts";
import { eventually } from "../lib/process.ts";
import { Key, type Window } from "../lib/webdriver.ts";

const CUSTOMER = "anna@shop.test";
const LAMP = picture(0xb5, 0x65, 0x1d);

/** Pastes a picture as a screenshot comes: without a name of its own. */
async function pastePicture(w: Window, png: Buffer): Promise<void> {
  await w.execute(
    `const data = new DataTransfer();
     data.items.add(new File([Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0))], "image.png", { type: "image/png" }));
     document.querySelector('[data-testid="composer-text"]').dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));`,
    png.toString("base64"),
  );
  await w.byCss('[data-testid="composer-text"] img[title]');
}

/** What is in the text: its words in bold, items, links and pictures. */
async function looks(w: Window): Promise<string[]> {
  return w.execute<string[]>(`const text = document.querySelector('[data-testid="composer-text"]'); return ["strong", "li", "a", "img[title]"].map((s) => [...text.querySelectorAll(s)].map((e) => e.title || e.innerText.trim()).join())`);
}

test("bold words, a list, a link and a pasted picture arrive as HTML and as text, and come back when the send is undone", async () => {
  await journey("formatting", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await (await w.byTestId("view-inbox")).click();
    await j.servers.write({ from: CUSTOMER, subject: "Lamp 4711", text: "Which lamps do you have?" });
    await openRow(w, "Which lamps do you have?");

    // By keyboard alone, from opening the composer to sending.
    await leaveField(w);
    await w.press("r");
    await w.byTestId("look-bar");
    await w.press([Key.control, "b"]);
    await w.type("Two");
    await w.press([Key.control, "b"]);
    await w.type(" of them:");
    await w.press(Key.enter);
    await w.type("- brass");
    await w.press(Key.enter);
    await w.type("linen");
    await w.press(Key.enter, Key.enter);
    await w.type("See ");
    await w.press([Key.control, Key.shift, "k"]);
    await w.byTestId("look-link-to");
    await w.type("shop.test/lamps");
    await w.press(Key.enter);
    await w.press(Key.enter);
    await pastePicture(w, LAMP);
    const written = ["Two", "brass,linen", "https://shop.test/lamps", "Pasted picture 1.png"];
    assert.deepEqual(await looks(w), written);
    await j.desktop.picture("formatted");
    await w.press([Key.control, Key.enter]);
    await (await w.byTestId("undo-send")).click();
    await eventually("the draft with its formatting", async () => ((await looks(w)).join() === written.join() ? true : undefined));
    assert.ok(await w.execute<boolean>(`return document.activeElement.dataset.testid === "composer-text"`), "the text has the focus again");
    await w.press([Key.control, Key.enter]);
    await sendState(w, "sent");

    const mail = parseMail(await j.servers.received(CUSTOMER, "multipart/related"));
    const [text] = textOf(mail).split("\n\nOn ");
    assert.equal(text?.trim(), "Two of them:\n- brass\n- linen\nSee shop.test/lamps <https://shop.test/lamps>\n[Pasted picture 1.png]");
    const html = textOf(mail, "text/html");
    for (const part of [/<strong>Two<\/strong> of them:/, /<ul[^>]*>\s*<li>brass<\/li>\s*<li>linen<\/li>\s*<\/ul>/, /<a href="https:\/\/shop\.test\/lamps">shop\.test\/lamps<\/a>/]) assert.match(html, part);
    const file = fileOf(mail, "Pasted picture 1.png");
    assert.equal(sha256(file?.body ?? ""), sha256(LAMP));
    const id = file?.head.get("content-id")?.replaceAll(/[<>]/g, "") ?? "none";
    assert.equal(html.split(`cid:${id}`).length, 2, html);
    assert.ok(html.indexOf(`cid:${id}`) > html.indexOf("shop.test/lamps</a>"), "the picture stands where it was pasted");
    assert.equal(leaves(mail).filter((leaf) => leaf.type.startsWith("text/")).length, 2);

    // In the window it is shown as text, and formatted on request, like everybody's mail.
    await w.shows("- brass");
    await messageMenu(w, "- brass", "quote");
    await w.byCss('[data-testid="composer-text"] blockquote');
  });
});
