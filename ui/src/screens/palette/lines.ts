import { t, word } from "../../i18n";
import { languages } from "../../i18n/languages";
import type { App, Overlay } from "../../state/app.svelte";
import { hindrance } from "../../state/doable";
import { actions, groupOf } from "../../state/keyrules";
import type { KeyAction } from "../../state/keys";
import { speech } from "../../state/speech.svelte";
import { keyOf } from "../keylabel";
import { viewIcons } from "../look";
import { settingsPages } from "../settings/pages";
import { wakes } from "../snoozing";
import { named, wordNamed, type Entry, type StepName } from "./entry";
import { backUp, fetchNow, speak, theme } from "./doing";

/** The arrow keys and Escape do these better than any list. */
const hidden: ReadonlySet<KeyAction> = new Set(["palette", "back", "next", "previous", "open", "markNext", "markPrevious"]);
/** These ask for more, which the palette asks itself. */
const steps: Readonly<Partial<Record<KeyAction, StepName>>> = { assign: "assign", snooze: "snooze", stage: "stage", tag: "tag" };
const icons: Readonly<Partial<Record<KeyAction, Entry["icon"]>>> = {
  reply: "reply", note: "note", send: "send", sendResolve: "send", resolve: "check", snooze: "moon", assign: "person", tag: "tag", stage: "flag", link: "link", noReply: "checkCircle", unread: "mail", read: "mailOpen",
  undo: "undo", history: "clock", search: "search", find: "search", date: "calendar", files: "attach", panel: "panel", keys: "keyboard", goInbox: "inbox", goWaits: "hourglass", goReports: "chart", goSettings: "gear", mark: "check", markAll: "layers", toasts: "chat",
};

/** Everything that has, or could have, a key. */
export function actionLines(app: App): Entry[] {
  return actions.filter((action) => !hidden.has(action)).map((action): Entry => {
    const why = hindrance(app, action);
    const step = steps[action];
    const name = step === undefined ? wordNamed("key", action) : wordNamed("do", action);
    return {
      id: `key:${action}`, ...name, also: [...name.also, ...(step === undefined ? [] : wordNamed("key", action).also)], keys: keyOf(action), icon: icons[action] ?? "keyboard", group: groupOf(action) === "going" ? "views" : "actions",
      ...(why === null ? {} : { hindered: word("hindered", why), quiet: true }),
      ...(step === undefined ? { run: () => void app.actions.press(action) } : { step }),
    };
  });
}

/** The places one can go to. */
export function placeLines(app: App): Entry[] {
  const views = (app.workspace.sidebar?.views ?? []).map((v): Entry => ({ id: `view:${v.view}`, ...wordNamed("view", v.view), icon: viewIcons[v.view], group: "views", run: () => void app.show(v.view) }));
  const saved = (app.workspace.sidebar?.saved ?? []).map((v): Entry => ({ id: `saved:${v.id}`, label: v.name, hint: t("palette.saved"), icon: "search", group: "views", run: () => void app.show("all", { saved: v.id }) }));
  const stages = (app.workspace.settings?.stages ?? []).map((s): Entry => ({ id: `atStage:${s.key}`, label: t("palette.atStage", { name: s.name }), tone: s.tone, group: "views", quiet: true, run: () => void app.show("all", { stage: s.key }) }));
  const tags = (app.workspace.sidebar?.tags ?? []).map((tag): Entry => ({ id: `withTag:${tag.key}`, label: t("palette.withTag", { tag: tag.key }), icon: "tag", group: "views", quiet: true, run: () => void app.show("all", { tag: tag.key }) }));
  const settings = settingsPages.map(([page, icon]): Entry => {
    const name = wordNamed("settings", page);
    return { id: `settings:${page}`, label: t("palette.settingsPage", { page: name.label }), also: name.also, icon, group: "settings", run: () => app.go("settings", page) };
  });
  return [...views, ...saved, ...stages, ...tags, ...settings];
}

/** What concerns the window and the workspace. */
export function windowLines(app: App): Entry[] {
  return [
    { id: "do:addAccount", ...named("palette.addAccount"), icon: "plus", group: "settings", run: () => app.addAccount() },
    { id: "do:fetch", ...named("palette.fetch"), icon: "refresh", group: "settings", ...((app.workspace.sidebar?.accounts.length ?? 0) === 0 ? { hindered: t("hindered.account"), quiet: true } : {}), run: () => void fetchNow(app) },
    { id: "do:backup", ...named("palette.backup"), icon: "shield", group: "settings", run: () => void backUp(app) },
    { id: "do:import", ...named("palette.import"), icon: "download", group: "settings", run: () => app.go("settings", "data") },
    { id: "do:language", ...named("palette.language"), icon: "chat", group: "window", step: "language" },
    { id: "do:theme", ...named("palette.theme"), icon: "sliders", group: "window", step: "theme" },
    { id: "do:link", ...named("palette.link"), icon: "link", group: "window", step: "link" },
  ];
}

/** An action that another part of the window asks the rest for. */
const over = (app: App, overlay: Overlay) => (): void => {
  app.overlay = overlay;
};

/** The choices of a step; in the whole list they stand under a name that says what they do. */
export function choices(app: App, step: StepName, whole: boolean): Entry[] {
  const none = app.targets.length === 0;
  const one = app.targets.length === 1 ? app.list.rows.get(app.targets[0] ?? "") : undefined;
  const rest = { group: "actions" as const, ...(whole ? { quiet: true } : {}), ...(whole && none ? { hindered: t("hindered.conversation") } : {}) };
  switch (step) {
    case "assign":
      return [
        ...app.workspace.agents.map((a): Entry => ({ id: `assign:${a.id}`, label: whole ? t("palette.assignTo", { name: a.name }) : a.me ? t("assign.me", { name: a.name }) : a.name, icon: "person", checked: one?.assignee?.id === a.id, ...rest, run: () => void app.actions.assign(a.id) })),
        { id: "assign:", label: whole ? t("list.dropNobody") : t("assign.nobody"), icon: "personOff", checked: one !== undefined && one.assignee === null, ...rest, run: () => void app.actions.assign(null) },
      ];
    case "snooze":
      return [
        ...wakes(Date.now()).map((w): Entry => ({ id: `snooze:${w.key}`, label: whole ? t("palette.snoozeUntil", { when: w.label }) : w.label, hint: w.when, icon: w.key === "h" ? "clock" : "moon", ...rest, run: () => void app.actions.snooze(w.until) })),
        ...(whole ? [] : [{ id: "snooze:d", label: t("snooze.date"), icon: "pencil", group: "actions", run: over(app, "snooze") } satisfies Entry]),
        ...(app.targets.some((id) => app.list.rows.get(id)?.status === "snoozed") ? [{ id: "snooze:x", ...named("snooze.wake"), icon: "undo", ...rest, run: () => void app.actions.snooze(null) } satisfies Entry] : []),
      ];
    case "stage":
      return [
        ...(app.workspace.settings?.stages ?? []).map((s): Entry => ({ id: `stage:${s.key}`, label: whole ? t("list.dropStage", { name: s.name }) : s.name, tone: s.tone, checked: one?.stage === s.key, ...rest, run: () => void app.actions.stage(s.key) })),
        { id: "stage:", ...named("stage.none"), icon: "close", checked: one !== undefined && one.stage === null, ...rest, run: () => void app.actions.stage(null) },
      ];
    case "tag":
      return tagged(app, whole, rest);
    case "language":
      return [
        { id: "language:", ...named("general.languageSystem"), icon: "chat", group: "window", checked: speech.chosen === null, ...(whole ? { quiet: true } : {}), run: () => void speak(app, null) },
        ...languages.map((one): Entry => ({ id: `language:${one.tag}`, label: one.name, also: [one.tag], icon: "chat", group: "window", checked: speech.chosen === one.tag, ...(whole ? { quiet: true } : {}), run: () => void speak(app, one.tag) })),
      ];
    case "theme":
      return (["system", "light", "dark"] as const).map((look): Entry => {
        const name = wordNamed("general", look);
        return { id: `theme:${look}`, label: whole ? t("palette.themeIs", { name: name.label }) : name.label, also: name.also, icon: "sliders", group: "window", checked: app.workspace.settings?.theme === look, ...(whole ? { quiet: true } : {}), run: () => void theme(app, look) };
      });
    case "link":
      return [];
  }
}

function tagged(app: App, whole: boolean, rest: Pick<Entry, "group" | "quiet" | "hindered">): Entry[] {
  const on = new Set(app.targets.flatMap((id) => app.list.rows.get(id)?.tags ?? []));
  const all = [...new Set([...on, ...(app.workspace.sidebar?.tags ?? []).map((tag) => tag.key)])];
  return all.map((tag): Entry => ({ id: `tag:${tag}`, label: whole ? (on.has(tag) ? t("panel.untag", { tag }) : t("list.dropTag", { tag })) : `#${tag}`, icon: "tag", checked: on.has(tag), ...rest, run: () => void app.actions.tag(tag, !on.has(tag)) }));
}
