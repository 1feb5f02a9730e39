import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** One process, told apart from a later one that happens to get the same id by when it started. */
export interface ProcessRecord {
  readonly pid: number;
  /** The operating system's own notation: only to be compared for equality, on one machine and boot. */
  readonly startedAt: string;
}

/** The record of a live process; undefined when no such process lives (a zombie counts as gone). */
export function recordOf(pid: number): ProcessRecord | undefined {
  const startedAt = process.platform === "linux" ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether the very process of the record still lives. */
export function isAlive(record: ProcessRecord): boolean {
  return recordOf(record.pid)?.startedAt === record.startedAt;
}

/**
 * Ends a process that leads its own process group, with the whole group: asks first, and insists after `graceMs`.
 * Does nothing when the process of the record is gone, so a recycled id is never hit.
 */
export async function endProcessGroup(record: ProcessRecord, graceMs: number): Promise<void> {
  if (!isAlive(record)) return;
  signalGroup(record.pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isAlive(record) && Date.now() < deadline) await sleep(50);
  signalGroup(record.pid, "SIGKILL");
}

/** Signals every process of a group; a group that is gone is no error. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function startOnLinux(pid: number): string | undefined {
  try {
    // The command name, in parentheses, may hold spaces: count the fields after it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  try {
    const answer = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return answer === "" || answer.startsWith("Z") ? undefined : answer.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
