// What can go wrong, sorted by what follows from it.

/**
 * `offline`: nobody answers. `limited`: the homeserver asks for patience. `closed`: no visitor gets in (token used up or run
 * out, registration closed, rooms encrypted by force). `ended`: this visitor is no longer let in. `refused`: this one request
 * never works. `server`: the homeserver is in trouble of its own.
 */
export type Trouble = "offline" | "limited" | "closed" | "ended" | "refused" | "server";

export class ChatError extends Error {
  constructor(
    readonly trouble: Trouble,
    /** For whoever looks into the console; the visitor gets words of `words.ts`. */
    message: string,
    readonly code = "",
    /** How long the homeserver wants to be left alone, in milliseconds. */
    readonly wait = 0,
  ) {
    super(message);
  }

  /** Whether the same request may work later without anybody doing anything. */
  get passes(): boolean {
    return this.trouble === "offline" || this.trouble === "limited" || this.trouble === "server";
  }
}

const GONE = new Set(["M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED"]);

/** What a homeserver's refusal means. */
export function refusal(status: number, body: Readonly<Record<string, unknown>>, retryAfter: string | null): ChatError {
  const code = typeof body["errcode"] === "string" ? body["errcode"] : "";
  const said = `the homeserver answered ${status} ${code} ${typeof body["error"] === "string" ? body["error"] : ""}`.trim();
  if (status === 429 || code === "M_LIMIT_EXCEEDED") return new ChatError("limited", said, code, patience(body["retry_after_ms"], retryAfter));
  if (GONE.has(code)) return new ChatError("ended", said, code);
  if (status >= 500 || status === 408) return new ChatError("server", said, code);
  return new ChatError("refused", said, code);
}

/** Between one second and five minutes, whatever a server says. */
function patience(milliseconds: unknown, header: string | null): number {
  const seconds = Number(header);
  const asked = typeof milliseconds === "number" ? milliseconds : header !== null && Number.isFinite(seconds) ? seconds * 1_000 : 5_000;
  return Math.min(300_000, Math.max(1_000, asked));
}
