import { region, t } from "./index";

const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(region, options);
const clock = format({ hour: "2-digit", minute: "2-digit" });
const weekday = format({ weekday: "short" });
const dayMonth = format({ day: "numeric", month: "short" });
const dayMonthYear = format({ day: "numeric", month: "short", year: "numeric" });
const longDay = format({ weekday: "long", day: "numeric", month: "long" });
const longDayYear = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const full = format({ dateStyle: "full", timeStyle: "short" });
const numbers = new Intl.NumberFormat(region);

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
  return clock.format(at);
}

/** As short as it can be without ambiguity: today a time, this week a day, else a date. */
export function shortTime(at: number, now: number): string {
  if (sameDay(at, now)) return clock.format(at);
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days > 0 && days < 7) return weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth.format(at) : dayMonthYear.format(at);
}

/** `Mon 09:12`, `3 Nov, 09:12`: an instant in the past or the future in one line. */
export function dateTime(at: number, now: number): string {
  return sameDay(at, now) ? clock.format(at) : t("time.dateTime", { date: shortTime(at, now), time: clock.format(at) });
}

/** The day's name between messages. */
export function dayName(at: number, now: number): string {
  if (sameDay(at, now)) return t("time.today");
  if (sameDay(at, now - 86_400_000)) return t("time.yesterday");
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay : longDayYear).format(at);
}

/** Everything, for tooltips. */
export function fullTime(at: number): string {
  return full.format(at);
}

/** A date alone. */
export function dateOnly(at: number): string {
  return dayMonthYear.format(at);
}

/** `45 s`, `12 min`, `3 h 05`, `2 d 4 h`: two units at most. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return t("time.seconds", { s });
  if (s < HOUR) return t("time.minutes", { m: Math.floor(s / MINUTE) });
  if (s < DAY) return t("time.hours", { h: Math.floor(s / HOUR), m: String(Math.floor((s % HOUR) / MINUTE)).padStart(2, "0") });
  return t("time.days", { d: Math.floor(s / DAY), h: Math.floor((s % DAY) / HOUR) });
}

/** One unit, for pills: `45s`, `12m`, `3h`, `2d`. */
export function shortDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return t("time.pillNow");
  if (s < HOUR) return t("time.pillMinutes", { m: Math.floor(s / MINUTE) });
  if (s < DAY) return t("time.pillHours", { h: Math.floor(s / HOUR) });
  return t("time.pillDays", { d: Math.floor(s / DAY) });
}

/** A number in the person's way of writing. */
export function number(n: number): string {
  return numbers.format(n);
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
  return new Intl.NumberFormat(region, { style: "unit", unit: units[unit] ?? "byte", unitDisplay: unit === 0 ? "long" : "short", maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value);
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
  return new Intl.DateTimeFormat(region, { month: "long", year: "numeric" }).format(at);
}
