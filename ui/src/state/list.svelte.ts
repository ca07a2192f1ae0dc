import { SvelteMap } from "svelte/reactivity";
import type { ConversationRow } from "../api/ConversationRow";
import type { IdPage } from "../api/IdPage";
import type { Section } from "../api/Section";
import type { SectionCount } from "../api/SectionCount";
import type { Sort } from "../api/Sort";
import type { View } from "../api/View";
import type { Host } from "../host/host";
import { say } from "../errors";
import { Hold, type Reason } from "./hold";
import { Marks } from "./marks.svelte";
import { choiceFrom, cuts, keyOf, ordered, type Choice, type Grouping } from "./sections";

const PAGE = 20_000;
const CHUNK = 100;
/** Rows that are kept; the farthest from sight are forgotten beyond. */
const KEPT = 2_000;
/** How long what one did oneself may move the lines at once. */
const OWN = 5_000;

/** What the list shows: a view, narrowed by a stage or a tag, or what a saved search finds. */
export interface Filter {
  view: View;
  stage: string | null;
  tag: string | null;
  saved: string | null;
}

/** A group of the list, or the whole of it. */
export interface Part {
  key: string;
  section: Section | null;
  /** How many conversations it has, also where they are not known yet. */
  count: number;
  ids: string[];
  closed: boolean;
}

/** What stands on the lines: headings, conversations, and places whose conversations are not known yet. */
interface Arranged {
  parts: readonly Part[];
  ids: readonly string[];
  lines: readonly string[];
  heads: readonly number[];
}

const NOTHING: Arranged = { parts: [], ids: [], lines: [], heads: [] };
const HEAD = "#";
const UNKNOWN = "?";

/** Whether a line is a heading. */
export const isHead = (line: string): boolean => line.startsWith(HEAD);
/** Whether a line is a conversation. */
export const isConversation = (line: string | null): line is string => line !== null && !line.startsWith(HEAD) && !line.startsWith(UNKNOWN);

function arrange(parts: readonly Part[]): Arranged {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only !== undefined && only.section === null) return { parts, ids: only.ids, lines: only.ids, heads: [] };
  const lines: string[] = [];
  const ids: string[] = [];
  const heads: number[] = [];
  for (const part of parts) {
    heads.push(lines.length);
    lines.push(HEAD + part.key);
    if (part.closed) continue;
    for (const id of part.ids) {
      ids.push(id);
      lines.push(id);
    }
    for (let i = part.ids.length; i < part.count; i += 1) lines.push(`${UNKNOWN}${part.key}:${String(i)}`);
  }
  return { parts, ids, lines, heads };
}

/** The names that sections are ordered by. */
export interface Names {
  rank: (stage: string) => number;
  person: (agent: string) => { name: string; me: boolean };
}

/** Where the order of each view is kept. */
export interface Kept {
  choiceOf(view: View): Choice;
  keepChoice(view: View, choice: Choice): void;
}

/** As long as nothing is kept, every view is seen as usual. */
const nowhere: Kept = { choiceOf: (view) => choiceFrom(view, undefined), keepChoice: () => undefined };

/** The conversation list: all ids of a view in order, rows only for what is on screen. */
export class ConversationList {
  filter = $state.raw<Filter>({ view: "inbox", stage: null, tag: null, saved: null });
  sort = $state<Sort>("newest");
  group = $state<Grouping>("none");
  readonly rows = new SvelteMap<string, ConversationRow>();
  readonly marks = new Marks();
  loaded = $state(false);
  error = $state<string | null>(null);
  /** Grows with every other list that is shown. */
  origin = $state(0);
  /** How many of the conversations that wait to be let in are new. */
  news = $state(0);
  /** A newer order waits until the hand is off. */
  waiting = $state(false);
  /** More conversations are there than are known yet. */
  partly = $state(false);
  private arranged = $state.raw<Arranged>(NOTHING);
  private shown = $state<string | null>(null);
  private at = $state<string | null>(null);
  private pending: readonly Part[] | null = null;
  private readonly hold = new Hold(() => this.letIn());
  private readonly own = new Map<string, number>();
  private closed = new Set<string>();
  private fetching: Promise<void> | null = null;
  private asked = 0;
  /** The question by which each row came. */
  private readonly answered = new Map<string, number>();
  private begun: () => void = () => undefined;
  private run = 0;
  private place = 0;
  private visible: [number, number] = [0, 0];

  constructor(
    private readonly host: Host,
    private readonly names: Names = { rank: () => 0, person: (agent) => ({ name: agent, me: false }) },
    private readonly kept: Kept = nowhere,
  ) {
    this.choose("inbox");
  }

  /** The conversations in order, without those of closed groups. */
  get ids(): readonly string[] {
    return this.arranged.ids;
  }

  /** What stands on the lines. */
  get lines(): readonly string[] {
    return this.arranged.lines;
  }

  /** The lines that are headings. */
  get heads(): readonly number[] {
    return this.arranged.heads;
  }

  get parts(): readonly Part[] {
    return this.arranged.parts;
  }

  /** How many conversations the view has, closed groups included. */
  get total(): number {
    return this.arranged.parts.reduce((n, part) => n + part.count, 0);
  }

  part(line: string): Part | undefined {
    return this.arranged.parts.find((part) => HEAD + part.key === line);
  }

  /** The conversation that is shown. */
  get selected(): string | null {
    return this.shown;
  }

  set selected(id: string | null) {
    this.shown = id;
    this.at = id;
    const place = id === null ? -1 : this.arranged.ids.indexOf(id);
    if (place >= 0) this.place = place;
  }

  /** The line that the keys are on. */
  get cursor(): string | null {
    return this.at ?? this.shown;
  }

  set cursor(line: string | null) {
    this.at = line;
  }

  /** Conversations an action is meant for together. */
  get marked(): ReadonlySet<string> {
    return this.marks.set;
  }

  /** What is kept is known now. */
  remembered(): void {
    this.choose(this.filter.view);
  }

  /** Asks for the row of a conversation that may be on no line. The one that it belongs to now, or null where there is none. */
  async row(id: string): Promise<ConversationRow | null> {
    const [row] = await this.host.call("conversation_rows", { ids: [id] });
    if (row !== undefined) this.rows.set(row.id, row);
    return row ?? null;
  }

  /** Shows a view from its top, as it was chosen to be seen. */
  async show(filter: Partial<Filter> & { view: View }): Promise<void> {
    this.filter = { stage: null, tag: null, saved: null, ...filter };
    this.choose(filter.view);
    await this.anew();
  }

  async setSort(sort: Sort): Promise<void> {
    this.sort = sort;
    await this.chosen();
  }

  async setGroup(group: Grouping): Promise<void> {
    this.group = group;
    this.closed = new Set();
    await this.chosen();
  }

  /** Opens or closes a group. */
  async toggle(line: string, open?: boolean): Promise<void> {
    const part = this.part(line);
    if (part === undefined || part.closed !== (open ?? part.closed)) return;
    if (part.closed) this.closed.delete(part.key);
    else this.closed.add(part.key);
    this.kept.keepChoice(this.filter.view, { sort: this.sort, group: this.group, closed: [...this.closed] });
    this.arranged = arrange(this.arranged.parts.map((p) => (p.key === part.key ? { ...p, closed: !p.closed } : p)));
    if (part.closed && part.ids.length < part.count) await this.refresh();
  }

  /** Asks for the order, and is done as soon as a first screen can be shown. */
  begin(): Promise<void> {
    return new Promise((resolve) => {
      this.begun = resolve;
      void this.refresh().finally(resolve);
    });
  }

  /** Asks for the order again. Lines that a hand is on keep their place; the rest waits above the list. */
  async refresh(): Promise<void> {
    const run = ++this.run;
    try {
      const parts = await this.outline();
      let early = !this.loaded;
      for (const part of parts) {
        if (part.closed) continue;
        let after: string | null = null;
        do {
          const page: IdPage = await this.page(part.section, after);
          if (run !== this.run) return;
          part.ids = part.ids.length === 0 ? page.ids : [...part.ids, ...page.ids];
          part.count = part.section === null ? part.ids.length : Math.max(part.count, part.ids.length);
          after = page.next;
          if (after !== null && early) {
            // The first screen does not wait for the last page.
            early = false;
            this.partly = true;
            this.arranged = arrange(parts.map((p) => ({ ...p })));
            this.loaded = true;
            this.begun();
          }
        } while (after !== null);
      }
      if (run !== this.run) return;
      this.partly = false;
      this.error = null;
      this.take(parts);
    } catch (error) {
      if (run === this.run) this.error = say(error);
    } finally {
      if (run === this.run) this.loaded = true;
    }
  }

  /** A reason to keep the lines where they are begins or ends. */
  keep(reason: Reason, on: boolean): void {
    this.hold.set(reason, on);
  }

  /** What one did to these oneself may move their lines at once. */
  did(ids: readonly string[]): void {
    const until = Date.now() + OWN;
    for (const id of ids) this.own.set(id, until);
  }

  /** Lets in what waited above the list. */
  letIn(): void {
    const parts = this.pending;
    if (parts !== null) this.settle(parts);
  }

  /** Loads what is visible and a little around it. One question at a time: what was scrolled past meanwhile is never asked for. */
  async ensure(from: number, to: number): Promise<void> {
    this.visible = [from, to];
    this.fetching ??= this.load().finally(() => (this.fetching = null));
    await this.fetching;
  }

  private async load(): Promise<void> {
    const tried = new Set<string>();
    const open = (id: string): boolean => isConversation(id) && !this.rows.has(id) && !tried.has(id);
    for (;;) {
      const [from, to] = this.visible;
      // A little before the edge comes into sight, and then some more at once.
      if (!this.lines.slice(Math.max(0, from - 10), to + 15).some(open)) return;
      const wanted = this.lines.slice(Math.max(0, from - 20), to + 40).filter(open).slice(0, CHUNK);
      for (const id of wanted) tried.add(id);
      if (!(await this.fetch(wanted))) return;
    }
  }

  /** These conversations changed: fetch those that are known here again. */
  async invalidate(ids: readonly string[] | "all"): Promise<void> {
    const changed = ids === "all" ? null : new Set(ids);
    const known = [...this.rows.keys()].filter((id) => changed === null || changed.has(id));
    const shown = new Set(this.lines.slice(this.visible[0], this.visible[1]));
    // More than a few screens of stale rows are cheaper forgotten than fetched; what is on screen never goes blank.
    const kept = known.length <= 300 ? known : known.filter((id) => shown.has(id) || id === this.selected);
    const staying = new Set(kept);
    for (const id of known) if (!staying.has(id)) this.rows.delete(id);
    for (let i = 0; i < kept.length; i += CHUNK) await this.fetch(kept.slice(i, i + CHUNK));
    await this.ensure(...this.visible);
  }

  /** The conversation `step` places further, or null at the end. From one that left, the one that took its place. */
  neighbour(step: number, from = this.selected): string | null {
    if (this.ids.length === 0) return null;
    if (from === null) return this.ids[0] ?? null;
    const at = this.ids.indexOf(from);
    const to = at >= 0 ? at + step : this.place + (step > 0 ? step - 1 : step);
    return this.ids[Math.min(this.ids.length - 1, Math.max(0, to))] ?? null;
  }

  /** The nearest conversation before or after a line. */
  beside(line: string, step: number): string | null {
    const lines = this.lines;
    for (let i = lines.indexOf(line) + step; i >= 0 && i < lines.length; i += step) {
      const found = lines[i] ?? null;
      if (isConversation(found)) return found;
    }
    return null;
  }

  /** The line `step` further than where the keys are, headings included. */
  lineFrom(step: number): string | null {
    const lines = this.lines;
    const at = this.cursor === null ? -1 : lines.indexOf(this.cursor);
    if (at < 0) return lines[0] ?? null;
    return lines[Math.min(lines.length - 1, Math.max(0, at + step))] ?? null;
  }

  /** What to show once `gone` have left the list: the next one that stays, else the one before. */
  successor(gone: readonly string[]): string | null {
    const leaving = new Set(gone);
    const at = this.ids.indexOf(this.selected !== null && leaving.has(this.selected) ? this.selected : (gone[0] ?? ""));
    if (at < 0) return this.selected;
    const stays = (id: string): boolean => !leaving.has(id);
    return this.ids.slice(at).find(stays) ?? this.ids.slice(0, at).findLast(stays) ?? null;
  }

  toggleMark(id: string): void {
    this.marks.toggle(id);
  }

  /** Selects everything from where the range began to a conversation. */
  markTo(id: string): void {
    this.marks.extend(this.ids, isConversation(this.cursor) ? this.cursor : id, id);
  }

  /** Selects all that match, also what closed groups hold. */
  async markAll(): Promise<void> {
    const run = this.run;
    const ids: string[] = [];
    for (const part of this.parts) {
      if (part.ids.length >= part.count) {
        ids.push(...part.ids);
        continue;
      }
      for (let after: string | null = null, first = true; first || after !== null; first = false) {
        const page: IdPage = await this.page(part.section, after);
        ids.push(...page.ids);
        after = page.next;
      }
    }
    if (run === this.run) this.marks.all(ids);
  }

  private choose(view: View): void {
    const choice = this.kept.choiceOf(view);
    this.sort = choice.sort;
    this.group = choice.group;
    this.closed = new Set(choice.closed);
  }

  private async chosen(): Promise<void> {
    this.kept.keepChoice(this.filter.view, { sort: this.sort, group: this.group, closed: [...this.closed] });
    await this.anew();
  }

  private async anew(): Promise<void> {
    this.marks.clear();
    this.at = null;
    this.loaded = false;
    this.pending = null;
    this.waiting = false;
    this.news = 0;
    this.arranged = NOTHING;
    this.origin += 1;
    await this.refresh();
  }

  /** The groups with their numbers, or the one list. */
  private async outline(): Promise<Part[]> {
    const { view, stage, tag, saved } = this.filter;
    if (this.group === "none" || saved !== null) return [{ key: "", section: null, count: 0, ids: [], closed: false }];
    const found: SectionCount[] = await this.host.call("conversation_sections", { view, stage, tag, by: this.group, cuts: this.group === "day" ? cuts(Date.now()) : [] });
    return ordered(found, this.sort, this.names.rank, this.names.person).map(({ section, count }) => {
      const key = keyOf(section);
      return { key, section, count, ids: [], closed: this.closed.has(key) };
    });
  }

  private page(section: Section | null, after: string | null): Promise<IdPage> {
    const { view, stage, tag } = this.filter;
    if (section === null) return this.host.call("conversation_ids", { ...this.filter, sort: this.sort, after, limit: PAGE });
    return this.host.call("section_ids", { view, stage, tag, section, sort: this.sort, after, limit: PAGE });
  }

  /** A new order came: it is shown, or waits until the hand is off. */
  private take(parts: readonly Part[]): void {
    if (!this.hold.on || !this.loaded || this.arranged === NOTHING) {
      this.settle(parts);
      return;
    }
    const next = arrange(parts);
    const there = new Set(next.ids);
    const now = Date.now();
    for (const [id, until] of this.own) if (until < now) this.own.delete(id);
    const gone = new Set(this.ids.filter((id) => this.own.has(id) && !there.has(id)));
    const known = new Set(this.ids);
    // What one brought back oneself is not kept waiting either.
    if (next.ids.some((id) => this.own.has(id) && !known.has(id))) {
      this.settle(parts);
      return;
    }
    if (gone.size > 0) {
      this.arranged = arrange(this.parts.map((p) => {
        const ids = p.ids.filter((id) => !gone.has(id));
        return { ...p, ids, count: p.count - (p.ids.length - ids.length) };
      }));
    }
    const same = next.lines.length === this.lines.length && next.lines.every((line, i) => line === this.lines[i]);
    this.pending = same ? null : parts;
    this.waiting = !same;
    this.news = next.ids.reduce((n, id) => n + (known.has(id) ? 0 : 1), 0);
    if (same) this.arranged = next;
  }

  private settle(parts: readonly Part[]): void {
    this.pending = null;
    this.waiting = false;
    this.news = 0;
    const before = this.shown === null ? -1 : this.arranged.ids.indexOf(this.shown);
    if (before >= 0) this.place = before;
    this.arranged = arrange(parts);
    if (parts.every((p) => !p.closed && p.ids.length >= p.count)) {
      const there = new Set(this.arranged.ids);
      this.marks.keep((id) => there.has(id));
    }
    if (this.at !== null && this.at !== this.shown && !this.arranged.lines.includes(this.at)) this.at = null;
  }

  /** Whether the rows came. */
  private async fetch(ids: string[]): Promise<boolean> {
    const asked = ++this.asked;
    try {
      const rows = await this.host.call("conversation_rows", { ids });
      for (const row of rows) {
        // Answers may come in another order than the questions: an older one is no news.
        if ((this.answered.get(row.id) ?? 0) > asked) continue;
        this.answered.set(row.id, asked);
        this.rows.set(row.id, row);
      }
      this.forget();
      return true;
    } catch (error) {
      this.error = say(error);
      return false;
    }
  }

  /** Rows far from sight are forgotten, oldest first: scrolling through 100,000 must not keep 100,000. */
  private forget(): void {
    if (this.rows.size <= KEPT) return;
    const near = new Set(this.lines.slice(Math.max(0, this.visible[0] - 200), this.visible[1] + 200));
    for (const id of [...this.rows.keys()].slice(0, this.rows.size - KEPT / 2)) if (!near.has(id) && id !== this.shown) this.rows.delete(id);
    for (const id of [...this.answered.keys()]) if (!this.rows.has(id)) this.answered.delete(id);
  }
}
