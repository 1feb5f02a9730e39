import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, type ProcessRecord, recordOf } from "./processes.ts";

/** A lock held by this process; releasing twice is harmless. */
export interface Lock {
  release(): void;
}

/** The lock is held by another live process, which `holder` names. */
export class LockedError extends Error {
  readonly holder: ProcessRecord;
  constructor(file: string, holder: ProcessRecord) {
    super(`${file} is held by process ${holder.pid}`);
    this.name = "LockedError";
    this.holder = holder;
  }
}

/**
 * Takes the lock that `file` stands for. A lock whose holder died is taken over.
 *
 * @throws LockedError while another live process holds it.
 */
export function takeLock(file: string): Lock {
  const own = recordOf(process.pid);
  if (own === undefined) throw new Error("this process has no record of its own");
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(own));
  try {
    for (;;) {
      // A link appears with its content or not at all, so that nobody reads a half-written lock.
      if (tryLink(draft, file)) return { release: () => release(file, own) };
      const holder = readHolder(file);
      if (holder === undefined) continue;
      if (isAlive(holder)) throw new LockedError(file, holder);
      discard(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** As `takeLock`, but waits until the holder lets go or dies; `onWait` is told each second who is waited for. */
export async function waitForLock(
  file: string,
  onWait: (holder: ProcessRecord) => void,
  signal?: AbortSignal,
): Promise<Lock> {
  for (;;) {
    try {
      return takeLock(file);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      onWait(error.holder);
      await sleep(1_000, undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** Who holds the lock; undefined when nobody does. The holder may be dead. */
export function readHolder(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function release(file: string, own: ProcessRecord): void {
  if (readHolder(file)?.startedAt === own.startedAt) rmSync(file, { force: true });
}

/** Two processes may find the same dead holder: what is moved away by mistake, a fresh lock, is put back. */
function discard(file: string, dead: ProcessRecord): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && (moved.pid !== dead.pid || moved.startedAt !== dead.startedAt)) tryLink(aside, file);
  rmSync(aside, { force: true });
}
