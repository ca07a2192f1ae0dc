import { t } from "../i18n";

/** A binding as people read it. */
export function keyLabel(keys: string): string {
  return keys
    .split(" ")
    .map((part) => part.split("+").map(single).join("+"))
    .join(" ");
}

function single(key: string): string {
  if (key === "Escape") return t("keyName.escape");
  if (key === "Enter") return t("keyName.enter");
  if (key === "Ctrl") return t("keyName.ctrl");
  if (key === "Shift") return t("keyName.shift");
  return key.toUpperCase();
}
