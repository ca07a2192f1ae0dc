import type { AccountConfig } from "../api/AccountConfig";
import type { AccountItem } from "../api/AccountItem";
import type { FoundAccount } from "../api/FoundAccount";
import type { TestReport } from "../api/TestReport";
import type { TwilioAccess } from "../api/TwilioAccess";
import type { VendorPage } from "../api/VendorPage";
import type { Host } from "../host/host";
import { say } from "../errors";

/** What can be connected: a channel, and of text messages by what they come. */
export type Kind = "email" | "instagram" | "messenger" | "sms_twilio" | "sms_phone" | "whatsapp" | "telegram" | "matrix" | "webchat";
export type ChatKind = Exclude<Kind, "email">;
export type ChatConfig = Exclude<AccountConfig, { channel: "email" }>;

export const kinds: readonly Kind[] = ["email", "instagram", "messenger", "whatsapp", "sms_twilio", "sms_phone", "telegram", "matrix", "webchat"];

/** Which kind the settings of an account are of. */
export function kindOf(config: AccountConfig): Kind {
  return config.channel === "sms" ? (config.via.kind === "phone" ? "sms_phone" : "sms_twilio") : config.channel;
}

const twilio = (): TwilioAccess => ({ account_sid: "", key_sid: "", base_url: "", messaging_service: "" });

/** Settings of which nothing is known yet. */
export function blankOf(kind: ChatKind): ChatConfig {
  const meta = { id: "", name: "", page: "", version: "", base_url: "", keep_media: false, human_agent: false };
  const matrix = { homeserver: "", user_id: "", name: "", sign_in: "password" as const, registration_token: "" };
  switch (kind) {
    case "instagram": return { channel: "instagram", door: "instagram", ...meta };
    case "messenger": return { channel: "messenger", door: "page", ...meta };
    case "sms_twilio": return { channel: "sms", number: "", name: "", via: { kind: "twilio", ...twilio() } };
    case "sms_phone": return { channel: "sms", number: "", name: "", via: { kind: "phone", base_url: "", user: "" } };
    case "whatsapp": return { channel: "whatsapp", number: "", name: "", twilio: twilio(), templates: [] };
    case "telegram": return { channel: "telegram", bot_id: "", name: "", base_url: "" };
    case "matrix": return { channel: "matrix", ...matrix };
    case "webchat": return { channel: "webchat", ...matrix };
  }
}

/** Twilio's access, where an account has one. */
export function twilioOf(config: ChatConfig): TwilioAccess | null {
  if (config.channel === "whatsapp") return config.twilio;
  return config.channel === "sms" && config.via.kind === "twilio" ? config.via : null;
}

/** Whether it is known which account it is. */
export function isNamed(config: ChatConfig): boolean {
  switch (config.channel) {
    case "instagram":
    case "messenger": return config.id !== "";
    case "sms":
    case "whatsapp": return config.number.trim() !== "";
    case "telegram": return config.bot_id !== "";
    case "matrix":
    // A name alone does not say where the homeserver is; that is found out.
    case "webchat": return /^https?:\/\//i.test(config.homeserver.trim()) && config.user_id.trim() !== "";
  }
}

/** Whether enough was entered to find out the rest. */
export function isEnough(config: ChatConfig): boolean {
  const access = twilioOf(config);
  if (access !== null) return access.account_sid.trim() !== "";
  switch (config.channel) {
    case "sms": return config.via.kind === "phone" && config.via.base_url.trim() !== "" && config.via.user.trim() !== "" && config.number.trim() !== "";
    case "matrix":
    case "webchat": return (config.homeserver.trim() !== "" && config.sign_in === "token") || (config.user_id.trim() !== "" && (config.homeserver.trim() !== "" || config.user_id.includes(":")));
    default: return true;
  }
}

/** Whether what is missing can be found out with the secret; of the others a person must say all. */
export function canBeFound(config: ChatConfig): boolean {
  switch (config.channel) {
    case "sms": return config.via.kind === "twilio";
    case "matrix":
    case "webchat": return config.sign_in === "token";
    default: return true;
  }
}

/** By what an account is told from others of the same person, and what it is called there. */
const IDENTITY = ["id", "page", "number", "bot_id", "user_id", "name"] as const;
type Identity = Partial<Record<(typeof IDENTITY)[number], string>>;

function identityOf(config: AccountConfig): Identity {
  const all = config as Identity;
  return Object.fromEntries(IDENTITY.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}

/** What to do at the vendor, step by step: the key of each sentence, and the page it leads to. */
export interface Deed {
  key: string;
  page: VendorPage | null;
}

const deed = (key: string, page: VendorPage | null = null): Deed => ({ key, page });

export function deedsOf(kind: ChatKind, config: ChatConfig): readonly Deed[] {
  switch (kind) {
    case "instagram":
      return config.channel === "instagram" && config.door === "page"
        ? [deed("metaApp", "meta_apps"), deed("metaPageProducts"), deed("metaPageLink"), deed("metaPageToken"), deed("instagramAccess")]
        : [deed("metaApp", "meta_apps"), deed("instagramProduct"), deed("instagramToken"), deed("instagramAccess")];
    case "messenger": return [deed("metaApp", "meta_apps"), deed("messengerProduct"), deed("messengerToken")];
    case "sms_twilio": return [deed("twilioSid", "twilio"), deed("twilioKey", "twilio_keys"), deed("twilioQuiet", "twilio_numbers")];
    case "whatsapp": return [deed("twilioWhatsapp", "twilio_whatsapp"), deed("twilioSid", "twilio"), deed("twilioKey", "twilio_keys")];
    case "sms_phone": return [deed("phoneInstall", "phone_gateway"), deed("phoneLocal"), deed("phoneNet")];
    case "telegram": return [deed("telegramBot", "bot_father"), deed("telegramToken"), deed("telegramAlone")];
    case "matrix": return [deed("matrixUser", "matrix_servers"), deed("matrixPlain")];
    case "webchat": return [deed("webchatUser", "matrix_servers"), deed("webchatToken"), deed("webchatPage")];
  }
}

/** What the chat on the website can be told in its snippet. */
export interface SnippetOptions {
  name: string;
  accent: string;
  language: string;
  /** Minutes; empty = never. */
  askAfter: string;
  consent: "ask" | "always" | "never";
}

const quoted = (value: string): string => value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** What stands in the page of a website, to be pasted before its end. */
export function snippetOf(config: Extract<AccountConfig, { channel: "webchat" }>, { name, accent, language, askAfter, consent }: SnippetOptions): string {
  const attributes: [string, string][] = [
    ["homeserver", config.homeserver.trim()], ["token", config.registration_token.trim()], ["support", config.user_id.trim()], ["name", name.trim()], ["accent", accent.trim()], ["language", language],
    ["ask-after-minutes", askAfter.trim() === "" ? "never" : askAfter.trim()], ["consent", consent],
  ];
  const lines = attributes.filter(([, value]) => value !== "").map(([key, value]) => `  data-${key}="${quoted(value)}"`);
  return [["<script", "defer", 'src="/parley-chat.js"'].join(" "), ...lines].join("\n") + "></script>";
}

/** Connecting an account of a channel, or changing one: what is entered, what is found out with it, and whether it works. */
export class Connecting {
  config = $state<ChatConfig>(blankOf("telegram"));
  secret = $state("");
  advanced = $state(false);
  /** The accounts that the secret is for. */
  found = $state.raw<readonly FoundAccount[] | null>(null);
  report = $state.raw<TestReport | null>(null);
  busy = $state<"find" | "test" | "connect" | null>(null);
  error = $state<string | null>(null);
  /** The number is typed, not chosen among those that were found. */
  byHand = $state(false);
  /** What was taken over from an account that was found, with what stood there before. */
  private taken: { was: Identity; now: Identity } | null = null;
  private run = 0;

  constructor(
    private readonly host: Host,
    readonly kind: ChatKind,
    readonly existing: AccountItem | null = null,
  ) {
    this.config = existing === null || existing.config.channel === "email" ? blankOf(kind) : ($state.snapshot(existing.config) as ChatConfig);
  }

  /** The notes of the account that was found and is meant. */
  get notes(): readonly string[] {
    return this.found?.find((one) => this.isChosen(one))?.notes ?? [];
  }

  isChosen(one: FoundAccount): boolean {
    const identity = ({ number, id, bot_id, user_id }: Identity): string => number ?? id ?? bot_id ?? user_id ?? "";
    const wanted = identity(identityOf(one.config));
    return !this.byHand && wanted !== "" && wanted === identity(identityOf(this.config));
  }

  /** Which account it is must be found out first. */
  get seeks(): boolean {
    return !isNamed(this.config) && canBeFound(this.config) && !(this.byHand && this.found !== null);
  }

  private get proven(): boolean {
    return this.secret.trim() !== "" || this.existing !== null;
  }

  get canFind(): boolean {
    return this.busy === null && this.secret.trim() !== "" && isEnough(this.config);
  }

  get canTest(): boolean {
    return this.busy === null && this.proven && isEnough(this.config) && (isNamed(this.config) || this.secret.trim() !== "");
  }

  /** Something was typed: what was found and tested no longer counts, nor does what is being asked just now. */
  changed(identity = false): void {
    // What is entered beside who it is does not change which accounts there are.
    if (identity || this.busy !== "find") this.run += 1;
    this.report = null;
    this.error = null;
    if (!identity) return;
    this.found = null;
    this.giveBack();
    if (!isNamed(this.config)) this.byHand = false;
  }

  /** Takes over which account it is, and nothing else: what was entered beside it stays. */
  choose(one: FoundAccount): void {
    if (one.config.channel !== this.config.channel) return;
    this.byHand = false;
    this.giveBack();
    const was = identityOf(this.config);
    const now = identityOf(one.config);
    // What the team calls it is theirs.
    if (was.name?.trim()) delete now.name;
    this.taken = { was, now };
    Object.assign(this.config, now);
    this.changed();
  }

  /** The number is none of those that were found. */
  typeNumber(): void {
    this.giveBack();
    this.byHand = true;
    this.changed();
  }

  /** What was taken over goes again where nobody wrote over it: it was of another account. */
  private giveBack(): void {
    if (this.taken === null) return;
    const { was, now } = this.taken;
    this.taken = null;
    const here = identityOf(this.config);
    Object.assign(this.config, Object.fromEntries(IDENTITY.flatMap((key) => (now[key] !== undefined && here[key] === now[key] ? [[key, was[key] ?? ""]] : []))));
  }

  /** Finds out which accounts the secret is for; a single one is taken. */
  async find(): Promise<boolean> {
    if (!this.canFind) return false;
    this.byHand = false;
    const found = await this.during("find", () => this.host.call("account_find", { config: this.clean(), secret: this.secret.trim() }));
    if (found === null) {
      // A number that is not listed can be typed.
      if (this.error !== null && twilioOf(this.config) !== null) this.byHand = true;
      return false;
    }
    this.found = found;
    const [first] = found;
    if (first !== undefined && (found.length === 1 || found.some((one) => this.isChosen(one)))) this.choose(found.find((one) => this.isChosen(one)) ?? first);
    return isNamed(this.config);
  }

  async test(): Promise<boolean> {
    if (this.seeks && !(await this.find())) return false;
    if (!this.canTest || !isNamed(this.config)) return false;
    this.changed();
    this.report = await this.during("test", () => this.host.call("account_test", { config: this.clean(), password: this.proof(), oauth_flow: null, id: this.existing?.id ?? null }));
    return this.report?.ok === true;
  }

  /** Tests and connects. What had to be found out first is tested and shown with what there is to know of it, and connected by another press. */
  async connect(): Promise<AccountItem | null> {
    if (!isNamed(this.config)) {
      await this.test();
      return null;
    }
    if (this.report?.ok !== true && !(await this.test())) return null;
    const config = this.clean();
    // What was asked to be connected is connected, also when somebody typed on meanwhile.
    return this.during("connect", () => this.existing === null
      ? this.host.call("account_add", { config, password: this.secret.trim(), oauth_flow: null })
      : this.host.call("account_update", { id: this.existing.id, config, password: this.proof(), oauth_flow: null }), true);
  }

  private proof(): string | null {
    return this.secret.trim() === "" ? null : this.secret.trim();
  }

  /** Asks the engine. An answer to what was typed over meanwhile is dropped, unless it is about something done. */
  private async during<T>(what: "find" | "test" | "connect", ask: () => Promise<T>, done = false): Promise<T | null> {
    this.busy = what;
    this.error = null;
    const run = ++this.run;
    try {
      const answer = await ask();
      return done || run === this.run ? answer : null;
    } catch (error) {
      if (done || run === this.run) this.error = say(error);
      return null;
    } finally {
      this.busy = null;
    }
  }

  /** What was entered, without the blanks around it that copying brings along. */
  private clean(): ChatConfig {
    const trimmed = (value: unknown): unknown => {
      if (typeof value === "string") return value.trim();
      if (Array.isArray(value)) return value.map(trimmed);
      if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, trimmed(inner)]));
      return value;
    };
    const config = trimmed($state.snapshot(this.config)) as ChatConfig;
    if (config.channel === "whatsapp") config.templates = config.templates.filter((one) => one.id !== "");
    return config;
  }
}
