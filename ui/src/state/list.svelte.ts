import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { ConversationRow } from "../api/ConversationRow";
import type { Sort } from "../api/Sort";
import type { View } from "../api/View";
import type { Host } from "../host/host";
import { say } from "../errors";

const PAGE = 20_000;
const CHUNK = 100;

/** What the list shows: a view, narrowed by a stage or a tag, or what a saved search finds. */
export interface Filter {
  view: View;
  stage: string | null;
  tag: string | null;
  saved: string | null;
}

/** The conversation list: all ids of a view in order, rows only for what is on screen. */
export class ConversationList {
  filter = $state.raw<Filter>({ view: "inbox", stage: null, tag: null, saved: null });
  sort = $state<Sort>("newest");
  ids = $state.raw<string[]>([]);
  readonly rows = new SvelteMap<string, ConversationRow>();
  /** The conversation that is shown. */
  selected = $state<string | null>(null);
  /** Conversations an action is meant for together. */
  readonly marked = new SvelteSet<string>();
  loaded = $state(false);
  error = $state<string | null>(null);
  private readonly asked = new Set<string>();
  private next: string | null = null;
  private run = 0;
  private visible: [number, number] = [0, 0];

  constructor(private readonly host: Host) {}

  /** Shows a view from its top. */
  async show(filter: Partial<Filter> & { view: View }): Promise<void> {
    this.filter = { stage: null, tag: null, saved: null, ...filter };
    this.sort = filter.view === "waiting" ? "longest_wait" : "newest";
    this.marked.clear();
    this.loaded = false;
    await this.refresh();
  }

  async setSort(sort: Sort): Promise<void> {
    this.sort = sort;
    await this.refresh();
  }

  /** Asks for the order again. Rows that are known stay until newer ones come. */
  async refresh(): Promise<void> {
    const run = ++this.run;
    try {
      let page = await this.host.call("conversation_ids", { ...this.filter, sort: this.sort, after: null, limit: PAGE });
      let ids = page.ids;
      // As far as it was scrolled open before, or the list would end under somebody's eyes.
      while (run === this.run && this.loaded && page.next !== null && ids.length < this.ids.length) {
        page = await this.host.call("conversation_ids", { ...this.filter, sort: this.sort, after: page.next, limit: PAGE });
        ids = [...ids, ...page.ids];
      }
      if (run !== this.run) return;
      this.ids = ids;
      this.next = page.next;
      this.error = null;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    } finally {
      if (run === this.run) this.loaded = true;
    }
  }

  /** Loads what is visible and a little around it. */
  async ensure(from: number, to: number): Promise<void> {
    this.visible = [from, to];
    const wanted = this.ids.slice(Math.max(0, from - 20), to + 40).filter((id) => !this.rows.has(id) && !this.asked.has(id));
    if (to > this.ids.length - 2_000) void this.more();
    for (let i = 0; i < wanted.length; i += CHUNK) await this.fetch(wanted.slice(i, i + CHUNK));
  }

  /** These conversations changed: fetch those that are known here again. */
  async invalidate(ids: readonly string[] | "all"): Promise<void> {
    const changed = ids === "all" ? null : new Set(ids);
    const known = [...this.rows.keys()].filter((id) => changed === null || changed.has(id));
    const shown = new Set(this.ids.slice(this.visible[0], this.visible[1]));
    // More than a few screens of stale rows are cheaper forgotten than fetched; what is on screen never goes blank.
    const kept = known.length <= 300 ? known : known.filter((id) => shown.has(id) || id === this.selected);
    const staying = new Set(kept);
    for (const id of known) if (!staying.has(id)) this.rows.delete(id);
    for (let i = 0; i < kept.length; i += CHUNK) await this.fetch(kept.slice(i, i + CHUNK));
    await this.ensure(...this.visible);
  }

  /** The conversation `step` places further, or null at the end. */
  neighbour(step: number): string | null {
    if (this.ids.length === 0) return null;
    const at = this.selected === null ? -1 : this.ids.indexOf(this.selected);
    if (at < 0) return this.ids[0] ?? null;
    return this.ids[Math.min(this.ids.length - 1, Math.max(0, at + step))] ?? null;
  }

  /** What to show once `gone` have left the list: the next one that stays, else the one before. */
  successor(gone: readonly string[]): string | null {
    const at = this.ids.indexOf(gone[0] ?? "");
    if (at < 0) return this.selected;
    const stays = (id: string): boolean => !gone.includes(id);
    return this.ids.slice(at).find(stays) ?? this.ids.slice(0, at).findLast(stays) ?? null;
  }

  toggleMark(id: string): void {
    if (!this.marked.delete(id)) this.marked.add(id);
  }

  private async more(): Promise<void> {
    if (this.next === null) return;
    const after = this.next;
    this.next = null;
    const run = this.run;
    const page = await this.host.call("conversation_ids", { ...this.filter, sort: this.sort, after, limit: PAGE });
    if (run !== this.run) return;
    this.ids = [...this.ids, ...page.ids];
    this.next = page.next;
  }

  private async fetch(ids: string[]): Promise<void> {
    for (const id of ids) this.asked.add(id);
    try {
      const rows = await this.host.call("conversation_rows", { ids });
      for (const row of rows) this.rows.set(row.id, row);
    } catch (error) {
      this.error = say(error);
    } finally {
      for (const id of ids) this.asked.delete(id);
    }
  }
}
