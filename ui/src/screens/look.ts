import type { AccountState } from "../api/AccountState";
import type { CardKind } from "../api/CardKind";
import type { ChangeKind } from "../api/ChangeKind";
import type { Channel } from "../api/Channel";
import type { View } from "../api/View";
import type { IconName } from "../parts/icons";

/** The sign of a channel. */
export function channelIcon(channel: Channel): IconName {
  return channel === "email" ? "mail" : channel;
}

export const viewIcons: Readonly<Record<View, IconName>> = {
  inbox: "inbox", mine: "person", unassigned: "personOff", waiting: "hourglass", snoozed: "moon", resolved: "checkCircle", automatic: "robot", problems: "warning", all: "layers",
};

export const changeIcons: Readonly<Record<ChangeKind, IconName>> = {
  assigned: "person", snoozed: "moon", unsnoozed: "moon", resolved: "check", reopened: "refresh", no_reply_needed: "check", tagged: "tag", untagged: "tag", staged: "flag",
  renamed: "pencil", linked: "link", unlinked: "link", not_customer: "personOff", is_customer: "person", forwarded: "send", undone: "undo",
};

/** The sign of a card in a message. */
export const cardIcons: Readonly<Record<CardKind, IconName>> = {
  story_reply: "story", story_mention: "story", share: "external", quote: "quote", media: "file", sticker: "smile", location: "pin", contact: "person", button: "check", call: "phone", unsupported: "info", unknown: "info", missing: "layers",
  encrypted: "lock", notice: "info",
};

/** The sign of a file that is only linked to, by its media type. */
export function mediaIcon(mime: string | undefined): IconName {
  switch (mime?.split("/")[0]) {
    case "image": return "picture";
    case "video": return "video";
    case "audio": return "mic";
    default: return "file";
  }
}

/** The class of an account's dot. */
export const dots: Readonly<Record<AccountState, string>> = { ok: "ok", connecting: "busy", waiting: "wait", needs_attention: "bad", paused: "off" };
