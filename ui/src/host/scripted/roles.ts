import type { Name } from "../host";

/** What somebody who only looks may ask; the engine's table of commands holds the roles. */
const looking: ReadonlySet<Name> = new Set<Name>([
  "account_tokens", "accounts", "agents", "archives", "check", "conversation_files", "conversation_ids", "conversation_rows", "conversation_sections", "customer", "find_within", "image_senders", "imports",
  "keep_get", "link_open", "mark_read", "message_at", "message_days", "message_html", "message_rest", "message_source", "message_text", "search", "section_ids", "session_status", "settings_get",
  "sample_status", "sidebar", "tags", "timeline", "views", "wait_board", "window_memory", "window_remember",
]);

/** Whether the role of a viewer permits a command. */
export function viewerMay(name: Name): boolean {
  return looking.has(name);
}
