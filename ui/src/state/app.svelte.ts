import { getContext, setContext } from "svelte";
import type { Change } from "../api/Change";
import type { View } from "../api/View";
import type { Host } from "../host/host";
import { say } from "../errors";
import { t } from "../i18n";
import { Accounts } from "./accounts.svelte";
import { Actions } from "./actions.svelte";
import { Attention, inFront } from "./attention";
import { clock } from "./clock.svelte";
import { Composer, type Mode } from "./composer.svelte";
import { Find } from "./find.svelte";
import { Gallery } from "./gallery.svelte";
import { Keep } from "./keep.svelte";
import { Paper } from "./paper.svelte";
import { Memory } from "./memory.svelte";
import { stepped } from "./zoom";
import { Customer } from "./customer.svelte";
import { Drag } from "./drag.svelte";
import { ConversationList, isConversation } from "./list.svelte";
import { linkOf, type Place } from "./permalink";
import { Outgoing } from "./outgoing.svelte";
import { Sample } from "./sample.svelte";
import { ResponseTimes, WaitBoard } from "./reports.svelte";
import { Search } from "./search.svelte";
import { Session } from "./session.svelte";
import { Timeline } from "./timeline.svelte";
import { Toasts } from "./toasts.svelte";
import { Undos } from "./undos.svelte";
import { Used } from "./used.svelte";
import { Workspace } from "./workspace.svelte";

export type Screen = "inbox" | "reports" | "waits" | "settings";
export type SettingsPage = "accounts" | "profile" | "appearance" | "general" | "notices" | "data" | "keys" | "diagnostics" | "about";
export type Overlay = "search" | "palette" | "keys" | "snooze" | "stage" | "tag" | "assign" | "date" | "files" | "history" | "print" | "link";

/** Changes that come in a burst are answered together. */
const BURST = 30;
/** Steps faster than this are somebody running through the list: only where they stop is opened. */
const RUNNING = 90;
/** How long a conversation is looked at before it counts as read. */
const READ_AFTER = 700;

/** The window's memory: one store per screen, and what ties them together. */
export class App {
  readonly session: Session;
  readonly workspace: Workspace;
  readonly list: ConversationList;
  readonly timeline: Timeline;
  readonly composer: Composer;
  readonly customer: Customer;
  readonly search: Search;
  readonly find: Find;
  readonly gallery: Gallery;
  readonly responseTimes: ResponseTimes;
  readonly waits: WaitBoard;
  readonly accounts: Accounts;
  readonly outgoing: Outgoing;
  readonly keep: Keep;
  readonly sample: Sample;
  readonly memory: Memory;
  readonly paper: Paper;
  readonly toasts = new Toasts();
  readonly used = new Used();
  readonly undos: Undos;
  private readonly attention: Attention;
  readonly actions: Actions;

  screen = $state<Screen>("inbox");
  settingsPage = $state<SettingsPage>("accounts");
  private over = $state<Overlay | null>(null);
  /** The conversations that a menu or a drag was made on; they come before what is selected. */
  aim = $state.raw<readonly string[] | null>(null);
  /** The menu of conversations, with where it opens. */
  menu = $state.raw<{ x: number; y: number } | null>(null);
  readonly drag = new Drag();
  /** The account wizard is open for a new account. */
  adding = $state(false);
  /** The recovery key is offered before the first real account, where sample data came first. */
  protecting = $state(false);
  /** The first screen brings in what other programs have. */
  importing = $state(false);
  /** Too narrow for columns beside each other: one at a time is shown. */
  narrow = $state(false);
  /** The sidebar lies over the rest, where it has no column of its own. */
  drawer = $state(false);
  /** The conversation of a window of its own is not here (any more). */
  missing = $state(false);
  private readonly roomy = typeof window === "undefined" || window.innerWidth >= 1200;
  /** What is on screen is set for paper as well. */
  printing = $state(false);
  ready = $state(false);
  error = $state<string | null>(null);
  /** Grows when the timeline should take the focus. */
  timelineFocus = $state(0);
  /** Grows when the list should take the focus. */
  listFocus = $state(0);
  private pending: Change | null = null;
  private following = false;
  private stepped = 0;
  private soon: { id: string; timer: ReturnType<typeof setTimeout> } | null = null;
  private readTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(readonly host: Host) {
    this.memory = new Memory(host);
    this.paper = new Paper(host);
    this.session = new Session(host);
    this.workspace = new Workspace(host);
    this.list = new ConversationList(host, {
      rank: (stage) => this.workspace.settings?.stages.findIndex((s) => s.key === stage) ?? 0,
      person: (agent) => ({ name: this.workspace.agents.find((a) => a.id === agent)?.name ?? "", me: this.workspace.me?.id === agent }),
    }, this.memory);
    this.timeline = new Timeline(host);
    this.composer = new Composer(host, (conversation, mode, error) => void this.astray(conversation, mode, error));
    this.customer = new Customer(host);
    this.search = new Search(host);
    this.find = new Find(host, this.timeline);
    this.gallery = new Gallery(host);
    this.responseTimes = new ResponseTimes(host);
    this.waits = new WaitBoard(host);
    this.accounts = new Accounts(host);
    this.outgoing = new Outgoing(host);
    this.keep = new Keep(host);
    this.sample = new Sample(host);
    this.undos = new Undos(host);
    this.attention = new Attention(host);
    this.actions = new Actions(this);
  }

  /** The conversation that this window is for; null in the main window. */
  get alone(): string | null {
    return this.host.alone;
  }

  /** Whether the customer's panel is shown. */
  get panel(): boolean {
    if (this.alone !== null) return this.aside;
    return this.memory.panel ?? this.roomy;
  }

  set panel(shown: boolean) {
    if (this.alone !== null) this.aside = shown;
    else this.memory.keepPanel(shown);
  }

  /** The same in a window of its own, where there is less room; each begins without. */
  private aside = $state(false);

  get overlay(): Overlay | null {
    return this.over;
  }

  set overlay(overlay: Overlay | null) {
    // What closes an overlay acts right after it: only then is the aim let go.
    if (overlay === null && this.over !== null) queueMicrotask(() => (this.aim = null));
    this.over = overlay;
  }

  /** Opens the menu of a conversation, or of all that are selected if it is one of them. */
  openMenu(id: string | null, at: { x: number; y: number }): void {
    const ids = id !== null && isConversation(id) && !this.list.marked.has(id) ? [id] : this.targets;
    if (ids.length === 0) return;
    if (isConversation(id)) this.list.cursor = id;
    this.aim = ids;
    this.menu = at;
    this.list.keep("menu", true);
  }

  closeMenu(): void {
    this.menu = null;
    this.list.keep("menu", false);
    // An overlay that the menu opened is still about the same conversations.
    queueMicrotask(() => {
      if (this.overlay === null && this.menu === null) this.aim = null;
    });
  }

  async start(): Promise<void> {
    this.host.onChange((change) => this.heard(change));
    this.host.onOpen((conversation) => void this.openConversation(conversation));
    this.host.onLink(() => void this.linked());
    this.host.onClosing(async () => {
      await Promise.all([this.composer.leave(), this.memory.flush()]);
    });
    clock.start();
    await this.session.load();
    await this.session.wait();
    await this.enter();
  }

  /** The workspace is open: load what the first screen shows. */
  async enter(): Promise<void> {
    if (this.session.status?.state !== "open") return;
    try {
      if (this.alone !== null) return await this.enterAlone(this.alone);
      // The order of the list must be known before it is asked for.
      await this.memory.load();
      this.list.remembered();
      // Groups are ordered by names and stages, which must be known then.
      const workspace = this.workspace.load();
      const list = this.list.group === "none" ? this.list.begin() : workspace.then(() => this.list.begin());
      await Promise.all([workspace, list, this.keep.refresh(), this.sample.refresh()]);
      this.ready = true;
      this.turned();
      this.title();
      // What `make bench-ui` measures a start by: the frame after the one with the first rows.
      if (typeof requestAnimationFrame === "function") requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("inbox")));
      // What was open while the workspace was closed could not be read.
      if (this.timeline.conversation !== null) await this.read(this.timeline.conversation);
      await this.linked();
    } catch (error) {
      this.error = say(error);
    }
  }

  /** This window is for one conversation: that is all it loads. */
  private async enterAlone(wanted: string): Promise<void> {
    const [row] = await Promise.all([this.list.row(wanted), this.workspace.load()]);
    this.missing = row === null;
    this.ready = true;
    this.title();
    if (row === null || row.id === this.timeline.conversation) return;
    this.list.selected = row.id;
    this.readLater(row.id);
    await this.read(row.id);
  }

  async openSession(passphrase: string | null): Promise<void> {
    await this.session.open(passphrase);
    await this.enter();
  }

  /** Goes back to a backup. What was just done is not in it, so nothing of it is offered to be taken back. */
  async restoreBackup(name: string): Promise<void> {
    if (!(await this.keep.restore(name))) return;
    this.toasts.clear();
    await this.anew();
    this.toasts.done(t("backup.restored"));
  }

  /** Another database lies behind the window: nothing of what it showed or remembered counts any more. */
  private async anew(): Promise<void> {
    this.ready = false;
    await this.openConversation(null);
    await this.session.load();
    await this.session.wait();
    await this.enter();
  }

  /** Opens the workspace with the words of its recovery key. */
  async recoverSession(words: string): Promise<void> {
    await this.session.recover(words);
    await this.enter();
  }

  /** Puts a backup in the place of a workspace that cannot be opened. */
  async restoreSession(name: string, passphrase: string | null): Promise<void> {
    await this.session.restore(name, passphrase);
    await this.enter();
  }

  /** The workspace may have been closed behind the window: then its door is shown, and its screens begin anew. */
  private async stillOpen(): Promise<boolean> {
    try {
      await this.keep.refresh();
      return true;
    } catch {
      await this.session.load();
      if (this.session.status?.state === "open") return true;
      this.ready = false;
      void this.session.wait().then(() => this.enter());
      return false;
    }
  }

  /** What was brought in is shown: as history it waits for nobody, so it is in no view but that of everything. */
  async landed(): Promise<void> {
    await this.workspace.refreshSidebar();
    await this.show(this.workspace.count("inbox") > 0 ? "inbox" : "all");
    this.importing = false;
  }

  /** The first real account beside the sample: the recovery key comes before it, as on the first screen. */
  connect(): void {
    if (this.keep.isUnprotected) {
      this.screen = "inbox";
      this.protecting = true;
    } else this.addAccount();
  }

  /** Loads the made-up conversations and shows them: from the first screen, which stays until they are there. */
  async lookAround(): Promise<void> {
    this.sample.arriving = true;
    const whole = await this.loadSample();
    if (whole) {
      await this.workspace.load();
      await this.show("inbox");
    }
    this.sample.arriving = false;
  }

  /** Loads the made-up conversations beside what is there. */
  async loadSample(): Promise<boolean> {
    const whole = await this.sample.load();
    if (this.sample.error !== null) this.toasts.error(this.sample.error);
    return whole;
  }

  /** Takes all that is made up away again, and shows what is left. */
  async clearSample(): Promise<void> {
    await this.openConversation(null);
    const gone = await this.sample.remove();
    if (this.sample.error !== null) this.toasts.error(this.sample.error);
    await this.workspace.load();
    if (!gone) return;
    this.toasts.clear();
    this.toasts.done(t("sample.removed"));
    await this.show("inbox");
  }

  /** Shows a view of the inbox. */
  async show(view: View, narrowed: { stage?: string; tag?: string; saved?: string } = {}): Promise<void> {
    this.screen = "inbox";
    this.overlay = null;
    this.drawer = false;
    // One column at a time: the list that was asked for is the one.
    if (this.narrow && this.list.selected !== null) await this.openConversation(null);
    await this.list.show({ view, stage: narrowed.stage ?? null, tag: narrowed.tag ?? null, saved: narrowed.saved ?? null });
  }

  /** Shows a conversation, at a message if one is named. */
  async openConversation(id: string | null, message: string | null = null): Promise<void> {
    if (this.alone !== null && id !== this.list.selected) {
      // This window stays with its conversation; another one is shown in the main one.
      if (id !== null) this.host.showInMain(id);
      return;
    }
    this.screen = "inbox";
    this.drawer = false;
    this.overlay = null;
    if (this.soon !== null) clearTimeout(this.soon.timer);
    this.soon = null;
    this.list.selected = id;
    this.readLater(id);
    if (id !== this.timeline.conversation) this.find.close();
    if (id !== null) this.used.opened(id);
    await this.read(id, message);
  }

  private async read(id: string | null, message: string | null = null): Promise<void> {
    if (this.paper.sheet !== null) this.paper.clear();
    await Promise.all([this.timeline.open(id, message), this.composer.open(id), this.customer.open(id)]);
  }

  /** Shows the message at an instant of a conversation. */
  async jump(conversation: string, at: number): Promise<void> {
    if (conversation === this.timeline.conversation && this.screen === "inbox") {
      if (!(await this.timeline.jumpTo(at).catch(() => false))) this.toasts.error(t("date.nothing"));
      return;
    }
    const place = await this.host.call("message_at", { conversation, at }).catch(() => null);
    await this.openConversation(conversation, place?.message ?? null);
  }

  /**
   * Opens a `parley://` link. Links come from outside: what is not exactly one of ours is refused, and so is one to what is
   * not here. Nothing but showing a place can follow from a link.
   */
  async openLink(url: string): Promise<boolean> {
    const place = linkOf(url);
    const known = place !== null && this.ready ? await this.placeOf(place) : null;
    if (known === null) {
      this.toasts.error(t(place === null ? "link.refused" : "link.gone"));
      return false;
    }
    await this.openConversation(known.conversation, known.message);
    this.timelineFocus += 1;
    return true;
  }

  /** A link came from another program, maybe before the workspace was open: then it waits until it is. */
  private async linked(): Promise<void> {
    if (!this.ready) return;
    const link = await this.host.link().catch(() => null);
    if (link !== null) await this.openLink(link);
  }

  /** A place that exists: a message that is gone leads to its conversation, a conversation that is gone nowhere. */
  private async placeOf({ conversation, message }: Place): Promise<Place | null> {
    try {
      const [row] = await this.host.call("conversation_rows", { ids: [conversation] });
      if (row === undefined) return null;
      if (message === null) return { conversation: row.id, message };
      const page = await this.host.call("timeline", { conversation: row.id, before: null, after: null, around: message, limit: 2 }).catch(() => null);
      const here = page?.items.some((item) => item.type === "message" && item.id === message) ?? false;
      if (!here) this.toasts.error(t("link.messageGone"));
      return { conversation: row.id, message: here ? message : null };
    } catch (error) {
      this.toasts.error(say(error));
      return null;
    }
  }

  /** Opens the next conversation; a held key opens only the last, so that running through the list asks for little. */
  stepTo(id: string): void {
    const now = Date.now();
    const running = now - this.stepped < RUNNING;
    this.stepped = now;
    if (this.soon !== null) clearTimeout(this.soon.timer);
    this.soon = null;
    if (!running) {
      void this.openConversation(id);
      return;
    }
    this.list.selected = id;
    this.soon = { id, timer: setTimeout(() => this.arrive(), RUNNING) };
  }

  /** What was stepped to is opened now: an action must never meet the conversation before. */
  arrive(): void {
    if (this.soon === null) return;
    const { id, timer } = this.soon;
    clearTimeout(timer);
    this.soon = null;
    void this.openConversation(id);
  }

  go(screen: Screen, page?: SettingsPage): void {
    if (this.alone !== null) return;
    this.printing = false;
    this.overlay = null;
    this.drawer = false;
    this.adding = false;
    this.screen = screen;
    if (page !== undefined) this.settingsPage = page;
  }

  /** The size that is being kept. */
  private zooming: number | null = null;

  /** Opens a conversation in its own window. */
  async openWindow(id: string): Promise<void> {
    try {
      // What is being written goes along.
      if (this.composer.conversation === id) await this.composer.flush();
      await this.host.openWindow(id);
    } catch (error) {
      this.toasts.error(say(error));
    }
  }

  /** Shows everything larger, smaller or in the usual size. */
  async zoom(to: 1 | -1 | 0): Promise<void> {
    // Steps that come faster than they are kept add up.
    const now = this.zooming ?? this.workspace.settings?.zoom ?? 100;
    const zoom = to === 0 ? 100 : stepped(now, to);
    if (zoom === now) return;
    this.zooming = zoom;
    try {
      await this.workspace.change({ zoom });
    } catch (error) {
      this.toasts.error(say(error));
    } finally {
      if (this.zooming === zoom) this.zooming = null;
    }
  }

  /** Prints the screen as it stands. */
  async printScreen(): Promise<void> {
    this.printing = true;
    // What is for paper only must be there before the system takes its picture.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await this.print();
  }

  /** Opens the system's dialog for printing what is on screen. */
  async print(): Promise<void> {
    try {
      await this.host.print();
    } catch (error) {
      this.toasts.error(say(error));
    }
  }

  addAccount(): void {
    this.go("settings", "accounts");
    this.adding = true;
  }

  /** The conversations an action is meant for: the marked ones, else the one on screen. */
  get targets(): string[] {
    if (this.aim !== null) return [...this.aim];
    if (this.screen === "waits") return this.waits.selected === null ? [] : [this.waits.selected];
    if (this.list.marked.size > 0) return [...this.list.marked];
    return this.list.selected === null ? [] : [this.list.selected];
  }

  private heard(change: Change): void {
    const p = this.pending;
    if (p === null) {
      this.pending = structuredClone(change);
    } else {
      p.conversations = [...new Set([...p.conversations, ...change.conversations])];
      p.all ||= change.all;
      p.lists ||= change.lists;
      p.accounts ||= change.accounts;
      p.settings ||= change.settings;
    }
    this.followSoon();
  }

  /** One after the other: an answer that was asked for earlier must not come after a newer one. */
  private followSoon(): void {
    if (this.following) return;
    this.following = true;
    setTimeout(() => {
      const together = this.pending;
      this.pending = null;
      const done = together === null ? Promise.resolve() : this.follow(together);
      void done.finally(() => {
        this.following = false;
        if (this.pending !== null) this.followSoon();
      });
    }, BURST);
  }

  private async follow(change: Change): Promise<void> {
    if (!this.ready) {
      // The workspace may be open again; only the main window opens it.
      if (this.alone !== null) await this.again();
      return;
    }
    if (change.settings && !(await this.stillOpen())) return;
    // Also after the computer slept, when the clock stood still.
    if (change.all) clock.tick();
    if (this.alone !== null && (change.all || change.conversations.length > 0)) await this.enterAlone(this.alone);
    const open = this.list.selected;
    const here = open !== null && (change.all || change.conversations.includes(open));
    const work: Promise<unknown>[] = [];
    if (this.alone === null && (change.lists || change.all)) work.push(this.list.refresh());
    if (change.lists || change.all || change.accounts) work.push(this.workspace.refreshSidebar());
    if (change.settings) work.push(this.workspace.refreshSettings());
    if (change.accounts && !this.sample.loading && !this.sample.removing) work.push(this.sample.refresh());
    if (change.all || change.conversations.length > 0) work.push(this.list.invalidate(change.all ? "all" : change.conversations));
    if (here) {
      work.push(this.timeline.refresh(), this.customer.refresh());
      this.readLater(open);
    }
    // Which ways lead to the person follows from both: what they wrote, and which accounts are there.
    if (here || (open !== null && change.accounts)) work.push(this.composer.refresh());
    if (this.screen === "waits") work.push(this.waits.refresh());
    if (this.screen === "settings" && change.accounts) work.push(this.accounts.refresh());
    const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
    if (failed !== undefined) this.toasts.error(say(failed.reason));
    this.title();
  }

  /** What did not go out of a conversation that was left meanwhile is said, with the way there. */
  private async astray(conversation: string, mode: Mode, error: unknown): Promise<void> {
    const name = (await this.list.row(conversation).catch(() => null))?.name ?? "";
    this.toasts.missed(t(mode === "note" ? "done.noteMissed" : "done.sendMissed", { name, why: say(error) }), async () => {
      await this.openConversation(conversation);
      this.composer.focus(mode);
    });
  }

  /** A window that only follows looks whether it can go on. */
  private async again(): Promise<void> {
    await this.session.load();
    await this.session.wait();
    await this.enter();
  }

  /** Read is what was on screen for a moment, in a window somebody looks at. */
  private readLater(id: string | null): void {
    if (this.readTimer !== null) clearTimeout(this.readTimer);
    if (id === null) return;
    this.readTimer = setTimeout(() => {
      const looked = this.list.selected === id && this.screen === "inbox" && document.visibilityState === "visible" && document.hasFocus();
      const unread = (this.list.rows.get(id)?.unread ?? 0) > 0 || this.timeline.items.some((item) => item.type === "message" && item.unread);
      if (looked && unread) this.host.call("mark_read", { conversation: id }).catch((error: unknown) => this.toasts.error(say(error)));
    }, READ_AFTER);
  }

  /** The window came to the front, or went from there. */
  turned(): void {
    if (this.ready) this.attention.look(inFront());
  }

  /** The window came to the front: what is on screen is being read now. */
  looked(): void {
    this.turned();
    if (!this.ready && this.alone !== null) void this.again();
    this.readLater(this.list.selected);
  }

  private title(): void {
    if (this.alone !== null) {
      const name = this.list.rows.get(this.list.selected ?? this.alone)?.name ?? "";
      this.host.setTitle(name === "" ? t("app.title") : name);
      return;
    }
    const waiting = this.workspace.count("waiting");
    this.host.setTitle(waiting > 0 ? t("app.titleWaiting", { n: waiting }) : t("app.title"));
  }
}

const key = Symbol("app");

export function provideApp(app: App): void {
  setContext(key, app);
}

export function useApp(): App {
  return getContext<App>(key);
}
