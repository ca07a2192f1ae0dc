// Pictures of every scene. Arguments name scenes, themes (light, dark), widths (960, 1280, 2560) or languages; without, every scene is
// taken light and dark at three widths in English. `--every` takes each in both themes and both directions at the usual width;
// `--to FOLDER` says where they go.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { play, scenes } from "./scenes.mjs";
import { serve } from "./serve.mjs";

const words = process.argv.slice(2);
const to = words.includes("--to") ? words.splice(words.indexOf("--to"), 2)[1] : fileURLToPath(new URL("../shots/", import.meta.url));
const every = words.includes("--every");
const asked = words.filter((word) => !word.startsWith("--"));
const chosen = (all, usual = all) => (all.some((one) => asked.includes(String(one))) ? all.filter((one) => asked.includes(String(one))) : usual);
const heights = { 960: 600, 1280: 800, 2560: 1440 };
const [themes, widths, tongues] = [["light", "dark"], [960, 1280, 2560], ["en", "de", "nl", "fr", "ar", "pseudo"]];
const looks = { themes: chosen(themes), widths: chosen(widths, every ? [1280] : widths), tongues: chosen(tongues, every ? ["en", "ar"] : ["en"]) };
const only = asked.filter((word) => ![...themes, ...widths.map(String), ...tongues].includes(word));
const folder = resolve(to);
mkdirSync(folder, { recursive: true });
const browser = await launch();
if (browser === null) {
  console.error("No Chromium was found. Install chromium, or name one in CHROMIUM.");
  process.exit(1);
}
const server = await serve("dist-scripted");
let failed = 0;
for (const theme of looks.themes) {
  for (const width of looks.widths) {
    const context = await browser.newContext({ viewport: { width, height: heights[width] }, colorScheme: theme, reducedMotion: "reduce" });
    for (const tongue of looks.tongues) {
      for (const scene of scenes.filter((s) => only.length === 0 || only.includes(s.name))) {
        const page = await context.newPage();
        try {
          await play(page, server.url, scene, tongue);
        } catch (error) {
          failed += 1;
          console.error(`${scene.name} ${theme} ${String(width)} ${tongue}: ${String(error).split("\n")[0]}`);
        }
        await page.screenshot({ path: join(folder, `${scene.name}-${theme}-${String(width)}${tongue === "en" ? "" : `-${tongue}`}.png`) }).catch(() => undefined);
        await page.close();
      }
    }
    await context.close();
  }
}
await browser.close();
server.stop();
console.log(failed === 0 ? `pictures written to ${folder}` : `${String(failed)} scenes could not be played`);
process.exit(failed === 0 ? 0 : 1);
