import type { Commands } from "../../api/commands";
import { say } from "../../errors";
import type { App } from "../../state/app.svelte";
import { speech } from "../../state/speech.svelte";

/** Changes settings, and says it where that is refused. */
export async function change(app: App, changes: Partial<Commands["settings_set"]["args"]>): Promise<void> {
  try {
    await app.workspace.change(changes);
  } catch (error) {
    app.toasts.error(say(error));
  }
}

/** Speaks another language; the empty one is the system's. */
export async function speak(app: App, tag: string): Promise<void> {
  try {
    await speech.choose(app.host, tag === "" ? null : tag);
  } catch (error) {
    app.toasts.error(say(error));
  }
}
