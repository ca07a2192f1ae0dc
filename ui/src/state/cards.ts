import type { Card } from "../api/Card";
import type { CardKind } from "../api/CardKind";
import type { ConversationRow } from "../api/ConversationRow";
import type { MessageItem } from "../api/MessageItem";
import { t, word } from "../i18n";

/** What nobody wrote: it is said in a quiet line instead of a message. */
const quiet: ReadonlySet<CardKind> = new Set(["missing", "notice", "call", "encrypted"]);
/** What a message is about stands above its words. */
const above: ReadonlySet<CardKind> = new Set(["quote", "story_reply", "story_mention"]);

/** What a card is, in words. */
export function cardName(card: Card): string {
  if (card.kind !== "media") return word("card", card.kind);
  const kind = { image: "picture", video: "video", audio: "voice" }[card.mime?.split("/")[0] ?? ""] ?? "file";
  return word("brief", kind);
}

/** What a line of the list says of a message without words. */
const briefName = (brief: string): string => word("brief", brief);

/** One line of a row's last message. */
export const gistOf = (row: Pick<ConversationRow, "snippet" | "brief">): string => (row.snippet === "" && row.brief !== null ? briefName(row.brief) : row.snippet);

/** Whether a message says only what happened: a gap, a call, somebody who came or went. */
export function isQuiet(message: MessageItem): boolean {
  return message.cards.length > 0 && message.text === "" && message.subject === null && message.files.length === 0 && !message.html && message.unsent_at === null && message.unreadable === null && message.cards.every((card) => quiet.has(card.kind));
}

/** What a quiet line says. */
export function quietWords(message: MessageItem): string {
  const channel = word("channel", message.channel);
  return message.cards
    .map((card) => {
      switch (card.kind) {
        case "missing": return card.count === undefined ? t("card.missingSome", { channel }) : t("card.missingText", { n: card.count, channel });
        case "encrypted": return t("card.encryptedText");
        case "call": return card.text === undefined ? t("card.call") : t("card.callText", { text: card.text });
        default: return card.text ?? word("card", card.kind);
      }
    })
    .join(" · ");
}

export interface Placed {
  card: Card;
  at: number;
}

/** A message's cards: those that stand above its words, and those below. */
export function placed(cards: readonly Card[]): { above: Placed[]; below: Placed[] } {
  const all = cards.map((card, at) => ({ card, at }));
  return { above: all.filter(({ card }) => above.has(card.kind)), below: all.filter(({ card }) => !above.has(card.kind)) };
}
