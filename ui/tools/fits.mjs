// Every scene in a language nobody speaks, two fifths longer than English: what is cut off, runs over its box or out of
// the window at the usual and the smallest size. Other languages and scenes by name: `node tools/fits.mjs de reports`.
import { launch } from "./browser.mjs";
import { play, scenes } from "./scenes.mjs";
import { serve } from "./serve.mjs";

const asked = process.argv.slice(2);
const known = ["pseudo", "en", "de", "nl", "fr", "ar"];
const tongue = asked.find((one) => known.includes(one)) ?? "pseudo";
const only = asked.filter((one) => !known.includes(one));
const browser = await launch();
if (browser === null) {
  console.log("fits: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const found = new Map();
let looked = 0;

/** Runs in the page: the words of the catalogue that are not whole on the screen. What people wrote may be cut: names, subjects, addresses. */
function cutOff() {
  const out = [];
  const name = (el) => {
    const near = el.closest("[data-testid]");
    const own = `${el.tagName.toLowerCase()}${[...el.classList].filter((c) => !c.startsWith("svelte-")).map((c) => `.${c}`).join("")}`;
    return near === null || near === el ? (near === null ? own : `${own}[${near.dataset.testid}]`) : `[${near.dataset.testid}] ${own}`;
  };
  // Only what is said by the window itself is judged, and that is in brackets (or, in a real language, all of it).
  const pseudo = "pseudo" in document.documentElement.dataset;
  const ours = (el) => el.closest("[dir=auto], bdi, .own, [data-testid=message-text]") === null && (!pseudo || /\[/.test(el.textContent));
  const scrolls = (el) => el !== null && (/auto|scroll/.test(getComputedStyle(el).overflowX) && el.scrollWidth > el.clientWidth + 1 && el.tabIndex >= 0 || scrolls(el.parentElement));
  for (const el of document.querySelectorAll("body *")) {
    if (el.closest("svg, iframe, .sr-only, [aria-hidden=true], option") || !ours(el)) continue;
    const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    const style = getComputedStyle(el);
    const box = el.getBoundingClientRect();
    if (box.width === 0 || style.visibility === "hidden") continue;
    if ((own || el.classList.contains("cut")) && style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll" && el.scrollWidth > el.clientWidth + 1 && !["INPUT", "TEXTAREA"].includes(el.tagName)) {
      if (el.title === "" && el.closest("[title]") === null) out.push(`cut off: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
      continue;
    }
    if (!own) continue;
    const range = document.createRange();
    range.selectNodeContents(el);
    const text = range.getBoundingClientRect();
    if (scrolls(el)) continue;
    if (text.right > innerWidth + 1 || text.left < -1) out.push(`out of the window: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
    else if (style.display !== "inline" && (text.right > box.right + 2 || text.left < box.left - 2) && style.overflowX === "visible") out.push(`over its box: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
    else if (["BUTTON", "LABEL", "SUMMARY"].includes(el.tagName) && text.height > box.height + 2) out.push(`higher than its box: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
  }
  for (const el of document.querySelectorAll("select")) {
    const probe = document.createElement("span");
    const style = getComputedStyle(el);
    probe.style.cssText = `position:absolute;visibility:hidden;white-space:nowrap;font:${style.font}`;
    probe.textContent = el.selectedOptions[0]?.textContent.trim() ?? "";
    document.body.append(probe);
    if ((!pseudo || probe.textContent.includes("[")) && el.closest("[data-testid=composer-from]") === null && probe.offsetWidth > el.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd) + 1) out.push(`cut off: select ${name(el)} “${probe.textContent.slice(0, 40)}”`);
    probe.remove();
  }
  for (const el of document.querySelectorAll("input[placeholder], textarea[placeholder]")) {
    if (el.value !== "" || el.placeholder === "") continue;
    if (el.tagName === "INPUT" && el.scrollWidth > el.clientWidth + 1) out.push(`cut off: placeholder ${name(el)} “${el.placeholder.slice(0, 40)}”`);
  }
  if (document.documentElement.scrollWidth > innerWidth) out.push("the page is wider than the window");
  return out;
}

for (const [width, height] of [[1280, 800], [960, 600]]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: "light", reducedMotion: "reduce" });
  const waiting = scenes.filter((s) => only.length === 0 || only.includes(s.name));
  const worker = async () => {
    for (let scene = waiting.shift(); scene !== undefined; scene = waiting.shift()) {
      const page = await context.newPage();
      try {
        await play(page, server.url, scene, tongue);
        await page.evaluate((pseudo) => {
          if (pseudo) document.documentElement.dataset.pseudo = "";
        }, tongue === "pseudo");
        for (const what of await page.evaluate(cutOff)) {
          const line = `${String(width)}: ${what}`;
          found.set(line, [...(found.get(line) ?? []), scene.name]);
        }
        looked += 1;
      } catch (error) {
        found.set(`${String(width)} ${scene.name}: ${String(error).split("\n")[0]}`, [scene.name]);
      }
      await page.close();
    }
  };
  await Promise.all(Array.from({ length: 3 }, worker));
  await context.close();
}
await browser.close();
server.stop();
for (const [what, where] of [...found].sort(([a], [b]) => a.localeCompare(b))) console.error(`${what}  (${where.slice(0, 3).join(", ")}${where.length > 3 ? ` and ${String(where.length - 3)} more` : ""})`);
if (found.size > 0) {
  console.error(`fits: ${String(found.size)} places in ${String(looked)} looks`);
  process.exit(1);
}
console.log(`fits: ${String(looked)} looks in ${tongue}, everything is whole`);
