import type { Host } from "../host/host";
import { shellWords } from "./shellwords";
import { language } from "../i18n/language.svelte";

/** Which language was chosen. It is kept beside the workspace, so that the door speaks it before anything is opened. */
export class Speech {
  /** A language's tag; `null` follows the system. */
  chosen = $state<string | null>(null);

  /** Speaks the chosen language, and goes with what is chosen in another window. */
  async start(host: Host): Promise<void> {
    // Development builds speak a language nobody speaks where their address asks for it.
    if (__DEV_HOSTS__ && new URLSearchParams(window.location.search).get("lang") === "pseudo") {
      const { pseudo } = await import("../i18n/pseudo");
      await language.speak("en");
      language.put("en", "ltr", "en", pseudo(language.texts));
      return;
    }
    // The system's language is fetched while the engine is asked: mostly it is the one.
    const guess = language.speak(null);
    await Promise.all([guess, this.ask(host)]).catch(() => language.speak("en"));
    host.speak(shellWords());
    host.onChange((change) => {
      if (change.settings) void this.ask(host).then(() => host.speak(shellWords()));
    });
  }

  /** Chooses a language, or the system's for `null`. */
  async choose(host: Host, tag: string | null): Promise<void> {
    this.chosen = (await host.call("language_set", { language: tag })).language;
    await language.speak(this.chosen);
    host.speak(shellWords());
  }

  private async ask(host: Host): Promise<void> {
    // An engine that cannot say it has other worries, which the window then shows in the system's language.
    const answer = await host.call("language_get", {}).catch(() => null);
    if (answer === null || answer.language === this.chosen) return;
    this.chosen = answer.language;
    await language.speak(this.chosen);
  }
}

export const speech = new Speech();
