const DAY = 86_400_000;
/** From so few days on a token is warned of. */
export const NEAR = 10;

/** How long a token still holds; null where it does not run out. */
export function daysLeft(until: number | null, now: number): { days: number; near: boolean; over: boolean } | null {
  if (until === null) return null;
  const days = Math.max(0, Math.floor((until - now) / DAY));
  return { days, near: days <= NEAR, over: until <= now };
}

/** How much of what the vendor allows is used, as a share and as far as a meter shows it. */
export function allowance(percent: number | null): { share: number; shown: number } | null {
  return percent === null ? null : { share: percent / 100, shown: Math.max(0, Math.min(100, percent)) };
}
