import type { SessionStatus } from "../api/SessionStatus";
import type { Host } from "../host/host";
import { say } from "../errors";

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
}
