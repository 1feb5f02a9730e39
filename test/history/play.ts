import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { chanceFrom } from "../simulation/chance.ts";
import { monotonicNow, openRecorder, readHistory } from "./event.ts";
import { type FromProcess, type ProcessSettings, readClock, type ToProcess } from "./messages.ts";
import { createQueues } from "./queue.ts";

export interface PlaySettings {
  readonly seed: number;
  readonly endpoint: string;
  readonly tableName: string;
  readonly config: PoolConfig;
  /** Processes that run at once, each with callers of its own. */
  readonly processes: number;
  readonly callersEach: number;
  /** Callers are busy for at least and at most so long: until so many clusters were seen in answers. */
  readonly busySeconds: readonly [number, number];
  readonly handOuts: number;
  /** For the history's files, and for the program that the processes run. */
  readonly folder: string;
  /** Whether the system has come to rest: asked after each minute of the quiet time. */
  readonly isAtRest: () => Promise<boolean>;
}

/** One place in which one process after the other runs. */
interface Place {
  readonly file: string;
  lives: number;
  child: ChildProcess | undefined;
  up: boolean;
  /** Jobs done by the present process. */
  jobs: number;
  idle: boolean;
}

const speed = 8;
/** By the system's clock. */
const sweepSeconds = 20;
const restMinutes = 20;
/** A process lives at least until it has done so much, so that a busy machine does more than start processes. */
const minJobs = 3;
/** Without kills at first, so that there is something to claim. */
const warmUpMs = 3_000;

/**
 * Lets processes claim, use and release, refill, build, tear down and reap on one pool, and kills one of them with SIGKILL
 * every 150 to 300 ms or so; then stops killing, lets the callers end, and puts the clock forward until the system rests.
 *
 * @returns the files that together are the history, and how many processes were killed.
 */
export async function play(
  settings: PlaySettings,
): Promise<{ readonly files: readonly string[]; readonly kills: number }> {
  const { seed, config, folder } = settings;
  const { poolId } = config;
  const chance = chanceFrom(seed);
  const program = await bundle(folder);
  const started = Date.now();
  const fast = { started, origin: started, speed };
  let skipped = 0;
  let kills = 0;
  let ending = false;
  const clock = () => readClock(fast, skipped);
  const killsFile = join(folder, "kills.jsonl");
  const killed = openRecorder(killsFile, "parent");
  const places = Array.from({ length: settings.processes }, (_, n): Place => {
    return {
      file: join(folder, `place-${n + 1}.jsonl`),
      lives: 0,
      child: undefined,
      up: false,
      jobs: 0,
      idle: false,
    };
  });
  const isUp = (place: Place | undefined) => place?.up === true;
  const queues = createQueues<ChildProcess>(chance, clock, (id, job) => {
    const consumers = places.filter(isUp);
    const chosen = consumers[chance.between(0, Math.max(0, consumers.length - 1))]?.child;
    if (chosen) tell(chosen, { kind: "job", id, job });
    return chosen;
  });

  function start(place: Place, n: number) {
    const name = `${n + 1}.${++place.lives}`;
    const { endpoint, tableName, callersEach } = settings;
    const callers = Array.from({ length: callersEach }, (_, caller) => n * callersEach + caller + 1);
    const own: ProcessSettings = {
      name,
      endpoint,
      tableName,
      poolId,
      seed: chance.between(1, 1_000_000_000),
      callers,
      file: place.file,
      clock: fast,
    };
    const child = fork(program, [JSON.stringify(own)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    Object.assign(place, { child, up: false, jobs: 0, idle: false });
    child.on("message", (message: FromProcess) => hear(place, child, message));
    child.once("exit", () => {
      Object.assign(place, { up: false, child: undefined });
      queues.died(child);
      if (!ending) start(place, n);
    });
  }

  function hear(place: Place, child: ChildProcess, message: FromProcess) {
    switch (message.kind) {
      case "up":
        // What a process said before its death may be heard after it.
        place.up = !child.killed;
        return;
      case "send":
        queues.send(message.message, message.delaySeconds);
        tell(child, { kind: "sent", send: message.send });
        return;
      case "nudge":
        queues.nudge(poolId);
        tell(child, { kind: "sent", send: message.send });
        return;
      case "done":
        place.jobs++;
        queues.done(message.id, message.error === undefined);
        return;
      case "idle":
        place.idle = true;
    }
  }

  function kill(place: Place, n: number) {
    place.up = false;
    killed.write({ kind: "kill", at: monotonicNow(), process: `${n + 1}.${place.lives}` });
    place.child?.kill("SIGKILL");
    kills++;
  }

  async function beBusy() {
    const isEnough = () => handOuts(places.map(({ file }) => file)) >= settings.handOuts;
    const [atLeast, atMost] = settings.busySeconds;
    const began = Date.now();
    const isOver = () => {
      const seconds = (Date.now() - began) / 1000;
      return seconds > atMost || (seconds > atLeast && isEnough());
    };
    for (let sweepAt = 0; !isOver(); ) {
      await sleep(chance.between(150, 300));
      if (clock() > sweepAt) {
        queues.nudge(poolId);
        queues.sweep();
        sweepAt = clock() + sweepSeconds * 1000;
      }
      const n = chance.between(0, places.length - 1);
      const place = places[n];
      if (place?.up && place.jobs >= minJobs) kill(place, n);
    }
  }

  async function comeToRest() {
    queues.calm();
    await holds("every process runs", () => places.every(isUp));
    for (const { child } of places) if (child) tell(child, { kind: "calm" });
    await holds("every caller ends", () => places.every(({ idle }) => idle));
    for (let minute = 1; minute <= restMinutes; minute++) {
      skipped += 60_000;
      for (const { child } of places) if (child) tell(child, { kind: "skipped", milliseconds: skipped });
      queues.sweep();
      queues.nudge(poolId);
      await sleep(1000 / speed + 50);
      await holds("the queues are empty", () => queues.isQuiet());
      if (await settings.isAtRest()) return;
    }
    throw new Error(`The system did not come to rest within ${restMinutes} minutes of its clock.`);
  }

  for (const [n, place] of places.entries()) start(place, n);
  const pump = setInterval(() => queues.pump(), 10);
  try {
    await holds("every process runs", () => places.every(isUp));
    queues.nudge(poolId);
    await sleep(warmUpMs);
    await beBusy();
    await comeToRest();
  } finally {
    ending = true;
    clearInterval(pump);
    await Promise.all(places.map(({ child }) => child && end(child)));
    killed.close();
  }
  return { files: [...places.map(({ file }) => file), killsFile], kills };
}

function handOuts(files: readonly string[]): number {
  const answers = files.flatMap(readHistory).flatMap((it) => (it.kind === "return" ? [it.answer] : []));
  return new Set(answers.flatMap((it) => ("clusterId" in it && it.clusterId ? [it.clusterId] : []))).size;
}

/** One file, so that a process is up within a moment of its start. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, "process.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "process.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return outfile;
}

function tell(child: ChildProcess, message: ToProcess): void {
  // A child that was killed this moment cannot be told; what it was to do comes again.
  if (child.connected) child.send(message, () => {});
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

const patienceMs = 60_000;

async function holds(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + patienceMs; !condition(); ) {
    if (Date.now() > end) throw new Error(`Waited ${patienceMs / 1000} s in vain until ${what}.`);
    await sleep(20);
  }
}
