import type { CustomerPanel } from "../api/CustomerPanel";
import type { FileInConversation } from "../api/FileInConversation";
import type { Host } from "../host/host";
import { say } from "../errors";

const FILES = 4;

/** Everything known about the customer on screen. */
export class Customer {
  panel = $state.raw<CustomerPanel | null>(null);
  error = $state<string | null>(null);
  /** The newest files; all of them are in the gallery. */
  files = $state.raw<readonly FileInConversation[]>([]);
  private id: string | null = null;
  private run = 0;

  constructor(private readonly host: Host) {}

  async open(id: string | null): Promise<void> {
    this.id = id;
    if (id === null) this.panel = null;
    this.files = [];
    await this.refresh();
  }

  /** Fetches the newest files. They are an addition: without them the panel still says all else. */
  async loadFiles(): Promise<void> {
    const { id } = this;
    if (id === null) return;
    const page = await this.host.call("conversation_files", { conversation: id, before: null, limit: FILES }).catch(() => null);
    if (page !== null && id === this.id) this.files = page.files.slice(0, FILES);
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
