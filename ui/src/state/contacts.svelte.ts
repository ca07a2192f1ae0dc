import type { ContactsPlan } from "../api/ContactsPlan";
import type { ContactUse } from "../api/ContactUse";
import type { ImportReport } from "../api/ImportReport";
import { say } from "../errors";
import type { Host } from "../host/host";

/** What a column may hold, in the order it is offered. */
export const uses: readonly ContactUse[] = ["ignore", "email", "phone", "whatsapp", "name", "first_name", "last_name", "tags", "note", "country"];

/** The country of this computer's language, two letters; empty where it says none. */
export function homeRegion(language = typeof navigator === "undefined" ? "" : navigator.language): string {
  try {
    return new Intl.Locale(language).maximize().region ?? "";
  } catch {
    return "";
  }
}

/** Customers from a table: chosen, looked at, brought in. Nothing is written before the last step. */
export class Contacts {
  plan = $state.raw<ContactsPlan | null>(null);
  report = $state.raw<ImportReport | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  async pick(): Promise<void> {
    this.report = null;
    await this.tried(async () => {
      const plan = await this.host.call("contacts_pick", { region: homeRegion() || null });
      this.plan = plan.table === null ? null : plan;
    });
  }

  async hold(column: number, holds: ContactUse): Promise<void> {
    await this.again({ uses: this.plan?.columns.map((c, i) => (i === column ? holds : c.holds)) ?? null });
  }

  async title(header: boolean): Promise<void> {
    // Other first rows are other titles: what the columns hold is found out anew.
    await this.again({ header, uses: null });
  }

  async live(region: string): Promise<void> {
    await this.again({ region });
  }

  async bring(): Promise<boolean> {
    const plan = this.plan;
    if (plan?.table == null) return false;
    const table = plan.table;
    await this.tried(async () => {
      this.report = await this.host.call("contacts_import", { table, uses: plan.columns.map((c) => c.holds), header: plan.header, region: plan.region });
      this.plan = null;
    });
    return this.report !== null;
  }

  close(): void {
    this.plan = null;
    this.error = null;
  }

  private async again(more: { uses?: ContactUse[] | null; header?: boolean; region?: string }): Promise<void> {
    const plan = this.plan;
    if (plan?.table == null) return;
    const table = plan.table;
    await this.tried(async () => {
      this.plan = await this.host.call("contacts_preview", { table, uses: plan.columns.map((c) => c.holds), header: plan.header, region: plan.region, ...more });
    });
  }

  private async tried(act: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    try {
      await act();
      this.error = null;
    } catch (failure) {
      this.error = say(failure);
    }
    this.busy = false;
  }
}
