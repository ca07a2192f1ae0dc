import type { ListChoice } from "../api/ListChoice";
import type { Parting } from "../api/Parting";
import type { Section } from "../api/Section";
import type { SectionCount } from "../api/SectionCount";
import type { Sort } from "../api/Sort";
import type { View } from "../api/View";

/** What a list is grouped by, if by anything. */
export type Grouping = Parting | "none";
export const groupings: readonly Grouping[] = ["none", "stage", "assignee", "channel", "day"];

const DAY = 86_400_000;
const DAYS = 7;
const MONTHS = 24;

/** A name for a section that stays while its numbers change. */
export function keyOf(section: Section): string {
  switch (section.by) {
    case "stage": return `stage:${section.key ?? ""}`;
    case "assignee": return `assignee:${section.agent ?? ""}`;
    case "channel": return `channel:${section.channel}`;
    case "day": return `day:${String(section.from ?? 0)}`;
  }
}

/** The midnights at which a group of days begins, rising: the last seven days one by one, before that the months. */
export function cuts(now: number): number[] {
  const days: number[] = [];
  for (let i = DAYS - 1; i >= 0; i -= 1) {
    const day = new Date(now);
    day.setHours(0, 0, 0, 0);
    day.setDate(day.getDate() - i);
    days.push(day.getTime());
  }
  const first = days[0] ?? now;
  const months: number[] = [];
  for (let i = 0; i < MONTHS; i += 1) {
    const month = new Date(first);
    month.setHours(0, 0, 0, 0);
    month.setDate(1);
    month.setMonth(month.getMonth() - i);
    if (month.getTime() < first) months.unshift(month.getTime());
  }
  return [...months, ...days];
}

/** Whether a group of days is a single one. */
export function isDay(section: Section & { by: "day" }): boolean {
  // A day of the change of the clocks has up to 25 hours; the newest has no end.
  return section.from !== null && (section.to === null || section.to - section.from < DAY * 1.5);
}

/** The orders that a view offers, the usual one first. */
export function sorts(view: View): readonly Sort[] {
  if (view === "waiting") return ["longest_wait", "newest", "oldest"];
  if (view === "snoozed") return ["wakes_next", "newest", "oldest"];
  return ["newest", "oldest", "longest_wait"];
}

/** How somebody wants to see a view. */
export interface Choice {
  sort: Sort;
  group: Grouping;
  /** The groups that are closed. */
  closed: readonly string[];
}

/** What was kept as a choice for a view, where it still makes sense, else the usual one. */
export function choiceFrom(view: View, kept: ListChoice | undefined): Choice {
  const offered = sorts(view);
  const sort = offered.find((s) => s === kept?.sort) ?? offered[0] ?? "newest";
  return { sort, group: groupings.find((g) => g === kept?.group) ?? "none", closed: kept?.closed ?? [] };
}

/** Orders the sections as people expect them; `rank` gives the place of a stage, `name` the name of an agent. */
export function ordered(sections: readonly SectionCount[], sort: Sort, rank: (stage: string) => number, person: (agent: string) => { name: string; me: boolean }): SectionCount[] {
  const place = (s: Section): [number, string] => {
    if (s.by === "stage") return [s.key === null ? Infinity : rank(s.key), s.key ?? ""];
    if (s.by === "channel") return [0, s.channel];
    if (s.by === "day") return [sort === "oldest" ? (s.from ?? 0) : -(s.from ?? 0), ""];
    if (s.agent === null) return [2, ""];
    const { name, me } = person(s.agent);
    return [me ? 0 : 1, name];
  };
  return [...sections].sort((a, b) => {
    const [x, y] = [place(a.section), place(b.section)];
    return x[0] === y[0] ? x[1].localeCompare(y[1]) : x[0] - y[0];
  });
}
