/** What was written, and what was only quoted below it. */
export interface Quoted {
  text: string;
  quote: string;
}

/** A line that announces a quotation: it ends in a colon, and names a time or an address. */
const ANNOUNCES = /^(?=.*(\d|@)).{8,200}:\s*$/u;
const ORIGINAL = /^-{3,}.*-{3,}\s*$|^_{10,}\s*$/u;

/** Cuts the trailing quotation off a mail. Nothing is lost: the two parts joined are the text. */
export function splitQuote(text: string): Quoted {
  const lines = text.split("\n");
  let start = lines.length;
  // From the end upward: blank and quoted lines belong to the quotation.
  while (start > 0 && /^\s*(>.*)?$/u.test(lines[start - 1] ?? "")) start -= 1;
  if (lines.slice(start).some((line) => line.trimStart().startsWith(">"))) {
    if (start > 0 && ANNOUNCES.test((lines[start - 1] ?? "").trim())) start -= 1;
    else if (start > 1 && ANNOUNCES.test(`${lines[start - 2] ?? ""} ${lines[start - 1] ?? ""}`.trim())) start -= 2;
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
