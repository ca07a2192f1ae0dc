import type { Channel } from "../api/Channel";
import type { Draft } from "../api/Draft";
import type { FileItem } from "../api/FileItem";
import type { Queued } from "../api/Queued";
import type { ReplyOptions } from "../api/ReplyOptions";
import type { Template } from "../api/Template";
import type { TemplateUse } from "../api/TemplateUse";
import type { ToOption } from "../api/ToOption";
import type { Args, Host } from "../host/host";
import { SvelteSet } from "svelte/reactivity";
import { codeOf, say } from "../errors";
import { plain } from "../i18n";
import { fullTime } from "../i18n/time";
import { Approved } from "./approved.svelte";
import { Attachments, isPicture, isPictureFile, type Given, type Weight } from "./attachments.svelte";
import { clock } from "./clock.svelte";
import { messagesOf, mostOf, refusalOf, type FileRefusal } from "./filerules";
import { MOST_PARTS, partsOf, roomFor, segmentsOf, type Room } from "./lengths";
import { formatParties, parseParties } from "./parties";
import { barOf, keyOfWay, reachOf } from "./reach";
import { Ways } from "./ways.svelte";

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
  cc = $state("");
  bcc = $state("");
  /** What is too long for one message goes in several. */
  split = $state(false);
  /** Whether the message that is answered stands below. */
  quote = $state(true);
  /** Whether the account's signature stands below. */
  signature = $state(true);
  /** By which way it goes, and from which account. */
  readonly by = new Ways();
  readonly approved = new Approved();
  readonly attached: Attachments;
  expanded = $state(false);
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
  /** The conversations out of which something goes right now. */
  private readonly underway = new SvelteSet<string>();

  /** `missed` is told of what did not go after its conversation was left. */
  constructor(private readonly host: Host, private readonly missed: (conversation: string, mode: Mode, error: unknown) => void = () => undefined) {
    this.attached = new Attachments(host, () => this.filed(), (words) => (this.error = words));
  }

  get files(): FileItem[] {
    return this.attached.files;
  }

  get sending(): boolean {
    return this.conversation !== null && this.underway.has(this.conversation);
  }

  /** The approved text that goes in the place of what is written, with what is filled in. */
  get template(): TemplateUse | null {
    return this.approved.use;
  }

  /** Leaves the conversation before, keeping its drafts, and takes up this one's. */
  async open(conversation: string | null): Promise<void> {
    void this.leave();
    this.approved.leave(this.conversation, this.by);
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
      this.resumeForm();
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  /** News of the conversation or of the accounts: answer the newest message, unless a reply is being written already. Then only the ways follow. */
  async refresh(): Promise<void> {
    const { conversation, run } = this;
    await this.followOthers();
    while (conversation !== null && run === this.run) {
      const { busy } = this;
      const before = this.by.options;
      const options = await this.optionsOf(conversation, busy && this.by.forwarding === null ? (before?.answering ?? null) : null);
      if (run !== this.run) return;
      // What happened here meanwhile is newer than what was asked.
      if (busy !== this.busy || before !== this.by.options) continue;
      if (busy) this.by.renew(options);
      else this.propose(options);
      return;
    }
  }

  /** Something is being written here, or about to be. */
  private get busy(): boolean {
    return this.text !== "" || this.files.length > 0 || this.dirty.has("reply") || this.expanded || this.sending || this.by.forwarding !== null;
  }

  /** What one may choose for an answer; a message that is gone is answered by none. */
  private async optionsOf(conversation: string, answering: string | null): Promise<ReplyOptions> {
    try {
      return await this.host.call("reply_options", { conversation, answering });
    } catch (error) {
      if (answering === null || codeOf(error) !== "not_found") throw error;
      return this.host.call("reply_options", { conversation, answering: null });
    }
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
    // Whoever answers this one answers where it was written.
    this.by.unchoose();
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
      this.by.forwarding = message;
      this.by.to = "";
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
    if (conversation === null || this.by.forwarding === null) return;
    const theirs = new Set(this.by.options?.files.map((f) => f.id) ?? []);
    this.attached.files = this.files.filter((f) => !theirs.has(f.id));
    this.by.forwarding = null;
    const options = await this.host.call("reply_options", { conversation, answering: null });
    if (run === this.run) this.propose(options);
    this.touched("reply");
  }

  /** Puts somebody's words into the reply, as a quotation below what is written already. */
  insertQuote(words: string): void {
    if (this.by.formats && this.writing !== null) {
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

  /** Writes by another way; what is written stays, and is gone on with. */
  reach(key: string): void {
    const way = this.by.options?.to.find((option) => keyOfWay(option) === key);
    if (way === undefined) return;
    this.by.choose(way);
    this.approved.take(null);
    this.touched("reply");
    this.focus("reply");
  }

  /** Goes on by another channel, at an address that may have become known just now. False where no way leads there. */
  async reachAt(channel: Channel, address: string): Promise<boolean> {
    const { run } = this;
    const known = (): ToOption | undefined => this.by.ways.find((way) => way.channel === channel && way.party.address.toLowerCase() === address.toLowerCase());
    // Somebody who writes to a person passes nothing on.
    await this.unforward();
    if (known() === undefined) await this.refresh();
    const way = known();
    if (run === this.run && way !== undefined) this.reach(keyOfWay(way));
    return run !== this.run || way !== undefined;
  }

  /** Takes an approved text, or goes back to one's own. */
  useTemplate(template: Template | null): void {
    this.approved.take(template);
    this.error = null;
    if (template === null) this.focus("reply");
  }

  /** Writes from another address. */
  choose(account: string, from: string): void {
    this.by.chooseSender(account, from);
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
    if (conversation === null || this.sending || this.by.options === null) return;
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
    this.by.forwarding = null;
    this.split = false;
    this.expanded = false;
    this.error = null;
    if (this.by.options !== null) this.propose(this.by.options);
  }

  /** What is to be said about the length of the reply. */
  get room(): Room | null {
    return roomFor(this.text, this.by.can?.text_limit ?? null);
  }

  /** The messages in which what is written goes; none where nothing is too long. */
  private get parted(): string[] {
    const limit = this.by.can?.text_limit ?? null;
    return this.room?.over === true && !this.by.mail && limit !== null ? partsOf(this.text, limit) : [];
  }

  get parts(): number {
    return this.parted.length;
  }

  /** In how many short messages all of them are sent and paid for, where that is what is counted. */
  get segments(): number | null {
    if (this.by.can?.text_limit?.unit !== "segments") return null;
    return this.parted.reduce((sum, part) => sum + segmentsOf(part).segments, 0);
  }

  /** Whether what is too long may go in several messages. */
  get canSplit(): boolean {
    return this.parts > 1 && this.parts <= MOST_PARTS;
  }

  /** In how many messages all of it goes. */
  get messages(): number {
    const texts = this.text.trim() === "" ? 0 : this.split && this.parts > 0 ? this.parts : 1;
    return messagesOf(texts, this.files.length, this.by.can);
  }

  /** The files that cannot go by this way, with the reason. */
  get refused(): { file: FileItem; why: FileRefusal; most: number }[] {
    const { can } = this.by;
    return this.files.flatMap((file) => {
      const why = refusalOf(file, can);
      return why === null || can === null ? [] : [{ file, why, most: why === "large" ? (mostOf(file.mime, can) ?? 0) : 0 }];
    });
  }

  get weight(): Weight {
    return this.attached.weightFor(this.by.sender);
  }

  get canSend(): boolean {
    if (this.sending || this.attached.uploads.length > 0 || this.conversation === null) return false;
    if (this.mode === "note") return this.note.trim() !== "";
    if (this.by.unreal || this.by.account === "" || this.by.sender === null) return false;
    // An approved text may go when the time is over, and not to somebody who wants none or whom nothing leads to.
    if (this.template !== null && (this.by.bar === "opted_out" || this.by.bar === "no_account")) return false;
    if (this.template !== null) return this.by.templates.some((one) => one.id === this.template?.id) && this.template.values.every((value) => value.trim() !== "");
    if (this.by.bar !== null || this.refused.length > 0 || this.weight.over) return false;
    if (this.room?.over === true && !(this.split && this.canSplit)) return false;
    return (this.text.trim() !== "" || this.files.length > 0 || this.by.forwarding !== null) && (!this.by.mail || parseParties(this.by.to).length > 0);
  }

  /** Hands the reply to the outbox. Null when it was refused; the text stays. */
  async send(resolve: boolean): Promise<Queued | null> {
    const { conversation } = this;
    if (!this.canSend || conversation === null || this.mode !== "reply") return null;
    const templated = this.template !== null;
    const passedOn = this.by.forwarding !== null;
    const letter = { conversation, account: this.by.account, from: this.by.sender?.address ?? null, resolve, ...this.content() };
    return this.going(conversation, templated ? null : "reply", async (here) => {
      const queued = await this.host.call("send", letter);
      if (here()) {
        // What was written in the place of an approved text is still to be sent.
        if (templated) this.approved.clear();
        else this.clear();
        if (passedOn) void this.refresh();
      }
      return queued;
    });
  }

  /** Lets what is written go out. What does not go is kept, and said where the person is by then. */
  private async going<T>(conversation: string, mode: Mode | null, work: (here: () => boolean) => Promise<T>): Promise<T | null> {
    const { run } = this;
    const written = mode === null ? null : this.draft(mode);
    this.underway.add(conversation);
    // A draft of it that is kept from now on would come back after it was sent.
    if (mode !== null) this.dirty.delete(mode);
    void this.flush();
    try {
      await this.chain;
      return await work(() => run === this.run);
    } catch (error) {
      if (run === this.run) this.touched(mode ?? "reply");
      else if (written !== null) this.chain = this.chain.then(() => this.host.call("draft_save", { conversation, draft: written })).catch(() => undefined);
      if (this.conversation === conversation) this.error = say(error);
      else this.missed(conversation, mode ?? "reply", error);
      return null;
    } finally {
      this.underway.delete(conversation);
      // Whoever left and came back meanwhile sees what became of it.
      if (run !== this.run && this.conversation === conversation) void this.refresh().catch(() => undefined);
    }
  }

  /** What goes out, as the channel has it. */
  private content(): Pick<Args<"send">, "to" | "cc" | "bcc" | "subject" | "text" | "html" | "signature" | "quote" | "files" | "inline" | "answering" | "forwarding" | "template" | "split"> {
    const answering = this.by.forwarding === null ? (this.by.options?.answering ?? null) : null;
    const files = this.files.map((file) => file.id);
    const html = this.by.formats ? this.html : null;
    if (this.by.mail) {
      return {
        to: parseParties(this.by.to), cc: parseParties(this.cc), bcc: parseParties(this.bcc), subject: this.subject === "" ? null : this.subject, text: this.text, html, signature: this.signature, quote: this.intro,
        files, inline: files.filter((id) => this.attached.inline.has(id)), answering, forwarding: this.by.forwarding, template: null, split: false,
      };
    }
    const plainly = { to: this.by.way === null ? [] : [this.by.way.party], cc: [], bcc: [], subject: null, signature: false, quote: null, inline: [], answering, forwarding: null };
    if (this.template !== null) return { ...plainly, text: "", html: null, files: [], template: $state.snapshot(this.template), split: false };
    return { ...plainly, text: this.text, html, files, template: null, split: this.split && this.room?.over === true };
  }

  /** The words above the message that stands below; null when none does. */
  private get intro(): string | null {
    const history = this.by.options?.history ?? null;
    if (history === null || !this.by.quotes || (!this.quote && this.by.forwarding === null)) return null;
    const who = history.from === null ? plain("composer.somebody") : formatParties([history.from]);
    if (this.by.forwarding === null) return plain("composer.wrote", { date: fullTime(history.at), who });
    const lines = [plain("composer.forwarded"), plain("composer.forwardedFrom", { who }), plain("composer.forwardedDate", { date: fullTime(history.at) })];
    if (history.subject !== null) lines.push(plain("composer.forwardedSubject", { subject: history.subject }));
    if (history.to.length > 0) lines.push(plain("composer.forwardedTo", { who: formatParties(history.to) }));
    return lines.join("\n");
  }

  /** Writes the note. */
  async addNote(): Promise<boolean> {
    const { conversation, note } = this;
    if (!this.canSend || conversation === null || this.mode !== "note") return false;
    const empty = { ...this.draft("note"), text: "" };
    const added = await this.going(conversation, "note", async (here) => {
      await this.host.call("note_add", { conversation, text: note });
      if (here()) {
        this.note = "";
        this.known.note = "";
        this.mode = "reply";
        this.expanded = false;
      }
      // The note is in the timeline now; its draft must not come back.
      await this.host.call("draft_save", { conversation, draft: empty }).catch(() => undefined);
      return true;
    });
    return added ?? false;
  }

  /** Takes files in. */
  async take(files: readonly File[]): Promise<void> {
    await this.attached.take(files.map((file) => ({ file })));
  }

  /** Takes files that were pasted or dropped; a picture that was let go in the text stands there. */
  async give(files: readonly File[], how: { pasted: boolean; inside: boolean; at?: number | undefined }): Promise<void> {
    const words = { none: "composer.noFiles", kind: "composer.wrongKind", large: "composer.tooLargeHere" } as const;
    const why = (file: File): FileRefusal | null => refusalOf({ mime: file.type, size: file.size }, this.by.can);
    const most = (file: File): number => (this.by.can === null ? null : mostOf(file.type, this.by.can)) ?? 0;
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
    const writing = how.inside && this.by.looks === "html" && this.mode === "reply" ? this.writing : null;
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
    return {
      note: false, text: this.text, html: this.html, subject: this.subject === (this.by.options?.subject ?? "") ? null : this.subject, cc: parseParties(this.cc), bcc: parseParties(this.bcc),
      quote: this.quote, signature: this.signature, forwarding: this.by.forwarding, files: this.files, of: this.of.reply, updated_at: Date.now(), ...this.by.kept(),
    };
  }

  private propose(options: ReplyOptions): void {
    this.bcc = "";
    this.cc = "";
    this.subject = options.subject ?? "";
    this.by.propose(options);
    // A form that is half filled in stays as long as its text may go from here.
    if (!this.by.templates.some((one) => one.id === this.template?.id)) this.approved.take(null);
  }

  /** Goes on with an approved text that was left half filled in, while one may not write freely. */
  private resumeForm(): void {
    const left = this.conversation === null ? null : this.approved.waiting(this.conversation);
    const way = this.by.ways.find((one) => keyOfWay(one) === left?.target);
    const can = this.by.options?.from.find((one) => one.account === left?.account)?.capabilities;
    const template = can?.templates.find((one) => one.id === left?.use.id);
    if (left === null || way === undefined || can === undefined || template === undefined) return;
    if (barOf(way, reachOf(way, left.account), can, clock.now) !== "over") return;
    this.by.goBy(way, left.account);
    this.approved.resume(template, left);
    this.expanded = true;
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
      this.by.resume(draft);
      if (draft.cc.length > 0) this.cc = formatParties(draft.cc);
      if (draft.bcc.length > 0) this.bcc = formatParties(draft.bcc);
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
    this.by.forwarding = message;
    const options = await this.host.call("forward_options", { message }).catch(() => null);
    if (options !== null && run === this.run && this.by.forwarding === message) this.by.options = { ...options, files: [] };
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
    this.text = this.note = this.subject = this.cc = this.bcc = "";
    this.by.reset();
    this.approved.clear();
    this.split = false;
    this.quote = this.signature = true;
    this.html = null;
    this.revision += 1;
    this.attached.reset();
    this.expanded = false;
    this.error = null;
  }
}
