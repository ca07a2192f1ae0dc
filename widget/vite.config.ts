// One file without imports: a shop pastes one line and needs no build of its own.
import { defineConfig } from "vite";
import { ar } from "./src/words/ar.ts";
import { de } from "./src/words/de.ts";
import { en } from "./src/words/en.ts";
import { fr } from "./src/words/fr.ts";
import { nl } from "./src/words/nl.ts";

/** The words' names travel once, with the English ones: the other languages are lists in the same order. */
const wordLists = {
  name: "word-lists",
  apply: "build" as const,
  transform(_: string, id: string): string | null {
    const found = Object.entries({ ar, de, fr, nl }).find(([code]) => id.endsWith(`/src/words/${code}.ts`));
    if (found === undefined) return null;
    const [code, words] = found;
    const list = Object.keys(en).map((key) => words[key as keyof typeof en]);
    return `import { en } from "./en"; const list = ${JSON.stringify(list)}; export const ${code} = Object.fromEntries(Object.keys(en).map((key, n) => [key, list[n]]));`;
  },
};

/** A page may be in any encoding, and its scripts are read in it. */
const asciiOnly = {
  name: "ascii-only",
  generateBundle(_: unknown, bundle: Record<string, { code?: string }>): void {
    for (const file of Object.values(bundle)) file.code = file.code?.replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  },
};

export default defineConfig({
  publicDir: false,
  plugins: [wordLists, asciiOnly],
  build: {
    target: "es2021",
    lib: { entry: "src/main.ts", formats: ["iife"], name: "parleyChatScript", fileName: () => "parley-chat.js" },
    reportCompressedSize: false,
    emptyOutDir: true,
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
