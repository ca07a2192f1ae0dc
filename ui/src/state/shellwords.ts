import type { ShellWords } from "../host/host";
import { plain, type Key } from "../i18n";
import { language } from "../i18n/language.svelte";
import { number } from "../i18n/time";

/** Whole numbers of which each language has one in each of its plurals. */
const samples = [0, 1, 2, 3, 11, 100, 1_000_000];

/** Kinds of messages without words, as the engine names them. */
const briefs = [
  "picture", "video", "voice", "file", "unsent", "story_reply", "story_mention", "share", "quote", "media", "sticker", "location", "contact", "button", "call", "unsupported", "unknown", "missing", "encrypted", "notice",
] as const;

/** A sentence that counts, once for each plural of the language, with `{n}` where the number stands. */
function counted(key: Key): Record<string, string> {
  const rules = new Intl.PluralRules(language.tag);
  const forms: Record<string, string> = {};
  for (const n of samples) forms[rules.select(n)] ??= plain(key, { n }).replace(number(n), "{n}");
  return forms;
}

/** What is said outside of the window: tray, notifications, dialogs of the system. */
export function shellWords(): ShellWords {
  return {
    language: language.tag,
    open: plain("shell.open"), quit: plain("shell.quit"), open_link: plain("shell.openLink"), cancel: plain("action.cancel"),
    attach: plain("shell.attach"), save: plain("shell.save"), import: plain("shell.import"), show: plain("shell.show"), new_message: plain("shell.newMessage"),
    snooze: plain("shell.snooze"), reply: plain("shell.reply"), send: plain("shell.send"), overdue: plain("shell.overdue"), send_failed: plain("shell.sendFailed"), account: plain("shell.account"),
    quiet_over: plain("shell.quietOver"), reply_failed: plain("shell.replyFailed"), snooze_failed: plain("shell.snoozeFailed"),
    ask_web: plain("shell.askWeb", { host: "{host}" }), ask_other: plain("shell.askOther"),
    waiting: counted("shell.waiting"), many_messages: counted("shell.manyMessages"), many_customers: counted("shell.manyCustomers"), many_overdue: counted("shell.manyOverdue"),
    brief: Object.fromEntries(briefs.map((kind) => [kind, plain(`brief.${kind}`)])),
  };
}
