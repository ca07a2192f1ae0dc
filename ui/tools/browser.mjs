// One Chromium for the tools: the system's, without a sandbox only where it runs as root.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export function chromiumPath() {
  const known = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return known.find((path) => path !== undefined && existsSync(path));
}

export async function launch() {
  const executablePath = chromiumPath();
  if (executablePath === undefined) return null;
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args, headless: true });
}
