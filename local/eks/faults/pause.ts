import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const breathMs = 250;

/**
 * Halts a process for so many seconds again and again, letting it work for a moment in between. Returns what ends that.
 * The process goes on as soon as this one ends, however this one ends.
 */
export function pauseRepeatedly(pid: number, seconds: number): () => void {
  const ending = new AbortController();
  void (async () => {
    while (!ending.signal.aborted) {
      const resume = halt(pid);
      await sleep(seconds * 1_000, undefined, { signal: ending.signal, ref: false }).catch(() => {});
      resume();
      await sleep(breathMs, undefined, { signal: ending.signal, ref: false }).catch(() => {});
    }
  })();
  return () => ending.abort();
}

/** A halted process cannot notice that this one has ended: a shell, which reads the pipe until then, wakes it. */
function halt(pid: number): () => void {
  const script = 'kill -STOP "$1"; read -r _; kill -CONT "$1"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], { stdio: ["pipe", "ignore", "ignore"] });
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  return () => shell.stdin.end();
}
