/** How well something fits what was typed: more is better; and which letters it was, in UTF-16 units. */
export interface Fit {
  score: number;
  marks: [number, number][];
}

/** Text as it is compared: without case, accents, and the ways of writing one letter; and where each letter came from. */
export interface Folded {
  text: string;
  from: readonly number[];
  /** Where a word begins. */
  heads: readonly boolean[];
  length: number;
}

// What Unicode does not take apart, but people write either way.
const written: Readonly<Record<string, string>> = { "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "þ": "th", "ð": "d", "ى": "ي", "ة": "ه", "ـ": "", "ٱ": "ا", "’": "'" };

export function fold(text: string): Folded {
  let out = "";
  const from: number[] = [];
  const heads: boolean[] = [];
  let at = 0;
  let before = "";
  for (const letter of text) {
    const low = letter.toLowerCase();
    const plain = [...low.normalize("NFD").replace(/\p{M}/gu, "")].map((c) => written[c] ?? c).join("");
    const word = /[\p{L}\p{N}]/u.test(letter);
    const head = word && (!/[\p{L}\p{N}]/u.test(before) || (/\p{Ll}/u.test(before) && /\p{Lu}/u.test(letter)));
    [...plain].forEach((c, i) => {
      for (let unit = 0; unit < c.length; unit += 1) {
        from.push(at);
        heads.push(head && i === 0 && unit === 0);
      }
    });
    out += plain;
    if (plain !== "") before = letter;
    at += letter.length;
  }
  return { text: out, from, heads, length: text.length };
}

const HEAD = 9;
const RUN = 8;
const ANY = 1;
const GAP = 0.35;
const FAR = 4;

/** One word of the query in a text: the best way to find its letters in order. */
function one(word: string, target: Folded): { score: number; at: number[] } | null {
  const { text, heads } = target;
  const n = word.length;
  const m = text.length;
  if (n > m) return null;
  // best[i][j]: the first i letters, the last of them at j.
  let best = new Float64Array(m).fill(-Infinity);
  const back: Int32Array[] = [];
  for (let i = 0; i < n; i += 1) {
    const row = new Float64Array(m).fill(-Infinity);
    const came = new Int32Array(m).fill(-1);
    let reach = -Infinity;
    let reached = -1;
    for (let j = 0; j < m; j += 1) {
      if (i > 0 && j > 1) {
        const far = best[j - 2] ?? -Infinity;
        // A gap costs by its length.
        if (far > reach - GAP) [reach, reached] = [far, j - 2];
        else reach -= GAP;
      }
      if (text[j] !== word[i]) continue;
      const here = ANY + (heads[j] === true ? HEAD : 0);
      if (i === 0) {
        row[j] = here - Math.min(j, 20) * 0.1;
        continue;
      }
      const run = j > 0 ? (best[j - 1] ?? -Infinity) + RUN : -Infinity;
      const jump = reach - FAR;
      const top = Math.max(run, jump);
      if (top === -Infinity) continue;
      row[j] = top + here;
      came[j] = run >= jump ? j - 1 : reached;
    }
    best = row;
    back.push(came);
  }
  let end = -1;
  for (let j = 0; j < m; j += 1) if ((best[j] ?? -Infinity) > (end < 0 ? -Infinity : (best[end] ?? -Infinity))) end = j;
  if (end < 0) return null;
  const at: number[] = [];
  for (let i = n - 1, j = end; i >= 0; i -= 1) {
    at.unshift(j);
    j = back[i]?.[j] ?? -1;
  }
  return scattered(at, heads) ? null : { score: best[end] ?? 0, at };
}

/** Letters here and there are no word that anybody meant: each stretch must begin a word, or be long. */
function scattered(at: readonly number[], heads: readonly boolean[]): boolean {
  if (at.length < 3) return at.length === 2 && at[1] !== (at[0] ?? 0) + 1 && !at.every((j) => heads[j] === true);
  let loose = 0;
  for (let i = 0; i < at.length; i += 1) {
    const j = at[i] ?? 0;
    const joined = (i > 0 && at[i - 1] === j - 1) || (i + 1 < at.length && at[i + 1] === j + 1);
    if (!joined && heads[j] !== true) loose += 1;
  }
  return loose > Math.max(0, Math.floor(at.length / 4));
}

/** The words of what was typed. */
export const wordsOf = (query: string): string[] => fold(query).text.split(/\s+/).filter((word) => word !== "");

/** How well a text fits all words of a query; null where one of them is not in it. */
export function fit(words: readonly string[], target: Folded): Fit | null {
  if (words.length === 0) return { score: 0, marks: [] };
  let score = 0;
  const hit = new Set<number>();
  for (const word of words) {
    const found = one(word, target);
    if (found === null) return null;
    score += found.score;
    for (const j of found.at) hit.add(j);
  }
  const whole = words.join(" ");
  if (target.text === whole) score += 40;
  else if (target.text.startsWith(whole)) score += /^[\p{L}\p{N}]/u.test(target.text.slice(whole.length)) ? 15 : 25;
  // Of two that hold the same letters, the shorter is nearer to what was typed.
  return { score: score - target.text.length * 0.05, marks: marksOf([...hit].sort((a, b) => a - b), target) };
}

function marksOf(at: readonly number[], target: Folded): [number, number][] {
  const marks: [number, number][] = [];
  for (const j of at) {
    const start = target.from[j] ?? 0;
    let k = j + 1;
    while (k < target.from.length && target.from[k] === start) k += 1;
    const end = target.from[k] ?? target.length;
    const before = marks.at(-1);
    if (before !== undefined && start <= before[1]) before[1] = Math.max(before[1], end);
    else marks.push([start, end]);
  }
  return marks;
}
