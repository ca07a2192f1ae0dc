import type { Stop } from "./host";

/** What an ordinary browser does in the place of the desktop shell. Development builds only. */
export class Page {
  /** The address names the conversation; in a browser nothing hangs on that. */
  readonly alone = /^[0-9a-f]{32}$/.exec(new URLSearchParams(window.location.search).get("conversation") ?? "")?.[0] ?? null;

  openWindow(conversation: string): Promise<void> {
    const address = new URL(window.location.href);
    address.searchParams.set("conversation", conversation);
    window.open(address, `conversation-${conversation}`, "popup,width=760,height=760");
    return Promise.resolve();
  }

  print(): Promise<void> {
    window.print();
    return Promise.resolve();
  }

  onClosing(keep: () => Promise<void>): Stop {
    const going = (): void => void keep();
    window.addEventListener("pagehide", going);
    return () => window.removeEventListener("pagehide", going);
  }

  zoom(percent: number): void {
    document.documentElement.style.zoom = percent === 100 ? "" : String(percent / 100);
  }
}
