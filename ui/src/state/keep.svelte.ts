import type { BackupItem } from "../api/BackupItem";
import type { KeepStatus } from "../api/KeepStatus";
import type { KeyPlace } from "../api/KeyPlace";
import { codeOf, say } from "../errors";
import type { Host } from "../host/host";

/** How the workspace is kept: its key, its backups, and what is wrong with its disk. */
export class Keep {
  status = $state<KeepStatus | null>(null);
  backups = $state<BackupItem[]>([]);
  /** The words of a new recovery key, as long as they are on screen. */
  words = $state<string[] | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);
  /** The step at set-up was put off for this session. */
  later = $state(false);

  constructor(private readonly host: Host) {}

  /** The workspace has no recovery key, and nobody put it off in this window. */
  get isUnprotected(): boolean {
    return !this.later && this.status !== null && this.status.recovery !== "set";
  }

  async refresh(): Promise<void> {
    this.status = await this.host.call("keep_get", {});
  }

  async list(): Promise<void> {
    await this.run(async () => {
      this.backups = await this.host.call("backups", {});
    });
  }

  /** New words; the old ones count until these are confirmed. */
  issue(): Promise<boolean> {
    return this.run(async () => {
      this.words = (await this.host.call("recovery_issue", {})).words;
    });
  }

  written(): Promise<boolean> {
    return this.run(async () => {
      this.status = await this.host.call("recovery_confirm", {});
      this.words = null;
    });
  }

  putOff(): void {
    this.words = null;
    this.later = true;
  }

  change(to: KeyPlace, passphrase: string | null): Promise<boolean> {
    return this.run(async () => {
      this.status = await this.host.call("key_change", { to, passphrase });
    });
  }

  backUp(): Promise<boolean> {
    return this.run(async () => {
      await this.host.call("backup_now", {});
      this.backups = await this.host.call("backups", {});
    });
  }

  /** Going back closes and opens the workspace; the window follows as for any change. True once it was done. */
  async restore(name: string): Promise<boolean> {
    let restored = false;
    await this.run(async () => {
      try {
        await this.host.call("backup_restore", { name });
        restored = true;
      } catch (error) {
        // The person was asked once more and said no: nothing went wrong.
        if (codeOf(error) !== "refused") throw error;
      }
    });
    return restored;
  }

  async seen(): Promise<void> {
    await this.run(async () => {
      await this.host.call("rescue_seen", {});
      await this.refresh();
    });
  }

  private async run(act: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    this.error = null;
    try {
      await act();
      return true;
    } catch (error) {
      this.error = say(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
