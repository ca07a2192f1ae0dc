// Events in, messages out: edits, removals and reactions folded into what they are about. A pure function, so that any order
// of pages gives the same.
import { type Json, list, obj } from "./matrix";
import { fileName, LARGEST, name, str } from "./text";

export interface Media {
  uri: string;
  name: string;
  size: number;
  /** Set where it is a picture that may be shown. */
  picture: { type: string; width: number; height: number } | null;
}

export interface Message {
  id: string;
  txn: string;
  own: boolean;
  sender: string;
  at: number;
  kind: "text" | "media" | "gone" | "unsupported";
  text: string;
  /** The same with marks, where there are some; nothing of it is to be trusted. */
  html: string;
  media: Media | null;
  edited: boolean;
  reactions: { key: string; count: number }[];
}

/** Pictures a browser decodes without running anything; everything else is a file to keep. */
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** An `mxc:` address in its two parts, or null. */
export function mxc(uri: string): [string, string] | null {
  const found = /^mxc:\/\/([\w.:[\]-]{1,255})\/([\w-]{1,255})$/.exec(uri);
  return found === null ? null : [found[1] ?? "", found[2] ?? ""];
}

export function fold(events: readonly Json[], me: string): Message[] {
  const byId = new Map<string, Json>();
  for (const event of events) if (typeof event["event_id"] === "string") byId.set(event["event_id"], event);
  const gone = removed(byId);
  const edits = replacements(byId, gone);
  const marks = reactions(byId, gone);
  const messages: Message[] = [];
  for (const [id, event] of byId) {
    const message = shown(id, event, gone, me);
    if (message === null) continue;
    const edit = message.kind === "gone" ? undefined : edits.get(id);
    if (edit !== undefined) Object.assign(message, body(edit), { edited: true });
    message.reactions = marks.get(id) ?? [];
    messages.push(message);
  }
  return messages;
}

/** Everything that was taken back; the homeserver has checked who may. */
function removed(byId: ReadonlyMap<string, Json>): Set<string> {
  const gone = new Set<string>();
  for (const [id, event] of byId) {
    if (obj(event["unsigned"])["redacted_because"] !== undefined) gone.add(id);
    if (event["type"] !== "m.room.redaction") continue;
    for (const target of [event["redacts"], obj(event["content"])["redacts"]]) if (typeof target === "string") gone.add(target);
  }
  return gone;
}

/** The newest content of each edited message. Only its author edits a message, whatever an event says. */
function replacements(byId: ReadonlyMap<string, Json>, gone: ReadonlySet<string>): Map<string, Json> {
  const newest = new Map<string, Json>();
  const take = (target: string, edit: Json): void => {
    const author = byId.get(target)?.["sender"];
    const known = newest.get(target);
    if (author === undefined || author !== edit["sender"]) return;
    if (known === undefined || number(edit["origin_server_ts"]) >= number(known["origin_server_ts"])) newest.set(target, edit);
  };
  for (const [id, event] of byId) {
    // A page of history holds the newest edit inside of the message.
    const bundled = obj(obj(obj(event["unsigned"])["m.relations"])["m.replace"]);
    if (typeof bundled["event_id"] === "string" && !gone.has(bundled["event_id"])) take(id, bundled);
    const relation = obj(obj(event["content"])["m.relates_to"]);
    if (relation["rel_type"] === "m.replace" && typeof relation["event_id"] === "string" && !gone.has(id)) take(relation["event_id"], event);
  }
  return new Map([...newest].map(([id, edit]) => [id, obj(obj(edit["content"])["m.new_content"])]));
}

function reactions(byId: ReadonlyMap<string, Json>, gone: ReadonlySet<string>): Map<string, Message["reactions"]> {
  const all = new Map<string, Message["reactions"]>();
  for (const [id, event] of byId) {
    const relation = obj(obj(event["content"])["m.relates_to"]);
    if (event["type"] !== "m.reaction" || relation["rel_type"] !== "m.annotation" || gone.has(id)) continue;
    const key = name(relation["key"], 12);
    const target = str(relation["event_id"], 300);
    if (key === "" || target === "") continue;
    const there = all.get(target) ?? [];
    const same = there.find((mark) => mark.key === key);
    if (same !== undefined) same.count += 1;
    else if (there.length < 12) there.push({ key, count: 1 });
    all.set(target, there);
  }
  return all;
}

function shown(id: string, event: Json, gone: ReadonlySet<string>, me: string): Message | null {
  const type = event["type"];
  const content = obj(event["content"]);
  if (event["state_key"] !== undefined || (type !== "m.room.message" && type !== "m.sticker" && type !== "m.room.encrypted")) return null;
  if (obj(content["m.relates_to"])["rel_type"] === "m.replace") return null;
  const sender = str(event["sender"], 300);
  const base = { id, txn: str(obj(event["unsigned"])["transaction_id"], 100), own: sender === me, sender, at: number(event["local_ts"] ?? event["origin_server_ts"]), edited: false, reactions: [] };
  if (gone.has(id)) return { ...base, kind: "gone", text: "", html: "", media: null };
  return { ...base, ...(type === "m.room.message" ? body(content) : { kind: "unsupported" as const, text: str(content["body"], 500), html: "", media: null }) };
}

type Body = Pick<Message, "kind" | "text" | "html" | "media">;

/** What a message's content shows. */
export function body(content: Json): Body {
  const text = str(content["body"], LARGEST);
  switch (content["msgtype"]) {
    case "m.text":
    case "m.notice":
    case "m.emote":
      return { kind: "text", text: answer(content, text), html: formatted(content), media: null };
    case "m.image":
    case "m.file":
    case "m.video":
    case "m.audio":
      return attached(content, text);
    default:
      return { kind: "unsupported", text: text.slice(0, 500), html: "", media: null };
  }
}

/** What is longer is shown as its plain text. */
const MOST_HTML = 16_000;

function formatted(content: Json): string {
  const html = str(content["formatted_body"]);
  return content["format"] === "org.matrix.custom.html" && html.length <= MOST_HTML ? html : "";
}

/** An answer repeats in front what it answers, for programs that know no answers. */
function answer(content: Json, text: string): string {
  if (obj(obj(content["m.relates_to"])["m.in_reply_to"])["event_id"] === undefined || !text.startsWith("> ")) return text;
  return text.replace(/^(?:>.*\n?)+\n?/, "");
}

function attached(content: Json, text: string): Body {
  const uri = str(content["url"], 600);
  if (mxc(uri) === null) return { kind: "unsupported", text: text.slice(0, 500), html: "", media: null };
  const info = obj(content["info"]);
  const type = str(info["mimetype"], 100).toLowerCase();
  // With a name of its own the body is what was written under the file.
  const own = typeof content["filename"] === "string" && content["filename"] !== text;
  const picture = content["msgtype"] === "m.image" && PICTURES.has(type) ? { type, width: side(info["w"]), height: side(info["h"]) } : null;
  return { kind: "media", text: own ? text : "", html: "", media: { uri, name: fileName(own ? content["filename"] : text), size: Math.max(0, number(info["size"])), picture } };
}

function side(value: unknown): number {
  const length = number(value);
  return length > 0 && length < 20_000 ? Math.round(length) : 0;
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** When an event happened by this computer's clock, which may differ from the homeserver's. */
export function localTime(event: Json, now: number): number {
  const age = obj(event["unsigned"])["age"];
  return typeof age === "number" && age >= 0 && age < 1e13 ? now - age : number(event["origin_server_ts"]);
}

/** The member of the room whose name is shown for a sender. */
export function memberName(states: readonly Json[], sender: string): string {
  const found = list(states).filter((event) => event["type"] === "m.room.member" && event["state_key"] === sender);
  return name(obj(found.at(-1)?.["content"])["displayname"]);
}
