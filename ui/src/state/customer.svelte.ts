import type { CustomerPanel } from "../api/CustomerPanel";
import type { Host } from "../host/host";
import { say } from "../errors";

/** Everything known about the customer on screen. */
export class Customer {
  panel = $state.raw<CustomerPanel | null>(null);
  error = $state<string | null>(null);
  private id: string | null = null;
  private run = 0;

  constructor(private readonly host: Host) {}

  async open(id: string | null): Promise<void> {
    this.id = id;
    if (id === null) this.panel = null;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const run = ++this.run;
    if (this.id === null) return;
    try {
      const panel = await this.host.call("customer", { id: this.id });
      if (run !== this.run) return;
      this.panel = panel;
      this.error = null;
    } catch (error) {
      if (run !== this.run) return;
      this.panel = null;
      this.error = say(error);
    }
  }
}
