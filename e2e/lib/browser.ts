// The window's pages in Chromium against a real engine: faster than the window, for what needs no desktop.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { chromium, type Browser, type Page } from "playwright-core";
import { firstLine, Program } from "./process.ts";
import { BUILT } from "./servers.ts";

export const PASSPHRASE = "correct horse battery";
const PAGES = join(import.meta.dirname, "../../ui/dist-scripted");

/** The system's Chromium, if it has one. */
export function chromiumPath(): string | undefined {
  return [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path !== undefined && existsSync(path));
}

/** Runs parleyctl on a workspace that opens with [`PASSPHRASE`], and gives what it printed. */
export function parleyctl(folder: string, args: readonly string[]): Promise<string> {
  // A pipe of Node's is a socket, which cannot be opened by its number: the passphrase comes out of a file.
  const file = `${folder}.passphrase`;
  writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 });
  const passphrase = openSync(file, "r");
  rmSync(file);
  return new Promise<string>((resolve, reject) => {
    const child = spawn(join(BUILT, "parleyctl"), ["--dir", folder, "--passphrase-fd", "3", ...args], { env: { ...process.env, PARLEY_KEYRING: "off" }, stdio: ["ignore", "pipe", "pipe", passphrase] });
    let [out, err] = ["", ""];
    child.stdout?.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr?.on("data", (piece: Buffer) => (err += piece.toString()));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`parleyctl ${args.join(" ")}: ${String(code)} ${err}`))));
  }).finally(() => closeSync(passphrase));
}

/** A workspace behind an address of this computer, and a browser to look at it. */
export class Served {
  private constructor(
    readonly folder: string,
    readonly workspace: string,
    private readonly program: Program,
    readonly address: string,
    private readonly browser: Browser,
  ) {}

  /** Serves a workspace that `fill` has filled; null where there is no Chromium. */
  static async start(fill: (workspace: string, folder: string) => Promise<void>): Promise<Served | null> {
    const executablePath = chromiumPath();
    if (executablePath === undefined) return null;
    const folder = mkdtempSync(join(tmpdir(), "parley-browser-"));
    try {
      const workspace = join(folder, "workspace");
      await parleyctl(workspace, ["init", "--name", "Mia"]);
      await fill(workspace, folder);
      const program = Program.start([join(BUILT, "parley-serve"), "--dir", workspace, "--pages", PAGES], { env: process.env, log: join(folder, "serve.log") });
      const address = await firstLine(program.child.stdout as Readable, "parley-serve");
      const browser = await chromium.launch({ executablePath, headless: true, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
      return new Served(folder, workspace, program, address, browser);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A window of its own on the workspace, still locked where nobody has opened it. */
  async page(options: { dark?: boolean; width?: number; height?: number } = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: options.width ?? 1280, height: options.height ?? 800 }, colorScheme: options.dark === true ? "dark" : "light", reducedMotion: "reduce", locale: "en-GB" });
    const page = await context.newPage();
    await page.goto(this.address);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Opens the workspace with its passphrase. */
export async function unlock(page: Page, passphrase = PASSPHRASE): Promise<void> {
  await page.getByTestId("passphrase").fill(passphrase);
  await page.keyboard.press("Enter");
}

/** Opens the conversation whose row shows a text. */
export async function openConversation(page: Page, text: string): Promise<void> {
  await page.getByTestId("row").filter({ hasText: text }).first().click();
  await page.getByTestId("composer").waitFor();
}
