import type { App } from "../../state/app.svelte";
import { isConversation, isHead } from "../../state/list.svelte";

/** The keys of a list that has the focus, beside the window's own: arrows, pages and ends, the space bar, and what opens and closes a group. */
export function listKey(app: App, event: KeyboardEvent, page: number): void {
  if (event.defaultPrevented || event.altKey) return;
  if (work(app, event, page)) {
    app.list.keep("input", true);
    event.preventDefault();
  }
}

function work(app: App, event: KeyboardEvent, page: number): boolean {
  const { list } = app;
  const { cursor } = list;
  const rtl = event.currentTarget instanceof Element && getComputedStyle(event.currentTarget).direction === "rtl";
  const inward = rtl ? "ArrowLeft" : "ArrowRight";
  const outward = rtl ? "ArrowRight" : "ArrowLeft";
  switch (event.key) {
    case "ArrowDown": return move(app, list.lineFrom(1), event);
    case "ArrowUp": return move(app, list.lineFrom(-1), event);
    case "PageDown": return move(app, list.lineFrom(page), event);
    case "PageUp": return move(app, list.lineFrom(-page), event);
    case "Home": return move(app, list.lines[0] ?? null, event);
    case "End": return move(app, list.lines.at(-1) ?? null, event);
    case " ":
      if (!isConversation(cursor)) return cursor !== null && toggle(app, cursor);
      list.toggleMark(cursor);
      return true;
    case "Enter": return cursor !== null && isHead(cursor) && toggle(app, cursor);
    case inward:
    case outward: return list.heads.length > 0 && cursor !== null && branch(app, cursor, event.key === inward);
    default: return false;
  }
}

function toggle(app: App, line: string, open?: boolean): boolean {
  void app.list.toggle(line, open);
  return true;
}

/** Into a group, or out to its heading, which is then closed. */
function branch(app: App, cursor: string, inward: boolean): boolean {
  const { list } = app;
  if (isHead(cursor)) {
    const part = list.part(cursor);
    if (inward && part?.closed === false) list.cursor = list.beside(cursor, 1);
    else toggle(app, cursor, inward);
    return true;
  }
  if (inward) return false;
  const at = list.lines.indexOf(cursor);
  const head = list.heads.findLast((line) => line < at);
  if (head === undefined) return false;
  list.cursor = list.lines[head] ?? cursor;
  return true;
}

/** To a line: a conversation opens, unless Ctrl only moves or Shift selects; a heading is only stood on. */
function move(app: App, line: string | null, event: KeyboardEvent): boolean {
  const { list } = app;
  if (line === null) return true;
  if (!isConversation(line) || event.ctrlKey || event.metaKey) list.cursor = line;
  else if (event.shiftKey) {
    list.markTo(line);
    list.cursor = line;
  } else if (line !== list.selected) app.stepTo(line);
  else list.cursor = line;
  return true;
}
