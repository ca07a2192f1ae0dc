import type { TimelineItem } from "../api/TimelineItem";
import { sameDay } from "../i18n/time";
import { bareSubject } from "./quote";
import { keyOf } from "./timeline.svelte";

/** An item of the timeline with what stands around it. */
export interface Line {
  key: string;
  item: TimelineItem;
  at: number;
  /** A new day begins here. */
  day: boolean;
  /** What follows was not read yet. */
  unread: boolean;
  /** The subject differs from the message's before. */
  subject: boolean;
}

/** When an item stands in the timeline. */
export function whenOf(item: TimelineItem): number {
  return item.type === "episode" ? item.opened_at : item.at;
}

/** Lays items out: days, the unread line, folded episodes. */
export function linesOf(items: readonly TimelineItem[], folded: ReadonlySet<string>, firstUnread: string | null): Line[] {
  const lines: Line[] = [];
  let day: number | null = null;
  let subject: string | null = null;
  let hidden = false;
  for (const item of items) {
    if (item.type === "episode") hidden = folded.has(item.id);
    else if (hidden) continue;
    const at = whenOf(item);
    // A changed clock of a change line is no reason for a day mark of its own before the episode that follows.
    const newDay = item.type !== "episode" && (day === null || !sameDay(day, at));
    if (item.type !== "episode") day = at;
    const bare = item.type === "message" ? bareSubject(item.subject) : null;
    lines.push({ key: keyOf(item), item, at, day: newDay, unread: item.type === "message" && item.id === firstUnread, subject: bare !== null && bare !== "" && bare !== subject });
    if (bare !== null) subject = bare;
  }
  return lines;
}
