import type { MessageItem } from "../api/MessageItem";
import type { Party } from "../api/Party";
import { t } from "../i18n";

/** Somebody of a message, as a person calls them. */
export const nameOf = (party: Party | null): string => (party === null ? t("message.unknownSender") : (party.name ?? party.address));

/** Who says a message. What was sent from another program is said by the account: nobody knows which colleague it was. */
export function speakerOf(message: Pick<MessageItem, "direction" | "author" | "from" | "account">): string {
  if (message.direction !== "outbound") return nameOf(message.from);
  const { author, from, account } = message;
  return author ?? ((from?.name ?? "") || account);
}
