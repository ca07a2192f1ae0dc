// Conversations, reports and the wait board on paper: as pictures of the print style and as PDF, in ui/shots/. Says how many
// pages each has, and whether anything of the window is left on them.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { play } from "./scenes.mjs";
import { serve } from "./serve.mjs";
import { paperScenes } from "./window-scenes.mjs";

const asked = process.argv.slice(2);
const tongue = asked.find((word) => /^(en|de|nl|fr|ar)$/.test(word)) ?? "en";
const browser = await launch();
if (browser === null) {
  console.log("paper: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const folder = fileURLToPath(new URL("../shots/", import.meta.url));
mkdirSync(folder, { recursive: true });
const server = await serve("dist-scripted");
let wrong = 0;
// A dark window prints on white paper all the same.
const context = await browser.newContext({ viewport: { width: 794, height: 1123 }, colorScheme: "dark", reducedMotion: "reduce" });
for (const scene of paperScenes) {
  const page = await context.newPage();
  const screen = { width: 1280, height: 800 };
  await page.setViewportSize(screen);
  await play(page, server.url, scene, tongue);
  const left = await page.evaluate(() => [...document.querySelectorAll("nav, [role=dialog], [data-testid=composer], [data-testid=list], button")].filter((el) => el.getBoundingClientRect().height > 0 && el.closest("main table, main li, main dl") === null && !el.matches("main button")).map((el) => el.dataset.testid ?? el.textContent.trim().slice(0, 30)));
  const height = await page.evaluate(() => document.getElementById("app").scrollHeight);
  const mark = tongue === "en" ? "" : `-${tongue}`;
  const pdf = await page.pdf({ path: `${folder}${scene.name}${mark}.pdf`, format: "A4", preferCSSPageSize: false });
  const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g) ?? []).length;
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: `${folder}${scene.name}${mark}.png` });
  if (left.length > 0 || pages === 0 || height < 100) wrong += 1;
  console.log(`${scene.name}: ${pages} pages${left.length > 0 ? `; of the window is left: ${left.slice(0, 6).join(", ")}` : ""}`);
  await page.close();
}
await browser.close();
server.stop();
process.exit(wrong === 0 ? 0 : 1);
