import type { AccountConfig } from "../api/AccountConfig";
import type { FolderItem } from "../api/FolderItem";
import type { Host } from "../host/host";
import { say } from "../errors";

/** Which of a mail server's folders are read: none chosen means the usual ones. */
export class FolderChoice {
  list = $state.raw<FolderItem[] | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);

  constructor(
    private readonly host: Host,
    private readonly id: string | null,
  ) {}

  /** Asks the server which folders there are. */
  async load(config: AccountConfig, password: string): Promise<void> {
    this.busy = true;
    this.error = null;
    try {
      this.list = await this.host.call("account_folders", { config: $state.snapshot(config), password: password === "" ? null : password, oauth_flow: null, id: this.id });
    } catch (error) {
      this.error = say(error);
    } finally {
      this.busy = false;
    }
  }

  /** Chosen folders that the server does not have any more. */
  missing(chosen: readonly string[]): string[] {
    const list = this.list;
    return list === null ? [] : chosen.filter((name) => !list.some((folder) => folder.name === name));
  }

  isRead(folder: FolderItem, chosen: readonly string[]): boolean {
    return chosen.length === 0 ? folder.read : chosen.includes(folder.name);
  }

  /** What is chosen after one folder was ticked or unticked. The first tick writes the usual ones down. */
  toggled(folder: FolderItem, chosen: readonly string[]): string[] {
    const before = chosen.length > 0 ? [...chosen] : (this.list ?? []).filter((f) => f.read).map((f) => f.name);
    return before.includes(folder.name) ? before.filter((name) => name !== folder.name) : [...before, folder.name];
  }
}
