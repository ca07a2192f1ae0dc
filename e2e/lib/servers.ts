// The sandbox's mail servers, steered by lines of JSON.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Desktop } from "./desktop.ts";
import { type Program, eventually } from "./process.ts";

/** Where cargo puts what it builds; PROFILE=release is the optimised build. */
export const BUILT = join(process.env["CARGO_TARGET_DIR"] ?? join(import.meta.dirname, "../../target"), process.env["PROFILE"] ?? "debug");

/** What a client has to know of the servers. */
export interface Facts {
  address: string;
  password: string;
  customers: string[];
  host: string;
  imap_port: number;
  imaps_port: number;
  smtp_port: number;
  /** The authority's certificate, a PEM file. */
  ca: string;
  page: string;
  /** A provider's sign-in page and token address. */
  sign_in: string;
  client_id: string;
}

export interface ServerOptions {
  /** The servers show one certificate that nobody vouches for. */
  homeMade?: boolean;
}

export interface Letter {
  from: string;
  subject: string;
  text: string;
  in_reply_to?: string;
}

/** A team's and some customers' mailboxes; they end with the desktop. */
export class Servers {
  private answers: ((line: string) => void)[] = [];

  private constructor(
    private readonly program: Program,
    lines: Interface,
    readonly facts: Facts,
  ) {
    lines.on("line", (line) => this.answers.shift()?.(line));
  }

  static async start(desktop: Desktop, { homeMade = false }: ServerOptions = {}): Promise<Servers> {
    const folder = join(desktop.folder, "servers");
    mkdirSync(folder);
    // Where we are root the mailbox server becomes an ordinary user, who has to come through here.
    chmodSync(desktop.folder, 0o711);
    const program = desktop.launch([join(BUILT, "parley-sandbox"), "demo-servers", "--control", "--dir", folder, ...(homeMade ? ["--home-made-certificate"] : [])], { log: "servers" });
    const { stdout } = program.child;
    if (stdout === null) throw new Error("the servers have no output");
    const lines = createInterface({ input: stdout });
    const ready = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error(`the servers did not start: ${desktop.log("servers")}`)));
    });
    return new Servers(program, lines, (JSON.parse(ready) as { demo: Facts }).demo);
  }

  /** Delivers a customer's letter to the team. */
  async write(letter: Letter): Promise<void> {
    await this.order({ do: "write", ...letter });
  }

  /** Delivers a raw mail into a mailbox. */
  async deliver(to: string, mail: string): Promise<void> {
    await this.order({ do: "deliver", to, mail: mail.replaceAll(/\r?\n/g, "\r\n") });
  }

  /** The raw mails of a mailbox. */
  async mails(user: string, mailbox = "INBOX"): Promise<string[]> {
    return (await this.order({ do: "mails", user, mailbox })) as string[];
  }

  /** Waits for a mail that contains a text. */
  async received(user: string, text: string, seconds = 30): Promise<string> {
    return eventually(`a mail with "${text}" for ${user}`, async () => (await this.mails(user)).find((mail) => mail.includes(text)), seconds);
  }

  async stop(server: "imap" | "smtp"): Promise<void> {
    await this.order({ do: "stop", server });
  }

  async start(server: "imap" | "smtp"): Promise<void> {
    await this.order({ do: "start", server });
  }

  async setPassword(user: string, password: string): Promise<void> {
    await this.order({ do: "password", user, password });
  }

  /** Lets something go wrong once at the outgoing server, such as `refuse_recipient` or `drop_after_data`. */
  async fault(name: string): Promise<void> {
    await this.order({ do: "fault", name });
  }

  /** The recipients of each mail the outgoing server took. */
  async accepted(): Promise<{ recipients: string[] }[]> {
    return (await this.order({ do: "accepted" })) as { recipients: string[] }[];
  }

  private async order(order: object): Promise<unknown> {
    const line = await new Promise<string>((resolve, reject) => {
      this.answers.push(resolve);
      if (this.program.hasEnded) reject(new Error("the servers have ended"));
      this.program.child.stdin?.write(`${JSON.stringify(order)}\n`);
    });
    const answer = JSON.parse(line) as { ok?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok;
  }
}
