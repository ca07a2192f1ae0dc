// A throw-away Matrix homeserver: Synapse on the loopback, with SQLite, for as long as a test runs.
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, Program } from "./process.ts";

/** The Python that has Synapse: `scripts/setup.sh` puts it there. */
export function synapsePython(): string | undefined {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return [process.env["PARLEY_SYNAPSE_PYTHON"], join(cache, "parley/synapse/bin/python")].find((path) => path !== undefined && existsSync(path));
}

export const NO_SYNAPSE = "there is no Synapse here (scripts/setup.sh test installs it)";
const SHARED_SECRET = "test-only";
const NAME = "desk.test";
/** Seconds: a homeserver and a browser on a busy machine take their time. */
const PATIENCE = 60;

export type Json = Record<string, unknown>;

export interface Wishes {
  /** How many messages a visitor may send in a second, and at once. */
  messages?: { perSecond: number; burst: number };
  /** The largest upload, such as `50K`. */
  largest?: string;
  /** Whether anybody may register, with a token. */
  open?: boolean;
}

function settings(folder: string, port: number, { messages, largest = "50M", open = true }: Wishes): string {
  const much = "{per_second: 1000, burst_count: 1000}";
  const pace = messages === undefined ? much : `{per_second: ${messages.perSecond}, burst_count: ${messages.burst}}`;
  return `server_name: ${NAME}
public_baseurl: http://127.0.0.1:${port}/
pid_file: ${folder}/homeserver.pid
signing_key_path: ${folder}/signing.key
media_store_path: ${folder}/media
log_config: ${folder}/log.yaml
database: {name: sqlite3, args: {database: ${folder}/homeserver.db}}
listeners:
  - {port: ${port}, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{names: [client], compress: false}]}
registration_shared_secret: ${SHARED_SECRET}
macaroon_secret_key: test-only
form_secret: test-only
report_stats: false
# Else the first question's answer would be two minutes old.
caches: {sync_response_cache_duration: 0s}
enable_registration: ${open}
registration_requires_token: true
allow_guest_access: false
trusted_key_servers: []
federation_domain_whitelist: []
url_preview_enabled: false
max_upload_size: ${largest}
rc_message: ${pace}
rc_registration: ${much}
rc_registration_token_validity: ${much}
rc_login: {address: ${much}, account: ${much}, failed_attempts: ${much}}
rc_joins: {local: ${much}, remote: ${much}}
rc_invites: {per_room: ${much}, per_user: ${much}, per_issuer: ${much}}
rc_room_creation: ${much}
`;
}

const LOG = `version: 1
formatters: {plain: {format: '%(asctime)s %(levelname)s %(name)s %(message)s'}}
handlers: {console: {class: logging.StreamHandler, formatter: plain}}
root: {level: WARNING, handlers: [console]}
disable_existing_loggers: false
`;

export class Synapse {
  private admin = "";

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly python: string,
    private program: Program,
  ) {}

  /** Starts one in a folder; null where Synapse is not installed. */
  static async start(folder: string, wishes: Wishes = {}): Promise<Synapse | null> {
    const python = synapsePython();
    if (python === undefined) return null;
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    writeFileSync(join(folder, "homeserver.yaml"), settings(folder, port, wishes));
    writeFileSync(join(folder, "log.yaml"), LOG);
    writeFileSync(join(folder, "signing.key"), `ed25519 a_test ${randomBytes(32).toString("base64").replace(/=+$/, "")}\n`, { mode: 0o600 });
    const started = new Synapse(folder, port, python, launch(python, folder));
    await started.answers();
    started.admin = (await started.register("admin", true)).token;
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends the program; what it keeps stays. */
  async stop(): Promise<void> {
    await this.program.stop();
  }

  /** Starts it again where it was. */
  async again(): Promise<void> {
    this.program = launch(this.python, this.folder);
    await this.answers();
  }

  /** A user of the homeserver's own, such as the support account. */
  async register(user: string, admin = false): Promise<Account> {
    const path = "/_synapse/admin/v1/register";
    const { nonce } = await call(this.url, "GET", path);
    const password = "a long password";
    const mac = createHmac("sha1", SHARED_SECRET).update([String(nonce), user, password, admin ? "admin" : "notadmin"].join("\0")).digest("hex");
    const made = await call(this.url, "POST", path, { body: { nonce, username: user, password, admin, mac } });
    return new Account(this.url, String(made["user_id"]), String(made["access_token"]));
  }

  /** A token that lets so many visitors register; without a number as many as come. */
  async registrationToken(token: string, uses: number | null = null, expires: number | null = null): Promise<string> {
    await call(this.url, "POST", "/_synapse/admin/v1/registration_tokens/new", { token: this.admin, body: { token, uses_allowed: uses, expiry_time: expires } });
    return token;
  }

  /** Ends an account as a shop does that keeps visitors for so many days. */
  async deactivate(user: string): Promise<void> {
    await call(this.url, "POST", `/_synapse/admin/v1/deactivate/${encodeURIComponent(user)}`, { token: this.admin, body: { erase: true } });
  }

  private async answers(): Promise<void> {
    await eventually("Synapse answers", async () => {
      if (this.program.hasEnded) throw new Error(readFileSync(join(this.folder, "synapse.log"), "utf8").slice(-2_000));
      return (await fetch(`${this.url}/_matrix/client/versions`)).ok || undefined;
    }, 60);
  }
}

function launch(python: string, folder: string): Program {
  return Program.start([python, "-m", "synapse.app.homeserver", "-c", join(folder, "homeserver.yaml")], { env: process.env, log: join(folder, "synapse.log") });
}

/** One request; a refusal is an error that holds what was answered. */
export async function call(base: string, method: string, path: string, { token, body, raw, type }: { token?: string; body?: Json; raw?: Uint8Array<ArrayBuffer>; type?: string } = {}): Promise<Json> {
  const headers: Record<string, string> = { "content-type": type ?? "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const response = await fetch(base + path, { method, headers, body: raw ?? (body === undefined ? null : JSON.stringify(body)) });
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

export interface Event {
  type: string;
  event_id: string;
  sender: string;
  state_key?: string;
  content: Json;
}

/** A signed-in user, such as an agent, by the client API. */
export class Account {
  private txn = 0;

  constructor(
    readonly base: string,
    readonly user: string,
    readonly token: string,
  ) {}

  call(method: string, path: string, body?: Json): Promise<Json> {
    return call(this.base, method, `/_matrix/client/v3${path}`, { token: this.token, ...(body === undefined ? {} : { body }) });
  }

  /** Joins the room that somebody invites to, and gives its id. */
  async joinInvited(known: ReadonlySet<string> = new Set()): Promise<string> {
    let since = "";
    const room = await eventually("an invitation", async () => {
      // It waits at the homeserver: asking again and again would keep it from its work.
      const answer = await this.call("GET", since === "" ? "/sync?timeout=0" : `/sync?timeout=5000&since=${encodeURIComponent(since)}`);
      since = String(answer["next_batch"]);
      const rooms = answer["rooms"] as { invite?: Json } | undefined;
      return Object.keys(rooms?.invite ?? {}).find((id) => !known.has(id));
    }, PATIENCE);
    await this.call("POST", `/join/${encodeURIComponent(room)}`, {});
    return room;
  }

  /** Everything in a room, oldest first. */
  async events(room: string): Promise<Event[]> {
    const page = await this.call("GET", `/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=200`);
    return (page["chunk"] as Event[]).reverse();
  }

  /** Waits for an event of a room. */
  received(room: string, what: string, is: (event: Event) => boolean): Promise<Event> {
    return eventually(what, async () => {
      const found = (await this.events(room)).find(is);
      if (found === undefined) await new Promise((resolve) => setTimeout(resolve, 200));
      return found;
    }, PATIENCE);
  }

  /** Waits for a message with this text. */
  heard(room: string, text: string): Promise<Event> {
    return this.received(room, `“${text}”`, (event) => event.type === "m.room.message" && event.content["body"] === text);
  }

  async send(room: string, content: Json, type = "m.room.message"): Promise<string> {
    this.txn += 1;
    return String((await this.call("PUT", `/rooms/${encodeURIComponent(room)}/send/${type}/agent${this.txn}-${Date.now()}`, content))["event_id"]);
  }

  say(room: string, body: string): Promise<string> {
    return this.send(room, { msgtype: "m.text", body });
  }

  async redact(room: string, event: string): Promise<void> {
    this.txn += 1;
    await this.call("PUT", `/rooms/${encodeURIComponent(room)}/redact/${encodeURIComponent(event)}/agent${this.txn}-${Date.now()}`, {});
  }

  async state(room: string, type: string): Promise<Json> {
    return this.call("GET", `/rooms/${encodeURIComponent(room)}/state/${type}/`);
  }

  async upload(bytes: Uint8Array<ArrayBuffer>, type: string, name: string): Promise<string> {
    const answer = await call(this.base, "POST", `/_matrix/media/v3/upload?filename=${encodeURIComponent(name)}`, { token: this.token, raw: bytes, type });
    return String(answer["content_uri"]);
  }

  async download(uri: string): Promise<Buffer> {
    const response = await fetch(`${this.base}/_matrix/client/v1/media/download/${uri.slice("mxc://".length)}`, { headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok) throw new Error(`${uri}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }
}
