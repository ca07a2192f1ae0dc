import type { BackupItem } from "../../api/BackupItem";
import type { KeepStatus } from "../../api/KeepStatus";
import type { SessionStatus } from "../../api/SessionStatus";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 2, 2, 9);

/** Words that open nothing. */
export const words = Array.from({ length: 24 }, (_, i) => ["lamp", "shade", "linen", "vireo", "parcel", "floor"][i % 6] ?? "lamp");

export const backups: BackupItem[] = [
  { name: "hourly-1", at: NOW - HOUR, kind: "hourly", bytes: 18_400_000, messages: 4_210, files: 311 },
  { name: "hourly-2", at: NOW - 2 * HOUR, kind: "hourly", bytes: 18_300_000, messages: 4_188, files: 310 },
  { name: "daily-1", at: NOW - 20 * HOUR, kind: "daily", bytes: 17_900_000, messages: 4_102, files: 301 },
];

/** How an open workspace is kept, for each state that has a screen. */
export function keptAs(state: string): KeepStatus {
  const well: KeepStatus = { key: "keyring", keyring: "the keyring of GNOME", recovery: "set", last_backup: NOW - HOUR, backup_bytes: 54_600_000, backup_error: null, disk: null, folder: null, rescue: null };
  switch (state) {
    case "empty-recovery": return { ...well, recovery: "none" };
    case "disk-full": return { ...well, disk: { code: "disk_full", message: "the disk is full: nothing was written. Make room on it; Parley goes on by itself" } };
    case "backup-failed": return { ...well, backup_error: "the disk is full: writing the backup. Make room on it; Parley goes on by itself" };
    case "passphrase": return { ...well, key: "passphrase", recovery: "none" };
    case "synced": return { ...well, folder: "/home/mara/Dropbox/parley lies in a folder that Dropbox copies to other computers. Move the folder out of it and use backups instead" };
    case "rescued": return { ...well, rescue: { at: NOW, what: "The database was damaged: a part of it cannot be read.", set_aside: "damaged-20260302T090000.000Z", backup: NOW - HOUR, messages: 12, entries: 4, missing_messages: 3, missing_entries: 1, certain: true } };
    default: return well;
  }
}

/** What the door shows where a workspace cannot be opened. */
export function doorOf(state: string): Partial<SessionStatus> & Pick<SessionStatus, "state"> | null {
  switch (state) {
    case "waiting": return { state: "opening", message: "Waiting for the system's keyring. Its prompt may be hidden behind another window." };
    case "keyring-locked": return { state: "failed", trouble: "keyring_locked", recovery: true, message: "the workspace is locked: the keyring is locked: its prompt was dismissed. Nothing here was changed" };
    case "keyring-changed": return { state: "failed", trouble: "keyring_changed", recovery: true, message: "the workspace is locked: its key is in the keyring of GNOME, and this session uses the keyring of KDE" };
    case "damaged": return { state: "failed", trouble: "damaged", message: "the workspace's database is damaged and could not be recovered. It was set aside as damaged-20260302T090000.000Z; restore a backup" };
    case "database-gone": return { state: "failed", trouble: "database_gone", backups, message: "the workspace's database is gone. Put parley.db back, or restore a backup" };
    default: return null;
  }
}
