import type { IconName } from "../../parts/icons";
import type { SettingsPage } from "../../state/app.svelte";

/** The pages of the settings, for their menu and for the palette. */
export const pages: readonly [SettingsPage, IconName][] = [["accounts", "mail"], ["general", "sliders"], ["notices", "bell"], ["data", "shield"], ["keys", "keyboard"], ["about", "info"]];
