import { beforeEach, describe, expect, it, vi } from "vitest";
import { placeFor, type Box } from "../src/screens/toastplace";
import { Toasts } from "../src/state/toasts.svelte";

describe("toasts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it("are at most three, and the oldest gives way", () => {
    const toasts = new Toasts();
    for (const text of ["a", "b", "c", "d"]) toasts.done(text);
    expect(toasts.list.map((x) => x.text)).toEqual(["b", "c", "d"]);
  });

  it("go away by themselves, but not while somebody is with them", () => {
    const toasts = new Toasts();
    toasts.done("a");
    vi.advanceTimersByTime(5_000);
    toasts.hold(true);
    vi.advanceTimersByTime(60_000);
    expect(toasts.list).toHaveLength(1);
    toasts.done("b");
    vi.advanceTimersByTime(60_000);
    expect(toasts.list).toHaveLength(2);
    toasts.hold(false);
    vi.advanceTimersByTime(1_500);
    expect(toasts.list).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(toasts.list.map((x) => x.text)).toEqual(["b"]);
    vi.advanceTimersByTime(5_000);
    expect(toasts.list).toEqual([]);
  });

  it("stay where something broke, until they are put away; a plain no does not", () => {
    const toasts = new Toasts();
    toasts.failed({ code: "storage", message: "The disk is full. Make room." });
    toasts.failed({ code: "refused", message: "nobody is waiting here" });
    vi.advanceTimersByTime(60_000);
    expect(toasts.list.map((x) => x.text)).toEqual(["The disk is full. Make room."]);
    toasts.dismiss(toasts.list[0]?.id ?? 0);
    expect(toasts.list).toEqual([]);
  });

  it("that stay are not pushed out by those that go", () => {
    const toasts = new Toasts();
    toasts.failed({ code: "storage", message: "broken" });
    for (const text of ["a", "b", "c"]) toasts.done(text);
    expect(toasts.list.map((x) => x.text)).toEqual(["Broken.", "b", "c"]);
  });

  it("offer the way back only where it leads to the newest", () => {
    const toasts = new Toasts();
    toasts.done("a", () => undefined);
    toasts.done("b", () => undefined);
    expect(toasts.list.map((x) => x.undo !== null)).toEqual([false, true]);
  });
});

describe("the place of toasts", () => {
  const screen = { width: 960, height: 600 };
  const size = { width: 280, height: 140 };
  const columns = [192, 668, 12];
  const covers = (at: { x: number; y: number }, box: Box): boolean => at.x < box.x + box.width && at.x + size.width > box.x && at.y < box.y + box.height && at.y + size.height > box.y;

  it("is the foot of the first column while nothing is there", () => expect(placeFor(size, screen, columns, [])).toEqual({ x: 192, y: 448 }));
  it("is above what must be seen in that column", () => {
    const bulk = { x: 184, y: 560, width: 296, height: 40 };
    const at = placeFor(size, screen, columns, [bulk]);
    expect(covers(at, bulk)).toBe(false);
    expect(at.x).toBe(192);
  });
  it("goes to the next column where the first has no room", () => {
    const dialog = { x: 100, y: 0, width: 500, height: 600 };
    const at = placeFor(size, screen, columns, [dialog]);
    expect(covers(at, dialog)).toBe(false);
    expect(at.x).toBe(668);
  });
  it("covers least where there is no room at all, and stays on the screen", () => {
    const at = placeFor(size, screen, columns, [{ x: 0, y: 60, width: 960, height: 540 }]);
    expect(at.y).toBe(16);
    expect(at.x).toBeGreaterThanOrEqual(12);
  });
});
