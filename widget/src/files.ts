// Files both ways: what may be sent, how it is described, and what is made of what comes.
import { type Json, type Matrix, part } from "./matrix";
import { type Media, mxc } from "./timeline";
import { fileName } from "./text";

/** Where the homeserver does not say what it takes. */
const USUAL_LIMIT = 50 * 1024 * 1024;
/** Larger pictures are offered as files: nobody asked for them yet. */
export const LARGEST_PICTURE = 12 * 1024 * 1024;

/** The most bytes the homeserver takes. */
export async function limit(matrix: Matrix): Promise<number> {
  for (const path of ["/_matrix/client/v1/media/config", "/_matrix/media/v3/config"]) {
    try {
      const most = (await matrix.ask("GET", path))["m.upload.size"];
      if (typeof most === "number" && most > 0) return most;
    } catch {
      // An older homeserver knows only the older address; one that knows neither will refuse what it does not want.
    }
  }
  return USUAL_LIMIT;
}

/** What the message says of a file that has been uploaded. */
export function described(file: File, uri: string, size: { width: number; height: number } | null): Json {
  const kind = file.type.split("/")[0] ?? "";
  const picture = kind === "image" && size !== null;
  const msgtype = picture ? "m.image" : kind === "video" ? "m.video" : kind === "audio" ? "m.audio" : "m.file";
  const info: Json = { mimetype: file.type === "" ? "application/octet-stream" : file.type, size: file.size };
  if (picture) Object.assign(info, { w: size.width, h: size.height });
  const body = fileName(file.name) || "file";
  return { msgtype, body, filename: body, url: uri, info };
}

/** A picture's sides, or null where the browser cannot read it as one. */
export async function sides(file: File): Promise<{ width: number; height: number } | null> {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return null;
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return null;
  }
}

/** A size in the language's own words. */
export function bytes(count: number, language: string): string {
  const [unit, one] = count >= 1_000_000 ? (["megabyte", 1_000_000] as const) : (["kilobyte", 1_000] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: count >= 10 * one ? 0 : 1 }).format(Math.max(0.1, count / one));
}

/** Fetches media once each and gives addresses that only this page can read. */
export class Attic {
  private readonly urls = new Map<string, Promise<string>>();

  constructor(private readonly matrix: Matrix) {}

  /** The address of what `media` holds. Its type is what we say, never what a server says: nothing is run out of it. */
  url(media: Media): Promise<string> {
    const known = this.urls.get(media.uri);
    if (known !== undefined) return known;
    const made = this.fetch(media);
    this.urls.set(media.uri, made);
    made.catch(() => this.urls.delete(media.uri));
    return made;
  }

  private async fetch(media: Media): Promise<string> {
    const [server, id] = mxc(media.uri) ?? ["", ""];
    const found = await this.matrix.bytes(`/_matrix/client/v1/media/download/${part(server)}/${part(id)}`);
    return URL.createObjectURL(new Blob([found], { type: media.picture?.type ?? "application/octet-stream" }));
  }

  clear(): void {
    for (const url of this.urls.values()) url.then(URL.revokeObjectURL, () => undefined);
    this.urls.clear();
  }
}
