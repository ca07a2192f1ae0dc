import type { FoundMessage } from "../api/FoundMessage";
import type { Host } from "../host/host";
import { say } from "../errors";
import type { Timeline } from "./timeline.svelte";

const PAUSE = 120;
const PAGE = 500;

/** The words of a query that can be marked in a text: no operators, no quotes. */
export function wordsOf(query: string): string[] {
  return query.split(/[\s"“”„]+/u).filter((word) => word !== "" && !word.startsWith("-") && !/^[a-z]+:./i.test(word));
}

/** Finding within the conversation that is open: every message of it, loaded or not. */
export class Find {
  open = $state(false);
  query = $state("");
  /** What was found, oldest first. */
  found = $state.raw<FoundMessage[]>([]);
  /** Where older hits are read on. */
  next = $state<string | null>(null);
  /** The hit that is shown; -1 = none yet. */
  at = $state(-1);
  /** The query that the hits answer. */
  answered = $state("");
  error = $state<string | null>(null);
  /** Grows when the field should take the focus. */
  focuses = $state(0);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private run = 0;

  constructor(
    private readonly host: Host,
    private readonly timeline: Timeline,
  ) {}

  /** What is marked in the texts. */
  get words(): string[] {
    return this.open && this.answered !== "" ? wordsOf(this.answered) : [];
  }

  /** The message of the hit that is shown. */
  get message(): string | null {
    return this.found[this.at]?.message ?? null;
  }

  show(): void {
    this.open = true;
    this.focuses += 1;
  }

  close(): void {
    this.stop();
    this.open = false;
    this.query = this.answered = "";
    this.found = [];
    this.next = null;
    this.at = -1;
    this.error = null;
  }

  typed(query: string): void {
    this.query = query;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), PAUSE);
  }

  /** Asks, and shows the hit nearest to what is being read. */
  async ask(): Promise<void> {
    this.stop();
    const run = this.run;
    const query = this.query.trim();
    const { conversation } = this.timeline;
    if (query === "" || conversation === null) {
      this.found = [];
      this.next = null;
      this.answered = "";
      this.at = -1;
      this.error = null;
      return;
    }
    try {
      const page = await this.host.call("find_within", { conversation, query: this.query.trimStart(), before: null, limit: PAGE });
      if (run !== this.run) return;
      this.found = [...page.found].reverse();
      this.next = page.next;
      this.answered = query;
      this.error = null;
      this.at = -1;
      if (this.found.length > 0) await this.go(this.nearest());
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  /** To the next hit further down, and from the last to the first. */
  async forward(): Promise<void> {
    if (this.found.length > 0) await this.go((this.at + 1) % this.found.length);
  }

  /** To the next hit further up; hits that were not asked for yet are asked for. */
  async back(): Promise<void> {
    if (this.at <= 0 && this.next !== null) await this.older();
    if (this.found.length > 0) await this.go((Math.max(0, this.at) - 1 + this.found.length) % this.found.length);
  }

  private async older(): Promise<void> {
    const { next, run } = this;
    const { conversation } = this.timeline;
    if (next === null || conversation === null) return;
    try {
      const page = await this.host.call("find_within", { conversation, query: this.query.trimStart(), before: next, limit: PAGE });
      if (run !== this.run) return;
      this.found = [...[...page.found].reverse(), ...this.found];
      this.at += page.found.length;
      this.next = page.next;
    } catch (error) {
      if (run === this.run) this.error = say(error);
    }
  }

  private async go(at: number): Promise<void> {
    this.at = at;
    const message = this.found[at]?.message;
    if (message !== undefined) await this.timeline.jump(message);
  }

  /** The last hit that does not come after what is being read, else the newest. */
  private nearest(): number {
    const { items, eye } = this.timeline;
    const read = items.find((item) => item.type === "message" && item.id === eye);
    const end = items.at(-1);
    const from = this.timeline.newer === null && read === undefined ? end : (read ?? end);
    if (from === undefined || from.type === "episode") return this.found.length - 1;
    const at = this.found.findIndex((hit) => hit.at >= from.at);
    return at < 0 ? this.found.length - 1 : at;
  }

  private stop(): void {
    this.run += 1;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
