/** A short word about what was just done, with the way back. */
export interface Toast {
  id: number;
  text: string;
  tone: "done" | "error";
  undo: (() => void) | null;
}

const LIFE = 6_000;
const ERROR_LIFE = 12_000;

/** The newest few toasts; older ones give way. */
export class Toasts {
  list = $state<Toast[]>([]);
  private next = 1;

  done(text: string, undo: (() => void) | null = null): void {
    this.add(text, "done", undo, LIFE);
  }

  error(text: string): void {
    this.add(text, "error", null, ERROR_LIFE);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** None of them says anything about what is on screen now. */
  clear(): void {
    this.list = [];
  }

  private add(text: string, tone: Toast["tone"], undo: Toast["undo"], life: number): void {
    const id = this.next++;
    // Undo takes back the newest action only, so only the newest toast offers it.
    const older = this.list.slice(-2).map((toast) => (tone === "done" ? { ...toast, undo: null } : toast));
    this.list = [...older, { id, text, tone, undo }];
    setTimeout(() => this.dismiss(id), life);
  }
}
