// Where a visit came from, as far as the visitor lets the shop know.
import type { Consent } from "./options";
import type { Store } from "./store";
import { cut } from "./text";

export interface Touch {
  first_page: string;
  referrer: string;
  utm: Partial<Record<"source" | "medium" | "campaign" | "term" | "content", string>>;
  at: number;
}

const MARKS = ["source", "medium", "campaign", "term", "content"] as const;

/** A touch out of an address and where it was linked from. Queries and fragments may hold secrets and are left out. */
export function touch(page: string, referrer: string, at: number): Touch {
  const utm: Touch["utm"] = {};
  try {
    const query = new URL(page).searchParams;
    for (const mark of MARKS) {
      const value = query.get(`utm_${mark}`)?.trim();
      if (value !== undefined && value !== "") utm[mark] = cut(value, 200);
    }
  } catch {
    // A page without an address of its own.
  }
  return { first_page: plain(page), referrer: plain(referrer), utm, at };
}

function plain(address: string): string {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? cut(url.origin + url.pathname, 500) : "";
  } catch {
    return "";
  }
}

/** Keeps the first touch of a session, asks before it tells, and tells once. */
export class Touches {
  private readonly here: Touch;

  constructor(
    private readonly consent: Consent,
    private readonly store: Store,
    page: string,
    referrer: string,
    now: number,
  ) {
    this.here = touch(page, referrer, now);
    if (this.allowed) this.keep();
  }

  /** Whether the visitor is to be asked. */
  get open(): boolean {
    return this.consent === "ask" && this.store.kept.get("consent") === undefined;
  }

  get allowed(): boolean {
    return this.consent === "always" || (this.consent === "ask" && this.store.kept.get("consent") === true);
  }

  /** The visitor's decision, or the shop's own consent window's. */
  decide(yes: boolean): void {
    if (this.consent !== "ask") return;
    this.store.kept.set("consent", yes);
    if (yes) this.keep();
    else this.store.now.remove("touch");
  }

  /** What is to be told now: nothing without leave, and nothing twice in a session. */
  due(): Touch | null {
    if (!this.allowed || this.store.now.get("told") !== undefined) return null;
    return (this.store.now.get("touch") as Touch | undefined) ?? this.here;
  }

  told(now: number): void {
    this.store.now.set("told", now);
  }

  private keep(): void {
    if (this.store.now.get("touch") === undefined) this.store.now.set("touch", this.here);
  }
}
