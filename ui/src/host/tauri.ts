import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { Change } from "../api/Change";
import { hostError, isErrorBody, type Args, type Host, type Name, type Reply, type ShellWords, type Stop } from "./host";

const CONVERSATION = /^conversation-([0-9a-f]{32})$/;

/** Subscriptions are made asynchronously; a caller who stops early must still be heard. What is told to another window is not heard here. */
function subscribe<T>(event: string, heard: (payload: T) => void): Stop {
  let stopped = false;
  let stop: Stop = () => undefined;
  void listen<T>(event, (e) => heard(e.payload), { target: { kind: "WebviewWindow", label: getCurrentWindow().label } }).then((s) => {
    stop = s;
    if (stopped) s();
  });
  return () => {
    stopped = true;
    stop();
  };
}

/** The desktop shell: one command and three events. */
export class TauriHost implements Host {
  async call<K extends Name>(name: K, args: Args<K>): Promise<Reply<K>> {
    try {
      return await invoke<Reply<K>>("call", { name, args });
    } catch (error) {
      throw isErrorBody(error) ? error : hostError("host", String(error));
    }
  }

  onChange(heard: (change: Change) => void): Stop {
    return subscribe<Change>("change", heard);
  }

  onOpen(heard: (conversation: string) => void): Stop {
    return subscribe<{ conversation: string }>("open", (payload) => heard(payload.conversation));
  }

  onLink(heard: () => void): Stop {
    return subscribe<null>("link", heard);
  }

  async link(): Promise<string | null> {
    return (await this.shell<{ link: string | null }>("shell_link", {})).link;
  }

  sees(conversation: string | null): void {
    // Who does not hear it notifies once too often, which is no reason to disturb anybody.
    this.shell("shell_seen", { conversation }).catch(() => undefined);
  }

  async startsAtLogin(on: boolean | null): Promise<boolean | null> {
    return (await this.shell<{ on: boolean }>("shell_autostart", { on })).on;
  }

  /** The shell gives the window its label; no page chooses it. */
  get alone(): string | null {
    return CONVERSATION.exec(getCurrentWindow().label)?.[1] ?? null;
  }

  async openWindow(conversation: string): Promise<void> {
    await this.shell("shell_window", { conversation });
  }

  showInMain(conversation: string): void {
    this.shell("shell_show", { conversation }).catch(() => undefined);
  }

  async print(): Promise<void> {
    await this.shell("shell_print", {});
  }

  onClosing(keep: () => Promise<void>): Stop {
    return subscribe("closing", () => {
      const kept = (): void => void this.shell("shell_kept", {}).catch(() => undefined);
      keep().then(kept, kept);
    });
  }

  // The shell hears of the setting itself, and sizes all windows at once.
  zoom(): void {}

  setTitle(title: string): void {
    // A title that cannot be set (a compositor without titles) is no reason to disturb anybody.
    getCurrentWindow()
      .setTitle(title)
      .catch(() => undefined);
  }

  speak(words: ShellWords): void {
    // A shell that does not take them goes on in English, which is no reason to disturb anybody.
    this.shell("shell_words", words).catch(() => undefined);
  }

  /** What the shell itself is asked, beside the engine's table. */
  private async shell<T>(name: string, args: object): Promise<T> {
    try {
      return await invoke<T>("call", { name, args });
    } catch (error) {
      throw isErrorBody(error) ? error : hostError("host", String(error));
    }
  }

  partUrl(file: string): string {
    // WebView2 serves own schemes as http hosts, the two WebKits as schemes.
    const windows = navigator.userAgent.includes("Windows");
    return (windows ? "http://part.localhost/" : "part://localhost/") + encodeURIComponent(file);
  }
}
