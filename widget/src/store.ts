// What is kept in the visitor's browser, under keys of our own. A browser that keeps nothing gives a chat for as long as the page is open.

/** Who the visitor is to the homeserver. The token is the only thing here that opens anything: this visitor's own account. */
export interface Identity {
  user: string;
  token: string;
  device: string;
  room: string;
}

/** A message that the homeserver has not taken yet. */
export interface Waiting {
  txn: string;
  at: number;
  content: Record<string, unknown>;
}

interface Kept {
  identity: Identity;
  outbox: Waiting[];
  /** The newest of the team's messages that the visitor has seen. */
  seen: string;
  draft: string;
  consent: boolean;
  /** Name and address the visitor left. */
  contact: { name: string; email: string };
  /** The message after which the visitor did not want to leave an address. */
  declined: string;
}

interface ForNow {
  open: boolean;
  touch: unknown;
  /** When the touch was told to the team. */
  told: number;
}

/** Browsers that refuse storage throw at the mere mention of it. */
function storage(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    const found = window[kind];
    const probe = "parley-chat:probe";
    found.setItem(probe, "1");
    found.removeItem(probe);
    return found;
  } catch {
    return null;
  }
}

class Drawer<T> {
  /** Only what the storage refused: what another page of the shop forgets must be forgotten here too. */
  private readonly memory = new Map<string, string>();

  constructor(
    private readonly storage: Storage | null,
    private readonly prefix: string,
  ) {}

  get keeps(): boolean {
    return this.storage !== null;
  }

  get<K extends keyof T & string>(key: K): T[K] | undefined {
    try {
      const text = this.memory.get(key) ?? this.storage?.getItem(this.prefix + key);
      return text == null ? undefined : (JSON.parse(text) as T[K]);
    } catch {
      // Refused since, or written by somebody else.
      return undefined;
    }
  }

  set<K extends keyof T & string>(key: K, value: T[K]): void {
    const text = JSON.stringify(value);
    try {
      this.storage?.setItem(this.prefix + key, text);
      if (this.storage !== null) return void this.memory.delete(key);
    } catch {
      // Full, or refused since: what is kept there is no longer true, and the page's own memory has what is.
      this.remove(key);
    }
    this.memory.set(key, text);
  }

  remove(key: keyof T & string): void {
    this.memory.delete(key);
    try {
      this.storage?.removeItem(this.prefix + key);
    } catch {
      // Nothing was kept.
    }
  }

  clear(): void {
    this.memory.clear();
    try {
      const { storage } = this;
      if (storage === null) return;
      const ours = Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "").filter((key) => key.startsWith(this.prefix));
      for (const key of ours) storage.removeItem(key);
    } catch {
      // Nothing was kept.
    }
  }
}

export class Store {
  readonly kept: Drawer<Kept>;
  readonly now: Drawer<ForNow>;

  constructor(homeserver: string, support: string) {
    this.prefix = `parley-chat:${homeserver}:${support}:`;
    this.kept = new Drawer<Kept>(storage("localStorage"), this.prefix);
    this.now = new Drawer<ForNow>(storage("sessionStorage"), this.prefix);
  }

  readonly prefix: string;

  identity(): Identity | undefined {
    const found = this.kept.get("identity");
    return found !== undefined && typeof found === "object" && [found.user, found.token, found.device, found.room].every((part) => typeof part === "string") ? found : undefined;
  }

  outbox(): Waiting[] {
    const found = this.kept.get("outbox");
    return Array.isArray(found) ? found.filter((one) => typeof one?.txn === "string" && typeof one.content === "object" && one.content !== null) : [];
  }

  /** The identity and all that hangs on it; not what the visitor decided, nor what is unsent: it goes out under the next one. */
  end(): void {
    for (const key of ["identity", "seen", "declined"] as const) this.kept.remove(key);
  }

  forget(): void {
    this.kept.clear();
    this.now.clear();
  }
}
