import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LockedError, readHolder, takeLock, waitForLock } from "../../local/lock.ts";
import { isAlive, recordOf } from "../../local/processes.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  file = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("a lock is held until it is released", () => {
  const lock = takeLock(file);
  expect(() => takeLock(file)).toThrow(LockedError);
  expect(readHolder(file)?.pid).toBe(process.pid);
  lock.release();
  lock.release();
  takeLock(file).release();
  expect(existsSync(file)).toBe(false);
});

it("the lock of a process that died is taken over", () => {
  const { pid } = spawnSync("true");
  writeFileSync(file, JSON.stringify({ pid, startedAt: "1" }));
  takeLock(file);
  expect(readHolder(file)?.pid).toBe(process.pid);
});

it("the lock of a process whose id another process got is taken over", () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: "long ago" }));
  takeLock(file);
  expect(readHolder(file)?.startedAt).toBe(recordOf(process.pid)?.startedAt);
});

it("a waiter gets the lock once it is released", async () => {
  const lock = takeLock(file);
  const waitedFor: number[] = [];
  const waiting = waitForLock(file, (holder) => {
    waitedFor.push(holder.pid);
    lock.release();
  });
  await waiting;
  expect(waitedFor).toEqual([process.pid]);
});

it("a process is known by its start, not by its id alone", () => {
  const own = recordOf(process.pid);
  expect(own && isAlive(own)).toBe(true);
  expect(isAlive({ pid: process.pid, startedAt: "another time" })).toBe(false);
  expect(recordOf(spawnSync("true").pid)).toBeUndefined();
});
