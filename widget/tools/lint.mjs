// The rules of the chat script that a machine can hold: no raw markup, no inline styles or handlers, the same words in every language, no physical sides in its styles.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
const forbidden = [
  [/\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|DOMParser/, "raw markup: set textContent"],
  [/\beval\(|new Function\b|setTimeout\(\s*["'`]/, "code out of text"],
  [/setAttribute\(\s*["'](style|on\w+)["']/, "an inline style or handler, which a strict content policy refuses"],
  [/\bas any\b|: any\b/, "any"],
  [/(margin|padding|border)-(left|right)|text-align:\s*(left|right)|[^-](left|right):\s*[\d-]/, "a physical side: use logical properties"],
  [/https?:\/\/(?!www\.w3\.org\/2000\/svg)[a-z]/, "an address in the code: the shop's own homeserver is the only one"],
];
const found = [];
for (const file of files(root)) {
  const name = file.slice(root.length);
  const lines = readFileSync(file, "utf8").split("\n");
  if (lines.length > 420) found.push(`${name}: ${lines.length} lines; split it`);
  lines.forEach((line, n) => {
    if (line.trim().startsWith("//")) return;
    for (const [pattern, why] of forbidden) if (pattern.test(line)) found.push(`${name}:${n + 1}: ${why}`);
  });
}
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
console.log("widget: nothing to complain about");
