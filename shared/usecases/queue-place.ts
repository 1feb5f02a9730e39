import { isBroken } from "../domain/build-failures.ts";
import { isBlocked } from "../domain/capacity.ts";
import type { PoolId } from "../domain/ids.ts";
import { effectiveMode, effectivePolicy } from "../domain/operation.ts";
import { countPool, mayGrow, type PoolView } from "../domain/plan.ts";
import { estimateReadyAt, progressAt, type QueuePlace } from "../domain/queue.ts";
import type { ExhaustedReason, Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import type { PoolStore } from "../ports/pool-store.ts";

/** Place and estimate of the claim that waits with `ticket`: those who wait before it, and it. */
export async function queuePlace(pools: PoolStore, poolId: PoolId, ticket: number, now: Instant): Promise<QueuePlace> {
  const [before, view] = await Promise.all([pools.countWaitingBefore(poolId, ticket), pools.readPool(poolId)]);
  const position = before + 1;
  if (!view) return { position };
  const progress = progressAt(view.clusters, position);
  return { position, ...estimate(view, position, now), ...(progress && { progress }) };
}

/** The refusal of a claim that finds no warm cluster and does not want to wait. */
export async function poolExhausted(
  pools: PoolStore,
  poolId: PoolId,
  now: Instant,
): Promise<Extract<Refusal, { code: "pool_exhausted" | "pool_draining" | "pool_not_found" }>> {
  const view = await pools.readPool(poolId);
  if (!view) return { code: "pool_not_found", poolId };
  if (effectiveMode(view) === "draining") return { code: "pool_draining", poolId };
  const { available, inFlight, claimed, waiting } = countPool(view);
  const counts = { available, inFlight, claimed, waiting, maxTotal: effectivePolicy(view).maxTotal };
  return { code: "pool_exhausted", reason: reasonOf(view, now), counts, ...estimate(view, waiting + 1, now) };
}

function reasonOf(view: PoolView, now: Instant): ExhaustedReason {
  if (effectiveMode(view) === "paused") return "paused";
  if (isBlocked(view.capacity, now)) return "capacity_blocked";
  if (isBroken(view.buildFailures, view.config.revision)) return "class_broken";
  const { inFlight, total } = countPool(view);
  return inFlight > 0 || total < effectivePolicy(view).maxTotal ? "warming" : "exhausted";
}

function estimate(view: PoolView, position: number, now: Instant): Pick<QueuePlace, "estimatedReadyAt"> {
  const concurrent = mayGrow(view, now) ? effectivePolicy(view).maxConcurrent : 0;
  const estimatedReadyAt = estimateReadyAt(view.clusters, position, concurrent, now);
  return estimatedReadyAt === undefined ? {} : { estimatedReadyAt };
}
