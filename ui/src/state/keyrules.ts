import { bindings, type Binding, type KeyAction } from "./keys";

/** What a person chose: an action's keys instead of the usual ones; no keys at all is a choice too. */
export type Chosen = Readonly<Record<string, readonly string[]>>;
/** Why a key cannot be given away. */
export type Refusal = "fixed" | "modifier" | "tab" | "enter" | "escape" | "moves" | "typing" | "system" | "edit" | "three" | "many";
export type KeyGroup = "conversations" | "answering" | "deciding" | "selecting" | "going" | "window";

/** Keys that an action can have. */
export const MOST = 4;

const inGroups: Readonly<Partial<Record<KeyAction, KeyGroup>>> = {
  next: "conversations", previous: "conversations", open: "conversations", find: "conversations", date: "conversations", files: "conversations", panel: "conversations", window: "conversations", print: "conversations",
  reply: "answering", note: "answering", send: "answering", sendResolve: "answering",
  resolve: "deciding", snooze: "deciding", assign: "deciding", tag: "deciding", stage: "deciding", link: "deciding", noReply: "deciding", unread: "deciding", read: "deciding", undo: "deciding", history: "deciding",
  mark: "selecting", markNext: "selecting", markPrevious: "selecting", markAll: "selecting",
  search: "going", palette: "going", goInbox: "going", goWaits: "going", goReports: "going", goSettings: "going",
};

export const groups: readonly KeyGroup[] = ["conversations", "answering", "deciding", "selecting", "going", "window"];

export const groupOf = (action: KeyAction): KeyGroup => inGroups[action] ?? "window";

/** The actions in the order of the sheet, each once. */
export const actions: readonly KeyAction[] = [...new Set(bindings.map((b) => b.action))];

/** The keys that an action comes with. */
export const usual = (action: KeyAction): string[] => bindings.filter((b) => b.action === action).map((b) => b.keys);
const always = (action: KeyAction): boolean => bindings.some((b) => b.action === action && b.always === true);

// What the webview, the desktop or a text field does with these is not ours to take.
const systems = new Set(["Ctrl+w", "Ctrl+t", "Ctrl+q", "Ctrl+r", "Ctrl+Shift+r", "Ctrl+Shift+i", "Ctrl+Shift+j", "Ctrl+Shift+c", "Ctrl+Shift+t", "Ctrl+Shift+w", "Ctrl+Shift+n", "Ctrl+Tab", "Ctrl+Shift+Tab", "Alt+Tab", "Alt+F4", "Alt+ArrowLeft", "Alt+ArrowRight", "F1", "F5", "F11", "F12", "Ctrl+F5", "Ctrl+0", "Ctrl++", "Ctrl+=", "Ctrl+-"]);
const edits = new Set(["Ctrl+b", "Ctrl+i", "Ctrl+u", "Ctrl+Shift+k", "Ctrl+c", "Ctrl+v", "Ctrl+x", "Ctrl+z", "Ctrl+y", "Ctrl+Shift+z", "Ctrl+Shift+v", "Ctrl+Backspace", "Ctrl+Delete", "Ctrl+ArrowLeft", "Ctrl+ArrowRight", "Ctrl+ArrowUp", "Ctrl+ArrowDown", "Ctrl+Home", "Ctrl+End"]);
const moving = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", " ", "Backspace", "Delete"]);
const bare = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified", "OS", "Fn"]);

/** A press of nothing but a modifier says nothing yet. */
export const isBare = (key: string): boolean => bare.has(key.split("+").at(-1) ?? key);

/** The last key of a chord: in `Ctrl++` it is the plus. */
const last = (key: string): string => (key.endsWith("++") || key === "+" ? "+" : (key.split("+").at(-1) ?? key));

/** Why these keys cannot be an action's; null where they can. */
export function refusal(keys: string, action: KeyAction): Refusal | null {
  if (action === "back") return "fixed";
  // What an action comes with was thought about.
  if (usual(action).includes(keys)) return null;
  const parts = keys === " " ? [" "] : keys.split(" ");
  if (parts.length > 2) return "three";
  for (const part of parts) {
    const why = partRefused(part, action, parts.length > 1);
    if (why !== null) return why;
  }
  if (!always(action)) return null;
  // Somebody types: a plain key, and the first of two, would eat letters.
  const plain = parts.some((part) => !/^(Ctrl|Alt)\+/.test(part) && !/^F\d{1,2}$/.test(part));
  return plain || parts.length > 1 ? "typing" : null;
}

function partRefused(part: string, action: KeyAction, chained: boolean): Refusal | null {
  const name = last(part);
  if (part === "" || isBare(part)) return "modifier";
  if (name === "Tab") return systems.has(part) ? "system" : "tab";
  if (name === "Escape") return "escape";
  if (systems.has(part)) return "system";
  if (edits.has(part)) return "edit";
  if (name === "Enter" && !part.startsWith("Ctrl+")) return action === "open" && part === "Enter" && !chained ? null : "enter";
  if (moving.has(part) || moving.has(part.replace("Shift+", ""))) return "moves";
  return null;
}

/** Whether two keys cannot be told apart: the same, or one begins the other. */
export const collide = (a: string, b: string): boolean => a === b || a.startsWith(`${b} `) || b.startsWith(`${a} `);

/** The bindings that count: the usual ones where nothing was chosen, without what was given to another action. */
export function effective(chosen: Chosen): readonly Binding[] {
  const own = actions.filter((action) => action !== "back" && chosen[action] !== undefined);
  const taken: string[] = [];
  const out = new Map<KeyAction, string[]>();
  const give = (action: KeyAction, keys: readonly string[]): void => {
    const free = keys.filter((key) => refusal(key, action) === null && !taken.some((other) => collide(other, key))).slice(0, MOST);
    taken.push(...free);
    out.set(action, free);
  };
  // A person's word comes before what is usual.
  for (const action of own) give(action, [...new Set(chosen[action])]);
  out.set("back", ["Escape"]);
  for (const action of actions) if (!out.has(action)) out.set(action, usual(action).filter((key) => !taken.some((other) => collide(other, key))));
  return actions.flatMap((action) => (out.get(action) ?? []).map((keys): Binding => (always(action) ? { keys, action, always: true } : { keys, action })));
}

/** The action that has these keys, or keys that cannot be told apart from them. */
export function holder(table: readonly Binding[], keys: string, but: KeyAction): Binding | null {
  return table.find((b) => b.action !== but && collide(b.keys, keys)) ?? null;
}

/** An action's keys are these now; what is as usual is not kept. */
export function chose(chosen: Chosen, action: KeyAction, keys: readonly string[]): Chosen {
  const rest = Object.fromEntries(Object.entries(chosen).filter(([name]) => name !== action));
  const same = usual(action).join("\n") === keys.join("\n");
  return same ? rest : { ...rest, [action]: [...keys] };
}

/** Gives keys to an action and takes them from who has them. */
export function moved(chosen: Chosen, action: KeyAction, keys: readonly string[]): Chosen {
  let now = chosen;
  for (const other of actions) {
    if (other === action) continue;
    const had = effective(chosen).filter((b) => b.action === other).map((b) => b.keys);
    const left = had.filter((h) => !keys.some((k) => collide(h, k)));
    if (left.length < had.length) now = chose(now, other, left);
  }
  return chose(now, action, keys);
}

/** Gives each the other's key: this action gets `keys`, and who had them gets what this action gave up. */
export function swapped(chosen: Chosen, action: KeyAction, old: string | null, keys: string): Chosen {
  const table = effective(chosen);
  const other = holder(table, keys, action);
  const mine = table.filter((b) => b.action === action).map((b) => b.keys);
  const next = old === null ? [...mine, keys] : mine.map((k) => (k === old ? keys : k));
  const freed = moved(chosen, action, next);
  if (other === null || old === null || refusal(old, other.action) !== null) return freed;
  const theirs = effective(freed).filter((b) => b.action === other.action).map((b) => b.keys);
  return chose(freed, other.action, [...theirs, old]);
}
