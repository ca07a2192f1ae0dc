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
    case "sms": return config.via.kind === "phone" && config.via.base_url.trim() !== "" && config.via.user.trim() !== "";
    case "matrix":
    case "webchat": return (config.homeserver.trim() !== "" && config.sign_in === "token") || (config.user_id.trim() !== "" && (config.homeserver.trim() !== "" || config.user_id.includes(":")));
    default: return true;
  }
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
  return [["<script", "defer", 'src="parley-chat.js"'].join(" "), ...lines].join("\n") + "></script>";
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
    const identity = (config: AccountConfig): string => ("number" in config ? config.number : "id" in config ? config.id : "bot_id" in config ? config.bot_id : "user_id" in config ? config.user_id : "");
    return identity(one.config) !== "" && identity(one.config) === identity(this.config);
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

  /** Something was typed: what was found and tested no longer counts. */
  changed(identity = false): void {
    this.run += 1;
    this.report = null;
    this.error = null;
    if (identity) this.found = null;
  }

  choose(one: FoundAccount): void {
    if (one.config.channel === "email") return;
    this.config = structuredClone(one.config);
    this.changed();
  }

  /** Finds out which accounts the secret is for; a single one is taken. */
  async find(): Promise<boolean> {
    if (!this.canFind) return false;
    return (await this.during("find", async () => {
      const found = await this.host.call("account_find", { config: this.clean(), secret: this.secret.trim() });
      this.found = found;
      const [first] = found;
      if (first !== undefined && (found.length === 1 || found.some((one) => this.isChosen(one)))) this.choose(found.find((one) => this.isChosen(one)) ?? first);
    })) && isNamed(this.config);
  }

  async test(): Promise<boolean> {
    if (!isNamed(this.config) && !(await this.find())) return false;
    if (!this.canTest) return false;
    this.changed();
    const done = await this.during("test", async () => {
      this.report = await this.host.call("account_test", { config: this.clean(), password: this.proof(), oauth_flow: null, id: this.existing?.id ?? null });
    });
    return done && (this.report as TestReport | null)?.ok === true;
  }

  /** Tests and connects. What had to be found out first is tested and shown with what there is to know of it, and connected by another press. */
  async connect(): Promise<AccountItem | null> {
    if (!isNamed(this.config)) {
      await this.test();
      return null;
    }
    if ((this.report as TestReport | null)?.ok !== true && !(await this.test())) return null;
    let account: AccountItem | null = null;
    await this.during("connect", async () => {
      const config = this.clean();
      account = this.existing === null
        ? await this.host.call("account_add", { config, password: this.secret.trim(), oauth_flow: null })
        : await this.host.call("account_update", { id: this.existing.id, config, password: this.proof(), oauth_flow: null });
    });
    return account;
  }

  private proof(): string | null {
    return this.secret.trim() === "" ? null : this.secret.trim();
  }

  private async during(what: "find" | "test" | "connect", work: () => Promise<void>): Promise<boolean> {
    this.busy = what;
    this.error = null;
    const run = ++this.run;
    try {
      await work();
      return true;
    } catch (error) {
      if (run === this.run) this.error = say(error);
      return false;
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
