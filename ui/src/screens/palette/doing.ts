import type { Settings } from "../../api/Settings";
import { say } from "../../errors";
import { t } from "../../i18n";
import type { App } from "../../state/app.svelte";
import { speech } from "../../state/speech.svelte";

/** Does what has no screen of its own, and says what became of it. */
async function told(app: App, work: () => Promise<unknown>, done?: () => string): Promise<void> {
  try {
    await work();
    if (done !== undefined) app.toasts.done(done());
  } catch (error) {
    app.toasts.error(say(error));
  }
}

export const speak = (app: App, tag: string | null): Promise<void> => told(app, () => speech.choose(app.host, tag));

export const theme = (app: App, look: Settings["theme"]): Promise<void> => told(app, () => app.workspace.change({ theme: look }));

export async function backUp(app: App): Promise<void> {
  if (await app.keep.backUp()) app.toasts.done(t("palette.backedUp"));
  else if (app.keep.error !== null) app.toasts.error(app.keep.error);
}

/** Asks every account for new messages. */
export async function fetchNow(app: App): Promise<void> {
  const accounts = (app.workspace.sidebar?.accounts ?? []).filter((account) => account.state !== "paused");
  await told(app, () => Promise.all(accounts.map((account) => app.host.call("account_poll", { id: account.id }))), () => t("palette.fetching"));
}
