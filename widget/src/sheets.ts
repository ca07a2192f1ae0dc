// The questions at the panel's foot: the page's leave, a name and an address, a farewell.
import { el, write } from "./dom";
import { isEmail, name as oneLine } from "./text";
import { fill, type Words } from "./words";

export interface Sheet {
  element: HTMLElement;
  /** What to put the cursor on, where the visitor asked for the sheet. */
  first: HTMLElement;
}

function button(kind: "solid" | "plain", text: string, run: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", class: kind }, text);
  made.addEventListener("click", run);
  return made;
}

export function consentSheet(words: Words, decide: (yes: boolean) => void): Sheet {
  // Both answers look the same: none is suggested.
  const yes = button("plain", words.consentYes, () => decide(true));
  const row = el("div", { class: "row" }, yes, button("plain", words.consentNo, () => decide(false)));
  return { element: el("div", { class: "sheet", role: "group", "aria-label": words.consentText }, el("p", {}, words.consentText), row), first: yes };
}

export function forgetSheet(words: Words, forget: () => void, keep: () => void): Sheet {
  const stay = button("plain", words.keep, keep);
  const row = el("div", { class: "row" }, button("solid", words.forgetYes, forget), stay);
  return { element: el("div", { class: "sheet", role: "group", "aria-label": words.forget }, el("h3", {}, words.forget), el("p", {}, words.forgetText), row), first: stay };
}

export interface Introduction {
  name: string;
  email: string;
  /** The line that both sides see. */
  line: string;
}

/** Name and address; `leave` says whether they were taken, or rejects. */
export function mailSheet(words: Words, asked: boolean, known: { name: string; email: string }, leave: (one: Introduction) => Promise<void>, close: () => void, sorry: () => string): Sheet {
  const named = el("input", { type: "text", name: "name", autocomplete: "name", maxlength: 100, dir: "auto" });
  const email = el("input", { type: "email", name: "email", autocomplete: "email", maxlength: 254, required: true, dir: "ltr", "aria-describedby": "problem" });
  [named.value, email.value] = [known.name, known.email];
  const problem = el("p", { class: "problem", id: "problem", role: "alert" });
  const submit = el("button", { type: "submit", class: "solid" }, words.leave);
  const heading = el("h3", { id: "sheet" }, asked ? words.askTitle : words.mailTitle);
  // The browser's own bubble speaks its own language and cannot be styled.
  const form = el("form", { class: "sheet", novalidate: true, "aria-labelledby": "sheet" }, heading, el("p", {}, words.askText), el("label", {}, `${words.name} (${words.optional})`, named), el("label", {}, words.email, email), problem, el("div", { class: "row" }, submit, button("plain", words.notNow, close)));
  // Enter in a field presses the button too. The form's own event never comes in a sandboxed frame.
  submit.addEventListener("click", (event) => {
    event.preventDefault();
    const one = { name: oneLine(named.value, 100), email: email.value.trim() };
    if (!isEmail(one.email)) {
      write(problem, words.emailBad);
      email.setAttribute("aria-invalid", "true");
      email.focus();
      return;
    }
    email.removeAttribute("aria-invalid");
    write(problem, "");
    submit.disabled = true;
    const line = [one.name === "" ? "" : fill(words.leftName, one), fill(words.leftEmail, one)].filter((part) => part !== "").join("\n");
    leave({ ...one, line }).catch(() => {
      submit.disabled = false;
      write(problem, sorry());
    });
  });
  return { element: form, first: named };
}
