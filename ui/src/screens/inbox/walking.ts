/** Keys that walk from one item of the timeline to the next. */

const stops = (content: HTMLElement): HTMLElement[] => [...content.querySelectorAll<HTMLElement>("[data-stop]")];

/** The item that has the focus, or holds what has it. */
function current(content: HTMLElement): HTMLElement | null {
  const active = document.activeElement;
  const stop = active === null ? null : active.closest<HTMLElement>("[data-stop]");
  return stop !== null && content.contains(stop) ? stop : null;
}

function inSight(box: HTMLElement, all: readonly HTMLElement[]): HTMLElement | null {
  const { top, bottom } = box.getBoundingClientRect();
  const seen = all.filter((item) => {
    const edge = item.getBoundingClientRect();
    return edge.bottom > top + 8 && edge.top < bottom - 8;
  });
  // Rather one that begins in sight than the end of a long one.
  return seen.find((item) => item.getBoundingClientRect().top >= top - 1) ?? seen[0] ?? null;
}

function take(box: HTMLElement, item: HTMLElement, step: 1 | -1): void {
  item.focus({ preventScroll: true });
  const edge = item.getBoundingClientRect();
  const view = box.getBoundingClientRect();
  const room = 36;
  if (edge.top < view.top + room) {
    // Upward into a long one: its end is what is read next.
    if (step < 0 && edge.height > view.height - room) box.scrollTop += edge.bottom - view.bottom + room;
    else box.scrollTop += edge.top - view.top - room;
  } else if (edge.bottom > view.bottom - 8) box.scrollTop += Math.min(edge.bottom - view.bottom + 8, edge.top - view.top - room);
}

/** To the item before or after; a long one is read to its end first. False at the end of what is loaded. */
export function walk(box: HTMLElement, content: HTMLElement, step: 1 | -1): boolean {
  const all = stops(content);
  const here = current(content);
  if (here === null) {
    const first = inSight(box, all) ?? all.at(-1);
    if (first === undefined) return false;
    take(box, first, step);
    return true;
  }
  const edge = here.getBoundingClientRect();
  const view = box.getBoundingClientRect();
  const rest = step > 0 ? edge.bottom - view.bottom : view.top - edge.top;
  if (rest > 8) {
    box.scrollTop += step * Math.min(rest + 8, view.height * 0.8);
    return true;
  }
  const next = all[all.indexOf(here) + step];
  if (next === undefined) return false;
  take(box, next, step);
  return true;
}

/** A page up or down; the focus goes along. */
export function turnPage(box: HTMLElement, content: HTMLElement, step: 1 | -1): void {
  box.scrollTop += step * box.clientHeight * 0.9;
  inSight(box, stops(content))?.focus({ preventScroll: true });
}

/** The first or the last item that is loaded. */
export function takeEdge(box: HTMLElement, content: HTMLElement, step: 1 | -1): void {
  const all = stops(content);
  const edge = step > 0 ? all.at(-1) : all[0];
  if (edge !== undefined) take(box, edge, step);
  box.scrollTop = step > 0 ? box.scrollHeight : 0;
}
