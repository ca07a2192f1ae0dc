// Where the visitor writes, and where files come in.
import { el, iconButton, set } from "./dom";
import type { Words } from "./words";

/** A Matrix event holds 64 KiB; a person's message never comes near. */
const LONGEST = 8_000;

export interface Composer {
  element: HTMLFormElement;
  field: HTMLTextAreaElement;
  clear(): void;
}

export function composer(words: Words, draft: string, on: { text(text: string): void; files(files: readonly File[]): void; draft(text: string): void }): Composer {
  const field = el("textarea", { rows: 1, maxlength: LONGEST, placeholder: words.placeholder, "aria-label": words.message, enterkeyhint: "send" });
  field.value = draft;
  const picker = el("input", { type: "file", multiple: true, hidden: true, tabindex: -1, "aria-hidden": "true" });
  const attach = iconButton("attach", words.attach);
  const send = iconButton("send", words.send, { type: "submit", class: "icon go" });
  const element = el("form", { class: "composer" }, attach, picker, field, send);
  const changed = (): void => {
    send.disabled = field.value.trim() === "";
    // An empty field goes the language's way, as what stands in it for a hint.
    set(field, { dir: field.value === "" ? null : "auto" });
    // Browsers without field-sizing get a row for each line.
    if (!("fieldSizing" in document.documentElement.style)) field.rows = Math.min(5, field.value.split("\n").length);
  };
  const submit = (): void => {
    const text = field.value.trim();
    if (text === "") return;
    field.value = "";
    changed();
    on.draft("");
    on.text(text);
  };
  field.addEventListener("input", () => {
    changed();
    on.draft(field.value);
  });
  field.addEventListener("keydown", (event) => {
    // While a word is being composed Enter belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || event.clipboardData?.types.includes("text/plain") === true) return;
    event.preventDefault();
    on.files(files);
  });
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    on.files([...(picker.files ?? [])]);
    picker.value = "";
  });
  // Not the form's own event: a sandboxed frame that may send no forms never gets it.
  send.addEventListener("click", (event) => {
    event.preventDefault();
    submit();
    field.focus();
  });
  changed();
  return {
    element,
    field,
    clear: () => {
      field.value = "";
      changed();
    },
  };
}
