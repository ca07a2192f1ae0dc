import { TauriHost } from "./tauri";
import type { Host } from "./host";

/** The host of this build. What ships knows one; development builds also a loopback engine and a scripted one. */
export async function chooseHost(): Promise<Host> {
  if (__DEV_HOSTS__) {
    const query = new URLSearchParams(window.location.search);
    if (query.get("host") === "scripted") {
      const { ScriptedHost } = await import("./scripted/scripted");
      const host = new ScriptedHost(query.get("state") ?? "");
      Object.assign(window, { scripted: host });
      return host;
    }
    if (!("__TAURI_INTERNALS__" in window)) {
      const { BrowserHost } = await import("./browser");
      return new BrowserHost(window.location);
    }
  }
  return new TauriHost();
}
