/// <reference lib="dom" />
// The website chat in Chromium, against a real homeserver: a visitor on one side, an agent on the other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { scene } from "../lib/chat.ts";
import { eventually } from "../lib/process.ts";

const axe = readFileSync(createRequire(join(import.meta.dirname, "../../ui/package.json")).resolve("axe-core/axe.min.js"), "utf8");

for (const strict of [false, true]) {
  test(`a visitor writes, an agent answers, both see it${strict ? ", in a page with a strict content policy" : ""}`, async (t) => {
    const s = await scene(t, { accent: "#ffb000" }, { strict });
    if (s === null) return;
    const room = await s.begin();
    await s.agent.say(room, "Yes, three of them.");
    await s.line("Yes, three of them.").waitFor();
    assert.match(await s.line("Yes, three of them.").innerText(), /Mia/);
    assert.equal((await s.agent.state(room, "m.room.history_visibility"))["history_visibility"], "shared");
    await assert.rejects(s.agent.state(room, "m.room.encryption"), /404/);
    await s.line("Is the lamp in stock?").getByText("Read").waitFor();
    assert.equal(await s.page.locator("parley-chat .panel").evaluate((panel) => getComputedStyle(panel).borderTopLeftRadius), "16px", "the styles are there");
    assert.deepEqual(s.complaints, []);
  });
}

test("nobody is registered until a visitor writes", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const asked: string[] = [];
  s.page.on("request", (request) => asked.push(request.url()));
  await s.page.reload();
  await s.open();
  assert.deepEqual(asked.filter((url) => url.includes("/_matrix/")), []);
});

test("the conversation and the draft are there again after a reload, under the same visitor", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.agent.say(room, "Yes.");
  await s.line("Yes.").waitFor();
  await s.panel.locator("textarea").fill("And the price?");
  await s.page.reload();
  await s.line("Yes.").waitFor();
  await s.line("Is the lamp in stock?").waitFor();
  assert.equal(await s.panel.locator("textarea").inputValue(), "And the price?");
  await s.panel.locator("textarea").press("Enter");
  const again = await s.agent.heard(room, "And the price?");
  assert.equal(again.sender, (await s.agent.heard(room, "Is the lamp in stock?")).sender);
});

test("what is written without a connection goes out once, when it is back", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.context.setOffline(true);
  await s.write("Written in a tunnel.");
  await s.line("Written in a tunnel.").getByText("Waiting to be sent").waitFor();
  await s.panel.getByText("No connection.").waitFor();
  await s.agent.say(room, "Are you there?");
  await s.context.setOffline(false);
  await s.line("Are you there?").waitFor();
  await s.agent.heard(room, "Written in a tunnel.");
  await s.panel.getByText("No connection.").waitFor({ state: "detached" });
  assert.equal((await s.agent.events(room)).filter((event) => event.content["body"] === "Written in a tunnel.").length, 1);
  assert.equal(await s.line("Written in a tunnel.").count(), 1);
});

test("an answer that got lost on its way is not a second message, even after a reload", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  // The homeserver takes the message; what it answers never arrives.
  await s.page.route("**/send/m.room.message/**", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await s.write("Say it once.");
  await s.agent.heard(room, "Say it once.");
  await s.page.unroute("**/send/m.room.message/**");
  await s.page.reload();
  await s.line("Say it once.").getByText("Sent").waitFor();
  await s.write("And then this.");
  await s.agent.heard(room, "And then this.");
  assert.equal((await s.agent.events(room)).filter((event) => event.content["body"] === "Say it once.").length, 1);
  assert.equal(await s.line("Say it once.").count(), 1);
});

test("edits, removals, reactions and notices of the agent are shown; nobody else edits them", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const first = await s.agent.say(room, "It costs 40.");
  const second = await s.agent.say(room, "Wrong room, sorry.");
  await s.line("It costs 40.").waitFor();
  await s.agent.send(room, { msgtype: "m.text", body: "* It costs 45.", "m.new_content": { msgtype: "m.text", body: "It costs 45." }, "m.relates_to": { rel_type: "m.replace", event_id: first } });
  await s.agent.redact(room, second);
  const own = await s.agent.heard(room, "Is the lamp in stock?");
  await s.agent.send(room, { "m.relates_to": { rel_type: "m.annotation", event_id: own.event_id, key: "👍" } }, "m.reaction");
  await s.agent.send(room, { msgtype: "m.text", body: "* I hate it", "m.new_content": { msgtype: "m.text", body: "I hate it" }, "m.relates_to": { rel_type: "m.replace", event_id: own.event_id } });
  await s.agent.send(room, { msgtype: "m.notice", body: "The desk is open until six." });
  await s.line("The desk is open until six.").waitFor();
  await s.line("It costs 45.").getByText("edited").waitFor();
  await s.line("This message was removed.").waitFor();
  assert.equal(await s.line("Wrong room").count(), 0);
  assert.equal(await s.line("Is the lamp in stock?").locator(".marks").innerText(), "👍");
  assert.equal(await s.line("I hate it").count(), 0);
});

test("hostile names and texts stay text", async (t) => {
  const s = await scene(t, {}, { strict: true });
  if (s === null) return;
  const room = await s.begin();
  await s.agent.call("PUT", `/profile/${encodeURIComponent(s.agent.user)}/displayname`, { displayname: `<img src=x onerror=alert(1)>\u202e${"long ".repeat(40)}` });
  await s.agent.say(room, "<script>alert(1)</script> javascript:alert(1) https://lamps.test/a?b=1 https://bank.test@evil.test/");
  await s.agent.say(room, "x".repeat(20_000));
  await s.agent.send(room, { msgtype: "m.image", body: "a.svg", url: "mxc://desk.test/../../admin", info: { mimetype: "image/svg+xml" } });
  await s.agent.send(room, { msgtype: "test.unknown", body: "<b>?</b>" });
  await s.panel.getByText("This message cannot be shown here.").nth(1).waitFor();
  const links = await s.panel.locator(".bubble a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("rel")]));
  assert.deepEqual(links, [["https://lamps.test/a?b=1", "noopener noreferrer nofollow"]]);
  assert.ok((await s.panel.locator(".line").nth(2).innerText()).length < 5_000);
  await s.panel.getByRole("button", { name: "Show the whole message" }).click();
  assert.ok((await s.panel.locator(".line").nth(2).innerText()).length >= 20_000);
  assert.equal(await s.panel.locator(".who").last().evaluate((who) => who.childElementCount), 0);
  assert.equal(await s.panel.locator("script, svg image, iframe").count(), 0);
  assert.deepEqual(s.complaints, []);
});

test("a formatted answer is shown with its marks, under a strict policy, and nothing else of it", async (t) => {
  const s = await scene(t, {}, { strict: true });
  if (s === null) return;
  const room = await s.begin();
  const formatted_body = '<p>We have <strong>three</strong>, <em>all</em> of <a href="https://lamps.test/brass" onclick="alert(1)">these</a>:</p>\n<ul>\n<li style="color:red">brass</li>\n<li>steel</li>\n</ul><script>alert(1)</script><img src="x" onerror="alert(1)"><iframe src="https://evil.test/"></iframe>';
  await s.agent.send(room, { msgtype: "m.text", body: "We have three, all of these: brass, steel", format: "org.matrix.custom.html", formatted_body });
  const line = s.line("We have three");
  await line.waitFor();
  assert.equal(await line.locator(".bubble").evaluate((bubble) => [...bubble.querySelectorAll("*")].map((one) => one.localName).join(" ")), "p strong em a ul li li");
  assert.deepEqual(await line.locator("a").evaluate((a) => [...a.attributes].map(({ name, value }) => `${name}=${value}`)), ["href=https://lamps.test/brass", "target=_blank", "rel=noopener noreferrer nofollow"]);
  assert.deepEqual(await line.locator("strong, em, li").evaluateAll((all) => all.map((one) => [getComputedStyle(one).fontWeight, getComputedStyle(one).fontStyle, getComputedStyle(one).listStyleType, one.getAttributeNames().join()].join(" ").trim())), ["700 normal none", "400 italic none", "400 normal disc", "400 normal disc"]);
  assert.deepEqual(s.complaints, []);
});

const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");

test("a file and a picture go both ways", async (t) => {
  const s = await scene(t, {}, { strict: true });
  if (s === null) return;
  const room = await s.begin();
  await s.panel.locator("input[type=file]").setInputFiles([{ name: "order 1042.txt", mimeType: "text/plain", buffer: Buffer.from("one lamp") }, { name: "lamp.png", mimeType: "image/png", buffer: PICTURE }]);
  const file = await s.agent.received(room, "the file", (event) => event.content["msgtype"] === "m.file");
  assert.equal(file.content["body"], "order 1042.txt");
  assert.equal((await s.agent.download(String(file.content["url"]))).toString(), "one lamp");
  const sent = await s.agent.received(room, "the picture", (event) => event.content["msgtype"] === "m.image");
  assert.deepEqual(sent.content["info"], { mimetype: "image/png", size: PICTURE.length, w: 1, h: 1 });

  const picture = await s.agent.upload(new Uint8Array(PICTURE), "image/png", "answer.png");
  await s.agent.send(room, { msgtype: "m.image", body: "answer.png", url: picture, info: { mimetype: "image/png", w: 1, h: 1, size: PICTURE.length } });
  await eventually("the agent's picture is drawn", async () => (await s.panel.locator(".line:not(.own) img").evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth === 1)) || undefined, 60);
  const manual = await s.agent.upload(new Uint8Array(Buffer.from("<script>alert(1)</script>")), "text/html", "manual.html");
  await s.agent.send(room, { msgtype: "m.file", body: "../manual.html", url: manual, info: { mimetype: "text/html", size: 25 } });
  const [download] = await Promise.all([s.page.waitForEvent("download"), s.panel.getByRole("button", { name: "Download manual.html" }).click()]);
  assert.equal(download.suggestedFilename(), "manual.html");
  assert.equal(readFileSync(await download.path(), "utf8"), "<script>alert(1)</script>");
  assert.deepEqual(s.complaints, []);
});

test("a file over the homeserver's limit is refused in words, and an upload can be cancelled", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.panel.locator("input[type=file]").setInputFiles({ name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(300_000) });
  await s.panel.getByText("film.mp4 is too large.").waitFor();
  await s.page.route("**/media/v3/upload**", () => undefined);
  await s.panel.locator("input[type=file]").setInputFiles({ name: "slow.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(1_000) });
  await s.line("slow.pdf").getByRole("button", { name: "Cancel" }).click();
  await s.line("slow.pdf").waitFor({ state: "detached" });
  await s.write("Never mind.");
  await s.agent.heard(room, "Never mind.");
  assert.equal((await s.agent.events(room)).filter((event) => event.content["msgtype"] === "m.file").length, 0);
});

test("who gets no answer is asked for an address, and the team learns it as a fact and as a line", async (t) => {
  const s = await scene(t, { "ask-after-minutes": "0.02" });
  if (s === null) return;
  const room = await s.begin();
  const form = s.panel.locator("form.sheet");
  await form.getByText("Nobody has answered yet").waitFor();
  await form.getByLabel("Name").fill("Anna Berg");
  await form.getByLabel("Email address").fill("anna at shop");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Please enter an address").waitFor();
  await form.getByLabel("Email address").fill("anna@shop.test");
  await form.getByRole("button", { name: "Save" }).click();
  await s.panel.getByText("We will answer to anna@shop.test as well.").waitFor();
  assert.deepEqual(await s.agent.state(room, "chat.parley.visitor"), { name: "Anna Berg", email: "anna@shop.test" });
  await s.agent.heard(room, "Name: Anna Berg\nEmail: anna@shop.test");
  const who = await s.agent.call("GET", `/rooms/${encodeURIComponent(room)}/joined_members`);
  assert.match(JSON.stringify(who), /"display_name":"Anna Berg"/);
  await s.page.reload();
  await s.line("Email: anna@shop.test").waitFor();
  assert.equal(await s.panel.locator("form.sheet").count(), 0);
});

test("who is answered in time is not asked, and who declines is not asked again", async (t) => {
  const s = await scene(t, { "ask-after-minutes": "0.05" });
  if (s === null) return;
  const room = await s.begin();
  await s.panel.getByRole("button", { name: "Not now" }).click();
  await s.page.reload();
  await s.line("Is the lamp in stock?").waitFor();
  await s.agent.say(room, "Here I am.");
  await s.line("Here I am.").waitFor();
  await s.write("Thanks!");
  await s.agent.heard(room, "Thanks!");
  await s.agent.say(room, "You are welcome.");
  await s.line("You are welcome.").waitFor();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  assert.equal(await s.panel.locator("form.sheet").count(), 0);
});

const CAME_BY = "?utm_source=news&utm_campaign=autumn&session=secret#part";

test("with consent asked for, nothing is kept or told before the visitor says yes", async (t) => {
  const s = await scene(t, { consent: "ask" }, { query: CAME_BY });
  if (s === null) return;
  await s.open();
  const kept = (): Promise<string> => s.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(await kept(), /first_page/);
  await s.write("Hello");
  const room = await s.agent.joinInvited();
  await s.agent.heard(room, "Hello");
  await assert.rejects(s.agent.state(room, "chat.parley.touch"), /404/);
  await s.panel.getByRole("button", { name: "Yes" }).click();
  await s.write("Here is more.");
  await s.agent.heard(room, "Here is more.");
  const touch = await s.agent.state(room, "chat.parley.touch");
  assert.deepEqual({ ...touch, at: 0 }, { first_page: s.address, referrer: "", utm: { source: "news", campaign: "autumn" }, at: 0 });
  assert.doesNotMatch(await kept(), /secret/);
});

test("a no is kept, and the touch is never told", async (t) => {
  const s = await scene(t, { consent: "ask" }, { query: CAME_BY });
  if (s === null) return;
  await s.open();
  await s.panel.getByRole("button", { name: "No", exact: true }).click();
  await s.write("Hello");
  const room = await s.agent.joinInvited();
  await s.agent.heard(room, "Hello");
  await s.page.reload();
  await s.line("Hello").waitFor();
  await s.write("Again");
  await s.agent.heard(room, "Again");
  await assert.rejects(s.agent.state(room, "chat.parley.touch"), /404/);
  assert.equal(await s.panel.getByText("which page brought you here").count(), 0);
});

test("where the shop may always, the session's first page is told, not the last one", async (t) => {
  const s = await scene(t, { consent: "always" }, { query: CAME_BY });
  if (s === null) return;
  const other = s.world.shop.page(`${new URL(s.address).pathname}-other`, { homeserver: s.world.synapse.url, token: "shop", support: s.agent.user, consent: "always" });
  await s.page.goto(other);
  const room = await s.begin();
  const touch = await s.agent.state(room, "chat.parley.touch");
  assert.equal(touch["first_page"], s.address);
  assert.deepEqual(touch["utm"], { source: "news", campaign: "autumn" });
});

test("while the chat is closed a badge counts what is unread, on another page too", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.agent.say(room, "One moment.");
  await s.line("One moment.").waitFor();
  await s.page.keyboard.press("Escape");
  await s.agent.say(room, "Found it.");
  await s.agent.say(room, "It is yours.");
  const launcher = s.page.locator("parley-chat .launcher");
  await eventually("two unread", async () => (await launcher.getAttribute("aria-label")) === "Open the chat (2 unread)" || undefined, 60);
  await s.page.reload();
  await eventually("still two unread", async () => (await launcher.getAttribute("aria-label")) === "Open the chat (2 unread)" || undefined, 60);
  await s.open();
  await s.line("It is yours.").waitFor();
  await eventually("none unread", async () => (await s.page.locator("parley-chat .badge").isHidden()) || undefined, 60);
});

test("the agent's typing is shown under the agent's name", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.agent.call("PUT", `/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(s.agent.user)}`, { typing: true, timeout: 20_000 });
  await s.panel.getByText("Mia is writing…").waitFor();
});

test("a token that is used up, or never was, is said in words, and the text is not lost", async (t) => {
  const s = await scene(t, { token: "never-made", mail: "hello@lamps.test" });
  if (s === null) return;
  const said: string[] = [];
  s.page.on("console", (line) => said.push(line.text()));
  await s.open();
  await s.write("Hello?");
  await s.panel.getByText("The chat is not available right now.").waitFor();
  assert.equal(await s.panel.locator(".status a").getAttribute("href"), "mailto:hello@lamps.test");
  await s.line("Hello?").getByText("Not sent").waitFor();
  assert.match(said.join("\n"), /registration token of data-token/);
  await s.world.synapse.registrationToken("never-made", 1);
  await s.line("Hello?").getByRole("button", { name: "Try again" }).click();
  const room = await s.agent.joinInvited();
  await s.agent.heard(room, "Hello?");
  await s.panel.getByText("not available").waitFor({ state: "detached" });
});

test("a visitor whose account was deactivated begins a new conversation with the next message", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  const { sender } = await s.agent.heard(room, "Is the lamp in stock?");
  await s.world.synapse.deactivate(sender);
  await s.panel.getByText("This chat has ended.").waitFor();
  await s.write("Are you still there?");
  const next = await s.agent.joinInvited(new Set([room]));
  assert.notEqual(next, room);
  await s.agent.heard(next, "Are you still there?");
});

test("who ends the chat is signed out and forgotten on this device", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.panel.getByRole("button", { name: "More" }).click();
  await s.panel.getByRole("button", { name: "End the chat and forget me" }).click();
  await s.panel.getByRole("button", { name: "End and forget" }).click();
  await s.panel.waitFor({ state: "hidden" });
  assert.doesNotMatch(await s.page.evaluate(() => JSON.stringify({ ...localStorage })), /identity|token/);
  await s.agent.received(room, "the visitor's leaving", (event) => event.type === "m.room.member" && event.content["membership"] === "leave");
  await s.open();
  assert.equal(await s.panel.locator(".line").count(), 0);
});

test("a browser that keeps nothing has a chat for as long as the page is open", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  await s.page.addInitScript(() => {
    for (const kind of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, kind, {
        get() {
          throw new DOMException("refused", "SecurityError");
        },
      });
    }
  });
  await s.page.reload();
  const room = await s.begin();
  await s.panel.getByText("Your browser keeps nothing").waitFor();
  await s.agent.say(room, "Hello!");
  await s.line("Hello!").waitFor();
  assert.deepEqual(s.complaints, []);
});

test("the open chat has nothing for axe to complain about, in light, dark and Arabic", async (t) => {
  for (const [lang, scheme] of [["en", "light"], ["de", "dark"], ["ar", "light"]] as const) {
    const s = await scene(t, { consent: "ask", "ask-after-minutes": "0", language: lang, accent: "#0a7d55" }, { lang, browser: { colorScheme: scheme }, head: '<meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}</style>' });
    if (s === null) return;
    const room = await s.begin();
    await s.agent.say(room, "https://lamps.test/ has it.");
    await s.line("has it.").waitFor();
    await s.page.evaluate(axe);
    const look = async (): Promise<void> => {
      const found = await s.page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: { run(context: object, options: object): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run({ include: [["parley-chat"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
        return violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join("\n")}`);
      });
      assert.deepEqual(found, [], `${lang} ${scheme}`);
    };
    await look();
    await s.panel.locator(".sheet button").last().click();
    await s.write("Once more");
    await s.panel.locator(".head button").first().click();
    await look();
    if (lang === "ar") {
      assert.equal(await s.page.locator("parley-chat .root").getAttribute("dir"), "rtl");
      const box = await s.page.locator("parley-chat .launcher").boundingBox();
      assert.ok(box !== null && box.x < 200, "the launcher stands where a line ends, on the left");
    }
  }
});

test("it is used by keyboard alone: opened, written in, closed, and the focus comes back", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const focus = (): Promise<string> => s.page.evaluate(() => document.querySelector("parley-chat")?.shadowRoot?.activeElement?.className ?? "");
  await s.page.keyboard.press("Tab");
  await s.page.keyboard.press("Tab");
  assert.equal(await focus(), "launcher");
  await s.page.keyboard.press("Enter");
  await s.page.keyboard.type("By keyboard");
  await s.page.keyboard.press("Shift+Enter");
  await s.page.keyboard.type("and a second line");
  await s.page.keyboard.press("Enter");
  const room = await s.agent.joinInvited();
  await s.agent.heard(room, "By keyboard\nand a second line");
  await s.page.keyboard.press("Escape");
  assert.equal(await focus(), "launcher");
  assert.equal(await s.panel.count(), 0);
});

test("a screen reader is told of what comes, not of what was there", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  await s.agent.say(room, "An old answer.");
  await s.line("An old answer.").waitFor();
  await s.page.reload();
  await s.line("An old answer.").waitFor();
  const news = s.page.locator("parley-chat .root > .unseen[role=status]");
  assert.equal(await news.innerText(), "");
  await s.agent.say(room, "A new answer.");
  await s.line("A new answer.").waitFor();
  assert.equal(await news.innerText(), "Mia: A new answer.");
});

test("on a telephone the open chat covers the page, and nothing is wider than it", async (t) => {
  const s = await scene(t, {}, { browser: { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } });
  if (s === null) return;
  const room = await s.begin("https://lamps.test/".padEnd(300, "x"));
  await s.agent.say(room, "W".repeat(500));
  await s.line("WWW").waitFor();
  const box = await s.panel.boundingBox();
  assert.deepEqual(box, { x: 0, y: 0, width: 360, height: 640 });
  assert.equal(await s.panel.getAttribute("aria-modal"), "true");
  assert.ok(await s.panel.locator(".log").evaluate((log) => log.scrollWidth <= log.clientWidth));
  assert.equal(await s.page.locator("parley-chat .launcher").isVisible(), false);
  const small = await s.panel.locator("button:visible").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).filter((r) => r.width < 24 || r.height < 17).length);
  assert.equal(small, 0);
});

test("history comes page by page, and a long absence leaves no gap", async (t) => {
  const s = await scene(t);
  if (s === null) return;
  const room = await s.begin();
  for (let n = 1; n <= 60; n += 1) await s.agent.say(room, `Line ${n}.`);
  await s.line("Line 60.").waitFor();
  await s.page.reload();
  await s.line("Line 60.").waitFor();
  assert.equal(await s.line("Line 5.").count(), 0);
  await s.panel.getByRole("button", { name: "Earlier messages" }).click();
  await s.line("Is the lamp in stock?").waitFor();
  await s.context.setOffline(true);
  for (let n = 61; n <= 120; n += 1) await s.agent.say(room, `Line ${n}.`);
  await s.context.setOffline(false);
  await s.line("Line 120.").waitFor();
  const lines = await s.panel.locator(".line .bubble").allInnerTexts();
  assert.deepEqual(lines, ["Is the lamp in stock?", ...Array.from({ length: 120 }, (_, n) => `Line ${n + 1}.`)]);
});
