/** Where a link leads. */
export interface Place {
  conversation: string;
  message: string | null;
}

const SHAPE = /^parley:\/\/conversation\/([0-9a-f]{32})\/?(?:\?message=([0-9a-f]{32}))?$/;

/** The link to a message of a conversation, for a note, a mail to a colleague, another program. */
export function linkTo(conversation: string, message: string | null = null): string {
  return `parley://conversation/${conversation}${message === null ? "" : `?message=${message}`}`;
}

/** What a link names, or null where it is not exactly one of ours: anybody can write a link. */
export function linkOf(url: string): Place | null {
  const found = url.length > 128 ? null : SHAPE.exec(url);
  return found?.[1] === undefined ? null : { conversation: found[1], message: found[2] ?? null };
}
