import { countPool } from "../domain/plan.ts";
import type { PoolConfig } from "../domain/pool.ts";
import { estimateReadyAt, type QueuePlace } from "../domain/queue.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import type { PoolStore } from "../ports/pool-store.ts";

/** Place and estimate of the claim that waits with `ticket`: those who wait before it, and it. */
export async function queuePlace(
  pools: PoolStore,
  config: PoolConfig,
  ticket: number,
  now: Instant,
): Promise<QueuePlace> {
  const [before, view] = await Promise.all([
    pools.countWaitingBefore(config.poolId, ticket),
    pools.readPool(config.poolId),
  ]);
  const position = before + 1;
  const estimatedReadyAt = estimateReadyAt(view?.clusters ?? [], position, config.policy.maxConcurrent, now);
  return { position, ...(estimatedReadyAt !== undefined && { estimatedReadyAt }) };
}

/** The refusal of a claim that finds no warm cluster and does not want to wait. */
export async function poolExhausted(
  pools: PoolStore,
  config: PoolConfig,
  now: Instant,
): Promise<Extract<Refusal, { code: "pool_exhausted" }>> {
  const view = await pools.readPool(config.poolId);
  const { available, inFlight, claimed, waiting, total } = countPool(view ?? { slots: [], clusters: [] });
  const counts = { available, inFlight, claimed, waiting, maxTotal: config.policy.maxTotal };
  const estimate = estimateReadyAt(view?.clusters ?? [], waiting + 1, config.policy.maxConcurrent, now);
  return {
    code: "pool_exhausted",
    reason: inFlight > 0 || total < config.policy.maxTotal ? "warming" : "exhausted",
    counts,
    ...(estimate !== undefined && { estimatedReadyAt: estimate }),
  };
}
