import type { Hit } from "../api/Hit";
import type { SavedView } from "../api/SavedView";
import type { SearchOrder } from "../api/SearchOrder";
import type { Host } from "../host/host";
import { say } from "../errors";

const PAUSE = 80;
const PAGE = 50;

/** Search over everything, as one types. */
export class Search {
  query = $state("");
  order = $state<SearchOrder>("newest");
  hits = $state.raw<Hit[]>([]);
  warnings = $state.raw<string[]>([]);
  next = $state<string | null>(null);
  /** The query that the hits answer; empty = nothing was asked yet. */
  answered = $state("");
  error = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private run = 0;

  constructor(private readonly host: Host) {}

  typed(query: string): void {
    this.query = query;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), PAUSE);
  }

  async sort(order: SearchOrder): Promise<void> {
    this.order = order;
    await this.ask();
  }

  /** Keeps the query as a view; throws in words when the engine refuses. */
  async save(name: string): Promise<SavedView> {
    return this.host.call("view_save", { id: null, name, query: this.query.trim() });
  }

  async ask(): Promise<void> {
    const run = ++this.run;
    const query = this.query.trim();
    if (query === "") {
      this.hits = [];
      this.warnings = [];
      this.next = null;
      this.answered = "";
      this.error = null;
      return;
    }
    try {
      const page = await this.host.call("search", { query, limit: PAGE, before: null, order: this.order });
      // An answer to an older query must not overwrite a newer one.
      if (run !== this.run) return;
      this.hits = page.hits;
      this.warnings = page.warnings;
      this.next = page.next;
      this.answered = query;
      this.error = null;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  async more(): Promise<void> {
    const { next, run } = this;
    if (next === null) return;
    this.next = null;
    try {
      const page = await this.host.call("search", { query: this.answered, limit: PAGE, before: next, order: this.order });
      if (run !== this.run) return;
      this.hits = [...this.hits, ...page.hits];
      this.next = page.next;
    } catch (error) {
      this.error = say(error);
    }
  }
}
