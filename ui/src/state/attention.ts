import type { Host } from "../host/host";

/** Tells the engine whether somebody looks: news are asked for more often while one does. Said once per change. */
export class Attention {
  private told: boolean | null = null;

  constructor(private readonly host: Host) {}

  /** Looks whether the window is in front, and says so where that is new. */
  look(on: boolean): void {
    if (on === this.told) return;
    this.told = on;
    // Without it news come a little later; that is nothing to be told of. It is said again at the next change.
    this.host.call("attention", { on }).catch(() => (this.told = null));
  }
}

/** Whether somebody looks at this window. */
export const inFront = (): boolean => document.visibilityState === "visible" && document.hasFocus();
