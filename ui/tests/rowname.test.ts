import { describe, expect, it } from "vitest";
import type { ConversationRow } from "../src/api/ConversationRow";
import { rowName } from "../src/screens/inbox/rowname";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { App } from "../src/state/app.svelte";

const NOW = Date.UTC(2026, 10, 20, 12);

async function row(changes: Partial<ConversationRow>): Promise<ConversationRow> {
  const app = new App(new ScriptedHost());
  await app.start();
  await app.list.ensure(0, 1);
  const first = app.list.rows.get(app.list.ids[0] ?? "");
  if (first === undefined) throw new Error("no row");
  return { ...first, name: "Ada", channel: "email", subject: null, snippet: "Is it here?", unread: 0, wait_since: null, problem: false, draft: false, automatic: false, stage: null, tags: [], assignee: null, status: "open", snoozed_until: null, last_direction: "inbound", last_at: NOW, ...changes };
}

describe("a row in words", () => {
  it("says first who and what is asked, then what was said and what is known", async () => {
    const said = rowName(await row({ unread: 2, wait_since: NOW - 12 * 60_000, tags: ["lamp", "brass"], draft: true }), "Qualified", true, NOW);
    expect(said.replaceAll("\u00a0", " ")).toBe("selected. 2 unread messages. Ada, by Email. Waiting for 12 min. Draft. Is it here? Qualified. #lamp, #brass");
  });

  it("says when the last message came where nobody waits, and whose it was", async () => {
    const said = rowName(await row({ last_direction: "outbound", subject: "Lamp" }), null, false, NOW);
    expect(said).toMatch(/^Ada, by Email\. You: Lamp: Is it here\? \w+, November 20, 2026/);
  });

  it("does not read out a whole letter or two hundred tags", async () => {
    const tags = Array.from({ length: 200 }, (_, n) => `tag${String(n)}`);
    const said = rowName(await row({ snippet: "x".repeat(5_000), tags }), null, false, NOW);
    expect(said.length).toBeLessThan(400);
    expect(said).toContain("195 more tags");
  });
});
