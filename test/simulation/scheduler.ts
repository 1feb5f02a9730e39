import type { Instant } from "../../shared/domain/time.ts";
import type { Chance } from "./chance.ts";

/** A running function or caller. What belongs to a killed one never goes on. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** The last step that it was seen at: "match". */
  at: string;
}

interface Parked {
  readonly process: Process;
  readonly label: string;
  readonly resume: () => void;
}

interface Timer {
  readonly due: Instant;
  readonly order: number;
  readonly fire: () => void;
}

export interface Crash {
  readonly process: string;
  readonly after: string;
  readonly before: string;
}

/** Picks who goes on next, lets time pass when nobody can, and kills. One seed gives one run, to the bit. */
export interface Scheduler {
  now(): Instant;
  /** Parks the caller until it is chosen. */
  step(process: Process, label: string): Promise<void>;
  sleep(process: Process, milliseconds: number): Promise<void>;
  at(due: Instant, fire: () => void): void;
  spawn(
    name: string,
    main: (process: Process) => Promise<void>,
    onEnd?: (outcome: "done" | "threw" | "killed") => void,
  ): void;
  /** Runs until nothing is left to do before `until`, or `maxSteps` are used up. */
  run(until: Instant, maxSteps: number): Promise<"rest" | "busy">;
  readonly trace: string[];
  readonly crashes: Crash[];
  /** While true, no process is killed. */
  calm: boolean;
}

export function createScheduler(
  chance: Chance,
  options: { readonly killPercent: number; readonly traced: boolean },
): Scheduler {
  let now: Instant = Date.UTC(2026, 0, 1);
  let order = 0;
  const runnable: Parked[] = [];
  const timers: Timer[] = [];
  const trace: string[] = [];
  const crashes: Crash[] = [];
  const ends = new Map<Process, (outcome: "done" | "threw" | "killed") => void>();
  let killable = true;

  const log = (text: string) =>
    options.traced && trace.push(`${((now - Date.UTC(2026, 0, 1)) / 1000).toFixed(3)} ${text}`);

  function end(process: Process, outcome: "done" | "threw" | "killed") {
    if (!process.alive) return;
    process.alive = false;
    const callback = ends.get(process);
    ends.delete(process);
    callback?.(outcome);
  }

  /** Time never goes back: a timer that waited for others to go on fires late. */
  function fire(timer: Timer) {
    timers.splice(timers.indexOf(timer), 1);
    now = Math.max(now, timer.due);
    timer.fire();
  }

  const scheduler: Scheduler = {
    now: () => now,
    trace,
    crashes,
    get calm() {
      return !killable;
    },
    set calm(value) {
      killable = !value;
    },
    step: (process, label) =>
      new Promise<void>((resume) => {
        if (process.alive) runnable.push({ process, label, resume });
      }),
    sleep: (process, milliseconds) =>
      new Promise<void>((resume) => {
        scheduler.at(now + milliseconds, () => runnable.push({ process, label: "woke", resume }));
      }),
    at(due, fire) {
      const timer = { due: Math.max(due, now), order: order++, fire };
      let index = timers.length;
      while (index > 0 && later(timers[index - 1], timer)) index--;
      timers.splice(index, 0, timer);
    },
    spawn(name, main, onEnd) {
      const process: Process = { name, alive: true, at: "start" };
      if (onEnd) ends.set(process, onEnd);
      const mainToEnd = async () => {
        await main(process);
        await scheduler.step(process, "end");
      };
      mainToEnd().then(
        () => end(process, "done"),
        (error: unknown) => {
          log(`${name} threw ${error instanceof Error ? error.message : String(error)}`);
          if (process.alive && error instanceof Violation) failure = error;
          end(process, "threw");
        },
      );
    },
    async run(until, maxSteps) {
      for (let steps = 0; steps < maxSteps; steps++) {
        await settle();
        if (failure) throw failure;
        if (runnable.length === 0) {
          const timer = timers[0];
          if (!timer || timer.due > until) return "rest";
          fire(timer);
          continue;
        }
        // Now and then time passes although somebody could go on: slow functions, late answers.
        const next = timers[0];
        if (next && next.due <= until && chance.happens(3)) {
          fire(next);
          continue;
        }
        now += chance.between(0, 3);
        const index = chance.between(0, runnable.length - 1);
        const [parked] = runnable.splice(index, 1);
        if (!parked?.process.alive) continue;
        const { process, label } = parked;
        if (killable && chance.happens(options.killPercent)) {
          crashes.push({ process: process.name.replace(/[ :].*/, ""), after: process.at, before: label });
          log(`${process.name} KILLED after ${process.at}, before ${label}`);
          end(process, "killed");
          continue;
        }
        process.at = label;
        log(`${process.name} ${label}`);
        parked.resume();
      }
      return "busy";
    },
  };
  let failure: Violation | undefined;
  return scheduler;
}

function later(a: Timer | undefined, b: Timer): boolean {
  return a !== undefined && (a.due > b.due || (a.due === b.due && a.order > b.order));
}

/** Lets every promise chain that can go on do so until it parks: a tick comes after all microtasks, and costs no turn of the loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly invariant: string;
  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}
