import type { IconName } from "../../parts/icons";
import type { SettingsPage } from "../../state/app.svelte";

/** The pages of the settings in their order, for the settings themselves and for the palette. */
export const settingsPages: readonly (readonly [SettingsPage, IconName])[] = [
  ["accounts", "mail"],
  ["profile", "person"],
  ["appearance", "sun"],
  ["general", "sliders"],
  ["notices", "bell"],
  ["data", "shield"],
  ["keys", "keyboard"],
  ["diagnostics", "pulse"],
  ["about", "info"],
];
