import type { AccountConfig } from "../api/AccountConfig";
import type { AccountItem } from "../api/AccountItem";
import type { TestReport } from "../api/TestReport";
import type { Host } from "../host/host";
import { say } from "../errors";

const PAUSE = 300;

/** Whether it looks enough like an address to ask for its servers. */
export function looksLikeAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$|^[^\s@]+@(localhost|[a-z0-9-]+)$/i.test(text.trim());
}

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

  remove(id: string): Promise<void> {
    return this.run(() => this.host.call("account_remove", { id }));
  }
}

function blank(): AccountConfig {
  const server = (port: number) => ({ host: "", port, security: "tls" as const, user: "" });
  return { channel: "email", address: "", display_name: "", imap: server(993), smtp: server(465), aliases: [], sent_copy: "auto", trusted_certificate: null, auth: { kind: "password" }, trusted_fingerprints: [], signature: "", folders: [], sync_read: false };
}

/** Connecting a mailbox, or changing one: address and password, everything else found out. */
export class Wizard {
  config = $state<AccountConfig>(blank());
  password = $state("");
  /** The servers are known or were typed: nothing more is missing. */
  found = $state(false);
  note = $state<string | null>(null);
  details = $state(false);
  report = $state<TestReport | null>(null);
  busy = $state<"test" | "connect" | null>(null);
  error = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private suggested = "";
  private typedServers = false;
  private run = 0;

  constructor(
    private readonly host: Host,
    readonly existing: AccountItem | null = null,
  ) {
    if (existing !== null) {
      this.config = $state.snapshot(existing.config) as AccountConfig;
      this.found = true;
      this.details = true;
      this.typedServers = true;
    }
  }

  get canTest(): boolean {
    return this.busy === null && looksLikeAddress(this.config.address) && (this.password !== "" || this.existing !== null) && this.config.imap.host !== "" && this.config.smtp.host !== "";
  }

  /** The address changed: find its servers at the next pause. */
  addressTyped(): void {
    this.changed();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.suggest(), PAUSE);
  }

  /** A person's own servers are never overwritten by a guess. */
  serversTyped(): void {
    this.typedServers = true;
    this.changed();
  }

  changed(): void {
    this.report = null;
    this.error = null;
  }

  async suggest(): Promise<void> {
    const address = this.config.address.trim();
    if (this.typedServers || !looksLikeAddress(address) || address === this.suggested) return;
    const run = ++this.run;
    try {
      const { imap, smtp, note, known } = await this.host.call("account_suggest", { address });
      if (run !== this.run || this.typedServers) return;
      this.suggested = address;
      this.config.imap = imap;
      this.config.smtp = smtp;
      this.note = note;
      this.found = true;
      if (!known) this.details = true;
    } catch (error) {
      this.details = true;
      this.error = say(error);
    }
  }

  async test(): Promise<boolean> {
    await this.suggest();
    if (!this.canTest) return false;
    this.busy = "test";
    this.changed();
    try {
      this.report = await this.host.call("account_test", { config: this.clean(), password: this.password === "" ? null : this.password, id: this.existing?.id ?? null });
      return this.report.ok;
    } catch (error) {
      this.error = say(error);
      return false;
    } finally {
      this.busy = null;
    }
  }

  /** Tests, unless that was done, and connects. */
  async connect(): Promise<AccountItem | null> {
    if (this.report?.ok !== true && !(await this.test())) return null;
    this.busy = "connect";
    try {
      const config = this.clean();
      if (this.existing !== null) return await this.host.call("account_update", { id: this.existing.id, config, password: this.password === "" ? null : this.password });
      return await this.host.call("account_add", { config, password: this.password });
    } catch (error) {
      this.error = say(error);
      return null;
    } finally {
      this.busy = null;
    }
  }

  private clean(): AccountConfig {
    const config = $state.snapshot(this.config) as AccountConfig;
    const pem = config.trusted_certificate?.trim() ?? "";
    return { ...config, address: config.address.trim(), display_name: config.display_name.trim(), aliases: config.aliases.map((a) => a.trim()).filter((a) => a !== ""), trusted_certificate: pem === "" ? null : `${pem}\n` };
  }
}
