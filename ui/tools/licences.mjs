// What other people's work is in the program, and under which licences: from Cargo.lock and package-lock.json, with the
// texts that lie beside each package. Writes ui/src/licences/list.json, which About shows; a test says when it no longer
// fits the lock files. Wants the packages to be there: after a build.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ui = join(import.meta.dirname, "..");
const root = join(ui, "..");
// Other systems link a few others of the same makers; the list is that of the system the packages are made on.
const platform = "x86_64-unknown-linux-gnu";

/** The texts that lie beside a package. Where one may choose, MIT is what we take, and its text is the one that counts. */
function textsIn(folder, licence, named) {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const fitting = [...new Set([...(named ? [named] : []), ...names.filter((name) => /^(licen[sc]e|copying|copyright|notice|unlicense)/i.test(name) && !/\.(rs|js|ts|json|html)$/i.test(name))])];
  const choice = /\bOR\b|\//.test(licence) && !/\bAND\b/.test(licence);
  const mit = fitting.filter((name) => /mit/i.test(name));
  const taken = choice && mit.length > 0 ? [...mit, ...fitting.filter((name) => /notice|copyright/i.test(name))] : fitting;
  return taken.flatMap((name) => {
    try {
      return [readFileSync(join(folder, name), "utf8")];
    } catch {
      return [];
    }
  });
}

/** Rust: everything that the desktop program is linked with, on every platform. */
function rust() {
  const meta = JSON.parse(execFileSync("cargo", ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", platform], { cwd: root, maxBuffer: 1 << 28 }));
  const byId = new Map(meta.packages.map((p) => [p.id, p]));
  const nodes = new Map(meta.resolve.nodes.map((n) => [n.id, n]));
  const start = meta.packages.find((p) => p.name === "parley").id;
  const seen = new Set([start]);
  for (const id of seen) for (const dep of nodes.get(id).deps) if (dep.dep_kinds.some((k) => k.kind === null)) seen.add(dep.pkg);
  return [...seen].flatMap((id) => {
    const p = byId.get(id);
    if (p.source === null) return [];
    return [{ name: p.name, version: p.version, licence: p.license ?? "see its text", texts: textsIn(dirname(p.manifest_path), p.license ?? "", p.license_file) }];
  });
}

/** JavaScript: what is bundled into the window. */
function javascript() {
  const lock = JSON.parse(readFileSync(join(ui, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages).flatMap(([place, p]) => {
    if (place === "" || p.dev || p.optional || p.link) return [];
    const folder = join(ui, place);
    const own = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const licence = typeof own.license === "string" ? own.license : "see its text";
    return [{ name: own.name, version: own.version, licence, texts: textsIn(folder, licence) }];
  });
}

const tidy = (text) => text.replaceAll("\r\n", "\n").replace(/[ \t]+$/gm, "").trim();
/** The same words with other blanks are the same licence. */
const gist = (text) => text.replace(/\s+/g, " ").toLowerCase();
const all = [...rust().map((p) => ({ ...p, of: "rust" })), ...javascript().map((p) => ({ ...p, of: "javascript" }))].sort((a, b) => a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version, "en"));
const texts = [];
const places = new Map();
const packages = all.map(({ name, version, licence, of, texts: own }) => ({
  name, version, licence, of,
  texts: [...new Set(own.map(tidy).filter((text) => text !== "").map((text) => {
    const key = gist(text);
    if (!places.has(key)) {
      places.set(key, texts.length);
      texts.push(text);
    }
    return places.get(key);
  }))],
}));
writeFileSync(join(ui, "src", "licences", "list.json"), `{"packages":[\n${packages.map((p) => JSON.stringify(p)).join(",\n")}\n],"texts":[\n${texts.map((text) => JSON.stringify(text)).join(",\n")}\n]}\n`);
console.log(`licences: ${packages.length} packages, ${texts.length} texts`);
