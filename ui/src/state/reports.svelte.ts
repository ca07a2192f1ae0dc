import type { FigureRow } from "../api/FigureRow";
import type { GroupBy } from "../api/GroupBy";
import type { Metric } from "../api/Metric";
import type { ReportRow } from "../api/ReportRow";
import type { ResponseReport } from "../api/ResponseReport";
import type { WaitRow } from "../api/WaitRow";
import type { Host } from "../host/host";
import { say } from "../errors";

const DAY = 86_400_000;

export type Preset = "7" | "30" | "month" | "custom";

/** The range of a preset in whole days of the person's zone; `to` is exclusive. */
export function rangeOf(preset: Exclude<Preset, "custom">, now: number): { from: number; to: number } {
  const today = new Date(now);
  today.setHours(0, 0, 0, 0);
  const to = new Date(today);
  to.setDate(to.getDate() + 1);
  const from = new Date(today);
  if (preset === "month") from.setDate(1);
  else from.setDate(from.getDate() - Number(preset) + 1);
  return { from: from.getTime(), to: to.getTime() };
}

/** A figure that is looked into. */
export interface Opened {
  row: ReportRow;
  metric: Metric;
}

/** Response times of a range, by agent or channel. */
export class ResponseTimes {
  preset = $state<Preset>("7");
  from = $state(0);
  to = $state(0);
  by = $state<GroupBy>("agent");
  report = $state.raw<ResponseReport | null>(null);
  error = $state<string | null>(null);
  opened = $state.raw<Opened | null>(null);
  episodes = $state.raw<FigureRow[] | null>(null);
  private run = 0;

  constructor(private readonly host: Host) {}

  async show(preset: Preset): Promise<void> {
    this.preset = preset;
    if (preset !== "custom") Object.assign(this, rangeOf(preset, Date.now()));
    await this.refresh();
  }

  /** Chosen days, both included. */
  async custom(from: number, lastDay: number): Promise<void> {
    this.preset = "custom";
    this.from = from;
    const to = new Date(lastDay);
    to.setDate(to.getDate() + 1);
    this.to = to.getTime();
    await this.refresh();
  }

  async group(by: GroupBy): Promise<void> {
    this.by = by;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const run = ++this.run;
    if (this.to <= this.from) return;
    try {
      const report = await this.host.call("report_response_times", { from: this.from, to: this.to, by: this.by });
      if (run !== this.run) return;
      this.report = report;
      this.error = null;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  async look(opened: Opened): Promise<void> {
    this.opened = opened;
    this.episodes = null;
    try {
      this.episodes = await this.host.call("report_episodes", { from: this.from, to: this.to, by: this.by, key: opened.row.key, metric: opened.metric, limit: 500 });
    } catch (error) {
      this.opened = null;
      this.error = say(error);
    }
  }

  get days(): number {
    return Math.round((this.to - this.from) / DAY);
  }
}

/** Who waits, longest first. */
export class WaitBoard {
  rows = $state.raw<WaitRow[] | null>(null);
  selected = $state<string | null>(null);
  error = $state<string | null>(null);

  constructor(private readonly host: Host) {}

  async refresh(): Promise<void> {
    try {
      this.rows = await this.host.call("wait_board", { limit: 500 });
      this.error = null;
      if (!this.rows.some((r) => r.row.id === this.selected)) this.selected = this.rows[0]?.row.id ?? null;
    } catch (error) {
      this.error = say(error);
    }
  }

  move(step: number): void {
    const rows = this.rows ?? [];
    const at = rows.findIndex((r) => r.row.id === this.selected);
    this.selected = rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.row.id ?? null;
  }
}
