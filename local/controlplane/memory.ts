import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident memory of a process; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const kibibytes =
      process.platform === "linux"
        ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
        : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
    return Number(kibibytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
