// What the visitor wrote, until the homeserver has it: in order, each under a transaction id, so that trying again never says it twice.
import { described, sides } from "./files";
import { type Json, type Matrix, part, random } from "./matrix";
import { backoff, Pause } from "./pace";
import type { Store } from "./store";
import { str } from "./text";
import { ChatError } from "./trouble";

export interface Pending {
  txn: string;
  at: number;
  content: Json | null;
  file: File | null;
  /** How much of the file is there, of one. */
  progress: number;
  state: "sending" | "waiting" | "failed" | "sent";
  /** The event it became. */
  event: string;
  control: AbortController;
}

export interface Sender {
  matrix: Matrix;
  store: Store;
  /** The room to send to; made now, where there is none yet. */
  room(): Promise<string>;
  /** Waits until it is known what the homeserver has. */
  settled(): Promise<void>;
  changed(): void;
  trouble(error: ChatError | null): void;
  /** This visitor is no longer let in; says whether a new beginning is worth a try. */
  ended(error: ChatError): boolean;
}

export class Outbox {
  pending: Pending[] = [];
  private running = false;
  private stopped = false;
  private readonly pause = new Pause();
  /** All that this page ever had; what else is kept is another page's. */
  private readonly mine = new Set<string>();

  constructor(private readonly sender: Sender) {
    this.pending = sender.store.outbox().map(({ txn, at, content }) => pending(txn, at, content, null, "waiting"));
    for (const { txn } of this.pending) this.mine.add(txn);
  }

  text(body: string): void {
    this.add(pending(transaction(), Date.now(), { msgtype: "m.text", body }, null, "sending"));
  }

  content(content: Json): void {
    this.add(pending(transaction(), Date.now(), content, null, "sending"));
  }

  file(file: File): void {
    this.add(pending(transaction(), Date.now(), null, file, "sending"));
  }

  again(txn: string): void {
    const found = this.pending.find((one) => one.txn === txn);
    if (found?.state !== "failed") return;
    found.state = "sending";
    found.control = new AbortController();
    this.keep();
    void this.run();
  }

  /** Stops an upload, or forgets what could not be sent. */
  discard(txn: string): void {
    const found = this.pending.find((one) => one.txn === txn);
    if (found === undefined || found.state === "sent") return;
    found.control.abort();
    this.pending = this.pending.filter((one) => one !== found);
    // What was the trouble troubles nobody any more.
    if (!this.waits()) this.sender.trouble(null);
    this.keep();
    this.pause.wake();
  }

  /** What has come back as an event needs no other place. */
  seen(txns: ReadonlySet<string>, events: ReadonlySet<string>): void {
    const left = this.pending.filter((one) => !txns.has(one.txn) && !(one.event !== "" && events.has(one.event)));
    if (left.length === this.pending.length) return;
    this.pending = left;
    this.save();
  }

  /** Begins nothing more. A file cannot wait for the next page. */
  stop(): void {
    this.stopped = true;
    for (const one of this.pending) if (one.file !== null) this.discard(one.txn);
    this.pause.wake();
  }

  clear(): void {
    for (const one of this.pending) one.control.abort();
    this.pending = [];
    this.keep();
  }

  wake(): void {
    this.pause.wake();
    void this.run();
  }

  async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (let failures = 0; ; ) {
        const next = this.waits();
        if (next === undefined) return;
        const wait = await this.attempt(next, failures);
        failures = wait === 0 ? 0 : failures + 1;
        if (wait > 0) await this.pause.for(wait);
      }
    } finally {
      this.running = false;
    }
  }

  /** Tries one; gives how long to wait before the next try, 0 for none. */
  private async attempt(one: Pending, failures: number): Promise<number> {
    try {
      await this.sender.room();
      await this.sender.settled();
      // Another one, where that has turned out to be gone.
      const room = await this.sender.room();
      // It may have come back meanwhile, or been taken away.
      if (!this.pending.includes(one)) return 0;
      one.content ??= await this.upload(one);
      const answer = await this.sender.matrix.ask("PUT", `/rooms/${part(room)}/send/m.room.message/${part(one.txn)}`, { body: one.content });
      one.event = str(answer["event_id"], 300);
      one.state = "sent";
      this.sender.trouble(null);
      this.keep();
      return 0;
    } catch (error) {
      if (!this.pending.includes(one)) return 0;
      const why = error instanceof ChatError ? error : new ChatError("refused", String(error));
      // Thrown out of the room, or the account is gone.
      const over = why.trouble === "ended" || (why.trouble === "refused" && why.code === "M_FORBIDDEN");
      if (over && this.sender.ended(why)) {
        if (one.file !== null) one.content = null;
        this.keep();
        return 1_000;
      }
      one.state = why.passes ? "waiting" : "failed";
      if (!over) this.sender.trouble(why);
      this.keep();
      return why.passes ? Math.max(why.wait, backoff(failures + 1)) : 0;
    }
  }

  private async upload(one: Pending): Promise<Json> {
    const { file } = one;
    if (file === null) throw new ChatError("refused", "nothing to send");
    const [size, uri] = [await sides(file), await this.sender.matrix.upload(file, file.name, (share) => this.progress(one, share), one.control.signal)];
    return described(file, uri, size);
  }

  private progress(one: Pending, share: number): void {
    one.progress = share;
    this.sender.changed();
  }

  private add(one: Pending): void {
    this.pending.push(one);
    this.mine.add(one.txn);
    this.keep();
    this.wake();
  }

  private waits(): Pending | undefined {
    return this.stopped ? undefined : this.pending.find(going);
  }

  private keep(): void {
    this.save();
    this.sender.changed();
  }

  /** What is text survives the page; a file cannot, so the browser asks before it leaves one behind. */
  private save(): void {
    const { store } = this.sender;
    const others = store.outbox().filter((one) => !this.mine.has(one.txn));
    const texts = this.pending.filter((one) => one.state !== "sent" && one.content !== null && one.file === null);
    store.kept.set("outbox", [...others, ...texts.map(({ txn, at, content }) => ({ txn, at, content: content ?? {} }))]);
    // Only while there is something to ask about: a listener that stays keeps pages out of the cache of "back".
    window[this.pending.some((one) => one.file !== null && going(one)) ? "addEventListener" : "removeEventListener"]("beforeunload", hold);
  }
}

function pending(txn: string, at: number, content: Json | null, file: File | null, state: Pending["state"]): Pending {
  return { txn, at, content, file, progress: 0, state, event: "", control: new AbortController() };
}

function going(one: Pending): boolean {
  return one.state === "sending" || one.state === "waiting";
}

/** Has the browser ask whether the page may go. */
function hold(event: Event): void {
  event.preventDefault();
  // What browsers of before 2024 go by.
  event.returnValue = false;
}

function transaction(): string {
  return `web${Date.now().toString(36)}.${random(6)}`;
}
