import type { BulkAct } from "../../api/BulkAct";
import type { ConversationRow } from "../../api/ConversationRow";
import type { Sort } from "../../api/Sort";
import type { Suggestion } from "../../api/Suggestion";
import type { TestReport } from "../../api/TestReport";
import type { Change } from "../../api/Change";
import type { ImportItem } from "../../api/ImportItem";
import type { Commands } from "../../api/commands";
import type { Done } from "../../api/Done";
import type { Draft } from "../../api/Draft";
import type { FigureRow } from "../../api/FigureRow";
import type { FileItem } from "../../api/FileItem";
import type { FromOption } from "../../api/FromOption";
import type { Hit } from "../../api/Hit";
import type { KeepStatus } from "../../api/KeepStatus";
import type { Marked } from "../../api/Marked";
import type { MessageItem } from "../../api/MessageItem";
import type { SampleStatus } from "../../api/SampleStatus";
import type { SavedView } from "../../api/SavedView";
import type { Settings } from "../../api/Settings";
import type { Undone } from "../../api/Undone";
import type { View } from "../../api/View";
import type { WindowMemory } from "../../api/WindowMemory";
import { bundle, sizes, tokensOf } from "./desktop";
import { hostError, type Args, type Host, type Name, type Reply, type ShellWords, type Stop } from "../host";
import { Page } from "../page";
import { accountOf, accountsFor, foldersFor, suggestionFor, testOf } from "./accounts";
import { inSection, inView, manyRows, oddRows, sectionsOf, sorted } from "./lists";
import { Pictures } from "./pictures";
import { viewerMay } from "./roles";
import { capabilitiesIn, linksOf, me, message, nextId, conversationOf, rowOf, stages, team, world, type Conversation } from "./world";
import { bothDrafts } from "./drafts";
import { report, figureRows } from "./figures";
import { backups, doorOf, keptAs, words } from "./keep";
import { addressOf, isEmail, nameOf } from "../../configs";
import { editionsOf, filled, found, furnishChannels, waysTo } from "./channels";
import lamp from "./lamp.png";
import { archivesFor, begun, broughtIn, erasedOf, halfway, importsFor, planFor, reportOf, resting, written } from "./transfers";
import { sampleFor } from "./sample";
import { daysOf, filesOf, foundIn, lengthen, messageAt, overdo, pageOf, unreadFrom } from "./long";

const whenOf = (item: Conversation["items"][number]): number => (item.type === "episode" ? item.opened_at - 1 : item.at);

type Answers = { [K in keyof Commands]: (args: Commands[K]["args"]) => Commands[K]["reply"] };
interface Undoable {
  command: string;
  conversation: string | null;
  back: () => void;
  draft?: boolean;
  /** The name of the action; one on many takes several calls. */
  group: string;
  at: number;
  conversations: number;
  value: string | null;
  until: number | null;
  on: boolean;
  undone: boolean;
  again?: () => void;
}


/** An engine that is played, not run: believable data in memory for developing, testing and photographing the window. */
export class ScriptedHost implements Host {
  private readonly heard = new Set<(change: Change) => void>();
  private readonly opened = new Set<(conversation: string) => void>();
  private readonly undoes: Undoable[] = [];
  private readonly staged = new Map<string, FileItem>();
  /** What was sent with formatting. */
  private readonly sentHtml = new Map<string, string>();
  private readonly state: string;
  private imports: ImportItem[];
  private archives: ReturnType<typeof archivesFor>;
  private exporting: ((stopped: boolean) => void) | null = null;
  accounts: ReturnType<typeof accountsFor>;
  private session: Reply<"session_status">;
  private all: Conversation[];
  private saved: SavedView[] = [{ id: "5a1e", name: "Lamps, this month", query: "lamp" }];
  private settings: Settings = { hold_seconds: 10, reopen_days: 3, theme: "system", notify: true, notify_text: false, close_to_tray: true, stages, my_name: me.name, wait_target: 14_400, notices: { messages: "all", overdue: true, failed: true, accounts: true, sound: true, focus: "conversation", quiet: true, quiet_from: 1_320, quiet_to: 420, quiet_days: [1, 2, 3, 4, 5] }, keys: {}, searches: [], zoom: 100 };
  private kept: KeepStatus;
  private sample: SampleStatus;
  private language: string | null = new URLSearchParams(window.location.search).get("lang");
  private readonly pictures = new Pictures();
  private readonly linked = new Set<() => void>();
  private waitingLink: string | null = null;
  private atLogin = false;
  /** The conversation that was said to be on screen, for tests. */
  seen: string | null = null;
  /** What the shell was told to say, for tests. */
  shell: ShellWords | null = null;
  private readonly light = new Map<string, ConversationRow>();
  private asked = 0;
  private remembered: { key: string; rows: ConversationRow[] } | null = null;
  /** Every call, for tests. */
  readonly calls: { name: Name; args: unknown }[] = [];
  /** Makes the named command fail once, for tests. */
  failNext: Name | null = null;
  /** The session's files cannot be written, for tests. */
  failLogin = false;
  /** The windows that were asked for, for tests. */
  readonly windows: string[] = [];
  /** How often the dialog for printing was opened, for tests. */
  printed = 0;
  /** What the window was told to remember, for tests. */
  memory: WindowMemory = { lists: [], panel: null, list_width: null, panel_width: null };
  /** The person says no where the system asks once more. */
  declines = false;

  constructor(state = "", now = Date.now()) {
    this.state = state;
    this.imports = importsFor(state);
    this.archives = archivesFor(this.imports);
    this.kept = keptAs(state);
    this.accounts = accountsFor(state);
    this.sample = sampleFor(state);
    this.all = this.accounts.length === 0 && this.sample.state === "absent" ? [] : world(now);
    if (state.startsWith("channels")) furnishChannels(this.all, now, state);
    if (state === "one") this.all = this.all.slice(0, 1);
    if (state === "huge" || state === "odd") {
      this.all = [];
      for (const row of state === "huge" ? manyRows(100_000, now) : oddRows(now)) this.light.set(row.id, row);
    }
    const first = this.all[0];
    if (first !== undefined && state.startsWith("long")) lengthen(first, state === "long" ? 100_000 : Number(state.slice(5)), now);
    if (first !== undefined && state === "extremes") overdo(first, now);
    const base = { keyring: state !== "fresh-passphrase", message: null, trouble: null, recovery: false, backups: [], data_dir: "~/.local/share/parley", version: "0.1.0" };
    const closed = doorOf(state);
    if (closed !== null) this.session = { ...base, ...closed };
    else if (state === "failed") this.session = { ...base, state: "failed", message: "The database was written by a newer Parley (format 7, this one knows 1). Install the newer version; nothing was changed." };
    else if (state === "locked") this.session = { ...base, keyring: false, state: "locked" };
    else if (state.startsWith("fresh")) this.session = { ...base, state: "fresh" };
    else this.session = { ...base, state: "open" };
  }

  async call<K extends Name>(name: K, args: Args<K>): Promise<Reply<K>> {
    this.calls.push({ name, args });
    const never = this.state === "slow" || (this.state === "empty-signing-in" && name === "oauth_wait") || (this.state === "uploading" && name === "file_stage" && (args as Args<"file_stage">).id !== null) || (this.state === "lazy" && name === "conversation_rows") || (this.state === "slow-list" && name === "conversation_ids" && this.asked++ > 0);
    await new Promise((resolve) => setTimeout(resolve, never ? 1_000_000 : 0));
    if (this.state === "viewer" && !viewerMay(name)) throw hostError("refused", "your role does not permit this");
    if (name === "export_start" && this.state === "exporting") {
      const stopped = await new Promise<boolean>((end) => (this.exporting = end));
      this.exporting = null;
      return (stopped ? { ...written, path: null, stopped } : written) as Reply<K>;
    }
    if (name === "export_start" && this.state === "export-full") throw hostError("refused", "the export does not fit on the disk of /media/stick; what was written of it was taken away again. Make room there, or choose another disk");
    if (this.failNext === name || (this.state === "error" && (name === "conversation_ids" || name === "timeline"))) {
      this.failNext = null;
      throw hostError("storage", "The database could not be read (disk I/O error). Check the disk, then try again.");
    }
    // The reply is copied so that the window cannot reach into the script's memory, as over a wire.
    return structuredClone(this.answers[name](structuredClone(args))) as Reply<K>;
  }

  onChange(heard: (change: Change) => void): Stop {
    this.heard.add(heard);
    return () => this.heard.delete(heard);
  }

  onOpen(heard: (conversation: string) => void): Stop {
    this.opened.add(heard);
    return () => this.opened.delete(heard);
  }

  onLink(heard: () => void): Stop {
    this.linked.add(heard);
    return () => this.linked.delete(heard);
  }

  link(): Promise<string | null> {
    const link = this.waitingLink;
    this.waitingLink = null;
    return Promise.resolve(link);
  }

  sees(conversation: string | null): void {
    this.seen = conversation;
  }

  startsAtLogin(on: boolean | null): Promise<boolean | null> {
    if (this.failLogin && on !== null) return Promise.reject(hostError("host", "/home/bo/.config/autostart/parley.desktop could not be changed: it is read-only"));
    this.atLogin = on ?? this.atLogin;
    return Promise.resolve(this.atLogin);
  }

  private readonly page = new Page();
  readonly alone = this.page.alone;

  openWindow(conversation: string): Promise<void> {
    this.windows.push(conversation);
    return this.state === "windows-full" ? Promise.reject(hostError("window", "20 conversations have their own window already; close one first")) : Promise.resolve();
  }

  showInMain(conversation: string): void {
    this.windows.push(`main ${conversation}`);
  }

  print(): Promise<void> {
    this.printed += 1;
    return Promise.resolve();
  }

  onClosing(keep: () => Promise<void>): Stop {
    return this.page.onClosing(keep);
  }

  zoom(percent: number): void {
    this.page.zoom(percent);
  }

  setTitle(title: string): void {
    document.title = title;
  }

  speak(words: ShellWords): void {
    this.shell = words;
  }

  partUrl(): string {
    return lamp;
  }

  /** A notification was clicked. */
  open(conversation: string): void {
    for (const heard of this.opened) heard(conversation);
  }

  /** A link comes from another program. */
  follow(link: string): void {
    this.waitingLink = link;
    for (const heard of this.linked) heard();
  }

  /** A customer writes. */
  arrive(conversation: string, text: string): void {
    const c = this.find(conversation);
    // They go on where they wrote last.
    const last = c.items.filter((i) => i.type === "message" && i.direction === "inbound").at(-1);
    const before = last?.type === "message" ? last : null;
    c.items.push({ type: "message", ...message(Date.now(), { name: c.name, address: before?.from?.address ?? c.address, subject: "", ago: 0, lines: [], channel: before?.channel ?? "email" }, before?.subject ?? null, text, { unread: true, ...(before === null ? {} : { account: before.account, to: before.to }) }) });
    c.status = "open";
    c.noReply = false;
    this.tell(conversation);
  }

  private tell(conversation: string | null, more: Partial<Change> = {}): void {
    this.remembered = null;
    const change: Change = { conversations: conversation === null ? [] : [conversation], all: false, lists: true, accounts: false, settings: false, ...more };
    queueMicrotask(() => {
      for (const heard of this.heard) heard(change);
    });
  }

  private find(id: string): Conversation {
    let found = this.all.find((c) => c.id === id);
    const row = this.light.get(id);
    if (found === undefined && row !== undefined) {
      found = conversationOf(row);
      this.light.delete(id);
      this.all.push(found);
    }
    if (found === undefined) throw hostError("not_found", "This conversation is gone.");
    return found;
  }

  private findMessage(id: string): MessageItem {
    for (const c of this.all) for (const i of c.items) if (i.type === "message" && i.id === id) return i;
    throw hostError("not_found", "This message is gone.");
  }

  /** What the list shows of everything: of conversations, and of rows that nobody has opened yet. */
  private rows(): ConversationRow[] {
    return [...this.all.map(rowOf), ...this.light.values()];
  }

  /** The rows of a view in order, remembered until something changes: 100,000 are not sorted for each page. */
  private listed(view: View, stage: string | null, tag: string | null, sort: Sort): ConversationRow[] {
    const key = [view, stage, tag, sort].join("\n");
    if (this.remembered?.key !== key) {
      const rows = this.rows().filter((r) => inView(r, view) && (stage === null || r.stage === stage) && (tag === null || r.tags.includes(tag)));
      this.remembered = { key, rows: sorted(rows, sort) };
    }
    return this.remembered.rows;
  }

  private bulkOne(id: string, act: BulkAct): boolean {
    const c = this.find(id);
    const row = rowOf(c);
    switch (act.do) {
      case "resolve": return row.status !== "resolved" && this.set(c, { status: "resolved" });
      case "reopen": return row.status === "resolved" && this.set(c, { status: "open" });
      case "snooze": return (act.until === null ? row.status === "snoozed" : row.status === "open") && this.set(c, { status: act.until === null ? "open" : "snoozed", snoozedUntil: act.until });
      case "assign": return row.assignee?.id !== act.agent && this.set(c, { assignee: team.find((a) => a.id === act.agent) ?? null });
      case "tag": return row.tags.includes(act.tag) !== act.on && this.set(c, { tags: act.on ? [...c.tags, act.tag] : c.tags.filter((x) => x !== act.tag) });
      case "stage": return row.stage !== act.stage && this.set(c, { stage: act.stage });
      case "no_reply": return row.wait_since !== null && this.set(c, { noReply: true });
      case "read": {
        if (row.unread > 0 === !act.read) return false;
        const inbound = c.items.filter((i) => i.type === "message" && i.direction === "inbound");
        for (const i of act.read ? inbound : inbound.slice(-1)) if (i.type === "message") i.unread = !act.read;
        return true;
      }
    }
  }

  private set(c: Conversation, to: Partial<Conversation>): true {
    Object.assign(c, to);
    return true;
  }

  /** Does something undoable to a conversation and leaves its quiet line. */
  private decideHint(command: string, id: string): Done {
    const c = this.all.find((x) => x.items.some((i) => i.id === id));
    return this.act(command, c?.id ?? "", (x) => {
      for (const i of x.items) if (i.type === "message" && i.id === id) i.hint = null;
    });
  }

  private did(command: string, more: Partial<Undoable> & Pick<Undoable, "back" | "conversation">): void {
    this.undoes.push({ command, group: nextId(), at: Date.now(), conversations: 1, value: null, until: null, on: true, undone: false, ...more });
  }

  private takeBack(one: Undoable | undefined): Undone {
    if (one === undefined) throw hostError("refused", "There is nothing to undo.");
    one.back();
    one.undone = true;
    this.tell(one.conversation, one.conversation === null ? { all: true } : {});
    return { command: one.command, conversation: one.conversation, draft: one.draft ?? false, gone: 0 };
  }

  private act(command: string, id: string, change: (c: Conversation) => void, line?: Partial<Extract<Conversation["items"][number], { type: "change" }>>): Done {
    const c = this.find(id);
    const before = structuredClone(c);
    change(c);
    if (line?.what !== undefined) c.items.push({ type: "change", id: nextId(), at: Date.now(), agent: me.name, value: null, at_value: null, ...line, what: line.what });
    const after = structuredClone(c);
    const swap = (from: Conversation, to: Conversation) => (): void => {
      // Only what this changed, and only where it still stands.
      for (const key of Object.keys(from) as (keyof Conversation)[]) if (JSON.stringify(from[key]) !== JSON.stringify(to[key]) && (key === "items" || JSON.stringify(c[key]) === JSON.stringify(from[key]))) Object.assign(c, { [key]: structuredClone(to[key]) });
    };
    this.did(command, { conversation: id, back: swap(after, before), again: swap(before, after), value: line?.value ?? null, until: line?.at_value ?? null, on: !/^un|^is_/.test(line?.what ?? "") });
    this.tell(id);
    return { undo: true };
  }

  private marked(text: string, words: string[]): Marked | null {
    const marks: [number, number][] = [];
    const low = text.toLowerCase();
    for (const w of words) for (let i = low.indexOf(w); i >= 0; i = low.indexOf(w, i + w.length)) marks.push([i, i + w.length]);
    return marks.length === 0 ? null : { text, marks: marks.sort((a, b) => a[0] - b[0]) };
  }

  private sendNow(id: string): void {
    const at = this.all.flatMap((c) => c.items).find((i) => i.type === "message" && i.id === id);
    const conversation = this.all.find((c) => c.items.some((i) => i.type === "message" && i.id === id));
    if (at?.type !== "message" || at.send?.state !== "held" || conversation === undefined) return;
    at.send = { ...at.send, state: "sent" };
    this.tell(conversation.id);
  }

  private cancel(id: string): Undone {
    const c = this.all.find((x) => x.items.some((i) => i.type === "message" && i.id === id));
    const item = c?.items.find((i) => i.type === "message" && i.id === id);
    if (c === undefined || item?.type !== "message" || item.send?.state !== "held") throw hostError("refused", "This message is already on its way.");
    c.items = c.items.filter((i) => i.id !== id && !(i.type === "change" && i.what === "resolved" && i.at >= item.at));
    c.status = "open";
    c.drafts = [{ note: false, text: item.text, html: this.sentHtml.get(id) ?? null, subject: item.subject, to: item.to, cc: item.cc, bcc: [], account: null, from: null, quote: true, signature: true, forwarding: null, files: item.files, of: [], updated_at: Date.now() }];
    this.tell(c.id);
    return { command: "send", conversation: c.id, draft: true, gone: 0 };
  }

  private readonly answers: Answers = {
    session_status: () => this.session,
    session_open: ({ passphrase }) => {
      if (this.session.state === "locked" && passphrase !== "correct horse") throw hostError("locked", "The passphrase is wrong. Check Caps Lock and the keyboard layout.");
      return (this.session = { ...this.session, state: "open" });
    },
    session_recover: () => (this.session = { ...this.session, state: "open" }),
    session_restore: () => (this.session = { ...this.session, state: "open" }),
    keep_get: () => this.kept,
    recovery_issue: () => ({ words }),
    recovery_confirm: () => (this.kept = { ...this.kept, recovery: "set" }),
    key_change: ({ to }) => (this.kept = { ...this.kept, key: to }),
    backups: () => backups,
    backup_now: () => backups[0] as (typeof backups)[number],
    backup_restore: () => {
      if (this.declines) throw hostError("refused", "Nothing was restored");
      return this.session;
    },
    rescue_seen: () => {
      this.kept = { ...this.kept, rescue: null };
      return {};
    },
    language_get: () => ({ language: this.language }),
    language_set: ({ language }) => {
      this.language = language;
      return { language };
    },
    sidebar: () => {
      const views: View[] = ["inbox", "mine", "unassigned", "waiting", "snoozed", "resolved", "automatic", "problems", "all"];
      const rows = this.rows();
      const open = rows.filter((c) => inView(c, "inbox"));
      const tags = new Map<string, number>();
      for (const c of open) for (const tag of c.tags) tags.set(tag, (tags.get(tag) ?? 0) + 1);
      return {
        views: views.map((view) => ({ view, count: rows.filter((c) => inView(c, view)).length })),
        stages: stages.map((s) => ({ key: s.key, count: open.filter((c) => c.stage === s.key).length })).filter((s) => s.count > 0),
        tags: [...tags].map(([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count),
        accounts: this.accounts.map((a) => ({ id: a.id, channel: a.config.channel, address: addressOf(a.config), state: a.state, says: a.says, progress: a.progress, history: a.history })), saved: this.saved, me,
      };
    },
    conversation_ids: ({ view, stage, tag, saved, sort, after, limit }) => {
      const kept = this.saved.find((v) => v.id === saved);
      if (kept !== undefined) return { ids: [...new Set(this.answers.search({ query: kept.query, limit: 200, before: null, order: "newest" }).hits.map((h) => h.conversation))], next: null };
      return this.paged(this.listed(view, stage, tag, sort), after, limit);
    },
    conversation_sections: ({ view, stage, tag, by, cuts }) => sectionsOf(this.listed(view, stage, tag, "newest"), by, cuts),
    section_ids: ({ view, stage, tag, section, sort, after, limit }) => this.paged(this.listed(view, stage, tag, sort).filter((r) => inSection(r, section)), after, limit),
    bulk: ({ conversations, act, group }) => {
      const before = conversations.map((id) => structuredClone(this.find(id)));
      const changed = conversations.filter((id) => this.bulkOne(id, act));
      const command = { resolve: "resolve", reopen: "reopen", snooze: "snooze", assign: "assign", tag: "tag_set", stage: "stage_set", no_reply: "no_reply_needed", read: "read" }[act.do];
      const back = (): void => {
        for (const old of before) Object.assign(this.find(old.id), old);
      };
      const last = this.undoes.at(-1);
      if (act.do === "read" || changed.length === 0) {
        // Read marks are no action.
      } else if (group !== null && last?.group === group) {
        const first = last.back;
        last.back = () => {
          back();
          first();
        };
        last.conversations += changed.length;
      } else {
        const set = act.do === "tag" ? act.tag : act.do === "stage" ? act.stage : act.do === "assign" ? (team.find((a) => a.id === act.agent)?.name ?? null) : null;
        this.did(command, { conversation: null, back, group: group ?? nextId(), conversations: changed.length, value: set, until: act.do === "snooze" ? act.until : null, on: act.do !== "tag" || act.on });
      }
      this.tell(null, { conversations: changed });
      return { group: group ?? this.undoes.at(-1)?.group ?? nextId(), changed, undo: act.do !== "read" && this.undoes.at(-1)?.back !== undefined && (changed.length > 0 || group !== null) };
    },
    conversation_rows: ({ ids }) => {
      const known = new Map(this.all.map((c) => [c.id, c]));
      return ids.flatMap((id) => {
        const c = known.get(id);
        return c !== undefined ? [rowOf(c)] : (this.light.get(id) ?? []);
      });
    },
    wait_board: () => this.rows().filter((r) => r.wait_since !== null && !r.automatic).sort((a, b) => (a.wait_since ?? 0) - (b.wait_since ?? 0)).map((row) => ({ row, since: row.wait_since ?? 0, first: row.messages < 3 })),
    tags: () => this.answers.sidebar({}).tags,
    agents: () => team,
    timeline: (args) => pageOf(this.find(args.conversation), args),
    message_at: ({ conversation, at }) => ({ message: messageAt(this.find(conversation), at) }),
    message_days: ({ conversation, bounds }) => ({ written: daysOf(this.find(conversation), bounds) }),
    conversation_files: ({ conversation, before, limit }) => filesOf(this.find(conversation), before, limit),
    find_within: ({ conversation, query, before, limit }) => foundIn(this.find(conversation), query, before, limit),
    mark_unread_from: ({ message: id }) => {
      const c = this.all.find((x) => x.items.some((i) => i.id === id));
      if (c === undefined) throw hostError("not_found", "This message is gone.");
      unreadFrom(c, id);
      this.tell(c.id);
      return {};
    },
    message_html: () => this.pictures.seen(),
    images_load: ({ always }) => this.pictures.load(always),
    image_senders: () => this.pictures.list(),
    image_sender_remove: ({ address }) => this.pictures.forget(address),
    message_text: ({ id }) => {
      const m = this.findMessage(id);
      return { text: `${m.text}\n\nThe end of what is kept of a long mail.${m.html_left_out ? "\n[…]" : ""}`, folds: [], links: linksOf(m.text), rest: m.html_left_out };
    },
    message_rest: ({ from }) => {
      const first = from === null;
      return { text: first ? "It goes on here, read from the mail itself.\n" : "And this is its very end.", next: first ? 1_310_720 : null, total: 2_621_440 };
    },
    message_save: () => ({}),
    message_editions: ({ id }) => editionsOf(this.findMessage(id)),
    card_open: () => ({}),
    vendor_open: () => ({}),
    attention: () => ({}),
    message_source: ({ id }) => {
      const m = this.findMessage(id);
      return { text: `Message-ID: <${m.id.slice(-8)}@example.com>\nFrom: ${m.from?.address ?? ""}\nTo: ${m.to.map((p) => p.address).join(", ")}\nSubject: ${m.subject ?? ""}\nContent-Type: text/plain; charset=utf-8\n\n${m.text}`, folds: [], links: [], rest: false };
    },
    link_open: () => ({}),
    file_save: () => ({}),
    customer: ({ id }) => {
      const c = this.find(id);
      const messages = c.items.filter((i) => i.type === "message");
      return {
        row: rowOf(c), handles: c.handles, last_in: messages.filter((m) => m.direction === "inbound").at(-1)?.at ?? null, last_out: messages.filter((m) => m.direction === "outbound").at(-1)?.at ?? null,
        stage_history: [...c.history].reverse(), episodes: c.items.filter((i) => i.type === "episode").reverse(), linked: c.linked ?? [], since: messages[0]?.at ?? null,
        named: c.named ?? (messages[0] === undefined || c.name === c.address ? null : { agent: null, handle: c.handles[0]?.value ?? c.address, at: messages[0].at }),
        notes: c.items.flatMap((i) => (i.type === "note" ? [{ id: i.id, at: i.at, agent: i.agent, text: i.text }] : [])).reverse().slice(0, 20), touches: c.touches ?? [],
      };
    },
    customer_rename: ({ id, name }) => this.act("customer_rename", id, (c) => {
      c.name = name || c.address;
      c.named = name === "" ? undefined : { agent: me.name, handle: null, at: Date.now() };
    }, { what: "renamed", value: name }),
    stage_set: ({ customer, stage, evidence }) => this.act("stage_set", customer, (c) => {
      c.history.push({ at: Date.now(), agent: me.name, from: c.stage, to: stage, evidence });
      c.stage = stage;
    }, { what: "staged", value: stage }),
    not_customer: ({ handle, on }) => {
      const c = this.all.find((x) => x.handles.some((h) => h.id === handle));
      if (c === undefined) throw hostError("not_found", "This address is gone.");
      return this.act("not_customer", c.id, (x) => x.handles.forEach((h) => h.id === handle && (h.not_customer = on)), { what: on ? "not_customer" : "is_customer", value: c.address });
    },
    customers_find: ({ with: id, query, limit }) => {
      const asked = query.trim().toLowerCase();
      const name = this.find(id).name.split(" ")[0] ?? "";
      const rows = this.rows().filter((r) => r.id !== id && (asked === "" || `${r.name} ${r.address}`.toLowerCase().includes(asked)));
      const why = (row: ConversationRow): "given" | "name" | "asked" | "lately" => (asked !== "" ? "asked" : row.name.startsWith(name) ? "name" : "lately");
      const rank = { given: 0, name: 1, asked: 2, lately: 3 };
      return rows.map((r) => ({ id: r.id, name: r.name, address: r.address, username: this.all.find((c) => c.id === r.id)?.handles.find((h) => h.value === r.address)?.username ?? null, channel: r.channel, last_at: r.last_at, why: why(r) })).sort((a, b) => rank[a.why] - rank[b.why] || b.last_at - a.last_at).slice(0, limit);
    },
    unlink_preview: ({ id }) => {
      const c = this.all.find((x) => x.linked?.some((l) => l.id === id));
      const link = c?.linked?.find((l) => l.id === id);
      if (c === undefined || link === undefined) throw hostError("invalid", "Nothing is linked to this customer that could be cut off.");
      const since = link.at ?? 0;
      const stays = c.items.filter((i) => (i.type === "message" && i.direction === "outbound" && i.at > since) || (i.type === "note" && i.at > since) || (i.type === "change" && i.at > since));
      return { split: [id], addresses: c.handles.filter((h) => h.id === id).map((h) => h.value), since: link.at, stays: stays.slice(0, 50), more: stays.length > 50 };
    },
    link: ({ a, b }) => {
      const other = this.find(b);
      const done = this.act("link", a, (c) => {
        c.handles = [...c.handles, ...other.handles];
        c.drafts = bothDrafts(c.drafts, other.drafts);
        c.linked = [...(c.linked ?? []), ...other.handles.map((h) => ({ id: h.id, name: other.name, agent: me.name, at: Date.now() }))];
        c.items = [...c.items, ...other.items].sort((x, y) => whenOf(x) - whenOf(y));
      }, { what: "linked", value: other.name });
      const undo = this.undoes.at(-1);
      this.all = this.all.filter((c) => c !== other);
      if (undo !== undefined) {
        const { back } = undo;
        undo.back = () => {
          back();
          this.all.push(other);
        };
      }
      this.tell(a, { all: true });
      return done;
    },
    unlink: ({ split }) => this.act("unlink", this.all.find((c) => c.linked?.some((l) => split.includes(l.id)))?.id ?? "", (c) => {
      c.linked = c.linked?.filter((l) => !split.includes(l.id));
      c.handles = c.handles.filter((h) => !split.includes(h.id));
    }),
    assign: ({ conversation, agent }) => {
      const to = team.find((a) => a.id === agent) ?? null;
      return this.act("assign", conversation, (c) => (c.assignee = to), { what: "assigned", value: to?.name ?? null });
    },
    snooze: ({ conversation, until }) => this.act("snooze", conversation, (c) => {
      c.status = until === null ? "open" : "snoozed";
      c.snoozedUntil = until;
    }, { what: until === null ? "unsnoozed" : "snoozed", at_value: until }),
    resolve: ({ conversation }) => this.act("resolve", conversation, (c) => (c.status = "resolved"), { what: "resolved" }),
    reopen: ({ conversation }) => this.act("reopen", conversation, (c) => (c.status = "open"), { what: "reopened" }),
    no_reply_needed: ({ conversation }) => this.act("no_reply_needed", conversation, (c) => (c.noReply = true), { what: "no_reply_needed" }),
    note_add: ({ conversation, text }) => this.act("note_add", conversation, (c) => {
      c.items.push({ type: "note", id: nextId(), at: Date.now(), agent: me.name, text });
      c.drafts = c.drafts.filter((d) => !d.note);
    }, { value: text.slice(0, 80) }),
    tag_set: ({ conversation, tag, on }) => this.act("tag_set", conversation, (c) => (c.tags = on ? [...new Set([...c.tags, tag])] : c.tags.filter((x) => x !== tag)), { what: on ? "tagged" : "untagged", value: tag }),
    class_set: ({ message: id, class: kind }) => {
      const c = this.all.find((x) => x.items.some((i) => i.id === id));
      return this.act("class_set", c?.id ?? "", (x) => {
        for (const i of x.items) if (i.type === "message" && i.id === id) i.class = kind;
        x.automatic = kind !== "human";
      });
    },
    hint_accept: ({ message: id }) => this.decideHint("hint_accept", id),
    hint_dismiss: ({ message: id }) => this.decideHint("hint_dismiss", id),
    mark_read: ({ conversation }) => {
      for (const i of this.find(conversation).items) if (i.type === "message") i.unread = false;
      this.tell(conversation);
      return {};
    },
    mark_unread: ({ conversation }) => {
      const last = this.find(conversation).items.filter((i) => i.type === "message" && i.direction === "inbound").at(-1);
      if (last?.type === "message") last.unread = true;
      this.tell(conversation);
      return {};
    },
    undo: () => this.takeBack(this.undoes.findLast((one) => !one.undone)),
    undo_history: ({ limit }) => [...this.undoes].reverse().slice(0, limit).map((one) => ({ group: one.group, command: one.command, at: one.at, conversation: one.conversation, name: this.all.find((c) => c.id === one.conversation)?.name ?? null, conversations: one.conversations, value: one.value, until: one.until, on: one.on, undone: one.undone, redo: one.undone && one.again !== undefined })),
    undo_one: ({ group }) => {
      const at = this.undoes.findIndex((one) => one.group === group);
      const one = this.undoes[at];
      if (one !== undefined && this.undoes.slice(at + 1).some((later) => !later.undone && later.command === one.command && later.conversation === one.conversation && one.command !== "tag_set")) throw hostError("refused", "all of this was changed again since; take the newer action back first");
      return this.takeBack(one);
    },
    redo: ({ group }) => {
      const one = this.undoes.find((x) => x.group === group);
      if (one?.again === undefined) throw hostError("refused", "this action is a fact and cannot be done again from here");
      one.again();
      this.undoes.push({ ...one, group: nextId(), at: Date.now(), undone: false });
      this.tell(one.conversation, one.conversation === null ? { all: true } : {});
      return { command: one.command, conversation: one.conversation, draft: false, gone: 0 };
    },
    reply_options: ({ conversation }) => {
      const c = this.find(conversation);
      const last = c.items.filter((i) => i.type === "message" && i.direction === "inbound").at(-1);
      const asked = last?.type === "message" ? last : null;
      const handles = waysTo(c, this.accounts);
      return {
        from: this.senders(),
        to: asked?.reply_to ? [{ party: asked.reply_to, channel: "email" as const, kind: "reply_to" as const, by: handles.find((h) => h.channel === "email")?.by ?? [], opted_out: false }, ...handles] : handles,
        cc: [], subject: asked?.subject ? (asked.subject.startsWith("Re:") ? asked.subject : `Re: ${asked.subject}`) : null, answering: asked?.id ?? null,
        history: asked === null ? null : { from: asked.from, to: asked.to, cc: asked.cc, at: asked.at, subject: asked.subject, preview: asked.text.slice(0, 400) }, files: [],
        sample: this.sample.state !== "absent",
      };
    },
    forward_options: ({ message: id }) => {
      const m = this.findMessage(id);
      const from = this.senders();
      return { from, to: [], cc: [], subject: `Fwd: ${m.subject ?? ""}`, answering: null, history: { from: m.from, to: m.to, cc: m.cc, at: m.at, subject: m.subject, preview: m.text.slice(0, 400) }, files: m.files, sample: this.sample.state !== "absent" };
    },
    send: ({ conversation, account, to, cc, subject, text, html, files, resolve, template }) => {
      const c = this.find(conversation ?? "");
      const hold = Date.now() + this.settings.hold_seconds * 1000;
      const by = this.accounts.find((a) => a.id === account);
      const approved = by?.capabilities.templates.find((one) => one.id === template?.id);
      const words = approved === undefined ? text : filled(approved.text, template?.values ?? []);
      const sent = message(Date.now(), null, subject, words, { channel: by?.config.channel ?? "email", account: by === undefined ? "" : addressOf(by.config), to, cc, files: files.flatMap((f) => this.staged.get(f) ?? []), send: { state: "held", hold_until: hold, error: null, attempts: 0, next_try: null } });
      if (html !== null) this.sentHtml.set(sent.id, html);
      c.items.push({ type: "message", ...sent });
      c.drafts = c.drafts.filter((d) => d.note);
      if (resolve) {
        c.status = "resolved";
        c.items.push({ type: "change", id: nextId(), at: Date.now(), agent: me.name, what: "resolved", value: null, at_value: null });
      }
      setTimeout(() => this.sendNow(sent.id), this.settings.hold_seconds * 1000);
      this.did("send", { conversation: c.id, draft: true, back: () => this.cancel(sent.id) });
      this.tell(c.id);
      return { id: sent.id, conversation: c.id, hold_until: hold };
    },
    drafts: ({ conversation }) => this.find(conversation).drafts.map((d) => ({ ...d, of: [conversation] })),
    draft_save: ({ conversation, draft }) => {
      const c = this.find(conversation);
      const others = c.drafts.filter((d: Draft) => d.note !== draft.note);
      c.drafts = draft.text === "" && draft.files.length === 0 ? others : [...others, draft];
      this.tell(conversation, { lists: false });
      return { of: c.drafts === others ? [] : [conversation] };
    },
    file_stage: ({ id, name, data }) => {
      const size = (data.length * 3) / 4 - (data.match(/=*$/)?.[0].length ?? 0);
      const known = id === null ? undefined : this.staged.get(id);
      const file: FileItem = known ?? { id: nextId(), name, mime: name.endsWith(".png") ? "image/png" : name.endsWith(".pdf") ? "application/pdf" : "application/octet-stream", size: 0, inline: false, risky: name.endsWith(".exe"), warning: name.endsWith(".exe") ? "runs" : null };
      file.size += size;
      this.staged.set(file.id, file);
      return file;
    },
    file_pick: () => {
      const label: FileItem = { id: nextId(), name: "Return label 1029.pdf", mime: "application/pdf", size: 48_200, inline: false, risky: false, warning: null };
      const shade: FileItem = { id: nextId(), name: "Shade, linen.png", mime: "image/png", size: 212_000, inline: false, risky: false, warning: null };
      const picked = this.state === "pictures" ? [label, shade] : [label];
      for (const file of picked) this.staged.set(file.id, file);
      return picked;
    },
    outbox: () => [],
    outbox_cancel: ({ id }) => this.cancel(id),
    outbox_retry: ({ id }) => this.settle(id),
    outbox_mark_sent: ({ id }) => this.settle(id),
    outbox_check: ({ id }) => this.settle(id),
    search: ({ query, limit }) => {
      const asked = query.toLowerCase().split(/\s+/).filter((w) => w !== "");
      const words = asked.filter((w) => !w.includes(":"));
      const from = asked.filter((w) => w.startsWith("from:")).map((w) => w.slice(5));
      const hits: Hit[] = [];
      for (const c of this.all) for (const i of c.items) {
        if (i.type !== "message" || (words.length === 0 && from.length === 0)) continue;
        if (!from.every((w) => i.direction === "inbound" && c.name.toLowerCase().includes(w))) continue;
        const flat = i.text.replace(/\s+/g, " ");
        const low = `${flat} ${i.subject ?? ""} ${c.name}`.toLowerCase();
        if (!words.every((w) => low.includes(w))) continue;
        const start = Math.max(0, flat.toLowerCase().indexOf(words[0] ?? "") - 40);
        const cut = (start > 0 ? "…" : "") + flat.slice(start, start + 180);
        hits.push({ conversation: c.id, message: i.id, name: c.name, at: i.at, channel: i.channel, direction: i.direction, subject: i.subject === null ? null : (this.marked(i.subject, words) ?? { text: i.subject, marks: [] }), snippet: this.marked(cut, words) ?? { text: cut, marks: [] } });
      }
      const unknown = query.split(/\s+/).filter((w) => /^(colour|size):/.test(w));
      return { hits: hits.sort((a, b) => b.at - a.at).slice(0, limit), next: null, warnings: unknown.map((w) => `“${w}” is not a filter; searched without it.`) };
    },
    views: () => this.saved,
    view_save: ({ id, name, query }) => {
      const view = { id: id ?? nextId(), name: name.trim(), query };
      if (view.name === "") throw hostError("invalid", "A view has a name of one line and at most 60 characters.");
      this.saved = [...this.saved.filter((v) => v.id !== view.id), view];
      this.tell(null);
      return view;
    },
    view_remove: ({ id }) => {
      this.saved = this.saved.filter((v) => v.id !== id);
      this.tell(null);
      return { undo: true };
    },
    report_response_times: (range) => report(range, this.all),
    report_episodes: ({ metric }): FigureRow[] => figureRows(this.all, metric),
    settings_get: () => this.settings,
    settings_set: (changes) => {
      for (const [key, value] of Object.entries(changes)) if (value !== null) Object.assign(this.settings, { [key]: value });
      this.tell(null, { settings: true, lists: false });
      return this.settings;
    },
    accounts: () => this.accounts,
    account_suggest: ({ address, directory }): Suggestion => suggestionFor(address, directory),
    account_test: ({ config, password }): TestReport => testOf(config, password),
    oauth_start: ({ provider }) => ({ flow: `flow-${provider}`, url: `https://sign-in.example/${provider}?state=scripted`, opened: true }),
    oauth_wait: () => ({}),
    oauth_cancel: () => ({}),
    account_add: ({ config }) => {
      const added = accountOf(this.accounts.length, config, { state: "connecting", says: "Reading mail, newest first.", progress: [120, 3900] });
      this.accounts.push(added);
      if (this.all.length === 0) this.all = world(Date.now());
      this.tell(null, { accounts: true, all: true });
      return added;
    },
    account_update: ({ id, config }) => this.account(id, { config, state: "ok", says: "Connected. New mail arrives at once." }),
    account_pause: ({ id, on }) => {
      this.account(id, on ? { state: "paused", says: "Paused by you. Nothing is read or sent." } : { state: "ok", says: "Connected. New mail arrives at once." });
      return {};
    },
    account_poll: ({ id }) => {
      this.account(id, { last_success: Date.now() });
      return {};
    },
    account_folders: ({ config }) => foldersFor(isEmail(config) ? config.folders : []),
    account_history: ({ id, on }) => {
      // As the engine does: while older mail rests, an account that reads its news is connected.
      const says = on ? { state: "connecting" as const, says: "Reading older mail, newest first." } : { state: "ok" as const, says: "Connected. New mail arrives at once." };
      this.account(id, { history: on, ...says });
      return {};
    },
    account_find: ({ config, secret }) => found(config, secret),
    account_resync: ({ id }) => {
      this.account(id, { state: "connecting", says: "Reading again what came since then." });
      return {};
    },
    account_remove: ({ id }) => {
      this.accounts = this.accounts.filter((a) => a.id !== id);
      this.tell(null, { accounts: true });
      return {};
    },
    imports: () => this.imports,
    import_start: ({ folder }) => {
      const fresh = begun(folder);
      this.imports = [fresh, ...this.imports];
      this.filled();
      return [fresh];
    },
    import_report: ({ id }) => reportOf(this.imported(id)),
    import_cancel: ({ id }) => {
      this.imported(id, { active: false, state: "paused" });
      return {};
    },
    import_resume: ({ id }) => this.imported(id, { active: true, state: "running" }),
    export_start: () => written,
    export_status: () => (this.exporting === null ? resting : halfway),
    export_cancel: () => {
      this.exporting?.(true);
      return {};
    },
    export_show: () => ({}),
    archives: () => this.archives,
    archive_weigh: ({ id }) => erasedOf(this.archive(id)).weight,
    archive_rename: ({ id, name }) => {
      this.archives = this.archives.map((a) => (a.id === this.archive(id).id ? { ...a, name } : a));
      return {};
    },
    archive_erase: ({ id }) => {
      const told = erasedOf(this.archive(id));
      this.archives = this.archives.filter((a) => a.id !== id);
      return told;
    },
    sample_status: () => this.sample,
    sample_load: () => {
      if (this.state === "empty-sample-slow") this.sample = sampleFor("sample-loading");
      else {
        this.sample = sampleFor("sample");
        this.filled();
      }
      return this.sample;
    },
    sample_remove: () => {
      this.sample = sampleFor("");
      if (this.accounts.length === 0) this.all = [];
      this.tell(null, { all: true });
      return this.sample;
    },
    contacts_pick: () => planFor({}),
    contacts_preview: (asked) => planFor(asked),
    contacts_import: () => {
      const fresh = broughtIn();
      this.imports = [fresh, ...this.imports];
      this.filled();
      return reportOf(fresh);
    },
    window_memory: () => this.memory,
    window_remember: ({ memory }) => {
      this.memory = memory;
      return {};
    },
    account_tokens: () => tokensOf(this.accounts),
    data_size: () => sizes(this.all.length),
    data_show: () => ({}),
    diagnostics: () => bundle,
    diagnostics_save: () => ({ saved: !this.declines }),
    check: () => ({ ok: true, findings: [], counted: [{ key: "messages", count: 21_616 }, { key: "conversations", count: this.all.length }, { key: "log entries", count: 3_402 }] }),
  };

  private paged(rows: readonly ConversationRow[], after: string | null, limit: number): Reply<"conversation_ids"> {
    const from = Number(after ?? 0);
    return { ids: rows.slice(from, from + limit).map((r) => r.id), next: from + limit < rows.length ? String(from + limit) : null };
  }

  /** Every address of ours that can be written from: the accounts' own, and their aliases. */
  private senders(): FromOption[] {
    return this.accounts.flatMap(({ id: account, config, state, capabilities }): FromOption[] => {
      if (!isEmail(config)) return [{ account, address: addressOf(config), name: nameOf(config), signature: "", state, capabilities, max_message: null }];
      return [config.address, ...config.aliases].map((address) => ({ account, address, name: config.display_name, signature: config.signature, state, capabilities: capabilitiesIn(this.state), max_message: this.state === "heavy" ? 250_000 : null }));
    });
  }

  private settle(id: string): Reply<"outbox_check"> {
    const m = this.findMessage(id);
    m.send = m.send === null ? null : { ...m.send, state: "sent", error: null };
    this.tell(this.all.find((c) => c.items.some((i) => i.id === id))?.id ?? null);
    return {};
  }

  /** Something was brought into what may have been empty. */
  private filled(): void {
    if (this.all.length === 0) this.all = world(Date.now());
    this.tell(null, { all: true });
  }

  private archive(id: string): (typeof this.archives)[number] {
    const found = this.archives.find((a) => a.id === id);
    if (found === undefined) throw hostError("not_found", "This archive is gone.");
    return found;
  }

  private imported(id: string, more: Partial<ImportItem> = {}): ImportItem {
    const found = this.imports.find((i) => i.id === id);
    if (found === undefined) throw hostError("not_found", "This import is gone.");
    const next = { ...found, ...more };
    this.imports = this.imports.map((i) => (i.id === id ? next : i));
    return next;
  }

  private account(id: string, more: Partial<ReturnType<typeof accountOf>>): ReturnType<typeof accountOf> {
    const found = this.accounts.find((a) => a.id === id);
    if (found === undefined) throw hostError("not_found", "This account is gone.");
    this.tell(null, { accounts: true });
    return Object.assign(found, more);
  }
}
