import { codeOf, say } from "../errors";

/** A short word about what was just done, with the way back. */
export interface Toast {
  id: number;
  text: string;
  tone: "done" | "error";
  undo: (() => void) | null;
  /** Leads to what it is about. */
  show: (() => unknown) | null;
  /** Stays until somebody puts it away. */
  stays: boolean;
}

const LIFE = 6_000;
const ERROR_LIFE = 12_000;
/** More at once nobody reads. */
const MOST = 3;
/** An answer to what was asked for needs no more than to be read; anything else is something to see to. */
const answers: ReadonlySet<string> = new Set(["refused", "invalid", "not_found"]);

interface Clock {
  left: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | null;
}

/** The newest few toasts; older ones give way. Their time stands still while somebody is with them. */
export class Toasts {
  list = $state<Toast[]>([]);
  /** Grows when the newest should take the focus. */
  focuses = $state(0);
  private next = 1;
  private held = false;
  private readonly clocks = new Map<number, Clock>();

  done(text: string, undo: (() => void) | null = null): void {
    this.add(text, "done", undo, LIFE);
  }

  error(text: string): void {
    this.add(text, "error", null, ERROR_LIFE);
  }

  /** Something that was tried went wrong. */
  failed(error: unknown): void {
    const answer = answers.has(codeOf(error));
    this.add(say(error), "error", null, answer ? ERROR_LIFE : null);
  }

  /** Something went wrong where nobody looks any more. */
  missed(text: string, show: () => unknown): void {
    this.add(text, "error", null, null, show);
  }

  dismiss(id: number): void {
    const clock = this.clocks.get(id);
    if (clock?.timer != null) clearTimeout(clock.timer);
    this.clocks.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** None of them says anything about what is on screen now. */
  clear(): void {
    for (const toast of this.list) this.dismiss(toast.id);
  }

  /** Somebody reads, points at or stands in one of them: none goes away meanwhile. */
  hold(on: boolean): void {
    if (on === this.held) return;
    this.held = on;
    for (const [id, clock] of this.clocks) {
      if (on) this.stop(clock);
      else this.run(id, clock);
    }
  }

  private add(text: string, tone: Toast["tone"], undo: Toast["undo"], life: number | null, show: Toast["show"] = null): void {
    const id = this.next++;
    // Undo takes back the newest action only, so only the newest toast offers it.
    const older = this.list.map((toast) => (tone === "done" ? { ...toast, undo: null } : toast));
    while (older.length >= MOST) {
      const at = Math.max(0, older.findIndex((toast) => !toast.stays));
      const [gone] = older.splice(at, 1);
      if (gone !== undefined) this.dismiss(gone.id);
    }
    this.list = [...older, { id, text, tone, undo, show, stays: life === null }];
    if (life === null) return;
    const clock: Clock = { left: life, since: 0, timer: null };
    this.clocks.set(id, clock);
    if (!this.held) this.run(id, clock);
  }

  private run(id: number, clock: Clock): void {
    clock.since = Date.now();
    clock.timer = setTimeout(() => this.dismiss(id), clock.left);
  }

  private stop(clock: Clock): void {
    if (clock.timer === null) return;
    clearTimeout(clock.timer);
    clock.timer = null;
    // Whoever comes back to it has time to read on.
    clock.left = Math.max(2_000, clock.left - (Date.now() - clock.since));
  }
}
