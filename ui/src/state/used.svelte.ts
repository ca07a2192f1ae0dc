const KEPT = 12;
const PLACE = "parley.used";
/** What says nothing about anybody may outlive the window; names and tags stand in the workspace alone. */
const plain = /^(key|view|settings|do|snooze|theme|language):[\w]*$/;

/** What was done by the palette, and whom one looked at, newest first. */
export class Used {
  list = $state.raw<readonly string[]>(read());
  people = $state.raw<readonly string[]>([]);

  did(id: string): void {
    if (id.startsWith("open:") || id.startsWith("link:")) return;
    this.list = [id, ...this.list.filter((one) => one !== id)].slice(0, KEPT);
    try {
      localStorage.setItem(PLACE, JSON.stringify(this.list.filter((one) => plain.test(one))));
    } catch {
      // Without a place to keep it, it is remembered as long as the window.
    }
  }

  opened(conversation: string): void {
    this.people = [conversation, ...this.people.filter((id) => id !== conversation)].slice(0, KEPT);
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === "string" && plain.test(id)).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}
