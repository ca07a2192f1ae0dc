/** What the search understands beside words; the order is that of the help. */
export const operators = ["from", "to", "subject", "file", "in", "tag", "stage", "assignee", "is", "has", "before", "after"] as const;
export type Operator = (typeof operators)[number];

/** Values that the window knows of. */
export interface Known {
  tags: readonly string[];
  stages: readonly string[];
  agents: readonly string[];
  channels: readonly string[];
}

/** A way to go on with what is being typed. */
export interface Completion {
  /** What the word becomes. */
  text: string;
  operator: Operator;
  /** Nothing more is to be typed for it. */
  whole: boolean;
}

const states = ["open", "waiting", "unassigned", "snoozed", "resolved", "unread"];
const days = ["today", "yesterday", "7d", "30d"];
const MOST = 6;

/** The word that ends at the caret, where it begins, and what is before it. */
function wordAt(query: string, caret: number): { word: string; start: number } {
  const before = query.slice(0, caret);
  const start = before.length - (/\S*$/.exec(before)?.[0].length ?? 0);
  return { word: before.slice(start), start };
}

function valuesOf(operator: Operator, known: Known): readonly string[] {
  switch (operator) {
    case "is": return states;
    case "has": return ["attachment"];
    case "in": return known.channels;
    case "tag": return known.tags;
    case "stage": return known.stages;
    case "assignee": return ["me", "nobody", ...known.agents];
    case "before":
    case "after": return days;
    default: return [];
  }
}

const quoted = (value: string): string => (/\s/.test(value) ? `"${value}"` : value);

/** How the word at the caret may go on. */
export function completions(query: string, caret: number, known: Known): Completion[] {
  const { word } = wordAt(query, caret);
  const not = word.startsWith("-") ? "-" : "";
  const typed = word.slice(not.length).toLowerCase();
  const colon = typed.indexOf(":");
  if (colon < 0) {
    if (typed === "") return [];
    return operators.filter((name) => name.startsWith(typed)).map((operator): Completion => ({ text: `${not}${operator}:`, operator, whole: false }));
  }
  const operator = operators.find((name) => name === typed.slice(0, colon));
  if (operator === undefined) return [];
  const value = typed.slice(colon + 1).replace(/^"/, "");
  return valuesOf(operator, known)
    .filter((one) => one.toLowerCase().startsWith(value) && one.toLowerCase() !== value)
    .slice(0, MOST)
    .map((one): Completion => ({ text: `${not}${operator}:${quoted(one)}`, operator, whole: true }));
}

/** The query with the word at the caret completed, and where the caret is then. */
export function completed(query: string, caret: number, completion: Completion): { query: string; caret: number } {
  const { start } = wordAt(query, caret);
  const text = completion.text + (completion.whole ? " " : "");
  const rest = completion.whole ? query.slice(caret).replace(/^\s/, "") : query.slice(caret);
  return { query: query.slice(0, start) + text + rest, caret: start + text.length };
}

/** A filter that there is not, with the one that was perhaps meant. */
export interface Mistake {
  word: string;
  meant: Operator | null;
}

/** Filters by names that are none. A colon with nothing after it, an address, or an hour is no filter. */
export function mistakes(query: string): Mistake[] {
  const out: Mistake[] = [];
  for (const [, word] of query.matchAll(/(?:^|\s)-?([a-z]{2,12}):(?=[^\s/:])/gi)) {
    const name = (word ?? "").toLowerCase();
    if (name === "assigned" || operators.some((one) => one === name) || /^(https?|mailto|tel|re|fwd?|aw|wg|tr|sv)$/.test(name)) continue;
    const meant = operators.map((one) => ({ one, far: distance(name, one) })).sort((a, b) => a.far - b.far)[0];
    out.push({ word: name, meant: meant !== undefined && meant.far <= 2 && meant.far < meant.one.length ? meant.one : null });
  }
  return out;
}

/** The query with one filter's name put right. */
export function corrected(query: string, { word, meant }: Mistake): string {
  return meant === null ? query : query.replace(new RegExp(`(^|\\s)(-?)${word}:`, "i"), `$1$2${meant}:`);
}

/** In how many letters two words differ. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The latest searches with this one first; one that goes on from the last takes its place. */
export function remembered(searches: readonly string[], query: string): string[] {
  const asked = query.trim();
  if (asked.length < 2 || asked.length > 500) return [...searches];
  return [asked, ...searches.filter((one) => one !== asked && !asked.startsWith(one))].slice(0, 10);
}
