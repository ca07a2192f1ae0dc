/** The one clock of the window: waits and relative times follow it, so a list of 100,000 rows needs one timer. */
export class Clock {
  now = $state(Date.now());
  private timer: ReturnType<typeof setInterval> | null = null;

  start(): void {
    this.timer ??= setInterval(() => this.tick(), 15_000);
  }

  /** Looks at the time now. */
  tick(): void {
    this.now = Date.now();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}

export const clock = new Clock();
