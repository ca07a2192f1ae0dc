import type { Capabilities } from "../api/Capabilities";

/** Why a file cannot go by a channel: it takes none, none of this kind, none so large. */
export type FileRefusal = "none" | "kind" | "large";

const fits = (type: string, mime: string): boolean => (type.endsWith("/*") ? mime.startsWith(type.slice(0, -1)) : type === mime);

/** The largest file of a kind that a channel takes, in bytes; null where nobody says. */
export function mostOf(mime: string, can: Capabilities): number | null {
  const ofKind = can.max_by_type.filter(([type]) => fits(type, mime)).map(([, most]) => most);
  const limits = can.max_attachment === null ? ofKind : [...ofKind, can.max_attachment];
  return limits.length === 0 ? null : Math.min(...limits);
}

/** Why a channel does not take a file; null where it does. Of mail the whole is weighed instead. */
export function refusalOf(file: { mime: string; size: number }, can: Capabilities | null): FileRefusal | null {
  if (can === null) return null;
  if (!can.attachments) return "none";
  if (can.channel === "email") return null;
  // What the system does not know of a file is found out by the engine.
  if (file.mime !== "" && can.file_types.length > 0 && !can.file_types.some((type) => fits(type, file.mime))) return "kind";
  const most = mostOf(file.mime, can);
  if (most !== null && file.size > most) return "large";
  return null;
}

/** In how many messages a text and files go. */
export function messagesOf(texts: number, files: number, can: Capabilities | null): number {
  if (can === null || can.channel === "email") return 1;
  const most = can.max_files === 0 ? Math.max(1, files) : can.max_files;
  const along = can.files_apart || texts === 0 ? 0 : Math.min(files, most);
  return Math.max(1, texts + Math.ceil((files - along) / most));
}
