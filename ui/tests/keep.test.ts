import { describe, expect, it } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";
import { Keep } from "../src/state/keep.svelte";

/** A window in which something was just done. */
function withUndo(host: ScriptedHost): { keep: Keep; toasts: App["toasts"]; restoreBackup: () => Promise<void> } {
  const app = new App(host);
  app.toasts.done("Note added", () => undefined);
  return { keep: app.keep, toasts: app.toasts, restoreBackup: () => app.restoreBackup("hourly-1") };
}

describe("how the workspace is kept", () => {
  it("shows the words of a recovery key until they are written down, and not after", async () => {
    const host = new ScriptedHost("empty-recovery");
    const keep = new Keep(host);
    await keep.refresh();
    expect(keep.status?.recovery).toBe("none");
    await keep.issue();
    expect(keep.words).toHaveLength(24);
    await keep.written();
    expect(keep.words).toBeNull();
    expect(keep.status?.recovery).toBe("set");
  });

  it("says why a backup could not be made and offers it again", async () => {
    const host = new ScriptedHost();
    const keep = new Keep(host);
    host.failNext = "backup_now";
    expect(await keep.backUp()).toBe(false);
    expect(keep.error).not.toBeNull();
    expect(await keep.backUp()).toBe(true);
    expect(keep.error).toBeNull();
  });

  it("takes a no to the question before a backup is restored as no failure", async () => {
    const host = new ScriptedHost();
    const { keep, toasts, restoreBackup } = withUndo(host);
    host.declines = true;
    await restoreBackup();
    expect(keep.error).toBeNull();
    expect(toasts.list).toHaveLength(1);
    host.failNext = "backup_restore";
    await restoreBackup();
    expect(keep.error).not.toBeNull();
    host.declines = false;
    await restoreBackup();
    expect(keep.error).toBeNull();
    // What was done since is not in the backup, and cannot be taken back any more.
    expect(toasts.list.map((toast) => [toast.text.startsWith("Back at the backup."), toast.undo])).toEqual([[true, null]]);
  });

  it("reads again what was opened while the workspace was closed", async () => {
    const host = new ScriptedHost();
    const app = new App(host);
    await app.start();
    const id = app.list.ids[0] ?? "";
    host.failNext = "timeline";
    await app.openConversation(id);
    expect(app.timeline.error).not.toBeNull();
    await app.enter();
    expect([app.timeline.conversation, app.timeline.error]).toEqual([id, null]);
    expect(app.timeline.items.length).toBeGreaterThan(0);
  });

  it("opens a locked workspace with the words of its recovery key", async () => {
    const app = new App(new ScriptedHost("keyring-locked"));
    await app.start();
    expect(app.ready).toBe(false);
    await app.recoverSession("lamp ".repeat(24));
    expect(app.ready).toBe(true);
  });

  it("forgets the report about damage once it was read", async () => {
    const keep = new Keep(new ScriptedHost("rescued"));
    await keep.refresh();
    expect(keep.status?.rescue?.missing_messages).toBe(3);
    await keep.seen();
    expect(keep.status?.rescue).toBeNull();
  });
});
