// Figures and the table they stand in.

/** The value below which a share of the others lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function ms(value: number): string {
  return Number.isNaN(value) ? "–" : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

/** One line of the table. */
export interface Figure {
  what: string;
  ours: string;
  bare: string;
  goal: string;
}

export function table(figures: readonly Figure[]): string {
  const lines = figures.map((f) => `| ${f.what} | ${f.ours} | ${f.bare} | ${f.goal} |`);
  return ["| what | Parley | a bare window | goal |", "| --- | --- | --- | --- |", ...lines].join("\n");
}
