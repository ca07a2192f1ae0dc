import { afterEach, vi } from "vitest";
import { language } from "../src/i18n/language.svelte";

/** jsdom has no layout: what is observed has the size of a usual window at once. */
class Observer implements ResizeObserver {
  constructor(private readonly heard: ResizeObserverCallback) {}
  observe(target: Element): void {
    const size = { inlineSize: 344, blockSize: target.getAttribute("role") === "listbox" ? 700 : 72 };
    const entry = { target, contentRect: { width: 344, height: size.blockSize }, borderBoxSize: [size], contentBoxSize: [size], devicePixelContentBoxSize: [size] };
    queueMicrotask(() => this.heard([entry as unknown as ResizeObserverEntry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", Observer);
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }));
// Ids and keys of ours hold letters, digits, colons and dashes; what a selector must not meet is written as its number.
vi.stubGlobal("CSS", { ...globalThis.CSS, escape: (text: string) => text.replace(/[^\w-]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `) });
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;
Object.defineProperty(HTMLElement.prototype, "offsetParent", { get: () => document.body });
Object.defineProperty(HTMLElement.prototype, "offsetHeight", { get: () => 700, configurable: true });

await language.speak("en");

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});
