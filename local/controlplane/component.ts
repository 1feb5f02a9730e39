import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endProcessGroup, recordOf } from "../processes.ts";
import type { Binary } from "./binary.ts";

/** The programs of a control plane, by upstream's names. */
export const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] as const;
export type ComponentName = (typeof components)[number];

/** How a component ended. */
export interface ComponentExit {
  readonly component: ComponentName;
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines that it wrote. */
  readonly lastWords: string;
}

/** One running process of a control plane. */
export interface Component {
  readonly name: ComponentName;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ComponentExit>;
  /** Ends it, at once when it does not end within `graceMs`; repeatable. */
  stop(graceMs?: number): Promise<void>;
}

export interface ComponentOptions {
  readonly binary: Binary;
  readonly name: ComponentName;
  readonly flags: readonly string[];
  /** Working folder, home and place of the log `<name>.log`; created if need be, readable by this user only. */
  readonly dir: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a component, which ends with this process, however this process ends. */
export async function startComponent(options: ComponentOptions): Promise<Component> {
  const { binary, name, flags, dir } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const logFile = join(dir, `${name}.log`);
  const log = openSync(logFile, "a", 0o600);
  const [file, ...leading] = commandOf(binary, name);
  const child = spawn(file, [...leading, ...flags], {
    cwd: dir,
    // Its own process group, so that Ctrl-C reaches this process only, which then ends things in order.
    detached: true,
    stdio: ["pipe", log, log],
    env: { HOME: dir, PATH: process.env.PATH ?? "", TMPDIR: dir, ...options.environment },
  });
  closeSync(log);
  const exited = exitOf(child, name, logFile);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name} has no process id`);
  const record = recordOf(pid);
  const stop = async (graceMs = 0): Promise<void> => {
    if (record !== undefined) await endProcessGroup(record, graceMs);
    await exited;
  };
  return { name, pid, logFile, exited, stop };
}

/**
 * Foreign binaries don't watch who started them, so a shell's background job does it for them: it reads the pipe until
 * this process is gone. The component takes the shell's place and process id.
 */
function commandOf(binary: Binary, name: ComponentName): readonly [string, ...string[]] {
  const file = join(binary.folder, name);
  if (binary.endsWithParent) return [file];
  const script = 'exec 3<&0; (cat <&3 >/dev/null; kill -KILL $$) & exec "$@" 3<&- </dev/null';
  return ["/bin/sh", "-c", script, "sh", file];
}

function exitOf(child: ChildProcess, component: ComponentName, logFile: string): Promise<ComponentExit> {
  // The pipe only says that this process lives; that the component ended is learnt from its exit.
  child.stdin?.on("error", () => {});
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      child.stdin?.destroy();
      resolve({ component, code, signal, lastWords: endOf(logFile) });
    });
  });
}

/** The last lines of a log; empty when there is none. */
export function endOf(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-8).join("\n");
  } catch {
    return "";
  }
}
