import { flushSync, mount, unmount } from "svelte";
import { describe, expect, it } from "vitest";
import LinkedText from "../src/parts/LinkedText.svelte";
import { pieces } from "../src/parts/pieces";
import { Pictures } from "../src/host/scripted/pictures";

const link = (start: number, end: number) => ({ start, end, shown: "a.test" });

describe("links in a text", () => {
  it("are cut out where the engine says, and nothing of the text is lost", () => {
    const text = "\u{1f600} see https://a.test, ok";
    const found = pieces(text, [link(7, 21)], 0);
    expect(found.map((p) => p.text)).toEqual(["\u{1f600} see ", "https://a.test", ", ok"]);
    expect(found.map((p) => p.link)).toEqual([null, 0, null]);
    expect(found.map((p) => p.text).join("")).toBe(text);
  });

  it("keep their number in the part of a text they stand in", () => {
    const whole = "x https://a.test > https://b.test";
    const quote = whole.slice(16);
    const found = pieces(quote, [link(2, 16), link(19, 33)], 16);
    expect(found.map((p) => p.link)).toEqual([null, 1]);
    expect(pieces(whole.slice(0, 10), [link(2, 16)], 0).map((p) => p.link)).toEqual([null]);
  });

  it("give their number by click and by Enter, and markup in the text stays text", async () => {
    let opened = -1;
    const view = mount(LinkedText, { target: document.body, props: { text: "<b>x</b> https://a.test", links: [link(9, 23)], onopen: (n: number) => (opened = n) } });
    flushSync();
    expect(document.querySelector("b")).toBeNull();
    expect(document.body.textContent).toContain("<b>x</b>");
    const button = document.querySelector<HTMLElement>('[data-testid="text-link"]');
    expect(button?.title).toBe("a.test");
    button?.click();
    expect(opened).toBe(0);
    opened = -1;
    button?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(opened).toBe(0);
    await unmount(view);
  });
});

describe("the scripted mail", () => {
  it("shows its pictures after they were asked for, and forgets a sender", () => {
    const pictures = new Pictures();
    expect(pictures.seen().blocked).toBe(2);
    expect(pictures.load(true)).toMatchObject({ blocked: 0, loaded: 2, always: true });
    expect(pictures.list()).toHaveLength(1);
    pictures.forget(pictures.list()[0]?.address ?? "");
    expect(pictures.seen().always).toBe(false);
  });
});
