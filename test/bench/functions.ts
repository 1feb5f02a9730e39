import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { FunctionThread } from "./function-thread.ts";
import type { WireCount } from "./wire-count.ts";

/** A function's bundle in a thread of its own, behind HTTP on the loopback interface. */
export interface RunningFunction {
  readonly url: string;
  /** Its DynamoDB requests since the last call. */
  takeCount(): Promise<WireCount>;
  stop(): Promise<void>;
}

/** @throws what the bundle throws when it loads. */
export async function startFunction(
  thread: FunctionThread,
  env: Readonly<Record<string, string>>,
): Promise<RunningFunction> {
  const worker = new Worker(new URL("function-thread.ts", import.meta.url), { workerData: thread, env });
  const [{ port }] = (await once(worker, "message")) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    async takeCount() {
      worker.postMessage("take");
      const [count] = (await once(worker, "message")) as [WireCount];
      return count;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
