import type { UndoItem } from "../api/UndoItem";
import type { Host } from "../host/host";
import { say } from "../errors";

const SHOWN = 50;

/** What I did lately on this computer, newest first. */
export class Undos {
  items = $state.raw<readonly UndoItem[] | null>(null);
  error = $state<string | null>(null);
  /** Why one of them could not be taken back or done again, by its group. */
  refused = $state.raw<Readonly<Record<string, string>>>({});
  private run = 0;

  constructor(private readonly host: Host) {}

  async load(): Promise<void> {
    const run = ++this.run;
    try {
      const items = await this.host.call("undo_history", { limit: SHOWN });
      if (run !== this.run) return;
      this.items = items;
      this.error = null;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  /** Forgets what was shown: the next look begins anew. */
  close(): void {
    this.run += 1;
    this.items = null;
    this.refused = {};
  }

  refuse(group: string, why: string): void {
    this.refused = { ...this.refused, [group]: why };
  }
}
