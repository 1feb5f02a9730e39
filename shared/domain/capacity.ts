import { after, type Instant } from "./time.ts";

/** A cloud without room for a pool's next cluster: nothing new is asked for until the block ends. */
export interface CapacityBlock {
  readonly until: Instant;
  /** Refusals in a row; those during a block are the same one. */
  readonly attempts: number;
}

const firstPauseSeconds = 30;
/** Long enough to leave a full account alone, short enough that a raised quota shows while somebody still waits. */
const longestPauseSeconds = 600;

/** True while nothing new may be asked for. */
export function isBlocked(block: CapacityBlock | undefined, now: Instant): boolean {
  return block !== undefined && block.until > now;
}

/**
 * The block after another refusal: each one in a row doubles the pause, up to ten minutes. A refusal during a block
 * changes nothing, so that ten clusters refused at once count as one.
 *
 * Example: first refusal → 15 to 30 s, second → 30 to 60 s, from the sixth on → 5 to 10 min.
 *
 * @param jitter 0 to 1, exclusive: pools that were refused together should not ask together again.
 */
export function nextBlock(block: CapacityBlock | undefined, now: Instant, jitter: number): CapacityBlock {
  if (block && isBlocked(block, now)) return block;
  const attempts = (block?.attempts ?? 0) + 1;
  // The cap bounds the power too: 2 to the number of refusals in a month is not a number.
  const pause = Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** Math.min(attempts - 1, 10));
  return { until: after(now, Math.round(pause * (0.5 + jitter / 2))), attempts };
}
