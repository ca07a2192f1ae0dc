import type { ChangeItem } from "../api/ChangeItem";
import type { Channel } from "../api/Channel";
import type { EpisodeItem } from "../api/EpisodeItem";
import type { TimelineItem } from "../api/TimelineItem";
import { startOfDay } from "../i18n/time";
import { bareSubject } from "./quote";
import { keyOf, whenOf } from "./stretch";

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
  /** It came by another channel than the message before. */
  channel: boolean;
  /** Changes in a row that stand in one line, this one the last of them. */
  changes: ChangeItem[] | null;
  /** An episode that began before what is loaded. */
  begun: boolean;
}

/** The lines of one day. */
export interface Day {
  key: string;
  at: number;
  lines: Line[];
}

/** So many changes in a row become one line. */
const ROW = 3;
const nobody: ReadonlySet<string> = new Set();

export interface Layout {
  /** The episode that the first item is in, where it began before. */
  within?: EpisodeItem | null;
  /** Changes in a row that are shown one by one, by the id of any of them. */
  spread?: ReadonlySet<string>;
}

/** Lays items out: days, the unread line, folded episodes, rows of changes. */
export function linesOf(items: readonly TimelineItem[], folded: ReadonlySet<string>, firstUnread: string | null, { within = null, spread = nobody }: Layout = {}): Line[] {
  const lines: Line[] = [];
  let subject: string | null = null;
  let channel: Channel | null = null;
  let hidden = within !== null && folded.has(within.id);
  const first = items[0];
  // Where an episode begins at once, the one before has nothing left to head.
  if (within !== null && first !== undefined && first.type !== "episode") lines.push(lineOf({ type: "episode", ...within }, `within:${within.id}`, whenOf(first), true));
  for (const item of items) {
    if (item.type === "episode") hidden = folded.has(item.id);
    else if (hidden) continue;
    const bare = item.type === "message" ? bareSubject(item.subject) : null;
    const line = lineOf(item, keyOf(item), whenOf(item), false);
    line.unread = item.type === "message" && item.id === firstUnread;
    line.subject = bare !== null && bare !== "" && bare !== subject;
    line.channel = item.type === "message" && channel !== null && item.channel !== channel;
    lines.push(line);
    if (bare !== null) subject = bare;
    if (item.type === "message") channel = item.channel;
  }
  return marked(rowed(lines, spread));
}

function lineOf(item: TimelineItem, key: string, at: number, begun: boolean): Line {
  return { key, item, at, day: false, unread: false, subject: false, channel: false, changes: null, begun };
}

/** Several changes in a row become one line. */
function rowed(lines: readonly Line[], spread: ReadonlySet<string>): Line[] {
  const out: Line[] = [];
  for (let i = 0; i < lines.length; ) {
    let end = i;
    const row: ChangeItem[] = [];
    for (let item = lines[end]?.item; item?.type === "change" && startOfDay(whenOf(item)) === startOfDay(lines[i]?.at ?? 0); item = lines[end]?.item) {
      row.push(item);
      end += 1;
    }
    const last = lines[end - 1];
    if (row.length >= ROW && last !== undefined) {
      const open = row.some((change) => spread.has(change.id));
      // The line of the row stands where its last change stands, and is named after it.
      out.push({ ...last, key: `changes:${last.item.id}`, changes: row });
      if (open) out.push(...lines.slice(i, end));
      i = end;
    } else {
      out.push(...lines.slice(i, Math.max(end, i + 1)));
      i = Math.max(end, i + 1);
    }
  }
  return out;
}

function marked(lines: Line[]): Line[] {
  let day: number | null = null;
  for (const line of lines) {
    const own = startOfDay(line.at);
    line.day = own !== day;
    day = own;
  }
  return lines;
}

/** The lines by day. A day's key stays while older lines are put before them. */
export function daysOf(lines: readonly Line[]): Day[] {
  const days: Day[] = [];
  const times = new Map<number, number>();
  for (const line of lines) {
    if (line.day || days.length === 0) {
      const at = startOfDay(line.at);
      const n = times.get(at) ?? 0;
      times.set(at, n + 1);
      days.push({ key: n === 0 ? String(at) : `${String(at)}:${String(n)}`, at: line.at, lines: [] });
    }
    days.at(-1)?.lines.push(line);
  }
  return days;
}
