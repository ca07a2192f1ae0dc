// A made-up workspace of any size, as an interchange file: one customer who wrote half of it, and many who wrote little.
import { createWriteStream } from "node:fs";
import { once } from "node:events";

const WORDS = "lamp order delivery price brass shade cable dimmer socket invoice return parcel colour size stock week thanks please send when where broken new old two black white".split(" ");
/** The customer with half of all messages. */
export const LONG = "Lena Long";
/** A customer with a hundred. */
export const SHORT = "Sam Short";
const SHORT_MESSAGES = 100;
const MINUTE = 60_000;

/** The same numbers each time, whoever asks. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes a file with `n` messages. */
export async function write(path: string, n: number): Promise<void> {
  const out = createWriteStream(path);
  const next = random(n);
  const text = (): string => Array.from({ length: 8 + Math.floor(next() * 40) }, () => WORDS[Math.floor(next() ** 2 * WORDS.length)]).join(" ");
  out.write('{"parley":"interchange","version":1}\n');
  const now = Date.now();
  const customers = Math.max(60, Math.floor(n * 0.03));
  for (let i = 0; i < n; i += 1) {
    const few = 2 + Math.floor(next() ** 2 * customers);
    const who = i % 2 === 0 ? 0 : i < 2 * SHORT_MESSAGES ? 1 : few;
    const name = who === 0 ? LONG : who === 1 ? SHORT : `Customer ${who}`;
    const party = { name, address: `customer${who}@shop.test` };
    const inbound = next() < 0.6;
    // The two that are compared stand at the top of the list.
    const at = now - (n - i) * MINUTE * 5;
    const line = {
      type: "message", id: `m${i}`, channel: "email", direction: inbound ? "inbound" : "outbound",
      author: inbound ? party : { name: "Support", address: "support@desk.test" }, ...(inbound ? {} : { to: [party] }),
      sent_at: at, subject: `About ${WORDS[i % WORDS.length]}`, text: text(),
    };
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, "drain");
  }
  for (const [who, name] of [[1, SHORT], [0, LONG]] as const) {
    const line = { type: "message", id: `last${who}`, channel: "email", direction: "inbound", author: { name, address: `customer${who}@shop.test` }, sent_at: now - (2 - who) * 1000, subject: "Last", text: "The last word." };
    out.write(`${JSON.stringify(line)}\n`);
  }
  out.end();
  await once(out, "finish");
}
