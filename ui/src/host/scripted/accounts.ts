import type { AccountConfig } from "../../api/AccountConfig";
import type { AccountItem } from "../../api/AccountItem";
import type { FolderItem } from "../../api/FolderItem";
import type { SeenCertificate } from "../../api/SeenCertificate";
import type { Suggestion } from "../../api/Suggestion";
import type { TestReport } from "../../api/TestReport";
import type { TestStep } from "../../api/TestStep";
import { channelAccounts, testOfChat } from "./channels";
import { isEmail, type EmailAccount } from "../../configs";
import { capabilities, idOf, ours } from "./world";

export function configOf(address: string, name: string): EmailAccount {
  const domain = address.split("@")[1] ?? "example.com";
  return {
    channel: "email", address, display_name: name,
    imap: { host: `imap.${domain}`, port: 993, security: "tls", user: address }, smtp: { host: `smtp.${domain}`, port: 465, security: "tls", user: address },
    aliases: [], sent_copy: "auto", trusted_certificate: null, auth: { kind: "password" }, trusted_fingerprints: [], signature: "", folders: [], sync_read: false,
  };
}

export function accountOf(n: number, config: AccountConfig, more: Partial<AccountItem> = {}): AccountItem {
  return {
    id: idOf(900 + n), config, state: "ok", says: "Connected. New mail arrives at once.", last_success: Date.now() - 20_000, next_try: Date.now() + 280_000, progress: null, history: true,
    cursor: "INBOX 1718:20412 · Sent 1718:8841", gaps: [], live_from: Date.now() - 20 * 86_400_000, capabilities, standing: { token_until: null, used_percent: null, held_until: null, notes: [] }, quarantined: 0, refused: false, messages: 20_412, ...more,
  };
}

/** The accounts of a state the script can be asked to play. */
export function accountsFor(state: string): AccountItem[] {
  if (state.startsWith("empty") || state.startsWith("sample") || state === "fresh" || state === "fresh-passphrase") return [];
  const hello = accountOf(0, { ...configOf(ours.address, ours.name), aliases: ["orders@parley-lamps.example"], signature: "Mara Lind\nParley Lamps · Göteborg" });
  const press = accountOf(1, configOf("press@parley-lamps.example", "Parley Lamps Press"), { messages: 1_204 });
  const waiting = { state: "waiting" as const, says: "imap.parley-lamps.example does not answer. Trying again by itself; nothing is lost.", next_try: Date.now() + 45_000, last_success: Date.now() - 900_000 };
  if (state === "offline") return [{ ...hello, ...waiting }, { ...press, ...waiting }];
  const broken = { state: "needs_attention" as const, says: "imap.parley-lamps.example refused the password. Enter the new one under Settings → Accounts.", next_try: null, refused: true };
  if (state === "broken") return [hello, { ...press, ...broken }];
  if (state.startsWith("channels")) return [hello, ...channelAccounts(state)];
  if (state === "certificate-changed") {
    const office = configOf("hello@office.local", "Parley Lamps");
    const refused = { state: "needs_attention" as const, says: `${office.imap.host} shows a certificate that is not the one you trusted. Ask the operator before you trust it.`, next_try: null };
    return [accountOf(0, { ...office, trusted_fingerprints: [`${"a7".repeat(32)} ${office.imap.host}`] }, refused)];
  }
  return [hello, { ...press, state: "connecting", says: "Reading older mail, newest first.", progress: [1204, 3900], gaps: [{ place: "INBOX", reason: "3 messages were larger than 50 MB and were left on the server.", since: Date.now() - 9 * 86_400_000 }] }];
}

/** The folders of every scripted mail server. */
export function foldersFor(chosen: readonly string[]): FolderItem[] {
  const folder = (name: string, title: string, purpose: FolderItem["purpose"], messages: number | null): FolderItem => {
    const usual = purpose === "inbox" || purpose === "sent" || purpose === "junk";
    return { name, title, purpose, messages, read: chosen.length === 0 ? usual : chosen.includes(name) };
  };
  return [
    folder("INBOX", "INBOX", "inbox", 20_412), folder("Sent", "Sent", "sent", 8_841), folder("Junk", "Junk", "junk", 310),
    folder("Archive", "Archive", "archive", 51_200), folder("Auftr&AOQ-ge", "Aufträge", "other", 1_904), folder("Trash", "Trash", "trash", null),
  ];
}

/** What is found for an address: a known provider, a domain that publishes its servers, or only a guess. */
export function suggestionFor(address: string, directory: boolean): Suggestion {
  const { imap, smtp } = configOf(address, "");
  const found = { imap, smtp, provider: "", way: "password" as const, oauth: null, notes: [] };
  if (address.endsWith("@gmail.com")) return { ...found, source: "builtin", provider: "Google", way: "app_password", oauth: "google", notes: ["app_password"] };
  if (address.endsWith("@outlook.com")) return { ...found, source: "builtin", provider: "Microsoft", way: "sign_in_page", oauth: "microsoft", notes: ["no_passwords"] };
  if (address.endsWith(".local")) return { ...found, source: directory ? "directory" : "guess" };
  return { ...found, source: "autoconfig" };
}

const homeMade: SeenCertificate = { host: "", fingerprint: "5e".repeat(32), subject: "Home-made server", issuer: "Home-made server", names: ["mail.office.local"], valid_from: 1_735_689_600_000, valid_until: 2_051_222_400_000, changed: false };

/** A test: the password “wrong” is refused, and hosts of `.local` show a certificate nobody vouches for until it is trusted. */
export function testOf(config: AccountConfig, password: string | null): TestReport {
  if (!isEmail(config)) return testOfChat(config, password);
  const { host, port } = config.imap;
  const ok = (step: string, note: string) => ({ step, ok: true, note, hint: null });
  const steps: TestStep[] = [ok("dns", `${host} is 192.0.2.10.`), ok("connect", `Connected to ${host}:${String(port)}.`)];
  const seen = { ...homeMade, host };
  if (host.endsWith(".local") && !config.trusted_fingerprints.includes(`${seen.fingerprint} ${host}`)) {
    const changed = config.trusted_fingerprints.some((f) => f.endsWith(` ${host}`));
    steps.push({ step: "tls", ok: false, note: `The certificate of ${host} is home-made: nobody but the server itself vouches for it.`, hint: { kind: "certificate", ...seen, changed } });
    return { ok: false, steps };
  }
  steps.push(ok("tls", "TLS 1.3; the certificate is issued by Example Authority."));
  if (password === "wrong") {
    steps.push({ step: "login", ok: false, note: "The server refused the name or the password. Type the password again.", hint: { kind: "app_password" } });
    return { ok: false, steps };
  }
  steps.push(ok("login", "Signed in. 20,412 messages in INBOX."), ok("smtp_connect", `Connected to ${config.smtp.host}:${String(config.smtp.port)}.`), ok("smtp_login", "Signed in; mail up to 25 MB is taken."));
  return { ok: true, steps };
}
