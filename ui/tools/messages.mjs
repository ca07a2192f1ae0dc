// What two languages' messages must share, read from the messages themselves.
import IntlMessageFormat from "intl-messageformat";

// The parser's kinds of element.
const [ARGUMENT, NUMBER, DATE, TIME, SELECT, PLURAL] = [1, 2, 3, 4, 5, 6];
const kinds = { [ARGUMENT]: "text", [NUMBER]: "number", [DATE]: "date", [TIME]: "time", [SELECT]: "select", [PLURAL]: "number" };

/** The elements of a message, those inside of choices too. */
function* elements(ast) {
  for (const element of ast) {
    yield element;
    if (element.options) for (const { value } of Object.values(element.options)) yield* elements(value);
  }
}

/** The arguments of a message, and as what each is used. A number may be written or chosen by: what is handed over is the same. */
export function argumentsOf(text, tag) {
  const ast = new IntlMessageFormat(text, tag, undefined, { ignoreTag: true }).getAst();
  const used = new Map();
  for (const element of elements(ast)) if (kinds[element.type] !== undefined) used.set(element.value, kinds[element.type]);
  return [...used].map(([name, kind]) => `${name} (${kind})`).sort();
}

/** What is wrong with a translation of an English message. */
export function problems(tag, english, text) {
  const found = [];
  let ast;
  try {
    ast = new IntlMessageFormat(text, tag, undefined, { ignoreTag: true }).getAst();
  } catch (error) {
    return [`is no message (${error.message})`];
  }
  const [theirs, ours] = [argumentsOf(english, "en"), argumentsOf(text, tag)];
  if (theirs.join() !== ours.join()) found.push(`takes ${ours.join(", ") || "nothing"}; English takes ${theirs.join(", ") || "nothing"}`);
  const selects = (of, in_) => [...elements(new IntlMessageFormat(of, in_, undefined, { ignoreTag: true }).getAst())].filter((e) => e.type === SELECT).map((e) => `${e.value}: ${Object.keys(e.options).sort().join(" ")}`).sort().join("; ");
  if (selects(english, "en") !== selects(text, tag)) found.push("chooses between other words than English");
  for (const element of elements(ast)) {
    if (element.type !== PLURAL) continue;
    const rules = new Intl.PluralRules(tag, { type: element.pluralType ?? "cardinal" }).resolvedOptions().pluralCategories;
    const own = Object.keys(element.options).filter((option) => !option.startsWith("="));
    const lacks = rules.filter((rule) => !own.includes(rule));
    const extra = own.filter((option) => !rules.includes(option));
    if (lacks.length > 0) found.push(`lacks the plural ${lacks.join(", ")} of ${element.value}`);
    if (extra.length > 0) found.push(`has the plural ${extra.join(", ")} of ${element.value}, which the language has not`);
  }
  if (text.trim() === "" || text !== text.trim()) found.push("begins or ends with a space, or is empty");
  return found;
}
