import type { SessionStatus } from "../api/SessionStatus";
import type { Host } from "../host/host";
import { say } from "../errors";

/** Between two looks at a workspace that is being opened. */
const PAUSE = 500;

/** Whether there is a workspace, and whether it is open. */
export class Session {
  status = $state<SessionStatus | null>(null);
  error = $state<string | null>(null);
  busy = $state(false);

  constructor(private readonly host: Host) {}

  async load(): Promise<void> {
    try {
      this.status = await this.host.call("session_status", {});
    } catch (error) {
      this.error = say(error);
    }
  }

  /** Creates a fresh workspace or opens a locked one. */
  async open(passphrase: string | null): Promise<void> {
    this.busy = true;
    this.error = null;
    try {
      this.status = await this.host.call("session_open", { passphrase });
      if (this.status.state !== "open") this.error = this.status.message;
    } catch (error) {
      this.error = say(error);
    } finally {
      this.busy = false;
    }
  }

  /** Asks again while the workspace is being opened, as long as that takes. */
  async wait(): Promise<void> {
    while (this.status?.state === "opening") {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      await this.load();
    }
  }

  /** Opens the workspace with the words of its recovery key. */
  recover(words: string): Promise<void> {
    return this.run(() => this.host.call("session_recover", { words }));
  }

  /** Puts a backup in the place of what cannot be opened. */
  restore(name: string, passphrase: string | null): Promise<void> {
    return this.run(() => this.host.call("session_restore", { name, passphrase, words: null }));
  }

  private async run(ask: () => Promise<SessionStatus>): Promise<void> {
    this.busy = true;
    this.error = null;
    try {
      this.status = await ask();
    } catch (error) {
      this.error = say(error);
    } finally {
      this.busy = false;
    }
  }
}
