// What is said to `t` and what the catalogue's text asks for: a wrong name would show as `{name}` or end in an error on
// a person's screen, and no compiler sees it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import IntlMessageFormat from "intl-messageformat";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import en from "../src/i18n/en.json";

const catalogue: Readonly<Record<string, string>> = en;
/** No call is longer. */
const LONGEST = 2_000;
const source = join(import.meta.dirname, "../src");

/** The names that a text asks for; those of one branch of a choice count as all the others do. */
function asked(text: string): Set<string> {
  const names = new Set<string>();
  const walk = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(walk);
    if (typeof part !== "object" || part === null || Array.isArray(part)) return;
    const { type, value, options } = part as { type?: number; value?: unknown; options?: Record<string, { value: unknown }> };
    // 0 is plain text, 7 the `#` of a plural; everything between has a name.
    if (type !== undefined && type > 0 && type < 7 && typeof value === "string") names.add(value);
    for (const option of Object.values(options ?? {})) walk(option.value);
  };
  walk(new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).getAst());
  return names;
}

/** The calls of `t` in a file, each as an expression of its own. */
function calls(text: string): { at: number; call: ts.CallExpression; file: ts.SourceFile }[] {
  return [...text.matchAll(/(?<![\w.$])t\(/g)].flatMap((m) => {
    // Behind the call there is markup or more code: the parser ends where the expression does.
    const file = ts.createSourceFile("call.ts", text.slice(m.index, m.index + LONGEST), ts.ScriptTarget.Latest, true);
    let found: ts.CallExpression | undefined;
    const look = (node: ts.Node): void => {
      if (found === undefined && ts.isCallExpression(node) && node.getStart() === 0 && ts.isIdentifier(node.expression)) found = node;
      if (found === undefined) ts.forEachChild(node, look);
    };
    look(file);
    return found === undefined ? [] : [{ at: text.slice(0, m.index).split("\n").length, call: found, file }];
  });
}

/** Keys that an expression may be; a family (`word.${…}`) stands for all of its keys. */
function keys(node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return keys(node.expression);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...keys(node.whenTrue), ...keys(node.whenFalse)];
  if (ts.isTemplateExpression(node)) return Object.keys(catalogue).filter((key) => key.startsWith(node.head.text));
  return [];
}

/** The names of an object that is written out, here or as a constant of the file; `null` where it cannot be told. */
function given(node: ts.Expression | undefined, text: string): Set<string> | null {
  if (node === undefined) return new Set();
  if (ts.isIdentifier(node)) {
    const written = new RegExp(`const ${node.text} = (?=\\{)`).exec(text);
    if (written === null) return null;
    const file = ts.createSourceFile("values.ts", `(${text.slice(written.index + written[0].length)}`, ts.ScriptTarget.Latest, true);
    let object: ts.Expression | undefined;
    const look = (inner: ts.Node): void => {
      if (object === undefined && ts.isObjectLiteralExpression(inner)) object = inner;
      if (object === undefined) ts.forEachChild(inner, look);
    };
    look(file);
    return object === undefined ? null : given(object, text);
  }
  if (!ts.isObjectLiteralExpression(node)) return null;
  const names = node.properties.map((p) => (p.name !== undefined && (ts.isIdentifier(p.name) || ts.isStringLiteralLike(p.name)) ? p.name.text : null));
  return names.includes(null) ? null : new Set(names.filter((name) => name !== null));
}

/** What is wrong with a file's calls, and how many could be read. */
function wrong(name: string, text: string): { found: string[]; read: number } {
  const found: string[] = [];
  let read = 0;
  for (const { at, call } of calls(text)) {
    const [first, second] = call.arguments;
    const named = first === undefined ? [] : keys(first);
    const values = given(second, text);
    const here = `${name}:${String(at)}`;
    if (values === null) found.push(`${here}: the values cannot be read; write them as { name: value }`);
    else for (const key of named) {
      read += 1;
      const message = catalogue[key];
      if (message === undefined) found.push(`${here}: no text for ${key}`);
      else {
        const wanted = asked(message);
        for (const want of wanted) if (!values.has(want)) found.push(`${here}: ${key} asks for {${want}}`);
        // A family's texts need not all say everything.
        const one = first !== undefined && !ts.isTemplateExpression(first);
        for (const value of values) if (one && !wanted.has(value)) found.push(`${here}: ${key} does not say {${value}}`);
      }
    }
  }
  return { found, read };
}

describe("placeholders", () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => /\.(ts|svelte)$/.test(file) && !file.startsWith("api/") && file !== "i18n/index.ts");

  it("are given as the texts ask for them, everywhere", () => {
    const all = files.map((file) => wrong(file, readFileSync(join(source, file), "utf8")));
    expect(all.flatMap((one) => one.found)).toEqual([]);
    // A reader that finds no calls would find no mistakes either.
    const read = all.reduce((sum, one) => sum + one.read, 0);
    expect(read).toBeGreaterThan(Object.keys(catalogue).length / 2);
  });

  it.each([
    ['t("row.unread", { n: 1 })', []],
    ['{t("row.unread", { count: 1 })}</p>', ["f:1: row.unread asks for {n}", "f:1: row.unread does not say {count}"]],
    ['<b title={t("row.unread")}>', ["f:1: row.unread asks for {n}"]],
    ['t(one ? "row.unread" : "app.none", values())', ["f:1: the values cannot be read; write them as { name: value }"]],
    ['const values = { n: 1 };\nt("row.unread", values)', []],
    ['t("no.such")', ["f:1: no text for no.such"]],
  ])("%s", (text, findings) => {
    expect(wrong("f", text).found).toEqual(findings);
  });
});
