import { t, word } from "../i18n";
import { keymap } from "../state/keymap.svelte";
import type { KeyAction } from "../state/keys";

/** Apple's keyboards have signs for what others have words for. */
const apple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
const signs: Readonly<Record<string, string>> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧", Enter: "↩" };

/** A binding as people read it. */
export function keyLabel(keys: string): string {
  return keys
    .split(" ")
    .map((part) => pieces(part).map(single).join(apple ? "" : "+"))
    .join(" ");
}

/** The keys of one press; in `Ctrl++` the last is the plus itself. */
function pieces(part: string): string[] {
  return part.endsWith("+") ? [...part.slice(0, -1).split("+").filter((p) => p !== ""), "+"] : part.split("+");
}

function single(key: string): string {
  if (apple && signs[key] !== undefined) return signs[key];
  if (key.length === 1) return key.toUpperCase();
  if (key === "Escape") return t("keyName.escape");
  if (key === "Enter") return t("keyName.enter");
  if (key === "Ctrl") return t("keyName.ctrl");
  if (key === "Shift") return t("keyName.shift");
  return word("keyName", key);
}

/** The key of an action, as people read it; nothing where it has none. */
export function keyOf(action: KeyAction): string {
  const keys = keymap.first(action);
  return keys === null ? "" : keyLabel(keys);
}
