/** One or two letters for a face without a picture: whole characters, so that emoji and CJK names survive. */
export function initials(name: string): string {
  const segments = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name.trim())].map((s) => s.segment);
  const words: string[] = [];
  let start = true;
  for (const s of segments) {
    if (/[\s@._-]/u.test(s)) start = true;
    else if (start && /[\p{L}\p{N}]/u.test(s)) {
      words.push(s);
      start = false;
    }
  }
  const first = words[0] ?? segments[0] ?? "?";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  // Two letters only where letters stand side by side in a small circle: not in scripts that join or fill it.
  return /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(first) ? (first + last).toLocaleUpperCase() : first;
}

/** A steady colour for a name, out of six. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const c of name) sum = (sum * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
  return sum % 6;
}
