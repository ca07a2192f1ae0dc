// Every channel in the script: accounts, the people who write there, and what the vendors say.
import type { AccountConfig } from "../../api/AccountConfig";
import type { AccountItem } from "../../api/AccountItem";
import type { Capabilities } from "../../api/Capabilities";
import type { Card } from "../../api/Card";
import type { Channel } from "../../api/Channel";
import type { Edition } from "../../api/Edition";
import type { FoundAccount } from "../../api/FoundAccount";
import type { HandleItem } from "../../api/HandleItem";
import type { MessageItem } from "../../api/MessageItem";
import type { Reach } from "../../api/Reach";
import type { TestReport } from "../../api/TestReport";
import type { TestStep } from "../../api/TestStep";
import type { TimelineItem } from "../../api/TimelineItem";
import type { ToOption } from "../../api/ToOption";
import { addressOf } from "../../configs";
import { hostError } from "../host";
import { capabilities, idOf, me, message, nextId, plainHandle, type Conversation } from "./world";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const texts: Capabilities = {
  ...capabilities, formatting: "none", subject: false, copies: false, attachments: false, max_attachment: null, max_files: 1, may_write_first: false, pushes: false, poll_seconds: 15, idle_seconds: 60,
};
const templates = [
  { id: "HX1", name: "Order news", text: "Hello {{1}}, there is news of your order {{2}}. Answer here and we will tell you more." },
  { id: "HX2", name: "Call back", text: "Hello {{1}}, we tried to reach you. When may we call?" },
];

/** What an account of a channel can do. */
export const abilities: Readonly<Record<Channel, Capabilities>> = {
  email: capabilities,
  instagram: { ...texts, channel: "instagram", text_limit: { most: 1000, unit: "bytes" }, attachments: true, max_attachment: 25 * 1024 * 1024, max_by_type: [["image/*", 8 * 1024 * 1024]], files_apart: true, file_types: ["image/png", "image/jpeg", "video/*", "audio/*", "application/pdf"], reply_window_hours: 24, may_keep_media: false },
  messenger: { ...texts, channel: "messenger", text_limit: { most: 2000, unit: "chars" }, attachments: true, max_attachment: 25 * 1024 * 1024, max_by_type: [["image/*", 8 * 1024 * 1024]], files_apart: true, reply_window_hours: 24, may_keep_media: false },
  sms: { ...texts, channel: "sms", text_limit: { most: 3, unit: "segments" }, may_write_first: true },
  whatsapp: { ...texts, channel: "whatsapp", formatting: "signs", text_limit: { most: 1600, unit: "chars" }, reply_window_hours: 24, templates },
  telegram: { ...texts, channel: "telegram", formatting: "words", text_limit: { most: 4096, unit: "chars" }, attachments: true, max_attachment: 50 * 1024 * 1024, pushes: true, rereads: false },
  matrix: { ...texts, channel: "matrix", formatting: "blocks", attachments: true, max_attachment: 50 * 1024 * 1024, files_apart: true, deduplicates: true, pushes: true, may_write_first: true },
  webchat: { ...texts, channel: "webchat", formatting: "blocks", attachments: true, max_attachment: 50 * 1024 * 1024, files_apart: true, deduplicates: true, pushes: true },
};

const twilio = { account_sid: "AC2f0c", key_sid: "SK77ab", base_url: "", messaging_service: "" };
const meta = { id: "17841400000000001", name: "parley.lamps", door: "page" as const, page: "1020304050", version: "", base_url: "", keep_media: false, human_agent: false };

const configs: readonly AccountConfig[] = [
  { channel: "instagram", ...meta },
  { channel: "messenger", ...meta, id: "1020304050", name: "Parley Lamps" },
  { channel: "sms", number: "+46101380001", name: "Shop line", via: { kind: "twilio", ...twilio } },
  { channel: "sms", number: "+46701740002", name: "Mara's phone", via: { kind: "phone", base_url: "http://192.168.1.20:8080", user: "sms" } },
  { channel: "whatsapp", number: "+46101380003", name: "Parley Lamps", twilio, templates },
  { channel: "telegram", bot_id: "710000001", name: "parley_lamps_bot", base_url: "" },
  { channel: "matrix", homeserver: "https://matrix.parley-lamps.example", user_id: "@support:parley-lamps.example", name: "Support", sign_in: "password", registration_token: "" },
  { channel: "webchat", homeserver: "https://matrix.parley-lamps.example", user_id: "@chat:parley-lamps.example", name: "parley-lamps.example", sign_in: "token", registration_token: "tok-website-7f2" },
];

export function chatAccount(n: number, config: AccountConfig, more: Partial<AccountItem> = {}): AccountItem {
  return {
    id: idOf(950 + n), config, state: "ok", says: "Connected.", last_success: Date.now() - 12_000, next_try: Date.now() + 18_000, progress: null, history: true, cursor: '{"v":1,"after":"QVFIUn"}', gaps: [], live_from: Date.now() - 9 * DAY,
    capabilities: abilities[config.channel], standing: { token_until: null, used_percent: null, held_until: null, notes: [] }, quarantined: 0, refused: false, messages: 320 + n * 77, ...more,
  };
}

/** One account of each channel, in the states that an account can be in. */
export function channelAccounts(state: string): AccountItem[] {
  const now = Date.now();
  const all = configs.map((config, i) => chatAccount(i, config));
  if (state === "channels-trouble") {
    const change = (i: number, more: Partial<AccountItem>): void => void Object.assign(all[i] ?? {}, more);
    change(0, { standing: { token_until: now + 6 * DAY + HOUR, used_percent: 82, held_until: now + 14 * MINUTE, notes: ["Meta asks for the yearly Data Use Checkup of your app in January. Without it, reading stops."] }, quarantined: 3, gaps: [{ place: "Lea Sommer", reason: "12 messages came at once; Instagram gives only the newest 20 of a conversation.", since: now - 2 * DAY }] });
    change(1, { state: "needs_attention", says: "Meta no longer accepts the token: the password of the Facebook account was changed (190/460). Make a new one and enter it.", next_try: null, refused: true, standing: { token_until: now - HOUR, used_percent: 12, held_until: null, notes: [] } });
    change(2, { standing: { token_until: null, used_percent: 30, held_until: null, notes: ["+46101380001 answers texts by itself: empty “A message comes in” at Twilio, or customers get an automatic text as well."] } });
    change(3, { state: "waiting", says: "192.168.1.20:8080 does not answer. Is the phone in this network, and does the program run?", next_try: now + 30_000, last_success: now - 2 * HOUR });
    change(5, { state: "needs_attention", says: "Another program reads this bot (409). Stop it, or make another bot for Parley.", next_try: now + 60_000 });
    change(6, { state: "paused", says: "Paused by you. Nothing is read or sent." });
  } else Object.assign(all[0] ?? {}, { standing: { token_until: now + 52 * DAY, used_percent: 34, held_until: null, notes: [] } });
  return all;
}

/** The numbers of a vendor's account; one that is called `ACnone` has none. */
function numbersIn(account: string, numbers: readonly string[]): readonly string[] {
  if (account === "ACnone") throw hostError("channel", "The account has no number for this. Buy one in the vendor's console, or enter the number by hand.");
  return numbers;
}

/** Which accounts a secret is for. */
export function found(config: AccountConfig, secret: string): FoundAccount[] {
  if (secret.includes("wrong")) throw hostError("channel", "The token was refused (401). Copy it again, whole, from where it was shown.");
  switch (config.channel) {
    case "instagram": return [{ config: { ...config, id: meta.id, name: "parley.lamps", page: config.door === "page" ? "1020304050" : "" }, label: "@parley.lamps", notes: [] }, { config: { ...config, id: "17841400000000002", name: "parley.press", page: config.door === "page" ? "1020304051" : "" }, label: "@parley.press", notes: ["Access to messages is switched off in Instagram: Settings → Messages → Connected tools."] }];
    case "messenger": return [{ config: { ...config, id: "1020304050", page: "1020304050", name: "Parley Lamps" }, label: "Parley Lamps", notes: [] }];
    case "sms":
      if (config.via.kind === "phone") throw hostError("channel", "Nothing can be found out about this account by itself; fill in its settings.");
      // As the vendor does: a number goes by what it is called there.
      return numbersIn(config.via.account_sid, ["+46101380001", "+46101380009"]).map((number, i) => ({ config: { ...config, number }, label: i === 0 ? "Shop line" : number, notes: i === 0 ? ["This number answers texts by itself. Empty “A message comes in” at Twilio."] : [] }));
    case "whatsapp":
      numbersIn(config.twilio.account_sid, ["+46101380003"]);
      return [{ config: { ...config, number: "+46101380003" }, label: "+46101380003", notes: [] }];
    case "telegram": return [{ config: { ...config, bot_id: secret.split(":")[0] ?? "", name: "parley_lamps_bot" }, label: "@parley_lamps_bot", notes: [] }];
    case "matrix":
    case "webchat": return [{ config: { ...config, user_id: config.user_id || "@support:parley-lamps.example" }, label: "@support:parley-lamps.example", notes: [] }];
    default: return [];
  }
}

/** A test of an account of a channel: the secret “wrong” is refused. */
export function testOfChat(config: AccountConfig, secret: string | null): TestReport {
  const ok = (step: string, note: string): TestStep => ({ step, ok: true, note, hint: null });
  const steps = [ok("reach", "The vendor answers.")];
  if (secret?.includes("wrong") === true) return { ok: false, steps: [...steps, { step: "login", ok: false, note: "The secret was refused (401). Copy it again, whole.", hint: null }] };
  steps.push(ok("login", `Signed in as ${addressOf(config)}.`));
  if (config.channel === "instagram" && config.name === "parley.press") return { ok: false, steps: [...steps, { step: "permissions", ok: false, note: "Instagram keeps messages from other programs (200/2534041). In the Instagram app: Settings → Messages and story replies → Message controls → Connected tools → allow access.", hint: null }] };
  return { ok: true, steps: [...steps, ok("permissions", "Messages can be read and sent."), ok("read", "The newest conversation was read.")] };
}

/** How somebody is reached, by which of the accounts. */
export function waysTo(c: Conversation, accounts: readonly AccountItem[]): ToOption[] {
  const now = Date.now();
  const messages = c.items.filter((i): i is MessageItem & { type: "message" } => i.type === "message");
  const last = messages.findLast((m) => m.direction === "inbound");
  const reach = (channel: Channel, optedOut = false): Reach[] =>
    accounts.filter((a) => a.config.channel === channel).map((a) => {
      const hours = a.capabilities.reply_window_hours;
      const wrote = messages.findLast((m) => m.direction === "inbound" && m.channel === channel)?.at ?? null;
      if (hours === null) return { account: a.id, until: null, closed: wrote === null && !a.capabilities.may_write_first, opted_out: optedOut };
      const until = (wrote ?? 0) + hours * HOUR;
      return { account: a.id, until: until > now ? until : null, closed: until <= now, opted_out: optedOut };
    });
  const ways = c.handles.flatMap((h): ToOption[] => {
    const party = { name: h.name, address: h.value };
    const channels: Channel[] = h.channel === "sms" ? ["sms", "whatsapp"] : [h.channel];
    // STOP counts for the whole number.
    return channels.map((channel) => ({ party, channel, kind: "handle", by: reach(channel, h.opted_out), opted_out: h.opted_out }));
  });
  const given = c.handles.flatMap((h): ToOption[] => (h.email === null ? [] : [{ party: { name: h.name, address: h.email }, channel: "email", kind: "given", by: reach("email"), opted_out: false }]));
  const all = [...ways, ...given].filter((w) => w.by.length > 0 || w.channel === last?.channel);
  const first = all.find((w) => w.channel === last?.channel && w.party.address === last.from?.address.toLowerCase()) ?? all.find((w) => w.channel === last?.channel);
  return first === undefined ? all : [first, ...all.filter((w) => w !== first)];
}

/** An approved text with its blanks filled in. */
export const filled = (text: string, values: readonly string[]): string => text.replace(/\{\{(\d+)\}\}/g, (blank, n: string) => values[Number(n) - 1] ?? blank);

export const editionsOf = (m: MessageItem): Edition[] => (m.edited_at === null ? [] : [{ until: m.edited_at - 4 * MINUTE, text: "Is the lamp dimable" }, { until: m.edited_at, text: `${m.text.slice(0, 18)}…` }]);

/** One line of a play on several channels. */
interface Line {
  ago: number;
  by: Channel;
  from: "them" | "us" | "phone";
  text: string;
  more?: Partial<MessageItem>;
}

interface Person {
  name: string;
  handles: (Pick<HandleItem, "channel" | "value"> & Partial<HandleItem>)[];
  lines: Line[];
}

const card = (kind: Card["kind"], more: Partial<Card> = {}): Card => ({ kind, ...more });
const sent = { state: "sent" as const, hold_until: 0, error: null, attempts: 1, next_try: null };

const people = (now: number): Person[] => [
  {
    name: "Lea Sommer",
    handles: [
      { channel: "instagram", value: "6011223344", username: "lea.sommer" },
      { channel: "email", value: "lea@sommer-studio.de" },
      { channel: "sms", value: "+491715550101", opted_out: true },
      { channel: "telegram", value: "88112233", username: "leasommer" },
    ],
    lines: [
      { ago: 5 * DAY, by: "email", from: "them", text: "Hello, do you also sell the Vireo with a green shade? I could not find it in the shop.", more: { subject: "Green shade?" } },
      { ago: 5 * DAY - 3 * HOUR, by: "email", from: "us", text: "Hello Lea, yes, on request. I will send you photos.", more: { subject: "Re: Green shade?", send: sent } },
      { ago: 3 * DAY, by: "telegram", from: "them", text: "", more: { files: [{ id: idOf(91_001), name: "voice-1.ogg", mime: "audio/ogg", size: 48_000, inline: false, risky: false, warning: null }] } },
      { ago: 3 * DAY - HOUR, by: "telegram", from: "us", text: "Thank you for the recording! The green one is back in stock next week.", more: { send: sent, read_at: now - 3 * DAY + HOUR } },
      { ago: 26 * HOUR, by: "sms", from: "them", text: "STOP" },
      { ago: 3 * HOUR, by: "instagram", from: "them", text: "This one! 😍", more: { cards: [card("story_reply", { text: "Your story of Tuesday", link: "https://www.instagram.com/stories/parley.lamps/1" })] } },
      { ago: 3 * HOUR - 4 * MINUTE, by: "instagram", from: "phone", text: "That is the Vireo in moss green 🌿" },
      { ago: 2 * HOUR, by: "instagram", from: "them", text: "", more: { cards: [card("media", { mime: "image/jpeg", link: "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1", until: now + 20 * HOUR })] } },
      { ago: 100, by: "instagram", from: "us", text: "It would look wonderful in that corner. Shall I reserve one for you?", more: { send: sent, delivered_at: now - 99 * MINUTE, read_at: now - 90 * MINUTE, reactions: [{ name: "Lea Sommer", ours: false, emoji: "❤️", at: now - 89 * MINUTE }] } },
      { ago: 31, by: "instagram", from: "them", text: "Yes please! Is the lamp dimmable?", more: { edited_at: now - 30 * MINUTE, unread: true } },
    ],
  },
  {
    name: "Omar Haddad",
    handles: [{ channel: "sms", value: "+491715550102" }],
    lines: [
      { ago: 2 * DAY, by: "whatsapp", from: "them", text: "Hi, when does order 1077 arrive?" },
      { ago: 2 * DAY - 20, by: "whatsapp", from: "us", text: "Hello Omar, on Thursday.", more: { send: sent, delivered_at: now - 2 * DAY + 21 * MINUTE } },
      { ago: 27 * HOUR, by: "whatsapp", from: "them", text: "It is not here yet 😕" },
    ],
  },
  {
    name: "Kim Park",
    handles: [{ channel: "instagram", value: "6011223399", username: "kim.p" }],
    lines: [
      { ago: 9 * HOUR, by: "instagram", from: "them", text: "", more: { class: "machine", cards: [card("missing", { count: 12 })] } },
      { ago: 8 * HOUR, by: "instagram", from: "them", text: "", more: { cards: [card("story_mention", { link: "https://www.instagram.com/stories/kim.p/2", until: now - HOUR })] } },
      { ago: 7 * HOUR, by: "instagram", from: "them", text: "Look at this", more: { cards: [card("share", { text: "Light for small rooms", link: "https://www.instagram.com/p/abc" })] } },
      { ago: 6 * HOUR, by: "instagram", from: "them", text: "And this one?", more: { cards: [card("quote", { text: "The green one is back in stock next week." })] } },
      { ago: 330, by: "instagram", from: "them", text: "", more: { cards: [card("media", { mime: "video/mp4", link: "https://lookaside.fbsbx.com/2", until: now - HOUR })] } },
      { ago: 310, by: "instagram", from: "them", text: "", more: { cards: [card("sticker", { text: "👍" })] } },
      { ago: 300, by: "instagram", from: "them", text: "", more: { cards: [card("location", { text: "Kungsportsavenyn 12, Göteborg", link: "https://www.openstreetmap.org/?mlat=57.70&mlon=11.97" })] } },
      { ago: 290, by: "instagram", from: "them", text: "", more: { cards: [card("contact", { text: "Jin Park · +46 70 174 00 55" })] } },
      { ago: 280, by: "instagram", from: "them", text: "", more: { cards: [card("button", { text: "Show me the lamps" })] } },
      { ago: 270, by: "instagram", from: "them", text: "", more: { class: "machine", cards: [card("call", { text: "missed" })] } },
      { ago: 260, by: "instagram", from: "them", text: "", more: { cards: [card("unsupported")] } },
      { ago: 250, by: "instagram", from: "them", text: "", more: { cards: [card("unknown", { text: "poll_v2" })] } },
      { ago: 240, by: "instagram", from: "them", text: "", more: { unsent_at: now - 239 * MINUTE } },
      { ago: 230, by: "instagram", from: "them", text: "", more: { class: "machine", cards: [card("encrypted")] } },
      { ago: 220, by: "instagram", from: "them", text: "", more: { class: "machine", cards: [card("notice", { text: "Kim Park left the conversation" })] } },
      { ago: 42, by: "instagram", from: "them", text: "", more: { cards: [card("media", { mime: "image/jpeg", link: "https://lookaside.fbsbx.com/3", until: now + 22 * HOUR })], reactions: [{ name: "", ours: true, emoji: "🔥", at: now - 40 * MINUTE }, { name: "Kim Park", ours: false, emoji: "🔥", at: now - 40 * MINUTE }, { name: "Jin", ours: false, emoji: "👏", at: now - 39 * MINUTE }] } },
    ],
  },
  {
    name: "Ida Nyström",
    handles: [{ channel: "webchat", value: "@v-8f21:parley-lamps.example", email: "ida.nystrom@posten.se" }],
    lines: [
      { ago: 75, by: "webchat", from: "them", text: "Hi! Do you have the table lamp in white?" },
      { ago: 73, by: "webchat", from: "us", text: "Hi Ida, we do. Here it is: https://parley-lamps.example/table-white", more: { send: sent, read_at: now - 72 * MINUTE } },
      { ago: 52, by: "webchat", from: "them", text: "Great. Could you send me an offer for six?" },
    ],
  },
];

/** Puts people who write by several channels into the script. */
export function furnishChannels(all: Conversation[], now: number, state: string): void {
  people(now).reverse().forEach((person, i) => all.unshift(personOf(person, i, now)));
  const [lea, , , ida] = all;
  if (ida !== undefined) ida.touches = [{ at: now - 80 * MINUTE, channel: "webchat", touch: { page: "https://parley-lamps.example/table-lamps/white?utm_source=newsletter", referrer: "https://www.bing.com/", utm: { source: "newsletter", medium: "email", campaign: "winter-light" }, reference: null } }];
  if (lea !== undefined) {
    lea.linked = lea.handles.slice(1).map((h) => ({ id: h.id, name: h.name ?? h.value, agent: me.name, at: now - 4 * DAY }));
    lea.touches = [{ at: now - 3 * HOUR, channel: "instagram", touch: { page: null, referrer: null, utm: {}, reference: "story 1" } }];
    if (state === "channels-telegram") lea.items = lea.items.filter((i) => i.type !== "message" || i.channel === "telegram" || i.channel === "email");
  }
}

function personOf(person: Person, index: number, now: number): Conversation {
  const id = idOf(40_000 + index);
  const first = person.handles[0];
  const handleOf = (channel: Channel): string => person.handles.find((h) => h.channel === channel || (h.channel === "sms" && channel === "whatsapp"))?.value ?? "";
  const items: TimelineItem[] = person.lines.map((line): TimelineItem => {
    const at = now - (line.ago < 1000 ? line.ago * MINUTE : line.ago);
    const them = { name: person.name, address: handleOf(line.by) };
    const account = configs.find((c) => c.channel === line.by);
    const ours = { name: null, address: account === undefined ? "hello@parley-lamps.example" : addressOf(account) };
    const theirs = line.from === "them";
    const made = message(at, theirs ? { name: person.name, address: them.address, subject: "", ago: 0, lines: [], channel: line.by } : null, null, line.text, { channel: line.by, account: ours.address, to: [theirs ? ours : them], verified: null, sender_says: null, outside_app: line.from === "phone", author: line.from === "us" ? me.name : null, ...line.more });
    return { type: "message", ...made };
  });
  items.unshift({ type: "episode", id: `${id}:1`, number: 1, opened_at: items[0]?.type === "message" ? items[0].at : now, resolved_at: null, by_agent: false, first_response: null, resolved_by: null, messages: 0, start: "", end: null });
  return {
    id, name: person.name, address: first?.value ?? "", items, status: "open", stage: "engaged", history: [], tags: [], assignee: me, snoozedUntil: null, drafts: [], noReply: false, automatic: false,
    handles: person.handles.map((h) => ({ id: nextId(), name: person.name, not_customer: false, first_seen: now - 9 * DAY, last_in: now - HOUR, name_at: null, ...plainHandle, ...h })),
  };
}
