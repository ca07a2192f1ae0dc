import type { Capabilities } from "../api/Capabilities";
import type { Channel } from "../api/Channel";
import type { Reach } from "../api/Reach";
import type { Template } from "../api/Template";
import type { ToOption } from "../api/ToOption";

/** Why one cannot write to somebody by a way: they want no more, no account leads there, the time for answers is over, they never wrote. */
export type Bar = "opted_out" | "no_account" | "over" | "never";

/** Names a way among those of a conversation. */
export const keyOfWay = (way: Pick<ToOption, "channel" | "party">): string => `${way.channel} ${way.party.address}`;

/** How an account leads to somebody; the proposed one where none is named. */
export function reachOf(way: ToOption, account: string | null): Reach | null {
  return way.by.find((reach) => reach.account === account) ?? (account === null ? (way.by[0] ?? null) : null);
}

/** Whether the time in which one may answer has run out, also since this was asked for. */
export const isOver = (reach: Reach, now: number): boolean => reach.closed || (reach.until !== null && reach.until <= now);

/** What stands in the way of writing; null where nothing does. */
export function barOf(way: ToOption, reach: Reach | null, can: Capabilities | null, now: number): Bar | null {
  if (way.opted_out || reach?.opted_out === true) return "opted_out";
  if (way.channel === "email") return way.by.length === 0 && can === null ? "no_account" : null;
  if (reach === null) return "no_account";
  if (!isOver(reach, now)) return null;
  return can !== null && can.reply_window_hours === null && reach.until === null ? "never" : "over";
}

/** The blanks of a template, in order: `{{1}}`, `{{2}}`, … */
export function blanksOf(template: Template): number[] {
  const found = [...template.text.matchAll(/\{\{(\d+)\}\}/g)].map((m) => Number(m[1]));
  return [...new Set(found)].sort((a, b) => a - b);
}

/** A stretch of a template: words, or a blank that is still empty. */
export type Piece = { text: string } | { blank: number };

/** A template with its blanks filled in, and those that are empty apart. */
export function piecesOf(template: Template, values: readonly string[]): Piece[] {
  return template.text.split(/(\{\{\d+\}\})/).flatMap((part): Piece[] => {
    const n = /^\{\{(\d+)\}\}$/.exec(part)?.[1];
    if (n === undefined) return part === "" ? [] : [{ text: part }];
    const value = values[Number(n) - 1]?.trim() ?? "";
    return [value === "" ? { blank: Number(n) } : { text: value }];
  });
}

/** Another channel than the one that was written on is no answer to a mail: nothing of it stands below. */
export const crosses = (way: Pick<ToOption, "channel"> | null, proposed: Channel | null): boolean => way !== null && proposed !== null && way.channel !== proposed;
