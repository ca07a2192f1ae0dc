// The chat without its looks: what is known, what is under way, what is to be asked.
import { enter, leave, tell, TOUCH, VISITOR } from "./entrance";
import { Feed } from "./feed";
import { Attic, limit } from "./files";
import { Matrix, part } from "./matrix";
import type { Options } from "./options";
import { Outbox, type Pending } from "./outbox";
import type { Identity, Store } from "./store";
import { fold, type Message } from "./timeline";
import type { Touches } from "./touch";
import { ChatError, type Trouble } from "./trouble";

export interface Line extends Message {
  /** How far a message of the visitor's own is. */
  state: "" | "sent" | "read" | Pending["state"];
  pending: Pending | null;
}

export interface Hitch {
  kind: Trouble;
  until: number;
}

/** How long after the visitor's last message a page in the background goes on listening. */
const AWAITED = 10 * 60_000;
/** An older conversation is looked at once when a page opens, and again when the chat does. */
const ALIVE = 24 * 60 * 60_000;

export class Chat {
  readonly matrix: Matrix;
  readonly attic: Attic;
  readonly outbox: Outbox;
  lines: Line[] = [];
  /** What went wrong with listening and with sending, until it goes well again. */
  private readonly troubles: Record<"feed" | "send", Hitch | null> = { feed: null, send: null };
  /** What the visitor is told where nothing is wrong. */
  note = "";
  /** Whether the panel is open. */
  open = false;
  private feed: Feed | null = null;
  private identity: Identity | null = null;
  private entering: Promise<Identity> | null = null;
  private most: number | null = null;
  private begunAnew = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private told = "";
  private stopped = false;

  constructor(
    readonly options: Options,
    readonly store: Store,
    readonly touches: Touches,
    private readonly changed: () => void,
  ) {
    this.matrix = new Matrix(options.homeserver);
    this.attic = new Attic(this.matrix);
    this.outbox = new Outbox({
      matrix: this.matrix,
      store,
      room: async () => (await this.entered()).room,
      settled: () => this.settled(),
      changed: () => this.update(),
      trouble: (error) => this.say("send", error),
      ended: (error) => this.beginAnew(error),
    });
  }

  /** Goes on where the last page stopped. */
  resume(): void {
    const identity = this.store.identity();
    if (identity !== undefined && identity.room !== "") this.listen(identity);
    else this.update();
    if (this.outbox.pending.length > 0) void this.outbox.run();
  }

  /** The page is looked at, the network is back, the chat was opened, another page did something. */
  wake(): void {
    const kept = this.store.identity();
    if (kept === undefined && this.identity !== null) return this.reset();
    if (kept !== undefined && kept.room !== "" && kept.user !== this.identity?.user) this.listen(kept);
    this.feed?.wake();
    this.outbox.wake();
    this.see();
  }

  get teamName(): string {
    return this.options.name;
  }

  /** The name to show for who wrote. */
  nameOf(user: string): string {
    return this.feed?.name(user) || this.options.name;
  }

  get typing(): string | null {
    const [first] = this.feed?.typing ?? [];
    return first === undefined ? null : this.nameOf(first);
  }

  get hasEarlier(): boolean {
    return this.feed?.back != null;
  }

  get unread(): number {
    return this.lines.slice(this.seenUpTo() + 1).filter((line) => !line.own && line.kind !== "gone").length;
  }

  earlier(): Promise<void> {
    return this.feed?.earlier() ?? Promise.resolve();
  }

  get trouble(): Hitch | null {
    return this.troubles.send ?? this.troubles.feed;
  }

  private say(from: "feed" | "send", error: ChatError | null): void {
    if (error === null && this.troubles[from] === null) return;
    if (error !== null && error.trouble !== "offline" && error.trouble !== "limited") console.warn(`Parley chat: ${error.message}`);
    if (error?.trouble === "ended") return void this.beginAnew(error);
    // One message that cannot be sent says so itself.
    this.troubles[from] = error === null || error.trouble === "refused" ? null : { kind: error.trouble, until: Date.now() + error.wait };
    this.update();
  }

  /** The most bytes of a file; asked once. */
  async mostBytes(): Promise<number> {
    await this.entered();
    return (this.most ??= await limit(this.matrix));
  }

  /** Leaves a name and an address, so that the conversation can go on by mail. */
  async introduce(name: string, email: string, line: string): Promise<void> {
    const contact = { name, email };
    const { room, user } = await this.entered();
    await tell(this.matrix, room, VISITOR, contact);
    this.store.kept.set("contact", contact);
    if (name !== "") await this.matrix.ask("PUT", `/profile/${part(user)}/displayname`, { body: { displayname: name } }).catch(() => undefined);
    this.outbox.content({ msgtype: "m.notice", body: line, [VISITOR]: contact });
  }

  /** The message that waits for an answer too long, if the visitor has not been asked about it. */
  get unanswered(): Line | null {
    const { askAfter } = this.options;
    if (askAfter === null || this.store.kept.get("contact") !== undefined) return null;
    const first = this.firstUnanswered();
    if (first === undefined || first.at + askAfter * 60_000 > Date.now()) return null;
    return this.store.kept.get("declined") === first.id ? null : first;
  }

  decline(): void {
    const first = this.firstUnanswered();
    if (first !== undefined) this.store.kept.set("declined", first.id);
    this.update();
  }

  async forget(): Promise<void> {
    const { room } = this.identity ?? { room: "" };
    const signedIn = this.identity !== null;
    this.feed?.stop();
    this.store.forget();
    if (signedIn) await leave(this.matrix, room);
    this.reset();
  }

  /** Marks what is in sight as read, here and for the team. */
  see(): void {
    if (!this.open || document.hidden || this.identity === null) return;
    const last = this.lines.filter((line) => !line.own && line.pending === null).at(-1);
    if (last === undefined || last.id === this.told) return;
    this.told = last.id;
    this.store.kept.set("seen", last.id);
    void this.matrix.ask("POST", `/rooms/${part(this.identity.room)}/receipt/m.read/${part(last.id)}`, { body: {} }).catch(() => undefined);
    this.changed();
  }

  private entered(): Promise<Identity> {
    this.entering ??= this.enter().finally(() => (this.entering = null));
    return this.entering;
  }

  /** Waits until it is known what the homeserver has. Nothing goes where the chat is closed. */
  private async settled(): Promise<void> {
    await this.feed?.ready;
    if (this.feed?.over?.trouble === "closed") throw this.feed.over;
  }

  private async enter(): Promise<Identity> {
    if (this.identity === null) {
      const identity = await enter(this.matrix, this.options, this.store, this.touches);
      this.listen(identity);
      return identity;
    }
    const due = this.touches.due();
    if (due !== null) {
      this.touches.told(Date.now());
      await tell(this.matrix, this.identity.room, TOUCH, due).catch(() => undefined);
    }
    return this.identity;
  }

  /** Ends for this page; what is kept stays, and what can be sent goes out with the next one. */
  stop(): void {
    this.stopped = true;
    this.open = false;
    this.feed?.stop();
    this.outbox.stop();
  }

  private listen(identity: Identity): void {
    if (this.stopped) return;
    this.feed?.stop();
    this.identity = identity;
    this.matrix.token = identity.token;
    this.feed = new Feed(this.matrix, identity.room, identity.user, { idle: () => this.idle(), changed: () => this.update(), trouble: (error) => this.say("feed", error) });
    void this.feed.run();
    this.update();
  }

  private idle(): boolean {
    const last = this.lines.at(-1);
    const age = last === undefined ? 0 : Date.now() - last.at;
    if (document.hidden) return !(last?.own === true && age < AWAITED);
    return !this.open && age > ALIVE;
  }

  /** The account or the room is gone. What waits goes out under a new one, at most once a minute; nothing else is lost. */
  private beginAnew(error: ChatError): boolean {
    const waiting = this.outbox.pending.some((one) => one.state !== "sent");
    if (error.trouble !== "ended") console.warn(`Parley chat: ${error.message}; the next message begins a new conversation`);
    this.feed?.stop();
    this.feed = null;
    this.store.end();
    this.outbox.pending = this.outbox.pending.filter((one) => one.state !== "sent");
    this.identity = null;
    this.matrix.token = "";
    const again = waiting && Date.now() - this.begunAnew > 60_000;
    if (again) this.begunAnew = Date.now();
    this.troubles.feed = null;
    this.troubles.send = again ? null : { kind: "ended", until: 0 };
    this.update();
    if (again) void this.outbox.run();
    return again;
  }

  private reset(): void {
    this.feed?.stop();
    this.feed = null;
    this.identity = null;
    this.note = this.matrix.token = "";
    this.troubles.feed = this.troubles.send = null;
    this.attic.clear();
    this.outbox.clear();
    this.update();
  }

  private firstUnanswered(): Line | undefined {
    const last = this.lines.findLastIndex((line) => !line.own);
    return this.lines.slice(last + 1).find((line) => line.own && line.pending === null && line.kind !== "gone");
  }

  private seenUpTo(): number {
    const seen = this.store.kept.get("seen");
    return seen === undefined ? -1 : this.lines.findIndex((line) => line.id === seen);
  }

  private update(): void {
    const me = this.identity?.user ?? "";
    const messages = this.feed === null ? [] : fold(this.feed.events, me);
    if (this.feed !== null) this.outbox.seen(new Set(messages.map((one) => one.txn)), new Set(messages.map((one) => one.id)));
    const read = this.readUpTo(messages, me);
    this.lines = [
      ...messages.map((one, n): Line => ({ ...one, state: one.own ? (n <= read ? "read" : "sent") : "", pending: null })),
      ...this.outbox.pending.map((one): Line => ({ id: one.txn, txn: one.txn, own: true, sender: me, at: one.at, kind: one.file === null ? "text" : "media", text: typeof one.content?.["body"] === "string" && one.file === null ? one.content["body"] : "", html: "", media: null, edited: false, reactions: [], state: one.state, pending: one })),
    ];
    this.remind();
    this.see();
    this.changed();
  }

  private readUpTo(messages: readonly Message[], me: string): number {
    let read = messages.findLastIndex((one) => !one.own);
    for (const [user, id] of this.feed?.read ?? []) if (user !== me) read = Math.max(read, messages.findIndex((one) => one.id === id));
    return read;
  }

  /** Looks again when the first unanswered message has waited long enough. */
  private remind(): void {
    clearTimeout(this.timer);
    const { askAfter } = this.options;
    const first = this.firstUnanswered();
    if (askAfter === null || first === undefined) return;
    const left = first.at + askAfter * 60_000 - Date.now();
    if (left > 0) this.timer = setTimeout(() => this.changed(), left + 50);
  }
}
