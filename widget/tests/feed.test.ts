import { afterEach, expect, test, vi } from "vitest";
import { Feed, type Listener } from "../src/feed";
import { type Json, Matrix } from "../src/matrix";
import { Outbox, type Sender } from "../src/outbox";
import { register } from "../src/register";
import { Store } from "../src/store";
import { ChatError } from "../src/trouble";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

/** A homeserver of answers: each request takes the next one. */
function homeserver(answers: (Json | { status: number; body: Json } | Error)[]): { asked: string[]; bodies: Json[] } {
  const asked: string[] = [];
  const bodies: Json[] = [];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    asked.push(`${init.method} ${address.replace(/^https:\/\/[^/]*\/_matrix\/client\/v3/, "")}`);
    bodies.push(typeof init.body === "string" ? (JSON.parse(init.body) as Json) : {});
    const next = answers.shift();
    if (next === undefined) return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));
    if (next instanceof Error) throw next;
    const { status, body } = "status" in next ? (next as { status: number; body: Json }) : { status: 200, body: next };
    return new Response(JSON.stringify(body), { status });
  });
  return { asked, bodies };
}

const matrix = (): Matrix => new Matrix("https://chat.test");
const said = (id: string): Json => ({ event_id: id, type: "m.room.message", sender: "@a:b", content: { msgtype: "m.text", body: id } });
const sync = (next: string, timeline: Json): Json => ({ next_batch: next, rooms: { join: { "!r": { timeline } } } });

function listener(over: Partial<Listener> = {}): Listener & { troubles: (string | null)[] } {
  const troubles: (string | null)[] = [];
  return { idle: () => false, changed: () => undefined, trouble: (error) => void troubles.push(error?.trouble ?? null), troubles, ...over };
}

test("a gap is closed by pages backwards until what is known", async () => {
  homeserver([sync("1", { events: [said("a")] }), sync("2", { limited: true, prev_batch: "p", events: [said("e")] }), { chunk: [said("d"), said("c")], end: "q" }, { chunk: [said("b"), said("a")], end: "r" }]);
  const feed = new Feed(matrix(), "!r", "@me:b", listener());
  void feed.run();
  await vi.waitFor(() => expect(feed.events.map((event) => event["event_id"])).toEqual(["a", "b", "c", "d", "e"]));
  expect(feed.back).toBeNull();
  feed.stop();
});

test("a gap that is too wide forgets the old instead of hiding that something is missing", async () => {
  const pages = Array.from({ length: 6 }, (_, n) => ({ chunk: [said(`x${n}`)], end: `p${n}` }));
  homeserver([sync("1", { events: [said("a")] }), sync("2", { limited: true, prev_batch: "p", events: [said("z")] }), ...pages]);
  const feed = new Feed(matrix(), "!r", "@me:b", listener());
  void feed.run();
  await vi.waitFor(() => expect(feed.events.map((event) => event["event_id"])).toEqual(["x5", "x4", "x3", "x2", "x1", "x0", "z"]));
  expect(feed.back).toBe("p5");
  feed.stop();
});

test("while nobody looks no poll is begun, and a wake begins one", async () => {
  const { asked } = homeserver([sync("1", { events: [said("a")] }), sync("2", { events: [said("b")] })]);
  let idle = true;
  const feed = new Feed(matrix(), "!r", "@me:b", listener({ idle: () => idle }));
  void feed.run();
  await feed.ready;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toHaveLength(1);
  idle = false;
  feed.wake();
  await vi.waitFor(() => expect(feed.events).toHaveLength(2));
  feed.stop();
});

test("a network that is away is said, and forgotten when it is back", async () => {
  homeserver([new TypeError("no network"), sync("1", { events: [said("a")] })]);
  const heard = listener();
  const feed = new Feed(matrix(), "!r", "@me:b", heard);
  void feed.run();
  await vi.waitFor(() => expect(heard.troubles).toEqual(["offline"]));
  feed.wake();
  await vi.waitFor(() => expect(heard.troubles.slice(0, 2)).toEqual(["offline", null]));
  feed.stop();
});

test("a room that is encrypted by force closes the chat", async () => {
  homeserver([{ next_batch: "1", rooms: { join: { "!r": { state: { events: [{ type: "m.room.encryption", state_key: "", content: {} }] } } } } }]);
  const heard = listener();
  await new Feed(matrix(), "!r", "@me:b", heard).run();
  expect(heard.troubles).toEqual(["closed"]);
});

test("a feed that ends before its first answer keeps nobody waiting", async () => {
  for (const [status, errcode, trouble] of [[401, "M_UNKNOWN_TOKEN", "ended"], [404, "M_UNRECOGNIZED", "refused"]] as const) {
    homeserver([{ status, body: { errcode } }]);
    const feed = new Feed(matrix(), "!r", "@me:b", listener());
    void feed.run();
    await feed.ready;
    expect(feed.over?.trouble).toBe(trouble);
  }
  homeserver([]);
  const left = new Feed(matrix(), "!r", "@me:b", listener());
  void left.run();
  left.stop();
  await left.ready;
  expect(left.over).toBeNull();
});

test("an answer that is not JSON is a homeserver in trouble, not data", async () => {
  vi.stubGlobal("fetch", async () => new Response("<html>Sign in to the hotel's network</html>"));
  await expect(matrix().ask("GET", "/sync")).rejects.toMatchObject({ trouble: "server" });
});

test("registration takes a new name where one is taken, and says when the token is no good", async () => {
  const flows = { session: "s", flows: [{ stages: ["m.login.registration_token", "m.login.dummy"] }] };
  const { bodies } = homeserver([{ status: 400, body: { errcode: "M_USER_IN_USE" } }, { status: 401, body: flows }, { status: 401, body: { ...flows, errcode: "M_UNAUTHORIZED", error: "Invalid registration token" } }]);
  await expect(register(matrix(), "spent")).rejects.toMatchObject({ trouble: "closed", code: "M_UNAUTHORIZED" });
  expect(bodies[0]?.["username"]).not.toBe(bodies[1]?.["username"]);
  expect(bodies[2]?.["auth"]).toEqual({ type: "m.login.registration_token", session: "s", token: "spent" });
});

test("registration that is too busy asks for patience and closes nothing", async () => {
  homeserver([{ status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 4_000 } }]);
  await expect(register(matrix(), "t")).rejects.toMatchObject({ trouble: "limited", wait: 4_000 });
});

function outbox(ended: () => boolean = () => false, over: Partial<Sender> = {}): { box: Outbox; store: Store; troubles: (ChatError | null)[] } {
  const store = new Store("https://chat.test", "@s:b");
  const troubles: (ChatError | null)[] = [];
  const box = new Outbox({ matrix: matrix(), store, room: async () => "!r", settled: async () => undefined, changed: () => undefined, trouble: (error) => void troubles.push(error), ended, ...over });
  return { box, store, troubles };
}

test("messages go out one after the other, and a try again is the same transaction", async () => {
  const { asked } = homeserver([new TypeError("no network"), { event_id: "$1" }, { event_id: "$2" }]);
  const { box } = outbox();
  box.text("one");
  box.text("two");
  await vi.waitFor(() => expect(box.pending.map((one) => one.state)).toEqual(["waiting", "sending"]));
  box.wake();
  await vi.waitFor(() => expect(box.pending.map((one) => one.state)).toEqual(["sent", "sent"]));
  expect(asked[0]).toBe(asked[1]);
  expect(asked[2]).not.toBe(asked[1]);
});

test("what is refused stays, says so, lets the next one pass, and can be tried again", async () => {
  homeserver([{ status: 413, body: { errcode: "M_TOO_LARGE" } }, { event_id: "$2" }, { event_id: "$1" }]);
  const { box, store } = outbox();
  box.text("one");
  box.text("two");
  await vi.waitFor(() => expect(box.pending.map((one) => one.state)).toEqual(["failed", "sent"]));
  expect(store.outbox()).toHaveLength(1);
  box.again(box.pending[0]?.txn ?? "");
  await vi.waitFor(() => expect(box.pending.map((one) => one.state)).toEqual(["sent", "sent"]));
  box.seen(new Set(), new Set(["$1", "$2"]));
  expect(box.pending).toEqual([]);
});

test("what waits is there after a reload, and goes when it has come back as an event", async () => {
  homeserver([new TypeError("no network")]);
  const first = outbox();
  first.box.text("one");
  await vi.waitFor(() => expect(first.box.pending[0]?.state).toBe("waiting"));
  const { box, store } = outbox();
  expect(box.pending.map((one) => [one.content, one.state])).toEqual([[{ msgtype: "m.text", body: "one" }, "waiting"]]);
  box.seen(new Set([box.pending[0]?.txn ?? ""]), new Set());
  expect(store.outbox()).toEqual([]);
});

test("closed registration fails the message and does not begin anew for ever", async () => {
  const { box, troubles } = outbox(() => {
    throw new Error("must not be asked");
  });
  (box as unknown as { sender: { room(): Promise<string> } }).sender.room = async () => {
    throw new ChatError("closed", "registration is refused", "M_FORBIDDEN");
  };
  box.text("one");
  await vi.waitFor(() => expect(box.pending[0]?.state).toBe("failed"));
  expect(troubles.at(-1)?.trouble).toBe("closed");
});

test("a message goes to the room that is there when it is known what the homeserver has", async () => {
  const { asked } = homeserver([{ event_id: "$1" }]);
  let room = "!gone";
  const { box } = outbox(undefined, { room: async () => room, settled: async () => void (room = "!new") });
  box.text("one");
  await vi.waitFor(() => expect(box.pending[0]?.state).toBe("sent"));
  expect(asked[0]).toContain("/rooms/!new/send/");
});

test("where the chat has closed before anything was known, the message fails and says so", async () => {
  const { asked } = homeserver([]);
  const { box, troubles } = outbox(undefined, {
    settled: async () => {
      throw new ChatError("closed", "rooms are encrypted by force");
    },
  });
  box.text("one");
  await vi.waitFor(() => expect(box.pending[0]?.state).toBe("failed"));
  expect(troubles.at(-1)?.trouble).toBe("closed");
  expect(asked).toEqual([]);
});

test("two pages keep each other's unsent messages, and each takes only its own away", async () => {
  homeserver([new TypeError("no network"), new TypeError("no network"), new TypeError("no network")]);
  const [first, second] = [outbox(), outbox()];
  const kept = (): unknown[] => first.store.outbox().map((one) => one.content["body"]);
  first.box.text("one");
  second.box.text("two");
  first.box.text("three");
  expect(kept().sort()).toEqual(["one", "three", "two"]);
  first.box.discard(first.box.pending[0]?.txn ?? "");
  expect(kept().sort()).toEqual(["three", "two"]);
  second.box.clear();
  expect(kept()).toEqual(["three"]);
});

test("the last message that is discarded takes the trouble along; while another waits it stays", async () => {
  homeserver([new TypeError("no network")]);
  const { box, troubles } = outbox();
  box.text("one");
  box.text("two");
  await vi.waitFor(() => expect(troubles.at(-1)?.trouble).toBe("offline"));
  box.discard(box.pending[1]?.txn ?? "");
  expect(troubles.at(-1)?.trouble).toBe("offline");
  box.discard(box.pending[0]?.txn ?? "");
  expect(troubles.at(-1)).toBeNull();
});

test("a page is held only while a file is under way", () => {
  homeserver([]);
  const held = (): boolean => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  const { box } = outbox();
  box.text("one");
  expect(held()).toBe(false);
  box.file(new File(["x"], "x.txt"));
  expect(held()).toBe(true);
  box.stop();
  expect(held()).toBe(false);
  expect(box.pending).toHaveLength(1);
});
