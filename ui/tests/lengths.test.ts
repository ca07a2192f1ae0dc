import { describe, expect, it } from "vitest";
import { encodedSize, lengthOf, roomFor, segmentsOf } from "../src/state/lengths";

describe("short messages", () => {
  it("hold 160 letters of the usual alphabet, and 153 each where they are joined", () => {
    expect(segmentsOf("")).toEqual({ alphabet: "gsm", places: 0, segments: 0, left: 160 });
    expect(segmentsOf("a".repeat(160))).toEqual({ alphabet: "gsm", places: 160, segments: 1, left: 0 });
    expect(segmentsOf("a".repeat(161))).toEqual({ alphabet: "gsm", places: 161, segments: 2, left: 145 });
    expect(segmentsOf("é".repeat(306)).segments).toBe(2);
    expect(segmentsOf("a".repeat(307)).segments).toBe(3);
  });

  it("count letters behind an escape twice, and tear none in two", () => {
    expect(segmentsOf("€").places).toBe(2);
    expect(segmentsOf("[]{}~^|\\").places).toBe(16);
    // 152 places, then one of two: it begins the next message.
    expect(segmentsOf(`${"a".repeat(152)}€${"a".repeat(10)}`)).toEqual({ alphabet: "gsm", places: 164, segments: 2, left: 141 });
  });

  it("hold 70 units of any other letters, and 67 each where they are joined", () => {
    expect(segmentsOf("ж".repeat(70))).toEqual({ alphabet: "ucs2", places: 70, segments: 1, left: 0 });
    expect(segmentsOf("ж".repeat(71))).toEqual({ alphabet: "ucs2", places: 71, segments: 2, left: 63 });
    expect(segmentsOf("ç").alphabet).toBe("ucs2");
    expect(segmentsOf("Ç").alphabet).toBe("gsm");
    // 66 units, then an emoji of two: it begins the next message.
    expect(segmentsOf(`${"ж".repeat(66)}😀${"ж".repeat(5)}`)).toEqual({ alphabet: "ucs2", places: 73, segments: 2, left: 60 });
  });
});

describe("a limit", () => {
  it("is counted as the channel counts", () => {
    expect([lengthOf("é😀", "chars"), lengthOf("é😀", "bytes"), lengthOf("é😀", "segments")]).toEqual([2, 6, 1]);
  });

  it("is spoken of when it is near, and blocks when it is passed", () => {
    const limit = { most: 10, unit: "chars" } as const;
    expect(roomFor("a".repeat(7), limit)).toBeNull();
    expect(roomFor("a".repeat(8), limit)).toMatchObject({ used: 8, over: false });
    expect(roomFor("a".repeat(10), limit)?.over).toBe(false);
    expect(roomFor("a".repeat(11), limit)?.over).toBe(true);
    expect(roomFor("a".repeat(9_999), null)).toBeNull();
  });

  it("of short messages is always shown, as each costs", () => {
    expect(roomFor("a", { most: 3, unit: "segments" })?.segments).toMatchObject({ segments: 1, left: 159 });
    expect(roomFor("a".repeat(460), { most: 3, unit: "segments" })?.over).toBe(true);
  });

  it("is said in characters, also where bytes are counted", () => {
    const limit = { most: 20, unit: "bytes" } as const;
    // 16 bytes are 4 emoji, so about one more fits.
    expect(roomFor("😀".repeat(4), limit)).toMatchObject({ used: 16, left: 1, over: false, toomany: 0 });
    expect(roomFor("😀".repeat(8), limit)).toMatchObject({ over: true, left: 0, toomany: 3 });
    expect(roomFor(`${"a".repeat(20)}é`, limit)?.toomany).toBe(1);
    expect(roomFor("a".repeat(12), { most: 10, unit: "chars" })?.toomany).toBe(2);
    expect(roomFor("é".repeat(9), { most: 10, unit: "chars" })?.left).toBe(1);
  });

  it("of a whole mail counts files as they travel", () => {
    expect(encodedSize([57])).toBe(2_000 + 78 + 400);
  });
});
