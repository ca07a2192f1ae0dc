import type { ArchiveErased } from "../api/ArchiveErased";
import type { ArchiveItem } from "../api/ArchiveItem";
import { say } from "../errors";
import type { Host } from "../host/host";

/** How often an archive that is being erased is looked at. */
const pause = 700;

/** What was imported under one name: listed, renamed, erased. */
export class Archives {
  items = $state.raw<ArchiveItem[]>([]);
  erasing = $state<string | null>(null);
  renaming = $state<string | null>(null);
  erased = $state.raw<{ name: string; told: ArchiveErased } | null>(null);
  error = $state<string | null>(null);
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  async refresh(): Promise<void> {
    try {
      this.items = await this.host.call("archives", {});
    } catch (failure) {
      this.error = say(failure);
    }
  }

  async rename(id: string, name: string): Promise<void> {
    try {
      await this.host.call("archive_rename", { id, name });
      this.renaming = null;
      this.error = null;
      await this.refresh();
    } catch (failure) {
      this.error = say(failure);
    }
  }

  /** The engine asks the person, with the numbers of what goes. */
  async erase(id: string): Promise<void> {
    const name = this.items.find((a) => a.id === id)?.name ?? "";
    this.erasing = id;
    this.erased = null;
    const watch = setInterval(() => void this.refresh(), pause);
    try {
      const told = await this.host.call("archive_erase", { id });
      this.error = null;
      if (told.done) this.erased = { name, told };
    } catch (failure) {
      this.error = say(failure);
    }
    clearInterval(watch);
    this.erasing = null;
    await this.refresh();
  }
}
