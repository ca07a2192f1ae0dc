import { say } from "../../errors";
import type { App } from "../../state/app.svelte";
import { keymap } from "../../state/keymap.svelte";
import { actions, chose, holder, isBare, MOST, moved, refusal, swapped, usual, type Chosen, type Refusal } from "../../state/keyrules";
import { chord, PATIENCE, type KeyAction } from "../../state/keys";

/** A key that somebody else has. */
export interface Conflict {
  keys: string;
  other: KeyAction;
}

/** One change of a key: which is waited for, what was pressed, and why it cannot be. */
export class KeyEditing {
  /** The action that waits for a key, and the key that it replaces; null = one more. */
  waits = $state.raw<{ action: KeyAction; old: string | null } | null>(null);
  /** The first of two keys was pressed. */
  first = $state<string | null>(null);
  refused = $state.raw<{ action: KeyAction; keys: string; why: Refusal } | null>(null);
  conflict = $state.raw<Conflict | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly app: App) {}

  begin(action: KeyAction, old: string | null): void {
    this.stop();
    this.refused = null;
    if (action === "back") {
      this.refused = { action, keys: "", why: "fixed" };
      return;
    }
    if (old === null && keymap.of(action).length >= MOST) {
      this.refused = { action, keys: "", why: "many" };
      return;
    }
    this.waits = { action, old };
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waits = null;
    this.first = null;
    this.conflict = null;
  }

  /** A key was pressed while one is waited for; false = it is not for us. */
  press(event: KeyboardEvent): boolean {
    if (this.waits === null || this.conflict !== null || event.isComposing) return false;
    // Tab goes on, as everywhere: nobody is caught here.
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey) {
      this.stop();
      return false;
    }
    if (event.key === "Escape") {
      this.stop();
      return true;
    }
    const pressed = chord(event);
    if (isBare(event.key)) return true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { first } = this;
    const plain = (keys: string): boolean => !/^(Ctrl|Alt)\+/.test(keys);
    if (first !== null) this.take(plain(pressed) ? `${first} ${pressed}` : pressed);
    else if (plain(pressed) && pressed.length === 1) {
      // It may be the first of two.
      this.first = pressed;
      this.timer = setTimeout(() => this.take(pressed), PATIENCE);
    } else this.take(pressed);
    return true;
  }

  /** What was pressed is enough. */
  enough(): void {
    if (this.first !== null) this.take(this.first);
  }

  private take(keys: string): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.first = null;
    const { waits } = this;
    if (waits === null) return;
    const why = refusal(keys, waits.action);
    if (why !== null) {
      this.refused = { action: waits.action, keys, why };
      this.waits = null;
      return;
    }
    const other = holder(keymap.table, keys, waits.action);
    if (other !== null) {
      this.conflict = { keys, other: other.action };
      return;
    }
    void this.keep(moved(keymap.chosen, waits.action, this.next(keys)));
  }

  private next(keys: string): string[] {
    const { waits } = this;
    const mine = waits === null ? [] : keymap.of(waits.action).filter((key) => key !== keys);
    return waits?.old == null ? [...mine, keys] : mine.map((key) => (key === waits.old ? keys : key));
  }

  /** Each gets the other's key. */
  async swap(): Promise<void> {
    const { waits, conflict } = this;
    if (waits !== null && conflict !== null) await this.keep(swapped(keymap.chosen, waits.action, waits.old, conflict.keys));
  }

  /** The other goes without. */
  async seize(): Promise<void> {
    const { waits, conflict } = this;
    if (waits !== null && conflict !== null) await this.keep(moved(keymap.chosen, waits.action, this.next(conflict.keys)));
  }

  async remove(action: KeyAction, keys: string): Promise<void> {
    await this.keep(chose(keymap.chosen, action, keymap.of(action).filter((key) => key !== keys)));
  }

  /** An action has its usual keys again; who has them now gives them back. */
  async reset(action: KeyAction): Promise<void> {
    let next: Chosen = Object.fromEntries(Object.entries(keymap.chosen).filter(([name]) => name !== action));
    // What took its keys goes back to its own as well.
    const own = usual(action);
    for (const other of actions) if (next[other]?.some((key) => own.includes(key)) === true) next = Object.fromEntries(Object.entries(next).filter(([name]) => name !== other));
    await this.keep(next);
  }

  async resetAll(): Promise<void> {
    await this.keep({});
  }

  isUsual(action: KeyAction): boolean {
    return keymap.of(action).join("\n") === usual(action).join("\n");
  }

  private async keep(chosen: Chosen): Promise<void> {
    this.stop();
    this.refused = null;
    try {
      await this.app.workspace.change({ keys: Object.fromEntries(Object.entries(chosen).map(([action, keys]) => [action, [...keys]])) });
    } catch (error) {
      this.app.toasts.error(say(error));
    }
  }
}
