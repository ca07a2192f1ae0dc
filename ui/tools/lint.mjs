// The rules of the front end that a compiler does not keep: who may import whom, no raw HTML, no words outside the catalogue.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { programOf, wordsOfMarkup, wordsOfProgram } from "./words.mjs";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)]));
const sources = files(root).filter((f) => /\.(ts|svelte|css)$/.test(f));
const found = [];
const say = (file, line, what) => found.push(`src/${relative(root, file)}:${String(line)}: ${what}`);

/** What each folder may import from; the rest is upward or sideways. */
const may = {
  parts: ["parts", "i18n"], i18n: ["i18n"], api: ["api"], host: ["host", "api", "configs.ts"], state: ["state", "api", "host", "i18n", "errors.ts", "configs.ts"],
  screens: ["screens", "state", "parts", "editor", "api", "host", "i18n", "errors.ts", "configs.ts"], editor: ["editor"], "errors.ts": ["host", "i18n"], "configs.ts": ["api"],
};

for (const file of sources) {
  const own = relative(root, file).split("/")[0];
  const text = readFileSync(file, "utf8");
  text.split("\n").forEach((line, i) => {
    if (/\{@html/.test(line)) say(file, i + 1, "{@html} puts untrusted markup into the window");
    if (/innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(line)) say(file, i + 1, "markup is made by components only");
    if (/@tauri-apps/.test(line) && own !== "host") say(file, i + 1, "only src/host speaks to the shell");
    if (file.endsWith(".svelte") || file.endsWith(".css")) {
      if (/(^|[\s;{])(margin|padding|border)-(left|right|top|bottom)\s*:/.test(line) || /(^|[\s;{])(left|right|text-align:\s*(left|right))\s*:?/.test(line.replace(/<[^>]*>|"[^"]*"/g, "")) && /^\s*(left|right)\s*:|text-align:\s*(left|right)/.test(line)) say(file, i + 1, "use the logical property");
      if (own !== "styles" && /#[0-9a-f]{3,8}\b/i.test(line) && /^\s*(color|background|border|box-shadow|fill|stroke)/.test(line) && !file.endsWith("MailFrame.svelte")) say(file, i + 1, "colours stand in tokens.css");
    }
    const target = /(?:from|import)\s+"(\.[^"]+)"/.exec(line)?.[1];
    if (target !== undefined && may[own] !== undefined) {
      const to = relative(root, resolve(dirname(file), target)).split("/")[0];
      const name = to === "errors" || to === "configs" ? `${to}.ts` : to;
      if (!may[own].includes(name)) say(file, i + 1, `${own} must not import ${to}`);
    }
  });
  // The hosts of development are played or local, and speak English; what ships of them says nothing.
  if (!file.endsWith(".css") && own !== "api" && own !== "host") words(file, text);
}

/** Words that people read belong into the catalogue. */
function words(file, text) {
  const lineOf = (at) => text.slice(0, at).split("\n").length;
  const program = file.endsWith(".svelte") ? programOf(text) : text;
  const found = [...(file.endsWith(".svelte") ? wordsOfMarkup(text) : []), ...wordsOfProgram(program)];
  for (const one of found) say(file, lineOf(one.at), `“${one.text.slice(0, 30)}” belongs into the catalogue`);
}

// Keys that are used and missing, or there and unused. `word("prefix", …)` and `t(`prefix.${…}`)` use a whole family.
const catalogue = JSON.parse(readFileSync(join(root, "i18n/en.json"), "utf8"));
const used = new Set();
const families = new Set();
for (const file of sources.filter((f) => !f.endsWith(".css"))) {
  const text = readFileSync(file, "utf8");
  for (const m of text.matchAll(/"([a-zA-Z]+\.[a-zA-Z_0-9]+)"/g)) used.add(m[1]);
  for (const m of text.matchAll(/\bword\("([a-zA-Z]+)"|t\(`([a-zA-Z]+)\.\$\{/g)) families.add(m[1] ?? m[2]);
  if (/word\("report", times\.by\)/.test(text)) families.add("report.by");
  for (const m of text.matchAll(/\b(?:t|plain)\((?:[^()]*\? )?"([^"]+)"(?: : "([^"]+)")?/g)) for (const key of [m[1], m[2]]) if (key !== undefined && !(key in catalogue)) say(file, text.slice(0, m.index).split("\n").length, `no text for ${key}`);
}
for (const key of Object.keys(catalogue)) if (!used.has(key) && !families.has(key.split(".")[0])) found.push(`src/i18n/en.json: ${key} is not used`);

if (found.length > 0) {
  console.error(found.join("\n"));
  console.error(`${String(found.length)} findings`);
  process.exit(1);
}
console.log(`lint: ${String(sources.length)} files, nothing found`);
