import { isErrorBody } from "./host/host";
import { t } from "./i18n";

/** What to tell the person. The engine's errors already say what happened and what to do; only the unforeseen needs words of ours. */
export function say(error: unknown): string {
  if (isErrorBody(error) && error.message !== "") return sentence(error.message);
  return t("error.unforeseen");
}

/** The code where the window acts on it. */
export function codeOf(error: unknown): string {
  return isErrorBody(error) ? error.code : "host";
}

/** An engine's message as a sentence of its own: a capital first, a full stop last. */
export function sentence(message: string): string {
  const text = message.trim();
  const first = text.charAt(0);
  return (first === "" ? "" : first.toLocaleUpperCase() + text.slice(1)) + (text === "" || /[.!?…。]$/u.test(text) ? "" : ".");
}
