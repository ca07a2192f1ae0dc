import type { Template } from "../api/Template";
import type { TemplateUse } from "../api/TemplateUse";
import { blanksOf } from "./reach";

/** Of so many conversations half a filled form is remembered. */
const MOST = 50;

/** A form that was left half filled, with the way it goes by. */
interface Left {
  target: string;
  account: string;
  use: TemplateUse;
}

/** The approved text that goes in the place of what is written, and what is filled into its blanks. */
export class Approved {
  use = $state<TemplateUse | null>(null);
  private template: Template | null = null;
  /** What was filled in, by the number of the blank: another text asks for the same things. */
  private readonly filled = new Map<number, string>();
  private readonly left = new Map<string, Left>();

  /** Takes a text, or none. */
  take(template: Template | null): void {
    this.note();
    this.template = template;
    const blanks = template === null ? [] : blanksOf(template);
    // What no blank stands for is asked of nobody, and may not be empty.
    const values = Array.from({ length: Math.max(0, ...blanks) }, (_, i) => (blanks.includes(i + 1) ? (this.filled.get(i + 1) ?? "") : "-"));
    this.use = template === null ? null : { id: template.id, values };
  }

  /** The conversation is left: a form that somebody began to fill in waits for them. */
  leave(conversation: string | null, { target, account }: Pick<Left, "target" | "account">): void {
    this.note();
    if (conversation !== null) {
      this.left.delete(conversation);
      if (this.use !== null && [...this.filled.values()].some((value) => value.trim() !== "")) this.left.set(conversation, { target, account, use: $state.snapshot(this.use) });
      const [oldest] = this.left.keys();
      if (this.left.size > MOST && oldest !== undefined) this.left.delete(oldest);
    }
    this.clear();
  }

  /** What was left half filled in a conversation. */
  waiting(conversation: string): Left | null {
    return this.left.get(conversation) ?? null;
  }

  /** Goes on with a form that was left. */
  resume(template: Template, { use }: Left): void {
    for (const n of blanksOf(template)) this.filled.set(n, use.values[n - 1] ?? "");
    this.take(template);
  }

  /** It was sent, or is about nobody who is on screen. */
  clear(): void {
    this.use = this.template = null;
    this.filled.clear();
  }

  private note(): void {
    if (this.template === null || this.use === null) return;
    for (const n of blanksOf(this.template)) this.filled.set(n, this.use.values[n - 1] ?? "");
  }
}
