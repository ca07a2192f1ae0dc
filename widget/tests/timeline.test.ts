import { describe, expect, test } from "vitest";
import type { Json } from "../src/matrix";
import { body, fold, localTime, mxc } from "../src/timeline";

const ME = "@web-1:desk.test";
const MIA = "@mia:desk.test";
let clock = 0;

function event(id: string, sender: string, content: Json, more: Json = {}): Json {
  clock += 1;
  return { event_id: id, type: "m.room.message", sender, origin_server_ts: clock, content, ...more };
}

const said = (id: string, sender: string, text: string): Json => event(id, sender, { msgtype: "m.text", body: text });
const edit = (id: string, sender: string, of: string, text: string): Json => event(id, sender, { msgtype: "m.text", body: `* ${text}`, "m.new_content": { msgtype: "m.text", body: text }, "m.relates_to": { rel_type: "m.replace", event_id: of } });
const react = (id: string, sender: string, of: string, key: unknown): Json => event(id, sender, { "m.relates_to": { rel_type: "m.annotation", event_id: of, key } }, { type: "m.reaction" });
const redact = (id: string, sender: string, of: string): Json => event(id, sender, { redacts: of }, { type: "m.room.redaction" });
const texts = (events: Json[]): string[] => fold(events, ME).map((message) => (message.kind === "gone" ? "–" : message.text));

describe("folding events", () => {
  test("the newest edit counts, in any order, and only its author's", () => {
    const all = [said("a", MIA, "one"), edit("b", MIA, "a", "two"), edit("c", MIA, "a", "three"), edit("d", ME, "a", "forged")];
    expect(texts(all)).toEqual(["three"]);
    const [a, b, c, d] = all as [Json, Json, Json, Json];
    expect(texts([c, d, a, b])).toEqual(["three"]);
    expect(fold(all, ME)[0]?.edited).toBe(true);
  });

  test("an edit that is taken back leaves what was before", () => {
    expect(texts([said("a", MIA, "one"), edit("b", MIA, "a", "two"), edit("c", MIA, "a", "three"), redact("d", MIA, "c")])).toEqual(["two"]);
  });

  test("history that holds its newest edit inside shows it", () => {
    const bundled = event("a", MIA, { msgtype: "m.text", body: "one" }, { unsigned: { "m.relations": { "m.replace": edit("b", MIA, "a", "two") } } });
    expect(texts([bundled])).toEqual(["two"]);
  });

  test("what was removed says so, by event or by the homeserver's mark, in old rooms and new ones", () => {
    const all = [said("a", MIA, "one"), redact("x", MIA, "a"), event("b", MIA, {}, { unsigned: { redacted_because: {} } }), said("c", MIA, "three"), event("y", MIA, {}, { type: "m.room.redaction", redacts: "c" })];
    expect(texts(all)).toEqual(["–", "–", "–"]);
  });

  test("reactions are counted, and go when taken back", () => {
    const all = [said("a", ME, "Hi"), react("r", MIA, "a", "👍"), react("s", ME, "a", "👍"), react("t", MIA, "a", "🎉"), redact("u", MIA, "t"), react("v", MIA, "a", { evil: 1 })];
    expect(fold(all, ME)[0]?.reactions).toEqual([{ key: "👍", count: 2 }]);
  });

  test("the same event twice is one message", () => {
    const one = said("a", MIA, "one");
    expect(texts([one, one])).toEqual(["one"]);
  });

  test("nothing a server leaves out or gets wrong is an error", () => {
    const odd: Json[] = [{}, { event_id: 5 }, { event_id: "a", type: "m.room.message" }, { event_id: "b", type: "m.room.message", content: [], sender: 7, origin_server_ts: "now", unsigned: "x" }, { event_id: "c", type: "m.room.encrypted", content: null }];
    expect(fold(odd, ME).map((message) => message.kind)).toEqual(["unsupported", "unsupported", "unsupported"]);
    expect(fold([event("d", MIA, { msgtype: "m.text", body: "x", "m.relates_to": { rel_type: "m.replace", event_id: {} } })], ME)).toEqual([]);
  });

  test("facts of the room are no messages", () => {
    expect(fold([event("a", MIA, { membership: "join" }, { type: "m.room.member", state_key: MIA }), event("b", ME, { msgtype: "m.text", body: "x" }, { state_key: "" })], ME)).toEqual([]);
  });
});

describe("contents", () => {
  test("an answer's quotation is left out", () => {
    expect(body({ msgtype: "m.text", body: "> <@a:b> Is it?\n> Really?\n\nYes.", "m.relates_to": { "m.in_reply_to": { event_id: "$1" } } }).text).toBe("Yes.");
    expect(body({ msgtype: "m.text", body: "> Yes." }).text).toBe("> Yes.");
  });

  test("only pictures a browser merely draws are shown; the rest is a file", () => {
    const media = (type: unknown, msgtype = "m.image"): unknown => body({ msgtype, body: "a", url: "mxc://desk.test/abc", info: { mimetype: type, w: 1e9, h: "3" } }).media?.picture;
    expect(media("image/png")).toEqual({ type: "image/png", width: 0, height: 0 });
    expect(media("image/svg+xml")).toBeNull();
    expect(media("text/html")).toBeNull();
    expect(media("image/png", "m.file")).toBeNull();
    expect(media(undefined)).toBeNull();
  });

  test("a file's name and the words under it are told apart", () => {
    expect(body({ msgtype: "m.file", body: "The manual.", filename: "a.pdf", url: "mxc://d.test/x" })).toMatchObject({ text: "The manual.", media: { name: "a.pdf" } });
    expect(body({ msgtype: "m.file", body: "a.pdf", filename: "a.pdf", url: "mxc://d.test/x" })).toMatchObject({ text: "", media: { name: "a.pdf" } });
  });

  test("an address of media is two plain parts", () => {
    expect(mxc("mxc://desk.test:8448/AbC_-1")).toEqual(["desk.test:8448", "AbC_-1"]);
    for (const bad of ["https://evil.test/a", "mxc://desk.test/../x", "mxc://desk.test/a/b", "mxc:///a", "mxc://a b/c"]) expect(mxc(bad), bad).toBeNull();
  });

  test("times are by this computer's clock", () => {
    expect(localTime({ origin_server_ts: 5, unsigned: { age: 1_000 } }, 90_000)).toBe(89_000);
    expect(localTime({ origin_server_ts: 5, unsigned: { age: -7 } }, 90_000)).toBe(5);
  });
});
