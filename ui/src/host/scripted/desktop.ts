import type { AccountItem } from "../../api/AccountItem";
import type { AccountToken } from "../../api/AccountToken";
import type { DataSize } from "../../api/DataSize";
import type { Diagnostics } from "../../api/Diagnostics";

import { isEmail } from "../../configs";

const HOUR = 3_600_000;

/** How the accounts of the play are signed in. */
export function tokensOf(accounts: readonly AccountItem[]): AccountToken[] {
  return accounts.flatMap((a) => {
    if (!isEmail(a.config)) return [];
    const { auth } = a.config;
    return auth.kind === "oauth" ? [{ account: a.id, provider: auth.provider, until: a.state === "needs_attention" ? null : Date.now() + HOUR }] : [];
  });
}

export function sizes(conversations: number): DataSize {
  return {
    dir: "/home/mara/.local/share/parley", database: 46_137_344, index: 18_874_368, files: 128_450_560, backups: 92_274_688, logs: 1_843_200, rest: 2_048,
    counted: [{ key: "messages", count: 21_616 }, { key: "conversations", count: conversations }, { key: "files", count: 842 }, { key: "notes", count: 96 }, { key: "accounts", count: 3 }, { key: "entries", count: 3_402 }, { key: "outbox", count: 0 }],
  };
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

export const bundle: Diagnostics = {
  parts: [
    { name: "README.txt", text: "This bundle describes how Parley runs on this computer. It was made because somebody asked for it, and was sent nowhere by itself.\n" },
    { name: "versions.json", text: json({ parley: "0.1.0", sqlite: "3.51.3", system: "Debian GNU/Linux 12 (bookworm)", architecture: "x86_64", debug: false, xdg_session_type: "wayland", xdg_current_desktop: "GNOME", webview: "2.48.1" }) },
    { name: "settings.json", text: json({ hold_seconds: 10, theme: "system", notify: true, wait_target: 14_400, zoom: 100 }) },
    { name: "accounts.json", text: json([{ account: "a81f03", channel: "email", address: "a***@<host 5b20c1>", reads_from: { host: "<host 91ce04>", port: 993, security: "tls" }, state: "ok", gaps: [], messages: 18_204 }]) },
    { name: "data.json", text: json({ database: { counted: { messages: 21_616, conversations: 64 }, schema: 2, journal: "wal" }, backups: 9, cannot_write: null }) },
    { name: "timings.json", text: json({ "newest conversations": 0.214, "newest messages": 0.532, "newest entries": 0.188 }) },
    { name: "log.txt", text: "2026-11-22T09:12:33.120Z  INFO parley: started version=\"0.1.0\"\n2026-11-22T09:12:35.004Z  WARN parley_engine::sync: <host 91ce04>:993 did not answer; tried again in 30 s\n2026-11-22T09:13:05.411Z  INFO parley_engine::sync: connected account=<id a81f03>\n" },
  ],
};
