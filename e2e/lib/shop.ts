// A shop's website with the chat in it, on the loopback: a plain page and one with a strict content policy.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../../widget/dist/parley-chat.js");

/** The snippet's options, without their `data-`. */
export type Snippet = Readonly<Record<string, string>>;

export interface PageWishes {
  /** The policy that `docs/connectors/website-chat.md` names, and nothing more than it. */
  strict?: boolean;
  lang?: string;
  /** The page's encoding, where it is not UTF-8. */
  charset?: string;
  /** More for the page's head, such as a viewport. */
  head?: string;
}

export class Shop {
  private readonly pages = new Map<string, { body: string; policy: string | null; charset: string }>();

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<Shop> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const shop = new Shop(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (request, response) => {
      const { pathname } = new URL(request.url ?? "/", shop.origin);
      if (pathname === "/parley-chat.js") {
        // Without a charset, as many servers send it: it is read in the page's.
        response.writeHead(200, { "content-type": "text/javascript", "x-content-type-options": "nosniff" }).end(readFileSync(SCRIPT));
        return;
      }
      const page = shop.pages.get(pathname);
      if (page === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": `text/html; charset=${page.charset}`, ...(page.policy === null ? {} : { "content-security-policy": page.policy }) }).end(page.body);
    });
    return shop;
  }

  /** Puts a page up and gives its address. */
  page(path: string, snippet: Snippet, { strict = false, lang = "en", head = "", charset = "utf-8" }: PageWishes = {}): string {
    const data = Object.entries(snippet).map(([key, value]) => ` data-${key}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`);
    const body = `<!doctype html><html lang="${lang}"${lang === "ar" ? ' dir="rtl"' : ""}><head><meta charset="${charset}"><title>Lamps</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">${head}</head>
<body><main><h1>Brass lamps</h1><p>Made by hand.</p><a href="/other">Another page</a></main><script src="/parley-chat.js"${data.join("")} async></script></body></html>`;
    const policy = `default-src 'none'; script-src 'self'; connect-src ${snippet["homeserver"] ?? ""}; img-src blob: data:; require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'`;
    this.pages.set(path, { body, policy: strict ? policy : null, charset });
    return this.origin + path;
  }

  /** Puts up a page of a test's own. */
  put(path: string, body: string): string {
    this.pages.set(path, { body, policy: null, charset: "utf-8" });
    return this.origin + path;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
