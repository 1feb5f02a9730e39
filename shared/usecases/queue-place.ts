import { isInFlight } from "../domain/cluster.ts";
import type { PoolId } from "../domain/ids.ts";
import { estimateReadyAt, type QueuePlace } from "../domain/queue.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import type { PoolStore } from "../ports/pool-store.ts";

/**
 * Place and estimate of the claim that waits with `ticket`: those who wait before it, and it. Reads the line before it and two
 * items, however large the pool is.
 */
export async function queuePlace(pools: PoolStore, poolId: PoolId, ticket: number, now: Instant): Promise<QueuePlace> {
  const [before, outlook] = await Promise.all([pools.countWaitingBefore(poolId, ticket), pools.getOutlook(poolId)]);
  const position = before + 1;
  if (!outlook) return { position };
  const estimatedReadyAt = estimateReadyAt(outlook, position, now);
  const build = outlook.builds[position - 1];
  const cluster = build && (await pools.getCluster(poolId, build.clusterId));
  return {
    position,
    ...(estimatedReadyAt !== undefined && { estimatedReadyAt }),
    ...(cluster && isInFlight(cluster) && { progress: cluster.progress }),
  };
}

/** The refusal of a claim that finds no warm cluster and does not want to wait; its counts are those of the newest pass. */
export async function poolExhausted(
  pools: PoolStore,
  poolId: PoolId,
  maxTotal: number,
  now: Instant,
): Promise<Extract<Refusal, { code: "pool_exhausted" }>> {
  const outlook = await pools.getOutlook(poolId);
  if (!outlook) {
    const counts = { available: 0, inFlight: 0, claimed: 0, waiting: 0, maxTotal };
    return { code: "pool_exhausted", reason: "warming", counts };
  }
  const { counts, reason } = outlook;
  const estimatedReadyAt = estimateReadyAt(outlook, counts.waiting + 1, now);
  return { code: "pool_exhausted", reason, counts, ...(estimatedReadyAt !== undefined && { estimatedReadyAt }) };
}
