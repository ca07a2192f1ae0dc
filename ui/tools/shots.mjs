// Pictures of every scene, light and dark, at the usual, the smallest and a large size; arguments name scenes, a theme, a width or a language.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { play, scenes } from "./scenes.mjs";
import { serve } from "./serve.mjs";

const asked = process.argv.slice(2);
const chosen = (all) => (all.some((one) => asked.includes(String(one))) ? all.filter((one) => asked.includes(String(one))) : all);
const themes = chosen(["light", "dark"]);
const heights = { 960: 600, 1280: 800, 2560: 1440 };
const widths = chosen([1280, 960, 2560]);
const tongue = asked.find((word) => /^(en|de|nl|fr|ar|pseudo)$/.test(word)) ?? "en";
const only = asked.filter((word) => !["light", "dark", "1280", "960", "2560", tongue].includes(word));
const mark = tongue === "en" ? "" : `-${tongue}`;
const folder = fileURLToPath(new URL("../shots/", import.meta.url));
mkdirSync(folder, { recursive: true });
const browser = await launch();
if (browser === null) {
  console.error("No Chromium was found. Install chromium, or name one in CHROMIUM.");
  process.exit(1);
}
const server = await serve("dist-scripted");
let failed = 0;
for (const theme of themes) {
  for (const width of widths) {
    const height = heights[width];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
    for (const scene of scenes.filter((s) => only.length === 0 || only.includes(s.name))) {
      const page = await context.newPage();
      try {
        await play(page, server.url, scene, tongue);
        await page.screenshot({ path: `${folder}${scene.name}-${theme}-${String(width)}${mark}.png` });
      } catch (error) {
        failed += 1;
        console.error(`${scene.name} ${theme} ${String(width)}: ${String(error).split("\n")[0]}`);
        await page.screenshot({ path: `${folder}${scene.name}-${theme}-${String(width)}${mark}.png` }).catch(() => undefined);
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
server.stop();
console.log(failed === 0 ? `pictures written to ui/shots/` : `${String(failed)} scenes could not be played`);
process.exit(failed === 0 ? 0 : 1);
