// What ships: its size, and that no development host is in it.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../dist/", import.meta.url));
const files = (folder) => readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? files(join(folder, name)) : [join(folder, name)]));
let raw = 0;
let packed = 0;
for (const file of files(root)) {
  const bytes = readFileSync(file);
  raw += bytes.length;
  packed += gzipSync(bytes).length;
  const text = bytes.toString("latin1");
  // Marks that only the loopback, the scripted host and the language nobody speaks carry.
  for (const mark of ["EventSource", "Anna Berg", "host=scripted", "áéíöüýñ"]) {
    if (text.includes(mark)) {
      console.error(`${file} holds a development host (“${mark}”)`);
      process.exit(1);
    }
  }
  if (file.endsWith(".html") && /<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|<style/i.test(text)) {
    console.error(`${file} holds an inline script or style, which the content policy forbids`);
    process.exit(1);
  }
}
console.log(`ui/dist: ${(raw / 1000).toFixed(0)} kB, ${(packed / 1000).toFixed(0)} kB compressed`);
