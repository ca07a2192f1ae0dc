// The shop's colour, and what can be read on it and in it.

/** A colour written as `#rgb` or `#rrggbb`, as three numbers. */
export function hex(text: string): [number, number, number] | null {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())?.[1];
  if (digits === undefined) return null;
  const long = digits.length === 3 ? [...digits].map((d) => d + d).join("") : digits;
  const part = (at: number): number => Number.parseInt(long.slice(at, at + 2), 16);
  return [part(0), part(2), part(4)];
}

type Colour = readonly [number, number, number];

function brightness(colour: Colour): number {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

/** How well two colours are told apart, as WCAG counts. */
export function contrast(one: Colour, other: Colour): number {
  const [a, b] = [brightness(one), brightness(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const WHITE: Colour = [255, 255, 255];
const INK: Colour = [20, 21, 28];

/** White or ink, whichever is read better on a colour. */
export function on(colour: Colour): string {
  return css(contrast(colour, WHITE) >= Math.min(4.5, contrast(colour, INK)) ? WHITE : INK);
}

/** The colour, moved towards ink or white until it can be read as text on this ground. */
export function readable(colour: Colour, ground: Colour): string {
  const goal = brightness(ground) > 0.4 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share <= 1; share += 0.05) {
    const mixed = colour.map((c, n) => Math.round(c + ((goal[n] ?? 0) - c) * share)) as unknown as Colour;
    if (contrast(mixed, ground) >= 4.6) return css(mixed);
  }
  return css(goal as unknown as Colour);
}

function css(colour: Colour): string {
  return `#${colour.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}
