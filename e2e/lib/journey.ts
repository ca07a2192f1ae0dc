// A journey: a desktop, mail servers and the app's window, with a picture of the window where it fails.
import { join } from "node:path";
import { Desktop, type DesktopOptions } from "./desktop.ts";
import { eventually } from "./process.ts";
import { BUILT, Servers, type ServerOptions } from "./servers.ts";
import { Driver, type Window } from "./webdriver.ts";

export type JourneyOptions = DesktopOptions & ServerOptions;

/** What a journey walks through. */
export class Journey {
  private window: Window | undefined;

  private constructor(
    readonly desktop: Desktop,
    readonly servers: Servers,
    private readonly driver: Driver,
  ) {}

  static async begin(options: JourneyOptions): Promise<Journey> {
    const desktop = await Desktop.start(options);
    try {
      const servers = await Servers.start(desktop, options);
      const driver = await Driver.start(desktop, {
        PARLEY_DATA_DIR: join(desktop.folder, "parley"),
        PARLEY_SIGN_IN_AT: servers.facts.sign_in,
      });
      return new Journey(desktop, servers, driver);
    } catch (error) {
      await desktop.stop();
      throw error;
    }
  }

  /** Starts the app and waits for its window. `sized` gives it the usual size; otherwise it has its own. */
  async open(args: readonly string[] = [], sized = true): Promise<Window> {
    this.window = await this.driver.open(join(BUILT, "parley"), args);
    if (sized) await this.window.resize(1280, 800);
    return this.window;
  }

  /** Ends the app and starts it again on the same data. */
  async reopen(args: readonly string[] = [], sized = true): Promise<Window> {
    await this.window?.close();
    return this.open(args, sized);
  }

  /** Starts the app a second time, as a link in another program does, and waits until that one has ended. */
  async startAgain(...args: string[]): Promise<void> {
    const again = this.desktop.launch([join(BUILT, "parley"), ...args], { env: { PARLEY_DATA_DIR: join(this.desktop.folder, "parley") }, log: "second" });
    await eventually("the second start to end", () => again.hasEnded || undefined, 30);
  }

  /** Keeps what helps to understand a failure. */
  async explain(name: string): Promise<void> {
    const path = await this.desktop.picture(`failed-${name}`).catch(() => undefined);
    console.error(`window: ${path ?? "no picture"}\n${this.desktop.log("tauri-driver").slice(-4000)}`);
  }

  async end(): Promise<void> {
    await this.window?.close().catch(() => undefined);
    await this.desktop.stop();
  }
}

/** Runs a journey and tidies up after it. */
export async function journey(name: string, walk: (journey: Journey) => Promise<void>, options: JourneyOptions = {}): Promise<void> {
  const begun = await Journey.begin(options);
  try {
    await walk(begun);
  } catch (error) {
    await begun.explain(name);
    throw error;
  } finally {
    await begun.end();
  }
}
