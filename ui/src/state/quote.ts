/** What was written, and what was only quoted below it. */
export interface Quoted {
  text: string;
  quote: string;
}

/** What announces a quotation ends in a colon and names a date, or at least an address; long ones are broken into two lines. */
const DATED = /^(?=.*\d{1,4}.*\d).{8,200}:\s*$/u;
const ADDRESSED = /^(?=.*@).{5,200}:\s*$/u;
const ORIGINAL = /^-{3,}.*-{3,}\s*$|^_{10,}\s*$/u;

/** Cuts the trailing quotation off a mail. Nothing is lost: the two parts joined are the text. */
export function splitQuote(text: string): Quoted {
  const lines = text.split("\n");
  let start = lines.length;
  // From the end upward: blank and quoted lines belong to the quotation.
  while (start > 0 && /^\s*(>.*)?$/u.test(lines[start - 1] ?? "")) start -= 1;
  if (lines.slice(start).some((line) => line.trimStart().startsWith(">"))) {
    const [before, last] = [(lines[start - 2] ?? "").trim(), (lines[start - 1] ?? "").trim()];
    if (DATED.test(last)) start -= 1;
    else if (before !== "" && DATED.test(`${before} ${last}`)) start -= 2;
    else if (ADDRESSED.test(last)) start -= 1;
  } else {
    const at = lines.findIndex((line) => ORIGINAL.test(line));
    start = at > 0 ? at : lines.length;
  }
  const kept = lines.slice(0, start).join("\n");
  // A mail that is all quotation is shown whole.
  if (start === lines.length || kept.trim() === "") return { text, quote: "" };
  return { text: kept, quote: text.slice(kept.length) };
}

/** A subject without its answer and forward marks, to tell whether it changed. */
export function bareSubject(subject: string | null): string {
  return (subject ?? "").replace(/^(\s*(re|aw|antw|sv|fw|fwd|wg|tr|rv|回复|転送)\s*(\[\d+\])?\s*[:：])+/iu, "").trim();
}
