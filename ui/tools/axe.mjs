// Every scene under axe (in another language by its tag), in both themes, under the shell's content policy: no violation of WCAG 2.2 AA, no breach of the policy, no error.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch } from "./browser.mjs";
import { play, scenes } from "./scenes.mjs";
import { serve } from "./serve.mjs";

const asked = process.argv.slice(2);
const tongue = asked.find((word) => /^(en|de|nl|fr|ar)$/.test(word)) ?? "en";
const only = asked.filter((word) => word !== tongue);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();
if (browser === null) {
  console.log("axe: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const found = [];
let looked = 0;
for (const theme of ["light", "dark"]) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme, reducedMotion: "reduce" });
  const waiting = scenes.filter((s) => only.length === 0 || only.includes(s.name));
  // A few pages side by side: a scene mostly waits.
  const worker = async () => {
    for (let scene = waiting.shift(); scene !== undefined; scene = waiting.shift()) {
      const page = await context.newPage();
      const say = (what) => found.push(`${scene.name} (${theme}): ${what}`);
      page.on("pageerror", (error) => say(`error: ${error.message}`));
      page.on("console", (line) => {
        if (line.type() === "error" || line.text().includes("Content Security Policy")) say(`console: ${line.text()}`);
      });
      try {
        await play(page, server.url, scene, tongue);
        // Injected by the tool's own channel, which the page's policy does not rule.
        await page.evaluate(axe);
        // An open menu floats above the page in a layer of its own, as a dialog does: no landmark is around it.
        const { violations } = await page.evaluate(async () => {
          const all = await window.axe.run({ exclude: [["iframe"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], iframes: false });
          const floats = (node) => document.querySelector(String(node.target[0]))?.closest("[role=menu]") != null;
          return { violations: all.violations.map((v) => (v.id === "region" ? { ...v, nodes: v.nodes.filter((node) => !floats(node)) } : v)) };
        });
        for (const v of violations) for (const node of v.nodes.slice(0, 3)) say(`${v.id}: ${v.help}\n    ${node.html.slice(0, 160)}\n    ${node.failureSummary?.split("\n").slice(1, 2).join(" ").trim() ?? ""}`);
        looked += 1;
      } catch (error) {
        say(String(error).split("\n")[0]);
      }
      await page.close();
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  await context.close();
}
await browser.close();
server.stop();
if (found.length > 0) {
  console.error(found.join("\n"));
  console.error(`axe: ${String(found.length)} findings in ${String(looked)} scenes`);
  process.exit(1);
}
console.log(`axe: ${String(looked)} scenes in two themes, nothing found`);
