import type { AccountState } from "../api/AccountState";
import type { Draft } from "../api/Draft";
import type { FileItem } from "../api/FileItem";
import type { FromOption } from "../api/FromOption";
import type { Party } from "../api/Party";
import type { Queued } from "../api/Queued";
import type { ReplyOptions } from "../api/ReplyOptions";
import type { Host } from "../host/host";
import { say } from "../errors";
import { plain } from "../i18n";
import { fullTime } from "../i18n/time";
import { Attachments, isPicture, isPictureFile, type Given, type Weight } from "./attachments.svelte";
import { roomFor, type Room } from "./lengths";

/** A pause in typing after which a draft is kept. */
export const PAUSE = 600;
export type Mode = "reply" | "note";

/** The field in which formatted text is written, once it is there. */
export interface Writing {
  focus(): void;
  insertQuote(words: string): void;
  insertPicture(file: string, alt: string): void;
  /** A picture will stand at a place, or where the cursor is. */
  expectPicture(upload: number, at?: number): void;
  /** It is there, or will not come. */
  settlePicture(upload: number, picture: { file: string; alt: string } | null): void;
  removePicture(file: string): void;
}

/** `Anna Berg <anna@example.com>, b@example.com` as parties. Separators inside quotes belong to a name. */
export function parseParties(text: string): Party[] {
  return (text.match(/(?:"[^"]*"|[^,;"])+/g) ?? []).flatMap((part) => {
    const named = /^\s*"?([^"<]*?)"?\s*<([^<>\s]+)>\s*$/.exec(part);
    if (named !== null) return [{ name: named[1] === "" ? null : (named[1] ?? null), address: named[2] ?? "" }];
    return part.trim() === "" ? [] : [{ name: null, address: part.trim() }];
  });
}

/** Parties as one editable line. */
export function formatParties(parties: readonly Party[]): string {
  return parties.map((p) => (p.name === null || p.name === "" ? p.address : `${/[,;"]/.test(p.name) ? `"${p.name.replaceAll('"', "")}"` : p.name} <${p.address}>`)).join(", ");
}

/** What counts of a draft when two windows compare theirs; the engine keeps none that has no words and no files. */
function gist(draft: Pick<Draft, "text" | "files">): string {
  return draft.text.trim() === "" && draft.files.length === 0 ? "" : JSON.stringify([bare(draft.text), draft.files.map((file) => file.id)]);
}

/** A text without what formatting makes of it: the engine says lists, quotations and links its own way. */
function bare(text: string): string {
  return text.replace(/^[\s>]*(?:[-*•]|\d+[.)])\s+/gm, "").replace(/<[^<>\s]+>|[\s>]+/g, "");
}

/** The files that HTML of ours shows as pictures. */
function picturesIn(html: string | null): Set<string> {
  return new Set([...(html ?? "").matchAll(/<img src="cid:([0-9a-f]{32})"/g)].map((found) => found[1] ?? ""));
}

/** What is being written in the conversation on screen. Nothing typed here is ever lost: each pause and each leaving keeps it. */
export class Composer {
  conversation = $state<string | null>(null);
  mode = $state<Mode>("reply");
  text = $state("");
  /** The reply with its formatting, where it has some; the text says the same without. */
  html = $state<string | null>(null);
  /** Grows when the text was put there by something else than typing. */
  revision = $state(0);
  /** The field of formatted text. */
  writing: Writing | null = null;
  note = $state("");
  subject = $state("");
  to = $state("");
  cc = $state("");
  bcc = $state("");
  account = $state("");
  /** The address of that account to write from. */
  from = $state("");
  /** Whether the message that is answered stands below. */
  quote = $state(true);
  /** Whether the account's signature stands below. */
  signature = $state(true);
  /** The message that is passed on, instead of an answer. */
  forwarding = $state<string | null>(null);
  readonly attached: Attachments;
  options = $state.raw<ReplyOptions | null>(null);
  expanded = $state(false);
  sending = $state(false);
  error = $state<string | null>(null);
  /** Grows when the text field should take the focus. */
  focuses = $state(0);
  /** What another window wrote here while this one was being written in: somebody has to choose. */
  contested = $state.raw<Draft | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Grows with every change made here. */
  private edits = 0;
  /** What is written and attached, as it was last known to be kept. */
  private known: Record<Mode, string> = { reply: "", note: "" };
  private readonly dirty = new Set<Mode>();
  private chain: Promise<unknown> = Promise.resolve();
  private run = 0;

  constructor(private readonly host: Host) {
    this.attached = new Attachments(host, () => this.filed(), (words) => (this.error = words));
  }

  get files(): FileItem[] {
    return this.attached.files;
  }

  /** Leaves the conversation before, keeping its drafts, and takes up this one's. */
  async open(conversation: string | null): Promise<void> {
    void this.leave();
    const run = ++this.run;
    this.reset(conversation);
    if (conversation === null) return;
    try {
      // Drafts are asked for behind any save under way, so that coming straight back shows the newest text.
      const drafts = this.chain.then(() => this.host.call("drafts", { conversation }));
      const [options, kept] = await Promise.all([this.host.call("reply_options", { conversation, answering: null }), drafts]);
      if (run !== this.run) return;
      this.propose(options);
      this.restore(kept);
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  /** News in the conversation: answer the newest message, unless a reply is being written already. */
  async refresh(): Promise<void> {
    const { conversation, run } = this;
    await this.followOthers();
    if (conversation === null || run !== this.run || this.text !== "" || this.files.length > 0 || this.dirty.has("reply") || this.expanded) return;
    const options = await this.host.call("reply_options", { conversation, answering: null });
    if (run === this.run && this.text === "" && !this.expanded) this.propose(options);
  }

  /** Takes a draft back from the store: an undone send. */
  async reload(): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    const kept = await this.host.call("drafts", { conversation });
    if (run === this.run) this.restore(kept);
  }

  /** Answers a message other than the last. */
  async answer(message: string): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    const options = await this.host.call("reply_options", { conversation, answering: message });
    if (run !== this.run) return;
    this.propose(options);
    this.focus("reply");
  }

  /** Passes a message on: its text and files go along, to whom is for the person to say. */
  async forward(message: string): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    try {
      const options = await this.host.call("forward_options", { message });
      if (run !== this.run) return;
      this.propose(options);
      this.forwarding = message;
      this.quote = true;
      this.attached.attach(options.files);
      this.touched("reply");
      this.focus("reply");
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  /** An answer after all. The files of what was to be passed on go with it. */
  async unforward(): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null || this.forwarding === null) return;
    const theirs = new Set(this.options?.files.map((f) => f.id) ?? []);
    this.attached.files = this.files.filter((f) => !theirs.has(f.id));
    this.forwarding = null;
    const options = await this.host.call("reply_options", { conversation, answering: null });
    if (run === this.run) this.propose(options);
    this.touched("reply");
  }

  /** Puts somebody's words into the reply, as a quotation below what is written already. */
  insertQuote(words: string): void {
    if (this.formats && this.writing !== null) {
      this.writing.insertQuote(words.trim());
      this.focus("reply");
      return;
    }
    const lines = words.trim().split("\n").map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`));
    const before = this.text.trimEnd();
    this.put(`${before}${before === "" ? "" : "\n\n"}${lines.join("\n")}\n\n`, null);
    this.touched("reply");
    this.focus("reply");
  }

  /** Somebody wrote in a field without formatting. */
  typed(text: string): void {
    if (this.mode === "note") this.note = text;
    else {
      this.text = text;
      this.html = null;
    }
    this.touched();
  }

  /** Somebody wrote in the field of formatted text. */
  wrote(content: { text: string; html: string | null }, pictures: ReadonlySet<string>): void {
    this.text = content.text;
    this.html = content.html;
    this.attached.shown(pictures);
    this.touched("reply");
  }

  /** A picture is shown where the cursor stands in the text, or sent as a file. */
  place(file: FileItem, inside: boolean): void {
    this.attached.place(file.id, inside);
    if (inside) this.writing?.insertPicture(file.id, file.name);
    else this.writing?.removePicture(file.id);
  }

  detach(file: string): void {
    this.attached.detach(file);
    this.writing?.removePicture(file);
  }

  /** Writes from another address. */
  choose(account: string, from: string): void {
    this.account = account;
    this.from = from;
    this.touched("reply");
  }

  focus(mode: Mode): void {
    this.mode = mode;
    this.expanded = true;
    this.focuses += 1;
  }

  /** A field changed: keep it at the next pause. */
  touched(mode: Mode = this.mode): void {
    this.dirty.add(mode);
    this.edits += 1;
    this.error = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), PAUSE);
  }

  /** Keeps what is not kept yet, now. */
  flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { conversation } = this;
    if (conversation === null || this.dirty.size === 0 || this.contested !== null) return Promise.resolve();
    const drafts = [...this.dirty].map((mode) => this.draft(mode));
    this.dirty.clear();
    for (const draft of drafts) this.known[draft.note ? "note" : "reply"] = gist(draft);
    // One after the other: an older text must never arrive after a newer one.
    const saved = this.chain.then(async () => {
      for (const draft of drafts) await this.host.call("draft_save", { conversation, draft });
    });
    this.chain = saved.catch((error: unknown) => {
      if (this.conversation !== conversation) return;
      for (const draft of drafts) this.dirty.add(draft.note ? "note" : "reply");
      this.error = say(error);
    });
    return this.chain as Promise<void>;
  }

  /** Keeps what is being written before this conversation is left. Where two texts stand against each other, both stay. */
  leave(): Promise<void> {
    const theirs = this.contested;
    if (theirs !== null) {
      this.contested = null;
      const both = (mine: string): string => (mine.trim() === "" ? theirs.text : `${mine}\n\n${theirs.text}`);
      if (theirs.note) this.note = both(this.note);
      // Two formatted texts are no one formatted text: the words are what must not be lost.
      else this.put(both(this.text), null);
      this.dirty.add(theirs.note ? "note" : "reply");
    }
    return this.flush();
  }

  /** Ends a contest: with what stands here, or with what the other window has. */
  settle(mine: boolean): void {
    const theirs = this.contested;
    if (theirs === null) return;
    this.contested = null;
    const mode = theirs.note ? "note" : "reply";
    this.known[mode] = gist(theirs);
    if (mine) {
      this.touched(mode);
      return;
    }
    this.dirty.delete(mode);
    this.restore([theirs]);
  }

  /** Another window may have written here, or sent what stood here: where nothing is being written in this one, it follows. */
  private async followOthers(): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null || this.sending || this.options === null) return;
    await this.chain;
    const { edits } = this;
    const kept = await this.host.call("drafts", { conversation });
    if (run !== this.run || edits !== this.edits || this.sending) return;
    for (const mode of ["reply", "note"] as const) {
      const draft = kept.find((d) => d.note === (mode === "note")) ?? null;
      const theirs = draft === null ? "" : gist(draft);
      const mine = gist(mode === "note" ? { text: this.note, files: [] } : this);
      if (theirs === this.known[mode] || theirs === mine) this.known[mode] = theirs;
      else if (!this.dirty.has(mode)) this.adopt(mode, draft);
      // A draft that is gone was sent or put away there: what is being written here goes on.
      else if (draft !== null) this.contested = draft;
    }
  }

  private adopt(mode: Mode, draft: Draft | null): void {
    if (draft !== null) {
      this.restore([draft]);
      return;
    }
    this.known[mode] = "";
    if (mode === "note") this.note = "";
    else this.clear();
  }

  /** The reply is gone from here: it was sent. */
  private clear(): void {
    this.put("", null);
    this.known.reply = "";
    this.attached.reset();
    this.forwarding = null;
    this.expanded = false;
    this.error = null;
    if (this.options !== null) this.propose(this.options);
  }

  get sender(): FromOption | null {
    const all = this.options?.from ?? [];
    return all.find((o) => o.account === this.account && o.address === this.from) ?? all.find((o) => o.account === this.account) ?? null;
  }

  get fromState(): AccountState | null {
    return this.sender?.state ?? null;
  }

  /** Nobody would receive it: it would answer, or pass on, what is made up. */
  get unreal(): boolean {
    return this.options?.sample ?? false;
  }

  /** Whether the channel carries formatting; until it is known, as it mostly does. */
  get formats(): boolean {
    return (this.sender?.capabilities.formatting ?? "html") === "html";
  }

  /** What is to be said about the length of the reply. */
  get room(): Room | null {
    return roomFor(this.text, this.sender?.capabilities.text_limit ?? null);
  }

  get weight(): Weight {
    return this.attached.weightFor(this.sender);
  }

  get canSend(): boolean {
    if (this.sending || this.attached.uploads.length > 0 || this.conversation === null) return false;
    if (this.mode === "note") return this.note.trim() !== "";
    if (this.unreal) return false;
    if (this.room?.over === true || this.weight.over) return false;
    return (this.text.trim() !== "" || this.files.length > 0 || this.forwarding !== null) && this.account !== "" && parseParties(this.to).length > 0;
  }

  /** The recipient is not the one who wrote: said loudly. */
  get elsewhere(): Party | null {
    const proposed = this.options?.to[0];
    return proposed?.kind === "reply_to" && this.to.includes(proposed.party.address) ? proposed.party : null;
  }

  /** Hands the reply to the outbox. Null when it was refused; the text stays. */
  async send(resolve: boolean): Promise<Queued | null> {
    const { conversation } = this;
    if (!this.canSend || conversation === null || this.mode !== "reply") return null;
    this.sending = true;
    this.stopTimer();
    try {
      await this.chain;
      const queued = await this.host.call("send", {
        conversation, account: this.account, from: this.sender?.address ?? null, to: parseParties(this.to), cc: parseParties(this.cc), bcc: parseParties(this.bcc), subject: this.subject === "" ? null : this.subject,
        text: this.text, html: this.formats ? this.html : null, signature: this.signature, quote: this.intro, files: this.files.map((file) => file.id), inline: this.files.map((file) => file.id).filter((id) => this.attached.inline.has(id)),
        answering: this.forwarding === null ? (this.options?.answering ?? null) : null, forwarding: this.forwarding, resolve,
      });
      this.dirty.delete("reply");
      if (this.conversation === conversation) {
        const passedOn = this.forwarding !== null;
        this.clear();
        if (passedOn) void this.refresh();
      }
      return queued;
    } catch (error) {
      this.error = say(error);
      this.touched("reply");
      this.error = say(error);
      return null;
    } finally {
      this.sending = false;
    }
  }

  /** The words above the message that stands below; null when none does. */
  private get intro(): string | null {
    const history = this.options?.history ?? null;
    if (history === null || (!this.quote && this.forwarding === null)) return null;
    const who = history.from === null ? plain("composer.somebody") : formatParties([history.from]);
    if (this.forwarding === null) return plain("composer.wrote", { date: fullTime(history.at), who });
    const lines = [plain("composer.forwarded"), plain("composer.forwardedFrom", { who }), plain("composer.forwardedDate", { date: fullTime(history.at) })];
    if (history.subject !== null) lines.push(plain("composer.forwardedSubject", { subject: history.subject }));
    if (history.to.length > 0) lines.push(plain("composer.forwardedTo", { who: formatParties(history.to) }));
    return lines.join("\n");
  }

  /** Writes the note. */
  async addNote(): Promise<boolean> {
    const { conversation, note } = this;
    if (!this.canSend || conversation === null || this.mode !== "note") return false;
    this.sending = true;
    this.stopTimer();
    try {
      await this.chain;
      await this.host.call("note_add", { conversation, text: note });
      this.dirty.delete("note");
      if (this.conversation === conversation) {
        this.note = "";
        this.known.note = "";
        this.mode = "reply";
        this.expanded = false;
        // The note is in the timeline now; its draft must not come back.
        await this.host.call("draft_save", { conversation, draft: this.draft("note") });
      }
      return true;
    } catch (error) {
      this.touched("note");
      this.error = say(error);
      return false;
    } finally {
      this.sending = false;
    }
  }

  /** Takes files in. */
  async take(files: readonly File[]): Promise<void> {
    await this.attached.take(files.map((file) => ({ file })));
  }

  /** Takes files that were pasted or dropped; a picture that was let go in the text stands there. */
  async give(files: readonly File[], how: { pasted: boolean; inside: boolean; at?: number | undefined }): Promise<void> {
    if (this.sender?.capabilities.attachments === false) {
      this.error = plain("composer.noFiles", { name: files.map((file) => file.name).join(", ") });
      return;
    }
    const writing = how.inside && this.formats && this.mode === "reply" ? this.writing : null;
    await this.attached.take(files.map((file): Given => {
      const name = how.pasted && /^image\.\w+$/.test(file.name) ? this.attached.pastedName(file) : file.name;
      if (writing === null || !isPictureFile(file)) return { file, name };
      const place = (item: FileItem | null): { file: string; alt: string } | null => (item !== null && isPicture(item) ? { file: item.id, alt: item.name } : null);
      return { file, name, begun: (upload) => writing.expectPicture(upload, how.at), settled: (upload, item) => writing.settlePicture(upload, place(item)) };
    }));
  }

  /** Takes what was dropped. A folder is none of what can be sent, and is named. */
  async drop(dropped: DataTransfer | null, at?: number): Promise<void> {
    const entries = [...(dropped?.items ?? [])].flatMap((item) => (item.kind === "file" ? (item.webkitGetAsEntry() ?? []) : []));
    const folders = entries.filter((entry) => entry.isDirectory).map((entry) => entry.name);
    const files = [...(dropped?.files ?? [])].filter((file) => !folders.includes(file.name));
    if (folders.length > 0) this.error = plain("composer.folder", { name: folders.join(", ") });
    if (files.length > 0) await this.give(files, { pasted: false, inside: at !== undefined, at });
  }

  /** A file came or went. What was said of another one stays. */
  private filed(): void {
    const { error } = this;
    this.mode = "reply";
    this.expanded = true;
    this.touched("reply");
    this.error = error;
  }

  /** A text that nobody typed here. */
  private put(text: string, html: string | null): void {
    this.text = text;
    this.html = html;
    this.revision += 1;
  }

  private draft(mode: Mode): Draft {
    if (mode === "note") return { note: true, text: this.note, html: null, subject: null, to: [], cc: [], bcc: [], account: null, from: null, quote: false, signature: false, forwarding: null, files: [], updated_at: Date.now() };
    const proposed = this.options;
    const changedTo = this.to !== formatParties(proposed?.to.slice(0, 1).map((o) => o.party) ?? []);
    return {
      note: false, text: this.text, html: this.html, subject: this.subject === (proposed?.subject ?? "") ? null : this.subject, to: changedTo ? parseParties(this.to) : [], cc: parseParties(this.cc), bcc: parseParties(this.bcc),
      account: this.account === proposed?.from[0]?.account || this.account === "" ? null : this.account, from: this.from === (proposed?.from[0]?.address ?? "") ? null : this.from,
      quote: this.quote, signature: this.signature, forwarding: this.forwarding, files: this.files, updated_at: Date.now(),
    };
  }

  private propose(options: ReplyOptions): void {
    this.options = options;
    this.account = options.from[0]?.account ?? "";
    this.from = options.from[0]?.address ?? "";
    this.bcc = "";
    this.to = formatParties(options.to.slice(0, 1).map((o) => o.party));
    this.cc = "";
    this.subject = options.subject ?? "";
  }

  private restore(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      if (draft.note) {
        if (!this.dirty.has("note")) {
          this.note = draft.text;
          this.known.note = gist(draft);
        }
        continue;
      }
      if (this.dirty.has("reply")) continue;
      this.known.reply = gist(draft);
      this.attached.put(draft.files, picturesIn(draft.html));
      this.put(draft.text, draft.html);
      this.subject = draft.subject ?? this.subject;
      if (draft.to.length > 0) this.to = formatParties(draft.to);
      if (draft.cc.length > 0) this.cc = formatParties(draft.cc);
      if (draft.bcc.length > 0) this.bcc = formatParties(draft.bcc);
      this.account = draft.account ?? this.account;
      this.from = draft.from ?? (this.options?.from.find((o) => o.account === this.account)?.address ?? this.from);
      this.quote = draft.quote;
      this.signature = draft.signature;
      if (draft.forwarding !== null) void this.resumeForward(draft.forwarding);
      this.expanded = true;
    }
    if (this.text === "" && this.note !== "") {
      this.mode = "note";
      this.expanded = true;
    }
  }

  /** A draft that passes a message on needs its words again; its files are in the draft. */
  private async resumeForward(message: string): Promise<void> {
    const run = this.run;
    this.forwarding = message;
    const options = await this.host.call("forward_options", { message }).catch(() => null);
    if (options !== null && run === this.run && this.forwarding === message) this.options = { ...options, files: [] };
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private reset(conversation: string | null): void {
    this.stopTimer();
    this.dirty.clear();
    this.contested = null;
    this.known = { reply: "", note: "" };
    this.conversation = conversation;
    this.mode = "reply";
    this.text = this.note = this.subject = this.to = this.cc = this.bcc = this.account = this.from = "";
    this.quote = this.signature = true;
    this.forwarding = null;
    this.html = null;
    this.revision += 1;
    this.attached.reset();
    this.options = null;
    this.expanded = false;
    this.error = null;
  }
}
