import { isolate, t } from "./index";
import { language } from "./language.svelte";

const shapes = {
  clock: { hour: "2-digit", minute: "2-digit" },
  weekday: { weekday: "short" },
  dayMonth: { day: "numeric", month: "short" },
  dayMonthYear: { day: "numeric", month: "short", year: "numeric" },
  longDay: { weekday: "long", day: "numeric", month: "long" },
  longDayYear: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Made once a language: making one costs more than using it a thousand times. */
const made = new Map<string, unknown>();
function kept<T>(name: string, make: (region: string) => T): T {
  const key = `${language.region} ${name}`;
  let found = made.get(key) as T | undefined;
  if (found === undefined) {
    found = make(language.region);
    made.set(key, found);
  }
  return found;
}
const written = (shape: keyof typeof shapes, when: number): string => kept(shape, (region) => new Intl.DateTimeFormat(region, shapes[shape])).format(when);
const amount = (n: number, name: string, options: Intl.NumberFormatOptions): string => kept(name, (region) => new Intl.NumberFormat(region, options)).format(n);

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Midnight before an instant, in the person's zone. */
export function startOfDay(at: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** Whether two instants fall on one day of the person's zone. */
export function sameDay(a: number, b: number): boolean {
  return startOfDay(a) === startOfDay(b);
}

/** `09:12` */
export function clockTime(at: number): string {
  return written("clock", at);
}

/** As short as it can be without ambiguity: today a time, this week a day, else a date. */
export function shortTime(at: number, now: number): string {
  if (sameDay(at, now)) return written("clock", at);
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days > 0 && days < 7) return written("weekday", at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? written("dayMonth", at) : written("dayMonthYear", at);
}

/** `Mon 09:12`, `3 Nov, 09:12`: an instant in the past or the future in one line. */
export function dateTime(at: number, now: number): string {
  return sameDay(at, now) ? written("clock", at) : t("time.dateTime", { date: shortTime(at, now), time: written("clock", at) });
}

/** The day's name between messages. */
export function dayName(at: number, now: number): string {
  if (sameDay(at, now)) return t("time.today");
  if (sameDay(at, now - 86_400_000)) return t("time.yesterday");
  return written(new Date(at).getFullYear() === new Date(now).getFullYear() ? "longDay" : "longDayYear", at);
}

/** Everything, for tooltips. */
export function fullTime(at: number): string {
  return written("full", at);
}

/** A date alone. */
export function dateOnly(at: number): string {
  return written("dayMonthYear", at);
}

/** `45 s`, `12 min`, `3 h 05`, `2 d 4 h`: two units at most. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return t("time.seconds", { s: number(s) });
  if (s < HOUR) return t("time.minutes", { m: number(Math.floor(s / MINUTE)) });
  if (s < DAY) return t("time.hours", { h: number(Math.floor(s / HOUR)), m: amount(Math.floor((s % HOUR) / MINUTE), "two", { minimumIntegerDigits: 2 }) });
  return t("time.days", { d: number(Math.floor(s / DAY)), h: number(Math.floor((s % DAY) / HOUR)) });
}

/** One unit, for pills: `45s`, `12m`, `3h`, `2d`. */
export function shortDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return t("time.pillNow");
  if (s < HOUR) return t("time.pillMinutes", { m: number(Math.floor(s / MINUTE)) });
  if (s < DAY) return t("time.pillHours", { h: number(Math.floor(s / HOUR)) });
  return t("time.pillDays", { d: number(Math.floor(s / DAY)) });
}

/** A number in the person's way of writing. */
export function number(n: number): string {
  return amount(n, "number", {});
}

/** A share of one, as `125 %`. */
export function percent(share: number): string {
  return amount(share, "percent", { style: "percent" });
}

/** `Anna, Tom and Layla`, each in its own direction. */
export function listed(words: readonly string[]): string {
  return kept("list", (region) => new Intl.ListFormat(region, { type: "conjunction" })).format(words.map((one) => isolate(one)));
}

/** `1.4 MB` */
export function fileSize(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return amount(value, `size ${String(unit)} ${String(digits)}`, { style: "unit", unit: units[unit] ?? "byte", unitDisplay: unit === 0 ? "long" : "short", maximumFractionDigits: digits });
}

/** Tomorrow at nine. */
export function tomorrowNine(now: number): number {
  const at = new Date(now);
  at.setDate(at.getDate() + 1);
  at.setHours(9, 0, 0, 0);
  return at.getTime();
}

/** Monday of the next week at nine. */
export function nextMondayNine(now: number): number {
  const at = new Date(now);
  at.setDate(at.getDate() + (((8 - at.getDay()) % 7) || 7));
  at.setHours(9, 0, 0, 0);
  return at.getTime();
}

/** The name of a month with its year, over a group of days. */
export function monthName(at: number): string {
  return written("month", at);
}

/** A day of the week, 1 = Monday to 7 = Sunday. */
export function weekdayName(day: number): string {
  // The first of January 2024 was a Monday.
  return written("weekday", new Date(2024, 0, day, 12).getTime());
}
