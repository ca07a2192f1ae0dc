// The vendors of the sandbox: their settings, their customers, and what they were given.
import { join } from "node:path";
import type { Desktop } from "./desktop.ts";
import { eventually, firstLine, type Program } from "./process.ts";
import { BUILT } from "./servers.ts";

interface Ready {
  page: string;
  /** By title, labels with values. */
  settings: Record<string, [string, string][]>;
}

interface Line {
  id: string;
  text: string;
  ours: boolean;
}

interface Channel {
  id: string;
  title: string;
  customers: { name: string; address: string }[];
}

/** Played vendors; they end with the desktop. */
export class Channels {
  private constructor(
    private readonly ready: Ready,
    private readonly channels: Channel[],
    readonly program: Program,
  ) {}

  static async start(desktop: Desktop): Promise<Channels> {
    const program = desktop.launch([join(BUILT, "parley-sandbox"), "channels", "--port", "0", "--json"], { log: "channels" });
    if (program.child.stdout === null) throw new Error("the vendors have no output");
    const ready = JSON.parse(await firstLine(program.child.stdout, "the vendors")) as Ready;
    const answer = await fetch(new URL("channels", ready.page));
    return new Channels(ready, (await answer.json()) as Channel[], program);
  }

  /** A value of a channel's settings. */
  setting(title: string, label: string): string {
    const found = this.ready.settings[title]?.find(([name]) => name === label)?.[1];
    if (found === undefined) throw new Error(`${title} has no ${label}`);
    return found;
  }

  /** The first customer of a channel. */
  customer(id: string): { name: string; address: string } {
    const found = this.channels.find((one) => one.id === id)?.customers[0];
    if (found === undefined) throw new Error(`nobody is at ${id}`);
    return found;
  }

  /** A customer does something: writes, reacts, takes back. */
  async does(id: string, order: string, what: object): Promise<void> {
    const answer = await fetch(new URL(`channels/${id}/do/${order}`, this.ready.page), { method: "POST", body: JSON.stringify({ from: this.customer(id).address, ...what }) });
    if (!answer.ok) throw new Error(`${id} ${order}: ${await answer.text()}`);
  }

  async write(id: string, text: string): Promise<void> {
    await this.does(id, "write", { text });
  }

  /** What the first customer of a channel sees, oldest first. */
  async lines(id: string): Promise<Line[]> {
    const where = new URL(`channels/${id}`, this.ready.page);
    where.searchParams.set("customer", this.customer(id).address);
    return ((await (await fetch(where)).json()) as { lines: Line[] }).lines;
  }

  /** Waits for what we sent to the first customer of a channel. */
  async received(id: string, text: string): Promise<Line> {
    return eventually(`"${text}" at ${id}`, async () => (await this.lines(id)).find((line) => line.ours && line.text === text), 60);
  }
}
