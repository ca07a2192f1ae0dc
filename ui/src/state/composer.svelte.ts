import type { AccountState } from "../api/AccountState";
import type { Capabilities } from "../api/Capabilities";
import type { Channel } from "../api/Channel";
import type { Draft } from "../api/Draft";
import type { FileItem } from "../api/FileItem";
import type { FromOption } from "../api/FromOption";
import type { Party } from "../api/Party";
import type { Queued } from "../api/Queued";
import type { Reach } from "../api/Reach";
import type { ReplyOptions } from "../api/ReplyOptions";
import type { Template } from "../api/Template";
import type { TemplateUse } from "../api/TemplateUse";
import type { ToOption } from "../api/ToOption";
import type { Args, Host } from "../host/host";
import { say } from "../errors";
import { plain } from "../i18n";
import { fullTime } from "../i18n/time";
import { Attachments, isPicture, isPictureFile, type Given, type Weight } from "./attachments.svelte";
import { clock } from "./clock.svelte";
import { messagesOf, mostOf, refusalOf, type FileRefusal } from "./filerules";
import { MOST_PARTS, partsOf, roomFor, type Room } from "./lengths";
import { barOf, blanksOf, crosses, keyOfWay, reachOf, type Bar } from "./reach";

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
  /** By which way it goes: a channel and an address. */
  target = $state("");
  /** The approved text that goes in the place of what is written, with what is filled in. */
  template = $state<TemplateUse | null>(null);
  /** What is too long for one message goes in several. */
  split = $state(false);
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
  /** Where the drafts lay that stand here, as the engine said: it replaces none that was not seen. Another one for each conversation. */
  private of: Record<Mode, string[]> = { reply: [], note: [] };
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
      this.to = "";
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

  /** Writes by another way; what is written stays. */
  reach(key: string): void {
    const way = this.options?.to.find((option) => keyOfWay(option) === key);
    if (way === undefined) return;
    this.goBy(way, way.by.find((reach) => reach.account === this.account)?.account ?? null);
    this.template = null;
    this.touched("reply");
  }

  /** Takes an approved text, or goes back to one's own. */
  useTemplate(template: Template | null): void {
    const blanks = template === null ? [] : blanksOf(template);
    // What no blank stands for is asked of nobody, and may not be empty.
    const values = Array.from({ length: Math.max(0, ...blanks) }, (_, i) => (blanks.includes(i + 1) ? "" : "-"));
    this.template = template === null ? null : { id: template.id, values };
    this.error = null;
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
    const { conversation, of } = this;
    if (conversation === null || this.dirty.size === 0 || this.contested !== null) return Promise.resolve();
    const drafts = [...this.dirty].map((mode) => this.draft(mode));
    this.dirty.clear();
    for (const draft of drafts) this.known[draft.note ? "note" : "reply"] = gist(draft);
    // One after the other: an older text must never arrive after a newer one.
    const saved = this.chain.then(async () => {
      for (const draft of drafts) {
        const mode = draft.note ? "note" : "reply";
        of[mode] = (await this.host.call("draft_save", { conversation, draft: { ...draft, of: of[mode] } })).of;
      }
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
      this.of[theirs.note ? "note" : "reply"] = theirs.of;
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
    this.of[mode] = theirs.of;
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
      if (theirs === this.known[mode] || theirs === mine) {
        this.known[mode] = theirs;
        this.of[mode] = draft?.of ?? [];
      } else if (!this.dirty.has(mode)) this.adopt(mode, draft);
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
    this.of[mode] = [];
    if (mode === "note") this.note = "";
    else this.clear();
  }

  /** The reply is gone from here: it was sent. */
  private clear(): void {
    this.put("", null);
    this.known.reply = "";
    this.of.reply = [];
    this.attached.reset();
    this.forwarding = null;
    this.split = false;
    this.expanded = false;
    this.error = null;
    if (this.options !== null) this.propose(this.options);
  }

  /** The way by which it goes, of those that are known. */
  get way(): ToOption | null {
    return this.options?.to.find((option) => keyOfWay(option) === this.target) ?? null;
  }

  /** What it goes by. A message that is passed on is a mail. */
  get channel(): Channel {
    return this.forwarding !== null ? "email" : (this.way?.channel ?? "email");
  }

  get byMail(): boolean {
    return this.channel === "email";
  }

  /** Whether one can choose between channels. */
  get ways(): readonly ToOption[] {
    return this.forwarding === null ? (this.options?.to ?? []) : [];
  }

  /** Whom one can write from: what leads to the person. */
  get senders(): readonly FromOption[] {
    const { channel, way } = this;
    return (this.options?.from ?? []).filter((from) => from.capabilities.channel === channel && (channel === "email" || (way?.by.some((reach) => reach.account === from.account) ?? false)));
  }

  get sender(): FromOption | null {
    const all = this.senders;
    return all.find((o) => o.account === this.account && o.address === this.from) ?? all.find((o) => o.account === this.account) ?? null;
  }

  /** What can be done where it is written from. */
  get can(): Capabilities | null {
    return this.sender?.capabilities ?? null;
  }

  /** How the account leads to the person. */
  get reached(): Reach | null {
    return this.way === null ? null : reachOf(this.way, this.account);
  }

  /** Why one cannot write by this way now. */
  get bar(): Bar | null {
    const { way } = this;
    return way === null || this.forwarding !== null ? null : barOf(way, this.reached, this.can, clock.now);
  }

  /** The approved texts of the account. */
  get templates(): readonly Template[] {
    return this.can?.templates ?? [];
  }

  get fromState(): AccountState | null {
    return this.sender?.state ?? null;
  }

  /** Nobody would receive it: it would answer, or pass on, what is made up. */
  get unreal(): boolean {
    return this.options?.sample ?? false;
  }

  /** What of formatting the channel carries; until it is known, as it mostly does. */
  get looks(): Capabilities["formatting"] {
    return this.can?.formatting ?? (this.byMail ? "html" : "none");
  }

  get formats(): boolean {
    return this.looks !== "none";
  }

  /** What is to be said about the length of the reply. */
  get room(): Room | null {
    return roomFor(this.text, this.can?.text_limit ?? null);
  }

  /** In how many messages what is written goes; 0 where nothing is too long. */
  get parts(): number {
    const limit = this.can?.text_limit ?? null;
    return this.room?.over === true && !this.byMail && limit !== null ? partsOf(this.text, limit).length : 0;
  }

  /** Whether what is too long may go in several messages. */
  get canSplit(): boolean {
    return this.parts > 1 && this.parts <= MOST_PARTS;
  }

  /** In how many messages all of it goes. */
  get messages(): number {
    const texts = this.text.trim() === "" ? 0 : this.split && this.parts > 0 ? this.parts : 1;
    return messagesOf(texts, this.files.length, this.can);
  }

  /** The files that cannot go by this way, with the reason. */
  get refused(): { file: FileItem; why: FileRefusal; most: number }[] {
    const { can } = this;
    return this.files.flatMap((file) => {
      const why = refusalOf(file, can);
      return why === null || can === null ? [] : [{ file, why, most: why === "large" ? (mostOf(file.mime, can) ?? 0) : 0 }];
    });
  }

  get weight(): Weight {
    return this.attached.weightFor(this.sender);
  }

  get canSend(): boolean {
    if (this.sending || this.attached.uploads.length > 0 || this.conversation === null) return false;
    if (this.mode === "note") return this.note.trim() !== "";
    if (this.unreal || this.account === "" || this.sender === null) return false;
    if (this.template !== null) return this.templates.some((one) => one.id === this.template?.id) && this.template.values.every((value) => value.trim() !== "");
    if (this.bar !== null || this.refused.length > 0 || this.weight.over) return false;
    if (this.room?.over === true && !(this.split && this.canSplit)) return false;
    return (this.text.trim() !== "" || this.files.length > 0 || this.forwarding !== null) && (!this.byMail || parseParties(this.to).length > 0);
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
      const templated = this.template !== null;
      const queued = await this.host.call("send", { conversation, account: this.account, from: this.sender?.address ?? null, resolve, ...this.content() });
      if (!templated) this.dirty.delete("reply");
      if (this.conversation === conversation) {
        const passedOn = this.forwarding !== null;
        // What was written in the place of an approved text is still to be sent.
        if (templated) this.template = null;
        else this.clear();
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

  /** What goes out, as the channel has it. */
  private content(): Pick<Args<"send">, "to" | "cc" | "bcc" | "subject" | "text" | "html" | "signature" | "quote" | "files" | "inline" | "answering" | "forwarding" | "template" | "split"> {
    const answering = this.forwarding === null ? (this.options?.answering ?? null) : null;
    const files = this.files.map((file) => file.id);
    const html = this.formats ? this.html : null;
    if (this.byMail) {
      return {
        to: parseParties(this.to), cc: parseParties(this.cc), bcc: parseParties(this.bcc), subject: this.subject === "" ? null : this.subject, text: this.text, html, signature: this.signature, quote: this.intro,
        files, inline: files.filter((id) => this.attached.inline.has(id)), answering, forwarding: this.forwarding, template: null, split: false,
      };
    }
    const plainly = { to: this.way === null ? [] : [this.way.party], cc: [], bcc: [], subject: null, signature: false, quote: null, inline: [], answering, forwarding: null };
    if (this.template !== null) return { ...plainly, text: "", html: null, files: [], template: $state.snapshot(this.template), split: false };
    return { ...plainly, text: this.text, html, files, template: null, split: this.split && this.room?.over === true };
  }

  /** Whether the message that is answered can stand below: a mail below a mail. */
  get quotes(): boolean {
    return this.options?.history !== null && this.byMail && (this.forwarding !== null || !crosses(this.way, this.options?.to[0]?.channel ?? null));
  }

  /** The words above the message that stands below; null when none does. */
  private get intro(): string | null {
    const history = this.options?.history ?? null;
    if (history === null || !this.quotes || (!this.quote && this.forwarding === null)) return null;
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
    const words = { none: "composer.noFiles", kind: "composer.wrongKind", large: "composer.tooLargeHere" } as const;
    const why = (file: File): FileRefusal | null => refusalOf({ mime: file.type, size: file.size }, this.can);
    const most = (file: File): number => (this.can === null ? null : mostOf(file.type, this.can)) ?? 0;
    const first = files.find((file) => why(file) !== null);
    const refused = first === undefined ? null : why(first);
    if (first !== undefined && refused !== null) {
      const alike = (file: File): boolean => why(file) === refused && (refused !== "large" || most(file) === most(first));
      const names = files.filter(alike).map((file) => file.name).join(", ");
      this.expanded = true;
      this.error = plain(words[refused], { name: names, n: Math.floor(most(first) / 1024 / 1024) });
    }
    const right = files.filter((file) => why(file) === null);
    if (right.length === 0) return;
    const writing = how.inside && this.looks === "html" && this.mode === "reply" ? this.writing : null;
    await this.attached.take(right.map((file): Given => {
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
    if (mode === "note") return { note: true, text: this.note, html: null, subject: null, to: [], cc: [], bcc: [], account: null, from: null, quote: false, signature: false, forwarding: null, files: [], of: this.of.note, updated_at: Date.now() };
    const proposed = this.options;
    const changedTo = this.to !== formatParties(this.mailTo(proposed));
    const usual = { account: this.usualAccount, from: this.options?.from.find((o) => o.account === this.usualAccount)?.address ?? "" };
    const base = { note: false, text: this.text, html: this.html, subject: this.subject === (proposed?.subject ?? "") ? null : this.subject, cc: parseParties(this.cc), bcc: parseParties(this.bcc), quote: this.quote, signature: this.signature, forwarding: this.forwarding, files: this.files, of: this.of.reply, updated_at: Date.now() };
    // Where there are several channels, the one that was chosen is kept: the newest message may come by another one.
    if (!this.byMail) return { ...base, to: this.way === null ? [] : [this.way.party], account: this.account === "" ? null : this.account, from: null };
    const several = this.ways.some((way) => way.channel !== "email");
    return {
      ...base, to: changedTo || several ? parseParties(this.to) : [],
      account: (this.account === usual.account && !several) || this.account === "" ? null : this.account, from: this.from === usual.from ? null : this.from,
    };
  }

  /** What is proposed to be written to by mail. */
  private mailTo(options: ReplyOptions | null): Party[] {
    return (options?.to.filter((option) => option.channel === "email") ?? []).slice(0, 1).map((option) => option.party);
  }

  private usualAccount = "";

  private propose(options: ReplyOptions): void {
    this.options = options;
    this.bcc = "";
    this.cc = "";
    this.template = null;
    this.to = formatParties(this.mailTo(options));
    this.subject = options.subject ?? "";
    const [first] = options.to;
    if (first === undefined) {
      const from = options.from.find((option) => option.capabilities.channel === "email") ?? null;
      [this.target, this.account, this.from] = ["", from?.account ?? "", from?.address ?? ""];
    } else this.goBy(first, null);
    this.usualAccount = this.account;
  }

  /** Writes by a way, from an account that leads there. */
  private goBy(way: ToOption, account: string | null): void {
    this.target = keyOfWay(way);
    if (way.channel === "email") {
      const from = this.options?.from.filter((option) => option.capabilities.channel === "email") ?? [];
      const chosen = from.find((option) => option.account === account) ?? from[0];
      [this.account, this.from] = [chosen?.account ?? "", chosen?.address ?? ""];
      this.to = formatParties([way.party]);
      return;
    }
    this.account = account ?? way.by[0]?.account ?? "";
    this.from = this.options?.from.find((option) => option.account === this.account)?.address ?? "";
  }

  private restore(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      if (draft.note) {
        if (!this.dirty.has("note")) {
          this.note = draft.text;
          this.known.note = gist(draft);
          this.of.note = draft.of;
        }
        continue;
      }
      if (this.dirty.has("reply")) continue;
      this.known.reply = gist(draft);
      this.of.reply = draft.of;
      this.attached.put(draft.files, picturesIn(draft.html));
      this.put(draft.text, draft.html);
      this.subject = draft.subject ?? this.subject;
      const by = this.options?.from.find((option) => option.account === draft.account)?.capabilities.channel ?? (draft.to.length > 0 ? "email" : null);
      const kept = this.options?.to.find((way) => way.channel === by && way.party.address.toLowerCase() === draft.to[0]?.address.toLowerCase()) ?? (by === "email" ? this.options?.to.find((way) => way.channel === by) : undefined);
      if (kept !== undefined) this.goBy(kept, draft.account);
      if (draft.to.length > 0 && by === "email") this.to = formatParties(draft.to);
      if (draft.cc.length > 0) this.cc = formatParties(draft.cc);
      if (draft.bcc.length > 0) this.bcc = formatParties(draft.bcc);
      if (by === null || by === "email") this.account = draft.account ?? this.account;
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
    this.of = { reply: [], note: [] };
    this.conversation = conversation;
    this.mode = "reply";
    this.text = this.note = this.subject = this.to = this.cc = this.bcc = this.account = this.from = this.target = "";
    this.template = null;
    this.split = false;
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
