import { english } from "../i18n/english.svelte";
import { fit, fold, wordsOf } from "../state/fuzzy";

/** Whether an action fits what somebody looks for among the keys: by its name, also the English one, or by a key as it is shown. */
export function keyFinder(query: string): (id: string, names: readonly string[], keys: readonly string[]) => boolean {
  const words = wordsOf(query);
  const pressed = query.trim().toLocaleLowerCase();
  return (id, names, keys) =>
    words.length === 0 || [...names, english.of(`key.${id}`) ?? ""].some((name) => fit(words, fold(name)) !== null) || keys.some((key) => key.toLocaleLowerCase() === pressed);
}
