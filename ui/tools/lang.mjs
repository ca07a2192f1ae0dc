// The catalogues beside English: which keys are missing, stale or out of order. `--write` puts what is there into
// English's order, drops what is stale, and lists what is left to translate with its English text.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { problems } from "./messages.mjs";

const folder = fileURLToPath(new URL("../src/i18n/", import.meta.url));
const read = (name) => readFileSync(`${folder}${name}`, "utf8");
const source = read("en.json");
const english = JSON.parse(source);
const write = process.argv.includes("--write");

/** The catalogue laid out as English is: its order, and its empty lines. */
function laidOut(texts) {
  const lines = source.split("\n").flatMap((line) => {
    const key = /^\s*"([^"]+)":/.exec(line)?.[1];
    if (key === undefined) return [line];
    return key in texts ? [`  ${JSON.stringify(key)}: ${JSON.stringify(texts[key])},`] : [];
  });
  return lines.join("\n").replace(/,(\s*\})\s*$/, "$1\n");
}

let found = 0;
for (const file of readdirSync(folder).filter((name) => /^[a-z]{2}\.json$/.test(name) && name !== "en.json")) {
  const tag = file.slice(0, 2);
  const texts = JSON.parse(read(file));
  const missing = Object.keys(english).filter((key) => !(key in texts));
  const stale = Object.keys(texts).filter((key) => !(key in english));
  const wrong = Object.keys(english).filter((key) => key in texts).flatMap((key) => problems(tag, english[key], texts[key]).map((what) => `${key}: ${what}`));
  const order = read(file) !== laidOut(texts) && stale.length === 0;
  for (const key of missing) console.log(`${tag} missing ${key}: ${english[key]}`);
  for (const key of stale) console.log(`${tag} stale   ${key}: ${texts[key]}`);
  for (const what of wrong) console.log(`${tag} wrong   ${what}`);
  if (order) console.log(`${tag} is not laid out as en.json (node tools/lang.mjs --write)`);
  found += missing.length + wrong.length + (write ? 0 : stale.length + Number(order));
  if (write) writeFileSync(`${folder}${file}`, laidOut(texts));
}
console.log(found === 0 ? `lang: every language has the ${String(Object.keys(english).length)} texts of English` : `lang: ${String(found)} findings`);
process.exit(found === 0 ? 0 : 1);
