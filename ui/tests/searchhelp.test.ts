import { describe, expect, it } from "vitest";
import { completed, completions, corrected, mistakes, remembered } from "../src/state/searchhelp";

const known = { tags: ["order", "big order"], stages: ["won"], agents: ["Tom Okafor"], channels: ["email"] };
const ways = (query: string, caret = query.length): string[] => completions(query, caret, known).map((way) => way.text);
const tab = (query: string, caret = query.length): string => {
  const [way] = completions(query, caret, known);
  return way === undefined ? query : completed(query, caret, way).query;
};

describe("a search that is being typed", () => {
  it("offers filters by their first letters", () => expect(ways("lamp f")).toEqual(["from:", "file:"]));
  it("offers the values of a filter", () => expect(ways("is:un")).toEqual(["is:unassigned", "is:unread"]));
  it("keeps the minus", () => expect(ways("-ta")).toEqual(["-tag:"]));
  it("offers nothing for a word that begins no filter, nor for nothing", () => expect([ways("lamp"), ways("lamp "), ways("")]).toEqual([[], [], []]));
  it("completes the word at the caret and leaves the rest", () => {
    expect(tab("is:wai lamp", 6)).toBe("is:waiting lamp");
    expect(tab("lamp fr")).toBe("lamp from:");
    expect(tab("tag:big")).toBe('tag:"big order" ');
    expect(tab("assignee:t")).toBe('assignee:"Tom Okafor" ');
  });
  it("offers no value that is there already", () => expect(ways("stage:won")).toEqual([]));
});

describe("a filter that there is not", () => {
  it("is named, with the one that was meant", () => {
    expect(mistakes("form:anna lamp")).toEqual([{ word: "form", meant: "from" }]);
    expect(corrected("lamp -form:anna", { word: "form", meant: "from" })).toBe("lamp -from:anna");
    expect(mistakes("colour:red")).toEqual([{ word: "colour", meant: null }]);
  });
  it("is no link, no hour, no subject's beginning, and nothing half typed", () => expect(mistakes("https://x.example 12:30 Re:lamp from:anna foo: mailto:a@b")).toEqual([]));
});

describe("searches that are remembered", () => {
  it("come newest first, each once, and at most ten", () => {
    expect(remembered(["b", "a"], "lamp")).toEqual(["lamp", "b", "a"]);
    expect(remembered(["lamp", "aa"], "aa")).toEqual(["aa", "lamp"]);
    expect(remembered(Array.from({ length: 10 }, (_, i) => `query ${String(i)}`), "lamp")).toHaveLength(10);
  });
  it("are not kept for each letter", () => expect(remembered(["lam"], "lamp")).toEqual(["lamp"]));
});
