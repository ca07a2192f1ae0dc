// The launcher and the panel: draws what the chat knows, and tells it what the visitor does.
import type { Chat, Line } from "./chat";
import { type Composer, composer } from "./composer";
import { el, icon, iconButton, icons, set, write } from "./dom";
import { bytes } from "./files";
import { fingerprint, lineView, type Speech } from "./lineview";
import { consentSheet, forgetSheet, mailSheet, type Sheet } from "./sheets";
import { cut, fileName } from "./text";
import { fill } from "./words";

type Asked = "" | "consent" | "unanswered" | "mail" | "forget";

const FULL = "(max-width: 480px)";

export class View {
  private readonly launcher: HTMLButtonElement;
  private readonly badge = el("span", { class: "badge", "aria-hidden": "true", hidden: true });
  private readonly panel: HTMLElement;
  private readonly menu: HTMLElement;
  private readonly more: HTMLButtonElement;
  private readonly status = el("div", { class: "status", role: "status" });
  private readonly log: HTMLElement;
  private readonly lines = el("ol");
  private readonly earlier: HTMLButtonElement;
  private readonly typing = el("p", { class: "typing", dir: "auto" });
  private readonly foot = el("div", { class: "foot" });
  private readonly composer: Composer;
  /** What a screen reader is told of: new messages, once each. */
  private readonly news = el("div", { class: "unseen", role: "status" });
  private readonly elements = new Map<string, { element: HTMLElement; print: string }>();
  private asked: Asked = "";
  private wanted: Asked = "";
  private heard = Date.now();
  private frame = 0;
  private ticking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly chat: Chat,
    private readonly speech: Speech,
    private readonly onOpen: (open: boolean) => void,
    signal: AbortSignal,
  ) {
    const { words } = speech;
    const { options } = chat;
    this.launcher = el("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-controls": "panel" }, icon(icons.chat), this.badge);
    this.more = iconButton("more", words.more, { "aria-expanded": "false", "aria-controls": "menu" });
    const close = iconButton("close", words.close);
    this.menu = el("div", { class: "menu", id: "menu", hidden: true }, this.item(words.mailTitle, "mail"), this.item(words.forget, "forget"));
    this.earlier = el("button", { type: "button", class: "earlier", hidden: true }, words.earlier);
    const greeting = el("p", { class: "greeting bubble", dir: "auto" }, options.greeting || words.greeting);
    this.log = el("div", { class: "log", tabindex: 0, role: "region", "aria-label": words.messages }, this.earlier, greeting, this.lines, this.typing);
    this.composer = composer(words, chat.store.kept.get("draft") ?? "", {
      text: (text) => this.said(() => chat.outbox.text(text)),
      files: (files) => void this.files(files),
      draft: (text) => chat.store.kept.set("draft", text),
    });
    const head = el("div", { class: "head" }, el("h2", { id: "title", dir: "auto" }, options.title || options.name || words.title), this.more, close);
    this.panel = el("div", { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: true }, head, this.menu, this.status, this.log, this.foot, this.composer.element);
    root.append(this.panel, this.launcher, this.news);
    this.launcher.addEventListener("click", () => (chat.open ? this.close() : this.open()));
    close.addEventListener("click", () => this.close());
    this.more.addEventListener("click", () => this.showMenu(this.menu.hidden !== false));
    this.earlier.addEventListener("click", () => void this.showEarlier());
    root.addEventListener("keydown", (event) => this.key(event));
    this.takeDrops();
    for (const what of ["resize", "scroll"]) window.visualViewport?.addEventListener(what, () => this.fit(), { signal });
  }

  /** A keyboard on glass covers the page without making it smaller, and may move it. Who zooms in wants it larger, not fitted. */
  private fit(): void {
    const { scale, height, offsetTop } = window.visualViewport as VisualViewport;
    if (scale > 1.01) return;
    this.root.style.setProperty("--seen", `${height}px`);
    this.root.style.setProperty("--seen-top", `${offsetTop}px`);
  }

  open(focus = true): void {
    this.chat.open = true;
    this.onOpen(true);
    set(this.panel, { hidden: false, "aria-modal": window.matchMedia(FULL).matches ? "true" : null });
    this.draw();
    this.log.scrollTop = this.log.scrollHeight;
    if (focus) this.composer.field.focus();
    this.chat.wake();
  }

  close(): void {
    if (!this.chat.open) return;
    this.chat.open = false;
    this.onOpen(false);
    this.showMenu(false);
    this.panel.hidden = true;
    this.draw();
    this.launcher.focus();
  }

  /** Draws once a frame, however much changes. Pages in the background have no frames and need none. */
  update(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { words } = this.speech;
    const { chat } = this;
    const unread = chat.open ? 0 : chat.unread;
    const count = unread > 99 ? "99+" : String(unread);
    this.root.classList.toggle("open", chat.open);
    set(this.launcher, { "aria-expanded": String(chat.open), "aria-label": chat.open ? words.close : unread > 0 ? `${words.open} (${fill(words.unread, { n: count })})` : words.open });
    set(this.badge, { hidden: unread === 0 });
    write(this.badge, count);
    this.announce();
    if (!chat.open) return;
    this.drawStatus();
    this.drawLines();
    this.drawFoot();
  }

  private drawStatus(): void {
    const { words } = this.speech;
    const { trouble, options, store } = this.chat;
    if (trouble?.kind === "limited") return this.count(trouble.until);
    clearTimeout(this.ticking);
    this.ticking = undefined;
    set(this.status, { "aria-live": null });
    if (trouble === null) return write(this.status, this.chat.note || (store.kept.keeps ? "" : words.notKept));
    const texts = { offline: words.offline, closed: words.closed, ended: words.ended, server: words.trouble, refused: words.trouble } as const;
    const text = texts[trouble.kind];
    if (trouble.kind !== "closed" || options.mail === "") return write(this.status, text);
    if (this.status.querySelector("a") === null) this.status.replaceChildren(`${text} ${words.closedMail} `, el("a", { href: `mailto:${options.mail}` }, options.mail));
  }

  /** Counts down; a screen reader is told where it began, not every second. */
  private count(until: number): void {
    if (this.ticking !== undefined) return;
    write(this.status, fill(this.speech.words.limited, { n: Math.max(1, Math.ceil((until - Date.now()) / 1000)) }));
    this.ticking = setTimeout(() => {
      this.ticking = undefined;
      set(this.status, { "aria-live": "off" });
      this.update();
    }, 1_000);
  }

  private drawLines(): void {
    const { chat, speech } = this;
    const { lines } = chat;
    const low = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const shown: HTMLElement[] = [];
    const day = new Intl.DateTimeFormat(speech.language, { dateStyle: "long" });
    let before = day.format(Date.now());
    const used = new Set<string>();
    lines.forEach((line, n) => {
      const date = day.format(line.at);
      if (date !== before) shown.push(this.element(`day ${date}`, date, used, () => el("li", { class: "day" }, date)));
      const [previous, next] = [lines[n - 1], lines[n + 1]];
      const first = previous?.sender !== line.sender || date !== before;
      before = date;
      const last = next === undefined || next.sender !== line.sender || next.at - line.at > 300_000;
      const name = chat.nameOf(line.sender) || speech.words.team;
      // A message keeps its element when the homeserver gives it its id.
      const key = line.txn === "" ? line.id : line.txn;
      shown.push(this.element(key, fingerprint(line, name, first, last), used, () => lineView(chat, speech, line, name, first, last)));
      if (line.pending?.file) this.progress(line);
    });
    for (const key of this.elements.keys()) if (!used.has(key)) this.elements.delete(key);
    this.arrange(shown);
    set(this.earlier, { hidden: !chat.hasEarlier });
    write(this.typing, chat.typing === null ? "" : fill(speech.words.typing, { name: chat.typing || speech.words.team }));
    if (low) this.log.scrollTop = this.log.scrollHeight;
  }

  private element(key: string, print: string, used: Set<string>, make: () => HTMLElement): HTMLElement {
    used.add(key);
    const known = this.elements.get(key);
    if (known?.print === print) return known.element;
    const element = make();
    known?.element.replaceWith(element);
    this.elements.set(key, { element, print });
    return element;
  }

  /** Puts the elements in order and touches only those that are elsewhere, so that focus and selection stay. */
  private arrange(shown: readonly HTMLElement[]): void {
    const wanted = new Set<Element>(shown);
    for (const child of [...this.lines.children]) if (!wanted.has(child)) child.remove();
    shown.forEach((element, n) => {
      if (this.lines.children[n] !== element) this.lines.insertBefore(element, this.lines.children[n] ?? null);
    });
  }

  private progress(line: Line): void {
    for (const bar of this.lines.querySelectorAll("progress")) if (bar.dataset["txn"] === line.txn) bar.value = line.pending?.progress ?? 0;
  }

  private drawFoot(): void {
    const { chat } = this;
    const about: Asked = this.wanted || (this.asked === "unanswered" && this.busy() ? "unanswered" : chat.touches.open ? "consent" : chat.unanswered !== null ? "unanswered" : "");
    if (about === this.asked) return;
    this.asked = about;
    const sheet = about === "" ? null : this.sheet(about);
    this.foot.replaceChildren(...(sheet === null ? [] : [sheet.element]));
    if (sheet !== null && about === this.wanted) sheet.first.focus();
    if (about === "unanswered") write(this.news, this.speech.words.askTitle);
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Whether somebody is in the middle of filling the form. */
  private busy(): boolean {
    return [...this.foot.querySelectorAll("input")].some((field) => field.value !== "" || field.matches(":focus"));
  }

  private sheet(about: Exclude<Asked, "">): Sheet {
    const { chat } = this;
    const { words } = this.speech;
    const done = (): void => this.dismiss();
    if (about === "consent") {
      return consentSheet(words, (yes) => {
        chat.touches.decide(yes);
        done();
      });
    }
    if (about === "forget") return forgetSheet(words, () => void this.forget(), done);
    const contact = chat.store.kept.get("contact") ?? { name: "", email: "" };
    return mailSheet(
      words,
      about === "unanswered",
      contact,
      async ({ name, email, line }) => {
        await chat.introduce(name, email, line);
        this.chat.note = fill(words.thanks, { email });
        done();
      },
      () => {
        if (about === "unanswered") chat.decline();
        done();
      },
      () => (chat.trouble?.kind === "closed" ? words.closed : words.offline),
    );
  }

  private dismiss(): void {
    this.wanted = "";
    this.asked = "";
    this.foot.replaceChildren();
    this.composer.field.focus();
    this.update();
  }

  private async forget(): Promise<void> {
    this.dismiss();
    this.composer.clear();
    await this.chat.forget();
    this.close();
  }

  private item(text: string, about: Asked): HTMLElement {
    const button = el("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      this.wanted = about;
      this.showMenu(false);
      this.draw();
    });
    return button;
  }

  private showMenu(open: boolean): void {
    this.menu.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (open) this.menu.querySelector("button")?.focus();
  }

  private key(event: KeyboardEvent): void {
    // What is typed here is no shortcut of the page.
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      if (!this.menu.hidden) {
        this.showMenu(false);
        this.more.focus();
      } else if (this.wanted !== "") this.dismiss();
      else this.close();
    }
    if (event.key === "Tab" && this.chat.open && window.matchMedia(FULL).matches) this.stay(event);
  }

  /** Where the panel covers the page, Tab goes round in it. */
  private stay(event: KeyboardEvent): void {
    const stops = [...this.panel.querySelectorAll<HTMLElement>("button,textarea,input:not([hidden]),a[href],[tabindex='0']")].filter((one) => !one.matches(":disabled") && one.getClientRects().length > 0);
    const [first, last] = [stops[0], stops.at(-1)];
    const here = (this.root.getRootNode() as ShadowRoot).activeElement;
    if (event.shiftKey ? here !== first : here !== last) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }

  private async showEarlier(): Promise<void> {
    const fromEnd = this.log.scrollHeight - this.log.scrollTop;
    this.earlier.disabled = true;
    await this.chat.earlier().catch(() => undefined);
    this.earlier.disabled = false;
    this.draw();
    this.log.scrollTop = this.log.scrollHeight - fromEnd;
  }

  private said(send: () => void): void {
    this.chat.note = "";
    send();
    this.draw();
    this.log.scrollTop = this.log.scrollHeight;
  }

  private async files(files: readonly File[]): Promise<void> {
    const { words, language } = this.speech;
    this.chat.note = "";
    const most = await this.chat.mostBytes().catch(() => null);
    for (const file of files) {
      const name = fileName(file.name) || words.file;
      if (file.size === 0) this.chat.note = fill(words.emptyFile, { name });
      else if (most !== null && file.size > most) this.chat.note = fill(words.tooLarge, { name, limit: bytes(most, language) });
      else this.chat.outbox.file(file);
    }
    this.draw();
    this.log.scrollTop = this.log.scrollHeight;
  }

  private takeDrops(): void {
    const mark = (on: boolean): boolean => this.panel.classList.toggle("dropping", on);
    this.panel.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      mark(true);
    });
    this.panel.addEventListener("dragleave", () => mark(false));
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      void this.files([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Says what has come since the page opened, once; what was there before is read by whoever wants to. */
  private announce(): void {
    const { words } = this.speech;
    const fresh = this.chat.lines.filter((line) => !line.own && line.kind !== "gone" && line.at > this.heard);
    this.heard = Math.max(this.heard, ...fresh.map((line) => line.at));
    if (fresh.length > 0) write(this.news, fresh.slice(-3).map((line) => `${this.chat.nameOf(line.sender) || words.team}: ${cut(line.text || line.media?.name || words.unsupported, 300)}`).join("\n"));
  }
}
