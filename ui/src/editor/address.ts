/** An address that a link may lead to, in its one form; null where it may not. */
export function linkOf(text: string): string | null {
  const said = text.trim();
  if (/^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$/.test(said)) return `mailto:${said}`;
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(said) ? said : `https://${said}`;
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(whole) || !/^(https?:\/\/[^/?#]|mailto:[^/])/i.test(whole)) return null;
  try {
    const url = new URL(whole);
    const host = url.protocol === "mailto:" || url.hostname.includes(".") || url.hostname === "localhost" || url.hostname.startsWith("[");
    return ["http:", "https:", "mailto:"].includes(url.protocol) && host ? url.href : null;
  } catch {
    return null;
  }
}
