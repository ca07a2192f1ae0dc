import type { Change } from "../api/Change";
import type { Commands } from "../api/commands";
import type { ErrorBody } from "../api/ErrorBody";

/** The name of a command of the engine. */
export type Name = keyof Commands;
/** What a command takes. */
export type Args<K extends Name> = Commands[K]["args"];
/** What a command answers. */
export type Reply<K extends Name> = Commands[K]["reply"];

/** Undoes a subscription. */
export type Stop = () => void;

/** The words of the shell outside of the window, in the language that is spoken; those that count by the plural's category. */
export interface ShellWords {
  language: string;
  open: string;
  quit: string;
  open_link: string;
  cancel: string;
  attach: string;
  save: string;
  import: string;
  show: string;
  new_message: string;
  snooze: string;
  reply: string;
  send: string;
  overdue: string;
  send_failed: string;
  account: string;
  quiet_over: string;
  reply_failed: string;
  snooze_failed: string;
  /** With `{host}` where the host stands. */
  ask_web: string;
  ask_other: string;
  /** With `{n}` where the number stands. */
  waiting: Record<string, string>;
  many_messages: Record<string, string>;
  many_customers: Record<string, string>;
  many_overdue: Record<string, string>;
  /** What a message is that has no words, by the engine's name for it. */
  brief: Record<string, string>;
}

/**
 * What the window needs from the program around it. The one seam between the front end and whatever runs the engine:
 * nothing outside this folder knows which of the hosts it speaks to.
 */
export interface Host {
  /** Runs a command; rejects with an `ErrorBody`. */
  call<K extends Name>(name: K, args: Args<K>): Promise<Reply<K>>;
  /** Tells what changed, ids only. */
  onChange(heard: (change: Change) => void): Stop;
  /** A notification was clicked: show this conversation. */
  onOpen(heard: (conversation: string) => void): Stop;
  /** A link from outside waits. */
  onLink(heard: () => void): Stop;
  /** Takes the link that waits: null for none, an empty one for one that was refused at the door. */
  link(): Promise<string | null>;
  /** This conversation is on screen now: nobody needs to be told of it. */
  sees(conversation: string | null): void;
  /** Whether the session starts the program, after it was changed if `on` says so; null where that cannot be. */
  startsAtLogin(on: boolean | null): Promise<boolean | null>;
  /** The conversation that this window is for; null in the main window. Nothing a page could be led to says so. */
  readonly alone: string | null;
  /** Opens a conversation in its own window, or raises the one it has; rejects with an `ErrorBody`. */
  openWindow(conversation: string): Promise<void>;
  /** Brings the main window to the front and shows a conversation there. */
  showInMain(conversation: string): void;
  /** Opens the system's dialog for printing what this window shows; rejects with an `ErrorBody`. */
  print(): Promise<void>;
  /** The window is about to go: what is being written is kept first. */
  onClosing(keep: () => Promise<void>): Stop;
  /** How large the page is shown, in percent, where the program around it does not see to that itself. */
  zoom(percent: number): void;
  /** The window's title. */
  setTitle(title: string): void;
  /** Has the tray, notifications and the system's dialogs speak these words. */
  speak(words: ShellWords): void;
  /** Where an inline image is served from. */
  partUrl(file: string): string;
}

/** Whether a rejection is the engine's own. */
export function isErrorBody(error: unknown): error is ErrorBody {
  return typeof error === "object" && error !== null && typeof (error as ErrorBody).code === "string" && typeof (error as ErrorBody).message === "string";
}

/** An error of the host itself, shaped like the engine's. */
export function hostError(code: string, message: string): ErrorBody {
  return { code, message };
}
