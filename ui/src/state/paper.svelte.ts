import type { CustomerPanel } from "../api/CustomerPanel";
import type { MessageItem } from "../api/MessageItem";
import type { NoteItem } from "../api/NoteItem";
import type { TimelineItem } from "../api/TimelineItem";
import type { Host } from "../host/host";
import { say } from "../errors";
import { partsOf } from "./quote";

/** More items than this are not set for paper: some two hundred pages. The newest are taken, and it is said. */
export const MOST = 2_000;
const PAGE = 200;

/** What stands on paper. */
export interface Sheet {
  panel: CustomerPanel;
  items: readonly ({ type: "message"; text: string; left: boolean; message: MessageItem } | { type: "note"; note: NoteItem })[];
  from: number;
  to: number;
  /** Older messages are left out. */
  cut: boolean;
}

/** What of a conversation is to be on paper. */
export interface Wish {
  notes: boolean;
  quotes: boolean;
}

/** A conversation as it is set for paper. */
export class Paper {
  sheet = $state.raw<Sheet | null>(null);
  busy = $state(false);
  /** How many items have been read so far. */
  read = $state(0);
  error = $state<string | null>(null);
  private run = 0;

  constructor(private readonly host: Host) {}

  /** Reads a conversation and sets it. False when that failed or was given up. */
  async set(conversation: string, wish: Wish): Promise<boolean> {
    const run = ++this.run;
    this.busy = true;
    this.error = null;
    this.read = 0;
    try {
      const [{ items, cut }, panel] = await Promise.all([this.all(conversation, run), this.host.call("customer", { id: conversation })]);
      const rows: Sheet["items"][number][] = [];
      for (const item of items) {
        if (run !== this.run) return false;
        if (item.type === "note" && wish.notes) rows.push({ type: "note", note: item });
        if (item.type === "message") rows.push({ type: "message", message: item, ...(await this.words(item, wish.quotes)) });
      }
      if (run !== this.run) return false;
      const times = items.flatMap((item) => (item.type === "message" ? [item.at] : []));
      this.sheet = { panel, items: rows, cut, from: times[0] ?? Date.now(), to: times.at(-1) ?? Date.now() };
      return true;
    } catch (error) {
      if (run === this.run) this.error = say(error);
      return false;
    } finally {
      if (run === this.run) this.busy = false;
    }
  }

  /** The paper is put away. */
  clear(): void {
    this.run += 1;
    this.busy = false;
    this.sheet = null;
  }

  /** From the newest backwards, as far as it may go. */
  private async all(conversation: string, run: number): Promise<{ items: TimelineItem[]; cut: boolean }> {
    let items: TimelineItem[] = [];
    let before: string | null = null;
    do {
      const page: { items: TimelineItem[]; older: string | null } = await this.host.call("timeline", { conversation, before, after: null, around: null, limit: PAGE });
      if (run !== this.run) break;
      items = [...page.items.filter((item) => item.type === "message" || item.type === "note"), ...items];
      before = page.older;
      this.read = items.length;
    } while (before !== null && items.length < MOST);
    return { items: items.slice(-MOST), cut: before !== null || items.length > MOST };
  }

  /** A message's words; those that are too many for the timeline are fetched, and what is quoted stays out if it may. */
  private async words(message: MessageItem, quotes: boolean): Promise<{ text: string; left: boolean }> {
    if (message.text_cut) {
      const whole = await this.host.call("message_text", { id: message.id });
      return { text: whole.text, left: false };
    }
    const parts = partsOf(message.text, message.folds);
    const own = parts.filter((part) => part.kind === null).map((part) => part.text).join("").trim();
    // A mail that is nothing but a quotation is shown with it.
    if (quotes || own === "") return { text: message.text, left: false };
    return { text: own, left: parts.some((part) => part.kind === "quote") };
  }
}
