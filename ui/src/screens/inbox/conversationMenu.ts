import { t } from "../../i18n";
import type { PopItem } from "../../parts/popmenu";
import type { App } from "../../state/app.svelte";
import { keyOf } from "../keylabel";

/** Everything that can be done to the conversations a menu was opened on. */
export function conversationItems(app: App): PopItem[] {
  const ids = app.targets;
  const one = ids.length === 1 ? (ids[0] ?? null) : null;
  const rows = ids.flatMap((id) => app.list.rows.get(id) ?? []);
  const closed = rows.length > 0 && rows.every((row) => row.status === "resolved");
  const waits = rows.length < ids.length || rows.some((row) => row.wait_since !== null);
  const unread = rows.length < ids.length || rows.some((row) => row.unread > 0);
  const read = rows.length < ids.length || rows.some((row) => row.unread === 0);
  const me = app.workspace.me;
  const opened = (id: string, then: () => void): void => void app.openConversation(id).then(then);
  const items: (PopItem | false)[] = [
    one !== null && { id: "open", label: t("do.open"), icon: "chat", keys: keyOf("open"), run: () => opened(one, () => (app.timelineFocus += 1)) },
    one !== null && { id: "window", label: t("key.window"), icon: "external", keys: keyOf("window"), run: () => void app.openWindow(one) },
    one !== null && { id: "reply", label: t("key.reply"), icon: "reply", keys: keyOf("reply"), run: () => opened(one, () => app.composer.focus("reply")) },
    one !== null && { id: "note", label: t("key.note"), icon: "note", keys: keyOf("note"), run: () => opened(one, () => app.composer.focus("note")) },
    { id: "resolve", label: closed ? t("action.reopen") : t("action.resolve"), icon: closed ? "refresh" : "check", keys: keyOf("resolve"), rule: true, run: () => void app.actions.resolve() },
    { id: "snooze", label: t("do.snooze"), icon: "moon", keys: keyOf("snooze"), run: () => (app.overlay = "snooze") },
    waits && { id: "noReply", label: t("key.noReply"), icon: "checkCircle", keys: keyOf("noReply"), run: () => void app.actions.noReply() },
    me !== null && !rows.every((row) => row.assignee?.me) && { id: "assignMe", label: t("do.assignMe"), icon: "person", keys: `${keyOf("assign")} ${"m".toUpperCase()}`, rule: true, run: () => void app.actions.assign(me.id) },
    { id: "assign", label: t("do.assign"), icon: "person", keys: keyOf("assign"), run: () => (app.overlay = "assign") },
    { id: "tag", label: t("do.tag"), icon: "tag", keys: keyOf("tag"), run: () => (app.overlay = "tag") },
    { id: "stage", label: t("do.stage"), icon: "flag", keys: keyOf("stage"), run: () => (app.overlay = "stage") },
    unread && { id: "read", label: t("key.read"), icon: "mail", keys: keyOf("read"), rule: true, run: () => void app.actions.read() },
    read && { id: "unread", label: t("key.unread"), icon: "mail", keys: keyOf("unread"), rule: !unread, run: () => void app.actions.unread() },
    one !== null && { id: "mark", label: t("row.select"), icon: "check", keys: keyOf("mark"), rule: true, run: () => app.list.toggleMark(one) },
    { id: "markAll", label: t("list.markAll"), icon: "layers", keys: keyOf("markAll"), rule: one === null, run: () => void app.list.markAll() },
  ];
  return items.filter((item) => item !== false);
}
