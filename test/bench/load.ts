import { setTimeout as sleep } from "node:timers/promises";

/** Runs `count` tasks, `width` at a time. */
export async function inParallel(count: number, width: number, task: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** Starts a task at each of the times, given in milliseconds from now, whether or not earlier ones have ended. */
export async function atTimes(
  times: readonly number[],
  task: (n: number, due: number) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  const running: Promise<void>[] = [];
  for (const [n, time] of times.entries()) {
    const due = started + time;
    const ahead = due - performance.now();
    if (ahead > 0) await sleep(ahead);
    running.push(task(n, due));
  }
  await Promise.all(running);
}

/** Arrival times of a Poisson process, in milliseconds; the same for the same seed. */
export function poissonTimes(perSecond: number, seconds: number, random: () => number): readonly number[] {
  const times: number[] = [];
  for (let at = gap(); at < seconds * 1000; at += gap()) times.push(at);
  return times;

  function gap(): number {
    return (-Math.log(1 - random()) / perSecond) * 1000;
  }
}

export function evenTimes(perSecond: number, seconds: number): readonly number[] {
  return Array.from({ length: perSecond * seconds }, (_, n) => (n * 1000) / perSecond);
}
