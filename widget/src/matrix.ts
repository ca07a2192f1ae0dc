// The few calls of Matrix's client API that a chat needs.
import { ChatError, refusal } from "./trouble";

export type Json = Record<string, unknown>;

/** An object out of anything, so that what a server left out or got wrong is merely absent. */
export function obj(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(obj) : [];
}

interface Ask {
  body?: Json;
  query?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Milliseconds without an answer that are too many. */
  limit?: number;
}

interface Answer {
  status: number;
  body: Json;
  retryAfter: string | null;
}

const CLIENT = "/_matrix/client/v3";
const PATIENCE = 30_000;

export class Matrix {
  token = "";

  constructor(readonly base: string) {}

  /** Asks and gives the answer; a refusal is an error that says what follows. */
  async ask(method: string, path: string, ask: Ask = {}): Promise<Json> {
    const { status, body, retryAfter } = await this.answer(method, path, ask);
    if (status >= 200 && status < 300) return body;
    throw refusal(status, body, retryAfter);
  }

  /** Asks and gives whatever was answered. */
  async answer(method: string, path: string, { body, query, signal, limit = PATIENCE }: Ask): Promise<Answer> {
    const response = await this.fetch(method, this.address(path, query), limit, signal, body === undefined ? undefined : JSON.stringify(body));
    let answer: unknown;
    try {
      answer = await response.json();
    } catch {
      // A proxy's page, a login screen of a hotel, or nothing at all: not the homeserver.
      if (response.ok) throw new ChatError("server", `${this.base} answered something that is not JSON`);
    }
    return { status: response.status, body: obj(answer), retryAfter: response.headers.get("retry-after") };
  }

  /** A file's bytes. */
  async bytes(path: string): Promise<Blob> {
    const response = await this.fetch("GET", this.address(path), 120_000);
    if (!response.ok) throw refusal(response.status, obj(await response.json().catch(() => ({}))), response.headers.get("retry-after"));
    try {
      return await response.blob();
    } catch (error) {
      throw new ChatError("offline", String(error));
    }
  }

  /** Sends a file and says how far it is; ends with its address. */
  upload(file: Blob, name: string, progress: (share: number) => void, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      // fetch tells nobody how far an upload is.
      const request = new XMLHttpRequest();
      const stop = (): void => request.abort();
      signal.addEventListener("abort", stop);
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onloadend = () => {
        signal.removeEventListener("abort", stop);
        if (signal.aborted) return reject(new DOMException("", "AbortError"));
        if (request.status === 0) return reject(new ChatError("offline", `${this.base} is not reached`));
        let body: Json = {};
        try {
          body = obj(JSON.parse(request.responseText));
        } catch {
          // Told by its status.
        }
        const uri = body["content_uri"];
        if (request.status === 200 && typeof uri === "string") resolve(uri);
        else reject(refusal(request.status, body, null));
      };
      request.open("POST", this.address("/_matrix/media/v3/upload", { filename: name }));
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", file.type === "" ? "application/octet-stream" : file.type);
      request.send(file);
    });
  }

  private address(path: string, query?: Readonly<Record<string, string>>): string {
    const full = path.startsWith("/_matrix/") ? path : CLIENT + path;
    return this.base + full + (query === undefined ? "" : `?${new URLSearchParams(query).toString()}`);
  }

  private async fetch(method: string, address: string, limit: number, signal?: AbortSignal, body?: string): Promise<Response> {
    const control = new AbortController();
    const stop = (): void => control.abort();
    signal?.addEventListener("abort", stop);
    const timer = setTimeout(stop, limit);
    try {
      if (signal?.aborted === true) stop();
      const headers: Record<string, string> = {};
      if (body !== undefined) headers["Content-Type"] = "application/json";
      if (this.token !== "") headers["Authorization"] = `Bearer ${this.token}`;
      return await fetch(address, { method, headers, body: body ?? null, signal: control.signal, credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" });
    } catch (error) {
      if (signal?.aborted === true) throw new DOMException("", "AbortError");
      throw new ChatError("offline", `${this.base} is not reached: ${String(error)}`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** A part of a path out of an id. */
export function part(id: string): string {
  return encodeURIComponent(id);
}

export function random(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
