import type { Agent } from "../api/Agent";
import type { Settings } from "../api/Settings";
import type { Sidebar } from "../api/Sidebar";
import type { Stage } from "../api/Stage";
import type { View } from "../api/View";
import type { Commands } from "../api/commands";
import type { Host } from "../host/host";
import { keymap } from "./keymap.svelte";

/** What every screen needs: counts, accounts, settings, stages and the team. */
export class Workspace {
  sidebar = $state<Sidebar | null>(null);
  private known = $state<Settings | null>(null);
  agents = $state<Agent[]>([]);

  constructor(private readonly host: Host) {}

  async load(): Promise<void> {
    const [sidebar, settings, agents] = await Promise.all([this.host.call("sidebar", {}), this.host.call("settings_get", {}), this.host.call("agents", {})]);
    this.sidebar = sidebar;
    this.settings = settings;
    this.agents = agents;
  }

  async refreshSidebar(): Promise<void> {
    this.sidebar = await this.host.call("sidebar", {});
  }

  async refreshSettings(): Promise<void> {
    [this.settings, this.agents] = await Promise.all([this.host.call("settings_get", {}), this.host.call("agents", {})]);
  }

  async change(changes: Partial<Commands["settings_set"]["args"]>): Promise<void> {
    const nothing = { hold_seconds: null, reopen_days: null, theme: null, notify: null, notify_text: null, close_to_tray: null, my_name: null, wait_target: null, notices: null, keys: null, searches: null, zoom: null };
    this.settings = await this.host.call("settings_set", { ...nothing, ...changes });
  }

  get settings(): Settings | null {
    return this.known;
  }

  set settings(settings: Settings | null) {
    this.known = settings;
    keymap.chosen = settings?.keys ?? {};
  }

  stage(key: string | null): Stage | null {
    return this.settings?.stages.find((stage) => stage.key === key) ?? null;
  }

  count(view: View): number {
    return this.sidebar?.views.find((v) => v.view === view)?.count ?? 0;
  }

  get me(): Agent | null {
    return this.sidebar?.me ?? null;
  }

  /** Nothing is connected, and nothing was brought in. */
  get isEmpty(): boolean {
    return (this.sidebar?.accounts.length ?? 0) === 0 && this.count("all") === 0;
  }

  /** No account can reach its server at the moment. */
  get offline(): boolean {
    const accounts = this.sidebar?.accounts ?? [];
    return accounts.length > 0 && accounts.every((account) => account.state === "waiting");
  }

  /** The first account that waits for a person. */
  get broken(): Sidebar["accounts"][number] | null {
    return this.sidebar?.accounts.find((account) => account.state === "needs_attention") ?? null;
  }

  /** How a wait of so many seconds is shown. */
  waitTone(seconds: number): "calm" | "soon" | "late" {
    const target = this.settings?.wait_target ?? 0;
    if (target <= 0 || seconds < target * 0.75) return "calm";
    return seconds < target ? "soon" : "late";
  }
}
