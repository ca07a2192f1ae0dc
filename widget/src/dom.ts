// Elements out of code: text is only ever text, and nothing is parsed.

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Child = Node | string | null;

/** An element; `true` sets an attribute without a value, `false` and nothing leave it out. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  set(made, attributes);
  made.append(...children.filter((child): child is Node | string => child !== null));
  return made;
}

export function set(element: Element, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(key);
    else if (element.getAttribute(key) !== String(value === true ? "" : value)) element.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Sets a text only where it differs, so that screen readers are not told twice. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of lines on a field of 24 by 24. */
export function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", width: 20, height: 20, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false" });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const icons = {
  chat: "M21 12a8 8 0 0 1-8 8H4l1.8-3.2A8 8 0 1 1 21 12Z",
  close: "M6 6l12 12M18 6 6 18",
  more: "M4 12h1M11.5 12h1M19 12h1",
  attach: "M20 11.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l8.5-8.5a3.5 3.5 0 0 1 5 5l-8.5 8.4a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8",
  send: "M12 19V5M6 11l6-6 6 6",
  file: "M14 3H6v18h12V7l-4-4v4h4",
} as const;

/** A button with a picture and a name. */
export function iconButton(drawing: keyof typeof icons, label: string, attributes: Attributes = {}): HTMLButtonElement {
  return el("button", { type: "button", class: "icon", "aria-label": label, title: label, ...attributes }, icon(icons[drawing]));
}
