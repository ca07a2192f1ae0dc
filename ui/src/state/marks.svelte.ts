/** Conversations that are selected together. The set is never changed, only replaced, so that selecting 100,000 is one step. */
export class Marks {
  set = $state.raw<ReadonlySet<string>>(new Set());
  /** Where a range begins. */
  private anchor: string | null = null;
  /** What was selected before the range. */
  private base: ReadonlySet<string> = new Set();

  toggle(id: string): void {
    const next = new Set(this.set);
    if (!next.delete(id)) next.add(id);
    this.set = next;
    this.anchor = id;
    this.base = next;
  }

  /** From where the range began to here: what it left again is no longer selected. */
  extend(ids: readonly string[], from: string, to: string): void {
    if (this.anchor === null || !ids.includes(this.anchor)) {
      this.anchor = from;
      this.base = new Set(this.set);
    }
    const [a, b] = [ids.indexOf(this.anchor), ids.indexOf(to)].sort((x, y) => x - y) as [number, number];
    this.set = new Set([...this.base, ...(a < 0 ? [to] : ids.slice(a, b + 1))]);
  }

  all(ids: readonly string[]): void {
    this.set = new Set(ids);
    this.anchor = null;
    this.base = this.set;
  }

  clear(): void {
    this.anchor = null;
    this.base = new Set();
    if (this.set.size > 0) this.set = this.base;
  }

  /** Forgets what is no longer there. */
  keep(there: (id: string) => boolean): void {
    if (this.set.size === 0) return;
    const next = new Set([...this.set].filter(there));
    if (next.size === this.set.size) return;
    this.set = next;
    this.base = next;
  }
}
