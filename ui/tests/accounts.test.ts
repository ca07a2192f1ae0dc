import { beforeEach, describe, expect, it } from "vitest";
import { isMailbox } from "../src/configs";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { FolderChoice } from "../src/state/folders.svelte";
import { looksLikeAddress, Wizard } from "../src/state/wizard.svelte";

let host: ScriptedHost;
let wizard: Wizard;
beforeEach(() => {
  host = new ScriptedHost("empty");
  wizard = new Wizard(host);
});

describe("the account wizard", () => {
  it("needs an address and a password, and finds the rest", async () => {
    wizard.config.address = "team@example.com";
    wizard.password = "right";
    expect(wizard.canTest).toBe(false);
    const account = await wizard.connect();
    expect(account?.config.imap.host).toBe("imap.example.com");
    expect(host.calls.map((c) => c.name)).toEqual(["account_suggest", "account_test", "account_add"]);
  });

  it("does not connect with a wrong password, and says at which step it failed", async () => {
    wizard.config.address = "team@example.com";
    wizard.password = "wrong";
    expect(await wizard.connect()).toBeNull();
    expect(wizard.report?.steps.at(-1)).toMatchObject({ step: "login", ok: false });
    expect(host.calls.some((c) => c.name === "account_add")).toBe(false);
  });

  it("never writes a guess over servers that a person typed", async () => {
    wizard.config.address = "team@example.com";
    wizard.config.imap.host = "127.0.0.1";
    wizard.serversTyped();
    await wizard.suggest();
    expect(wizard.config.imap.host).toBe("127.0.0.1");
  });

  it("shows the servers when they were only guessed", async () => {
    wizard.config.address = "team@office.local";
    await wizard.suggest();
    expect(wizard.details).toBe(true);
  });

  it("tests again after anything changed", async () => {
    wizard.config.address = "team@example.com";
    wizard.password = "right";
    await wizard.test();
    wizard.changed();
    await wizard.connect();
    expect(host.calls.filter((c) => c.name === "account_test")).toHaveLength(2);
  });

  it("keeps the password of a known account when none is typed", async () => {
    const full = new ScriptedHost();
    const [existing] = await full.call("accounts", {});
    if (existing === undefined || !isMailbox(existing)) throw new Error("no mailbox is connected");
    const edit = new Wizard(full, existing);
    await edit.connect();
    expect(full.calls.find((c) => c.name === "account_update")?.args).toMatchObject({ id: existing.id, password: null });
  });

  it("says where the servers were found, and asks Mozilla only when told to", async () => {
    wizard.config.address = "team@office.local";
    await wizard.suggest();
    expect(wizard.suggestion?.source).toBe("guess");
    await wizard.suggest(true);
    expect(wizard.suggestion?.source).toBe("directory");
    expect(host.calls.map((c) => (c.args as { directory: boolean }).directory)).toEqual([false, true]);
  });

  it("trusts exactly the certificate that was shown, and tests again", async () => {
    wizard.config.address = "team@office.local";
    wizard.password = "right";
    expect(await wizard.connect()).toBeNull();
    const hint = wizard.report?.steps.at(-1)?.hint;
    if (hint?.kind !== "certificate") throw new Error("no certificate was shown");
    wizard.config.trusted_fingerprints = ["00 imap.office.local", "11 smtp.office.local"];
    await wizard.trust(hint);
    expect(wizard.config.trusted_fingerprints).toEqual(["11 smtp.office.local", `${hint.fingerprint} imap.office.local`]);
    expect(wizard.report?.ok).toBe(true);
  });

  it("signs in at the provider's page where passwords are not taken", async () => {
    wizard.config.address = "team@outlook.com";
    await wizard.suggest();
    expect(wizard.way).toBe("microsoft");
    expect(wizard.canTest).toBe(false);
    if (wizard.config.auth.kind === "oauth") wizard.config.auth.client_id = "our-id";
    await wizard.signInNow();
    expect(wizard.signIn.signed).toBe(true);
    const account = await wizard.connect();
    expect(account?.config.auth).toMatchObject({ kind: "oauth", client_id: "our-id" });
    expect(host.calls.find((c) => c.name === "account_add")?.args).toMatchObject({ password: "", oauth_flow: "flow-microsoft" });
  });

  it("forgets a sign-in when another provider is chosen", async () => {
    wizard.config.address = "team@outlook.com";
    await wizard.suggest();
    await wizard.signInNow();
    wizard.choose("google");
    expect(wizard.signIn.signed).toBe(false);
    expect(host.calls.at(-1)).toMatchObject({ name: "oauth_cancel", args: { flow: "flow-microsoft" } });
  });

  it("knows an address when it sees one", () => {
    expect(["a@b.se", "a@localhost", "a@mail"].every(looksLikeAddress)).toBe(true);
    expect(["a", "a@", "a b@c.d", "@c.d"].some(looksLikeAddress)).toBe(false);
  });
});

describe("choosing folders", () => {
  it("writes the usual ones down with the first tick, and asks with the password just typed", async () => {
    wizard.config.address = "team@example.com";
    wizard.password = "right";
    await wizard.suggest();
    const choice = new FolderChoice(host, null);
    await choice.load(wizard.config, "right");
    const archive = choice.list?.find((f) => f.purpose === "archive");
    if (archive === undefined) throw new Error("no archive");
    expect(choice.isRead(archive, [])).toBe(false);
    const chosen = choice.toggled(archive, []);
    expect(chosen).toEqual(["INBOX", "Sent", "Junk", "Archive"]);
    expect(choice.toggled(archive, chosen)).toEqual(["INBOX", "Sent", "Junk"]);
    expect(choice.missing([...chosen, "Gone"])).toEqual(["Gone"]);
    expect(host.calls.at(-1)).toMatchObject({ name: "account_folders", args: { password: "right", id: null } });
  });
});
