import type { Change } from "../api/Change";
import { hostError, isErrorBody, type Args, type Host, type Name, type Reply, type Stop } from "./host";
import { Page } from "./page";

interface Heard {
  change?: Change;
  open?: { conversation: string };
}

/** The same window in an ordinary browser, against an engine on the loopback. Development builds only. */
export class BrowserHost implements Host {
  private readonly token: string;
  private readonly base: string;
  private readonly events: EventSource;

  constructor(location: Location) {
    const query = new URLSearchParams(location.search);
    const hash = new URLSearchParams(location.hash.slice(1));
    this.token = hash.get("token") ?? query.get("token") ?? "";
    this.base = query.get("engine") ?? "";
    this.events = new EventSource(`${this.base}/events?token=${encodeURIComponent(this.token)}`);
  }

  async call<K extends Name>(name: K, args: Args<K>): Promise<Reply<K>> {
    let response: Response;
    try {
      response = await fetch(`${this.base}/call`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
        body: JSON.stringify({ name, args }),
      });
    } catch {
      throw hostError("host", "The development server does not answer.");
    }
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok) throw isErrorBody(body) ? body : hostError("host", `The development server answered ${String(response.status)}.`);
    return body as Reply<K>;
  }

  onChange(heard: (change: Change) => void): Stop {
    return this.listen((event) => event.change && heard(event.change));
  }

  onOpen(heard: (conversation: string) => void): Stop {
    return this.listen((event) => event.open && heard(event.open.conversation));
  }

  // A browser keeps links of other programs, notifications and the session's start to itself.
  onLink(): Stop {
    return () => undefined;
  }

  link(): Promise<string | null> {
    return Promise.resolve(null);
  }

  sees(): void {}

  startsAtLogin(): Promise<boolean | null> {
    return Promise.resolve(null);
  }

  private readonly page = new Page();
  readonly alone = this.page.alone;

  openWindow(conversation: string): Promise<void> {
    return this.page.openWindow(conversation);
  }

  showInMain(): void {}

  print(): Promise<void> {
    return this.page.print();
  }

  onClosing(keep: () => Promise<void>): Stop {
    return this.page.onClosing(keep);
  }

  zoom(percent: number): void {
    this.page.zoom(percent);
  }

  setTitle(title: string): void {
    document.title = title;
  }

  // A browser says nothing outside of its page.
  speak(): void {}

  partUrl(file: string): string {
    return `${this.base}/part/f/${encodeURIComponent(file)}?token=${encodeURIComponent(this.token)}`;
  }

  private listen(heard: (event: Heard) => void): Stop {
    const on = (event: MessageEvent<string>): void => heard(JSON.parse(event.data) as Heard);
    this.events.addEventListener("message", on);
    return () => this.events.removeEventListener("message", on);
  }
}
