// What happens in the visitor's room: a long poll as long as somebody may be looking, history page by page, gaps closed.
import { type Json, list, type Matrix, obj, part } from "./matrix";
import { backoff, Pause } from "./pace";
import { localTime } from "./timeline";
import { name, str } from "./text";
import { ChatError } from "./trouble";

const LONG = 30_000;
/** The least time between two polls that brought nothing: some homeservers and proxies answer at once. */
const LEAST = 400;
const PAGE = 50;
/** Pages that are fetched at most to close a gap; what is older comes by "earlier messages". */
const GAP_PAGES = 6;

export interface Listener {
  /** Whether nobody looks and nothing is awaited. */
  idle(): boolean;
  changed(): void;
  trouble(error: ChatError | null): void;
}

export class Feed {
  /** All events of the room that are known, oldest first. */
  events: Json[] = [];
  typing: string[] = [];
  /** The newest event that each member has read. */
  readonly read = new Map<string, string>();
  /** Where older history begins; null where there is none. */
  back: string | null = null;
  /** Resolves with the first answer, when it is known what the homeserver has, or when there will be none. */
  readonly ready: Promise<void>;
  /** Why nothing comes any more, where that is for good. */
  over: ChatError | null = null;
  private readonly names = new Map<string, string>();
  private readonly known = new Set<string>();
  private since = "";
  private readonly control = new AbortController();
  private readonly pause = new Pause();
  private isReady: () => void = () => undefined;

  constructor(
    private readonly matrix: Matrix,
    private readonly room: string,
    private readonly me: string,
    private readonly listener: Listener,
  ) {
    this.ready = new Promise((resolve) => (this.isReady = resolve));
  }

  get stopped(): boolean {
    return this.control.signal.aborted;
  }

  stop(): void {
    this.control.abort();
    this.pause.wake();
    this.isReady();
  }

  /** Something changed (the page is looked at, the network is back): try now. */
  wake(): void {
    this.pause.wake();
  }

  name(user: string): string {
    return this.names.get(user) ?? "";
  }

  async run(): Promise<void> {
    for (let failures = 0; !this.stopped; ) {
      if (this.since !== "" && this.listener.idle()) {
        await this.pause.for(Infinity);
        continue;
      }
      const began = Date.now();
      try {
        const fresh = await this.poll();
        failures = 0;
        if (this.stopped) return;
        this.listener.trouble(null);
        if (!fresh && Date.now() - began < LEAST) await this.pause.for(LEAST);
      } catch (error) {
        if (this.stopped) return;
        const why = error instanceof ChatError ? error : new ChatError("server", String(error));
        if (!why.passes) this.over = why;
        this.listener.trouble(why);
        if (!why.passes) return this.stop();
        failures += 1;
        await this.pause.for(Math.max(why.wait, backoff(failures)));
      }
    }
  }

  /** Older messages, one page; says whether there may be more. */
  async earlier(): Promise<void> {
    if (this.back === null) return;
    const { events, end } = await this.page(this.back);
    this.add(events, "front");
    this.back = end;
    this.listener.changed();
  }

  private async poll(): Promise<boolean> {
    const filter = JSON.stringify({
      presence: { types: [] },
      account_data: { types: [] },
      room: { rooms: [this.room], account_data: { types: [] }, state: { types: ["m.room.member", "m.room.encryption"] }, ephemeral: { types: ["m.typing", "m.receipt"] }, timeline: { limit: PAGE } },
    });
    const query = { filter, set_presence: "offline", timeout: this.since === "" ? "0" : String(LONG), ...(this.since === "" ? {} : { since: this.since }) };
    const answer = await this.matrix.ask("GET", "/sync", { query, signal: this.control.signal, limit: LONG + 20_000 });
    if (this.stopped) return false;
    const rooms = obj(answer["rooms"]);
    if (obj(rooms["leave"])[this.room] !== undefined) throw new ChatError("ended", "the visitor is no longer in the room");
    const room = obj(obj(rooms["join"])[this.room]);
    const fresh = await this.take(room);
    const next = str(answer["next_batch"], 4_000);
    if (next === "") throw new ChatError("server", "the homeserver's answer has no next_batch");
    this.since = next;
    this.isReady();
    if (fresh) this.listener.changed();
    return fresh;
  }

  private async take(room: Json): Promise<boolean> {
    const state = list(obj(room["state"])["events"]);
    for (const event of state) this.learn(event);
    const timeline = obj(room["timeline"]);
    const events = list(timeline["events"]);
    const previous = typeof timeline["prev_batch"] === "string" ? timeline["prev_batch"] : null;
    if (timeline["limited"] === true && previous !== null) {
      if (this.since === "") this.back = previous;
      else await this.close(previous);
    }
    this.add(events, "end");
    const passing = list(obj(room["ephemeral"])["events"]);
    for (const event of passing) this.pass(event);
    return this.since === "" || state.length + events.length + passing.length > 0;
  }

  /** Closes a gap: pages backwards until one holds what is known. */
  private async close(from: string): Promise<void> {
    let token: string | null = from;
    let missed: Json[] = [];
    for (let page = 0; page < GAP_PAGES && token !== null; page += 1) {
      const { events, end }: { events: Json[]; end: string | null } = await this.page(token);
      missed = [...events, ...missed];
      token = end;
      if (events.some((event) => this.known.has(str(event["event_id"], 300)))) return this.add(missed, "end");
    }
    // Too much happened: what is left of the old is forgotten and comes again as history.
    this.events = [];
    this.known.clear();
    this.back = token;
    this.add(missed, "end");
  }

  private async page(from: string): Promise<{ events: Json[]; end: string | null }> {
    const query = { dir: "b", from, limit: String(PAGE) };
    const answer = await this.matrix.ask("GET", `/rooms/${part(this.room)}/messages`, { query, signal: this.control.signal });
    const end = answer["end"];
    return { events: list(answer["chunk"]).reverse(), end: typeof end === "string" && end !== from ? end : null };
  }

  private add(events: readonly Json[], where: "front" | "end"): void {
    const fresh: Json[] = [];
    for (const event of events) {
      const id = str(event["event_id"], 300);
      if (id === "" || this.known.has(id)) continue;
      this.known.add(id);
      // What history says of names is older than what is known.
      if (where === "end") this.learn(event);
      fresh.push({ ...event, local_ts: localTime(event, Date.now()) });
    }
    this.events = where === "end" ? [...this.events, ...fresh] : [...fresh, ...this.events];
  }

  private learn(event: Json): void {
    const user = str(event["state_key"], 300);
    if (event["type"] === "m.room.encryption" && event["state_key"] === "") throw new ChatError("closed", "the homeserver encrypts every room by force (encryption_enabled_by_default_for_room_type), and this chat speaks in the clear");
    if (event["type"] !== "m.room.member" || event["state_key"] === undefined) return;
    const content = obj(event["content"]);
    if (content["membership"] === "join" || content["membership"] === "invite") this.names.set(user, name(content["displayname"]));
  }

  private pass(event: Json): void {
    const content = obj(event["content"]);
    if (event["type"] === "m.typing") {
      const users = Array.isArray(content["user_ids"]) ? content["user_ids"] : [];
      this.typing = users.filter((user): user is string => typeof user === "string" && user !== this.me);
    } else if (event["type"] === "m.receipt") {
      for (const [id, kinds] of Object.entries(content)) for (const user of Object.keys(obj(obj(kinds)["m.read"]))) this.read.set(user, id);
    }
  }
}
