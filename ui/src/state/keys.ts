/** What a key does, by name. */
export type KeyAction =
  | "next" | "previous" | "open" | "reply" | "note" | "resolve" | "snooze" | "assign" | "tag" | "stage" | "link" | "noReply" | "unread" | "search" | "keys" | "undo"
  | "read" | "markAll" | "mark" | "markNext" | "markPrevious" | "send" | "sendResolve" | "palette" | "back" | "goInbox" | "goWaits" | "goReports" | "goSettings" | "panel" | "find" | "date" | "files" | "history" | "toasts" | "window" | "print" | "zoomIn" | "zoomOut" | "zoomReset";

/** A key as it is shown in the sheet and in menus, with what it does. One table for the sheet, the palette and the matcher. */
export interface Binding {
  keys: string;
  action: KeyAction;
  /** Ours even while somebody types. */
  always?: boolean;
}

/** The keys as they come; a person's own are laid over them (`keymap.svelte.ts`). */
export const bindings: readonly Binding[] = [
  { keys: "j", action: "next" },
  { keys: "k", action: "previous" },
  { keys: "Enter", action: "open" },
  { keys: "r", action: "reply" },
  { keys: "n", action: "note" },
  { keys: "Ctrl+Enter", action: "send", always: true },
  { keys: "Ctrl+Shift+Enter", action: "sendResolve", always: true },
  { keys: "e", action: "resolve" },
  { keys: "s", action: "snooze" },
  { keys: "a", action: "assign" },
  { keys: "l", action: "tag" },
  { keys: "q", action: "stage" },
  { keys: "m", action: "link" },
  { keys: ".", action: "noReply" },
  { keys: "u", action: "unread" },
  { keys: "Shift+u", action: "read" },
  { keys: "z", action: "undo" },
  { keys: "Shift+z", action: "history" },
  { keys: "x", action: "mark" },
  { keys: "Shift+j", action: "markNext" },
  { keys: "Shift+k", action: "markPrevious" },
  { keys: "Ctrl+a", action: "markAll" },
  { keys: "/", action: "search" },
  { keys: "Ctrl+k", action: "palette", always: true },
  { keys: "i", action: "panel" },
  { keys: "Ctrl+f", action: "find" },
  { keys: "d", action: "date" },
  { keys: "v", action: "files" },
  { keys: "g i", action: "goInbox" },
  { keys: "g w", action: "goWaits" },
  { keys: "g r", action: "goReports" },
  { keys: "g s", action: "goSettings" },
  { keys: "F6", action: "toasts", always: true },
  { keys: "?", action: "keys" },
  { keys: "Shift+Enter", action: "window" },
  { keys: "Ctrl+p", action: "print", always: true },
  { keys: "Ctrl+=", action: "zoomIn", always: true },
  { keys: "Ctrl+-", action: "zoomOut", always: true },
  { keys: "Ctrl+0", action: "zoomReset", always: true },
  { keys: "Escape", action: "back", always: true },
];

const codes: Readonly<Record<string, string>> = { Slash: "/", Period: ".", Comma: "," };

/** The Latin name of a key: what it types, or, where the layout gives no Latin letter, where it lies. */
export function latin(event: Pick<KeyboardEvent, "key" | "code" | "shiftKey">): string {
  const { key, code } = event;
  if (key.length > 1) return key;
  if (/^[\x21-\x7e]$/.test(key)) return key.toLowerCase();
  if (code.startsWith("Key")) return code.slice(3).toLowerCase();
  if (code.startsWith("Digit")) return code.slice(5);
  if (code === "Slash" && event.shiftKey) return "?";
  return codes[code] ?? key;
}

/** A key with its modifiers, written as in the table. Shift is named only where it does not change the character itself. */
export function chord(event: Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  const name = latin(event);
  const letter = /^[a-z]$/.test(name);
  const shift = event.shiftKey && (letter || name.length > 1);
  // Larger is `+`, which on most keyboards is the `=` key with Shift.
  if ((event.ctrlKey || event.metaKey) && !event.altKey && name === "+") return "Ctrl+=";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${name}`;
}

/** Whether somebody is typing into this. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "submit", "reset", "file"].includes(target.type);
}

/** How long a `g` waits for its second key. */
export const PATIENCE = 1500;

/** Turns key presses into actions, and remembers a `g` that was pressed. */
export class Matcher {
  private prefix = "";
  private at = 0;

  constructor(private readonly table: () => readonly Binding[] = () => bindings) {}

  match(event: KeyboardEvent, now = Date.now()): KeyAction | null {
    const pressed = chord(event);
    const typing = isTextField(event.target);
    const pending = this.prefix !== "" && now - this.at < PATIENCE ? `${this.prefix} ` : "";
    this.prefix = "";
    const table = this.table();
    if (typing) return table.find((b) => b.always === true && b.keys === pressed)?.action ?? null;
    const found = table.find((b) => b.keys === pending + pressed);
    if (found !== undefined) return found.action;
    if (table.some((b) => b.keys.startsWith(`${pressed} `))) {
      this.prefix = pressed;
      this.at = now;
    }
    return null;
  }
}
