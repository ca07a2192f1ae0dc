// The hands of a person at the keyboard, counted: `product.md` says how many keys a loop may cost.
import type { Window } from "./webdriver.ts";

/** What a loop cost, and what it may cost. */
export interface Loop {
  name: string;
  keys: number;
  clicks: number;
  target: number;
}

/** Presses keys in a window and counts them. What a person writes to a customer is no part of the count. */
export class Hands {
  private keys = 0;
  private clicks = 0;
  readonly loops: Loop[] = [];

  constructor(readonly window: Window) {}

  /** Presses one key, or several together. */
  async press(key: string | readonly string[]): Promise<void> {
    this.keys += 1;
    await this.window.press(key);
  }

  /** A sequence that is one shortcut, such as `g w`. */
  async sequence(...keys: string[]): Promise<void> {
    this.keys += 1;
    await this.window.press(...keys);
  }

  /** Writes what is meant for people. */
  async write(text: string): Promise<void> {
    await this.window.type(text);
  }

  async click(testid: string): Promise<void> {
    this.clicks += 1;
    await (await this.window.byTestId(testid)).click();
  }

  /** Walks a loop from its first key to its last, and keeps what it cost. */
  async loop(name: string, target: number, walk: () => Promise<void>): Promise<Loop> {
    this.keys = this.clicks = 0;
    await walk();
    const loop = { name, keys: this.keys, clicks: this.clicks, target };
    this.loops.push(loop);
    return loop;
  }

  /** The loops as a table. */
  table(): string {
    const line = (cells: readonly string[]): string => `| ${(cells[0] ?? "").padEnd(52)} | ${cells.slice(1).map((cell) => cell.padStart(6)).join(" | ")} |`;
    return [line(["loop", "keys", "clicks", "target"]), ...this.loops.map((l) => line([l.name, `${l.keys}`, `${l.clicks}`, `${l.target}`]))].join("\n");
  }
}
