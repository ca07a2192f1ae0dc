// Reads the snippet, builds the chat into the page, and keeps out of its way.
import { Chat } from "./chat";
import { dress } from "./styles";
import { options } from "./options";
import { Store } from "./store";
import { Touches } from "./touch";
import { View } from "./view";
import { direction, language, words } from "./words";

/** What a page's own scripts may do. */
interface Handle {
  open(): void;
  close(): void;
  /** The answer of the shop's own consent window, where data-consent is "ask". */
  consent(yes: boolean): void;
  /** Ends the chat and forgets the visitor on this device. */
  forget(): Promise<void>;
  /** Takes the chat off this page; what it knows stays. The snippet puts it back. */
  remove(): void;
}

declare global {
  interface Window {
    ParleyChat?: Handle;
  }
}

function start(script: HTMLScriptElement): void {
  const read = options(script.dataset);
  for (const wrong of read.wrong) console.error(`Parley chat: ${wrong}`);
  if (read.options === null || window.ParleyChat !== undefined) return;
  const chosen = read.options;
  const tongue = language(chosen.language, document.documentElement.lang, navigator.language);
  const store = new Store(chosen.homeserver, chosen.support);
  const touches = new Touches(chosen.consent, store, location.href, document.referrer, Date.now());

  const host = document.createElement("parley-chat");
  // A page that is never dark gets no dark chat.
  if (getComputedStyle(document.documentElement).colorScheme.includes("dark")) host.className = "may-be-dark";
  const shadow = host.attachShadow({ mode: "open" });
  dress(shadow, chosen, script.nonce);
  const root = document.createElement("div");
  root.className = `root ${chosen.side}`;
  root.lang = tongue;
  root.dir = direction(tongue);
  shadow.append(root);

  const life = new AbortController();
  const chat: Chat = new Chat(chosen, store, touches, () => view.update());
  const view = new View(root, chat, { words: words(tongue), language: tongue }, (open) => store.now.set("open", open), life.signal);
  // Beside the body: shops that swap it when somebody follows a link keep the chat, and a body that is moved or turned takes it nowhere.
  document.documentElement.append(host);
  listen(chat, life.signal);
  chat.resume();
  if (store.now.get("open") === true) view.open(false);
  view.update();
  window.ParleyChat = {
    open: () => view.open(),
    close: () => view.close(),
    consent: (yes) => {
      touches.decide(yes);
      view.update();
    },
    forget: () => chat.forget(),
    remove: () => {
      life.abort();
      chat.stop();
      host.remove();
      delete window.ParleyChat;
    },
  };
}

function listen(chat: Chat, signal: AbortSignal): void {
  const wake = (): void => chat.wake();
  document.addEventListener("visibilitychange", wake, { signal });
  for (const what of ["online", "pageshow"]) window.addEventListener(what, wake, { signal });
  window.addEventListener(
    "storage",
    (event) => {
      if (event.key === null || event.key === `${chat.store.prefix}identity`) wake();
    },
    { signal },
  );
}

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : document.querySelector<HTMLScriptElement>("script[data-homeserver][data-support]");
if (script !== null) {
  if (document.body === null) document.addEventListener("DOMContentLoaded", () => start(script));
  else start(script);
}
