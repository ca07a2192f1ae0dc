// One message as an element.
import type { Chat, Line } from "./chat";
import { el, icon, icons } from "./dom";
import { bytes, LARGEST_PICTURE } from "./files";
import { link, rich } from "./rich";
import type { Media } from "./timeline";
import { cut, fileName, pieces, SHOWN } from "./text";
import { fill, type Words } from "./words";

export interface Speech {
  words: Words;
  language: string;
}

/** What of a message decides how it looks: as long as it is the same, its element stays. */
export function fingerprint(line: Line, name: string, first: boolean, last: boolean): string {
  const { kind, text, html, media, edited, reactions, state, pending, at } = line;
  return JSON.stringify([kind, text, html, media, edited, reactions, state, pending?.state, name, first, last, at]);
}

export function lineView(chat: Chat, { words, language }: Speech, line: Line, name: string, first: boolean, last: boolean): HTMLLIElement {
  const odd = line.kind === "gone" || line.kind === "unsupported";
  const item = el("li", { class: `line${line.own ? " own" : ""}${odd ? " odd" : ""}` });
  if (!line.own && first) item.append(el("div", { class: "who", dir: "auto" }, name));
  item.append(el("span", { class: "unseen" }, `${line.own ? words.you : name}: `), ...content(chat, words, language, line));
  if (line.reactions.length > 0) item.append(el("div", { class: "marks" }, ...line.reactions.map((mark) => el("span", {}, mark.count > 1 ? `${mark.key} ${mark.count}` : mark.key))));
  const below = meta(chat, words, language, line, last);
  if (below !== null) item.append(below);
  return item;
}

function content(chat: Chat, words: Words, language: string, line: Line): Node[] {
  if (line.kind === "gone") return [el("div", { class: "bubble" }, words.removed)];
  if (line.kind === "unsupported") return [el("div", { class: "bubble" }, words.unsupported)];
  const parts: Node[] = [];
  if (line.pending?.file) parts.push(upload(words, line));
  else if (line.media !== null) parts.push(media(chat, words, language, line.media));
  if (line.text !== "") parts.push(speech(words, line.text, line.own ? "" : line.html));
  return parts;
}

/** A text with its links, as far as it goes with its marks; of a very long one the beginning. */
function speech(words: Words, text: string, html: string): HTMLElement {
  const bubble = el("div", { class: "bubble", dir: "auto" });
  const linked = (shown: string): (Node | string)[] => pieces(shown).map(({ text: words, href }) => (href === undefined ? words : link(href, words)));
  const show = (shown: string): void => bubble.replaceChildren(...linked(shown));
  if (html !== "") {
    bubble.classList.add("rich");
    rich(bubble, html, linked);
    if (bubble.textContent?.trim() !== "") return bubble;
    bubble.classList.remove("rich");
  }
  if (text.length <= SHOWN) show(text);
  else {
    show(`${cut(text, SHOWN)}…`);
    const more = el("button", { type: "button", class: "more-text" }, words.wholeMessage);
    more.addEventListener("click", () => show(text));
    bubble.append("\n", more);
  }
  return bubble;
}

function upload(words: Words, line: Line): HTMLElement {
  const label = fill(words.uploading, { name: fileName(line.pending?.file?.name) });
  const bar = el("progress", { max: 1, "aria-label": label, "data-txn": line.txn, hidden: line.state !== "sending" });
  bar.value = line.pending?.progress ?? 0;
  return el("div", { class: "bubble", dir: "auto" }, fileName(line.pending?.file?.name), el("br"), bar);
}

function media(chat: Chat, words: Words, language: string, found: Media): HTMLElement {
  const small = found.size <= LARGEST_PICTURE;
  return found.picture !== null && small ? picture(chat, words, language, found) : file(chat, words, language, found);
}

function picture(chat: Chat, words: Words, language: string, found: Media): HTMLElement {
  const name = found.name || words.file;
  const image = el("img", { class: "picture", alt: fill(words.picture, { name }), width: found.picture?.width || null, height: found.picture?.height || null });
  const button = el("button", { type: "button", "aria-label": fill(words.download, { name }), title: fill(words.download, { name }) }, image);
  // What cannot be shown can still be had as a file.
  const instead = (): void => button.replaceWith(file(chat, words, language, found));
  image.addEventListener("error", instead);
  chat.attic.url(found).then((url) => (image.src = url), instead);
  button.addEventListener("click", () => save(chat, found, () => undefined));
  return button;
}

function file(chat: Chat, words: Words, language: string, found: Media): HTMLElement {
  const name = found.name || words.file;
  const size = found.size > 0 ? ` (${bytes(found.size, language)})` : "";
  const button = el("button", { type: "button", class: "file bubble", "aria-label": fill(words.download, { name }) + size }, icon(icons.file), el("span", {}, el("bdi", {}, name), size));
  button.addEventListener("click", () => {
    button.disabled = true;
    save(chat, found, (worked) => {
      button.disabled = false;
      if (!worked) button.append(` ${fill(words.downloadFailed, { name })}`);
    });
  });
  return button;
}

/** Hands the browser a file to keep. */
function save(chat: Chat, found: Media, done: (worked: boolean) => void): void {
  chat.attic.url(found).then(
    (href) => {
      const link = el("a", { href, download: found.name || "file" });
      link.click();
      done(true);
    },
    () => done(false),
  );
}

function meta(chat: Chat, words: Words, language: string, line: Line, last: boolean): HTMLElement | null {
  const below = el("div", { class: "meta" });
  const add = (text: string, kind = ""): void => below.append(el("span", { class: kind }, text));
  const act = (text: string, run: () => void): void => {
    const button = el("button", { type: "button" }, text);
    button.addEventListener("click", run);
    below.append(button);
  };
  if (line.edited && line.kind !== "gone") add(words.edited);
  if (line.state === "failed") {
    add(words.failed, "bad");
    act(words.again, () => chat.outbox.again(line.txn));
    act(words.discard, () => chat.outbox.discard(line.txn));
  } else if (line.state === "waiting") {
    add(words.waiting);
    act(words.discard, () => chat.outbox.discard(line.txn));
  } else if (line.state === "sending") {
    add(words.sending);
    if (line.pending?.file) act(words.cancel, () => chat.outbox.discard(line.txn));
  } else if (last) {
    const time = el("time", { datetime: new Date(line.at).toISOString() }, new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(line.at));
    below.append(time);
    if (line.own) add(line.state === "read" ? words.read : words.sent);
  }
  return below.childElementCount > 0 ? below : null;
}
