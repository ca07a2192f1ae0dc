import type { BulkAct } from "../api/BulkAct";
import type { BulkDone } from "../api/BulkDone";
import type { Host } from "../host/host";

/** Conversations of one call: short enough that others write in between, and that one can stop. */
const CHUNK = 200;

/** What an act on many came to. */
export interface BulkResult {
  /** The conversations that are different now. */
  changed: string[];
  /** Whether the undo key takes it back. */
  undo: boolean;
  stopped: boolean;
}

/** Does one thing to many conversations: for the engine one action, for the eye a number that grows. */
export class Bulk {
  /** How far the act is that takes longer than one call. */
  working = $state<{ done: number; total: number } | null>(null);
  private stopping = false;

  constructor(private readonly host: Host) {}

  async run(act: BulkAct, ids: readonly string[]): Promise<BulkResult> {
    const result: BulkResult = { changed: [], undo: false, stopped: false };
    let group: string | null = null;
    this.stopping = false;
    try {
      for (let i = 0; i < ids.length; i += CHUNK) {
        if (this.stopping) {
          result.stopped = true;
          break;
        }
        if (ids.length > CHUNK) this.working = { done: i, total: ids.length };
        const done: BulkDone = await this.host.call("bulk", { conversations: ids.slice(i, i + CHUNK), act, group });
        group = done.group;
        result.changed.push(...done.changed);
        result.undo = done.undo;
      }
    } finally {
      this.working = null;
    }
    return result;
  }

  /** No more of it; what was done stays done, and can be undone. */
  stop(): void {
    this.stopping = true;
  }
}
