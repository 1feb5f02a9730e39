import type { Progress, ProvisionStep } from "./checklist.ts";
import type { Outlook } from "./outlook.ts";
import { after, type Instant } from "./time.ts";

/** Where a waiting claim stands. */
export interface QueuePlace {
  /** 1 is next. */
  readonly position: number;
  /** Absent when the pool has no finished build to learn from. */
  readonly estimatedReadyAt?: Instant;
  /** How far the cluster is that it will most likely get; absent while that one is not asked for. */
  readonly progress?: Progress<ProvisionStep>;
}

/**
 * When the claim at `position` can expect its cluster: builds under way finish in the order they began, further ones in
 * waves behind them; `undefined` for whoever depends on one that the pool does not begin now, and without a finished build to
 * learn from.
 *
 * Example: builds take 180 s, one began 60 s ago, two at a time: position 1 → in 120 s, 2 and 3 → in 300 s.
 */
export function estimateReadyAt(
  { typicalBuild, builds, concurrent }: Pick<Outlook, "typicalBuild" | "builds" | "concurrent">,
  position: number,
  now: Instant,
): Instant | undefined {
  if (typicalBuild === undefined) return undefined;
  const finishes = builds.map((it) => Math.max(now, it.createdAt + typicalBuild));
  const own = finishes[position - 1];
  if (own !== undefined) return own;
  if (concurrent === 0) return undefined;
  const wave = Math.ceil((position - finishes.length) / concurrent);
  return after(finishes.at(-1) ?? now, (wave * typicalBuild) / 1000);
}
