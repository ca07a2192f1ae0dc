import type { ArchiveErased } from "../../api/ArchiveErased";
import type { ArchiveItem } from "../../api/ArchiveItem";
import type { ContactsPlan } from "../../api/ContactsPlan";
import type { ContactUse } from "../../api/ContactUse";
import type { ExportDone } from "../../api/ExportDone";
import type { ExportNow } from "../../api/ExportNow";
import type { ImportItem } from "../../api/ImportItem";
import type { ImportReport } from "../../api/ImportReport";

const none = { read: 0, new: 0, known: 0, unreadable: 0, refused: 0, left_out: 0, events: 0, unknown_fields: 0 };

function item(id: string, path: string, more: Partial<ImportItem>): ImportItem {
  return { id, path, state: "done", active: false, contacts: false, says: "", done: 0, total: 48_000_000, counts: none, started_at: Date.now() - 600_000, ended_at: null, ...more };
}

/** Imports of a played workspace: one ended with a report, one rests. */
export function importsFor(state = ""): ImportItem[] {
  if (state.startsWith("empty")) return [];
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

/** Archives of a played workspace. */
export function archivesFor(imports: readonly ImportItem[]): ArchiveItem[] {
  const [first, second] = imports;
  if (first === undefined || second === undefined) return [];
  return [
    { id: "a1".repeat(16), name: "Shop mail until 2025", channel: "email", own: ["team@shop.example"], messages: 9_181, measured: false, imports: [{ import: first, messages: 9_181 }] },
    { id: "a2".repeat(16), name: "Imported", channel: "email", own: [], messages: 2_400, measured: true, imports: [{ import: second, messages: 2_400 }] },
  ];
}

/** What went with an archive. */
export function erasedOf(archive: ArchiveItem): ArchiveErased {
  return { done: true, weight: { messages: archive.messages - 30, staying: 30, conversations: 212 }, files: 640, bytes: 118_000_000, files_stay: false };
}

/** No export is under way. */
export const resting: ExportNow = { active: false, path: null, messages: 0, of: 0, bytes: 0 };

/** An export in its middle. */
export const halfway: ExportNow = { active: true, path: "/home/maria/parley.jsonl", messages: 8_400, of: 21_616, bytes: 24_100_000 };

/** An export that ended well. */
export const written: ExportDone = { path: "/home/maria/parley.jsonl", stopped: false, messages: 21_616, entries: 3_402, bytes: 61_000_000, missing_files: 0, digest: "0".repeat(64) };

const titles: readonly [string, ContactUse, string[]][] = [
  ["Vorname", "first_name", ["Anna", "Bo", "Carla"]],
  ["Nachname", "last_name", ["Berg", "Lindqvist", "Rossi"]],
  ["E-Mail", "email", ["anna@berg.example", "bo@lindqvist.example", "carla.rossi@studio.example"]],
  ["Telefon", "phone", ["+49 30 2000000", "030 2000001", "06 6988 1234"]],
  ["Kategorien", "tags", ["VIP, Berlin", "Handel", ""]],
  ["Geburtstag", "ignore", ["12.03.1981", "", "4.11.1990"]],
  ["Bemerkungen", "note", ["Prefers brass", "", "Pays by invoice, on the fifth of the month"]],
];

/** What would become of a played table. */
export function planFor(asked: { uses?: ContactUse[] | null; header?: boolean | null; region?: string | null }): ContactsPlan {
  const columns = titles.map(([title, holds, samples], i) => ({ title: asked.header === false ? "" : title, holds: asked.uses?.[i] ?? holds, samples }));
  const mails = columns.some((c) => c.holds === "email");
  const region = asked.region ?? "DE";
  return {
    table: "t1", file: "Kunden 2026.csv", encoding: "windows-1252", separator: ";", header: asked.header ?? true, columns, region, needs_region: region === "", rows: 1_204, taken: mails ? 1_197 : 0,
    sample: mails
      ? [
          { line: 2, name: "Anna Berg", addresses: ["anna@berg.example", "+49302000000"], tags: ["berlin", "vip"], note: "Prefers brass" },
          { line: 3, name: "Bo Lindqvist", addresses: ["bo@lindqvist.example", "+49302000001"], tags: ["handel"], note: null },
          { line: 4, name: "Carla Rossi", addresses: ["carla.rossi@studio.example"], tags: [], note: "Pays by invoice, on the fifth of the month" },
        ]
      : [],
    problems: [
      { line: 4, reason: "a phone number in it is none", partly: true },
      { line: 88, reason: "it has neither a mail address nor a phone number, and a name alone tells nobody apart", partly: false },
      { line: 412, reason: "its phone number stands in rows of other people too, and was left out", partly: true },
    ],
    problem_count: 9,
  };
}

/** A table that was brought in. */
export function broughtIn(): ImportItem {
  return item(crypto.randomUUID().replaceAll("-", ""), "/home/maria/Kunden 2026.csv", { contacts: true, done: 96_000, total: 96_000, ended_at: Date.now(), counts: { ...none, read: 1_204, new: 1_180, known: 17, refused: 7, events: 4_012 } });
}
