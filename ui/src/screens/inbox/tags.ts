/** About how wide a text of the list's small type is: wide scripts and signs count double. */
function textWidth(text: string): number {
  let width = 0;
  for (const sign of text) width += (sign.codePointAt(0) ?? 0) > 0x2e80 ? 13 : 6.7;
  return width;
}

/** About how wide a chip is, with its gap. */
export function chipWidth(words: string, icon: boolean): number {
  return textWidth(words) * 0.95 + 17 + (icon ? 15 : 0);
}

/** The widest that a tag is drawn. */
const WIDEST = 96;
const GAP = 5;
/** What `+12` needs. */
const MORE = 32;

/** The tags that fit into a row, from the first. */
export function fitting(tags: readonly string[], room: number): string[] {
  const shown: string[] = [];
  let left = room;
  for (const [i, tag] of tags.entries()) {
    const width = Math.min(WIDEST, textWidth(`#${tag}`)) + GAP;
    const rest = i < tags.length - 1 ? MORE : 0;
    if (width + rest > left) break;
    shown.push(tag);
    left -= width;
  }
  return shown;
}
