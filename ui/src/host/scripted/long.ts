import type { FileInConversation } from "../../api/FileInConversation";
import type { MessageItem } from "../../api/MessageItem";
import type { Timeline } from "../../api/Timeline";
import type { TimelineItem } from "../../api/TimelineItem";
import type { Commands } from "../../api/commands";
import { hostError } from "../host";
import { me, message, nextId, type Conversation } from "./world";


const MINUTE = 60_000;
const whenOf = (item: TimelineItem): number => (item.type === "episode" ? item.opened_at : item.at);
const isMessage = (item: TimelineItem): item is MessageItem & { type: "message" } => item.type === "message";

/** An episode as the engine tells it: counted, and with the places where it begins and ends. */
function told(c: Conversation, index: number): Extract<TimelineItem, { type: "episode" }> | null {
  const episode = c.items[index];
  if (episode?.type !== "episode") return null;
  const next = c.items.findIndex((item, i) => i > index && item.type === "episode");
  const stretch = c.items.slice(index, next < 0 ? undefined : next);
  return { ...episode, messages: Math.min(1000, stretch.filter(isMessage).length), start: `@${String(index)}`, end: next < 0 ? null : `@${String(next)}` };
}

/** A page of a scripted timeline. Places are messages' ids, or the index of an episode. */
export function pageOf(c: Conversation, { before, after, around, limit }: Commands["timeline"]["args"]): Timeline {
  const { items } = c;
  const place = (word: string): number => {
    if (word.startsWith("@")) return Number(word.slice(1));
    const at = items.findIndex((item) => item.id === word);
    if (at < 0) throw hostError("not_found", "This message is gone.");
    return at;
  };
  let end = items.length;
  let start = Math.max(0, end - limit);
  if (before !== null) {
    end = place(before);
    start = Math.max(0, end - limit);
  } else if (after !== null) {
    start = place(after) + (after.startsWith("@") ? 0 : 1);
    end = Math.min(items.length, start + limit);
  } else if (around !== null) {
    const at = place(around);
    [start, end] = [Math.max(0, at - Math.floor(limit / 2)), Math.min(items.length, at + Math.ceil(limit / 2))];
  }
  // A page begins and ends with a message, as the engine's do.
  if (before === null && after === null && around === null) end = items.length;
  while (after === null && start > 0 && items[start]?.type !== "message") start -= 1;
  const edge = (at: number): string => items[at]?.id ?? "";
  let last = end - 1;
  while (last > start && items[last]?.type !== "message") last -= 1;
  let first = start;
  while (first < last && items[first]?.type !== "message") first += 1;
  let begun = start - 1;
  while (begun >= 0 && items[begun]?.type !== "episode") begun -= 1;
  return {
    items: items.slice(start, end).map((item, i) => (item.type === "episode" ? (told(c, start + i) ?? item) : item)),
    older: start > 0 ? edge(first) : null, newer: end < items.length ? edge(last) : null, first_unread: items.find((i) => isMessage(i) && i.unread)?.id ?? null,
    within: start > 0 && begun >= 0 ? told(c, begun) : null,
  };
}

/** The first message at or after an instant, else the last. */
export function messageAt(c: Conversation, at: number): string | null {
  const all = c.items.filter(isMessage);
  return (all.find((m) => m.at >= at) ?? all.at(-1))?.id ?? null;
}

export function daysOf(c: Conversation, bounds: readonly number[]): boolean[] {
  return bounds.slice(0, -1).map((from, i) => c.items.some((item) => isMessage(item) && item.at >= from && item.at < (bounds[i + 1] ?? 0)));
}

export function filesOf(c: Conversation, before: string | null, limit: number): Commands["conversation_files"]["reply"] {
  const all = c.items.filter(isMessage).reverse();
  const from = before === null ? 0 : all.findIndex((m) => m.id === before) + 1;
  const files: FileInConversation[] = [];
  for (let i = from; i < all.length; i += 1) {
    const m = all[i];
    if (m === undefined) break;
    files.push(...m.files.map((file) => ({ file, message: m.id, at: m.at, direction: m.direction })));
    if (files.length >= limit && i + 1 < all.length) return { files, next: m.id };
  }
  return { files, next: null };
}

/** Messages whose subject or text have every word, the last as a beginning. */
export function foundIn(c: Conversation, query: string, before: string | null, limit: number): Commands["find_within"]["reply"] {
  const words = query.toLowerCase().split(/\s+/).filter((w) => w !== "" && !w.includes(":"));
  const found = words.length === 0 ? [] : c.items.filter((item) => isMessage(item) && words.every((w) => `${item.subject ?? ""} ${item.text}`.toLowerCase().includes(w))).reverse();
  const from = before === null ? 0 : found.findIndex((m) => m.id === before) + 1;
  const page = found.slice(from, from + limit);
  return { found: page.map((m) => ({ message: m.id, at: whenOf(m) })), next: from + limit < found.length ? (page.at(-1)?.id ?? null) : null };
}

/** From a message on, what the customer wrote is unread. */
export function unreadFrom(c: Conversation, id: string): void {
  const from = c.items.findIndex((item) => item.id === id);
  c.items.forEach((item, i) => isMessage(item) && item.direction === "inbound" && i >= from && (item.unread = true));
}

const asks = ["Is the lamp dimmable?", "And with a linen shade?", "Thank you, that helps a lot.", "Could you check order 10{n} again? The carrier says it is lost, and we open the shop on Monday, so we would need it by then at the latest.", "👍", "One more question about the foot: is it brass or brass-plated?"];
const answers = ["Yes, from 5 %.", "We have it in linen and in cotton; both fit your foot.", "Of course. I will look into it and write today."];

/** A conversation of very many messages in episodes of uneven length, so that nothing about it is small. */
export function lengthen(c: Conversation, count: number, now: number): void {
  const items: TimelineItem[] = [];
  const begin = now - count * 47 * MINUTE;
  let number = 0;
  let left = 0;
  for (let i = 0; i < count; i += 1) {
    const at = begin + i * 47 * MINUTE;
    if (left === 0) {
      const last = items.findLast((item) => item.type === "episode");
      if (last?.type === "episode") [last.resolved_at, last.resolved_by] = [at - 9 * MINUTE, me.name];
      number += 1;
      left = 6 + ((number * 37) % 90);
      items.push({ type: "episode", id: `${c.id}:${String(number)}`, number, opened_at: at, resolved_at: null, by_agent: false, first_response: 600 + ((number * 211) % 9000), resolved_by: null, messages: 0, start: "", end: null });
    }
    left -= 1;
    const text = (i % 2 === 0 ? (asks[(i / 2) % asks.length] ?? "") : (answers[i % answers.length] ?? "")).replace("{n}", String(i));
    const said = `${text} (${String(i + 1)})`;
    const person = { name: c.name, address: c.address };
    items.push({ type: "message", ...(i % 2 === 0 ? message(at, { ...person, subject: "", ago: 0, lines: [] }, "Lamps for the shop", said) : message(at, null, "Re: Lamps for the shop", said, { to: [person] })) });
    if (i % 23 === 0) items.push({ type: "change", id: nextId(), at: at + MINUTE, agent: me.name, what: "assigned", value: me.name, at_value: null });
  }
  c.items = items;
}

/** A conversation of everything that is too long, too much or of two directions. */
export function overdo(c: Conversation, now: number): void {
  c.name = `${"Wolfeschlegelsteinhausenbergerdorff ".repeat(4).trim()} 🏮 عبد الرحمن`;
  c.tags = Array.from({ length: 200 }, (_, i) => `label-${String(i + 1)}`);
  const person = { name: c.name, address: `${"very-long-local-part".repeat(5)}@lamps.example`, subject: "", ago: 0, lines: [] };
  const at = now - 300 * MINUTE;
  c.items = [
    { type: "episode", id: `${c.id}:1`, number: 1, opened_at: at, resolved_at: null, by_agent: false, first_response: null, resolved_by: null, messages: 0, start: "", end: null },
    { type: "message", ...message(at, person, "‏طلب Vireo رقم 1042 – מנורה (two lamps) 💡💡💡", "السلام عليكم، I need two Vireo lamps (ref. A-1042/ב) قبل 15 يناير. شكرًا 🙏🏽👨‍👩‍👧‍👦\n\nעברית ואנגלית in one line, 50% off?") },
    ...c.tags.map((tag, i): TimelineItem => ({ type: "change", id: nextId(), at: at + i * 20, agent: me.name, what: "tagged", value: tag, at_value: null })),
    { type: "message", ...message(at + 40 * MINUTE, null, "Re: Vireo", `${"Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3)}\n\nhttps://lamps.example/${"a-very-long-path-segment/".repeat(12)}end`, { to: [{ name: c.name, address: person.address }] }) },
    { type: "note", id: nextId(), at: at + 60 * MINUTE, agent: `${me.name} 🦊`, text: "لا ترد قبل أن نسأل Tom. 👀 See order 1042." },
  ];
}
