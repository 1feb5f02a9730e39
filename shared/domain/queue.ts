import type { Progress, ProvisionStep } from "./checklist.ts";
import { type Cluster, type ClusterInFlight, isInFlight } from "./cluster.ts";
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

/** Builds under way, in the order in which they should finish. */
function builds(clusters: readonly Cluster[]): readonly ClusterInFlight[] {
  return clusters.filter(isInFlight).sort((a, b) => a.createdAt - b.createdAt);
}

/** How far the build is that the claim at `position` waits for. */
export function progressAt(clusters: readonly Cluster[], position: number): Progress<ProvisionStep> | undefined {
  return builds(clusters)[position - 1]?.progress;
}

/** Median time from the request to `available` of the clusters at hand, in milliseconds; `undefined` when none tells. */
export function typicalBuild(clusters: readonly Cluster[]): number | undefined {
  const times = clusters
    .flatMap((it) => (it.state === "available" || it.state === "claimed" ? [it.availableAt - it.createdAt] : []))
    .sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)];
}

/**
 * When the claim at `position` can expect its cluster: builds under way finish in the order they began, further ones in
 * waves of `maxConcurrent` behind them; 0 when the pool asks for no further ones now, and whoever depends on one gets no
 * estimate.
 *
 * Example: builds take 180 s, one began 60 s ago, two at a time: position 1 → in 120 s, 2 and 3 → in 300 s.
 */
export function estimateReadyAt(
  clusters: readonly Cluster[],
  position: number,
  maxConcurrent: number,
  now: Instant,
): Instant | undefined {
  const build = typicalBuild(clusters);
  if (build === undefined) return undefined;
  const finishes = builds(clusters).map((it) => Math.max(now, it.createdAt + build));
  const own = finishes[position - 1];
  if (own !== undefined) return own;
  if (maxConcurrent === 0) return undefined;
  const wave = Math.ceil((position - finishes.length) / maxConcurrent);
  return after(finishes.at(-1) ?? now, (wave * build) / 1000);
}
