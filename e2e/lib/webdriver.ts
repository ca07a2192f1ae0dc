// The part of the W3C WebDriver protocol that the journeys need, spoken to tauri-driver.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Desktop } from "./desktop.ts";
import { type Program, eventually, freePort } from "./process.ts";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
export const SHOTS = join(import.meta.dirname, "..", "shots");

/** Keys as WebDriver names them. */
export const Key = {
  enter: "\uE007",
  escape: "\uE00C",
  tab: "\uE004",
  backspace: "\uE003",
  control: "\uE009",
  shift: "\uE008",
  alt: "\uE00A",
  up: "\uE013",
  down: "\uE015",
  left: "\uE012",
  right: "\uE014",
  end: "\uE010",
} as const;

/** tauri-driver, in front of WebKitWebDriver. */
export class Driver {
  private constructor(
    private readonly program: Program,
    private readonly base: string,
  ) {}

  /** `env` is what the application will see. */
  static async start(desktop: Desktop, env: NodeJS.ProcessEnv = {}): Promise<Driver> {
    const [port, native] = [await freePort(), await freePort()];
    const program = desktop.launch(["tauri-driver", "--port", `${port}`, "--native-port", `${native}`], { env });
    const driver = new Driver(program, `http://127.0.0.1:${port}`);
    await eventually("tauri-driver", async () => ((await driver.send("GET", "/status")) === undefined ? undefined : true));
    return driver;
  }

  /** Starts the application and waits for its window. */
  async open(application: string, args: readonly string[] = []): Promise<Window> {
    const capabilities = { alwaysMatch: { "tauri:options": { application, args } } };
    const session = (await this.send("POST", "/session", { capabilities })) as { sessionId: string };
    return new Window(this, session.sessionId);
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  async send(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.base + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = (await answer.json()) as { value: unknown };
    if (answer.ok) return value;
    const { error, message } = (value ?? {}) as { error?: string; message?: string };
    throw new Error(`${method} ${path}: ${error ?? answer.status} ${message ?? ""}`);
  }
}

/** The application's window. */
export class Window {
  constructor(
    private readonly driver: Driver,
    private readonly session: string,
  ) {}

  /** Closes the window and with it the application. */
  async close(): Promise<void> {
    await this.send("DELETE", "");
  }

  /** The windows of the application. */
  async windows(): Promise<string[]> {
    return (await this.send("GET", "/window/handles")) as string[];
  }

  /** The window that is spoken to. */
  async current(): Promise<string> {
    return (await this.send("GET", "/window")) as string;
  }

  /** Speaks to another window from now on. */
  async turnTo(window: string): Promise<void> {
    await this.send("POST", "/window", { handle: window });
  }

  /** Does something after which there is one more window, and gives that one. */
  async opens(act: () => Promise<unknown>): Promise<string> {
    const before = await this.windows();
    await act();
    return eventually("another window", async () => (await this.windows()).find((window) => !before.includes(window)));
  }

  async navigate(url: string): Promise<void> {
    await this.send("POST", "/url", { url });
  }

  /** Runs a function's body in the page. */
  async execute<T>(script: string, ...args: unknown[]): Promise<T> {
    return (await this.send("POST", "/execute/sync", { script, args })) as T;
  }

  /** The element with this data-testid, once it is there and visible. */
  async byTestId(id: string, seconds = 20): Promise<Element> {
    return this.byCss(`[data-testid="${id}"]`, seconds);
  }

  /** The first visible element a selector finds, once there is one. */
  async byCss(selector: string, seconds = 20): Promise<Element> {
    return this.found(`an element ${selector}`, VISIBLE_BY_CSS, [selector], seconds);
  }

  /** The visible element with this role and accessible name (or a part of it), once there is one. */
  async byRole(role: string, name: string, seconds = 20): Promise<Element> {
    return this.found(`a ${role} "${name}"`, VISIBLE_BY_ROLE, [role, name], seconds);
  }

  /** Waits until the page shows a text. */
  async shows(text: string, seconds = 20): Promise<void> {
    await eventually(`the text "${text}"`, async () => (await this.text()).includes(text) || undefined, seconds);
  }

  /** Waits until the page no longer shows a text. */
  async hides(text: string, seconds = 20): Promise<void> {
    await eventually(`no text "${text}"`, async () => !(await this.text()).includes(text) || undefined, seconds);
  }

  /** All text the page shows. */
  async text(): Promise<string> {
    return this.execute<string>("return document.body.innerText");
  }

  /** Presses keys one after the other; where several are given as a list, together. */
  async press(...keys: (string | readonly string[])[]): Promise<void> {
    const actions = keys.flatMap((chord) => {
      const all = typeof chord === "string" ? [chord] : chord;
      const down = all.map((value) => ({ type: "keyDown", value }));
      return [...down, ...all.toReversed().map((value) => ({ type: "keyUp", value }))];
    });
    await this.send("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
    await this.send("DELETE", "/actions");
  }

  /** Types a text where the focus is. */
  async type(text: string): Promise<void> {
    await this.press(...text);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send("POST", "/window/rect", { width, height });
  }

  /** Keeps a picture of the window in e2e/shots. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(SHOTS, { recursive: true });
    const path = join(SHOTS, `${name}.png`);
    writeFileSync(path, Buffer.from((await this.send("GET", "/screenshot")) as string, "base64"));
    return path;
  }

  async send(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.driver.send(method, `/session/${this.session}${path}`, body);
  }

  private async found(what: string, script: string, args: unknown[], seconds: number): Promise<Element> {
    return eventually(
      what,
      async () => {
        const found = await this.execute<Record<string, string> | null>(script, ...args);
        const id = found?.[ELEMENT];
        return id === undefined ? undefined : new Element(this, id);
      },
      seconds,
    );
  }
}

/** An element of the page. */
export class Element {
  constructor(
    private readonly window: Window,
    private readonly id: string,
  ) {}

  async click(): Promise<void> {
    await this.send("POST", "/click", {});
  }

  /** Types into the element; a path typed into a file field chooses the file. */
  async type(text: string): Promise<void> {
    await this.send("POST", "/value", { text });
  }

  /** Replaces what a field holds. */
  async fill(text: string): Promise<void> {
    // A field of formatted text takes words as the system's input gives them.
    const field = { [ELEMENT]: this.id };
    if (await this.window.execute<boolean>(`return arguments[0].isContentEditable`, field)) {
      await this.window.execute(`arguments[0].focus(); document.execCommand("selectAll"); document.execCommand("insertText", false, arguments[1])`, field, text);
      return;
    }
    await this.send("POST", "/clear", {});
    await this.type(text);
  }

  async text(): Promise<string> {
    return (await this.send("GET", "/text")) as string;
  }

  async attribute(name: string): Promise<string | null> {
    return (await this.send("GET", `/attribute/${name}`)) as string | null;
  }

  private async send(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.window.send(method, `/element/${this.id}${path}`, body);
  }
}

const VISIBLE = `const visible = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";`;

const VISIBLE_BY_CSS = `${VISIBLE}
return [...document.querySelectorAll(arguments[0])].find((e) => visible(e) || e.type === "file") ?? null;`;

// The roles the journeys use, with the elements that have them by nature.
const VISIBLE_BY_ROLE = `${VISIBLE}
const [role, name] = arguments;
const native = { button: "button", link: "a[href]", textbox: "input:not([type=checkbox]):not([type=radio]),textarea",
  heading: "h1,h2,h3,h4", checkbox: "input[type=checkbox]", combobox: "select", option: "option", dialog: "dialog" };
const selector = '[role="' + role + '"]' + (native[role] ? "," + native[role] : "");
const label = (e) => e.getAttribute("aria-label") ?? (e.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
  .map((id) => document.getElementById(id)?.innerText ?? "").join(" ");
const named = (e) => [label(e), ...[...(e.labels ?? [])].map((l) => l.innerText), e.innerText, e.title, e.placeholder]
  .find((text) => text && text.trim() !== "")?.trim() ?? "";
const all = [...document.querySelectorAll(selector)].filter(visible);
return all.find((e) => named(e) === name) ?? all.find((e) => named(e).includes(name)) ?? null;`;
