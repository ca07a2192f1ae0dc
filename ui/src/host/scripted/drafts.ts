import type { Draft } from "../../api/Draft";

/** What lies at two conversations that are shown as one: one below the other, as the engine shows it. */
export function bothDrafts(upper: readonly Draft[], lower: readonly Draft[]): Draft[] {
  return [false, true].flatMap((note) => {
    const [above, below] = [upper, lower].map((some) => some.find((d) => d.note === note));
    if (above === undefined || below === undefined) return above ?? below ?? [];
    return { ...above, text: `${above.text}\n\n${below.text}`, files: [...above.files, ...below.files] };
  });
}
