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
  /** What was typed is not answered yet: the list is still of what was typed before. */
  pending = $state(false);
  private failed = $state.raw<{ ask: string | null; mine: string | null; other: string | null }>({ ask: null, mine: null, other: null });
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asking: Promise<void> = Promise.resolve();
  private looking: Promise<void> = Promise.resolve();
  private loading: Promise<void> = Promise.resolve();
  private run = 0;
  /** Grows with whatever the hands do: an Enter that waits holds for what it was pressed on. */
  private hand = 0;

  constructor(
    private readonly host: Host,
    readonly customer: string,
  ) {}

  get error(): string | null {
    return this.failed.ask ?? this.failed.other ?? this.failed.mine;
  }

  /** Nobody is linked whom one has not seen beside the other. */
  get ready(): boolean {
    return !this.pending && this.chosen !== null && this.mine !== null && this.other !== null;
  }

  async open(): Promise<void> {
    this.loadMine();
    await this.ask();
  }

  typed(query: string): void {
    this.hand += 1;
    this.query = query;
    this.active = null;
    this.other = null;
    this.pending = true;
    // An answer on its way is of what was typed before.
    this.run += 1;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), PAUSE);
  }

  move(step: number): void {
    const n = this.found.length;
    if (n === 0 || this.pending) return;
    this.look(this.active === null ? (step > 0 ? 0 : n - 1) : (this.active + step + n) % n);
  }

  look(at: number | null): void {
    this.hand += 1;
    if (this.mine === null) this.loadMine();
    if (at === this.active && this.other !== null) return;
    this.active = at;
    this.other = null;
    this.failed = { ...this.failed, other: null };
    const id = at === null ? null : (this.found[at]?.id ?? null);
    if (id === null) return;
    this.looking = this.host.call("customer", { id }).then(
      (panel) => {
        if (this.chosen?.id === id) this.other = panel;
      },
      (error: unknown) => {
        if (this.chosen?.id === id) this.failed = { ...this.failed, other: say(error) };
      },
    );
  }

  get chosen(): CustomerFound | null {
    return this.active === null ? null : (this.found[this.active] ?? null);
  }

  /**
   * Whom to link now that somebody said so. What was typed a moment ago is answered first; if several fit it, they are
   * shown and nobody is linked unseen.
   */
  async decide(): Promise<CustomerFound | null> {
    const hand = this.hand;
    if (this.pending) {
      if (this.timer !== null) void this.ask();
      await this.asking;
      if (hand !== this.hand || this.found.length !== 1) return null;
    }
    await Promise.all([this.loading, this.looking]);
    return hand === this.hand && this.ready ? this.chosen : null;
  }

  close(): void {
    this.hand += 1;
    this.run += 1;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private loadMine(): void {
    this.loading = this.host.call("customer", { id: this.customer }).then(
      (panel) => {
        this.mine = panel;
        this.failed = { ...this.failed, mine: null };
      },
      (error: unknown) => {
        this.failed = { ...this.failed, mine: say(error) };
      },
    );
  }

  private ask(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.asking = this.answered(++this.run);
    return this.asking;
  }

  private async answered(run: number): Promise<void> {
    try {
      const found = await this.host.call("customers_find", { with: this.customer, query: this.query, limit: MOST });
      if (run !== this.run) return;
      // Somebody who was clicked meanwhile stays the one, if they fit.
      const kept = this.chosen?.id ?? null;
      this.found = found;
      this.failed = { ...this.failed, ask: null };
      this.loaded = true;
      this.pending = false;
      this.show(kept === null ? null : found.findIndex((one) => one.id === kept));
    } catch (error) {
      if (run !== this.run) return;
      this.pending = false;
      this.failed = { ...this.failed, ask: say(error) };
    }
  }

  /** What is looked at in a new list: whoever was, else the first; but somebody who only wrote lately is never a key away. */
  private show(kept: number | null): void {
    if (kept !== null && kept >= 0) {
      this.active = kept;
      return;
    }
    this.active = null;
    this.other = null;
    const { hand } = this;
    const first = this.found[0];
    if (kept === null && first !== undefined && first.why !== "lately") this.look(0);
    this.hand = hand;
  }
}
