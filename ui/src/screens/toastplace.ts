/** A box on screen. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const STEP = 8;
const EDGE = 12;

const overlap = (a: Box, b: Box): number => Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) * Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

/**
 * Where a stack of this size stands: in the first of the columns that has room beside everything that must be seen, as low
 * as it goes; and where no column has, where it covers least.
 */
export function placeFor(size: { width: number; height: number }, screen: { width: number; height: number }, columns: readonly number[], keep: readonly Box[]): { x: number; y: number } {
  const lowest = screen.height - size.height - EDGE;
  let best = { x: columns[0] ?? EDGE, y: lowest, covered: Infinity };
  for (const column of columns) {
    const x = Math.max(EDGE, Math.min(column, screen.width - size.width - EDGE));
    for (let y = lowest; y >= EDGE; y -= STEP) {
      const covered = keep.reduce((sum, box) => sum + overlap({ x, y, ...size }, box), 0);
      if (covered === 0) return { x, y };
      if (covered < best.covered) best = { x, y, covered };
    }
  }
  return { x: best.x, y: Math.max(EDGE, best.y) };
}

/** What nothing may cover: what somebody types into, the dialog in front, and what is marked so. */
export function toBeSeen(): Box[] {
  const nodes = new Set<Element>(document.querySelectorAll("[data-uncovered], [role=dialog]"));
  const active = document.activeElement;
  if (active !== null && active.matches("input, textarea, select, [contenteditable]")) nodes.add(active.closest("[data-field]") ?? active);
  return [...nodes].map((node) => node.getBoundingClientRect()).filter((box) => box.width > 0 && box.height > 0).map(({ x, y, width, height }) => ({ x, y, width, height }));
}
