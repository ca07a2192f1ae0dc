import type { Queued } from "../api/Queued";
import type { Undone } from "../api/Undone";
import type { Host } from "../host/host";

/** Sends that can still be taken back, with the seconds that are left. */
export class Outgoing {
  held = $state.raw<Queued[]>([]);
  now = $state(Date.now());
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly host: Host) {}

  add(queued: Queued): void {
    this.held = [...this.held, queued];
    this.tick();
    this.timer ??= setInterval(() => this.tick(), 250);
  }

  /** The newest, which the bar shows. */
  get newest(): Queued | null {
    return this.held.at(-1) ?? null;
  }

  get seconds(): number {
    return Math.max(0, Math.ceil(((this.newest?.hold_until ?? 0) - this.now) / 1000));
  }

  async cancel(id: string): Promise<Undone> {
    const undone = await this.host.call("outbox_cancel", { id });
    this.forget(id);
    return undone;
  }

  /** Taken back by other means, or gone out. */
  forget(id: string): void {
    this.held = this.held.filter((queued) => queued.id !== id);
    this.tick();
  }

  /** A send of this conversation was undone by `z`. */
  forgetConversation(conversation: string | null): void {
    const last = this.held.findLast((queued) => queued.conversation === conversation);
    if (last !== undefined) this.forget(last.id);
  }

  private tick(): void {
    this.now = Date.now();
    const held = this.held.filter((queued) => queued.hold_until > this.now);
    if (held.length !== this.held.length) this.held = held;
    if (held.length === 0 && this.timer !== null) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }
}
