import type { App } from "./app.svelte";
import type { KeyAction } from "./keys";

/** Why an action cannot be done now. */
export type Hindrance = "conversation" | "inbox" | "written" | "toasts";

const toConversations: ReadonlySet<KeyAction> = new Set(["resolve", "snooze", "assign", "tag", "stage", "noReply", "unread", "read"]);
const onScreen: ReadonlySet<KeyAction> = new Set(["reply", "note", "find", "date", "files"]);
const inList: ReadonlySet<KeyAction> = new Set(["mark", "markAll", "markNext", "markPrevious", "panel"]);

/** What stands in the way of an action; null where it can be done. */
export function hindrance(app: App, action: KeyAction): Hindrance | null {
  const inbox = app.screen === "inbox";
  if (action === "link") return app.targets.length === 1 ? null : "conversation";
  if (toConversations.has(action)) return app.targets.length > 0 ? null : "conversation";
  if (onScreen.has(action)) return inbox && app.list.selected !== null ? null : "conversation";
  if (inList.has(action)) return inbox ? null : "inbox";
  if (action === "send" || action === "sendResolve") return inbox && app.composer.canSend ? null : "written";
  if (action === "toasts") return app.toasts.list.length > 0 ? null : "toasts";
  return null;
}
