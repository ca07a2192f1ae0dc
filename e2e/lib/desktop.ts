// A desktop of our own: a display, a session bus without activation, an unlocked keyring, a notification daemon.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync, readFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program, eventually } from "./process.ts";

const run = promisify(execFile);

export interface Notification {
  app: string;
  title: string;
  body: string;
  /** The number of the one it takes the place of; 0 for none. */
  replaces: number;
  /** What can be done with it. */
  actions: string[];
}

const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** A thing as a screen reader gets it. */
export interface Accessible {
  role: string;
  name: string;
  description: string;
  /** What it says itself, without the things in it. */
  text: string;
  states: string[];
  attributes: Record<string, string>;
  children: Accessible[];
}

export interface DesktopOptions {
  /** Without a Secret Service the app asks for a passphrase. */
  keyring?: boolean;
  /** Somebody listens with a screen reader. */
  screenReader?: boolean;
}

/** The surroundings a window needs, none of them the user's own. */
export class Desktop {
  private readonly programs: Program[] = [];
  readonly env: NodeJS.ProcessEnv;

  private constructor(readonly folder: string) {
    const own = (name: string): string => {
      const path = join(folder, name);
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o700);
      return path;
    };
    mkdirSync(join(folder, "logs"));
    const { PATH, LD_LIBRARY_PATH } = process.env;
    this.env = {
      // What the system opens a page with comes first.
      PATH: `${this.browser(own("bin"))}:${PATH ?? ""}`,
      ...(LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }),
      HOME: own("home"),
      XDG_CONFIG_HOME: own("config"),
      XDG_DATA_HOME: own("data"),
      XDG_CACHE_HOME: own("cache"),
      XDG_STATE_HOME: own("state"),
      XDG_RUNTIME_DIR: own("runtime"),
      // There is no dconf on our bus.
      GSETTINGS_BACKEND: "memory",
      LANG: "C.UTF-8",
      TZ: "UTC",
      // Nobody listens to accessibility events here, and there is no graphics card.
      NO_AT_BRIDGE: "1",
      GTK_A11Y: "none",
      GDK_BACKEND: "x11",
      LIBGL_ALWAYS_SOFTWARE: "1",
      WEBKIT_DISABLE_DMABUF_RENDERER: "1",
    };
  }

  static async start({ keyring = true, screenReader = false }: DesktopOptions = {}): Promise<Desktop> {
    const desktop = new Desktop(mkdtempSync(join(tmpdir(), "parley-e2e-")));
    try {
      await desktop.startDisplay();
      await desktop.startBus();
      if (keyring) await desktop.startKeyring();
      if (screenReader) await desktop.startAccessibility();
      await desktop.startNotifications();
    } catch (error) {
      await desktop.stop();
      throw error;
    }
    return desktop;
  }

  /** Starts a program that ends with the desktop. */
  launch(command: readonly string[], options: { env?: NodeJS.ProcessEnv; input?: string; log?: string } = {}): Program {
    const name = options.log ?? (command[0] ?? "program").split("/").pop() ?? "program";
    const program = Program.start(command, {
      env: { ...this.env, ...options.env },
      log: this.logFile(name),
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    this.programs.push(program);
    return program;
  }

  /** The pages the browser was sent to, each with what it showed in the end. */
  browsed(): string {
    return this.log("browser");
  }

  /** Everything a program has printed. */
  log(name: string): string {
    const path = this.logFile(name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** The notifications that were asked for so far. */
  notifications(): Notification[] {
    const calls = this.log("dbus-monitor").split(/^(?=(?:method call|signal) time=)/m).filter((call) => call.includes("member=Notify"));
    return calls.map((call) => {
      const strings = [...call.matchAll(/^ {3}string "([\s\S]*?)"$/gm)].map((match) => match[1] ?? "");
      const [app = "", , title = "", body = ""] = strings;
      const [, list = ""] = /^ {3}array \[\n([\s\S]*?)^ {3}\]$/m.exec(call) ?? [];
      const words = [...list.matchAll(/^ {6}string "(.*)"$/gm)].map((match) => match[1] ?? "");
      return { app, title, body, replaces: Number(/^ {3}uint32 (\d+)$/m.exec(call)?.[1] ?? 0), actions: words.filter((_, n) => n % 2 === 0) };
    });
  }

  /** Waits for a notification whose title or body contains a text. */
  async notified(text: string, seconds = 20): Promise<Notification> {
    const fits = (one: Notification): boolean => `${one.title}\n${one.body}`.includes(text);
    return eventually(`a notification with "${text}"`, () => this.notifications().find(fits), seconds);
  }

  /** Clicks the notification that came last, or does one of its actions by its name. */
  async act(action: string | null = null): Promise<void> {
    if (action !== null) writeFileSync(join(this.folder, "chosen-action"), action);
    await run("dunstctl", action === null ? ["action", "0"] : ["context"], { env: this.env });
  }

  /** How many notifications are on screen. */
  async noticesOnScreen(): Promise<number> {
    return Number((await run("dunstctl", ["count", "displayed"], { env: this.env })).stdout.trim());
  }

  /** The number that the program's icon last got in the dock. */
  badge(): number | undefined {
    const told = [...this.log("dbus-monitor").matchAll(/string "count"\s+variant\s+int64 (\d+)/g)].at(-1);
    return told === undefined ? undefined : Number(told[1]);
  }

  /** Keeps a picture of the whole screen in e2e/shots. */
  async picture(name: string): Promise<string> {
    const folder = join(import.meta.dirname, "..", "shots");
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await run("import", ["-window", "root", path], { env: this.env });
    return path;
  }

  /** Takes the keyboard away from every window, as when a person works in another program. */
  async lookAway(): Promise<void> {
    const { stdout } = await run("xdotool", ["search", "--maxdepth", "0", ".*"], { env: this.env }).catch(() => ({ stdout: "" }));
    const root = stdout.trim().split("\n")[0] ?? "";
    await run("xdotool", ["windowfocus", root === "" ? "0" : root], { env: this.env }).catch(() => undefined);
  }

  /** Ends everything, last things first, and removes the folder. */
  async stop(): Promise<void> {
    for (const program of this.programs.reverse()) await program.stop();
    this.programs.length = 0;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private logFile(name: string): string {
    return join(this.folder, "logs", `${name}.log`);
  }

  /** A browser with a person who consents to whatever a page asks: it goes where the page sends it. */
  private browser(folder: string): string {
    const script = `#!/bin/sh
{ echo "$1"; curl --silent --show-error --location --max-time 20 "$1"; echo; } >> '${this.logFile("browser")}' 2>&1
`;
    writeFileSync(join(folder, "xdg-open"), script, { mode: 0o755 });
    return folder;
  }

  private async startDisplay(): Promise<void> {
    const display = this.launch(["Xvfb", "-displayfd", "3", "-screen", "0", "1440x900x24", "-nolisten", "tcp", "-noreset"]);
    this.env["DISPLAY"] = `:${await display.announced()}`;
  }

  private async startBus(): Promise<void> {
    const config = join(this.folder, "bus.conf");
    writeFileSync(config, BUS);
    const bus = this.launch(["dbus-daemon", `--config-file=${config}`, "--nofork", "--print-address=3"]);
    this.env["DBUS_SESSION_BUS_ADDRESS"] = await bus.announced();
    this.launch(["dbus-monitor", "--session", "interface='org.freedesktop.Notifications',member='Notify'", "interface='com.canonical.Unity.LauncherEntry'"]);
    await eventually("the bus monitor", () => this.log("dbus-monitor").includes("NameAcquired") || undefined);
  }

  private async startKeyring(): Promise<void> {
    this.launch(["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"], { input: "e2e" });
    await this.onBus("org.freedesktop.secrets");
  }

  private async startNotifications(): Promise<void> {
    // Its menu of actions is a person who has decided already.
    const chooser = join(this.folder, "choose");
    writeFileSync(chooser, `#!/bin/sh\ngrep -m1 -F "$(cat '${join(this.folder, "chosen-action")}')"\n`, { mode: 0o755 });
    const config = join(this.folder, "dunstrc");
    writeFileSync(config, `[global]\ndmenu = ${chooser}\nidle_threshold = 0\n[urgency_normal]\ntimeout = 0\n`);
    this.launch(["dunst", "-conf", config]);
    await this.onBus("org.freedesktop.Notifications");
  }

  /** The bus on which programs tell screen readers what they show. */
  private async startAccessibility(): Promise<void> {
    delete this.env["NO_AT_BRIDGE"];
    delete this.env["GTK_A11Y"];
    const found = ["/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher"].find((path) => existsSync(path));
    if (found === undefined) throw new Error("at-spi2-core is not installed");
    this.launch([found, "--launch-immediately"]);
    await this.onBus("org.a11y.Bus");
  }

  /** What a screen reader gets of a program's windows. */
  async accessible(program: string): Promise<Accessible> {
    const { stdout } = await run("/usr/bin/python3", [join(import.meta.dirname, "atspi.py"), program], { env: this.env, maxBuffer: 64 << 20 });
    return JSON.parse(stdout) as Accessible;
  }

  /** Waits until somebody answers to a name on our bus. */
  private async onBus(name: string): Promise<void> {
    await eventually(`${name} on the bus`, async () => {
      const question = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", `string:${name}`];
      const { stdout } = await run("dbus-send", question, { env: this.env });
      return stdout.includes("boolean true") || undefined;
    });
  }
}
