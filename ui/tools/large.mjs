// The main screens at 200 % in a window of 1280 by 800 (WCAG 1.4.4 and 1.4.10): nothing cut off, nothing over anything else,
// everything that can be used within reach by scrolling one way. Pictures of them beside: `node tools/large.mjs shots`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { cutOff } from "./cutoff.mjs";
import { play } from "./scenes.mjs";
import { serve } from "./serve.mjs";
import { largeScenes } from "./window-scenes.mjs";

const asked = process.argv.slice(2);
const shots = asked.includes("shots");
const tongue = asked.find((word) => /^(en|de|nl|fr|ar|pseudo)$/.test(word)) ?? "en";
const only = asked.filter((word) => word !== "shots" && word !== tongue);
const browser = await launch();
if (browser === null) {
  console.log("large: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const folder = fileURLToPath(new URL("../shots/", import.meta.url));
mkdirSync(folder, { recursive: true });
const server = await serve("dist-scripted");
const found = [];

/** Runs in the page: what a hand can use but not reach, and what lies over something else that can be used. */
function outOfReach() {
  const out = [];
  const name = (el) => el.dataset.testid ?? el.getAttribute("aria-label") ?? el.textContent.trim().slice(0, 30);
  const layer = document.querySelector("[role=dialog], [role=menu]") ?? document.querySelector("nav.side.over") ?? document.getElementById("app");
  const scrollable = (el, axis) => {
    for (let up = el.parentElement; up !== null; up = up.parentElement) {
      const style = getComputedStyle(up);
      const over = axis === "y" ? style.overflowY : style.overflowX;
      const more = axis === "y" ? up.scrollHeight > up.clientHeight : up.scrollWidth > up.clientWidth;
      if (/auto|scroll/.test(over) && more) return up;
    }
    return null;
  };
  for (const el of layer.querySelectorAll("button, a[href], input:not([type=radio]):not([type=file]), select, textarea, [role=option]")) {
    const box = el.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || getComputedStyle(el).visibility === "hidden" || el.closest(".sr-only, [hidden]")) continue;
    if ((box.left < -1 || box.right > innerWidth + 1) && el.closest("table, pre") === null) out.push(`beside the window: ${name(el)}`);
    if ((box.top < -1 || box.bottom > innerHeight + 1) && scrollable(el, "y") === null) out.push(`below the window: ${name(el)}`);
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
    const top = document.elementFromPoint(x, y);
    const frame = scrollable(el, "y")?.getBoundingClientRect();
    const inSight = frame === undefined || (y > frame.top && y < frame.bottom);
    if (inSight && top !== null && !el.contains(top) && !top.contains(el) && top.closest("label") !== el.closest("label") && top.closest("[role=status], [data-testid=list]") === null) out.push(`under something else: ${name(el)} under ${name(top) || top.className}`);
  }
  // A column that scrolls both ways is read in two directions; tables and raw texts may.
  for (const el of document.querySelectorAll("main, section, aside, [role=dialog], .page")) {
    const style = getComputedStyle(el);
    if (/auto|scroll/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 1 && el.closest("table, pre") === null) out.push(`scrolls sideways: ${name(el) || el.className}`);
  }
  const timeline = document.querySelector("[data-testid=timeline]");
  if (timeline !== null && timeline.clientHeight < 60) out.push(`the timeline is only ${timeline.clientHeight} pixels high`);
  return [...new Set(out)];
}

const context = await browser.newContext({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, colorScheme: "light", reducedMotion: "reduce" });
const waiting = largeScenes.filter((s) => only.length === 0 || only.includes(s.name));
let looked = 0;
const worker = async () => {
  for (let scene = waiting.shift(); scene !== undefined; scene = waiting.shift()) {
    const page = await context.newPage();
    try {
      await play(page, server.url, scene, tongue);
      for (const what of [...(await page.evaluate(cutOff)), ...(await page.evaluate(outOfReach))]) found.push(`${scene.name}: ${what}`);
      looked += 1;
    } catch (error) {
      found.push(`${scene.name}: ${String(error).split("\n")[0]}`);
    }
    if (shots) await page.screenshot({ path: `${folder}${scene.name}${tongue === "en" ? "" : `-${tongue}`}.png` });
    await page.close();
  }
};
await Promise.all(Array.from({ length: 3 }, worker));
await browser.close();
server.stop();
if (found.length > 0) {
  console.error(found.sort().join("\n"));
  console.error(`large: ${found.length} findings in ${looked} looks`);
  process.exit(1);
}
console.log(`large: ${looked} looks in ${tongue} at 200 %, everything is whole and within reach`);
