import type { AccountItem } from "../api/AccountItem";
import type { Host } from "../host/host";
import { say } from "../errors";
import { t } from "../i18n";
import { dateOnly } from "../i18n/time";

/** How long it is said on an account that something was done. */
const SHOWN = 8_000;

/** What came of something that was done to an account: an error stays until the next thing. */
export type Said = { kind: "failed" | "done"; text: string } | { kind: "asked"; before: number | null };

/** The connected accounts. */
export class Accounts {
  list = $state.raw<AccountItem[] | null>(null);
  error = $state<string | null>(null);
  /** The account that was connected just now, where more is to be done with it. */
  fresh = $state<string | null>(null);
  private said = $state.raw<Readonly<Record<string, Said>>>({});
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly host: Host) {}

  async refresh(): Promise<void> {
    try {
      this.list = await this.host.call("accounts", {});
      this.error = null;
    } catch (error) {
      this.error = say(error);
    }
  }

  /** What is to be said on an account's card. */
  saidOf({ id, last_success }: Pick<AccountItem, "id" | "last_success">): { failed: boolean; text: string } | null {
    const said = this.said[id];
    if (said === undefined) return null;
    if (said.kind !== "asked") return { failed: said.kind === "failed", text: said.text };
    return { failed: false, text: last_success !== said.before ? t("accounts.checked") : t("accounts.checking") };
  }

  pause(id: string, on: boolean): Promise<void> {
    return this.run(id, () => this.host.call("account_pause", { id, on }));
  }

  /** Lets the reading of older messages rest, or goes on with it. */
  history(id: string, on: boolean): Promise<void> {
    return this.run(id, () => this.host.call("account_history", { id, on }));
  }

  poll(id: string): Promise<void> {
    const before = this.list?.find((one) => one.id === id)?.last_success ?? null;
    return this.run(id, () => this.host.call("account_poll", { id }), { kind: "asked", before });
  }

  /** Reads what came since an instant once more. */
  resync(id: string, since: number): Promise<void> {
    return this.run(id, () => this.host.call("account_resync", { id, since }), { kind: "done", text: t("accounts.readingSince", { date: dateOnly(since) }) });
  }

  remove(id: string, erase: boolean): Promise<void> {
    return this.run(id, () => this.host.call("account_remove", { id, erase }));
  }

  /** Does something to one account, and says there what came of it. */
  private async run(id: string, work: () => Promise<unknown>, after: Said | null = null): Promise<void> {
    this.tell(id, null);
    try {
      await work();
      this.tell(id, after);
    } catch (error) {
      this.tell(id, { kind: "failed", text: say(error) });
      return;
    }
    await this.refresh();
  }

  private tell(id: string, said: Said | null): void {
    const timer = this.timers.get(id);
    if (timer !== undefined) clearTimeout(timer);
    this.timers.delete(id);
    const rest = Object.fromEntries(Object.entries(this.said).filter(([one]) => one !== id));
    this.said = said === null ? rest : { ...rest, [id]: said };
    if (said !== null && said.kind !== "failed") this.timers.set(id, setTimeout(() => this.tell(id, null), SHOWN));
  }
}
