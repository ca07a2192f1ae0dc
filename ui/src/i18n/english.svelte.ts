import { language } from "./language.svelte";
import type { Catalogue } from "./language.svelte";

/** The English names beside those that are spoken: who learned a command's English name finds it in every language. */
class English {
  private texts = $state.raw<Catalogue | null>(null);

  /** Fetches them once; nothing is needed where English is spoken. */
  async load(): Promise<void> {
    if (this.texts === null && language.tag !== "en") this.texts = (await import("./en.json")).default;
  }

  /** The English text of a key without values; undefined where English is spoken anyway, or not there yet. */
  of(key: string): string | undefined {
    if (language.tag === "en") return undefined;
    const text = this.texts?.[key];
    return typeof text === "string" && !text.includes("{") ? text : undefined;
  }
}

export const english = new English();
