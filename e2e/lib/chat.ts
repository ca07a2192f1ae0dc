/// <reference lib="dom" />
// A shop with the website chat in Chromium, a real homeserver, an agent, and a visitor who looks at a page: for one test file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { chromiumPath } from "./browser.ts";
import { type PageWishes, Shop, type Snippet } from "./shop.ts";
import { type Account, NO_SYNAPSE, Synapse } from "./synapse.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-chat-"));

export interface World {
  synapse: Synapse;
  shop: Shop;
  browser: Browser;
}

let world: World | null = null;
let missing = NO_SYNAPSE;

before(async () => {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    missing = "there is no Chromium here (name one in CHROMIUM)";
    return;
  }
  const synapse = await Synapse.start(join(folder, "synapse"), { largest: "200K" });
  if (synapse === null) return;
  await synapse.registrationToken("shop");
  const browser = await chromium.launch({ executablePath, headless: true, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  world = { synapse, shop: await Shop.start(), browser };
});
after(async () => {
  await world?.browser.close();
  world?.shop.stop();
  await world?.synapse.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

let count = 0;

/** A shop of its own for one test: an agent, a page, and a visitor who looks at it. */
export class Scene {
  readonly complaints: string[] = [];

  constructor(
    readonly world: World,
    readonly agent: Account,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly address: string,
  ) {
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.message}`));
    page.on("console", (line) => {
      if (/Content Security Policy|Trusted/i.test(line.text())) this.complaints.push(`policy: ${line.text()}`);
    });
  }

  get panel(): Locator {
    return this.page.getByRole("dialog");
  }

  async open(): Promise<void> {
    await this.page.locator("parley-chat .launcher").click();
    await this.panel.waitFor();
  }

  async write(text: string): Promise<void> {
    await this.panel.locator("textarea").fill(text);
    await this.page.keyboard.press("Enter");
  }

  line(text: string): Locator {
    return this.panel.locator(".line").filter({ hasText: text });
  }

  /** Writes the first message and has the agent come in. */
  async begin(text = "Is the lamp in stock?"): Promise<string> {
    await this.open();
    await this.write(text);
    const room = await this.agent.joinInvited();
    await this.agent.heard(room, text);
    return room;
  }
}

/** A scene of its own; null where something is missing, which the test says. */
export async function scene(t: TestContext, snippet: Snippet = {}, { browser = {}, query = "", ...wishes }: PageWishes & { browser?: BrowserContextOptions; query?: string } = {}): Promise<Scene | null> {
  if (world === null) {
    t.skip(missing);
    return null;
  }
  count += 1;
  const agent = await world.synapse.register(`support${count}`);
  await agent.call("PUT", `/profile/${encodeURIComponent(agent.user)}/displayname`, { displayname: "Mia" });
  const address = world.shop.page(`/page${count}`, { homeserver: world.synapse.url, token: "shop", support: agent.user, consent: "never", name: "Lamp Shop", ...snippet }, wishes);
  const context = await world.browser.newContext({ viewport: { width: 1000, height: 760 }, locale: "en-GB", reducedMotion: "reduce", acceptDownloads: true, ...browser });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const made = new Scene(world, agent, context, page, address);
  t.after(() => context.close());
  await page.goto(address + query);
  return made;
}
