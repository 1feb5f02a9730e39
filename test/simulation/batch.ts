import { parentPort } from "node:worker_threads";
import { simulate } from "./world.ts";

/** Seeds for one worker thread to play. */
export interface Batch {
  readonly from: number;
  readonly count: number;
}

export interface BatchReport {
  readonly done: number;
  readonly failed: readonly { readonly seed: number; readonly message: string }[];
  /** `process: after → before` of each crash, with how often. */
  readonly crashes: Readonly<Record<string, number>>;
  readonly races: Readonly<Record<string, number>>;
}

/** Plays the seeds of a batch in order; stops at the first failure. */
export async function playBatch({ from, count }: Batch): Promise<BatchReport> {
  const crashes: Record<string, number> = {};
  const races: Record<string, number> = {};
  for (let seed = from; seed < from + count; seed++) {
    const run = await simulate(seed);
    for (const { process, after, before } of run.crashes) {
      const pair = `${process}: ${after} → ${before}`;
      crashes[pair] = (crashes[pair] ?? 0) + 1;
    }
    for (const [race, times] of run.races) races[race] = (races[race] ?? 0) + times;
    if (run.violation)
      return { done: seed - from + 1, failed: [{ seed, message: run.violation.message }], crashes, races };
  }
  return { done: count, failed: [], crashes, races };
}

parentPort?.on("message", async (batch: Batch) => parentPort?.postMessage(await playBatch(batch)));
