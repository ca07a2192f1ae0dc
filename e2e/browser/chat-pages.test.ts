/// <reference lib="dom" />
// The website chat in the pages that shops really have: in frames and several tabs, in other encodings, with bodies that come and go, and in browsers that are full, blocked or zoomed.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Scene, scene } from "../lib/chat.ts";
import { eventually } from "../lib/process.ts";

/** Another tab of the same visitor. */
async function tab(s: Scene): Promise<Page> {
  const page = await s.context.newPage();
  await page.goto(s.address);
  if (!(await page.getByRole("dialog").isVisible())) await page.locator("parley-chat .launcher").click();
  return page;
}

const kept = (page: Page): Promise<string> => page.evaluate(() => JSON.stringify({ ...localStorage }));

test("in a sandboxed frame, which may keep nothing and send no forms, a visitor writes by key and by button", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  await s.page.goto(s.world.shop.put(`${new URL(s.address).pathname}-frame`, `<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" src="${s.address}" width="900" height="700"></iframe>`));
  const frame = s.page.frameLocator("iframe");
  await frame.locator("parley-chat .launcher").click();
  await frame.getByRole("textbox").fill("Written in a frame.");
  await frame.getByRole("textbox").press("Enter");
  const room = await s.agent.joinInvited();
  await s.agent.heard(room, "Written in a frame.");
  await frame.getByRole("textbox").fill("And sent by the button.");
  await frame.getByRole("button", { name: "Send" }).click();
  await s.agent.heard(room, "And sent by the button.");
  await frame.getByText("Your browser keeps nothing").waitFor();
  assert.deepEqual(s.complaints, []);
});

test("what was left unsent goes out in a new conversation, where the account has ended meanwhile", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const { sender } = await s.agent.heard(room, "Is the lamp in stock?");
  await s.context.setOffline(true);
  await s.write("Left behind.");
  await s.line("Left behind.").getByText("Waiting to be sent").waitFor();
  await s.page.goto("about:blank");
  await s.world.synapse.deactivate(sender);
  await s.context.setOffline(false);
  await s.page.goto(s.address);
  const next = await s.agent.joinInvited(new Set([room]));
  assert.notEqual((await s.agent.heard(next, "Left behind.")).sender, sender);
  await s.line("Left behind.").getByText(/Sent|Read/).waitFor();
  assert.doesNotMatch(await kept(s.page), /Left behind/);
});

test("who is forgotten in one tab is nobody in the other, and leaves no name or address with the next message", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const { sender } = await s.agent.heard(room, "Is the lamp in stock?");
  await s.panel.getByRole("button", { name: "More" }).click();
  await s.panel.getByRole("button", { name: "Answer by email" }).click();
  await s.panel.getByLabel("Name").fill("Anna Berg");
  await s.panel.getByLabel("Email address").fill("anna@shop.test");
  await s.panel.getByRole("button", { name: "Save" }).click();
  await s.agent.heard(room, "Name: Anna Berg\nEmail: anna@shop.test");
  const other = await tab(s);
  await other.getByRole("button", { name: "More" }).click();
  await other.getByRole("button", { name: "End the chat and forget me" }).click();
  await other.getByRole("button", { name: "End and forget" }).click();
  await other.getByRole("dialog").waitFor({ state: "hidden" });
  await s.line("Is the lamp in stock?").waitFor({ state: "detached" });
  await s.panel.getByText("anna@shop.test").waitFor({ state: "detached" });
  await s.write("Somebody else?");
  const next = await s.agent.joinInvited(new Set([room]));
  assert.notEqual((await s.agent.heard(next, "Somebody else?")).sender, sender);
  await assert.rejects(s.agent.state(next, "chat.parley.visitor"), /404/);
  assert.doesNotMatch(await kept(s.page), /anna@shop\.test/);
});

test("two tabs keep each other's unsent messages", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const other = await tab(s);
  await s.context.setOffline(true);
  await other.getByRole("textbox").fill("From the second tab.");
  await other.keyboard.press("Enter");
  await other.locator(".line").filter({ hasText: "From the second tab." }).getByText("Waiting to be sent").waitFor();
  await s.write("From the first tab.");
  await s.line("From the first tab.").getByText("Waiting to be sent").waitFor();
  await other.goto("about:blank");
  await s.page.goto("about:blank");
  await s.context.setOffline(false);
  await s.page.goto(s.address);
  await s.agent.heard(room, "From the first tab.");
  await s.agent.heard(room, "From the second tab.");
});

test("a page with a file under way asks before it goes, and only then", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  await s.begin();
  const asked: string[] = [];
  s.page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await s.page.route("**/media/v3/upload**", () => undefined);
  await s.panel.locator("input[type=file]").setInputFiles({ name: "slow.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(1_000) });
  const cancel = s.line("slow.pdf").getByRole("button", { name: "Cancel" });
  await cancel.waitFor();
  await s.page.close({ runBeforeUnload: true });
  await eventually("the browser asks", async () => asked.length === 1 || undefined, 30);
  assert.deepEqual(asked, ["beforeunload"]);
  await cancel.click();
  await s.line("slow.pdf").waitFor({ state: "detached" });
  await Promise.all([s.page.waitForEvent("close"), s.page.close({ runBeforeUnload: true })]);
  assert.equal(asked.length, 1);
});

test("a shop that swaps its body keeps the chat, open and under way, and a body that is moved moves nothing", async (t) => {
  const s = await scene(t, {}, { strict: true });
  if (s === null) return;
  const room = await s.begin();
  await s.page.evaluate(() => {
    const [next, again, title] = [document.createElement("body"), document.createElement("script"), document.createElement("h1")];
    title.textContent = "Cart";
    const before = document.querySelector<HTMLScriptElement>("script[data-homeserver]");
    for (const { name, value } of before?.attributes ?? []) if (name !== "src") again.setAttribute(name, value);
    next.append(title, again);
    document.body.replaceWith(next);
    document.body.style.transform = "translate(100px, -200px) scale(0.5)";
  });
  await s.agent.say(room, "Still here.");
  await s.line("Still here.").waitFor();
  assert.equal(await s.page.locator("parley-chat").count(), 1);
  const box = await s.page.locator("parley-chat .launcher").boundingBox();
  assert.deepEqual([box?.width, (box?.x ?? 0) + (box?.width ?? 0), (box?.y ?? 0) + (box?.height ?? 0)], [56, 980, 740]);
});

test("a page's script takes the chat off, quietly, and the snippet puts it back where it was", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const asked: string[] = [];
  await s.page.evaluate(() => (window as unknown as { ParleyChat: { remove(): void } }).ParleyChat.remove());
  assert.equal(await s.page.locator("parley-chat").count(), 0);
  s.page.on("request", (request) => asked.push(request.url()));
  await s.agent.say(room, "Where are you?");
  await s.page.evaluate(() => {
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(asked, []);
  await s.page.evaluate(() => {
    const [before, again] = [document.querySelector<HTMLScriptElement>("script[data-homeserver]"), document.createElement("script")];
    for (const { name, value } of before?.attributes ?? []) again.setAttribute(name, value);
    before?.replaceWith(again);
  });
  await s.line("Where are you?").waitFor();
  await s.write("Back again.");
  await s.agent.heard(room, "Back again.");
});

test("a page in another encoding garbles no word", async (t) => {
  const s = await scene(t, { language: "ar" }, { charset: "windows-1252" });
  if (s === null) return;
  assert.equal(await s.page.evaluate(() => document.characterSet), "windows-1252");
  await s.open();
  assert.match(await s.panel.locator(".greeting").innerText(), /^[\u0600-\u06ff\s!؟،.]+$/);
  await s.write("Grüße");
  await s.agent.heard(await s.agent.joinInvited(), "Grüße");
});

test("a discarded message takes its trouble along", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  await s.open();
  await s.context.setOffline(true);
  await s.write("Never mind.");
  await s.panel.getByText("No connection.").waitFor();
  await s.line("Never mind.").getByRole("button", { name: "Discard" }).click();
  await s.panel.getByText("No connection.").waitFor({ state: "detached" });
  assert.equal(await s.panel.locator(".line").count(), 0);
});

test("a countdown is announced once, and what comes after it is announced again", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  await s.begin();
  await s.page.evaluate(() => {
    const status = document.querySelector("parley-chat")?.shadowRoot?.querySelector(".status");
    const said: string[] = [];
    Object.assign(window, { said });
    if (status) new MutationObserver(() => said.push(`${status.getAttribute("aria-live") ?? "announced"}: ${status.textContent}`)).observe(status, { childList: true, characterData: true, subtree: true });
  });
  const said = (): Promise<string[]> => s.page.evaluate(() => (window as unknown as { said: string[] }).said);
  await s.page.route("**/send/m.room.message/**", (route) => route.fulfill({ status: 429, headers: { "access-control-allow-origin": "*" }, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 60_000 } }));
  await s.write("Too much.");
  await eventually("it has counted", async () => (await said()).length >= 4 || undefined, 60);
  const [first, ...rest] = await said();
  assert.match(first ?? "", /^announced: The chat is busy/);
  assert.ok(rest.every((one) => one.startsWith("off: The chat is busy")), rest.join("\n"));
  await s.line("Too much.").getByRole("button", { name: "Discard" }).click();
  await eventually("it has said that all is well", async () => (await said()).at(-1) === "announced: " || undefined, 60);
});

const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

test("zooming in on a telephone leaves the panel as large as the page", async (t) => {
  const s = await scene(t, {}, { browser: PHONE });
  if (s === null) return;
  await s.open();
  const devtools = await s.context.newCDPSession(s.page);
  await devtools.send("Emulation.setPageScaleFactor", { pageScaleFactor: 2 });
  await eventually("the page is zoomed", async () => (await s.page.evaluate(() => window.visualViewport?.scale)) === 2 || undefined, 30);
  await s.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal(await s.panel.evaluate((panel) => panel.getBoundingClientRect().height), 640);
});

test("a keyboard that covers the page and moves it leaves the whole panel in sight", async (t) => {
  const s = await scene(t, {}, { browser: PHONE });
  if (s === null) return;
  await s.page.addInitScript(() => Object.defineProperty(window, "visualViewport", { value: Object.assign(new EventTarget(), { scale: 1, height: 640, offsetTop: 0 }) }));
  await s.page.reload();
  await s.open();
  const place = (event: string, change: object): Promise<number[]> =>
    s.panel.evaluate(
      (panel, [event, change]) => {
        Object.assign(window.visualViewport as EventTarget, change).dispatchEvent(new Event(event));
        const { top, height } = panel.getBoundingClientRect();
        return [top, height];
      },
      [event, change] as const,
    );
  assert.deepEqual(await place("resize", { height: 300 }), [0, 300]);
  assert.deepEqual(await place("scroll", { offsetTop: 120 }), [120, 300]);
  assert.deepEqual(await place("resize", { height: 640, offsetTop: 0 }), [0, 640]);
});
