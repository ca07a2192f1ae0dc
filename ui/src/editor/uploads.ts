// Where a picture will stand that is still on its way: a mark that moves with the text around it.
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

interface Step {
  add?: { key: number; at: number };
  remove?: number;
}

const name = new PluginKey<DecorationSet>("uploads");

function waiting(): HTMLElement {
  const sign = document.createElement("span");
  sign.className = "waiting-picture";
  sign.setAttribute("aria-hidden", "true");
  return sign;
}

export function uploads(): Plugin<DecorationSet> {
  return new Plugin<DecorationSet>({
    key: name,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, before) {
        const set = before.map(tr.mapping, tr.doc);
        const step = tr.getMeta(name) as Step | undefined;
        if (step?.add !== undefined) return set.add(tr.doc, [Decoration.widget(step.add.at, waiting, { key: String(step.add.key), upload: step.add.key })]);
        if (step?.remove !== undefined) return set.remove(set.find(undefined, undefined, (spec) => (spec as { upload?: number }).upload === step.remove));
        return set;
      },
    },
    props: { decorations: (state) => name.getState(state) },
  });
}

/** Where the picture of an upload goes; null where its place was deleted. */
export function placeOf(set: DecorationSet | undefined, key: number): number | null {
  return set?.find(undefined, undefined, (spec) => (spec as { upload?: number }).upload === key)[0]?.from ?? null;
}

export { name as uploadsKey, type Step as UploadStep };
