// Serves a built window on the loopback under the policy the desktop shell sets, so that what would break there breaks here.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "style-src-attr 'unsafe-inline'", "img-src 'self' part: http://part.localhost", "font-src 'self'",
  "connect-src ipc: http://ipc.localhost", "frame-src 'none'", "media-src 'none'", "object-src 'none'", "worker-src 'none'", "base-uri 'none'", "form-action 'none'",
].join("; ");

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml" };
const here = fileURLToPath(new URL("..", import.meta.url));

/** Starts the server; gives its address and how to stop it. */
export function serve(folder) {
  const root = join(here, folder);
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    if (path === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const file = join(root, path === "/" ? "index.html" : path);
    if (!file.startsWith(root) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": policy, "cache-control": "no-store" });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${String(server.address().port)}/`, stop: () => server.close() });
    });
  });
}
