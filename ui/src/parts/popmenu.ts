import type { IconName } from "./icons";

/** One line of a menu. */
export interface PopItem {
  id: string;
  label: string;
  icon?: IconName;
  /** The key that does the same. */
  keys?: string;
  /** One of several of which one is chosen. */
  checked?: boolean;
  /** What the lines from here on are about; a rule stands before it. */
  section?: string;
  /** Only a rule before it. */
  rule?: boolean;
  run: () => void;
}
