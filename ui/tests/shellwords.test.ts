import { describe, expect, it } from "vitest";
import { shellWords } from "../src/state/shellwords";

describe("a notification of a message without words", () => {
  it("has a word for each kind that the engine names", () => {
    expect(shellWords().brief).toMatchObject({ picture: "Photo", story_mention: "Mentioned you in a story", notice: "Notice" });
  });
});
