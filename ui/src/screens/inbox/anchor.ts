/**
 * Keeps the place somebody reads at while the content above it grows, shrinks or is let go of. Done by hand, so that it is
 * the same in every webview.
 */
export class Anchor {
  /** The end is followed: what comes is seen. */
  pinned = true;
  /** The items from the upper edge on, nearest first, each with its distance: the first that still stands must not move. */
  private marks: { key: string; offset: number }[] = [];

  /** Every item that can be held on to, in order. */
  static items(content: HTMLElement): HTMLElement[] {
    return [...content.querySelectorAll<HTMLElement>("[data-key]")];
  }

  static find(content: HTMLElement, key: string): HTMLElement | null {
    return content.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  }

  /** Notes where things stand. Returns the first item in sight. */
  remember(box: HTMLElement, content: HTMLElement, atEnd: boolean): HTMLElement | null {
    this.pinned = atEnd && box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    const top = box.getBoundingClientRect().top;
    const all = Anchor.items(content);
    const from = firstBelow(all, top);
    this.marks = all.slice(from, from + 8).map((item) => ({ key: item.dataset["key"] ?? "", offset: item.getBoundingClientRect().top - top }));
    return all[from] ?? null;
  }

  /** Puts back what moved, before the next frame is painted. */
  hold(box: HTMLElement, content: HTMLElement): void {
    if (this.pinned) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    for (const { key, offset } of this.marks) {
      const item = Anchor.find(content, key);
      if (item === null) continue;
      const moved = item.getBoundingClientRect().top - box.getBoundingClientRect().top - offset;
      if (Math.abs(moved) > 0.05) box.scrollTop += moved;
      return;
    }
  }
}

/** The first item whose end lies below a line; the items stand in order, so half of them can be left out at each look. */
function firstBelow(items: readonly HTMLElement[], line: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.getBoundingClientRect().bottom ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  return low;
}
