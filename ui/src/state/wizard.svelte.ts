import type { OauthProvider } from "../api/OauthProvider";
import type { SeenCertificate } from "../api/SeenCertificate";
import type { Suggestion } from "../api/Suggestion";
import type { TestReport } from "../api/TestReport";
import type { Host } from "../host/host";
import { say } from "../errors";
import type { EmailAccount, EmailItem } from "../configs";
import { SignIn } from "./signin.svelte";

/** The network is asked at the end of typing, not at each letter. */
const PAUSE = 900;

/** Whether it looks enough like an address to ask for its servers. */
export function looksLikeAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$|^[^\s@]+@(localhost|[a-z0-9-]+)$/i.test(text.trim());
}

function blank(): EmailAccount {
  const server = (port: number) => ({ host: "", port, security: "tls" as const, user: "" });
  return { channel: "email", address: "", display_name: "", imap: server(993), smtp: server(465), aliases: [], sent_copy: "auto", trusted_certificate: null, auth: { kind: "password" }, trusted_fingerprints: [], signature: "", folders: [], sync_read: false };
}

/** Connecting a mailbox, or changing one: address and password or a sign-in, everything else found out. */
export class Wizard {
  config = $state<EmailAccount>(blank());
  password = $state("");
  readonly signIn: SignIn;
  /** What was found for the address. */
  suggestion = $state.raw<Suggestion | null>(null);
  searching = $state(false);
  details = $state(false);
  report = $state.raw<TestReport | null>(null);
  busy = $state<"test" | "connect" | null>(null);
  error = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private suggested = "";
  private typedServers = false;
  private run = 0;

  constructor(
    private readonly host: Host,
    readonly existing: EmailItem | null = null,
  ) {
    this.signIn = new SignIn(host);
    if (existing !== null) {
      this.config = $state.snapshot(existing.config) as EmailAccount;
      this.details = true;
      this.typedServers = true;
    }
  }

  /** The servers are known or were typed: nothing more is missing. */
  get found(): boolean {
    return this.suggestion !== null || this.existing !== null;
  }

  get way(): "password" | OauthProvider {
    return this.config.auth.kind === "oauth" ? this.config.auth.provider : "password";
  }

  /** Whether the stored account was signed in at the same provider, so that nothing more is needed. */
  get signedInBefore(): boolean {
    const stored = this.existing?.config.auth;
    const now = this.config.auth;
    return stored?.kind === "oauth" && now.kind === "oauth" && stored.provider === now.provider && stored.client_id === now.client_id;
  }

  private get proven(): boolean {
    if (this.config.auth.kind === "oauth") return this.signIn.signed || this.signedInBefore;
    return this.password !== "" || this.existing?.config.auth.kind === "password";
  }

  get canTest(): boolean {
    return this.busy === null && looksLikeAddress(this.config.address) && this.proven && this.config.imap.host !== "" && this.config.smtp.host !== "";
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

  /** How to sign in; another provider needs another sign-in. */
  choose(way: "password" | OauthProvider): void {
    if (way === this.way) return;
    const stored = this.existing?.config.auth;
    const same = stored?.kind === "oauth" && stored.provider === way;
    this.config.auth = way === "password" ? { kind: "password" } : { kind: "oauth", provider: way, client_id: same ? stored.client_id : "", tenant: same ? stored.tenant : "" };
    this.signIn.forget();
    this.changed();
  }

  /** Finds the servers; `directory` permits to ask Mozilla's, which learns the domain. */
  async suggest(directory = false): Promise<void> {
    const address = this.config.address.trim();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.typedServers || !looksLikeAddress(address) || (address === this.suggested && !directory)) return;
    const run = ++this.run;
    this.searching = true;
    try {
      const found = await this.host.call("account_suggest", { address, directory });
      if (run !== this.run || this.typedServers) return;
      this.suggested = address;
      this.config.imap = found.imap;
      this.config.smtp = found.smtp;
      this.suggestion = found;
      if (found.way === "sign_in_page" && found.oauth !== null) this.choose(found.oauth);
      if (found.source === "guess" || found.notes.includes("elsewhere")) this.details = true;
    } catch (error) {
      this.details = true;
      this.error = say(error);
    } finally {
      if (run === this.run) this.searching = false;
    }
  }

  /** Opens the provider's page and waits for the person. */
  async signInNow(): Promise<void> {
    const auth = this.config.auth;
    if (auth.kind !== "oauth") return;
    this.changed();
    await this.signIn.run(auth, this.config.address.trim());
  }

  async test(): Promise<boolean> {
    await this.suggest();
    if (!this.canTest) return false;
    this.busy = "test";
    this.changed();
    try {
      this.report = await this.host.call("account_test", { config: this.clean(), ...this.proof(), id: this.existing?.id ?? null });
      return this.report.ok;
    } catch (error) {
      this.error = say(error);
      return false;
    } finally {
      this.busy = null;
    }
  }

  /** Trusts exactly this certificate in the place of earlier ones of the same server, and tests again. */
  async trust(seen: SeenCertificate): Promise<void> {
    const others = this.config.trusted_fingerprints.filter((f) => !f.endsWith(` ${seen.host}`));
    this.config.trusted_fingerprints = [...others, `${seen.fingerprint} ${seen.host}`];
    await this.test();
  }

  distrust(fingerprint: string): void {
    this.config.trusted_fingerprints = this.config.trusted_fingerprints.filter((f) => f !== fingerprint);
    this.changed();
  }

  /** Tests, unless that was done, and connects. */
  async connect(): Promise<EmailItem | null> {
    if (this.report?.ok !== true && !(await this.test())) return null;
    this.busy = "connect";
    try {
      const config = this.clean();
      const { password, oauth_flow } = this.proof();
      if (this.existing !== null) return (await this.host.call("account_update", { id: this.existing.id, config, password, oauth_flow })) as EmailItem;
      return (await this.host.call("account_add", { config, password: password ?? "", oauth_flow })) as EmailItem;
    } catch (error) {
      this.error = say(error);
      return null;
    } finally {
      this.busy = null;
    }
  }

  /** Nobody wants it any more: a sign-in under way ends. */
  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.signIn.forget();
  }

  private proof(): { password: string | null; oauth_flow: string | null } {
    const oauth = this.config.auth.kind === "oauth";
    return { password: oauth || this.password === "" ? null : this.password, oauth_flow: oauth && this.signIn.signed ? this.signIn.flow : null };
  }

  private clean(): EmailAccount {
    const config = $state.snapshot(this.config) as EmailAccount;
    const pem = config.trusted_certificate?.trim() ?? "";
    const auth = config.auth.kind === "oauth" ? { ...config.auth, client_id: config.auth.client_id.trim(), tenant: config.auth.tenant.trim() } : config.auth;
    return { ...config, auth, address: config.address.trim(), display_name: config.display_name.trim(), aliases: config.aliases.map((a) => a.trim()).filter((a) => a !== ""), trusted_certificate: pem === "" ? null : `${pem}\n` };
  }
}
