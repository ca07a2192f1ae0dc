import type { FileInConversation } from "../api/FileInConversation";
import type { FileItem } from "../api/FileItem";
import type { Host } from "../host/host";
import { say } from "../errors";

export type FileKind = "all" | "picture" | "document" | "other";

const PAGE = 60;
const shown: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const documents = /^(application\/(pdf|rtf|msword|vnd\.|epub|json)|text\/)/;

/** Whether a file can be shown as a picture: the kinds that the engine draws anew. */
export function isPicture(file: Pick<FileItem, "mime">): boolean {
  return shown.includes(file.mime);
}

/** What a person takes a file for. */
export function kindOf(file: Pick<FileItem, "mime">): FileKind {
  if (file.mime.startsWith("image/")) return "picture";
  return documents.test(file.mime) ? "document" : "other";
}

/** All files of a conversation, a page at a time. */
export class Gallery {
  conversation = $state<string | null>(null);
  files = $state.raw<FileInConversation[]>([]);
  kind = $state<FileKind>("all");
  next = $state<string | null>(null);
  loading = $state(false);
  error = $state<string | null>(null);
  private run = 0;

  constructor(private readonly host: Host) {}

  get shown(): FileInConversation[] {
    return this.kind === "all" ? this.files : this.files.filter((f) => kindOf(f.file) === this.kind);
  }

  async open(conversation: string): Promise<void> {
    this.run += 1;
    this.conversation = conversation;
    this.files = [];
    this.kind = "all";
    this.next = null;
    this.error = null;
    await this.read(null);
  }

  async more(): Promise<void> {
    if (this.next !== null && !this.loading) await this.read(this.next);
  }

  private async read(before: string | null): Promise<void> {
    const { conversation, run } = this;
    if (conversation === null) return;
    this.loading = true;
    this.error = null;
    try {
      let from = before;
      // A long stretch without a file is passed over, as far as one would wait for it.
      for (let i = 0; i < 8; i += 1) {
        const page = await this.host.call("conversation_files", { conversation, before: from, limit: PAGE });
        if (run !== this.run) return;
        this.files = [...this.files, ...page.files];
        this.next = from = page.next;
        if (page.files.length > 0 || from === null) break;
      }
    } catch (error) {
      if (run === this.run) this.error = say(error);
    } finally {
      if (run === this.run) this.loading = false;
    }
  }
}
