import type { FoldItem } from "../api/FoldItem";
import type { FoldKind } from "../api/FoldKind";

/** A stretch of a text: shown, or folded away with what it is. */
export interface Part {
  text: string;
  /** Where it begins in the whole. */
  start: number;
  kind: FoldKind | null;
}

/** Parts a text at its folds. Nothing is lost: the parts joined are the text. */
export function partsOf(text: string, folds: readonly FoldItem[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { start, end, kind } of folds) {
    if (start < at || end <= start || end > text.length) continue;
    if (start > at) parts.push({ text: text.slice(at, start), start: at, kind: null });
    parts.push({ text: text.slice(start, end), start, kind });
    at = end;
  }
  if (at < text.length) parts.push({ text: text.slice(at), start: at, kind: null });
  return parts;
}

/** Whether anything is left to see while all folds are closed. */
export function showsAnything(parts: readonly Part[]): boolean {
  return parts.some((part) => part.kind === null && part.text.trim() !== "");
}

/** A subject without its answer and forward marks, to tell whether it changed. */
export function bareSubject(subject: string | null): string {
  return (subject ?? "").replace(/^(\s*(re|aw|antw|sv|fw|fwd|wg|tr|rv|回复|転送)\s*(\[\d+\])?\s*[:：])+/iu, "").trim();
}
