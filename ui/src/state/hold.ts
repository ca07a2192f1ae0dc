/** Why a list keeps its lines where they are: a pointer is over it, a menu is open, something is dragged, a key was just pressed. */
export type Reason = "hand" | "menu" | "drag" | "input";

/** A hand that has not moved for so long is not about to click. */
const STILL = 8_000;
/** How long after a key or a click. */
const AFTER = 1_200;

/** Holds a list's lines for a hand, and says when they may move. */
export class Hold {
  private readonly reasons = new Set<Reason>();
  private readonly timers = new Map<Reason, ReturnType<typeof setTimeout>>();

  constructor(private readonly released: () => void) {}

  get on(): boolean {
    return this.reasons.size > 0;
  }

  set(reason: Reason, on: boolean): void {
    clearTimeout(this.timers.get(reason));
    this.timers.delete(reason);
    if (on) {
      this.reasons.add(reason);
      const lasts = reason === "hand" ? STILL : reason === "input" ? AFTER : null;
      if (lasts !== null) this.timers.set(reason, setTimeout(() => this.set(reason, false), lasts));
    } else if (this.reasons.delete(reason) && !this.on) this.released();
  }
}
