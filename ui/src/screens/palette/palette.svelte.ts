import type { Hit } from "../../api/Hit";
import { t } from "../../i18n";
import { english } from "../../i18n/english.svelte";
import type { App } from "../../state/app.svelte";
import { wordsOf } from "../../state/fuzzy";
import { linkOf } from "../../state/permalink";
import { ranked, type Entry, type Found, type StepName } from "./entry";
import { actionLines, choices, placeLines, windowLines } from "./lines";

/** A pause in typing, after which the engine is asked for people. */
const PAUSE = 120;
const PEOPLE = 8;
/** People that were looked at last, while nothing is typed. */
const LATELY = 5;

const leaves: readonly StepName[] = ["snooze", "assign", "stage", "tag", "theme", "language"];

/** What the palette shows for what was typed, and in which of its steps. */
export class PaletteState {
  query = $state("");
  step = $state.raw<StepName | null>(null);
  private hits = $state.raw<Hit[]>([]);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asked = 0;

  constructor(private readonly app: App) {
    void english.load();
  }

  private readonly all: readonly Entry[] = $derived.by(() => {
    const { app } = this;
    if (this.step !== null) return choices(app, this.step, false).filter((entry) => entry.hindered === undefined);
    const plain = [...actionLines(app), ...placeLines(app), ...windowLines(app)];
    return this.query.trim() === "" ? plain.filter((entry) => entry.quiet !== true) : [...plain, ...leaves.flatMap((step) => choices(app, step, true))];
  });

  private readonly people: readonly Entry[] = $derived.by(() => {
    const { app } = this;
    if (this.step !== null) return [];
    const known = [...app.list.rows.values()].map((row) => this.person(row.id, row.name, row.address));
    const found = this.hits.map((hit) => this.person(hit.conversation, hit.name, ""));
    const seen = new Set<string>();
    return [...known, ...found].filter((entry) => !seen.has(entry.id) && seen.add(entry.id));
  });

  readonly result: { found: Found[]; more: number } = $derived.by(() => {
    const { app } = this;
    const asked = this.query.trim();
    if (this.step === "link" || (this.step === null && asked.startsWith("parley:"))) return { found: [{ entry: this.link(asked), marks: [], by: null }], more: 0 };
    const lately = app.used.list;
    if (asked !== "") {
      const named = ranked(this.all, asked, lately);
      const people = ranked(this.people, asked, app.used.people.map((id) => `open:${id}`));
      const found = this.step === null ? mixed(named.found, people.found.slice(0, PEOPLE)) : named.found;
      const made = this.step === "tag" ? this.make(asked) : [];
      return { found: [...found, ...made], more: named.more };
    }
    const plain = (entry: Entry): Found => ({ entry, marks: [], by: null });
    if (this.step !== null) return { found: this.all.map(plain), more: 0 };
    const used = lately.slice(0, LATELY).flatMap((id) => this.all.find((entry) => entry.id === id) ?? []).map((entry): Entry => ({ ...entry, group: "recent" }));
    const people = app.used.people.filter((id) => id !== app.list.selected).slice(0, LATELY).flatMap((id) => this.people.find((entry) => entry.id === `open:${id}`) ?? []);
    const rest = this.all.filter((entry) => !used.some((one) => one.id === entry.id));
    const group = (name: Entry["group"]): Entry[] => rest.filter((entry) => entry.group === name);
    return { found: [...used, ...group("actions"), ...people, ...group("views"), ...group("settings"), ...group("window")].map(plain), more: 0 };
  });

  private person(id: string, name: string, address: string): Entry {
    return { id: `open:${id}`, label: name, ...(address === "" || address === name ? {} : { hint: address }), icon: "person", group: "conversations", run: () => void this.app.openConversation(id) };
  }

  private link(text: string): Entry {
    const fits = linkOf(text) !== null;
    return { id: "link:open", label: t("palette.linkOpen"), icon: "link", group: "found", hint: text, ...(fits ? {} : { hindered: text === "" ? t("palette.linkPaste") : t("palette.linkRefused") }), run: () => void this.app.openLink(text) };
  }

  /** A tag that there is not yet. */
  private make(asked: string): Found[] {
    const tag = asked.replace(/^#/, "").trim().toLocaleLowerCase();
    if (tag === "" || this.all.some((entry) => entry.id === `tag:${tag}`)) return [];
    return [{ entry: { id: `tag:${tag}`, label: t("tag.create", { tag }), icon: "plus", group: "actions", run: () => void this.app.actions.tag(tag, true) }, marks: [], by: null }];
  }

  typed(query: string): void {
    this.query = query;
    if (this.timer !== null) clearTimeout(this.timer);
    const words = wordsOf(query);
    if (this.step !== null || words.length === 0 || query.trim().length < 2 || query.includes("parley:")) {
      this.asked += 1;
      this.hits = [];
      return;
    }
    this.timer = setTimeout(() => void this.ask(query), PAUSE);
  }

  private async ask(query: string): Promise<void> {
    const run = ++this.asked;
    const people = query.split(/\s+/).filter((w) => /^[\p{L}\p{N}]/u.test(w)).map((w) => `from:${w.replace(/["():]/g, "")}`).join(" ");
    if (people === "") return;
    // What the search does not understand is no error here: the names that are known stay.
    const page = await this.app.host.call("search", { query: people, limit: 40, before: null, order: "newest" }).catch(() => null);
    if (run === this.asked && page !== null) this.hits = page.hits;
  }

  enter(step: StepName): void {
    this.step = step;
    this.query = "";
    this.hits = [];
  }

  /** Back to the list of all; false where one is there already. */
  back(): boolean {
    if (this.step === null) return false;
    this.step = null;
    this.query = "";
    return true;
  }

  close(): void {
    this.asked += 1;
    if (this.timer !== null) clearTimeout(this.timer);
  }
}

/** Names among commands: whoever fits exactly as well as a command comes after it. */
function mixed(commands: readonly Found[], people: readonly Found[]): Found[] {
  const able = commands.filter((one) => one.entry.hindered === undefined);
  const strong = able.slice(0, 6);
  return [...strong, ...people, ...able.slice(6), ...commands.filter((one) => one.entry.hindered !== undefined)];
}
