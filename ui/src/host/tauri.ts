import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { Change } from "../api/Change";
import { hostError, isErrorBody, type Args, type Host, type Name, type Reply, type ShellWords, type Stop } from "./host";

/** Subscriptions are made asynchronously; a caller who stops early must still be heard. */
function subscribe<T>(event: string, heard: (payload: T) => void): Stop {
  let stopped = false;
  let stop: Stop = () => undefined;
  void listen<T>(event, (e) => heard(e.payload)).then((s) => {
    stop = s;
    if (stopped) s();
  });
  return () => {
    stopped = true;
    stop();
  };
}

/** The desktop shell: one command and two events. */
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

  setTitle(title: string): void {
    // A title that cannot be set (a compositor without titles) is no reason to disturb anybody.
    getCurrentWindow()
      .setTitle(title)
      .catch(() => undefined);
  }

  speak(words: ShellWords): void {
    // A shell that does not take them goes on in English, which is no reason to disturb anybody.
    invoke("call", { name: "shell_words", args: words }).catch(() => undefined);
  }

  partUrl(file: string): string {
    // WebView2 serves own schemes as http hosts, the two WebKits as schemes.
    const windows = navigator.userAgent.includes("Windows");
    return (windows ? "http://part.localhost/" : "part://localhost/") + encodeURIComponent(file);
  }
}
