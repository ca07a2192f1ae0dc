import type { IconName } from "./icons";

/** One line of a menu. */
export interface MenuItem {
  id: string;
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** The key that does the same. */
  keys?: string;
  /** Something else begins here. */
  gap?: boolean;
  run: () => void;
}
