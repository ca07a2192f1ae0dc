// Words that a person would read and that stand in the code instead of the catalogue, found in the syntax tree: text
// between tags, attributes that are read (out), words inside of expressions, and sentences in TypeScript.
import { parse } from "svelte/compiler";
import ts from "typescript";

/** What people read or hear of an element, and the same as properties of our own parts. */
const read = new Set(["title", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "placeholder", "alt", "label", "hint", "text", "foldlabel", "summary"]);
/** What is not for reading: how a file begins. */
const allowed = new Set(["-----BEGIN CERTIFICATE-----"]);
/** Codes of countries are no words. */
const codes = /^[A-Z]{2}( [A-Z]{2})*$/;
/** How an address looks, and how a vendor's ids begin: the same in every language. */
const samples = /^(https?:\/\/|@)\S+$|^[A-Z]{2}…$/;
const isWord = (text) => /\p{L}{2,}/u.test(text) && !allowed.has(text.trim()) && !codes.test(text.trim()) && !samples.test(text.trim());

/** Every node of a tree. */
function* nodes(node) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const one of node) yield* nodes(one);
    return;
  }
  if (typeof node.type === "string") yield node;
  for (const [name, child] of Object.entries(node)) if (name !== "parent" && typeof child === "object") yield* nodes(child);
}

/** The strings an expression may come to: of both branches, and of what joins; not those that are handed to a call, compared or looked up. */
function* outcomes(node) {
  switch (node?.type) {
    case "Literal":
      if (typeof node.value === "string") yield { text: node.value, at: node.start };
      break;
    case "TemplateLiteral":
      for (const part of node.quasis) yield { text: part.value.cooked ?? "", at: part.start };
      for (const inner of node.expressions) yield* outcomes(inner);
      break;
    case "ConditionalExpression":
      yield* outcomes(node.consequent);
      yield* outcomes(node.alternate);
      break;
    case "LogicalExpression":
      if (node.operator !== "&&") yield* outcomes(node.left);
      yield* outcomes(node.right);
      break;
    case "BinaryExpression":
      if (node.operator === "+") {
        yield* outcomes(node.left);
        yield* outcomes(node.right);
      }
      break;
    case "TSAsExpression":
    case "TSNonNullExpression":
      yield* outcomes(node.expression);
      break;
  }
}

/** The words of a component's markup: where they begin, and what they are. */
export function wordsOfMarkup(source) {
  const found = [];
  const say = (at, text) => isWord(text) && found.push({ at, text: text.trim() });
  const walk = (fragment) => {
    for (const node of nodes(fragment)) {
      if (node.type === "Text" && node.raw !== undefined && !node.inAttribute) say(node.start, node.data);
      else if (node.type === "ExpressionTag" && !node.inAttribute) for (const { text, at } of outcomes(node.expression)) say(at, text);
      else if ((node.type === "Attribute" || node.type === "StyleDirective") && node.value !== true) {
        const values = Array.isArray(node.value) ? node.value : [node.value];
        for (const value of values) {
          value.inAttribute = true;
          if (!read.has(node.name)) continue;
          if (value.type === "Text") say(value.start, value.data);
          else for (const { text, at } of outcomes(value.expression)) say(at, text);
        }
      }
    }
  };
  walk(parse(source, { modern: true }).fragment);
  return found;
}

/** Sentences in a program: two words or more that begin as a sentence does. Single words there are names and keys. */
export function wordsOfProgram(source) {
  const found = [];
  const file = ts.createSourceFile("x.ts", source, ts.ScriptTarget.Latest, true);
  const isSentence = (text) => !codes.test(text) && (/^\p{Lu}\p{Ll}*[,:]? \p{L}/u.test(text) || /\p{L}{2,} \p{L}{2,} \p{L}{2,}/u.test(text));
  const visit = (node) => {
    if ((ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) && isSentence(node.text)) found.push({ at: node.getStart(), text: node.text });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The program inside of a component, with everything else blanked so that places stay. */
export function programOf(source) {
  const blank = (text) => text.replace(/[^\n]/g, " ");
  let out = "";
  let at = 0;
  for (const m of source.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
    const start = m.index + m[0].indexOf(">") + 1;
    out += blank(source.slice(at, start)) + m[1];
    at = start + m[1].length;
  }
  return out + blank(source.slice(at));
}
