/** The minutes since midnight of a time as a field has it; null for anything else. */
export function minutesOf(time: string): number | null {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?$/.exec(time.trim());
  return found === null ? null : Number(found[1]) * 60 + Number(found[2]);
}

/** The time of the day as a field takes it. */
export function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The days of the week with this one taken in or out, in order. */
export function toggled(days: readonly number[], day: number): number[] {
  return days.includes(day) ? days.filter((d) => d !== day) : [...days, day].sort((a, b) => a - b);
}
