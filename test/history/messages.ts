import type { PoolId } from "../../shared/domain/ids.ts";
import type { WorkMessage } from "../../shared/ports/queues.ts";

/** What a process of the history is started with, as one argument in JSON. */
export interface ProcessSettings {
  /** Unique among all processes of the run. */
  readonly name: string;
  readonly endpoint: string;
  readonly tableName: string;
  readonly poolId: PoolId;
  readonly seed: number;
  /** Callers that it plays, by number; a successor goes on with its predecessor's. */
  readonly callers: readonly number[];
  /** Appended to by a process and its successors. */
  readonly file: string;
  readonly clock: FastClock;
}

/** The system's clock, which runs faster than the machine's, so that deadlines pass within a short test. */
export interface FastClock {
  /** Both in milliseconds since the epoch: the machine's time at which the system's is `origin`. */
  readonly started: number;
  readonly origin: number;
  readonly speed: number;
}

/** The system's time. `skipped`: milliseconds that the clock was put forward by. */
export function readClock({ started, origin, speed }: FastClock, skipped: number): number {
  return Math.floor(origin + (Date.now() - started) * speed + skipped);
}

/** What a consumer is asked to do. */
export type Job = WorkMessage | { readonly kind: "refill"; readonly poolId: PoolId } | { readonly kind: "sweep" };

export type ToProcess =
  | { readonly kind: "job"; readonly id: number; readonly job: Job }
  /** The queue has the message of this number. */
  | { readonly kind: "sent"; readonly send: number }
  /** Callers begin nothing new. */
  | { readonly kind: "calm" }
  | { readonly kind: "skipped"; readonly milliseconds: number };

export type FromProcess =
  | { readonly kind: "up" }
  | { readonly kind: "send"; readonly send: number; readonly message: WorkMessage; readonly delaySeconds: number }
  | { readonly kind: "nudge"; readonly send: number }
  | { readonly kind: "done"; readonly id: number; readonly error?: string }
  /** Its callers have ended. */
  | { readonly kind: "idle" };
