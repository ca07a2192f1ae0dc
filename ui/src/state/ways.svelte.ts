import type { AccountState } from "../api/AccountState";
import type { Capabilities } from "../api/Capabilities";
import type { Channel } from "../api/Channel";
import type { Draft } from "../api/Draft";
import type { FromOption } from "../api/FromOption";
import type { Reach } from "../api/Reach";
import type { ReplyOptions } from "../api/ReplyOptions";
import type { Template } from "../api/Template";
import type { ToOption } from "../api/ToOption";
import { clock } from "./clock.svelte";
import { formatParties, parseParties } from "./parties";
import { barOf, crosses, keyOfWay, reachOf, type Bar } from "./reach";

/** What a person chose instead of what is proposed. */
interface Choice {
  target: string;
  account: string;
  from: string;
  /** The message that was answered then: a newer one is answered by its own way. */
  answering: string | null;
}

/** Whom a way leads to, as the line of a mail says it: what somebody typed on a website is the address and nothing more. */
const lineOf = (way: ToOption): string => (way.kind === "given" ? way.party.address : formatParties([way.party]));

/** By which way a reply goes: the channel and the address, and the account it is written from. */
export class Ways {
  /** What can be chosen, and what is proposed. */
  options = $state.raw<ReplyOptions | null>(null);
  /** The way that is taken: a channel and an address. */
  target = $state("");
  account = $state("");
  /** The address of that account to write from. */
  from = $state("");
  /** The recipients of a mail. */
  to = $state("");
  /** The message that is passed on, instead of an answer. */
  forwarding = $state<string | null>(null);
  private usual = "";
  private chosen: Choice | null = null;

  reset(): void {
    this.target = this.account = this.from = this.to = this.usual = "";
    this.forwarding = this.options = this.chosen = null;
  }

  /** Takes what is proposed, or what a person chose instead while the same message is answered. */
  propose(options: ReplyOptions): void {
    this.options = options;
    this.to = this.proposedTo;
    const [first] = options.to;
    if (first === undefined) {
      const from = options.from.find((option) => option.capabilities.channel === "email") ?? null;
      [this.target, this.account, this.from] = ["", from?.account ?? "", from?.address ?? ""];
    } else this.goBy(first, null);
    this.usual = this.account;
    const { chosen } = this;
    if (chosen === null) return;
    const way = options.to.find((option) => keyOfWay(option) === chosen.target);
    if (chosen.answering !== options.answering || way === undefined) this.chosen = null;
    else this.goBy(way, chosen.account, chosen.from);
  }

  /** Learns what became of the ways while somebody writes: where it goes and what it answers stay as they are. */
  renew(fresh: ReplyOptions): void {
    const { options, way } = this;
    if (options === null) {
      this.propose(fresh);
      return;
    }
    if (this.forwarding !== null) this.options = { ...options, from: fresh.from };
    else {
      // What led there and is gone leads nowhere; it must not become another way under somebody's hand.
      const gone = way !== null && !fresh.to.some((option) => keyOfWay(option) === keyOfWay(way)) ? [{ ...way, by: [] }] : [];
      this.options = { ...options, to: [...fresh.to, ...gone], from: fresh.from, sample: fresh.sample };
    }
    if (fresh.from.some((option) => option.account === this.account)) return;
    const { to } = this;
    if (this.way === null) [this.account, this.from] = [this.senders[0]?.account ?? "", this.senders[0]?.address ?? ""];
    else this.goBy(this.way, null);
    this.to = to;
  }

  /** Goes by another way, because a person wants to. */
  choose(way: ToOption): void {
    this.goBy(way, way.by.find((reach) => reach.account === this.account)?.account ?? null);
    this.keep();
  }

  /** Writes from another address, because a person wants to. */
  chooseSender(account: string, from: string): void {
    [this.account, this.from] = [account, from];
    this.keep();
  }

  /** What is proposed counts again. */
  unchoose(): void {
    this.chosen = null;
  }

  /** Goes on by the way that a draft was written for. */
  resume(draft: Draft): void {
    const to = this.options?.to ?? [];
    const by = this.options?.from.find((option) => option.account === draft.account)?.capabilities.channel ?? (draft.to.length > 0 ? "email" : null);
    const kept = to.find((way) => way.channel === by && way.party.address.toLowerCase() === draft.to[0]?.address.toLowerCase()) ?? (by === "email" ? to.find((way) => way.channel === by) : undefined);
    if (kept !== undefined) this.goBy(kept, draft.account);
    if (draft.to.length > 0 && by === "email") this.to = formatParties(draft.to);
    if (by === null || by === "email") this.account = draft.account ?? this.account;
    this.from = draft.from ?? this.addressOf(this.account) ?? this.from;
  }

  /** What a draft keeps of this. Where there are several channels, the one that was taken: the newest message may come by another one. */
  kept(): Pick<Draft, "to" | "account" | "from"> {
    const account = this.account === "" ? null : this.account;
    if (!this.mail) return { to: this.way === null ? [] : [this.way.party], account, from: null };
    const several = this.ways.some((way) => way.channel !== "email");
    return {
      to: this.to !== this.proposedTo || several ? parseParties(this.to) : [],
      account: this.account === this.usual && !several ? null : account,
      from: this.from === (this.addressOf(this.usual) ?? "") ? null : this.from,
    };
  }

  /** The way by which it goes, of those that are known. */
  get way(): ToOption | null {
    return this.options?.to.find((option) => keyOfWay(option) === this.target) ?? null;
  }

  /** What it goes by. A message that is passed on is a mail. */
  get channel(): Channel {
    return this.forwarding !== null ? "email" : (this.way?.channel ?? "email");
  }

  get mail(): boolean {
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

  get senderState(): AccountState | null {
    return this.sender?.state ?? null;
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

  /** Nobody would receive it: it would answer, or pass on, what is made up. */
  get unreal(): boolean {
    return this.options?.sample ?? false;
  }

  /** What of formatting the channel carries; until it is known, as it mostly does. */
  get looks(): Capabilities["formatting"] {
    return this.can?.formatting ?? (this.mail ? "html" : "none");
  }

  get formats(): boolean {
    return this.looks !== "none";
  }

  /** The recipient is not the one who wrote: said loudly. */
  get elsewhere(): ToOption["party"] | null {
    const proposed = this.options?.to[0];
    return proposed?.kind === "reply_to" && this.to.includes(proposed.party.address) ? proposed.party : null;
  }

  /** Whether the message that is answered can stand below: a mail below a mail. */
  get quotes(): boolean {
    return this.options?.history !== null && this.mail && (this.forwarding !== null || !crosses(this.way, this.options?.to[0]?.channel ?? null));
  }

  /** Goes by a way, from an account that leads there. */
  goBy(way: ToOption, account: string | null, from: string | null = null): void {
    this.target = keyOfWay(way);
    if (way.channel === "email") {
      const mine = this.options?.from.filter((option) => option.capabilities.channel === "email") ?? [];
      const taken = mine.find((option) => option.account === account && option.address === from) ?? mine.find((option) => option.account === account) ?? mine[0];
      [this.account, this.from] = [taken?.account ?? "", taken?.address ?? ""];
      this.to = lineOf(way);
      return;
    }
    this.account = account ?? way.by[0]?.account ?? "";
    this.from = this.addressOf(this.account) ?? "";
  }

  private keep(): void {
    this.chosen = { target: this.target, account: this.account, from: this.from, answering: this.options?.answering ?? null };
  }

  private addressOf(account: string): string | undefined {
    return this.options?.from.find((option) => option.account === account)?.address;
  }

  /** Whom a mail is proposed to be written to. */
  private get proposedTo(): string {
    const first = this.options?.to.find((option) => option.channel === "email");
    return first === undefined ? "" : lineOf(first);
  }
}
