// What the snippet says, read once and checked: what it gets wrong is told to whoever built the page, never to the visitor.
import { hex } from "./colour";
import { isEmail, name, str } from "./text";

export type Consent = "always" | "ask" | "never";

export interface Options {
  homeserver: string;
  token: string;
  support: string;
  /** What the team is called, in place of "Team". */
  name: string;
  title: string;
  greeting: string;
  accent: string;
  theme: "light" | "dark" | "auto";
  side: "start" | "end";
  language: string;
  /** Minutes without an answer until name and address are asked for; null = never. */
  askAfter: number | null;
  consent: Consent;
  /** Where to write when the chat is not there. */
  mail: string;
}

/** The options, and what is wrong with the snippet. Without the three that must be there, none. */
export function options(data: Readonly<Record<string, string | undefined>>): { options: Options | null; wrong: string[] } {
  const wrong: string[] = [];
  const one = <T extends string>(key: string, values: readonly T[], otherwise: T): T => {
    const value = data[key]?.trim();
    if (value === undefined || value === "") return otherwise;
    const found = values.find((v) => v === value);
    if (found === undefined) wrong.push(`data-${dashed(key)} is “${value}”; it may be ${values.join(", ")}`);
    return found ?? otherwise;
  };
  const homeserver = address(str(data["homeserver"], 500));
  if (homeserver === null) wrong.push("data-homeserver must be the address of a Matrix homeserver, beginning with https:// (http:// for this very computer only)");
  const support = str(data["support"], 255).trim();
  const known = /^@[^:\s]+:[^\s/]+$/.test(support);
  if (!known) wrong.push("data-support must be the Matrix id of the support account, such as @support:desk.example");
  const accent = str(data["accent"], 20).trim();
  if (accent !== "" && hex(accent) === null) wrong.push("data-accent must be a colour such as #3d52c9");
  const mail = str(data["mail"], 254).trim();
  if (mail !== "" && !isEmail(mail)) wrong.push("data-mail must be a mail address");
  const read: Options = {
    homeserver: homeserver ?? "",
    token: str(data["token"], 200).trim(),
    support,
    name: name(data["name"]),
    title: name(data["title"]),
    greeting: str(data["greeting"], 500).trim(),
    accent: hex(accent) === null ? "" : accent,
    theme: one("theme", ["light", "dark", "auto"] as const, "auto"),
    side: one("side", ["start", "end"] as const, "end"),
    language: str(data["language"], 20),
    askAfter: minutes(data["askAfterMinutes"], wrong),
    consent: one("consent", ["always", "ask", "never"] as const, "ask"),
    mail: isEmail(mail) ? mail : "",
  };
  return { options: homeserver === null || !known ? null : read, wrong };
}

function minutes(value: string | undefined, wrong: string[]): number | null {
  const text = value?.trim() ?? "";
  if (text === "") return 3;
  if (text === "never") return null;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0 && number <= 1440) return number;
  wrong.push(`data-ask-after-minutes is “${text}”; it may be a number of minutes up to 1440, or never`);
  return 3;
}

/** A homeserver's address without a slash at its end. Only this very computer may do without TLS. */
function address(text: string): string | null {
  try {
    const url = new URL(text.trim());
    const here = url.hostname === "localhost" || url.hostname === "127.0.0.1" || url.hostname === "[::1]";
    if (url.protocol !== "https:" && !(url.protocol === "http:" && here)) return null;
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return null;
    return url.origin + url.pathname.replace(/\/+$/, "");
  } catch {
    return null;
  }
}

function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
