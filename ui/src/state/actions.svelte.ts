import type { BulkAct } from "../api/BulkAct";
import type { Class } from "../api/Class";
import type { Done } from "../api/Done";
import type { Queued } from "../api/Queued";
import type { Undone } from "../api/Undone";
import type { VendorPage } from "../api/VendorPage";
import { say } from "../errors";
import { t, word } from "../i18n";
import { dateTime } from "../i18n/time";
import { Bulk } from "./bulk.svelte";
import { copyText } from "./clipboard";
import { clock } from "./clock.svelte";
import type { App } from "./app.svelte";
import type { Drop } from "./drag.svelte";
import { isConversation } from "./list.svelte";
import type { KeyAction } from "./keys";

/** What makes no sense in a window that has one conversation and no list. */
const ofTheList: ReadonlySet<KeyAction> = new Set(["next", "previous", "open", "window", "unread", "mark", "markAll", "markNext", "markPrevious", "search", "goInbox", "goWaits", "goReports", "goSettings"]);

/** Whether this window knows an action. */
export function isHere(app: App, action: KeyAction): boolean {
  return app.alone === null || !ofTheList.has(action);
}

/** Something that is done to conversations: how to one, how to many, and what is said of it. */
interface Act {
  many: BulkAct;
  one: (conversation: string) => Promise<Done>;
  says: (n: number) => string;
}

/** What a person does to conversations. Each tells what it did and how to take it back. */
export class Actions {
  readonly bulk: Bulk;
  /** Read marks are not in the engine's history; the newest ones are taken back from here. */
  private marksBack = $state.raw<{ ids: readonly string[]; read: boolean } | null>(null);

  constructor(private readonly app: App) {
    this.bulk = new Bulk(app.host);
  }

  async resolve(): Promise<void> {
    const ids = this.app.targets;
    if (ids.every((id) => this.app.list.rows.get(id)?.status === "resolved")) await this.reopen(ids);
    else await this.close(ids);
  }

  private async close(ids: readonly string[]): Promise<void> {
    await this.leaving(ids, { many: { do: "resolve" }, one: (conversation) => this.app.host.call("resolve", { conversation }), says: (n) => t("done.resolved", { n }) });
  }

  private async reopen(ids: readonly string[]): Promise<void> {
    await this.to(ids, { many: { do: "reopen" }, one: (conversation) => this.app.host.call("reopen", { conversation }), says: (n) => t("done.reopened", { n }) });
  }

  async snooze(until: number | null): Promise<void> {
    const ids = this.app.targets;
    const act = (says: Act["says"]): Act => ({ many: { do: "snooze", until }, one: (conversation) => this.app.host.call("snooze", { conversation, until }), says });
    if (until === null) await this.to(ids, act((n) => t("done.woken", { n })));
    else await this.leaving(ids, act((n) => t("done.snoozed", { n, when: dateTime(until, clock.now) })));
  }

  async assign(agent: string | null): Promise<void> {
    const name = this.app.workspace.agents.find((a) => a.id === agent)?.name;
    await this.to(this.app.targets, {
      many: { do: "assign", agent }, one: (conversation) => this.app.host.call("assign", { conversation, agent }),
      says: (n) => (name === undefined ? t("done.unassigned", { n }) : t("done.assigned", { n, name })),
    });
  }

  async tag(tag: string, on: boolean, ids = this.app.targets): Promise<void> {
    await this.to(ids, { many: { do: "tag", tag, on }, one: (conversation) => this.app.host.call("tag_set", { conversation, tag, on }), says: (n) => t(on ? "done.tagged" : "done.untagged", { n, tag }) });
  }

  async stage(stage: string | null): Promise<void> {
    const ids = this.app.targets;
    // What is on screen is the evidence, and only of the conversation on screen.
    const evidence = ids.length === 1 && ids[0] === this.app.timeline.conversation ? this.app.timeline.lastMessage : null;
    const name = this.app.workspace.stage(stage)?.name;
    await this.to(ids, {
      many: { do: "stage", stage }, one: (customer) => this.app.host.call("stage_set", { customer, stage, evidence }),
      says: (n) => (name === undefined ? t("done.unstaged", { n }) : t("done.staged", { n, name })),
    });
  }

  async noReply(): Promise<void> {
    await this.to(this.app.targets, { many: { do: "no_reply" }, one: (conversation) => this.app.host.call("no_reply_needed", { conversation }), says: (n) => t("done.noReply", { n }) });
  }

  /** Unread, and back to the list, or it would be read again at once. */
  async unread(): Promise<void> {
    const ids = this.app.targets;
    if (this.app.list.selected !== null && ids.includes(this.app.list.selected)) await this.app.openConversation(null);
    await this.readMarks(ids, false);
  }

  async read(): Promise<void> {
    await this.readMarks(this.app.targets, true);
  }

  private async readMarks(ids: readonly string[], read: boolean): Promise<void> {
    await this.run(async () => {
      const { changed } = await this.bulk.run({ do: "read", read }, ids);
      this.app.list.marks.clear();
      const back = { ids: changed, read };
      if (changed.length === 0) return this.app.toasts.done(t("done.already"));
      this.marksBack = back;
      this.app.toasts.done(t(read ? "done.read" : "done.unread", { n: changed.length }), () => void this.undo());
    });
  }

  /** What was dropped onto a view of the sidebar. */
  async drop(target: Drop, ids: readonly string[]): Promise<void> {
    const { app } = this;
    app.aim = ids;
    if (target.to === "snooze") {
      app.overlay = "snooze";
      return;
    }
    if (target.to === "assign") await this.assign(target.agent);
    else if (target.to === "stage") await this.stage(target.stage);
    else if (target.to === "tag") await this.tag(target.tag, true);
    else if (target.to === "reopen") await this.reopen(ids);
    else await this.close(ids);
    app.aim = null;
  }

  /** From this message on unread, and back to the list, or it would be read again at once. */
  async unreadFrom(message: string): Promise<void> {
    await this.app.openConversation(null);
    if (await this.run(() => this.app.host.call("mark_unread_from", { message }))) this.app.toasts.done(t("done.unread", { n: 1 }));
  }

  async copy(text: string): Promise<void> {
    if (await copyText(text)) this.app.toasts.done(t("done.copied"));
    else this.app.toasts.error(t("done.notCopied"));
  }

  async rename(id: string, name: string): Promise<void> {
    await this.each([id], () => this.app.host.call("customer_rename", { id, name }), t("done.renamed"));
  }

  async notCustomer(handle: string, on: boolean): Promise<void> {
    await this.each([handle], () => this.app.host.call("not_customer", { handle, on }), t(on ? "done.notCustomer" : "done.isCustomer"));
  }

  /** Links two customers into one, and shows the one. */
  async link(a: string, b: string, name: string): Promise<void> {
    const { app } = this;
    const shown = app.list.selected === a || app.list.selected === b;
    // What lies at both is shown one below the other: none of it may still be on its way.
    if (shown) await app.composer.flush();
    if (!(await this.each([a], () => app.host.call("link", { a, b }), t("done.linked", { name })))) return;
    if (!shown) return;
    // The one is known by the lower of the two ids.
    const panel = await app.host.call("customer", { id: a }).catch(() => null);
    if (panel !== null && panel.row.id !== app.list.selected) await app.openConversation(panel.row.id);
  }

  /** Cuts linked customers off again: messages and handles lie where they always lay. */
  async cut(split: string[]): Promise<void> {
    await this.each(split.slice(0, 1), () => this.app.host.call("unlink", { split }), t("history.cut"));
  }

  async setClass(message: string, kind: Class): Promise<void> {
    await this.each([message], () => this.app.host.call("class_set", { message, class: kind }), t(kind === "human" ? "done.person" : "done.machine"));
  }

  /** Says of "may belong to …" that it is the same person, or somebody else. */
  async hint(message: string, same: boolean): Promise<void> {
    await this.each([message], () => this.app.host.call(same ? "hint_accept" : "hint_dismiss", { message }), t(same ? "done.hintTaken" : "done.hintDismissed"));
  }

  /** Takes back the newest action. */
  async undo(): Promise<void> {
    await this.run(async () => {
      const marks = this.marksBack;
      if (marks !== null) {
        this.marksBack = null;
        await this.bulk.run({ do: "read", read: !marks.read }, marks.ids);
        this.app.toasts.done(t("done.undone", { what: word("command", "read") }));
        return;
      }
      this.app.list.letIn();
      this.app.list.did(this.lately);
      const undone = await this.app.host.call("undo", {});
      if (undone.command === "send") this.app.outgoing.forgetConversation(undone.conversation);
      if (undone.draft) await this.backToDraft(undone.conversation);
      this.app.toasts.done(this.gone(undone) ?? t("done.undone", { what: word("command", undone.command) }));
    });
  }

  /** Read marks that the key would take back first. */
  get marksTaken(): { n: number; read: boolean } | null {
    return this.marksBack === null ? null : { n: this.marksBack.ids.length, read: this.marksBack.read };
  }

  /** Takes back an action that need not be the newest. Why not, where it cannot be, stands beside it. */
  async undoOne(group: string): Promise<void> {
    await this.decided(group, async () => {
      const undone = await this.app.host.call("undo_one", { group });
      if (undone.command === "send") this.app.outgoing.forgetConversation(undone.conversation);
      if (undone.draft) await this.backToDraft(undone.conversation);
      this.app.toasts.done(this.gone(undone) ?? t("done.undone", { what: word("command", undone.command) }));
    });
  }

  /** Does again what was taken back, as a new action. */
  async redo(group: string): Promise<void> {
    await this.decided(group, async () => {
      const done = await this.app.host.call("redo", { group });
      this.app.toasts.done(t("done.again", { what: word("command", done.command) }), () => void this.undo());
    });
  }

  private async decided(group: string, work: () => Promise<void>): Promise<void> {
    try {
      this.app.list.letIn();
      await work();
    } catch (error) {
      this.app.undos.refuse(group, say(error));
    }
  }

  /** Takes a send back while it is held. */
  async undoSend(queued: Queued): Promise<void> {
    await this.run(async () => {
      const undone = await this.app.outgoing.cancel(queued.id);
      await this.backToDraft(undone.conversation ?? queued.conversation);
      const gone = this.gone(undone);
      if (gone !== null) this.app.toasts.done(gone);
    });
  }

  /** What is to be said where some messages of a send had gone already. */
  private gone({ gone }: Undone): string | null {
    return gone === 0 ? null : t("done.undoneRest", { n: gone });
  }

  /** Sends the reply, or writes the note. */
  async send(resolve: boolean): Promise<void> {
    const { composer, outgoing } = this.app;
    const id = composer.conversation;
    // Whoever went on to another conversation meanwhile is not moved.
    const here = (): boolean => composer.conversation === id;
    if (composer.mode === "note") {
      if (!(await composer.addNote())) return;
      this.app.toasts.done(t("done.noted"), () => void this.undo());
      if (here()) await this.app.timeline.toEnd();
      return;
    }
    const next = id === null ? null : this.app.list.successor([id]);
    const queued = await composer.send(resolve);
    if (queued === null) return;
    this.marksBack = null;
    outgoing.add(queued);
    if (!here()) return;
    if (resolve && this.app.alone === null) await this.app.openConversation(next);
    else await this.app.timeline.toEnd();
    if (this.app.alone === null && !this.app.narrow) this.app.listFocus += 1;
    else this.app.timelineFocus += 1;
  }

  async outbox(command: "outbox_retry" | "outbox_mark_sent" | "outbox_check", id: string): Promise<void> {
    await this.run(() => this.app.host.call(command, { id }));
  }

  async openLink(message: string, link: number, text = false): Promise<void> {
    await this.run(() => this.app.host.call("link_open", { message, link, text }));
  }

  /** Opens a vendor's page, where something is made or copied. */
  async openVendor(page: VendorPage): Promise<void> {
    await this.run(() => this.app.host.call("vendor_open", { page }));
  }

  /** Opens what a card of a message leads to in the browser. */
  async openCard(message: string, card: number): Promise<void> {
    await this.run(() => this.app.host.call("card_open", { message, card }));
  }

  async saveFile(file: string): Promise<void> {
    await this.run(() => this.app.host.call("file_save", { file }));
  }

  /** Saves a message as it came, as a file. */
  async saveMessage(id: string): Promise<void> {
    await this.run(() => this.app.host.call("message_save", { id }));
  }

  /** Does what a key asks for. */
  press(action: KeyAction): boolean {
    const { app } = this;
    const { list, composer } = app;
    const any = app.targets.length > 0;
    const inbox = app.screen === "inbox";
    if (!isHere(app, action)) return false;
    if (action !== "next" && action !== "previous") app.arrive();
    switch (action) {
      case "next": return this.step(1);
      case "previous": return this.step(-1);
      case "open": return this.open();
      case "reply": return inbox && list.selected !== null && this.yes(() => composer.focus("reply"));
      case "note": return inbox && list.selected !== null && this.yes(() => composer.focus("note"));
      case "send": return composer.canSend && inbox && this.yes(() => void this.send(false));
      case "sendResolve": return composer.canSend && inbox && this.yes(() => void this.send(true));
      case "resolve": return any && this.yes(() => void this.resolve());
      case "snooze": return any && this.yes(() => (app.overlay = "snooze"));
      case "assign": return any && this.yes(() => (app.overlay = "assign"));
      case "tag": return any && this.yes(() => (app.overlay = "tag"));
      case "stage": return any && this.yes(() => (app.overlay = "stage"));
      case "link": return app.targets.length === 1 && this.yes(() => (app.overlay = "link"));
      case "noReply": return any && this.yes(() => void this.noReply());
      case "unread": return any && this.yes(() => void this.unread());
      case "undo": return this.yes(() => void this.undo());
      case "read": return any && this.yes(() => void this.read());
      case "mark": return inbox && this.mark();
      case "markAll": return inbox && this.yes(() => void list.markAll());
      case "markNext": return inbox && this.yes(() => this.markStep(1));
      case "markPrevious": return inbox && this.yes(() => this.markStep(-1));
      case "search": return this.yes(() => (app.overlay = "search"));
      case "palette": return this.yes(() => (app.overlay = "palette"));
      case "history": return this.yes(() => (app.overlay = "history"));
      case "toasts": return app.toasts.list.length > 0 && this.yes(() => (app.toasts.focuses += 1));
      case "keys": return this.yes(() => (app.overlay = "keys"));
      case "find": return inbox && list.selected !== null && this.yes(() => app.find.show());
      case "date": return inbox && list.selected !== null && this.yes(() => (app.overlay = "date"));
      case "files": return inbox && list.selected !== null && this.yes(() => (app.overlay = "files"));
      case "panel": return inbox && this.yes(() => (app.panel = !app.panel));
      case "window": return this.ownWindow();
      case "print": return this.print();
      case "zoomIn": return this.yes(() => void app.zoom(1));
      case "zoomOut": return this.yes(() => void app.zoom(-1));
      case "zoomReset": return this.yes(() => void app.zoom(0));
      case "goInbox": return this.yes(() => void app.show("inbox"));
      case "goWaits": return this.yes(() => app.go("waits"));
      case "goReports": return this.yes(() => app.go("reports"));
      case "goSettings": return this.yes(() => app.go("settings"));
      case "back": return this.back();
    }
  }

  private ownWindow(): boolean {
    const { app } = this;
    const { cursor } = app.list;
    const id = app.screen === "waits" ? app.waits.selected : app.screen === "inbox" ? (isConversation(cursor) ? cursor : app.list.selected) : null;
    return id !== null && this.yes(() => void app.openWindow(id));
  }

  /** A conversation is set for paper first; what is printed as it stands goes to the system at once. */
  private print(): boolean {
    const { app } = this;
    if (app.screen === "inbox") return app.list.selected !== null && this.yes(() => (app.overlay = "print"));
    if (app.screen === "settings") return false;
    return this.yes(() => void app.printScreen());
  }

  private back(): boolean {
    const { app } = this;
    if (app.alone !== null) return this.yes(() => (app.timelineFocus += 1));
    if (app.drawer) return this.yes(() => (app.drawer = false));
    if (app.narrow && app.screen === "inbox" && app.list.marked.size === 0 && app.list.selected !== null) return this.yes(() => void this.toList());
    if (app.screen !== "inbox") return this.yes(() => (app.adding ? (app.adding = false) : app.go("inbox")));
    if (app.list.marked.size > 0) return this.yes(() => app.list.marks.clear());
    return this.yes(() => (app.listFocus += 1));
  }

  /** Back to the list where it and the conversation take turns. */
  async toList(): Promise<void> {
    const { app } = this;
    const from = app.list.selected;
    await app.openConversation(null);
    app.list.cursor = from;
    app.listFocus += 1;
  }

  private step(step: number): boolean {
    const { app } = this;
    if (app.screen === "waits") return this.yes(() => app.waits.move(step));
    if (app.screen !== "inbox") return false;
    app.list.keep("input", true);
    const { cursor } = app.list;
    const to = isConversation(cursor) || cursor === null ? app.list.neighbour(step, cursor ?? app.list.selected) : app.list.beside(cursor, step);
    if (to !== null && to !== app.list.selected) app.stepTo(to);
    return true;
  }

  private mark(): boolean {
    const { list } = this.app;
    const { cursor } = list;
    if (!isConversation(cursor)) return false;
    list.toggleMark(cursor);
    return true;
  }

  /** Selects on to the next conversation without opening it: the eye stays on what is read. */
  private markStep(step: number): void {
    const { list } = this.app;
    list.keep("input", true);
    const { cursor } = list;
    if (!isConversation(cursor)) {
      list.cursor = list.neighbour(step);
      if (isConversation(list.cursor)) list.markTo(list.cursor);
      return;
    }
    const to = list.neighbour(step, cursor);
    if (to === null) return;
    list.markTo(to);
    list.cursor = to;
  }

  private open(): boolean {
    const { app } = this;
    const here = isConversation(app.list.cursor) ? app.list.cursor : (app.list.selected ?? app.list.ids[0] ?? null);
    const id = app.screen === "waits" ? app.waits.selected : app.screen === "inbox" ? here : null;
    if (id === null) return false;
    if (app.screen === "waits" || app.list.selected !== id) void app.openConversation(id);
    app.timelineFocus += 1;
    return true;
  }

  private yes(work: () => unknown): true {
    work();
    return true;
  }

  /** The composer shows what was taken back. */
  private async backToDraft(conversation: string | null): Promise<void> {
    if (conversation === null) return;
    if (this.app.composer.conversation === conversation) await this.app.composer.reload();
    else await this.app.openConversation(conversation);
    this.app.composer.focus("reply");
  }

  /** An action after which the conversations leave the view: the next one is shown. */
  private async leaving(ids: readonly string[], act: Act): Promise<void> {
    const { app } = this;
    const shown = app.list.selected;
    const next = app.list.successor(ids);
    const follow = app.alone === null && app.screen === "inbox" && shown !== null && ids.includes(shown) && app.list.filter.view !== "all";
    if (!(await this.to(ids, act))) return;
    if (follow && app.list.selected === shown) await app.openConversation(next);
  }

  /** To one as it is, to many as one action; says so once, with one way back for all. */
  private async to(ids: readonly string[], act: Act): Promise<boolean> {
    if (ids.length === 1) return this.each(ids, act.one, act.says(1));
    return this.run(async () => {
      this.own(ids);
      const { changed, undo, stopped } = await this.bulk.run(act.many, ids);
      this.own(changed);
      this.app.list.marks.clear();
      const text = changed.length === 0 ? t("done.already") : act.says(changed.length);
      this.app.toasts.done(stopped ? t("done.stopped", { text }) : text, undo ? () => void this.undo() : null);
    });
  }

  /** What is done by oneself moves its lines at once, and also when it is taken back. */
  private own(ids: readonly string[]): void {
    this.marksBack = null;
    this.lately = ids;
    this.app.list.did(ids);
  }

  private lately: readonly string[] = [];

  /** Runs a command for each, then says so once, with one way back for all. */
  private async each(ids: readonly string[], call: (id: string) => Promise<Done>, text: string): Promise<boolean> {
    let undoable = 0;
    this.own(ids);
    const done = await this.run(async () => {
      for (const id of ids) if ((await call(id)).undo) undoable += 1;
    });
    if (!done) return false;
    this.app.list.marks.clear();
    this.app.toasts.done(text, undoable === 0 ? null : () => void this.undo());
    return true;
  }

  private async run(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.app.toasts.failed(error);
      return false;
    }
  }
}
