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
import type { SavedView } from "../../api/SavedView";
import type { Settings } from "../../api/Settings";
import type { Undone } from "../../api/Undone";
import type { View } from "../../api/View";
import { hostError, type Args, type Host, type Name, type Reply, type Stop } from "../host";
import { accountOf, accountsFor, foldersFor, suggestionFor, testOf } from "./accounts";
import { Pictures } from "./pictures";
import { capabilities, linksOf, me, message, nextId, rowOf, stages, team, world, type Conversation } from "./world";
import { report, figureRows } from "./figures";
import { backups, doorOf, keptAs, words } from "./keep";
import lamp from "./lamp.png";
import { daysOf, filesOf, foundIn, lengthen, messageAt, overdo, pageOf, unreadFrom } from "./long";
import { begun, importsFor, reportOf } from "./transfers";

type Answers = { [K in keyof Commands]: (args: Commands[K]["args"]) => Commands[K]["reply"] };
interface Undoable {
  command: string;
  conversation: string | null;
  back: () => void;
  draft?: boolean;
}


/** An engine that is played, not run: believable data in memory for developing, testing and photographing the window. */
export class ScriptedHost implements Host {
  private readonly heard = new Set<(change: Change) => void>();
  private readonly opened = new Set<(conversation: string) => void>();
  private readonly undoes: Undoable[] = [];
  private readonly staged = new Map<string, FileItem>();
  private readonly state: string;
  private imports = importsFor();
  private accounts: ReturnType<typeof accountsFor>;
  private session: Reply<"session_status">;
  private all: Conversation[];
  private saved: SavedView[] = [{ id: "5a1e", name: "Lamps, this month", query: "lamp" }];
  private settings: Settings = { hold_seconds: 10, reopen_days: 3, theme: "system", notify: true, notify_text: false, close_to_tray: true, stages, my_name: me.name, wait_target: 14_400 };
  private kept: KeepStatus;
  private readonly pictures = new Pictures();
  /** Every call, for tests. */
  readonly calls: { name: Name; args: unknown }[] = [];
  /** Makes the named command fail once, for tests. */
  failNext: Name | null = null;

  constructor(state = "", now = Date.now()) {
    this.state = state;
    this.kept = keptAs(state);
    this.accounts = accountsFor(state);
    this.all = this.accounts.length === 0 ? [] : world(now);
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
    await new Promise((resolve) => setTimeout(resolve, this.state === "slow" ? 1_000_000 : 0));
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

  setTitle(title: string): void {
    document.title = title;
  }

  partUrl(): string {
    return lamp;
  }

  /** A notification was clicked. */
  open(conversation: string): void {
    for (const heard of this.opened) heard(conversation);
  }

  /** A customer writes. */
  arrive(conversation: string, text: string): void {
    const c = this.find(conversation);
    const last = c.items.filter((i) => i.type === "message").at(-1);
    c.items.push({ type: "message", ...message(Date.now(), { name: c.name, address: c.address, subject: "", ago: 0, lines: [] }, last?.subject ?? null, text, { unread: true }) });
    c.status = "open";
    c.noReply = false;
    this.tell(conversation);
  }

  private tell(conversation: string | null, more: Partial<Change> = {}): void {
    const change: Change = { conversations: conversation === null ? [] : [conversation], all: false, lists: true, accounts: false, settings: false, ...more };
    queueMicrotask(() => {
      for (const heard of this.heard) heard(change);
    });
  }

  private find(id: string): Conversation {
    const found = this.all.find((c) => c.id === id);
    if (found === undefined) throw hostError("not_found", "This conversation is gone.");
    return found;
  }

  private findMessage(id: string): MessageItem {
    for (const c of this.all) for (const i of c.items) if (i.type === "message" && i.id === id) return i;
    throw hostError("not_found", "This message is gone.");
  }

  private inView(c: Conversation, view: View): boolean {
    const row = rowOf(c);
    switch (view) {
      case "inbox": return c.status === "open" && !c.automatic;
      case "mine": return c.status === "open" && !c.automatic && c.assignee?.me === true;
      case "unassigned": return c.status === "open" && !c.automatic && c.assignee === null;
      case "waiting": return row.wait_since !== null && !c.automatic;
      case "snoozed": return c.status === "snoozed";
      case "resolved": return c.status === "resolved" && !c.automatic;
      case "automatic": return c.automatic;
      case "problems": return row.problem;
      default: return true;
    }
  }

  /** Does something undoable to a conversation and leaves its quiet line. */
  private decideHint(command: string, id: string): Done {
    const c = this.all.find((x) => x.items.some((i) => i.id === id));
    return this.act(command, c?.id ?? "", (x) => {
      for (const i of x.items) if (i.type === "message" && i.id === id) i.hint = null;
    });
  }

  private act(command: string, id: string, change: (c: Conversation) => void, line?: Partial<Extract<Conversation["items"][number], { type: "change" }>>): Done {
    const c = this.find(id);
    const before = structuredClone(c);
    change(c);
    if (line?.what !== undefined) c.items.push({ type: "change", id: nextId(), at: Date.now(), agent: me.name, value: null, at_value: null, ...line, what: line.what });
    this.undoes.push({ command, conversation: id, back: () => Object.assign(c, before) });
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
    c.drafts = [{ note: false, text: item.text, subject: item.subject, to: item.to, cc: item.cc, bcc: [], account: null, from: null, quote: true, signature: true, forwarding: null, files: item.files, updated_at: Date.now() }];
    this.tell(c.id);
    return { command: "send", conversation: c.id, draft: true };
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
    backup_restore: () => this.session,
    rescue_seen: () => {
      this.kept = { ...this.kept, rescue: null };
      return {};
    },
    sidebar: () => {
      const views: View[] = ["inbox", "mine", "unassigned", "waiting", "snoozed", "resolved", "automatic", "problems", "all"];
      const open = this.all.filter((c) => this.inView(c, "inbox"));
      const tags = new Map<string, number>();
      for (const c of open) for (const tag of c.tags) tags.set(tag, (tags.get(tag) ?? 0) + 1);
      return {
        views: views.map((view) => ({ view, count: this.all.filter((c) => this.inView(c, view)).length })),
        stages: stages.map((s) => ({ key: s.key, count: open.filter((c) => c.stage === s.key).length })).filter((s) => s.count > 0),
        tags: [...tags].map(([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count),
        accounts: this.accounts.map((a) => ({ id: a.id, channel: "email", address: a.config.address, state: a.state, says: a.says, progress: a.progress, history: a.history })), saved: this.saved, me,
      };
    },
    conversation_ids: ({ view, stage, tag, saved, sort, limit }) => {
      const kept = this.saved.find((v) => v.id === saved);
      if (kept !== undefined) return { ids: [...new Set(this.answers.search({ query: kept.query, limit: 200, before: null, order: "newest" }).hits.map((h) => h.conversation))], next: null };
      const rows = this.all.filter((c) => this.inView(c, view) && (stage === null || c.stage === stage) && (tag === null || c.tags.includes(tag))).map(rowOf);
      rows.sort((a, b) => (sort === "newest" ? b.last_at - a.last_at : (a.wait_since ?? Infinity) - (b.wait_since ?? Infinity)));
      return { ids: rows.slice(0, limit).map((r) => r.id), next: null };
    },
    conversation_rows: ({ ids }) => ids.flatMap((id) => this.all.filter((c) => c.id === id)).map(rowOf),
    wait_board: () => this.all.map(rowOf).filter((r) => r.wait_since !== null && !r.automatic).sort((a, b) => (a.wait_since ?? 0) - (b.wait_since ?? 0)).map((row) => ({ row, since: row.wait_since ?? 0, first: row.messages < 3 })),
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
    message_save: () => ({}),
    message_html: () => this.pictures.seen(),
    images_load: ({ always }) => this.pictures.load(always),
    image_senders: () => this.pictures.list(),
    image_sender_remove: ({ address }) => this.pictures.forget(address),
    message_text: ({ id }) => ({ text: `${this.findMessage(id).text}\n\nThe end of a long mail.`, folds: [], links: linksOf(this.findMessage(id).text) }),
    message_source: ({ id }) => {
      const m = this.findMessage(id);
      return { text: `Message-ID: <${m.id.slice(-8)}@example.com>\nFrom: ${m.from?.address ?? ""}\nTo: ${m.to.map((p) => p.address).join(", ")}\nSubject: ${m.subject ?? ""}\nContent-Type: text/plain; charset=utf-8\n\n${m.text}`, folds: [], links: [] };
    },
    link_open: () => ({}),
    file_save: () => ({}),
    customer: ({ id }) => {
      const c = this.find(id);
      const messages = c.items.filter((i) => i.type === "message");
      return {
        row: rowOf(c), handles: c.handles, last_in: messages.filter((m) => m.direction === "inbound").at(-1)?.at ?? null, last_out: messages.filter((m) => m.direction === "outbound").at(-1)?.at ?? null,
        stage_history: [...c.history].reverse(), episodes: c.items.filter((i) => i.type === "episode").reverse(), linked: [], since: messages[0]?.at ?? null,
      };
    },
    customer_rename: ({ id, name }) => this.act("customer_rename", id, (c) => (c.name = name || c.address), { what: "renamed", value: name }),
    stage_set: ({ customer, stage, evidence }) => this.act("stage_set", customer, (c) => {
      c.history.push({ at: Date.now(), agent: me.name, from: c.stage, to: stage, evidence });
      c.stage = stage;
    }, { what: "staged", value: stage }),
    not_customer: ({ handle, on }) => {
      const c = this.all.find((x) => x.handles.some((h) => h.id === handle));
      if (c === undefined) throw hostError("not_found", "This address is gone.");
      return this.act("not_customer", c.id, (x) => x.handles.forEach((h) => h.id === handle && (h.not_customer = on)), { what: on ? "not_customer" : "is_customer", value: c.address });
    },
    link: ({ a }) => this.act("link", a, () => undefined),
    unlink: ({ split }) => this.act("unlink", split[0] ?? "", () => undefined),
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
    }),
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
    undo: () => {
      const last = this.undoes.pop();
      if (last === undefined) throw hostError("refused", "There is nothing to undo.");
      last.back();
      this.tell(last.conversation);
      return { command: last.command, conversation: last.conversation, draft: last.draft ?? false };
    },
    reply_options: ({ conversation }) => {
      const c = this.find(conversation);
      const last = c.items.filter((i) => i.type === "message" && i.direction === "inbound").at(-1);
      const asked = last?.type === "message" ? last : null;
      const handles = c.handles.map((h) => ({ party: { name: h.name, address: h.value }, channel: h.channel, kind: "handle" as const }));
      return {
        from: this.senders(),
        to: asked?.reply_to ? [{ party: asked.reply_to, channel: "email" as const, kind: "reply_to" as const }, ...handles] : handles,
        cc: [], subject: asked?.subject ? (asked.subject.startsWith("Re:") ? asked.subject : `Re: ${asked.subject}`) : null, answering: asked?.id ?? null,
        history: asked === null ? null : { from: asked.from, to: asked.to, cc: asked.cc, at: asked.at, subject: asked.subject, preview: asked.text.slice(0, 400) }, files: [],
      };
    },
    forward_options: ({ message: id }) => {
      const m = this.findMessage(id);
      const from = this.senders();
      return { from, to: [], cc: [], subject: `Fwd: ${m.subject ?? ""}`, answering: null, history: { from: m.from, to: m.to, cc: m.cc, at: m.at, subject: m.subject, preview: m.text.slice(0, 400) }, files: m.files };
    },
    send: ({ conversation, to, cc, subject, text, files, resolve }) => {
      const c = this.find(conversation ?? "");
      const hold = Date.now() + this.settings.hold_seconds * 1000;
      const sent = message(Date.now(), null, subject, text, { to, cc, files: files.flatMap((f) => this.staged.get(f) ?? []), send: { state: "held", hold_until: hold, error: null, attempts: 0, next_try: null } });
      c.items.push({ type: "message", ...sent });
      c.drafts = c.drafts.filter((d) => d.note);
      if (resolve) {
        c.status = "resolved";
        c.items.push({ type: "change", id: nextId(), at: Date.now(), agent: me.name, what: "resolved", value: null, at_value: null });
      }
      setTimeout(() => this.sendNow(sent.id), this.settings.hold_seconds * 1000);
      this.undoes.push({ command: "send", conversation: c.id, draft: true, back: () => this.cancel(sent.id) });
      this.tell(c.id);
      return { id: sent.id, conversation: c.id, hold_until: hold };
    },
    drafts: ({ conversation }) => this.find(conversation).drafts,
    draft_save: ({ conversation, draft }) => {
      const c = this.find(conversation);
      const others = c.drafts.filter((d: Draft) => d.note !== draft.note);
      c.drafts = draft.text === "" && draft.files.length === 0 ? others : [...others, draft];
      this.tell(conversation, { lists: false });
      return {};
    },
    file_stage: ({ id, name, data }) => {
      const size = (data.length * 3) / 4 - (data.match(/=*$/)?.[0].length ?? 0);
      const known = id === null ? undefined : this.staged.get(id);
      const file: FileItem = known ?? { id: nextId(), name, mime: name.endsWith(".png") ? "image/png" : "application/octet-stream", size: 0, inline: false, risky: name.endsWith(".exe"), warning: name.endsWith(".exe") ? "runs" : null };
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
      const words = query.toLowerCase().split(/\s+/).filter((w) => w !== "" && !w.includes(":"));
      const hits: Hit[] = [];
      for (const c of this.all) for (const i of c.items) {
        if (i.type !== "message" || words.length === 0) continue;
        const flat = i.text.replace(/\s+/g, " ");
        const low = `${flat} ${i.subject ?? ""} ${c.name}`.toLowerCase();
        if (!words.every((w) => low.includes(w))) continue;
        const from = Math.max(0, flat.toLowerCase().indexOf(words[0] ?? "") - 40);
        const cut = (from > 0 ? "…" : "") + flat.slice(from, from + 180);
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
    account_folders: ({ config }) => foldersFor(config.folders),
    account_history: ({ id, on }) => {
      this.account(id, { history: on });
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
      return [fresh];
    },
    import_report: ({ id }) => reportOf(this.imported(id)),
    import_cancel: ({ id }) => {
      this.imported(id, { active: false, state: "paused" });
      return {};
    },
    import_resume: ({ id }) => this.imported(id, { active: true, state: "running" }),
    export_start: () => ({ path: "/home/maria/parley.jsonl", messages: 21_616, entries: 3_402, bytes: 61_000_000, missing_files: 0, digest: "0".repeat(64) }),
    check: () => ({ ok: true, findings: [], counted: [{ key: "messages", count: 21_616 }, { key: "conversations", count: this.all.length }, { key: "log entries", count: 3_402 }] }),
  };

  /** Every address of ours that can be written from: the accounts' own, and their aliases. */
  private senders(): FromOption[] {
    return this.accounts.flatMap((a) => [a.config.address, ...a.config.aliases].map((address) => ({ account: a.id, address, name: a.config.display_name, signature: a.config.signature, state: a.state, capabilities })));
  }

  private settle(id: string): Reply<"outbox_check"> {
    const m = this.findMessage(id);
    m.send = m.send === null ? null : { ...m.send, state: "sent", error: null };
    this.tell(this.all.find((c) => c.items.some((i) => i.id === id))?.id ?? null);
    return {};
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
