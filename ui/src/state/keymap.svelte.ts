import { effective, type Chosen } from "./keyrules";
import type { Binding, KeyAction } from "./keys";

/** The keys that count now. The sheet, the menus, the palette and the matcher all read this one. */
export class KeyMap {
  /** What a person chose instead of the usual. */
  chosen = $state.raw<Chosen>({});
  readonly table: readonly Binding[] = $derived(effective(this.chosen));

  /** All keys of an action. */
  of(action: KeyAction): string[] {
    return this.table.filter((b) => b.action === action).map((b) => b.keys);
  }

  /** The key that menus and hints show; null where an action has none. */
  first(action: KeyAction): string | null {
    return this.table.find((b) => b.action === action)?.keys ?? null;
  }
}

export const keymap = new KeyMap();
