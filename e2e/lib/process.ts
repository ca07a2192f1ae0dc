// Programs that end with the test run, however it ends.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { createServer } from "node:net";
import type { Readable } from "node:stream";

const running = new Set<Program>();
process.on("exit", () => {
  for (const program of running) program.signal("SIGKILL");
});

export interface Start {
  env: NodeJS.ProcessEnv;
  /** Where what it prints goes. */
  log: string;
  /** Text for its standard input, which then ends; without it the input stays open. */
  input?: string;
}

/** A program in a process group of its own, started by us and ended by its number. */
export class Program {
  private readonly ended: Promise<void>;

  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    running.add(this);
    this.ended = new Promise((resolve) => {
      child.once("exit", () => {
        running.delete(this);
        resolve();
      });
    });
  }

  static start(command: readonly string[], { env, log, input }: Start): Program {
    const [name = ""] = command;
    // A killed test run cannot tidy up: the kernel then ends what it started.
    const guarded = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", ...command] : command;
    const [program = "", ...rest] = guarded;
    // Descriptor 3 is where servers print the address they chose.
    const child = spawn(program, rest, { env, detached: true, stdio: ["pipe", "pipe", "pipe", "pipe"] });
    const sink = createWriteStream(log, { flags: "a" });
    child.stdout.pipe(sink, { end: false });
    child.stderr.pipe(sink, { end: false });
    child.stdin.on("error", () => undefined);
    if (input !== undefined) child.stdin.end(input);
    child.on("error", (error) => sink.write(`${name}: ${error.message}\n`));
    return new Program(name, child);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
  }

  /** The first line on descriptor 3. */
  async announced(): Promise<string> {
    return firstLine(this.child.stdio[3] as Readable, this.name);
  }

  signal(name: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Asks it to end, and after a while makes it. */
  async stop(): Promise<void> {
    if (!running.has(this)) return;
    this.signal("SIGTERM");
    const impatient = setTimeout(() => this.signal("SIGKILL"), 5000);
    await this.ended;
    clearTimeout(impatient);
    this.signal("SIGKILL");
  }
}

/** The first line a stream brings; an error when it ends before. */
export function firstLine(stream: Readable, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const end = (): void => reject(new Error(`${name} ended before it said where it is`));
    const take = (piece: Buffer): void => {
      text += piece.toString();
      const at = text.indexOf("\n");
      if (at < 0) return;
      stream.off("data", take).off("end", end);
      resolve(text.slice(0, at));
    };
    stream.on("data", take).once("end", end);
  });
}

/** A port of this machine nobody listens on right now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

/** Asks again and again until there is an answer; fails with `what` when time is up. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, seconds = 20): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${seconds} s: ${what}`, { cause: last });
}
