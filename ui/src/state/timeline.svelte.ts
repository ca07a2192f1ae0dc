import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { EpisodeItem } from "../api/EpisodeItem";
import type { MessageHtml } from "../api/MessageHtml";
import type { MessageText } from "../api/MessageText";
import type { Timeline as Page } from "../api/Timeline";
import type { TimelineItem } from "../api/TimelineItem";
import type { Host } from "../host/host";
import { say } from "../errors";
import { cutEnd, cutStart, episodeOf, joined, spliceTail } from "./stretch";

export { keyOf, spliceTail } from "./stretch";

const PAGE = 40;
/** What fills a large screen: more would only keep the reader waiting. */
const FIRST = 24;
const MOST = 200;
/** So many items stay in memory and in the window; what is further away is dropped and asked for again. */
export const KEPT = 300;

/** Which end of the stretch. */
export type Side = "older" | "newer";

/** What was read on of a text that is too long to be kept whole. */
export interface RestOfText {
  readonly pieces: readonly string[];
  /** Where the next one begins, in bytes of the whole text. */
  readonly next: number | null;
  readonly total: number;
}

/** One conversation's timeline: a stretch of it that grows upward and downward, and lets go of what is far away. */
export class Timeline {
  conversation = $state<string | null>(null);
  items = $state.raw<TimelineItem[]>([]);
  older = $state<string | null>(null);
  newer = $state<string | null>(null);
  /** The episode that the first item is in, where it began before. */
  within = $state.raw<EpisodeItem | null>(null);
  /** Fixed when the conversation is opened, so the line does not wander while one reads. */
  firstUnread = $state<string | null>(null);
  /** The message somebody jumped to. */
  target = $state<string | null>(null);
  /** The key of the item that is to be seen, where it is no message. */
  aim = $state<string | null>(null);
  /** Grows with each jump, so that jumping twice to one message scrolls twice. */
  jumps = $state(0);
  /** Grows when the end should be shown: something was just sent or written. */
  ends = $state(0);
  loading = $state(false);
  error = $state<string | null>(null);
  /** The end that could not be read on. */
  failed = $state<Side | null>(null);
  growing = $state<Side | null>(null);
  /** Episodes that are put away. Kept while the program runs, whatever is opened between. */
  readonly folded = new SvelteSet<string>();
  /** Changes in a row that are shown one by one, by the id of any of them. */
  readonly spread = new SvelteSet<string>();
  readonly texts = new SvelteMap<string, MessageText>();
  readonly htmls = new SvelteMap<string, MessageHtml>();
  readonly rests = new SvelteMap<string, RestOfText>();
  /** The message at the reader's eye: what a refresh is made around. */
  eye: string | null = null;
  /** Folded episodes whose middle was passed over. */
  private readonly skipped = new Set<string>();
  /** Every episode of this conversation is put away as it comes. */
  private every = false;
  private run = 0;

  constructor(private readonly host: Host) {}

  /** Opens a conversation at its first unread message, its end, or a message. */
  async open(conversation: string | null, around: string | null = null): Promise<void> {
    const run = ++this.run;
    if (conversation === null) {
      this.clear(null);
      return;
    }
    this.loading = true;
    try {
      let page = await this.ask(conversation, { around }, FIRST);
      const unread = page.first_unread;
      if (around === null && unread !== null && run === this.run && !page.items.some((item) => item.id === unread)) page = await this.ask(conversation, { around: unread }, FIRST);
      if (run !== this.run) return;
      const firstUnread = this.conversation === conversation && around !== null ? (this.firstUnread ?? unread) : unread;
      this.clear(conversation);
      this.take(page);
      this.firstUnread = firstUnread;
      this.show(around, around ?? firstUnread);
    } catch (error) {
      if (run !== this.run) return;
      this.clear(conversation);
      this.error = say(error);
    } finally {
      if (run === this.run) this.loading = false;
    }
  }

  /** Shows a message of this conversation; what is loaded already is not asked for again. */
  async jump(message: string): Promise<void> {
    if (this.items.some((item) => item.type === "message" && item.id === message)) this.show(message, message);
    else await this.open(this.conversation, message);
  }

  /** Shows the first message of a day, or the nearest there is. False when there is none at all. */
  async jumpTo(at: number): Promise<boolean> {
    const { conversation } = this;
    if (conversation === null) return false;
    const { message } = await this.host.call("message_at", { conversation, at });
    if (message === null || conversation !== this.conversation) return false;
    await this.jump(message);
    return true;
  }

  /** Something in here changed. */
  async refresh(): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    // Away from the end the same stretch is asked for again by what is being looked at.
    const messages = this.items.filter((item) => item.type === "message");
    const seen = messages.find((item) => item.id === this.eye) ?? messages[Math.floor(messages.length / 2)];
    const around = this.newer === null ? null : (seen?.id ?? null);
    const limit = Math.min(MOST, Math.max(PAGE, messages.length));
    const page = await this.ask(conversation, { around }, limit);
    // Another one may have been on its way here already when this was asked.
    if (run !== this.run || conversation !== this.conversation) return;
    const spliced = around === null ? spliceTail(this.items, page.items) : null;
    if (spliced === null) this.take(page);
    else this.items = spliced;
  }

  /** Shows the end, wherever one was reading. */
  async toEnd(): Promise<void> {
    if (this.newer !== null) await this.open(this.conversation);
    this.ends += 1;
  }

  async loadOlder(): Promise<void> {
    const hidden = this.within !== null && this.folded.has(this.within.id) ? this.within : null;
    await this.grow("older", hidden?.start ?? this.older, (page) => {
      const header: TimelineItem[] = hidden === null ? [] : [{ type: "episode", ...hidden }];
      if (hidden !== null) this.skipped.add(hidden.id);
      this.items = joined([...page.items, ...header], this.items);
      this.older = page.older;
      this.within = page.within;
      if (this.items.length <= KEPT) return;
      const cut = cutEnd(this.items, KEPT);
      if (cut !== null) [this.items, this.newer] = [cut.items, cut.edge];
    });
  }

  async loadNewer(): Promise<void> {
    const last = episodeOf(this.items, this.items.length - 1) ?? this.within;
    const hidden = last !== null && this.folded.has(last.id) ? last : null;
    // What follows belongs to an episode that is put away, and nothing comes after it.
    if (hidden !== null && hidden.end === null) return;
    await this.grow("newer", hidden?.end ?? this.newer, (page) => {
      if (hidden !== null) this.skipped.add(hidden.id);
      this.items = joined(this.items, page.items);
      this.newer = page.newer;
      if (this.items.length <= KEPT) return;
      const cut = cutStart(this.items, KEPT);
      if (cut === null) return;
      this.within = cut.within ?? this.within;
      [this.items, this.older] = [cut.items, cut.edge];
    });
  }

  /** All of a text that was cut. */
  async loadText(message: string): Promise<void> {
    this.texts.set(message, await this.host.call("message_text", { id: message }));
  }

  /** The next piece of what was cut off a text when it was kept. */
  async loadRest(message: string): Promise<void> {
    const known = this.rests.get(message);
    if (known?.next === null) return;
    const { text, next, total } = await this.host.call("message_rest", { id: message, from: known?.next ?? null });
    // Asked for twice, it is shown once.
    if (this.rests.get(message) !== known) return;
    this.rests.set(message, { pieces: [...(known?.pieces ?? []), text], next, total });
  }

  async loadHtml(message: string): Promise<void> {
    if (this.htmls.has(message)) return;
    this.htmls.set(message, await this.host.call("message_html", { id: message }));
  }

  /** Has the engine fetch the pictures of a message, and always those of its sender if so asked. */
  async loadImages(message: string, always: boolean): Promise<void> {
    this.htmls.set(message, await this.host.call("images_load", { message, always }));
  }

  /** Puts an episode's items away, or shows them again. */
  toggleFold(episode: string): void {
    if (!this.folded.delete(episode)) {
      this.folded.add(episode);
      return;
    }
    if (this.skipped.delete(episode)) void this.reread(episode);
  }

  /** Puts every episode away, also those that are loaded later, or shows all. */
  foldAll(on: boolean): void {
    this.every = on;
    for (const episode of this.episodes) if (this.folded.has(episode.id) !== on) this.toggleFold(episode.id);
  }

  /** The episodes of the stretch. */
  get episodes(): EpisodeItem[] {
    const here = this.items.filter((item) => item.type === "episode");
    return this.within === null ? here : [this.within, ...here];
  }

  /** The newest message of the stretch, the evidence of a stage set now. */
  get lastMessage(): string | null {
    return this.items.findLast((item) => item.type === "message" && item.direction === "inbound")?.id ?? null;
  }

  /** Reads an episode from its beginning: its middle was never loaded. */
  private async reread(id: string): Promise<void> {
    const episode = this.episodes.find((e) => e.id === id);
    const { conversation } = this;
    if (episode === undefined || conversation === null) return;
    const run = ++this.run;
    try {
      const page = await this.ask(conversation, { after: episode.start });
      if (run !== this.run) return;
      this.take(page);
      this.aim = `episode:${id}`;
      this.target = null;
      this.jumps += 1;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  private show(target: string | null, seen: string | null): void {
    const at = seen === null ? -1 : this.items.findIndex((item) => item.id === seen);
    const around = at < 0 ? null : (episodeOf(this.items, at) ?? this.within);
    if (around !== null) this.folded.delete(around.id);
    this.target = target;
    this.aim = null;
    this.jumps += 1;
  }

  private ask(conversation: string, where: { before?: string; after?: string; around?: string | null }, limit = PAGE): Promise<Page> {
    return this.host.call("timeline", { conversation, before: where.before ?? null, after: where.after ?? null, around: where.around ?? null, limit });
  }

  private async grow(side: Side, from: string | null, put: (page: Page) => void): Promise<void> {
    const { conversation, run } = this;
    if ((side === "older" ? this.older : this.newer) === null || from === null || conversation === null || this.growing !== null) return;
    this.growing = side;
    this.failed = null;
    try {
      const page = await this.ask(conversation, side === "older" ? { before: from } : { after: from });
      if (run === this.run && conversation === this.conversation) {
        this.away(page);
        put(page);
        this.error = null;
      }
    } catch (error) {
      if (run === this.run && conversation === this.conversation) {
        this.error = say(error);
        this.failed = side;
      }
    } finally {
      this.growing = null;
    }
  }

  private away(page: Page): void {
    if (!this.every) return;
    for (const item of [...page.items, ...(page.within === null ? [] : [{ type: "episode" as const, ...page.within }])]) {
      if (item.type === "episode" && !this.items.some((known) => known.id === item.id)) this.folded.add(item.id);
    }
  }

  private take(page: Page): void {
    this.away(page);
    this.items = joined([], page.items);
    this.older = page.older;
    this.newer = page.newer;
    this.within = page.within;
    this.error = null;
    this.failed = null;
    this.skipped.clear();
  }

  private clear(conversation: string | null): void {
    if (this.conversation !== conversation) {
      this.every = false;
      this.spread.clear();
      this.texts.clear();
      this.htmls.clear();
    }
    this.conversation = conversation;
    this.items = [];
    this.older = this.newer = this.firstUnread = this.target = this.aim = this.error = this.failed = this.within = null;
    this.eye = null;
    this.skipped.clear();
    this.rests.clear();
    this.loading = false;
  }
}
