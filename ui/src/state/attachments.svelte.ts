import type { FileItem } from "../api/FileItem";
import type { FromOption } from "../api/FromOption";
import type { Host } from "../host/host";
import { say } from "../errors";
import { plain } from "../i18n";
import { encodedSize } from "./lengths";

/** Bytes of a piece of a pasted or dropped file: a multiple of three, so that pieces join as base64, and under 1 MB when encoded. */
export const PIECE = 749_997;
/** Bytes of the largest file that the engine stages. */
const LARGEST = 50 * 1024 * 1024;
/** Kinds of pictures that mail programs show inside a text. */
const PICTURES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** A file on its way into the store. */
export interface Upload {
  key: number;
  name: string;
  done: number;
  total: number;
}

/** A file that was given, perhaps with a place in the text that waits for it. */
export interface Given {
  file: File;
  /** What it is called, where its own name says nothing. */
  name?: string;
  /** It will come. */
  begun?(key: number): void;
  /** It is there, or does not come. */
  settled?(key: number, item: FileItem | null): void;
}

/** What of the files is too much. */
export interface Weight {
  /** Bytes of all files. */
  size: number;
  /** What the server takes, in bytes; null = nobody knows. */
  most: number | null;
  over: boolean;
}

export function isPicture(file: { mime: string }): boolean {
  return PICTURES.has(file.mime);
}

export function isPictureFile(file: File): boolean {
  return PICTURES.has(file.type);
}

function base64(piece: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error ?? new Error("unreadable file"));
    reader.readAsDataURL(piece);
  });
}

/** The files of what is being written, and those on their way. */
export class Attachments {
  files = $state.raw<FileItem[]>([]);
  uploads = $state<Upload[]>([]);
  /** Pictures that are shown inside the text. */
  inline = $state.raw<ReadonlySet<string>>(new Set());
  /** Pictures that were deleted from the text, for when that is undone. */
  private parked = new Map<string, FileItem>();
  private readonly cancelled = new Set<number>();
  private uploadKey = 0;
  private pastedCount = 0;
  private run = 0;

  constructor(
    private readonly host: Host,
    /** Files came or went. */
    private readonly changed: () => void,
    private readonly failed: (words: string) => void,
  ) {}

  /** Takes up another draft's. What is on its way does not follow. */
  reset(files: FileItem[] = []): void {
    this.run += 1;
    this.uploads = [];
    this.pastedCount = 0;
    this.put(files);
  }

  /** These are the files, and these of them are shown in the text. */
  put(files: FileItem[], inline: ReadonlySet<string> = new Set()): void {
    this.files = files;
    this.parked = new Map();
    this.inline = inline;
  }

  /** The next name for a picture without one. */
  pastedName(file: File): string {
    const end = file.type === "image/jpeg" ? "jpg" : (file.type.split("/")[1] ?? "png");
    let name: string;
    do name = `${plain("composer.pastedName", { n: (this.pastedCount += 1) })}.${end}`;
    while (this.files.some((f) => f.name === name));
    return name;
  }

  /** A picture is shown inside the text, or sent as a file. */
  place(file: string, inside: boolean): void {
    const next = new Set(this.inline);
    if (inside) next.add(file);
    else next.delete(file);
    this.inline = next;
  }

  /** The text shows these pictures now. One that was deleted from it goes, one that came back by undo is there again. */
  shown(pictures: ReadonlySet<string>): void {
    const gone = [...this.inline].filter((id) => !pictures.has(id));
    for (const file of this.files) if (gone.includes(file.id)) this.parked.set(file.id, file);
    const back = [...pictures].flatMap((id) => this.parked.get(id) ?? []).filter((file) => !this.files.some((f) => f.id === file.id));
    if (gone.length > 0 || back.length > 0) this.files = [...this.files.filter((f) => !gone.includes(f.id)), ...back];
    this.inline = new Set(pictures);
  }

  /** Whether a picture may stand in the text. */
  knows(file: string): boolean {
    return this.parked.has(file) || this.files.some((f) => f.id === file);
  }

  weightFor(sender: FromOption | null): Weight {
    const sizes = this.files.map((f) => f.size);
    const size = sizes.reduce((sum, s) => sum + s, 0);
    // Elsewhere each file counts by itself.
    if (sender !== null && sender.capabilities.channel !== "email") return { size, most: null, over: false };
    const said = sender?.max_message ?? null;
    const most = said ?? sender?.capabilities.max_attachment ?? null;
    return { size, most, over: most !== null && sizes.length > 0 && (said === null ? size : encodedSize(sizes)) > most };
  }

  async pick(): Promise<void> {
    const { run } = this;
    try {
      const items = await this.host.call("file_pick", {});
      if (run === this.run) this.attach(items);
    } catch (error) {
      if (run === this.run) this.failed(say(error));
    }
  }

  /** Takes pasted or dropped files in, piece by piece. */
  async take(given: readonly Given[]): Promise<void> {
    const { run } = this;
    const all = given.map((one) => ({ one, upload: { key: ++this.uploadKey, name: one.name ?? one.file.name, done: 0, total: one.file.size } }));
    const [right, large] = [all.filter(({ one }) => one.file.size <= LARGEST), all.filter(({ one }) => one.file.size > LARGEST)];
    if (large.length > 0) this.failed(plain("composer.tooLarge", { name: large.map(({ upload }) => upload.name).join(", "), n: LARGEST / 1024 / 1024 }));
    this.uploads = [...this.uploads, ...right.map(({ upload }) => upload)];
    for (const { one, upload } of right) one.begun?.(upload.key);
    for (const { one, upload } of right) {
      let item: FileItem | null = null;
      try {
        item = await this.stage(one.file, upload);
        if (run === this.run && item !== null) this.attach([item]);
      } catch (error) {
        if (run === this.run) this.failed(say(error));
      } finally {
        this.cancelled.delete(upload.key);
        this.uploads = this.uploads.filter((u) => u.key !== upload.key);
        if (run === this.run) one.settled?.(upload.key, item);
      }
    }
  }

  /** Takes a file back that is on its way. */
  cancel(key: number): void {
    this.cancelled.add(key);
  }

  detach(file: string): void {
    this.place(file, false);
    this.files = this.files.filter((f) => f.id !== file);
    this.changed();
  }

  attach(items: readonly FileItem[]): void {
    if (items.length === 0) return;
    this.files = [...this.files, ...items];
    this.changed();
  }

  private async stage(file: File, { key, name }: Upload): Promise<FileItem | null> {
    let item: FileItem | null = null;
    let from = 0;
    do {
      if (this.cancelled.has(key)) return null;
      const to = Math.min(file.size, from + PIECE);
      const data = await base64(file.slice(from, to));
      const id: string | null = item === null ? null : (item as FileItem).id;
      item = await this.host.call("file_stage", { id, name, data, last: to >= file.size });
      from = to;
      this.uploads = this.uploads.map((u) => (u.key === key ? { ...u, done: from } : u));
    } while (from < file.size);
    return this.cancelled.has(key) ? null : item;
  }
}
