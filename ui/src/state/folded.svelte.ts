const PLACE = "parley.folded";

/** Which sections somebody put away; they stay away in the next window too. */
class FoldedSections {
  private away = $state.raw<ReadonlySet<string>>(read());

  has(section: string): boolean {
    return this.away.has(section);
  }

  toggle(section: string): void {
    const next = new Set(this.away);
    if (!next.delete(section)) next.add(section);
    this.away = next;
    try {
      localStorage.setItem(PLACE, JSON.stringify([...next]));
    } catch {
      // Without a place to keep it, it holds as long as the window.
    }
  }
}

function read(): Set<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string").slice(0, 40) : []);
  } catch {
    return new Set();
  }
}

export const folded = new FoldedSections();
