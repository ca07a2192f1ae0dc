import type { ConversationRow } from "../../api/ConversationRow";
import type { Parting } from "../../api/Parting";
import type { Section } from "../../api/Section";
import type { SectionCount } from "../../api/SectionCount";
import type { Sort } from "../../api/Sort";
import type { View } from "../../api/View";
import { crowd, stories } from "./people";
import { idOf, stages, team } from "./world";

/** Whether a conversation is in a view, by what its row says. */
export function inView(row: ConversationRow, view: View): boolean {
  switch (view) {
    case "inbox": return row.status === "open" && !row.automatic;
    case "mine": return row.status === "open" && !row.automatic && row.assignee?.me === true;
    case "unassigned": return row.status === "open" && !row.automatic && row.assignee === null;
    case "waiting": return row.wait_since !== null && !row.automatic;
    case "snoozed": return row.status === "snoozed";
    case "resolved": return row.status === "resolved" && !row.automatic;
    case "automatic": return row.automatic;
    case "problems": return row.problem;
    default: return true;
  }
}

/** The rows in an order. */
export function sorted(rows: ConversationRow[], sort: Sort): ConversationRow[] {
  const key: Record<Sort, (row: ConversationRow) => number> = {
    newest: (r) => -r.last_at, oldest: (r) => r.last_at, longest_wait: (r) => r.wait_since ?? Infinity, wakes_next: (r) => r.snoozed_until ?? Infinity,
  };
  const of = key[sort];
  return rows.sort((a, b) => (of(a) === of(b) ? 0 : of(a) - of(b)));
}

export function inSection(row: ConversationRow, section: Section): boolean {
  switch (section.by) {
    case "stage": return row.stage === section.key;
    case "assignee": return (row.assignee?.id ?? null) === section.agent;
    case "channel": return row.channel === section.channel;
    case "day": return (section.from === null || row.last_at >= section.from) && (section.to === null || row.last_at < section.to);
  }
}

/** The groups that rows fall into. */
export function sectionsOf(rows: readonly ConversationRow[], by: Parting, cuts: readonly number[]): SectionCount[] {
  const all: Section[] =
    by === "stage" ? [null, ...stages.map((s) => s.key)].map((key) => ({ by, key }))
    : by === "assignee" ? [null, ...team.map((a) => a.id)].map((agent) => ({ by, agent }))
    : by === "channel" ? (["email", "instagram", "messenger", "sms", "whatsapp", "telegram", "matrix", "webchat"] as const).map((channel) => ({ by, channel }))
    : [null, ...cuts].map((from, i) => ({ by: "day", from, to: cuts[i] ?? null }));
  return all.map((section) => ({ section, count: rows.filter((r) => inSection(r, section)).length })).filter((s) => s.count > 0);
}

/** Rows without conversations behind them, for a list of any length. */
export function manyRows(count: number, now: number): ConversationRow[] {
  const people = [...stories.filter((s) => s.machine === undefined), ...crowd(200)];
  const channels = ["email", "email", "instagram", "email", "whatsapp", "sms"] as const;
  return Array.from({ length: count }, (_, i): ConversationRow => {
    const story = people[i % people.length] ?? people[0];
    const at = now - (i * 7 + 3) * 60_000;
    const line = story?.lines.at(-1)?.replace(/^> /, "") ?? "";
    const ours = i % 3 === 0;
    return {
      id: idOf(10_000_000 + i), name: story?.name ?? "", address: story?.address ?? "", channel: channels[i % channels.length] ?? "email", status: "open", unread: i % 4 === 1 ? 1 + (i % 3) : 0,
      wait_since: ours ? null : at, last_at: at, last_direction: ours ? "outbound" : "inbound", subject: story?.subject ?? null, snippet: line.replace(/\s+/g, " ").slice(0, 160), brief: null,
      stage: i % 3 === 1 ? (stages[i % stages.length]?.key ?? null) : null, tags: story?.tags ?? [], assignee: i % 4 === 0 ? null : (team[i % team.length] ?? null),
      snoozed_until: null, draft: i % 29 === 5, problem: false, automatic: false, messages: 1 + (i % 9),
    };
  });
}

/** What strains a row: endless names, 200 tags, both directions in one line, nothing at all. */
export function oddRows(now: number): ConversationRow[] {
  const base = manyRows(9, now);
  const change = (i: number, more: Partial<ConversationRow>): void => void Object.assign(base[i] ?? {}, more);
  change(0, { name: "Dr. Maximiliane-Konstantina Freifrau von und zu Hohenlohe-Waldenburg-Schillingsfürst, née Wolfeschlegelsteinhausen", subject: "Re: Re: Fwd: Re: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", assignee: team[1] ?? null, stage: "qualified" });
  change(1, { name: "Two hundred tags", tags: Array.from({ length: 200 }, (_, i) => (i % 7 === 3 ? `a-very-long-tag-that-never-ends-${String(i)}` : `tag${String(i)}`)), stage: "engaged", unread: 3 });
  change(2, { name: "👩‍👩‍👧‍👦🏳️‍🌈 Familie 🎄🎁✨", subject: "🔥🔥🔥 💡 ✅", snippet: "🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏", tags: ["🎄", "✨✨✨"] });
  change(3, { name: "يوسف (Yusuf) Al-Rashid", subject: "طلب 1042 — Order 1042 (Vireo) متأخر", snippet: "السلام عليكم, the order رقم 1042 has not arrived بعد!", tags: ["عاجل", "b2b"], unread: 1 });
  change(4, { name: "שירה Cohen", subject: "‏Re: הצעת מחיר for 12 lamps", snippet: "Hi, אפשר לקבל הצעת מחיר? Thanks!", stage: "won" });
  change(5, { name: "x", subject: null, snippet: "", tags: [], stage: null, assignee: null });
  change(6, { name: "averyveryveryverylongaddresswithoutanyspaceatall.in.it@a-domain-that-is-as-long.example", subject: null, draft: true, problem: true, automatic: false, stage: "not_a_lead", tags: ["order", "lamp", "return"], assignee: team[2] ?? null, unread: 120 });
  change(7, { name: "Wait of a year", wait_since: now - 400 * 86_400_000, unread: 0 });
  change(8, { name: "田中 美咲 / ｶﾀｶﾅ / ไทย / हिन्दी", subject: "納期について ｜ สวัสดี ｜ नमस्ते", status: "open" });
  return base;
}
