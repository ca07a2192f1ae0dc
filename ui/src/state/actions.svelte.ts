import type { Class } from "../api/Class";
import type { Done } from "../api/Done";
import type { Queued } from "../api/Queued";
import { say } from "../errors";
import { t, word } from "../i18n";
import { dateTime } from "../i18n/time";
import { copyText } from "./clipboard";
import { clock } from "./clock.svelte";
import type { App } from "./app.svelte";
import type { KeyAction } from "./keys";

/** What a person does to conversations. Each tells what it did and how to take it back. */
export class Actions {
  constructor(private readonly app: App) {}

  async resolve(): Promise<void> {
    const { list } = this.app;
    const ids = this.app.targets;
    const closed = ids.length === 1 && list.rows.get(ids[0] ?? "")?.status === "resolved";
    if (closed) await this.each(ids, (conversation) => this.app.host.call("reopen", { conversation }), t("done.reopened", { n: 1 }));
    else await this.leaving(ids, (conversation) => this.app.host.call("resolve", { conversation }), t("done.resolved", { n: ids.length }));
  }

  async snooze(until: number | null): Promise<void> {
    const ids = this.app.targets;
    const call = (conversation: string): Promise<Done> => this.app.host.call("snooze", { conversation, until });
    if (until === null) await this.each(ids, call, t("done.woken", { n: ids.length }));
    else await this.leaving(ids, call, t("done.snoozed", { n: ids.length, when: dateTime(until, clock.now) }));
  }

  async assign(agent: string | null): Promise<void> {
    const name = this.app.workspace.agents.find((a) => a.id === agent)?.name;
    await this.each(this.app.targets, (conversation) => this.app.host.call("assign", { conversation, agent }), name === undefined ? t("done.unassigned") : t("done.assigned", { name }));
  }

  async tag(tag: string, on: boolean, ids = this.app.targets): Promise<void> {
    await this.each(ids, (conversation) => this.app.host.call("tag_set", { conversation, tag, on }), t(on ? "done.tagged" : "done.untagged", { tag }));
  }

  async stage(stage: string | null): Promise<void> {
    const ids = this.app.targets;
    // What is on screen is the evidence, and only of the conversation on screen.
    const evidence = ids.length === 1 && ids[0] === this.app.timeline.conversation ? this.app.timeline.lastMessage : null;
    const name = this.app.workspace.stage(stage)?.name;
    await this.each(ids, (customer) => this.app.host.call("stage_set", { customer, stage, evidence }), name === undefined ? t("done.unstaged") : t("done.staged", { name }));
  }

  async noReply(): Promise<void> {
    await this.each(this.app.targets, (conversation) => this.app.host.call("no_reply_needed", { conversation }), t("done.noReply"));
  }

  /** Unread, and back to the list, or it would be read again at once. */
  async unread(): Promise<void> {
    const ids = this.app.targets;
    await this.app.openConversation(null);
    await this.run(async () => {
      for (const conversation of ids) await this.app.host.call("mark_unread", { conversation });
    });
    this.app.toasts.done(t("done.unread"));
  }

  /** From this message on unread, and back to the list, or it would be read again at once. */
  async unreadFrom(message: string): Promise<void> {
    await this.app.openConversation(null);
    if (await this.run(() => this.app.host.call("mark_unread_from", { message }))) this.app.toasts.done(t("done.unread"));
  }

  async saveMessage(id: string): Promise<void> {
    await this.run(() => this.app.host.call("message_save", { id }));
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
      const undone = await this.app.host.call("undo", {});
      if (undone.command === "send") this.app.outgoing.forgetConversation(undone.conversation);
      if (undone.draft) await this.backToDraft(undone.conversation);
      this.app.toasts.done(t("done.undone", { what: word("command", undone.command) }));
    });
  }

  /** Takes a send back while it is held. */
  async undoSend(queued: Queued): Promise<void> {
    await this.run(async () => {
      const undone = await this.app.outgoing.cancel(queued.id);
      await this.backToDraft(undone.conversation ?? queued.conversation);
    });
  }

  /** Sends the reply, or writes the note. */
  async send(resolve: boolean): Promise<void> {
    const { composer, outgoing } = this.app;
    if (composer.mode === "note") {
      if (!(await composer.addNote())) return;
      this.app.toasts.done(t("done.noted"), () => void this.undo());
      await this.app.timeline.toEnd();
      return;
    }
    const id = composer.conversation;
    const next = id === null ? null : this.app.list.successor([id]);
    const queued = await composer.send(resolve);
    if (queued === null) return;
    outgoing.add(queued);
    if (resolve) await this.app.openConversation(next);
    else await this.app.timeline.toEnd();
    this.app.listFocus += 1;
  }

  async outbox(command: "outbox_retry" | "outbox_mark_sent" | "outbox_check", id: string): Promise<void> {
    await this.run(() => this.app.host.call(command, { id }));
  }

  async openLink(message: string, link: number, text = false): Promise<void> {
    await this.run(() => this.app.host.call("link_open", { message, link, text }));
  }

  async saveFile(file: string): Promise<void> {
    await this.run(() => this.app.host.call("file_save", { file }));
  }

  /** Does what a key asks for. */
  press(action: KeyAction): boolean {
    const { app } = this;
    const { list, composer } = app;
    const any = app.targets.length > 0;
    const inbox = app.screen === "inbox";
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
      case "noReply": return any && this.yes(() => void this.noReply());
      case "unread": return any && this.yes(() => void this.unread());
      case "undo": return this.yes(() => void this.undo());
      case "mark": return inbox && list.selected !== null && this.yes(() => list.toggleMark(list.selected ?? ""));
      case "markNext": return inbox && this.yes(() => this.markStep(1));
      case "markPrevious": return inbox && this.yes(() => this.markStep(-1));
      case "search": return this.yes(() => (app.overlay = "search"));
      case "palette": return this.yes(() => (app.overlay = "palette"));
      case "keys": return this.yes(() => (app.overlay = "keys"));
      case "find": return inbox && list.selected !== null && this.yes(() => app.find.show());
      case "date": return inbox && list.selected !== null && this.yes(() => (app.overlay = "date"));
      case "files": return inbox && list.selected !== null && this.yes(() => (app.overlay = "files"));
      case "panel": return inbox && this.yes(() => (app.panel = !app.panel));
      case "goInbox": return this.yes(() => void app.show("inbox"));
      case "goWaits": return this.yes(() => app.go("waits"));
      case "goReports": return this.yes(() => app.go("reports"));
      case "goSettings": return this.yes(() => app.go("settings"));
      case "back": return this.back();
    }
  }

  private back(): boolean {
    const { app } = this;
    if (app.screen !== "inbox") return this.yes(() => (app.adding ? (app.adding = false) : app.go("inbox")));
    if (app.list.marked.size > 0) return this.yes(() => app.list.marked.clear());
    return this.yes(() => (app.listFocus += 1));
  }

  private step(step: number): boolean {
    const { app } = this;
    if (app.screen === "waits") return this.yes(() => app.waits.move(step));
    if (app.screen !== "inbox") return false;
    const to = app.list.neighbour(step);
    if (to !== null && to !== app.list.selected) app.stepTo(to);
    return true;
  }

  private markStep(step: number): void {
    const { list } = this.app;
    if (list.selected !== null) list.marked.add(list.selected);
    this.step(step);
    if (list.selected !== null) list.marked.add(list.selected);
  }

  private open(): boolean {
    const { app } = this;
    const id = app.screen === "waits" ? app.waits.selected : app.screen === "inbox" ? (app.list.selected ?? app.list.ids[0] ?? null) : null;
    if (id === null) return false;
    if (app.screen === "waits" || app.list.selected === null) void app.openConversation(id);
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
  private async leaving(ids: string[], call: (id: string) => Promise<Done>, text: string): Promise<void> {
    const { app } = this;
    const shown = app.list.selected;
    const next = app.list.successor(ids);
    const follow = app.screen === "inbox" && shown !== null && ids.includes(shown) && app.list.filter.view !== "all";
    if (!(await this.each(ids, call, text))) return;
    if (follow && app.list.selected === shown) await app.openConversation(next);
  }

  /** Runs a command for each, then says so once, with one way back for all. */
  private async each(ids: string[], call: (id: string) => Promise<Done>, text: string): Promise<boolean> {
    let undoable = 0;
    const done = await this.run(async () => {
      for (const id of ids) if ((await call(id)).undo) undoable += 1;
    });
    if (!done) return false;
    this.app.list.marked.clear();
    const count = undoable;
    this.app.toasts.done(text, count === 0 ? null : () => void this.undoMany(count));
    return true;
  }

  private async undoMany(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.undo();
  }

  private async run(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.app.toasts.error(say(error));
      return false;
    }
  }
}
