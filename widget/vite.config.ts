// One file without imports: a shop pastes one line and needs no build of its own.
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    target: "es2021",
    lib: { entry: "src/main.ts", formats: ["iife"], name: "parleyChatScript", fileName: () => "parley-chat.js" },
    reportCompressedSize: false,
    emptyOutDir: true,
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
