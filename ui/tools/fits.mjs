// Every scene in a language nobody speaks, two fifths longer than English: what is cut off, runs over its box or out of
// the window at the usual and the smallest size. Other languages and scenes by name: `node tools/fits.mjs de reports`.
import { launch } from "./browser.mjs";
import { cutOff } from "./cutoff.mjs";
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
