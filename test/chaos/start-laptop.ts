import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Laptop } from "../../local/laptop.ts";
import type { Progress } from "../../local/progress.ts";

/** Where everything of a laptop answers. */
export type LaptopAddresses = Pick<Laptop, "apiUrl" | "tokenUrl" | "aws" | "eksUrl" | "outputs">;

/** Sent to the process of `laptop-process.ts`, once. */
export interface LaptopOrder {
  readonly dir: string;
  readonly stage: string;
}

/** Sent by it. */
export type LaptopMessage =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "started"; readonly laptop: LaptopAddresses }
  | { readonly kind: "broken"; readonly why: string };

/** A laptop in a process of its own. */
export interface LaptopProcess extends LaptopAddresses {
  readonly pid: number;
  /** Settles only when it has ended, or has to, without having been asked; says why. */
  readonly broken: Promise<string>;
  /** Ends every process; repeatable. */
  stop(): Promise<void>;
}

/**
 * Starts a laptop that ends with this process, however this process ends, but not by Ctrl-C.
 *
 * @throws Error in the words of what failed.
 */
export async function startLaptopProcess(
  order: LaptopOrder,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<LaptopProcess> {
  const child = fork(join(import.meta.dirname, "laptop-process.ts"), { detached: true, execArgv: [] });
  const exited = once(child, "exit");
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.connected) child.disconnect();
    await exited;
  };
  const { pid } = child;
  if (pid === undefined) throw new Error("the laptop has no process");
  const brokenWhy = Promise.withResolvers<string>();
  child.on("message", (message: LaptopMessage) => {
    if (message.kind === "progress") report(message.progress);
    if (message.kind === "broken") brokenWhy.resolve(message.why);
  });
  void exited.then(() => {
    if (!stopping) brokenWhy.resolve("the laptop's process has ended by itself");
  });
  child.send(order);
  const asked = signal.aborted ? Promise.resolve() : once(signal, "abort").then(() => {});
  const first = await Promise.race([started(child), brokenWhy.promise, asked]);
  if (typeof first === "object") return { ...first, pid, broken: brokenWhy.promise, stop };
  await stop();
  throw new Error(first ?? "ended before it had started");
}

function started(child: ChildProcess): Promise<LaptopAddresses> {
  return new Promise((resolve) => {
    child.on("message", (message: LaptopMessage) => {
      if (message.kind === "started") resolve(message.laptop);
    });
  });
}
