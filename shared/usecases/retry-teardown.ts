import { type Cluster, takeUpAgain } from "../domain/cluster.ts";
import type { ClusterId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { WorkQueue } from "../ports/queues.ts";
import { sendNext } from "./cluster-step.ts";
import { findCluster } from "./find-cluster.ts";

interface RetryPorts {
  readonly pools: PoolStore;
  readonly work: WorkQueue;
  readonly clock: Clock;
}

/** Attempts while somebody else changes the same cluster; a quarantined one is nobody's but the operator's. */
const maxAttempts = 3;

/**
 * Takes a quarantined cluster back into its tear-down, at the step that failed, with that step's whole budget. Refused for a
 * cluster in any other state.
 */
export async function retryTeardown(
  { pools, work, clock }: RetryPorts,
  id: ClusterId,
): Promise<Result<Cluster, Refusal>> {
  for (let attempts = 1; attempts <= maxAttempts; attempts++) {
    const cluster = await findCluster(pools, id);
    if (!cluster) return refuse({ code: "cluster_not_found" });
    const { state } = cluster;
    if (state !== "quarantined") {
      return refuse({
        code: "invalid_state",
        state,
        detail: "Only a quarantined cluster's tear-down can be taken up again.",
      });
    }
    const taken = takeUpAgain(cluster, clock());
    if (!(await pools.saveCluster(taken))) continue;
    await sendNext(work, taken);
    return ok(taken);
  }
  throw new Error(`${id} changed under every one of ${maxAttempts} attempts.`);
}
