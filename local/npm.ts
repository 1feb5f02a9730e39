import { execFileSync } from "node:child_process";
import { isAlive, type ProcessRecord, recordOf } from "./processes.ts";

/**
 * Calls back once the npm that runs this script is gone: killed, it tells its script nothing. Never, outside of an npm script
 * and where the system has no `ps`.
 */
export function onNpmGone(callBack: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = findNpm();
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    callBack();
  }, 1_000);
  timer.unref();
}

/** npm runs a script by a shell, which may or may not make way for what it runs. */
function findNpm(): ProcessRecord | undefined {
  try {
    const isShell = /\bsh -c /.test(askPs("args", process.ppid));
    return recordOf(isShell ? Number(askPs("ppid", process.ppid)) : process.ppid);
  } catch {
    return undefined;
  }
}

function askPs(column: string, pid: number): string {
  return execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
}
