import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Batch, BatchReport } from "./batch.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./world.ts";

const usage = `Plays the claim protocol under crashes, lost answers, duplicates and delays.

  npm run simulate -- [--seeds N] [--from S]   play N seeds (default 10000), starting with S (default 1)
  npm run simulate -- --replay S               play one seed again and print its trace

A failure prints its seed, the broken invariant and the trace of the smallest run that still breaks it. Exit code 1.`;

const batchSize = 250;
const progressMilliseconds = 5_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "10000" },
      from: { type: "string", default: "1" },
      replay: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return say(usage, 0);
  const [seeds, from, replay] = [values.seeds, values.from, values.replay ?? "1"].map(Number);
  if (![seeds, from, replay].every((it) => Number.isInteger(it) && it !== undefined && it > 0)) {
    return say(`--seeds, --from and --replay take whole numbers above 0.\n\n${usage}`, 2);
  }
  return values.replay === undefined ? playAll(from ?? 1, seeds ?? 1) : replaySeed(replay ?? 1);
}

async function replaySeed(seed: number): Promise<number> {
  const run = await simulate(seed, { traced: true });
  say(run.trace.join("\n"), 0);
  return say(
    run.violation ? `seed ${seed}: ${run.violation.message}` : `seed ${seed}: every invariant held`,
    run.violation ? 1 : 0,
  );
}

/** Shares the seeds among worker threads, a batch at a time, until all are played or one fails. */
async function playAll(from: number, seeds: number): Promise<number> {
  const started = performance.now();
  const total: Total = { done: 0, failed: [], crashes: {}, races: {} };
  let next = from;
  const take = (): Batch | undefined => {
    if (next >= from + seeds || total.failed.length > 0) return undefined;
    const batch = { from: next, count: Math.min(batchSize, from + seeds - next) };
    next += batch.count;
    return batch;
  };
  const seconds = () => (performance.now() - started) / 1000;
  const progress = setInterval(() => {
    const rate = total.done / seconds();
    say(`${total.done} of ${seeds} seeds, ${rate.toFixed(0)} a second, ${seconds().toFixed(0)} s`, 0);
  }, progressMilliseconds);
  await Promise.all(Array.from({ length: availableParallelism() }, () => playInThread(take, total)));
  clearInterval(progress);
  say(`${total.done} seeds in ${seconds().toFixed(1)} s, ${(total.done / seconds()).toFixed(0)} a second`, 0);
  table("races seen", total.races);
  table("crashes between", total.crashes);
  const [failure] = total.failed.sort((a, b) => a.seed - b.seed);
  if (!failure) return say("Every invariant held.", 0);
  say(`\nseed ${failure.seed}: ${failure.message}\nshrinking…`, 1);
  const smallest = await shrink(await simulate(failure.seed));
  const { trace } = await simulate(smallest.seed, { shape: smallest.shape, traced: true });
  return say(
    `${trace.join("\n")}\n\nseed ${smallest.seed}, shape ${JSON.stringify(smallest.shape)}\n${smallest.violation?.message}\n` +
      `as drawn: npm run simulate -- --replay ${failure.seed}`,
    1,
  );
}

function playInThread(take: () => Batch | undefined, total: Total): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./batch.ts", import.meta.url));
    const feed = () => {
      const batch = take();
      if (batch) worker.postMessage(batch);
      else void worker.terminate().then(() => resolve());
    };
    worker.on("error", reject);
    worker.on("message", (report: BatchReport) => {
      total.done += report.done;
      total.failed.push(...report.failed);
      add(total.crashes, report.crashes);
      add(total.races, report.races);
      feed();
    });
    feed();
  });
}

interface Total {
  done: number;
  failed: BatchReport["failed"][number][];
  crashes: Record<string, number>;
  races: Record<string, number>;
}

function add(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, times] of Object.entries(from)) to[key] = (to[key] ?? 0) + times;
}

function table(title: string, counts: Readonly<Record<string, number>>): void {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  say(`\n${title}: ${rows.length}`, 0);
  for (const [key, times] of rows.slice(0, 40)) say(`${String(times).padStart(10)}  ${key}`, 0);
  if (rows.length > 40) say(`${" ".repeat(10)}  and ${rows.length - 40} more`, 0);
}

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

process.exitCode = await main();
