/** Where the lines of a list lie: rows of one height, among them headings of another. Everything is found by halving, so that a million lines cost what a hundred cost. */
export class Lines {
  constructor(
    readonly count: number,
    private readonly row: number,
    /** Which lines are headings, rising. */
    private readonly heads: readonly number[] = [],
    private readonly head = row,
  ) {}

  /** How many headings come before a line. */
  private before(index: number): number {
    let low = 0;
    let high = this.heads.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.heads[middle] ?? Infinity) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  isHead(index: number): boolean {
    return this.heads[this.before(index)] === index;
  }

  height(index: number): number {
    return this.isHead(index) ? this.head : this.row;
  }

  /** Where a line begins. */
  top(index: number): number {
    const heads = this.before(index);
    return (index - heads) * this.row + heads * this.head;
  }

  get total(): number {
    return this.top(this.count);
  }

  /** The line at an offset. */
  at(offset: number): number {
    let low = 0;
    let high = Math.max(0, this.count - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The heading that a line stands under, or null. */
  headOf(index: number): number | null {
    const heads = this.before(index + 1);
    return heads === 0 ? null : (this.heads[heads - 1] ?? null);
  }

  /** The heading after a line, or null. */
  headAfter(index: number): number | null {
    return this.heads[this.before(index + 1)] ?? null;
  }
}
