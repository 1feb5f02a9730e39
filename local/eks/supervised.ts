import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EksOptions } from "./eks.ts";

/** Sent to the process of `main.ts`, once. */
export type EksOrder = Omit<EksOptions, "report" | "signal">;

/** Sent by it. */
export type EksMessage =
  | { readonly kind: "report"; readonly text: string }
  | { readonly kind: "started"; readonly url: string }
  | { readonly kind: "failed"; readonly why: string };

/** The laptop's EKS in a process of its own. */
export interface SupervisedEks {
  /** What `AWS_ENDPOINT_URL_EKS` has to be; the same after every restart. */
  readonly url: string;
  /** Settles only when it has been given up; says why. */
  readonly broken: Promise<string>;
  /** Ends it with all its processes; repeatable. */
  stop(): Promise<void>;
}

/** Starts in a row that came to nothing before it is given up. */
const mostFailures = 5;
const pauseMs = 500;
const endWithinMs = 10_000;

/**
 * Starts the EKS of `startEks` and keeps it running: when its process ends, however it ends, the next one takes up the records
 * and control planes on the same port. It ends with this process, however this process ends.
 *
 * @throws Error in its words when it does not start the first time.
 */
export async function startSupervisedEks({ report, signal, ...order }: EksOptions): Promise<SupervisedEks> {
  if (order.port === 0) throw new Error("an EKS that may start again needs a port that stays");
  signal?.throwIfAborted();
  mkdirSync(order.dir, { recursive: true });
  const logFile = join(order.dir, "eks.log");
  let run = startOnce(order, logFile, report);
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    signal?.removeEventListener("abort", stop);
    await run.stop();
  };
  signal?.addEventListener("abort", stop);
  const keep = async (): Promise<string> => {
    for (let failures = 0; ; ) {
      const why = await run.ended;
      failures = run.hasStarted() ? 0 : failures + 1;
      if (failures >= mostFailures) return `EKS does not start any more (${why}); see ${logFile}`;
      await sleep(pauseMs * failures);
      if (stopping) return new Promise(() => {});
      report(`EKS has ended (${why.split("\n", 1)[0]}) and starts again`);
      run = startOnce(order, logFile, report);
    }
  };
  const url = await run.started;
  return { url, broken: keep(), stop };
}

/** One process of it. */
interface Run {
  /** Where it answers. Rejects when it ends before. */
  readonly started: Promise<string>;
  hasStarted(): boolean;
  /** Why it has ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

function startOnce(order: EksOrder, logFile: string, report: (text: string) => void): Run {
  const log = openSync(logFile, "a", 0o600);
  const child = fork(join(import.meta.dirname, "main.ts"), {
    // Its own process group, so that Ctrl-C reaches this process only, which then ends things in order.
    detached: true,
    execArgv: [],
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const exited = once(child, "exit");
  const url = Promise.withResolvers<string>();
  let hasStarted = false;
  let why: string | undefined;
  child.on("message", (message: EksMessage) => {
    if (message.kind === "report") report(message.text);
    if (message.kind === "started") {
      hasStarted = true;
      url.resolve(message.url);
    }
    if (message.kind === "failed") why = message.why;
  });
  // What cannot be sent to a process that is already gone is learnt from its exit.
  child.on("error", (error) => appendFileSync(logFile, `${error}\n`));
  child.send(order);
  const ended = exited.then(([code, killer]) => why ?? `${killer ?? `exit code ${code}`}`);
  void ended.then((reason) => url.reject(new Error(reason)));
  url.promise.catch(() => {});
  return { started: url.promise, hasStarted: () => hasStarted, ended, stop: () => stopProcess(child, exited) };
}

/** Lets it end its processes; insists when that takes long, upon which they end on their own. */
async function stopProcess(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (child.connected) child.disconnect();
  const insist = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
  await exited;
  clearTimeout(insist);
}
