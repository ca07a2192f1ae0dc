// One file without imports: a shop pastes one line and needs no build of its own.
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  plugins: [
    {
      // A page may be in any encoding, and its scripts are read in it.
      name: "ascii-only",
      generateBundle(_: unknown, bundle: Record<string, { code?: string }>) {
        for (const file of Object.values(bundle)) if (file.code !== undefined) file.code = file.code.replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
      },
    },
  ],
  build: {
    target: "es2021",
    lib: { entry: "src/main.ts", formats: ["iife"], name: "parleyChatScript", fileName: () => "parley-chat.js" },
    reportCompressedSize: false,
    emptyOutDir: true,
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
