/** A link's place in a text, in the units that strings count, and the host behind it. */
export interface LinkPlace {
  start: number;
  end: number;
  shown: string;
}

/** A stretch of text, and which link it is, if it is one. */
export interface Piece {
  text: string;
  link: number | null;
  shown: string;
}

/** A text that begins at `from` of a whole, cut where the whole's links begin and end. The pieces joined are the text. */
export function pieces(text: string, links: readonly LinkPlace[], from: number): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  links.forEach((link, number) => {
    const [start, end] = [link.start - from, link.end - from];
    if (start < at || end > text.length) return;
    if (start > at) out.push({ text: text.slice(at, start), link: null, shown: "" });
    out.push({ text: text.slice(start, end), link: number, shown: link.shown });
    at = end;
  });
  if (at < text.length) out.push({ text: text.slice(at), link: null, shown: "" });
  return out;
}
