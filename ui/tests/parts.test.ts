import { createRawSnippet, flushSync, mount, unmount } from "svelte";
import { describe, expect, it } from "vitest";
import { hueOf, initials } from "../src/parts/initials";
import MailFrame from "../src/parts/MailFrame.svelte";
import Marks from "../src/parts/Marks.svelte";
import VirtualList from "../src/parts/VirtualList.svelte";

const row = createRawSnippet<[id: string, index: number]>((id) => ({ render: () => `<p class="row">${id()}</p>` }));
const wait = (): Promise<void> => new Promise((r) => setTimeout(r, 30));

describe("the virtual list", () => {
  it("draws a few rows of 100,000, and names the active one", async () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => `id${String(i)}`);
    let seen: [number, number] | null = null;
    const list = mount(VirtualList, { target: document.body, props: { ids, active: "id2", rowHeight: 72, label: "Inbox", row, onrange: (from: number, to: number) => (seen = [from, to]), onpick: () => undefined } });
    flushSync();
    await wait();
    const box = document.querySelector('[role="listbox"]');
    const options = document.querySelectorAll('[role="option"]');
    expect(options.length).toBeGreaterThan(5);
    expect(options.length).toBeLessThan(60);
    expect(options[0]?.getAttribute("aria-setsize")).toBe("100000");
    const active = document.getElementById(box?.getAttribute("aria-activedescendant") ?? "");
    expect(active?.textContent.trim()).toBe("id2");
    expect(active?.getAttribute("aria-selected")).toBe("true");
    expect(seen).not.toBeNull();
    await unmount(list);
  });

  it("tells which row was picked", async () => {
    let picked = "";
    const list = mount(VirtualList, { target: document.body, props: { ids: ["a", "b"], active: null, rowHeight: 72, label: "Inbox", row, onrange: () => undefined, onpick: (id: string) => (picked = id) } });
    flushSync();
    await wait();
    document.querySelectorAll<HTMLElement>(".row")[1]?.click();
    expect(picked).toBe("b");
    await unmount(list);
  });
});

describe("marks", () => {
  it("are text, never markup, and keep to UTF-16 offsets", () => {
    const text = "🏡 <b>lamp</b>";
    mount(Marks, { target: document.body, props: { text, marks: [[6, 10]] } });
    expect(document.body.textContent).toBe(text);
    expect([...document.querySelectorAll("mark")].map((m) => m.textContent)).toEqual(["lamp"]);
    expect(document.querySelector("b")).toBeNull();
  });
  it("that overlap or lie outside are left out", () => {
    mount(Marks, { target: document.body, props: { text: "lamp", marks: [[0, 3], [1, 2], [3, 9]] } });
    expect(document.body.textContent).toBe("lamp");
  });
});

describe("the mail frame", () => {
  it("allows neither scripts nor forms nor the way out", () => {
    mount(MailFrame, { target: document.body, props: { html: "<p>Hi</p>", title: "Mail", foldlabel: "Quoted text", onfocustaken: () => undefined } });
    const frame = document.querySelector("iframe");
    expect(frame?.getAttribute("sandbox")).toBe("allow-same-origin allow-popups");
    expect(frame?.getAttribute("srcdoc")).toContain("<p>Hi</p>");
    expect(frame?.tabIndex).toBe(-1);
  });
});

describe("faces without pictures", () => {
  it("show whole characters", () => {
    expect(initials("Anna Berg")).toBe("AB");
    expect(initials("anna.berg@example.com")).toBe("AC");
    expect(initials("田中 美咲")).toBe("田");
    expect(initials("👩‍👩‍👧 Family")).toBe("F");
    expect(initials("  ")).toBe("?");
  });
  it("have a steady colour", () => expect(hueOf("Anna Berg")).toBe(hueOf("Anna Berg")));
});
