import { isBroken } from "./build-failures.ts";
import { isBlocked } from "./capacity.ts";
import { type Cluster, isInFlight } from "./cluster.ts";
import type { ClusterId } from "./ids.ts";
import { effectiveMode, effectivePolicy } from "./operation.ts";
import { countPool, mayGrow, type PoolView } from "./plan.ts";
import type { ExhaustedReason, PoolCounts } from "./refusal.ts";
import type { Instant } from "./time.ts";

/**
 * What a pass saw of its pool, for answers that need not be exact: whoever waits or is refused reads this, and not the whole
 * pool. As old as the newest pass: a second or two while claims come, a minute at most.
 */
export interface Outlook {
  readonly counts: PoolCounts;
  /** Why nothing could be handed out, should nothing be there. */
  readonly reason: ExhaustedReason;
  /** Milliseconds; see `typicalBuild`. */
  readonly typicalBuild?: number;
  /** Clusters being built, those first that should finish first; at most `mostBuilds`. */
  readonly builds: readonly { readonly clusterId: ClusterId; readonly createdAt: Instant }[];
  /** Further builds that the pool may begin at once; 0 while it begins none. */
  readonly concurrent: number;
}

/** Nobody further back than this learns which cluster it waits for. */
const mostBuilds = 100;

/** Median time from the request to `available` of the clusters at hand, in milliseconds; `undefined` when none tells. */
export function typicalBuild(clusters: readonly Cluster[]): number | undefined {
  const times = clusters
    .flatMap((it) => (it.state === "available" || it.state === "claimed" ? [it.availableAt - it.createdAt] : []))
    .sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)];
}

export function outlookOf(view: PoolView, now: Instant): Outlook {
  const { available, inFlight, claimed, waiting } = countPool(view);
  const { maxTotal, maxConcurrent } = effectivePolicy(view);
  const build = typicalBuild(view.clusters);
  return {
    counts: { available, inFlight, claimed, waiting, maxTotal },
    reason: reasonOf(view, now),
    ...(build !== undefined && { typicalBuild: build }),
    builds: view.clusters
      .filter(isInFlight)
      .sort((a, b) => a.createdAt - b.createdAt)
      .slice(0, mostBuilds)
      .map(({ id, createdAt }) => ({ clusterId: id, createdAt })),
    concurrent: mayGrow(view, now) ? maxConcurrent : 0,
  };
}

function reasonOf(view: PoolView, now: Instant): ExhaustedReason {
  if (effectiveMode(view) === "paused") return "paused";
  if (isBlocked(view.capacity, now)) return "capacity_blocked";
  if (isBroken(view.buildFailures, view.config.revision)) return "class_broken";
  const { inFlight, total } = countPool(view);
  return inFlight > 0 || total < effectivePolicy(view).maxTotal ? "warming" : "exhausted";
}
