import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const breathMs = 250;

/** A process that is halted again and again. */
export interface Pauses {
  readonly seconds: number;
  /** Lets the process go on for good; resolves when it does. Repeatable. */
  end(): Promise<void>;
}

/**
 * Halts a process for so many seconds again and again, letting it work for a moment in between. It goes on as soon as this
 * process ends, however this one ends.
 */
export function pauseRepeatedly(pid: number, seconds: number): Pauses {
  const ending = new AbortController();
  const { signal } = ending;
  const wait = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {});
  const running = (async () => {
    while (!signal.aborted) {
      const resume = halt(pid);
      await wait(seconds * 1_000);
      await resume();
      await wait(breathMs);
    }
  })();
  return {
    seconds,
    end: () => {
      ending.abort();
      return running;
    },
  };
}

/** A halted process cannot notice that this one has ended: a shell, which reads the pipe until then, wakes it. */
function halt(pid: number): () => Promise<void> {
  const script = 'kill -STOP "$1"; read -r _; kill -CONT "$1"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], { stdio: ["pipe", "ignore", "ignore"] });
  shell.stdin.on("error", () => {});
  const gone = once(shell, "close").catch(() => {});
  return async () => {
    shell.stdin.end();
    await gone;
  };
}
