import type { View } from "../api/View";
import type { WindowMemory } from "../api/WindowMemory";
import type { Host } from "../host/host";
import { choiceFrom, type Choice } from "./sections";

/** How long after the last change it is written down. */
export const PAUSE = 400;
/** Narrower than this a column shows nothing, wider it takes the others' place. */
export const LIST_WIDTHS = { least: 240, most: 560 } as const;
export const PANEL_WIDTHS = { least: 240, most: 480 } as const;

/** How the window is arranged: kept by the engine for this desktop, because the page forgets everything at its end. */
export class Memory {
  panel = $state<boolean | null>(null);
  listWidth = $state<number | null>(null);
  panelWidth = $state<number | null>(null);
  private lists: WindowMemory["lists"] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly host: Host) {}

  /** Takes up what was kept. A memory that cannot be read is no reason not to show a window. */
  async load(): Promise<void> {
    const kept = await this.host.call("window_memory", {}).catch(() => null);
    if (kept === null) return;
    this.lists = kept.lists;
    this.panel = kept.panel;
    this.listWidth = kept.list_width;
    this.panelWidth = kept.panel_width;
  }

  /** The choice that was made for a view, where it still makes sense, else the usual one. */
  choiceOf(view: View): Choice {
    return choiceFrom(view, this.lists.find((list) => list.view === view));
  }

  keepChoice(view: View, choice: Choice): void {
    const list = { view, sort: choice.sort, group: choice.group === "none" ? null : choice.group, closed: choice.closed.slice(0, 200) };
    this.lists = [...this.lists.filter((l) => l.view !== view), list];
    this.later();
  }

  keepPanel(shown: boolean): void {
    this.panel = shown;
    this.later();
  }

  /** Takes a new width; null is the usual one. */
  keepWidth(of: "list" | "panel", width: number | null): void {
    const { least, most } = of === "list" ? LIST_WIDTHS : PANEL_WIDTHS;
    const fit = width === null ? null : Math.round(Math.min(most, Math.max(least, width)));
    if (of === "list") this.listWidth = fit;
    else this.panelWidth = fit;
    this.later();
  }

  /** Writes down now what is not written yet. */
  async flush(): Promise<void> {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    const memory: WindowMemory = { lists: [...this.lists], panel: this.panel, list_width: this.listWidth, panel_width: this.panelWidth };
    // What cannot be written down lasts as long as the window.
    await this.host.call("window_remember", { memory }).catch(() => undefined);
  }

  private later(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), PAUSE);
  }
}
