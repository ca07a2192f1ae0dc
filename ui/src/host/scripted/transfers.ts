import type { ImportItem } from "../../api/ImportItem";
import type { ImportReport } from "../../api/ImportReport";

const none = { read: 0, new: 0, known: 0, unreadable: 0, refused: 0, left_out: 0, events: 0, unknown_fields: 0 };

function item(id: string, path: string, more: Partial<ImportItem>): ImportItem {
  return { id, path, state: "done", active: false, says: "", done: 0, total: 48_000_000, counts: none, started_at: Date.now() - 600_000, ended_at: null, ...more };
}

/** Imports of a played workspace: one ended with a report, one rests. */
export function importsFor(): ImportItem[] {
  return [
    item("e".repeat(32), "/home/maria/Mail/2025.mbox", { done: 48_000_000, ended_at: Date.now() - 300_000, counts: { ...none, read: 9_214, new: 9_180, known: 30, unreadable: 1, refused: 3 } }),
    item("f".repeat(32), "/home/maria/Maildir", { state: "paused", done: 12_000_000, counts: { ...none, read: 2_400, new: 2_400 } }),
  ];
}

/** An import that has just begun. */
export function begun(folder: boolean): ImportItem {
  return item(crypto.randomUUID().replaceAll("-", ""), folder ? "/home/maria/Old mail" : "/home/maria/all.jsonl", { state: "running", active: true, done: 6_000_000, counts: { ...none, read: 1_100, new: 1_100 } });
}

/** What could not be taken. */
export function reportOf(found: ImportItem): ImportReport {
  return {
    import: found,
    digest: null,
    problems: [
      { file: "2025.mbox", at: 1_204_331, reason: "it is larger than 50 MB, the most that is read", kept: false },
      { file: "2025.mbox", at: 9_800_112, reason: "it has more than 500 parts or nests them deeper than 32", kept: true },
    ],
  };
}
