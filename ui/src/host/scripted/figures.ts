import type { Commands } from "../../api/commands";
import type { Figure } from "../../api/Figure";
import type { FigureRow } from "../../api/FigureRow";
import type { Metric } from "../../api/Metric";
import type { ReportRow } from "../../api/ReportRow";
import { rowOf, team, type Conversation } from "./world";

const figure = (n: number, p50: number, p90: number, mean: number): Figure => (n === 0 ? { n, p50: null, p90: null, mean: null } : { n, p50, p90, mean });

function row(key: string, label: string, n: number, speed: number): ReportRow {
  return { key, label, first: figure(n, 760 * speed, 5_420 * speed, 1_980 * speed), next: figure(n * 2, 410 * speed, 3_100 * speed, 1_240 * speed), resolution: figure(Math.floor(n * 0.8), 14_200 * speed, 190_000 * speed, 71_000 * speed), unanswered: Math.floor(n / 9) };
}

/** A week's figures, invented but of the right shape. */
export function report({ from, to, by }: Commands["report_response_times"]["args"], all: Conversation[]): Commands["report_response_times"]["reply"] {
  const empty = all.length === 0;
  const rows = by === "channel" ? [row("email", "Email", 61, 1)] : [...team.map((a, i) => row(a.id, a.name, 28 - i * 9, 0.8 + i * 0.35)), { ...row("outside_app", "Outside the app", 4, 2.4), resolution: figure(0, 0, 0, 0), unanswered: 0 }];
  return { from, to, rows: empty ? [] : rows, total: row("all", "All", empty ? 0 : 61, 1) };
}

/** The episodes behind a figure. */
export function figureRows(all: Conversation[], metric: Metric): FigureRow[] {
  return all.filter((c) => !c.automatic).slice(0, 18).map((c, i) => {
    const r = rowOf(c);
    const first = c.items.find((x) => x.type === "message");
    const start = first?.type === "message" ? first.at : r.last_at;
    const seconds = metric === "unanswered" ? null : 300 + i * 740;
    return { conversation: c.id, name: c.name, episode: 1, channel: "email", start, end: seconds === null ? null : start + seconds * 1000, seconds, agent: seconds === null ? null : (team[i % 3]?.name ?? null), message: first?.id ?? null };
  });
}
