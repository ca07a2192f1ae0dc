// `make bench-ui`: what a person feels, measured in the real window. Prints a table; never fails for being slow.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { Desktop } from "../lib/desktop.ts";
import { eventually } from "../lib/process.ts";
import { BUILT } from "../lib/servers.ts";
import { Driver, type Window } from "../lib/webdriver.ts";
import { LONG, SHORT, write } from "./corpus.ts";
import { inPage, run } from "./hands.ts";
import { type Figure, ms, percentile, table } from "./figures.ts";
import { find, pss, startedAt, tree } from "./processes.ts";

const N = Number(process.argv[2] ?? 10_000);
const STARTS = 5;
const OPENS = 40;
const STROKES = 100;
const FRAMES = 300;

interface Start {
  time: number;
  memory: number;
}

/** Starts Parley, and says how long it took to the first rows and what it holds then. */
async function started(desktop: Desktop, driver: Driver, data: string): Promise<Start & { window: Window }> {
  const window = await driver.open(join(BUILT, "parley"));
  const painted = await eventually("the inbox", async () => (await window.execute<number | null>(`const [mark] = performance.getEntriesByName("inbox"); return mark === undefined ? null : performance.timeOrigin + mark.startTime`)) ?? undefined, 120);
  const pid = await eventually("the process", () => find(join(BUILT, "parley"), `PARLEY_DATA_DIR=${data}`));
  return { window, time: painted - startedAt(pid), memory: pss(tree(pid)) };
}

/** The same of a window with nothing in it. */
async function bare(desktop: Desktop): Promise<Start> {
  const child = spawn("/usr/bin/python3", [join(import.meta.dirname, "bare.py")], { env: desktop.env, stdio: ["ignore", "pipe", "ignore"] });
  try {
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve);
      child.once("close", () => reject(new Error("the bare window did not open (gir1.2-webkit2-4.1 and python3-gi are wanted)")));
    });
    const [time = "", pid = ""] = line.split(" ");
    return { time: Number(time), memory: pss(tree(Number(pid))) };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Clicks a row, and says how long it takes until its messages are painted. */
const OPEN = `
const [id] = args;
const box = document.querySelector('[data-testid="list"]');
const row = box.querySelector('[data-id="' + id + '"]');
const began = performance.now();
row.click();
for (;;) {
  await frame();
  const t = document.querySelector('[data-testid="timeline"]');
  if (t !== null && t.dataset.conversation === id && t.querySelector('[data-testid="message"]') !== null) break;
  if (performance.now() - began > 20000) throw new Error("not opened");
}
await painted();
return performance.now() - began;`;

async function opens(window: Window, ids: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const id of ids) times.push(await inPage<number>(window, OPEN, id));
  return times.filter((time) => typeof time === "number");
}

/** Rows by what they show. */
function rows(window: Window, name: string | null): Promise<string[]> {
  return window.execute<string[]>(`return [...document.querySelectorAll('[data-testid="row"]')].filter((e) => arguments[0] === null || e.innerText.includes(arguments[0])).map((e) => e.dataset.id)`, name);
}

interface Scroll {
  gaps: number[];
  beat: number;
}

const SCROLL = `
const [perFrame, frames] = args;
const list = document.querySelector('[data-testid="list"]');
list.scrollTop = 0;
let last = await frame();
const idle = [];
for (let i = 0; i < 60; i += 1) { const now = await frame(); idle.push(now - last); last = now; }
const gaps = [];
for (let i = 0; i < frames; i += 1) { list.scrollTop += perFrame; const now = await frame(); gaps.push(now - last); last = now; }
return { gaps, beat: idle.sort((a, b) => a - b)[30] };`;

const TYPE = `
const [strokes] = args;
const field = document.querySelector('[data-testid="composer-text"]');
field.focus();
const times = [];
for (let i = 0; i < strokes; i += 1) {
  const began = performance.now();
  document.execCommand("insertText", false, "abcdefgh "[i % 9]);
  await painted();
  times.push(performance.now() - began);
}
return times;`;

function size(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile() && /\.(js|css|html)$/.test(one.name)).reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0);
}

const desktop = await Desktop.start();
try {
  const data = join(desktop.folder, "parley");
  const figures: Figure[] = [];
  console.log(`filling a workspace with ${N} messages …`);
  const corpus = join(desktop.folder, "corpus.jsonl");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await write(corpus, N);
  const ctl = [join(BUILT, "parleyctl"), "--dir", data];
  await run(desktop, [...ctl, "init", "--name", "Mia"]);
  await run(desktop, [...ctl, "import", corpus, "--own", "support@desk.test", "--measured"]);
  const driver = await Driver.start(desktop, { PARLEY_DATA_DIR: data });

  console.log("starting …");
  const ours: Start[] = [];
  const empty: Start[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    empty.push(await bare(desktop));
    const { window, ...start } = await started(desktop, driver, data);
    ours.push(start);
    await window.close();
  }
  const middle = (all: readonly Start[], what: keyof Start): number => percentile(all.map((one) => one[what]), 0.5);
  const ratio = middle(ours, "time") / middle(empty, "time");
  figures.push({ what: `cold start to the first painted rows (median of ${STARTS}, taken in turns)`, ours: `${ms(middle(ours, "time"))} (× ${ratio.toFixed(2)})`, bare: ms(middle(empty, "time")), goal: "≤ 1.25 × a bare window" });

  console.log("using it …");
  const { window } = await started(desktop, driver, data);
  await window.resize(1280, 800);
  await (await window.byTestId("view-all")).click();
  await window.byTestId("row", 60);
  await eventually("the long conversation", async () => ((await rows(window, LONG)).length > 0 ? true : undefined), 30);
  const ids = (await rows(window, null)).slice(0, 8);
  const [long = ""] = await rows(window, LONG);
  const [short = ""] = await rows(window, SHORT);
  await opens(window, ids);
  const many = await opens(window, Array.from({ length: OPENS }, (_, i) => ids[i % ids.length] ?? ""));
  figures.push({ what: `click to painted conversation, p50 · p99 (n = ${many.length})`, ours: `${ms(percentile(many, 0.5))} · ${ms(percentile(many, 0.99))}`, bare: "", goal: "≤ 50 ms" });
  const turns = Array.from({ length: 15 }, () => [long, short]).flat();
  const both = await opens(window, turns);
  const of = (which: string): number => percentile(both.filter((_, i) => turns[i] === which), 0.5);
  figures.push({ what: `the same of ${Math.floor(N / 2)} messages · of 100 messages, p50`, ours: `${ms(of(long))} · ${ms(of(short))} (${(((of(long) - of(short)) / of(short)) * 100).toFixed(0)} %)`, bare: "", goal: "± 10 %" });

  for (const [name, perFrame] of [["20 px a frame", 20], ["a wheel's 120 px a frame", 120], ["flung, 800 px a frame", 800]] as const) {
    const { gaps, beat } = await inPage<Scroll>(window, SCROLL, perFrame, FRAMES);
    const lost = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / beat) - 1), 0);
    figures.push({ what: `scrolling the list, ${name}: lost frames · longest`, ours: `${lost} of ${FRAMES + lost} · ${ms(Math.max(...gaps))} (beat ${ms(beat)})`, bare: "", goal: "none over 16.7 ms" });
  }

  await opens(window, [short]);
  await window.press("r");
  await window.byTestId("composer-text");
  const strokes = await inPage<number[]>(window, TYPE, STROKES);
  figures.push({ what: `a key in the composer to painted, p50 · p99 (n = ${strokes.length})`, ours: `${ms(percentile(strokes, 0.5))} · ${ms(percentile(strokes, 0.99))}`, bare: "", goal: "one frame" });

  const pid = find(join(BUILT, "parley"), `PARLEY_DATA_DIR=${data}`) ?? 0;
  const floor = middle(empty, "memory");
  const used = pss(tree(pid));
  figures.push({ what: "memory of the process tree (PSS) after all this", ours: `${used.toFixed(0)} MB (+ ${(used - floor).toFixed(0)})`, bare: `${floor.toFixed(0)} MB`, goal: "≤ floor + 80 MB" });
  figures.push({ what: "the same right after a start, median", ours: `${middle(ours, "memory").toFixed(0)} MB`, bare: "", goal: "" });
  figures.push({ what: "the window's pages, uncompressed", ours: `${(size(join(import.meta.dirname, "../../ui/dist")) / 1000).toFixed(0)} kB`, bare: "", goal: "" });
  await window.close();
  console.log(`\n${N} messages · WebKitGTK without a graphics card, on a screen in memory · ${process.env["PROFILE"] ?? "release"} build\n\n${table(figures)}\n`);
} finally {
  await desktop.stop();
}
