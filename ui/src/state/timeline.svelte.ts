import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { MessageHtml } from "../api/MessageHtml";
import type { MessageText } from "../api/MessageText";
import type { Timeline as Page } from "../api/Timeline";
import type { TimelineItem } from "../api/TimelineItem";
import type { Host } from "../host/host";
import { say } from "../errors";

const PAGE = 60;
const MOST = 200;

/** A key that no two kinds of items share. */
export function keyOf(item: TimelineItem): string {
  return `${item.type}:${item.id}`;
}

/** Replaces the end of what is shown by a fresher page that overlaps it; without an overlap the page stands alone. */
export function spliceTail(shown: TimelineItem[], fresh: TimelineItem[]): TimelineItem[] | null {
  const first = fresh[0];
  if (first === undefined) return shown.length === 0 ? [] : null;
  const at = shown.findIndex((item) => keyOf(item) === keyOf(first));
  return at < 0 ? null : [...shown.slice(0, at), ...fresh];
}

/** What was read on of a text that is too long to be kept whole. */
export interface RestOfText {
  readonly pieces: readonly string[];
  /** Where the next one begins, in bytes of the whole text. */
  readonly next: number | null;
  readonly total: number;
}

/** One conversation's timeline: a stretch of it that grows upward and downward. */
export class Timeline {
  conversation = $state<string | null>(null);
  items = $state.raw<TimelineItem[]>([]);
  older = $state<string | null>(null);
  newer = $state<string | null>(null);
  /** Fixed when the conversation is opened, so the line does not wander while one reads. */
  firstUnread = $state<string | null>(null);
  /** The message somebody jumped to. */
  target = $state<string | null>(null);
  /** Grows with each jump, so that jumping twice to one message scrolls twice. */
  jumps = $state(0);
  /** Grows when the end should be shown: something was just sent or written. */
  ends = $state(0);
  loading = $state(false);
  error = $state<string | null>(null);
  readonly folded = new SvelteSet<string>();
  readonly texts = new SvelteMap<string, MessageText>();
  readonly htmls = new SvelteMap<string, MessageHtml>();
  readonly rests = new SvelteMap<string, RestOfText>();
  private run = 0;
  private growing = false;

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
      const page = await this.host.call("timeline", { conversation, before: null, after: null, around, limit: PAGE });
      if (run !== this.run) return;
      this.clear(conversation);
      this.take(page);
      this.firstUnread = page.first_unread;
      this.target = around;
      this.jumps += 1;
    } catch (error) {
      if (run !== this.run) return;
      this.clear(conversation);
      this.error = say(error);
    } finally {
      if (run === this.run) this.loading = false;
    }
  }

  /** Something in here changed. */
  async refresh(): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    // Away from the end the same stretch is asked for again by its middle.
    const messages = this.items.filter((item) => item.type === "message");
    const around = this.newer === null ? null : (messages[Math.floor(messages.length / 2)]?.id ?? null);
    const limit = Math.min(MOST, Math.max(PAGE, this.items.length));
    const page = await this.host.call("timeline", { conversation, before: null, after: null, around, limit });
    if (run !== this.run) return;
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
    await this.grow(this.older, (page) => {
      this.items = [...page.items, ...this.items];
      this.older = page.older;
    }, "before");
  }

  async loadNewer(): Promise<void> {
    await this.grow(this.newer, (page) => {
      this.items = [...this.items, ...page.items];
      this.newer = page.newer;
    }, "after");
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

  /** Whether this episode's items are put away. */
  toggleFold(episode: string): void {
    if (!this.folded.delete(episode)) this.folded.add(episode);
  }

  /** The newest message of the stretch, the evidence of a stage set now. */
  get lastMessage(): string | null {
    return this.items.findLast((item) => item.type === "message" && item.direction === "inbound")?.id ?? null;
  }

  private async grow(from: string | null, put: (page: Page) => void, side: "before" | "after"): Promise<void> {
    const { conversation, run } = this;
    if (from === null || conversation === null || this.growing) return;
    this.growing = true;
    try {
      const page = await this.host.call("timeline", { conversation, before: side === "before" ? from : null, after: side === "after" ? from : null, around: null, limit: PAGE });
      if (run === this.run) put(page);
    } catch (error) {
      if (run === this.run) this.error = say(error);
    } finally {
      this.growing = false;
    }
  }

  private take(page: Page): void {
    this.items = page.items;
    this.older = page.older;
    this.newer = page.newer;
    this.error = null;
  }

  private clear(conversation: string | null): void {
    this.conversation = conversation;
    this.items = [];
    this.older = this.newer = this.firstUnread = this.target = this.error = null;
    this.folded.clear();
    this.texts.clear();
    this.htmls.clear();
    this.rests.clear();
    this.loading = false;
  }
}
