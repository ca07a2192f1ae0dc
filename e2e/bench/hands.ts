// What the benches do with programs and pages.
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Desktop } from "../lib/desktop.ts";
import type { Window } from "../lib/webdriver.ts";

/** A descriptor to read a secret from; its file is gone already. */
function opened(desktop: Desktop, secret: string): number {
  const path = join(desktop.folder, "secret");
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  const fd = openSync(path, "r");
  rmSync(path);
  return fd;
}

/** Runs a program of ours in the desktop's surroundings, to its end; it reads `secret` from descriptor 3. */
export function run(desktop: Desktop, command: readonly string[], secret?: string): Promise<void> {
  const [program = "", ...args] = command;
  const fd = secret === undefined ? undefined : opened(desktop, secret);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: desktop.env, stdio: ["ignore", "ignore", "inherit", ...(fd === undefined ? [] : [fd])] });
    if (fd !== undefined) closeSync(fd);
    child.once("error", reject);
    child.once("close", (code) => (code === 0 || code === 3 ? resolve() : reject(new Error(`${program}: ${code}`))));
  });
}

/** Runs an asynchronous body in the page; `done` is called with what it gives. */
export async function inPage<T>(window: Window, body: string, ...args: unknown[]): Promise<T> {
  const script = `const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);
const frame = () => new Promise((go) => requestAnimationFrame(go));
const painted = async () => { await frame(); await new Promise((go) => { const c = new MessageChannel(); c.port1.onmessage = go; c.port2.postMessage(0); }); };
(async () => {${body}})().then(done, (e) => done({ error: String(e) }));`;
  await window.send("POST", "/timeouts", { script: 50_000 });
  return (await window.send("POST", "/execute/async", { script, args })) as T;
}
