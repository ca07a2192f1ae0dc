import IntlMessageFormat from "intl-messageformat";
import type { Catalogue } from "./language.svelte";

type Message = ReturnType<IntlMessageFormat["getAst"]>;

const LITERAL = 0;
const accents: Readonly<Record<string, string>> = Object.fromEntries([..."aeiouyncsgzlAEIOUYNCSGZL"].map((letter, i) => [letter, [..."áéíöüýñçšğžłÁÉÍÖÜÝÑÇŠĞŽŁ"][i] ?? letter]));

/** Longer by two fifths, as a translation may be: every fifth and every other vowel is said longer. */
function drawl(text: string): string {
  const letters = [...text];
  let wanted = Math.ceil(letters.filter((c) => /\p{L}/u.test(c)).length * 0.4);
  const step = Math.max(1, Math.floor(letters.length / Math.max(1, wanted)));
  return letters.map((c, i) => {
    const longer = wanted > 0 && i % step === 0 && /\p{L}/u.test(c);
    if (longer) wanted -= 1;
    const accented = accents[c] ?? c;
    return longer ? accented + accented.toLowerCase() : accented;
  }).join("") + (wanted > 0 ? "~".repeat(wanted) : "");
}

function turned(message: Message): Message {
  return message.map((element) => {
    if (element.type === LITERAL) return { ...element, value: drawl(element.value) };
    if (!("options" in element)) return element;
    const options = Object.fromEntries(Object.entries(element.options).map(([name, option]) => [name, { ...option, value: turned(option.value) }]));
    return { ...element, options } as typeof element;
  });
}

/** A language nobody speaks: accents, two fifths longer, and in brackets, so that what is cut off or stands in the code is seen. */
export function pseudo(english: Catalogue): Catalogue {
  return Object.fromEntries(Object.entries(english).map(([key, text]) => {
    const message = typeof text === "string" ? new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).getAst() : text;
    const bracket = (value: string): Message[number] => ({ type: LITERAL, value });
    return [key, [bracket("["), ...turned(message), bracket("]")]];
  }));
}
