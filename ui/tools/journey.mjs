// What only a real browser can show: where the eye is kept, where the focus goes. Each step can fail.
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const id = (testid) => `[data-testid="${testid}"]`;
const browser = await launch();
if (browser === null) {
  console.log("journey: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const problems = [];

async function step(name, work, state = "") {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  try {
    await page.goto(`${server.url}?host=scripted&state=${state}`);
    await page.locator(id("row")).first().waitFor();
    await work(page);
    console.log(`ok   ${name}`);
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
    console.log(`FAIL ${name}`);
  }
  await page.close();
}

const openLongest = (page) =>
  page.evaluate(async () => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.open(rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id);
  });
const visible = (page, locator) => locator.evaluate((node) => {
  const box = node.closest('[data-testid="timeline"]').getBoundingClientRect();
  const own = node.getBoundingClientRect();
  return own.bottom <= box.bottom + 1 && own.bottom > box.top;
});

/** What stands in the composer. */
const written = (page) => page.locator(id("composer-text")).evaluate((field) => (field.value ?? field.innerText).trim());

/** Begins to answer somebody who writes by several channels. */
const answer = async (page, name) => {
  await page.evaluate(async (wanted) => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.open(rows.find((row) => row.name === wanted).id);
  }, name);
  await page.locator(id("message")).first().waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("r");
  await page.locator(id("look-bar")).or(page.locator("textarea")).first().waitFor();
  await page.waitForTimeout(250);
};

await step("what is typed after another channel was taken is the reply, and no command", async (page) => {
  await answer(page, "Lea Sommer");
  for (const channel of ["email", "telegram", "instagram"]) {
    await page.locator(id("composer-way")).click();
    await page.locator(`${id("way")}[data-channel="${channel}"]`).first().click();
    await page.locator(`${id("composer-way")}[data-channel="${channel}"]`).waitFor();
    await page.waitForTimeout(200);
    await page.keyboard.type("Hey ");
  }
  await page.locator(id("composer-way")).focus();
  await page.keyboard.press("Enter");
  await page.locator(id("ways")).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(id("ways")).waitFor({ state: "detached" });
  await page.waitForTimeout(200);
  await page.keyboard.type("Hey ");
  assert.equal(await written(page), "Hey Hey Hey Hey");
  assert.equal(await page.evaluate(() => window.scripted.calls.filter((call) => call.name === "resolve").length), 0);
}, "channels");

await step("Send stays beside its neighbour, however much stands before it, and an address is shown whole", async (page) => {
  await answer(page, "Lea Sommer");
  await page.locator(id("composer-text")).fill("We have both lamps in stock, and they go out on Monday. ".repeat(24));
  await page.locator(id("composer-count")).waitFor();
  const boxes = await Promise.all(["composer-send-resolve", "composer-send", "composer"].map((name) => page.locator(id(name)).boundingBox()));
  assert.equal(boxes[0].y, boxes[1].y);
  assert.ok(boxes[2].x + boxes[2].width - boxes[1].x - boxes[1].width < 16);
  await page.locator(id("composer-text")).fill("");
  await page.keyboard.press("Escape");
  await answer(page, "Ida Nyström");
  await page.locator(id("panel-write-mail")).click();
  assert.ok(await page.locator(id("composer-to")).evaluate((field) => field.value === "ida.nystrom@posten.se" && field.scrollWidth <= field.clientWidth));
}, "channels");

await step("a long conversation opens at its end", async (page) => {
  await openLongest(page);
  await page.locator(id("message")).first().waitFor();
  await page.waitForTimeout(200);
  assert.ok(await visible(page, page.locator(id("message")).last()));
});

await step("older messages load upward without a jump", async (page) => {
  await openLongest(page);
  await page.locator(id("message")).first().waitFor();
  await page.waitForTimeout(300);
  const timeline = page.locator(id("timeline"));
  const count = await page.locator(id("message")).count();
  const moved = await timeline.evaluate(async (box) => {
    box.scrollTop = 300;
    const top = box.getBoundingClientRect().top;
    const first = [...box.querySelectorAll("[data-key]")].find((n) => n.getBoundingClientRect().bottom > top);
    const at = first.getBoundingClientRect().top;
    await new Promise((r) => setTimeout(r, 500));
    return first.getBoundingClientRect().top - at;
  });
  assert.ok((await page.locator(id("message")).count()) > count, "nothing was loaded");
  assert.ok(Math.abs(moved) < 2, `moved by ${String(moved)} px`);
});

await step("a message that was sent is in sight, wherever one was reading", async (page) => {
  await openLongest(page);
  await page.locator(id("message")).first().waitFor();
  await page.locator(id("timeline")).evaluate((box) => (box.scrollTop = 600));
  await page.keyboard.press("r");
  await page.keyboard.type("An answer that must be seen");
  await page.keyboard.press("Control+Enter");
  const sent = page.locator(id("message")).filter({ hasText: "An answer that must be seen" });
  await sent.waitFor();
  await page.waitForTimeout(300);
  assert.ok(await visible(page, sent));
  await page.keyboard.press("z");
  await page.waitForTimeout(300);
  assert.equal(await written(page), "An answer that must be seen");
  assert.equal(await sent.count(), 0);
});

await step("keys work on after a click into a formatted mail", async (page) => {
  await page.locator(id("row")).first().click();
  await page.locator(id("show-html")).last().click();
  const frame = page.locator("iframe");
  await frame.waitFor();
  await page.waitForTimeout(300);
  assert.ok((await frame.evaluate((f) => f.offsetHeight)) > 100, "the frame has no height");
  const before = await page.locator(id("timeline")).getAttribute("data-conversation");
  await frame.click({ position: { x: 40, y: 30 } });
  await page.waitForTimeout(100);
  await page.keyboard.press("j");
  await page.waitForFunction((was) => document.querySelector('[data-testid="timeline"]').dataset.conversation !== was, before, { timeout: 2000 });
});

await step("a draft is there after going away and coming back", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  await page.keyboard.press("r");
  await page.keyboard.type("Half a thought");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.waitForTimeout(150);
  assert.notEqual(await written(page), "Half a thought");
  await page.keyboard.press("k");
  await page.waitForTimeout(150);
  assert.equal(await written(page), "Half a thought");
});

await step("formatting is there after going away and coming back, and after a send that is taken back", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  await page.keyboard.press("r");
  await page.locator(id("look-bar")).waitFor();
  await page.keyboard.press("Control+b");
  await page.keyboard.type("Bold");
  await page.keyboard.press("Control+b");
  await page.keyboard.press("Enter");
  await page.keyboard.type("1. one");
  const shown = () => page.locator(id("composer-text")).evaluate((field) => [field.querySelector("p > strong")?.textContent, field.querySelector("ol > li > p")?.textContent]);
  assert.deepEqual(await shown(), ["Bold", "one"]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.waitForTimeout(150);
  assert.equal((await shown())[1], undefined);
  await page.keyboard.press("k");
  await page.waitForTimeout(150);
  assert.deepEqual(await shown(), ["Bold", "one"]);
  await page.keyboard.press("r");
  await page.keyboard.press("Control+Enter");
  await page.locator(id("undo-send")).click();
  await page.waitForTimeout(300);
  assert.deepEqual(await shown(), ["Bold", "one"]);
  assert.ok(await page.evaluate(() => document.activeElement?.isContentEditable), "the text has the focus");
});

await step("the toolbar is one stop of the Tab key, and its buttons are reached by arrows", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  await page.keyboard.press("r");
  await page.locator(id("look-bar")).waitFor();
  await page.keyboard.type("words");
  await page.keyboard.press("Alt+F10");
  const at = () => page.evaluate(() => document.activeElement?.dataset.testid);
  assert.equal(await at(), "look-strong");
  await page.keyboard.press("ArrowRight");
  assert.equal(await at(), "look-em");
  await page.keyboard.press("End");
  assert.equal(await at(), "look-clear");
  await page.keyboard.press("Tab");
  assert.equal(await at(), "composer-attach");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement?.isContentEditable));
  await page.keyboard.type("!");
  assert.equal(await page.locator(`${id("composer-text")} strong`).textContent(), "!");
});

await step("what is pasted keeps what can be said here, and nothing is loaded from afar", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  await page.keyboard.press("r");
  await page.locator(id("look-bar")).waitFor();
  await page.locator(id("composer-text")).evaluate((field) => {
    const data = new DataTransfer();
    data.setData("text/html", `<h2>Offer</h2><p style="color:red;font-weight:bold" onclick="x()">Two <i>lamps</i></p><img src="https://far.example/p.png"><p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">1.<span> </span></span>first</p><script>1</script><a href="javascript:x">bad</a>`);
    data.setData("text/plain", "Offer");
    field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
  });
  const field = page.locator(id("composer-text"));
  assert.equal(await field.locator("ol > li").textContent(), "first");
  assert.equal(await field.locator("em").textContent(), "lamps");
  assert.equal(await field.locator("[style], [onclick], a, img:not(.ProseMirror-separator), script").count(), 0);
});

await step("coming back from the settings does not steal the keys", async (page) => {
  await page.keyboard.press("j");
  await page.keyboard.press("r");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.locator(id("account")).first().waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.locator(id("composer-text")).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.isContentEditable), false);
});

await step("a file is attached by the real input and sent", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  await page.locator(id("composer-attach-input")).setInputFiles({ name: "label.png", mimeType: "image/png", buffer: Buffer.alloc(1_600_000, 7) });
  await page.locator(id("composer-file")).filter({ hasText: "label.png" }).waitFor();
  await page.locator(id("composer-text")).fill("With a label");
  await page.locator(id("composer-send")).click();
  await page.locator(id("undo-bar")).waitFor();
  await page.locator(id("file-save")).filter({ hasText: "label.png" }).waitFor();
});

await step("snooze, stage, tag and assign are two keys each", async (page) => {
  await page.keyboard.press("j");
  await page.locator(id("message")).first().waitFor();
  for (const [keys, words] of [[["q", "4"], "Stage: Won"], [["a", "u"], "Assigned to nobody"], [["s", "t"], "Snoozed until"]]) {
    await page.keyboard.press(keys[0]);
    await page.locator('[role="dialog"]').waitFor();
    await page.keyboard.press(keys[1]);
    await page.locator(id("toast")).filter({ hasText: words }).waitFor();
    await page.locator('[role="dialog"]').waitFor({ state: "detached" });
  }
  await page.keyboard.press("l");
  await page.locator(id("tag-input")).waitFor();
  await page.keyboard.type("vip");
  await page.keyboard.press("Enter");
  await page.locator(id("toast")).filter({ hasText: "Tagged #vip" }).waitFor();
});

await step("an account is connected by keyboard alone", async (page) => {
  await page.goto(`${server.url}?host=scripted&state=empty`);
  await page.locator(id("welcome-add-account")).focus();
  await page.keyboard.press("Enter");
  await page.locator(id("connect-email")).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(id("wizard-address")).waitFor();
  await page.keyboard.type("team@example.com");
  // The sender's name stands beside the address; the way to sign in appears once the address is known.
  await page.keyboard.press("Tab");
  await page.keyboard.type("Mara Lind");
  await page.locator(id("wizard-password")).waitFor();
  const at = () => page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
  for (let i = 0; i < 4 && (await at()) !== "wizard-password"; i += 1) await page.keyboard.press("Tab");
  assert.equal(await at(), "wizard-password");
  await page.keyboard.type("right");
  await page.keyboard.press("Enter");
  await page.locator(id("row")).first().waitFor();
});

await browser.close();
server.stop();
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("journey: every step went well");
