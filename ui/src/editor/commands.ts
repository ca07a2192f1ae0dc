// What the toolbar and the keys do, by name.
import { baseKeymap, chainCommands, exitCode, lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { type InputRule, inputRules, textblockTypeInputRule, undoInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import type { MarkType, NodeType } from "prosemirror-model";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import type { Command, EditorState, Plugin, Transaction } from "prosemirror-state";
import { schema } from "./schema";

export const looks = ["strong", "em", "underline", "strike", "bullets", "numbers", "quote", "code"] as const;
/** What can be on or off where the cursor stands. */
export type Look = (typeof looks)[number];

const { nodes, marks } = schema;

function inside(state: EditorState, type: NodeType): boolean {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) if ($from.node(depth).type === type) return true;
  return false;
}

function marked(state: EditorState, type: MarkType): boolean {
  const { from, to, empty, $from } = state.selection;
  if (empty) return (state.storedMarks ?? $from.marks()).some((mark) => mark.type === type);
  return state.doc.rangeHasMark(from, to, type);
}

/** The innermost list around the cursor. */
function listOf(state: EditorState): NodeType | null {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    const { type } = $from.node(depth);
    if (type === nodes.bullet_list || type === nodes.ordered_list) return type;
  }
  return null;
}

/** Whether a look is on where the cursor stands. */
export function isOn(state: EditorState, look: Look): boolean {
  switch (look) {
    case "bullets": return listOf(state) === nodes.bullet_list;
    case "numbers": return listOf(state) === nodes.ordered_list;
    case "quote": return inside(state, nodes.blockquote);
    case "code": return inside(state, nodes.code_block) || marked(state, marks.code);
    default: return marked(state, marks[look]);
  }
}

/** Turns a list on, off, or into the other kind. */
function list(type: NodeType): Command {
  return (state, dispatch) => {
    const around = listOf(state);
    if (around === type) return liftListItem(nodes.list_item)(state, dispatch);
    if (around === null) return wrapInList(type)(state, dispatch);
    const { $from } = state.selection;
    for (let depth = $from.depth; depth > 0; depth -= 1) {
      if ($from.node(depth).type !== around) continue;
      dispatch?.(state.tr.setNodeMarkup($from.before(depth), type));
      return true;
    }
    return false;
  };
}

/** Lifts what is quoted out of its quotation, whole. */
const unquote: Command = (state, dispatch) => {
  const range = state.selection.$from.blockRange(state.selection.$to, (node) => node.type === nodes.blockquote);
  if (range === null) return false;
  dispatch?.(state.tr.lift(range, range.depth - 1));
  return true;
};

/** Words become code in their line, several lines a block of it. */
const code: Command = (state, dispatch) => {
  if (inside(state, nodes.code_block)) return setBlockType(nodes.paragraph)(state, dispatch);
  const { $from, $to, empty } = state.selection;
  if ($from.sameParent($to) && (!empty || $from.parent.content.size > 0)) return toggleMark(marks.code)(state, dispatch);
  return setBlockType(nodes.code_block)(state, dispatch);
};

/** Turns a look on or off. */
export function toggle(look: Look): Command {
  switch (look) {
    case "bullets": return list(nodes.bullet_list);
    case "numbers": return list(nodes.ordered_list);
    case "quote": return (state, dispatch) => (inside(state, nodes.blockquote) ? unquote(state, dispatch) : wrapIn(nodes.blockquote)(state, dispatch));
    case "code": return code;
    default: return toggleMark(marks[look]);
  }
}

/** Takes all formatting off what is selected, or off the block around the cursor. */
export const clear: Command = (state, dispatch) => {
  if (dispatch === undefined) return true;
  const { $from, from, to, empty } = state.selection;
  const [start, end] = empty ? [$from.start(), $from.end()] : [from, to];
  const tr = state.tr.removeMark(start, end).setBlockType(start, end, nodes.paragraph);
  let now = state.apply(tr);
  const out = chainCommands(liftListItem(nodes.list_item), lift);
  // Out of every list and quotation; they nest only so deep.
  for (let round = 0; round < 32; round += 1) {
    const lifted: Transaction[] = [];
    if (!out(now, (next) => lifted.push(next))) break;
    for (const next of lifted) {
      for (const step of next.steps) tr.step(step);
      now = now.apply(next);
    }
  }
  dispatch(tr.setStoredMarks([]).scrollIntoView());
  return true;
};

/** Tab goes on to the next field, but for the beginning of an item, which it moves in or out. */
function atItemStart(command: Command): Command {
  return (state, dispatch) => state.selection.empty && state.selection.$from.parentOffset === 0 && listOf(state) !== null && command(state, dispatch);
}

const breakLine: Command = chainCommands(exitCode, (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
});

const { "Mod-Enter": _send, ...basics } = baseKeymap;

const keys: Record<string, Command> = {
  "Mod-b": toggle("strong"),
  "Mod-i": toggle("em"),
  "Mod-u": toggle("underline"),
  "Mod-Shift-x": toggle("strike"),
  "Mod-e": toggle("code"),
  "Mod-Shift-7": toggle("numbers"),
  "Mod-Shift-8": toggle("bullets"),
  "Mod-Shift-9": toggle("quote"),
  "Mod-\\": clear,
  "Mod-z": undo,
  "Mod-Shift-z": redo,
  "Mod-y": redo,
  "Backspace": undoInputRule,
  "Enter": splitListItem(nodes.list_item),
  "Shift-Enter": breakLine,
  "Mod-]": sinkListItem(nodes.list_item),
  "Mod-[": liftListItem(nodes.list_item),
  "Tab": atItemStart(sinkListItem(nodes.list_item)),
  "Shift-Tab": atItemStart(liftListItem(nodes.list_item)),
};

/** Lists, quotations and code begin as in Markdown. */
const rules: InputRule[] = [
  wrappingInputRule(/^\s*[-*+]\s$/, nodes.bullet_list),
  wrappingInputRule(/^\s*(\d{1,5})[.)]\s$/, nodes.ordered_list, (match) => ({ start: Math.max(1, Number(match[1])) }), (match, node) => node.childCount + Number(node.attrs["start"]) === Number(match[1])),
  wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
  textblockTypeInputRule(/^```$/, nodes.code_block),
];

export function plugins(): Plugin[] {
  return [inputRules({ rules }), keymap(keys), keymap(basics), history({ newGroupDelay: 500 })];
}
