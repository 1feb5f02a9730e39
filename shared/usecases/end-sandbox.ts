import { drain } from "../domain/cluster.ts";
import { end } from "../domain/lease.ts";
import type { SandboxReason } from "../domain/lifecycle.ts";
import type { LiveSandbox, SandboxIn } from "../domain/sandbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { RefillQueue, WorkQueue } from "../ports/queues.ts";
import type { SandboxStore } from "../ports/sandbox-store.ts";

export interface EndPorts {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
  readonly refill: RefillQueue;
  readonly work: WorkQueue;
  readonly clock: Clock;
}

/**
 * Ends a live sandbox: its owner's quota is free, its ticket is void or its cluster's tear-down has begun, all in one
 * write. Fenced by the sandbox's version: one that was extended, matched or ended meanwhile is left alone.
 *
 * @returns the ended record, or `undefined` when the sandbox had changed: read it again and decide anew.
 */
export async function endSandbox(
  { pools, sandboxes, refill, work, clock }: EndPorts,
  sandbox: LiveSandbox,
  reason: SandboxReason,
): Promise<SandboxIn<"terminating" | "terminated" | "failed"> | undefined> {
  const now = clock();
  const { poolId } = sandbox;
  const cluster = sandbox.state === "pending" ? undefined : await pools.getCluster(poolId, sandbox.clusterId);
  const draining =
    cluster?.state === "claimed" && cluster.sandboxId === sandbox.id
      ? drain(cluster, reason === "lost" ? "lost" : "sandbox_ended", now)
      : undefined;
  const ended = end(sandbox, reason, now);
  if (!(await sandboxes.end(sandbox, ended, draining))) return undefined;
  // Lost messages are made good by the refiller's pass, which asks again for steps that are overdue.
  await Promise.all([
    draining && work.send({ kind: "advanceCluster", poolId, clusterId: draining.id, version: draining.version }),
    refill.nudge(poolId, now),
  ]);
  return ended;
}
