// The timeline in a real browser, over scripted conversations: what must not move, what must stay small, where the keys lead.
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const id = (testid) => `[data-testid="${testid}"]`;
const browser = await launch();
if (browser === null) {
  console.log("timeline: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const problems = [];
const only = process.argv.slice(2).join(" ");

async function step(name, state, work) {
  if (only !== "" && !name.includes(only)) return;
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  try {
    await page.goto(`${server.url}?host=scripted&state=${state}`);
    await page.locator(id("row")).first().waitFor();
    await longest(page);
    await page.locator(id("message")).first().waitFor();
    await page.waitForTimeout(250);
    await work(page, page.locator(id("timeline")));
    console.log(`ok   ${name}`);
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
    console.log(`FAIL ${name}`);
  }
  await page.close();
}

const longest = (page) =>
  page.evaluate(async () => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.open(rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id);
  });
const focused = (page) => page.evaluate(() => document.activeElement?.closest("[data-stop]")?.getAttribute("data-key") ?? document.activeElement?.getAttribute("data-testid") ?? null);
const texts = (page) => page.locator(id("message-text")).allTextContents();

await step("what is read does not move by a pixel while older messages come and far ones go", "long-1000", async (page, timeline) => {
  for (let i = 0; i < 8; i += 1) {
    const moved = await timeline.evaluate(async (box) => {
      const frame = () => new Promise((r) => requestAnimationFrame(r));
      box.scrollTop = 500;
      await frame();
      const top = box.getBoundingClientRect().top;
      const first = [...box.querySelectorAll('[data-testid="message"]')].find((n) => n.getBoundingClientRect().bottom > top);
      const at = first.getBoundingClientRect().top;
      let most = 0;
      const seen = new Set([...box.querySelectorAll("[data-key]")].map((n) => n.dataset.key));
      for (let n = 0; n < 40; n += 1) {
        await frame();
        most = Math.max(most, Math.abs(first.getBoundingClientRect().top - at));
      }
      const fresh = [...box.querySelectorAll("[data-key]")].filter((n) => !seen.has(n.dataset.key)).length;
      return { most, fresh, connected: first.isConnected, count: seen.size };
    });
    assert.ok(moved.connected, "the message that was read is gone");
    assert.ok(moved.fresh > 0, "nothing was loaded");
    assert.ok(moved.most < 1, `moved by ${String(moved.most)} px`);
    assert.ok(moved.count < 420, `${String(moved.count)} items stand in the window`);
  }
});

await step("nor while newer messages come and old ones go", "long-1000", async (page, timeline) => {
  await page.keyboard.press("Enter");
  await page.keyboard.press("Home");
  await page.locator(id("message-text")).filter({ hasText: "(1)" }).waitFor();
  for (let i = 0; i < 8; i += 1) {
    const moved = await timeline.evaluate(async (box) => {
      const frame = () => new Promise((r) => requestAnimationFrame(r));
      box.scrollTop = box.scrollHeight - box.clientHeight - 500;
      await frame();
      const top = box.getBoundingClientRect().top;
      const first = [...box.querySelectorAll('[data-testid="message"]')].find((n) => n.getBoundingClientRect().bottom > top);
      const at = first.getBoundingClientRect().top;
      let most = 0;
      for (let n = 0; n < 40; n += 1) {
        await frame();
        most = Math.max(most, Math.abs(first.getBoundingClientRect().top - at));
      }
      return { most, connected: first.isConnected, count: box.querySelectorAll("[data-key]").length };
    });
    assert.ok(moved.connected, "the message that was read is gone");
    assert.ok(moved.most < 1, `moved by ${String(moved.most)} px`);
    assert.ok(moved.count < 420, `${String(moved.count)} items stand in the window`);
  }
});

await step("100,000 messages open with as much in the window as 100", "long", async (page) => {
  const many = await page.locator("[data-key]").count();
  assert.ok((await texts(page)).at(-1).includes("(100000)"));
  await page.goto(`${server.url}?host=scripted&state=long-100`);
  await page.locator(id("row")).first().waitFor();
  await longest(page);
  await page.locator(id("message")).first().waitFor();
  await page.waitForTimeout(250);
  const few = await page.locator("[data-key]").count();
  assert.ok(many <= few + 80, `${String(many)} items against ${String(few)}`);
});

await step("the end stays in sight when a message comes, and the place when one reads elsewhere", "long-300", async (page, timeline) => {
  const arrive = (text) => page.evaluate(async (said) => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.arrive(rows.reduce((a, b) => (b.messages > a.messages ? b : a)).id, said);
  }, text);
  await arrive("News at the end");
  await page.locator(id("message-text")).filter({ hasText: "News at the end" }).waitFor();
  await page.waitForTimeout(150);
  assert.ok(await timeline.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2), "the end is not in sight");
  await timeline.evaluate((box) => (box.scrollTop = box.scrollHeight - 2400));
  await page.waitForTimeout(200);
  const before = await timeline.evaluate((box) => box.scrollTop);
  await arrive("News while reading");
  await page.waitForTimeout(300);
  assert.ok(Math.abs((await timeline.evaluate((box) => box.scrollTop)) - before) < 1, "the place moved");
});

await step("an episode is put away and shown again by key, and what follows stays where it is", "long-300", async (page, timeline) => {
  await page.locator(id("episode")).last().focus();
  const episode = page.locator(id("episode")).last();
  assert.equal(await episode.getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(100);
  assert.equal(await episode.getAttribute("aria-expanded"), "false");
  assert.match(await episode.locator(id("episode-facts")).textContent(), /\d+ messages · waited /);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(100);
  assert.equal(await episode.getAttribute("aria-expanded"), "true");
  assert.ok(await timeline.evaluate((box) => box.contains(document.activeElement)));
});

await step("every episode can be put away, and reading on passes over what is in them", "long-1000", async (page, timeline) => {
  await page.locator(id("header-menu")).click();
  await page.locator(id("menu-fold")).click();
  await page.waitForTimeout(1500);
  assert.ok((await page.locator(id("episode")).count()) > 3);
  assert.ok((await timeline.evaluate((box) => box.querySelectorAll("[data-key]").length)) < 420);
});

await step("keys walk from message to message, to the first and to the last", "long-1000", async (page) => {
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "timeline");
  await page.keyboard.press("ArrowUp");
  const one = await focused(page);
  assert.match(one, /^message:|^change|^episode/);
  await page.keyboard.press("ArrowUp");
  assert.notEqual(await focused(page), one);
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), one);
  await page.keyboard.press("PageUp");
  assert.notEqual(await focused(page), one);
  await page.keyboard.press("Home");
  await page.locator(id("message-text")).filter({ hasText: /\(1\)$/ }).waitFor();
  await page.waitForTimeout(150);
  assert.equal(await page.locator(id("timeline")).evaluate((box) => box.scrollTop), 0);
  await page.keyboard.press("End");
  await page.locator(id("message-text")).filter({ hasText: "(1000)" }).waitFor();
  await page.waitForTimeout(150);
  assert.ok(await page.locator(id("timeline")).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2));
});

await step("a message's menu opens by key, quotes what is selected, and gives the keys back", "long-300", async (page) => {
  await page.keyboard.press("Enter");
  const last = page.locator(id("message")).filter({ hasText: "(299)" });
  await last.focus();
  await last.locator(id("message-text")).evaluate((text) => {
    const range = new Range();
    range.selectNodeContents(text);
    const selection = document.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  });
  await page.keyboard.press("Enter");
  await page.locator(id("menu-quote")).filter({ hasText: "Quote selection" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(id("menu-quote")).waitFor({ state: "detached" });
  assert.ok(await last.evaluate((node) => node.contains(document.activeElement)));
  await last.locator(id("message-menu")).click();
  await page.locator(id("menu-quote")).click();
  await page.waitForFunction(() => document.querySelector('[data-testid="composer-text"] blockquote') !== null);
});

await step("words are found, counted and marked, and the bar closes by key", "long-1000", async (page) => {
  await page.keyboard.press("Control+f");
  await page.locator(id("find-input")).fill("brass");
  await page.locator(id("find-count")).filter({ hasText: /^\d+ of \d+$/ }).waitFor();
  const total = Number((await page.locator(id("find-count")).textContent()).split(" ").at(-1));
  assert.ok(total > 60, `${String(total)} hits`);
  await page.keyboard.press("Enter");
  await page.locator(id("find-count")).filter({ hasText: /^1 of/ }).waitFor();
  await page.waitForTimeout(200);
  const marks = await page.evaluate(() => ({ all: CSS.highlights.get("found")?.size ?? 0, here: CSS.highlights.get("found-here")?.size ?? 0 }));
  assert.ok(marks.here > 0 && marks.all + marks.here > 1, JSON.stringify(marks));
  const hit = page.locator(`${id("message")}.flash`);
  assert.ok(await hit.evaluate((node) => node.getBoundingClientRect().top > 60 && node.getBoundingClientRect().bottom < 760), "the hit is not in sight");
  await page.keyboard.press("Escape");
  await page.locator(id("find")).waitFor({ state: "detached" });
  assert.equal(await focused(page), "timeline");
  assert.equal(await page.evaluate(() => CSS.highlights.has("found")), false);
});

await step("a day is picked by key and its first message shown", "long-1000", async (page) => {
  await page.keyboard.press("Enter");
  await page.keyboard.press("d");
  await page.locator(id("date")).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "date-day");
  const month = await page.locator(id("date-month")).textContent();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.locator(id("date")).waitFor({ state: "detached" });
  await page.locator(`${id("message")}.flash`).waitFor();
  assert.ok(month.length > 0);
  assert.equal(await focused(page), "timeline");
});

await step("pictures keep their place before they are there", "", async (page) => {
  await page.locator(id("row")).first().click();
  await page.locator(id("file-look")).first().waitFor();
  assert.equal(await page.locator(id("file-look")).first().evaluate((node) => node.getBoundingClientRect().height), 132);
  assert.equal(await page.locator(`${id("file-look")} img`).first().getAttribute("loading"), "lazy");
  await page.locator(id("file-look")).first().focus();
  await page.keyboard.press("Enter");
  await page.locator(`${id("viewer")} img`).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(id("viewer")).waitFor({ state: "detached" });
});

await step("files are walked by key, and lead to their message", "", async (page) => {
  // By name: the order of the list depends on the hour.
  await page.locator(id("row")).filter({ hasText: "Anna Berg" }).click();
  await page.locator(id("file-look")).first().waitFor();
  await page.keyboard.press("v");
  await page.locator(id("gallery-file")).nth(1).waitFor();
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-tile"));
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => [...document.querySelectorAll("[data-tile]")].indexOf(document.activeElement)), 1);
  await page.keyboard.press("g");
  await page.locator(id("gallery")).waitFor({ state: "detached" });
  await page.locator(`${id("message")}.flash`).waitFor();
});

await step("a feed names its items and their places", "long-300", async (page) => {
  const feed = await page.locator('[role="feed"]').evaluate((node) => {
    const items = [...node.querySelectorAll("article, [role=article]")];
    return { named: items.every((item) => (item.getAttribute("aria-label") ?? "") !== ""), places: items.map((item) => Number(item.getAttribute("aria-posinset"))) };
  });
  assert.ok(feed.named, "an item has no name");
  assert.deepEqual(feed.places, feed.places.map((_, i) => i + 1));
});

await browser.close();
server.stop();
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("timeline: every step went well");
