import { readFileSync } from "node:fs";
import { residentBytes } from "../../local/controlplane/memory.ts";
import { descendantsOf, type Running } from "../support/descendants.ts";

/** The processes of a laptop, by what they are. */
export interface LaptopProcesses {
  /** What started all others. */
  readonly runtime: number;
  readonly eks: number | undefined;
  readonly emulator: number | undefined;
  /** Each runs one function, or did and waits for its next call. */
  readonly functions: readonly Running[];
  /** API servers, controller managers, schedulers and nodes of all clusters. */
  readonly controlPlanes: readonly Running[];
  readonly etcd: readonly Running[];
}

const componentPattern = /\/(kube-apiserver|kube-controller-manager|kube-scheduler|kwok)$/;

/** Those below the process that runs the laptop. */
export function processesOf(runtime: number): LaptopProcesses {
  const all = descendantsOf(runtime);
  const emulator = all.find((it) => it.parent === runtime && it.command.includes("ministack/launch.py"));
  const eks = all.find((it) => it.parent === runtime && it.command.includes("local/eks/main.ts"));
  const program = (it: Running) => it.command.split(" ")[0] ?? "";
  const host = eks?.pid ?? runtime;
  return {
    runtime,
    eks: eks?.pid,
    emulator: emulator?.pid,
    functions: all.filter((it) => it.parent === emulator?.pid && /(^|\/)node$/.test(program(it))),
    controlPlanes: all.filter((it) => it.parent === host && componentPattern.test(program(it))),
    etcd: all.filter((it) => it.parent === host && program(it).endsWith("/etcd")),
  };
}

/** What a program is called, without its folder: `kube-apiserver`. */
export function nameOf({ command }: Running): string {
  return (command.split(" ")[0] ?? "").split("/").at(-1) ?? "";
}

/** Kills a process at once; false when it was gone already. */
export function killAtOnce(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Memory that would come back with the process, in bytes: its share of what it shares (PSS); resident memory where the system tells no more. */
export function memoryOf(pid: number): number {
  try {
    const share = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    if (share !== undefined) return Number(share) * 1_024;
  } catch {
    // Not Linux, or gone.
  }
  return residentBytes(pid);
}
