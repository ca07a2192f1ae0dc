import type { UndoItem } from "../api/UndoItem";
import { t, word } from "../i18n";
import { dateTime } from "../i18n/time";
import type { IconName } from "../parts/icons";

/** What stands before a line of the history. */
export const commandIcons: Readonly<Record<string, IconName>> = {
  assign: "person", snooze: "moon", resolve: "check", reopen: "refresh", no_reply_needed: "checkCircle", note_add: "note", tag_set: "tag", stage_set: "flag", class_set: "robot", customer_rename: "pencil",
  not_customer: "personOff", link: "link", hint_accept: "link", hint_dismiss: "close", unlink: "link", view_save: "search", view_remove: "trash", send: "send",
};

/** One action in words: of one conversation or of many. */
export function whatWasDone(item: UndoItem, value: string | null, now: number): string {
  const n = Math.max(1, item.conversations);
  switch (item.command) {
    case "resolve": return t("done.resolved", { n });
    case "reopen": return t("done.reopened", { n });
    case "no_reply_needed": return t("done.noReply", { n });
    case "snooze": return item.until === null ? t("done.woken", { n }) : t("done.snoozed", { n, when: dateTime(item.until, now) });
    case "assign": return value === null ? t("done.unassigned", { n }) : t("done.assigned", { n, name: value });
    case "tag_set": return t(item.on ? "done.tagged" : "done.untagged", { n, tag: value ?? "" });
    case "stage_set": return value === null ? t("done.unstaged", { n }) : t("done.staged", { n, name: value });
    case "note_add": return t("history.note", { text: value ?? "" });
    case "customer_rename": return value === null ? t("done.renamed") : t("history.renamed", { name: value });
    case "not_customer": return t(item.on ? "done.notCustomer" : "done.isCustomer");
    case "send": return t("history.sent");
    case "link":
    case "hint_accept": return t("done.hintTaken");
    case "unlink": return t("history.cut");
    default: return t("history.other", { what: word("command", item.command), n });
  }
}
