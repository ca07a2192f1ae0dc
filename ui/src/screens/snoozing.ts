import { t } from "../i18n";
import { dateTime, nextMondayNine, tomorrowNine } from "../i18n/time";

/** A moment at which a conversation can come back. */
export interface Wake {
  key: string;
  label: string;
  until: number;
  when: string;
}

/** The moments that one key chooses. */
export function wakes(now: number): Wake[] {
  const at = (key: string, label: string, until: number): Wake => ({ key, label, until, when: dateTime(until, now) });
  return [at("h", t("snooze.hours"), now + 3 * 3_600_000), at("t", t("snooze.tomorrow"), tomorrowNine(now)), at("w", t("snooze.week"), nextMondayNine(now))];
}
