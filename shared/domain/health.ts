import { after, type Instant } from "./time.ts";

/** How a pool's warm and claimed clusters are watched. */
export interface HealthPolicy {
  /** Pause between two probes of a cluster that is well; at most 900, the longest delay of a message. */
  readonly probeEverySeconds: number;
  /** A cluster that has been warm for longer is replaced, like a stale one. */
  readonly maxWarmSeconds: number;
  /** A claimed cluster that has not answered for this long is lost. */
  readonly lostAfterSeconds: number;
}

/** In force where a pool says nothing else. */
export const defaultHealthPolicy: HealthPolicy = {
  probeEverySeconds: 300,
  maxWarmSeconds: 7 * 86_400,
  lostAfterSeconds: 300,
};

/** What the probes of a warm or claimed cluster came to. */
export interface Health {
  /** When the next probe is expected: long past it, its message was lost. */
  readonly dueAt: Instant;
  /** Bad probes in a row. */
  readonly failures: number;
  /** The first of them. */
  readonly failingSince?: Instant;
  /** What the last bad one saw, in one line for an operator. */
  readonly note?: string;
}

/** A cluster that was just found to be well. */
export function well({ probeEverySeconds }: HealthPolicy, now: Instant): Health {
  return { dueAt: after(now, probeEverySeconds), failures: 0 };
}

/** Pause after a bad probe: a cluster in doubt is looked at more often than a healthy one. */
export const doubtSeconds = 15;

/** The health after another bad probe. */
export function ailing({ failures, failingSince = undefined }: Health, note: string, now: Instant): Health {
  return { dueAt: after(now, doubtSeconds), failures: failures + 1, failingSince: failingSince ?? now, note };
}

/** Bad probes before anything is believed: one may be our own network's fault. */
const leastFailures = 3;

/**
 * True when a claimed cluster will not come back: the cloud no longer has it, or nothing has answered for `lostAfterSeconds`;
 * either seen more than twice.
 */
export function isLost(
  { failures, failingSince }: Health,
  isGone: boolean,
  { lostAfterSeconds }: HealthPolicy,
  now: Instant,
): boolean {
  if (failures < leastFailures || failingSince === undefined) return false;
  return isGone || after(failingSince, lostAfterSeconds) <= now;
}
