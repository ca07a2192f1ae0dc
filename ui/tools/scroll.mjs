// Scrolls a list of 100,000 conversations in Chromium and tells what the eye gets: frames, long ones, nodes, and how long lines stay grey.
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const browser = await launch();
if (browser === null) {
  console.log("scroll: SKIPPED, no Chromium was found (install chromium, or name one in CHROMIUM)");
  process.exit(0);
}
const server = await serve("dist-scripted");
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const began = Date.now();
await page.goto(`${server.url}?host=scripted&state=huge`);
await page.locator('[data-testid="row"]').first().waitFor();
const first = Date.now() - began;
await page.waitForFunction(() => document.querySelector('[data-testid="list"]').scrollHeight > 7_000_000);
await page.waitForTimeout(500);

// The main thread's own time: what a frame costs, whatever else this machine is busy with.
const devtools = await page.context().newCDPSession(page);
await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
const spent = async () => Object.fromEntries((await devtools.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value * 1000]));

/** Frames while the list moves by so many pixels a frame; a frame is lost where the screen's beat was missed. */
const run = async (perFrame, frames) => {
  const before = await spent();
  const result = await scroll(perFrame, frames);
  const after = await spent();
  const each = (name) => (after[name] - before[name]) / frames;
  return { ...result, task: each("TaskDuration"), script: each("ScriptDuration"), style: each("RecalcStyleDuration"), layout: each("LayoutDuration") };
};
const scroll = (perFrame, frames) =>
  page.evaluate(
    async ({ perFrame, frames }) => {
      const list = document.querySelector('[data-testid="list"]');
      const next = () => new Promise((done) => requestAnimationFrame(done));
      let shifts = 0;
      const watch = new PerformanceObserver((entries) => {
        for (const entry of entries.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
      });
      watch.observe({ type: "layout-shift" });
      // What the screen's beat is on this machine with nothing to do.
      let last = await next();
      const idle = [];
      for (let i = 0; i < 60; i += 1) {
        const now = await next();
        idle.push(now - last);
        last = now;
      }
      const gaps = [];
      let nodes = 0;
      let grey = 0;
      for (let i = 0; i < frames; i += 1) {
        list.scrollTop += perFrame;
        const now = await next();
        gaps.push(now - last);
        last = now;
        if (i % 10 === 0) nodes = Math.max(nodes, list.querySelectorAll("*").length);
        if (list.querySelector('[data-testid="row-waiting"]') !== null) grey += 1;
      }
      watch.disconnect();
      const beat = [...idle].sort((a, b) => a - b)[30];
      const lost = gaps.reduce((n, gap) => n + Math.max(0, Math.round(gap / beat) - 1), 0);
      return { beat, lost, frames, longest: Math.max(...gaps), idleLost: idle.reduce((n, gap) => n + Math.max(0, Math.round(gap / beat) - 1), 0), lines: list.querySelectorAll("[data-index]").length, nodes, grey, shifts, at: list.scrollTop };
    },
    { perFrame, frames },
  );
const show = (name, r) =>
  console.log(`${name}: a frame costs ${r.task.toFixed(1)} ms of the main thread (script ${r.script.toFixed(1)}, style ${r.style.toFixed(1)}, layout ${r.layout.toFixed(1)}); ${String(r.lost)} of ${String(r.frames + r.lost)} frames lost (idle: ${String(r.idleLost)} of ${String(60 + r.idleLost)}), longest ${r.longest.toFixed(0)} ms at a beat of ${r.beat.toFixed(1)} ms; ${String(r.lines)} lines, at most ${String(r.nodes)} nodes; ${String(r.grey)} frames with grey lines; layout shift ${r.shifts.toFixed(4)}`);

console.log(`first row after ${String(first)} ms`);
show("slow, 20 px a frame", await run(20, 300));
show("wheel, 120 px a frame", await run(120, 300));
show("flung, 800 px a frame", await run(800, 300));
show("dragged bar, 20,000 px a frame", await run(20_000, 200));
const settled = await page.evaluate(async () => {
  const list = document.querySelector('[data-testid="list"]');
  list.scrollTop = list.scrollHeight / 3;
  const start = performance.now();
  do await new Promise((done) => requestAnimationFrame(done));
  while (list.querySelector('[data-testid="row-waiting"]') !== null || list.querySelector('[data-testid="row"]') === null);
  return performance.now() - start;
});
console.log(`after a jump the rows are there in ${settled.toFixed(0)} ms`);
await browser.close();
server.stop();
