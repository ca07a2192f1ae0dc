import type { Channel } from "../api/Channel";
import { word } from "../i18n";

/** Channels whose addresses are numbers that mean nothing to a person. */
const opaque: ReadonlySet<Channel> = new Set(["instagram", "messenger", "telegram", "webchat"]);

/** What an address is called: by its user name, else by itself where that says something, else by its channel. */
export function calledBy(one: { channel: Channel; value: string; username: string | null }): string {
  if (one.username !== null && one.username !== "") return `@${one.username.replace(/^@/, "")}`;
  return opaque.has(one.channel) ? word("channel", one.channel) : one.value;
}
