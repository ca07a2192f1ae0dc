import { execFileSync } from "node:child_process";
import IntlMessageFormat from "intl-messageformat";
import { describe, expect, it } from "vitest";
import { t, word } from "../src/i18n";
import en from "../src/i18n/en.json";
import { duration, fileSize, nextMondayNine, shortDuration, shortTime, tomorrowNine } from "../src/i18n/time";

describe("the catalogue", () => {
  it.each(Object.entries(en))("%s is a message", (_, text) => {
    expect(() => new IntlMessageFormat(text, "en", undefined, { ignoreTag: true })).not.toThrow();
  });
  it("has every key that is used, and no other", () => {
    expect(execFileSync("node", ["tools/lint.mjs"], { encoding: "utf8" })).toContain("nothing found");
  });
  it("counts", () => {
    expect(t("row.unread", { n: 1 })).toBe("1 unread message");
    expect(t("row.unread", { n: 3 })).toBe("3 unread messages");
    expect(t("waits.count", { n: 2, late: 1 })).toBe("2 customers wait · 1 over target");
  });
  it("shows a word of a newer engine as it is", () => expect(word("step", "dkim_check")).toBe("dkim_check"));
});

describe("times", () => {
  const now = new Date(2026, 10, 22, 10, 0).getTime();
  it("names two units at most", () => {
    // Joined by spaces that do not break, so that a figure stays on one line.
    const spoken = (seconds: number): string => duration(seconds).replaceAll("\u00a0", " ");
    expect(spoken(45)).toBe("45 s");
    expect(spoken(12 * 60)).toBe("12 min");
    expect(spoken(3 * 3600 + 5 * 60)).toBe("3 h 05");
    expect(spoken(2 * 86_400 + 4 * 3600)).toBe("2 d 4 h");
    expect(duration(45)).not.toContain(" ");
  });
  it("fits a pill", () => expect([5, 720, 7300, 200_000].map(shortDuration)).toEqual(["now", "12m", "2h", "2d"]));
  it("names the year only where it is another", () => {
    expect(shortTime(new Date(2026, 0, 3).getTime(), now)).not.toContain("2026");
    expect(shortTime(new Date(2025, 0, 3).getTime(), now)).toContain("2025");
  });
  it("snoozes to tomorrow and to next week's Monday at nine", () => {
    expect(new Date(tomorrowNine(now)).toString()).toContain("Mon Nov 23 2026 09:00");
    expect(new Date(nextMondayNine(now)).toString()).toContain("Mon Nov 23 2026 09:00");
    expect(new Date(nextMondayNine(new Date(2026, 10, 23, 8).getTime())).toString()).toContain("Mon Nov 30 2026 09:00");
  });
  it("writes sizes", () => expect(fileSize(1_400_000)).toBe("1.4 MB"));
});
