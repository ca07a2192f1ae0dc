import type { ExportDone } from "../api/ExportDone";
import type { ExportNow } from "../api/ExportNow";
import type { ImportItem } from "../api/ImportItem";
import type { ImportReport } from "../api/ImportReport";
import { say } from "../errors";
import type { Host } from "../host/host";
import { plain } from "../i18n";

/** How often a running import is looked at. */
const pause = 500;

/** Whether an import stopped in the middle and can go on. */
export function rests(item: ImportItem): boolean {
  return !item.active && (item.state === "paused" || item.state === "running");
}

/** Imports and exports of the settings' page. */
export class Transfers {
  items = $state.raw<ImportItem[]>([]);
  report = $state.raw<ImportReport | null>(null);
  exported = $state.raw<ExportDone | null>(null);
  /** How far the export under way came. */
  exporting = $state.raw<ExportNow | null>(null);
  exportError = $state<string | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);
  measured = $state(false);
  own = $state("");
  attachments = $state(true);
  raw = $state(true);
  private readonly host: Host;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    await this.tried(async () => {
      this.items = await this.host.call("imports", {});
    });
    if (this.items.some((i) => i.active)) this.timer = setTimeout(() => void this.refresh(), pause);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
  }

  async start(folder: boolean): Promise<void> {
    const own = this.own.split(/[,;\s]+/).filter((a) => a !== "");
    await this.tried(() => this.host.call("import_start", { folder, account: null, archive: this.measured ? plain("data.measuredArchive") : null, own, measured: this.measured }));
    await this.refresh();
  }

  async cancel(id: string): Promise<void> {
    await this.tried(() => this.host.call("import_cancel", { id }));
    await this.refresh();
  }

  async resume(id: string): Promise<void> {
    await this.tried(() => this.host.call("import_resume", { id }));
    await this.refresh();
  }

  async show(id: string): Promise<void> {
    if (this.report?.import.id === id) {
      this.report = null;
      return;
    }
    await this.tried(async () => {
      this.report = await this.host.call("import_report", { id });
    });
  }

  async export(): Promise<void> {
    this.busy = true;
    this.exported = null;
    this.exportError = null;
    const ended = this.host.call("export_start", { conversations: [], attachments: this.attachments, raw: this.raw });
    void this.followExport();
    try {
      this.exported = await ended;
    } catch (failure) {
      this.exportError = say(failure);
    }
    clearTimeout(this.watch);
    this.exporting = null;
    this.busy = false;
  }

  /** Looks how far the export under way came, while there is one or the person still chooses a file. */
  async followExport(): Promise<void> {
    clearTimeout(this.watch);
    try {
      const now = await this.host.call("export_status", {});
      this.exporting = now.active ? now : null;
    } catch (failure) {
      this.exportError = say(failure);
      return;
    }
    if (this.busy || this.exporting !== null) this.watch = setTimeout(() => void this.followExport(), pause);
  }

  async stopExport(): Promise<void> {
    try {
      await this.host.call("export_cancel", {});
    } catch (failure) {
      this.exportError = say(failure);
    }
  }

  async showExport(): Promise<void> {
    try {
      await this.host.call("export_show", {});
    } catch (failure) {
      this.exportError = say(failure);
    }
  }

  private async tried(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.error = null;
    } catch (failure) {
      this.error = say(failure);
    }
  }
}
