// What a program and everything it started take of the machine, read from /proc.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const TICKS = 100;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function pids(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The fields of /proc/PID/stat from the third on: the name before them may hold anything. */
function stat(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** The process that runs this program with this variable set. */
export function find(program: string, variable: string): number | undefined {
  return pids().find((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`) === program && read(`/proc/${pid}/environ`).split("\0").includes(variable);
    } catch {
      return false;
    }
  });
}

/** A process and all below it. */
export function tree(root: number): number[] {
  const parents = new Map(pids().map((pid) => [pid, Number(stat(pid)[1])]));
  const below = (pid: number): number[] => [pid, ...[...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => below(child))];
  return below(root);
}

/** Memory of these processes in MB: what they share is divided among who shares it. */
export function pss(all: readonly number[]): number {
  const kilobytes = (pid: number): number => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return all.reduce((sum, pid) => sum + kilobytes(pid), 0) / 1024;
}

/** When a process was started, in milliseconds since 1970, to a hundredth of a second. */
export function startedAt(pid: number): number {
  const boot = Number(/^btime (\d+)/m.exec(read("/proc/stat"))?.[1]);
  const up = Number(read("/proc/uptime").split(" ")[0]);
  // btime is whole seconds; the uptime gives the rest.
  const exact = Date.now() - up * 1000;
  const start = Math.abs(exact - boot * 1000) < 2000 ? exact : boot * 1000;
  return start + (Number(stat(pid)[19]) / TICKS) * 1000;
}

/** Processor time of these processes in milliseconds. */
export function cpu(all: readonly number[]): number {
  return all.reduce((sum, pid) => sum + (Number(stat(pid)[11]) + Number(stat(pid)[12])) * (1000 / TICKS), 0);
}
