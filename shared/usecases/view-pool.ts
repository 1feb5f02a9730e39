import type { BuildFailures } from "../domain/build-failures.ts";
import type { CapacityBlock } from "../domain/capacity.ts";
import type { Cluster } from "../domain/cluster.ts";
import type { PoolId } from "../domain/ids.ts";
import { effectiveMode, effectivePolicy, isStale, type PoolOperation } from "../domain/operation.ts";
import { typicalBuild } from "../domain/outlook.ts";
import { countPool, targetOf } from "../domain/plan.ts";
import type { PoolConfig, PoolPolicy } from "../domain/pool.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Instant } from "../domain/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolRead, PoolStore } from "../ports/pool-store.ts";

export interface PoolSummary {
  readonly config: PoolConfig;
  /** In force: the deployment's, with what operators put in its place. */
  readonly policy: PoolPolicy;
  readonly operation: PoolOperation;
  readonly capacity?: CapacityBlock;
  readonly buildFailures?: BuildFailures;
  /** Warm clusters that will be replaced. */
  readonly stale: number;
  readonly counts: ReturnType<typeof countPool>;
  readonly target: number;
  /** Share of warm and claimed clusters that are claimed, 0 to 1; 0 when there are none. */
  readonly utilisation: number;
  /** A claim made now would be served at once. */
  readonly canClaimNow: boolean;
  /** Median of the builds at hand; absent when none is finished. */
  readonly typicalBuildSeconds?: number;
}

interface ViewPoolPorts {
  readonly pools: PoolStore;
  readonly clock: Clock;
}

/** One pool with its counts, from one strongly consistent read. */
export async function viewPool({ pools, clock }: ViewPoolPorts, poolId: PoolId): Promise<Result<PoolSummary, Refusal>> {
  const view = await pools.readPool(poolId);
  return view ? ok(summarize(view, clock())) : refuse({ code: "pool_not_found", poolId });
}

/** Every pool with its counts. */
export async function viewPools({ pools, clock }: ViewPoolPorts): Promise<readonly PoolSummary[]> {
  const configs = await pools.listConfigs();
  const views = await Promise.all(configs.map(({ poolId }) => pools.readPool(poolId)));
  return views.flatMap((view) => (view ? [summarize(view, clock())] : []));
}

/** A pool's clusters, oldest first; closed ones have left the pool. */
export async function listClusters(
  { pools }: { readonly pools: PoolStore },
  poolId: PoolId,
): Promise<Result<readonly Cluster[], Refusal>> {
  const view = await pools.readPool(poolId);
  return view
    ? ok([...view.clusters].sort((a, b) => a.createdAt - b.createdAt))
    : refuse({ code: "pool_not_found", poolId });
}

function summarize(view: PoolRead, now: Instant): PoolSummary {
  const counts = countPool(view);
  const { available, claimed, waiting } = counts;
  const { config, operation, capacity, buildFailures } = view;
  const build = typicalBuild(view.clusters);
  return {
    config,
    policy: effectivePolicy(view),
    operation: { ...operation, mode: effectiveMode(view) },
    ...(capacity && { capacity }),
    ...(buildFailures?.revision === config.revision && { buildFailures }),
    counts,
    stale: view.clusters.filter((it) => it.state === "available" && isStale(it, view, now)).length,
    target: targetOf(view),
    utilisation: claimed === 0 ? 0 : claimed / (claimed + available),
    canClaimNow: available > 0 && waiting === 0 && !view.counters.closed,
    ...(build !== undefined && { typicalBuildSeconds: build / 1000 }),
  };
}
