import type { EpisodeItem } from "../api/EpisodeItem";
import type { TimelineItem } from "../api/TimelineItem";

/** A key that no two kinds of items share. */
export function keyOf(item: TimelineItem): string {
  return `${item.type}:${item.id}`;
}

/** When an item stands in the timeline. */
export function whenOf(item: TimelineItem): number {
  return item.type === "episode" ? item.opened_at : item.at;
}

/** Replaces the end of what is shown by a fresher page that overlaps it; without an overlap the page stands alone. */
export function spliceTail(shown: TimelineItem[], fresh: TimelineItem[]): TimelineItem[] | null {
  const first = fresh[0];
  if (first === undefined) return shown.length === 0 ? [] : null;
  const at = shown.findIndex((item) => keyOf(item) === keyOf(first));
  return at < 0 ? null : joined(shown.slice(0, at), fresh);
}

/** Two stretches one after the other; what stands in both, stands once. */
export function joined(before: readonly TimelineItem[], after: readonly TimelineItem[]): TimelineItem[] {
  const seen = new Set<string>();
  return [...before, ...after].filter((item) => {
    const key = keyOf(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The episode that the item at an index is in. */
export function episodeOf(items: readonly TimelineItem[], index: number): EpisodeItem | null {
  for (let i = Math.min(index, items.length - 1); i >= 0; i -= 1) {
    const item = items[i];
    if (item?.type === "episode") return item;
  }
  return null;
}

/** A stretch that was cut, and the message from which the rest is asked for again. */
export interface Cut {
  items: TimelineItem[];
  edge: string;
  /** The last episode that was cut off. */
  within: EpisodeItem | null;
}

/** Lets go of the newest items over a number. The cut is at a message, and what has its instant stays with it. */
export function cutEnd(items: readonly TimelineItem[], most: number): Cut | null {
  let at = Math.min(most, items.length) - 1;
  while (at >= 0 && items[at]?.type !== "message") at -= 1;
  const edge = items[at];
  if (edge === undefined) return null;
  let end = at + 1;
  for (let next = items[end]; next !== undefined && next.type !== "message" && whenOf(next) <= whenOf(edge); next = items[end]) end += 1;
  return { items: items.slice(0, end), edge: edge.id, within: null };
}

/** Lets go of the oldest items over a number. */
export function cutStart(items: readonly TimelineItem[], most: number): Cut | null {
  let at = Math.max(0, items.length - most);
  while (at < items.length && items[at]?.type !== "message") at += 1;
  const edge = items[at];
  if (edge === undefined) return null;
  let start = at;
  // An episode begins with its first message: its mark must not be lost between two pages.
  for (let last = items[start - 1]; last !== undefined && last.type !== "message" && whenOf(last) >= whenOf(edge); last = items[start - 1]) start -= 1;
  return { items: items.slice(start), edge: edge.id, within: episodeOf(items, start - 1) };
}
