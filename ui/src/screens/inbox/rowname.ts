import type { ConversationRow } from "../../api/ConversationRow";
import { t, word } from "../../i18n";
import { gistOf } from "../../state/cards";
import { dateTime, duration, fullTime } from "../../i18n/time";

/** More of a message than this is not read out with its row. */
const SPOKEN = 160;

/** A row in words, one after the other as a screen reader says them: who, what is asked of the reader, then what was said and what is known. */
export function rowName(row: ConversationRow, stage: string | null, marked: boolean, now: number): string {
  const said = [row.subject, gistOf(row)].filter((text) => text !== null && text !== "").join(": ");
  return [
    marked && t("row.marked"),
    row.unread > 0 && t("row.unread", { n: row.unread }),
    `${row.name}, ${t("row.channel", { channel: word("channel", row.channel) })}`,
    row.wait_since !== null && t("row.waits", { time: duration((now - row.wait_since) / 1000) }),
    row.problem && t("row.problem"),
    row.draft && t("row.draft"),
    row.last_direction === "outbound" ? `${t("row.ours")}: ${said}` : said,
    row.wait_since === null && fullTime(row.last_at),
    row.status === "snoozed" && row.snoozed_until !== null && t("header.snoozed", { when: dateTime(row.snoozed_until, now) }),
    row.automatic && t("row.automatic"),
    stage,
    row.tags.length > 0 && row.tags.slice(0, 5).map((tag) => t("list.tag", { tag })).join(", "),
    row.tags.length > 5 && t("row.moreTags", { n: row.tags.length - 5, tags: row.tags.slice(5, 10).join(", ") }),
    row.assignee !== null && t("row.assigned", { name: row.assignee.name }),
  ]
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) => (String(part).length > SPOKEN ? `${String(part).slice(0, SPOKEN)}…` : part))
    .reduce<string>((all, part) => `${all}${all === "" ? "" : /[.!?…؟。]$/.test(all) ? " " : ". "}${String(part)}`, "");
}
