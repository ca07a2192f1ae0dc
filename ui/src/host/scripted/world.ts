import type { Agent } from "../../api/Agent";
import type { ConversationRow } from "../../api/ConversationRow";
import type { Draft } from "../../api/Draft";
import type { FileItem } from "../../api/FileItem";
import type { CustomerPanel } from "../../api/CustomerPanel";
import type { HandleItem } from "../../api/HandleItem";
import type { LinkItem } from "../../api/LinkItem";
import type { MessageItem } from "../../api/MessageItem";
import type { StageChange } from "../../api/StageChange";
import type { Stage } from "../../api/Stage";
import type { Status } from "../../api/Status";
import type { TextLink } from "../../api/TextLink";
import type { TouchItem } from "../../api/TouchItem";
import type { TimelineItem } from "../../api/TimelineItem";
import type { Capabilities } from "../../api/Capabilities";
import { crowd, stories, type Story } from "./people";

export const me: Agent = { id: "a0", name: "Mara Lind", me: true };
export const team: Agent[] = [me, { id: "a1", name: "Tom Okafor", me: false }, { id: "a2", name: "Layla Haddad", me: false }];
export const ours = { name: "Parley Lamps", address: "hello@parley-lamps.example" };
const agentOf = { me, tom: team[1] ?? me, layla: team[2] ?? me };

export const stages: Stage[] = [
  { key: "new", name: "New", digit: 1, qualified: false, closed: false, tone: "neutral" },
  { key: "engaged", name: "Engaged", digit: 2, qualified: false, closed: false, tone: "blue" },
  { key: "qualified", name: "Qualified", digit: 3, qualified: true, closed: false, tone: "violet" },
  { key: "won", name: "Won", digit: 4, qualified: true, closed: true, tone: "green" },
  { key: "lost", name: "Lost", digit: 5, qualified: false, closed: true, tone: "red" },
  { key: "not_a_lead", name: "Not a lead", digit: 6, qualified: false, closed: true, tone: "grey" },
];

export const capabilities: Capabilities = {
  channel: "email", formatting: "html", text_limit: null, subject: true, copies: true, attachments: true, max_attachment: 25_000_000, max_by_type: [], max_files: 0, files_apart: false, file_types: [], reply_window_hours: null,
  may_write_first: true, deduplicates: false, pushes: true, poll_seconds: 300, idle_seconds: 300, templates: [], may_keep_media: true, rereads: true,
};

/** What the accounts can do in a state of the script: short messages, or a channel with a limit. */
export function capabilitiesIn(state: string): Capabilities {
  switch (state) {
    case "short": return { ...capabilities, formatting: "none", text_limit: { most: 3, unit: "segments" }, attachments: false };
    case "limited": return { ...capabilities, text_limit: { most: 120, unit: "chars" } };
    default: return capabilities;
  }
}

/** A conversation with everything the script knows about it. */
export interface Conversation {
  id: string;
  name: string;
  address: string;
  items: TimelineItem[];
  status: Status;
  stage: string | null;
  history: StageChange[];
  tags: string[];
  assignee: Agent | null;
  snoozedUntil: number | null;
  drafts: Draft[];
  handles: HandleItem[];
  noReply: boolean;
  automatic: boolean;
  /** Who gave the name, where a person did. */
  named?: CustomerPanel["named"] | undefined;
  linked?: LinkItem[] | undefined;
  touches?: TouchItem[] | undefined;
}

/** An id like the engine's: 32 hexadecimal digits. */
export function idOf(n: number): string {
  return n.toString(16).padStart(32, "0");
}

/** The links of a scripted text; the engine finds them with more care. */
export function linksOf(text: string): TextLink[] {
  return [...text.matchAll(/https?:\/\/([\w.-]+)[\w/.?=&-]*\w/gu)].map((m) => ({ start: m.index, end: m.index + m[0].length, shown: m[1] ?? "" }));
}

const MINUTE = 60_000;
/** A handle of which no more is known. */
export const plainHandle = { username: null, email: null, opted_out: false };
let counter = 4096;
export const nextId = (): string => idOf(counter++);

export function message(at: number, from: Story | null, subject: string | null, text: string, more: Partial<MessageItem> = {}): MessageItem {
  const inbound = from !== null;
  const person = { name: from?.name ?? null, address: from?.address ?? "" };
  return {
    id: nextId(), at, claimed_at: null, direction: inbound ? "inbound" : "outbound", channel: from?.channel ?? "email", account: ours.address,
    class: from?.machine === undefined ? "human" : "machine", class_reason: from?.machine ?? null,
    from: inbound ? person : ours, to: [inbound ? ours : person], cc: [], reply_to: null, subject, text, folds: [], links: linksOf(text), text_cut: false, html: false, html_left_out: false, files: [],
    author: inbound ? null : me.name, outside_app: false, send: null, unreadable: null, verified: inbound ? true : null, sender_says: inbound ? "dmarc=pass dkim=pass spf=pass" : null, hint: null, variants: [], unread: false, delivery: [], cards: [], reactions: [], edited_at: null, unsent_at: null, delivered_at: null, read_at: null, ...more,
  };
}

/** Spreads the lines of a story backwards from its last one. */
function tell(story: Story, index: number, now: number): Conversation {
  const id = idOf(256 + index);
  const gaps = [0, 190, 25, 2890, 47, 1350, 300];
  let at = now - story.ago * MINUTE;
  const times = story.lines.map((_, i) => (at -= (gaps[i % gaps.length] ?? 60) * MINUTE)).reverse();
  const items: TimelineItem[] = [];
  story.lines.forEach((line, i) => {
    const when = times[i] ?? now;
    if (line.startsWith("#")) items.push({ type: "note", id: nextId(), at: when, agent: me.name, text: line.slice(1) });
    else if (line.startsWith("> ")) items.push({ type: "message", ...message(when, null, story.subject, line.slice(2), { to: [{ name: story.name, address: story.address }] }) });
    else items.push({ type: "message", ...message(when, story, story.subject, line) });
  });
  items.filter((i) => i.type === "message" && i.direction === "inbound").slice(-(story.unread ?? 0) || items.length).forEach((i) => i.type === "message" && (i.unread = (story.unread ?? 0) > 0));
  if (story.machine === undefined) items.unshift({ type: "episode", id: `${id}:1`, number: 1, opened_at: times[0] ?? now, resolved_at: null, by_agent: false, first_response: story.lines.length > 1 ? 2820 : null, resolved_by: null, messages: 0, start: "", end: null });
  const lastMessage = items.filter((i) => i.type === "message").at(-1);
  if (story.html === true && lastMessage?.type === "message") lastMessage.html = true;
  if (story.status === "resolved") items.push({ type: "change", id: nextId(), at: now - story.ago * MINUTE + 60_000, agent: me.name, what: "resolved", value: null, at_value: null });
  return {
    id, name: story.name, address: story.address, items, status: story.status ?? "open", stage: story.stage ?? null,
    history: story.stage === undefined ? [] : [{ at: now - story.ago * MINUTE, agent: me.name, from: null, to: story.stage, evidence: lastMessage?.id ?? null }],
    tags: story.tags ?? [], assignee: story.assignee === undefined ? null : agentOf[story.assignee],
    snoozedUntil: story.status === "snoozed" ? now + 40 * 3_600_000 : null, drafts: [],
    handles: [{ id: idOf(70_000 + index), channel: story.channel ?? "email", value: story.address.toLowerCase(), name: story.name, not_customer: false, first_seen: times[0] ?? null, last_in: now - story.ago * MINUTE, name_at: times[0] ?? null, ...plainHandle }],
    noReply: false, automatic: story.machine !== undefined,
  };
}

/** The lamp's photographs, as files of a mail. */
const photos: FileItem[] = [
  { id: "lamp", name: "shade-crack-1.png", mime: "image/png", size: 482_113, inline: false, risky: false, warning: null },
  { id: "doc", name: "Delivery note 1042 – Parley Lamps – Lindqvist Interior AB – Göteborg.pdf", mime: "application/pdf", size: 91_240, inline: false, risky: false, warning: null },
];

/** Files that a person is warned of. */
const careful: FileItem[] = [
  { id: idOf(90_001), name: "plan-showroom.pdf.exe", mime: "application/octet-stream", size: 1_204_224, inline: false, risky: true, warning: "runs" },
  { id: idOf(90_002), name: "commande.docm", mime: "application/vnd.ms-word.document.macroEnabled.12", size: 48_300, inline: false, risky: false, warning: "macros" },
  { id: idOf(90_003), name: "photo.jpg", mime: "application/zip", size: 302_000, inline: false, risky: false, warning: "disguised" },
];

/** Puts the unusual into a few conversations: what went wrong, what could not be read, what waits to go out. */
function furnish(all: Conversation[], now: number): void {
  const at = (i: number): Conversation => all[i] ?? (all[0] as Conversation);
  const messages = (c: Conversation): (MessageItem & { type: "message" })[] => c.items.filter((i) => i.type === "message");

  const anna = at(0);
  const lampMail = messages(anna).at(-2);
  if (lampMail) lampMail.files = photos;
  anna.items.splice(4, 0, { type: "change", id: nextId(), at: now - 9000 * MINUTE, agent: me.name, what: "staged", value: "engaged", at_value: null }, { type: "change", id: nextId(), at: now - 4260 * MINUTE, agent: me.name, what: "resolved", value: null, at_value: null });
  anna.items.splice(7, 0, { type: "episode", id: `${anna.id}:2`, number: 2, opened_at: messages(anna).at(-2)?.at ?? now, resolved_at: null, by_agent: false, first_response: null, resolved_by: null, messages: 0, start: "", end: null });
  const opened = anna.items[0];
  if (opened?.type === "episode") [opened.resolved_at, opened.resolved_by] = [now - 4260 * MINUTE, me.name];
  anna.handles.push({ id: idOf(80_000), channel: "email", value: "anna.privat@telia.se", name: "Anna B.", not_customer: false, first_seen: now - 8800 * MINUTE, last_in: now - 8700 * MINUTE, name_at: now - 8700 * MINUTE, ...plainHandle });
  anna.linked = [{ id: idOf(80_000), name: "Anna B.", agent: me.name, at: now - 8600 * MINUTE }];
  const claimed = messages(anna)[0];
  if (claimed) claimed.claimed_at = claimed.at - 50 * MINUTE;

  const marieke = at(4);
  marieke.drafts = [{ note: false, text: "Hoi Marieke,\n\nhierbij een nieuw label. Het oude ", html: null, subject: null, to: [], cc: [], bcc: [], account: null, from: null, quote: true, signature: true, forwarding: null, files: [], of: [], updated_at: now - 4 * MINUTE }];

  const klaus = at(6);
  const asked = messages(klaus).at(-1);
  if (asked) asked.reply_to = { name: "Einkauf", address: "einkauf@licht-und-raum.de" };

  const priya = at(7);
  const failed = messages(priya).at(-1);
  if (failed) failed.send = { state: "failed", hold_until: failed.at, error: "smtp.parley-lamps.example refused the recipient: 550 mailbox unavailable. Check the address and send again.", attempts: 1, next_try: null };

  const oliver = at(8);
  const unsure = messages(oliver).find((m) => m.direction === "outbound");
  if (unsure) {
    unsure.send = { state: "uncertain", hold_until: unsure.at, error: "The connection broke after the mail was handed over. It may have arrived.", attempts: 1, next_try: null };
    unsure.author = "Tom Okafor";
  }

  const greg = at(10);
  const queued = messages(greg).at(-1);
  if (queued) queued.send = { state: "queued", hold_until: queued.at, error: "The server is busy; tried again by itself.", attempts: 2, next_try: now + 4 * MINUTE };

  const zoe = at(11);
  const unreadable = message(now - 690 * MINUTE, stories[11] ?? null, null, "", { unreadable: "The mail's parts do not end where they say they do.", verified: null });
  zoe.items.push({ type: "message", ...unreadable });

  const noah = at(12);
  const elsewhere = messages(noah).at(-1);
  if (elsewhere) {
    elsewhere.outside_app = true;
    elsewhere.author = null;
  }
  const unverified = messages(noah)[0];
  if (unverified) {
    unverified.verified = false;
    unverified.sender_says = "dmarc=fail spf=softfail";
  }

  // Written from another address: a mail that answers one of Anna's conversation.
  const elise = at(13);
  const answers = messages(elise).at(-1);
  if (answers) {
    answers.verified = null;
    answers.sender_says = null;
    answers.hint = { conversation: anna.id, name: anna.name, why: "answers" };
    answers.variants = [messages(elise)[0]?.id ?? answers.id];
  }

  // An answer with its history below, a signature, a link, and files that ask for care.
  const fatou = at(9);
  const quoting = messages(fatou).at(-1);
  if (quoting) {
    const asked = quoting.text;
    const signature = "\n\n-- \nFatoumata Diallo\nMaison Dakar, 14 rue Félix Faure\nhttps://maisondakar.sn/showroom";
    const history = "\n\nLe lun. 9 nov. 2026 à 10:12, Parley Lamps <hello@parley-lamps.example> a écrit :\n> Bonjour Fatoumata,\n> merci de votre visite. Voici notre page pour la presse :\n> https://parley-lamps.example/presse\n> Mara";
    const own = `${asked}\n\nLe plan : https://maisondakar.sn/plan-du-showroom-2027.`;
    quoting.text = own + signature + history;
    quoting.folds = [{ start: own.length, end: own.length + signature.length, kind: "signature" }, { start: own.length + signature.length, end: quoting.text.length, kind: "quote" }];
    quoting.links = linksOf(quoting.text);
    quoting.files = careful;
    quoting.cc = [{ name: "Amadou Sarr", address: "amadou@maisondakar.sn" }, { name: null, address: "presse@maisondakar.sn" }];
  }

  const luca = at(14);
  const returned = messages(luca).at(-1);
  if (returned) {
    returned.send = { state: "sent", hold_until: returned.at, error: null, attempts: 1, next_try: null };
    returned.delivery = [
      { recipient: "l.moretti@morettiluce.it", hard: true, delayed: false, reason: "user_unknown", words: "There is no such mailbox.", diagnostic: "550 5.1.1 <l.moretti@morettiluce.it>: Recipient address rejected: User unknown in virtual mailbox table", at: returned.at + 40_000 },
      { recipient: "catalogo@morettiluce.it", hard: false, delayed: true, reason: "rate_limited", words: "Too many mails were sent in a short time.", diagnostic: "451 4.7.1 Try again later", at: returned.at + 90_000 },
    ];
  }

  const oldest = at(19);
  for (let i = 0; i < 160; i += 1) {
    const when = now - (500_000 - i * 2900) * MINUTE;
    const mail = i % 2 === 0 ? message(when, { name: oldest.name, address: oldest.address, subject: "", ago: 0, lines: [] }, "Long thread", `Message ${String(i + 1)} of a long correspondence about light.`) : message(when, null, "Re: Long thread", `Answer ${String(i + 1)}.`, { to: [{ name: oldest.name, address: oldest.address }] });
    oldest.items.splice(i + 1, 0, { type: "message", ...mail });
  }
  const long = messages(oldest).findLast((m) => m.direction === "inbound");
  if (long) {
    long.text = `${long.text}\n\n${"The quick brown fox considers the lamp from every side. ".repeat(40)}`;
    long.text_cut = true;
    long.html_left_out = true;
  }
}

/** The script's workspace at a moment. */
export function world(now: number): Conversation[] {
  const all = [...stories, ...crowd(44)].map((story, i) => tell(story, i, now));
  furnish(all, now);
  const when = (item: TimelineItem): number => (item.type === "episode" ? item.opened_at - 1 : item.at);
  for (const c of all) c.items.sort((a, b) => when(a) - when(b));
  return all;
}

/** A conversation behind a row that had none yet. */
export function conversationOf(row: ConversationRow): Conversation {
  const story: Story = { name: row.name, address: row.address, subject: row.subject ?? "", ago: 0, lines: [], channel: row.channel };
  const ours = row.last_direction === "outbound";
  const asked = message(ours ? row.last_at - 3_600_000 : row.last_at, story, row.subject, ours ? "…" : row.snippet, { unread: row.unread > 0 });
  const items: TimelineItem[] = [{ type: "episode", id: `${row.id}:1`, number: 1, opened_at: asked.at, resolved_at: null, by_agent: false, first_response: null, resolved_by: null, messages: 0, start: "", end: null }, { type: "message", ...asked }];
  if (ours) items.push({ type: "message", ...message(row.last_at, null, row.subject, row.snippet, { to: [{ name: row.name, address: row.address }] }) });
  return {
    id: row.id, name: row.name, address: row.address, items, status: row.status, stage: row.stage, history: [], tags: row.tags, assignee: row.assignee, snoozedUntil: row.snoozed_until, drafts: [],
    handles: [{ id: nextId(), channel: row.channel, value: row.address, name: row.name, not_customer: false, first_seen: row.last_at, last_in: row.last_at, name_at: null, ...plainHandle }], noReply: row.wait_since === null, automatic: false,
  };
}

/** What a message is where it has no words. */
function briefOf(m: MessageItem): string | null {
  if (m.unsent_at !== null) return "unsent";
  if (m.text !== "" || m.subject !== null) return null;
  const [card] = m.cards;
  const mime = m.files[0]?.mime ?? (card?.kind === "media" ? card.mime : undefined);
  const kind = { image: "picture", video: "video", audio: "voice" }[mime?.split("/")[0] ?? ""];
  return kind ?? (mime === undefined ? (card?.kind ?? null) : "file");
}

/** What the list shows of a conversation, derived like the engine does. */
export function rowOf(c: Conversation): ConversationRow {
  // Of a very long conversation the row is told by its end, so that the script stays quick.
  const end = c.items.length > 5000 ? c.items.slice(-500) : c.items;
  const messages = end.filter((i) => i.type === "message");
  const last = messages.at(-1);
  let wait: number | null = null;
  for (const m of messages) {
    if (m.direction === "inbound" && m.class === "human") wait ??= m.at;
    else if (m.direction === "outbound") wait = null;
  }
  return {
    id: c.id, name: c.name, address: c.address, channel: last?.channel ?? "email", status: c.status, unread: messages.filter((m) => m.unread).length,
    wait_since: c.status === "open" && !c.noReply ? wait : null, last_at: last?.at ?? 0, last_direction: last?.direction ?? "inbound",
    subject: last?.subject ?? null, snippet: (last?.unreadable ?? last?.text ?? "").replace(/\s+/g, " ").slice(0, 160), brief: last === undefined ? null : briefOf(last), stage: c.stage, tags: [...c.tags].sort(), assignee: c.assignee,
    snoozed_until: c.snoozedUntil, draft: c.drafts.length > 0, problem: messages.some((m) => m.send?.state === "failed" || m.send?.state === "uncertain"), automatic: c.automatic, messages: c.items.length - end.length + messages.length,
  };
}
