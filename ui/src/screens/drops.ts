import type { View } from "../api/View";
import { t } from "../i18n";
import type { App } from "../state/app.svelte";
import type { Drop } from "../state/drag.svelte";

/** What a view of the sidebar takes, written for the markup; views that follow from facts take nothing. */
export function dropOfView(app: App, view: View): string | undefined {
  if (view === "mine") return app.workspace.me === null ? undefined : `assign:${app.workspace.me.id}`;
  if (view === "unassigned") return "assign:";
  if (view === "snoozed") return "snooze:";
  if (view === "resolved") return "resolve:";
  const carried = app.drag.ids?.flatMap((id) => app.list.rows.get(id) ?? []) ?? [];
  return view === "inbox" && carried.length > 0 && carried.every((row) => row.status === "resolved") ? "reopen:" : undefined;
}

/** What the markup says of a drop. */
export function dropOf(written: string | undefined): Drop | null {
  const [to, rest = ""] = written?.split(/:(.*)/s) ?? [];
  switch (to) {
    case "assign": return { to, agent: rest === "" ? null : rest };
    case "stage": return { to, stage: rest };
    case "tag": return { to, tag: rest };
    case "snooze":
    case "resolve":
    case "reopen": return { to };
    default: return null;
  }
}

/** How a place looks while something is carried: it can take it, would take it now, or cannot. */
export function dropLook(app: App, written: string | undefined): string | null {
  if (app.drag.ids === null) return null;
  if (written === undefined) return "nodrop";
  return app.drag.over !== null && JSON.stringify(app.drag.over) === JSON.stringify(dropOf(written)) ? "dropping" : "droppable";
}

/** What would happen, in words. */
export function dropWords(app: App, drop: Drop): string {
  switch (drop.to) {
    case "assign": return drop.agent === null ? t("list.dropNobody") : t("list.dropAssign", { name: app.workspace.agents.find((a) => a.id === drop.agent)?.name ?? "" });
    case "snooze": return t("list.dropSnooze");
    case "resolve": return t("list.dropResolve");
    case "reopen": return t("action.reopen");
    case "stage": return t("list.dropStage", { name: app.workspace.stage(drop.stage)?.name ?? drop.stage });
    case "tag": return t("list.dropTag", { tag: drop.tag });
  }
}
