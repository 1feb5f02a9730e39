import { after, type Instant } from "./time.ts";

/** Failed builds of one revision of a pool's class, none of which has succeeded since. */
export interface BuildFailures {
  readonly revision: string;
  readonly count: number;
  /** The newest. */
  readonly at: Instant;
  readonly note: string;
  /** The class itself is at fault: no cluster of it can succeed. */
  readonly isFinal: boolean;
}

/** Failures in a row after which it is the class, and not chance. */
export const brokenAfter = 3;

/** The account after another failed build. */
export function afterFailure(
  before: BuildFailures | undefined,
  { revision, note, isFinal }: Pick<BuildFailures, "revision" | "note" | "isFinal">,
  now: Instant,
): BuildFailures {
  const same = before?.revision === revision ? before : undefined;
  const count = (same?.count ?? 0) + 1;
  // Why the class cannot work is what an operator must read, whatever else failed after it.
  return same?.isFinal ? { ...same, count, at: now } : { revision, count, at: now, note, isFinal };
}

/** True when no further cluster of the revision should be built as a matter of course. */
export function isBroken(failures: BuildFailures | undefined, revision: string): failures is BuildFailures {
  return failures?.revision === revision && (failures.isFinal || failures.count >= brokenAfter);
}

const firstTrialSeconds = 300;
const longestTrialSeconds = 3600;

/**
 * When one more cluster may be built to see whether the cause has gone; `undefined` for a class that is itself at fault: that
 * takes another revision, or an operator who resumes the pool.
 *
 * Example: the third failure in a row → 5 min later, the fourth → 10 min, from the seventh on → 1 h.
 */
export function nextTrialAt({ count, at, isFinal }: BuildFailures): Instant | undefined {
  if (isFinal) return undefined;
  const doublings = Math.min(count - brokenAfter, 10);
  return after(at, Math.min(longestTrialSeconds, firstTrialSeconds * 2 ** doublings));
}
