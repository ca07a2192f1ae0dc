import type { CustomerFound } from "../api/CustomerFound";
import type { CustomerPanel } from "../api/CustomerPanel";
import type { Host } from "../host/host";
import { say } from "../errors";

/** A pause in typing, after which the engine is asked. */
const PAUSE = 120;
const MOST = 20;

/** Looking for the customer that is the same person as another. */
export class Linking {
  query = $state("");
  found = $state.raw<readonly CustomerFound[]>([]);
  /** The one that Enter would link; null while nothing speaks for any. */
  active = $state<number | null>(null);
  /** The customer at hand, and the one that is looked at. */
  mine = $state.raw<CustomerPanel | null>(null);
  other = $state.raw<CustomerPanel | null>(null);
  loaded = $state(false);
  error = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private run = 0;

  constructor(
    private readonly host: Host,
    readonly customer: string,
  ) {}

  async open(): Promise<void> {
    void this.host.call("customer", { id: this.customer }).then((panel) => (this.mine = panel), () => undefined);
    await this.ask();
  }

  typed(query: string): void {
    this.query = query;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), PAUSE);
  }

  move(step: number): void {
    const n = this.found.length;
    if (n === 0) return;
    this.look(this.active === null ? (step > 0 ? 0 : n - 1) : (this.active + step + n) % n);
  }

  look(at: number | null): void {
    if (at === this.active) return;
    this.active = at;
    this.other = null;
    const id = at === null ? null : (this.found[at]?.id ?? null);
    if (id === null) return;
    void this.host.call("customer", { id }).then((panel) => {
      if (this.chosen?.id === id) this.other = panel;
    }, () => undefined);
  }

  get chosen(): CustomerFound | null {
    return this.active === null ? null : (this.found[this.active] ?? null);
  }

  close(): void {
    this.run += 1;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    const run = ++this.run;
    try {
      const found = await this.host.call("customers_find", { with: this.customer, query: this.query, limit: MOST });
      if (run !== this.run) return;
      this.found = found;
      this.error = null;
      this.loaded = true;
      this.active = null;
      this.other = null;
      // Somebody who only wrote lately is never a key away from being linked.
      const first = found[0];
      if (first !== undefined && first.why !== "lately") this.look(0);
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }
}
