import type { Party } from "../api/Party";

/** `Anna Berg <anna@example.com>, b@example.com` as parties. Separators inside quotes belong to a name. */
export function parseParties(text: string): Party[] {
  return (text.match(/(?:"[^"]*"|[^,;"])+/g) ?? []).flatMap((part) => {
    const named = /^\s*"?([^"<]*?)"?\s*<([^<>\s]+)>\s*$/.exec(part);
    if (named !== null) return [{ name: named[1] === "" ? null : (named[1] ?? null), address: named[2] ?? "" }];
    return part.trim() === "" ? [] : [{ name: null, address: part.trim() }];
  });
}

/** Parties as one editable line. */
export function formatParties(parties: readonly Party[]): string {
  return parties.map((p) => (p.name === null || p.name === "" ? p.address : `${/[,;"]/.test(p.name) ? `"${p.name.replaceAll('"', "")}"` : p.name} <${p.address}>`)).join(", ");
}
