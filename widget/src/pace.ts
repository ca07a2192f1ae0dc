// How long to wait before the next try: longer each time, never in step with others.

export const LONGEST = 60_000;

/** Milliseconds before the next try after so many failures in a row. */
export function backoff(failures: number, random: () => number = Math.random): number {
  const most = Math.min(LONGEST, 1_000 * 2 ** Math.min(failures, 6));
  return Math.round(most / 2 + (most / 2) * random());
}

/** A pause that ends early when somebody calls `wake`. */
export class Pause {
  private end: (() => void) | null = null;

  for(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(milliseconds) ? setTimeout(done, milliseconds) : undefined;
      const pause = this;
      function done(): void {
        clearTimeout(timer);
        pause.end = null;
        resolve();
      }
      this.end = done;
    });
  }

  wake(): void {
    this.end?.();
  }
}
