import type { Auth } from "../api/Auth";
import type { Host } from "../host/host";
import { say } from "../errors";

/** Signing in at a provider's page. What it brings stays with the engine; here is its number. */
export class SignIn {
  flow = $state<string | null>(null);
  /** The page, for where no browser opened. */
  url = $state<string | null>(null);
  waiting = $state(false);
  signed = $state(false);
  error = $state<string | null>(null);
  /** What Google calls a secret. */
  clientSecret = $state("");
  private round = 0;

  constructor(private readonly host: Host) {}

  async run(auth: Extract<Auth, { kind: "oauth" }>, address: string): Promise<void> {
    this.forget();
    const round = this.round;
    this.waiting = true;
    try {
      const secret = this.clientSecret.trim();
      const begun = await this.host.call("oauth_start", { provider: auth.provider, client_id: auth.client_id.trim(), client_secret: secret === "" ? null : secret, tenant: auth.tenant.trim(), address });
      if (round !== this.round) {
        void this.host.call("oauth_cancel", { flow: begun.flow }).catch(() => undefined);
        return;
      }
      this.flow = begun.flow;
      this.url = begun.url;
      await this.host.call("oauth_wait", { flow: begun.flow });
      if (round === this.round) this.signed = true;
    } catch (error) {
      if (round === this.round) this.error = say(error);
    } finally {
      if (round === this.round) {
        this.waiting = false;
        this.url = null;
      }
    }
  }

  /** Cancels what is under way and forgets what was brought. */
  forget(): void {
    this.round += 1;
    if (this.flow !== null) void this.host.call("oauth_cancel", { flow: this.flow }).catch(() => undefined);
    this.flow = null;
    this.url = null;
    this.waiting = false;
    this.signed = false;
    this.error = null;
  }
}
