import type { AccountState } from "../api/AccountState";
import type { Draft } from "../api/Draft";
import type { FileItem } from "../api/FileItem";
import type { Party } from "../api/Party";
import type { Queued } from "../api/Queued";
import type { ReplyOptions } from "../api/ReplyOptions";
import type { Host } from "../host/host";
import { say } from "../errors";

/** A pause in typing after which a draft is kept. */
export const PAUSE = 600;
/** Bytes of a piece of a pasted or dropped file: a multiple of three, so that pieces join as base64, and under 1 MB when encoded. */
export const PIECE = 749_997;

export type Mode = "reply" | "note";

/** A file on its way into the store. */
export interface Upload {
  key: number;
  name: string;
  done: number;
  total: number;
}

function base64(piece: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error ?? new Error("unreadable file"));
    reader.readAsDataURL(piece);
  });
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

/** What is being written in the conversation on screen. Nothing typed here is ever lost: each pause and each leaving keeps it. */
export class Composer {
  conversation = $state<string | null>(null);
  mode = $state<Mode>("reply");
  text = $state("");
  note = $state("");
  subject = $state("");
  to = $state("");
  cc = $state("");
  account = $state("");
  files = $state.raw<FileItem[]>([]);
  uploads = $state<Upload[]>([]);
  options = $state.raw<ReplyOptions | null>(null);
  expanded = $state(false);
  sending = $state(false);
  error = $state<string | null>(null);
  /** Grows when the text field should take the focus. */
  focuses = $state(0);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly dirty = new Set<Mode>();
  private chain: Promise<unknown> = Promise.resolve();
  private uploadKey = 0;
  private run = 0;

  constructor(private readonly host: Host) {}

  /** Leaves the conversation before, keeping its drafts, and takes up this one's. */
  async open(conversation: string | null): Promise<void> {
    void this.flush();
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
    if (conversation === null || this.text !== "" || this.dirty.has("reply") || this.expanded) return;
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

  focus(mode: Mode): void {
    this.mode = mode;
    this.expanded = true;
    this.focuses += 1;
  }

  /** A field changed: keep it at the next pause. */
  touched(mode: Mode = this.mode): void {
    this.dirty.add(mode);
    this.error = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), PAUSE);
  }

  /** Keeps what is not kept yet, now. */
  flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { conversation } = this;
    if (conversation === null || this.dirty.size === 0) return Promise.resolve();
    const drafts = [...this.dirty].map((mode) => this.draft(mode));
    this.dirty.clear();
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

  get fromState(): AccountState | null {
    return this.options?.from.find((from) => from.account === this.account)?.state ?? null;
  }

  get canSend(): boolean {
    if (this.sending || this.uploads.length > 0 || this.conversation === null) return false;
    if (this.mode === "note") return this.note.trim() !== "";
    return (this.text.trim() !== "" || this.files.length > 0) && this.account !== "" && parseParties(this.to).length > 0;
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
        conversation, account: this.account, to: parseParties(this.to), cc: parseParties(this.cc), subject: this.subject === "" ? null : this.subject,
        text: this.text, files: this.files.map((file) => file.id), answering: this.options?.answering ?? null, resolve,
      });
      this.dirty.delete("reply");
      if (this.conversation === conversation) {
        this.text = "";
        this.files = [];
        this.expanded = false;
        this.error = null;
        if (this.options !== null) this.propose(this.options);
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

  async pick(): Promise<void> {
    try {
      this.attach(await this.host.call("file_pick", {}));
    } catch (error) {
      this.error = say(error);
    }
  }

  /** Takes pasted or dropped files in, piece by piece. */
  async take(files: readonly File[]): Promise<void> {
    const run = this.run;
    for (const file of files) {
      const upload: Upload = { key: ++this.uploadKey, name: file.name, done: 0, total: file.size };
      this.uploads = [...this.uploads, upload];
      try {
        const item = await this.stage(file, upload.key);
        if (item !== null && run === this.run) this.attach([item]);
      } catch (error) {
        this.error = say(error);
      } finally {
        this.uploads = this.uploads.filter((u) => u.key !== upload.key);
      }
    }
  }

  detach(file: string): void {
    this.files = this.files.filter((f) => f.id !== file);
    this.touched("reply");
  }

  private async stage(file: File, key: number): Promise<FileItem | null> {
    let item: FileItem | null = null;
    let from = 0;
    do {
      const to = Math.min(file.size, from + PIECE);
      const data = await base64(file.slice(from, to));
      const id: string | null = item === null ? null : (item as FileItem).id;
      item = await this.host.call("file_stage", { id, name: file.name, data, last: to >= file.size });
      from = to;
      this.uploads = this.uploads.map((u) => (u.key === key ? { ...u, done: from } : u));
    } while (from < file.size);
    return item;
  }

  private attach(items: readonly FileItem[]): void {
    if (items.length === 0) return;
    this.files = [...this.files, ...items];
    this.mode = "reply";
    this.expanded = true;
    this.touched("reply");
  }

  private draft(mode: Mode): Draft {
    if (mode === "note") return { note: true, text: this.note, subject: null, to: [], cc: [], account: null, files: [], updated_at: Date.now() };
    const proposed = this.options;
    const changedTo = this.to !== formatParties(proposed?.to.slice(0, 1).map((o) => o.party) ?? []);
    return {
      note: false, text: this.text, subject: this.subject === (proposed?.subject ?? "") ? null : this.subject, to: changedTo ? parseParties(this.to) : [], cc: parseParties(this.cc),
      account: this.account === proposed?.from[0]?.account || this.account === "" ? null : this.account, files: this.files, updated_at: Date.now(),
    };
  }

  private propose(options: ReplyOptions): void {
    this.options = options;
    this.account = options.from[0]?.account ?? "";
    this.to = formatParties(options.to.slice(0, 1).map((o) => o.party));
    this.cc = "";
    this.subject = options.subject ?? "";
  }

  private restore(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      if (draft.note) {
        if (!this.dirty.has("note")) this.note = draft.text;
        continue;
      }
      if (this.dirty.has("reply")) continue;
      this.text = draft.text;
      this.files = draft.files;
      this.subject = draft.subject ?? this.subject;
      if (draft.to.length > 0) this.to = formatParties(draft.to);
      if (draft.cc.length > 0) this.cc = formatParties(draft.cc);
      this.account = draft.account ?? this.account;
      this.expanded = true;
    }
    if (this.text === "" && this.note !== "") {
      this.mode = "note";
      this.expanded = true;
    }
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private reset(conversation: string | null): void {
    this.stopTimer();
    this.dirty.clear();
    this.conversation = conversation;
    this.mode = "reply";
    this.text = this.note = this.subject = this.to = this.cc = this.account = "";
    this.files = [];
    this.uploads = [];
    this.options = null;
    this.expanded = false;
    this.error = null;
  }
}
