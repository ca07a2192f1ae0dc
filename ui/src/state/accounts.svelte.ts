import type { AccountItem } from "../api/AccountItem";
import type { Host } from "../host/host";
import { say } from "../errors";

/** The connected accounts. */
export class Accounts {
  list = $state.raw<AccountItem[] | null>(null);
  error = $state<string | null>(null);

  constructor(private readonly host: Host) {}

  async refresh(): Promise<void> {
    try {
      this.list = await this.host.call("accounts", {});
      this.error = null;
    } catch (error) {
      this.error = say(error);
    }
  }

  async run(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      await this.refresh();
    } catch (error) {
      this.error = say(error);
    }
  }

  pause(id: string, on: boolean): Promise<void> {
    return this.run(() => this.host.call("account_pause", { id, on }));
  }

  /** Lets the reading of older messages rest, or goes on with it. */
  history(id: string, on: boolean): Promise<void> {
    return this.run(() => this.host.call("account_history", { id, on }));
  }

  poll(id: string): Promise<void> {
    return this.run(() => this.host.call("account_poll", { id }));
  }

  /** Reads what came since an instant once more. */
  resync(id: string, since: number): Promise<void> {
    return this.run(() => this.host.call("account_resync", { id, since }));
  }

  remove(id: string, erase: boolean): Promise<void> {
    return this.run(() => this.host.call("account_remove", { id, erase }));
  }
}
