/** What happens to conversations that are dropped somewhere. */
export type Drop = { to: "assign"; agent: string | null } | { to: "snooze" } | { to: "resolve" } | { to: "reopen" } | { to: "stage"; stage: string } | { to: "tag"; tag: string };

/** How far a pointer moves before it drags and no longer clicks. */
const FAR = 6;

/** Conversations in the hand. Pointer events only: every webview has the same, and Escape lets go. */
export class Drag {
  /** What is carried, or null. */
  ids = $state.raw<readonly string[] | null>(null);
  x = $state(0);
  y = $state(0);
  /** What would happen if it were dropped here. */
  over = $state.raw<Drop | null>(null);
  private start: { x: number; y: number; ids: () => readonly string[]; pointer: number } | null = null;
  private just = false;

  /** A press that may become a drag. */
  press(event: PointerEvent, ids: () => readonly string[]): void {
    this.just = false;
    if (event.button !== 0 || event.pointerType === "touch" || event.ctrlKey || event.shiftKey || event.metaKey) return;
    this.start = { x: event.clientX, y: event.clientY, ids, pointer: event.pointerId };
  }

  /** Whether it is a drag by now. */
  move(event: PointerEvent): boolean {
    const { start } = this;
    if (start === null || event.pointerId !== start.pointer) return false;
    if (this.ids === null) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < FAR) return false;
      this.ids = start.ids();
      this.just = true;
    }
    this.x = event.clientX;
    this.y = event.clientY;
    return true;
  }

  /** Lets go: what was carried and where to, or null. */
  end(): { ids: readonly string[]; drop: Drop } | null {
    const { ids, over } = this;
    this.cancel();
    return ids !== null && over !== null ? { ids, drop: over } : null;
  }

  cancel(): void {
    this.start = null;
    this.ids = null;
    this.over = null;
  }

  /** Whether the click that follows belongs to a drag that ended. */
  get wasDrag(): boolean {
    return this.just;
  }
}
