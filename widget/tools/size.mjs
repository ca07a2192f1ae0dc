// What a shop's visitors load: one file, small, and nothing in it that a strict content policy refuses.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The most that may travel to a visitor, compressed. */
const MOST = 25_000;
const folder = new URL("../dist/", import.meta.url);
const files = readdirSync(folder);
if (files.join() !== "parley-chat.js") {
  console.error(`widget/dist holds ${files.join(", ")}; it must be parley-chat.js alone`);
  process.exit(1);
}
const bytes = readFileSync(new URL("parley-chat.js", folder));
const packed = gzipSync(bytes, { level: 9 }).length;
console.log(`widget/dist/parley-chat.js: ${(bytes.length / 1000).toFixed(1)} kB, ${(packed / 1000).toFixed(1)} kB compressed (at most ${MOST / 1000})`);
if (packed > MOST) {
  console.error("the chat script has become too large for a page that somebody waits for");
  process.exit(1);
}
if (bytes.some((byte) => byte > 0x7f)) {
  console.error("the chat script holds more than ASCII: a page in another encoding would show garbled words");
  process.exit(1);
}
for (const mark of ["eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"]) {
  if (bytes.includes(mark)) {
    console.error(`the chat script holds “${mark}”, which a strict content policy or a careful shop refuses`);
    process.exit(1);
  }
}
