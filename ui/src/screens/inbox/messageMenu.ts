import type { MessageItem } from "../../api/MessageItem";
import { t } from "../../i18n";
import type { MenuItem } from "../../parts/menu";
import type { App } from "../../state/app.svelte";
import { linkTo } from "../../state/permalink";
import { partsOf } from "../../state/quote";

/** What somebody wrote, without what they quoted. */
export function ownWords(message: Pick<MessageItem, "text" | "folds">): string {
  return partsOf(message.text, message.folds).filter((part) => part.kind === null).map((part) => part.text).join("").trim();
}

/** What is selected inside an element of the page. */
export function selectedIn(element: Element): string {
  const selection = document.getSelection();
  const range = selection !== null && selection.rangeCount > 0 && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  if (range !== null && element.contains(range.commonAncestorContainer)) return selection?.toString().trim() ?? "";
  const frame = element.querySelector("iframe");
  return frame?.contentDocument?.getSelection()?.toString().trim() ?? "";
}

/** Whether this can be answered: it came from outside and could be read. */
export function answerable(message: MessageItem): boolean {
  return message.direction === "inbound" && message.unreadable === null;
}

/** Whether this can be passed on. */
export function passable(message: MessageItem): boolean {
  return message.unreadable === null && message.channel === "email";
}

/** Everything that can be done with a message. `chosen` is the text that was selected in it. */
export function menuOf(app: App, message: MessageItem, chosen: string, original: () => void): MenuItem[] {
  const { actions, composer, timeline } = app;
  const inbound = message.direction === "inbound";
  const readable = message.unreadable === null;
  const words = chosen === "" ? ownWords(timeline.texts.get(message.id) ?? message) : chosen;
  const item = (when: boolean, entry: MenuItem): MenuItem[] => (when ? [entry] : []);
  return [
    ...item(answerable(message), { id: "answer", label: t("message.answer"), icon: "reply", keys: "R", run: () => void composer.answer(message.id) }),
    ...item(passable(message), { id: "forward", label: t("message.forward"), icon: "send", keys: "F", run: () => void composer.forward(message.id) }),
    ...item(readable && words !== "", { id: "quote", label: chosen === "" ? t("message.quote") : t("message.quoteSelection"), icon: "quote", run: () => composer.insertQuote(words) }),
    ...item(readable && words !== "", { id: "copy", label: chosen === "" ? t("message.copy") : t("message.copySelection"), icon: "copy", gap: true, run: () => void actions.copy(words) }),
    ...item(timeline.conversation !== null, { id: "link", label: t("message.copyLink"), icon: "link", gap: !readable || words === "", run: () => void actions.copy(linkTo(timeline.conversation ?? "", message.id)) }),
    ...item(message.channel === "email" || !readable || message.cards.some((card) => card.kind === "unknown"), { id: "source", label: t("message.original"), icon: "file", gap: true, run: original }),
    ...item(message.channel === "email", { id: "save", label: t("message.save"), icon: "download", run: () => void actions.saveMessage(message.id) }),
    ...item(inbound, { id: "unread", label: t("message.unreadFrom"), icon: "dot", gap: true, run: () => void actions.unreadFrom(message.id) }),
    ...item(inbound && message.class === "human", { id: "machine", label: t("message.toMachine"), icon: "robot", run: () => void actions.setClass(message.id, "machine") }),
    ...item(inbound && message.class !== "human", { id: "human", label: t("message.wasPerson"), icon: "person", run: () => void actions.setClass(message.id, "human") }),
  ];
}
