import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The webviews Parley runs in: WebKitGTK 2.40+, WKWebView of macOS 12, WebView2.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: "./",
  // The loopback and the scripted host exist in every mode but the one that ships.
  define: { __DEV_HOSTS__: JSON.stringify(mode !== "production") },
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  build: {
    target: ["safari15", "chrome105"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // A busy machine takes its time; what hangs is found all the same.
  test: { testTimeout: 30_000, environment: "jsdom", include: ["tests/**/*.test.ts"], setupFiles: ["tests/setup.ts"] },
}));
