import type { TeardownStep } from "../domain/checklist.ts";
import type { ClusterState } from "../domain/lifecycle.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { WorkMessage, WorkQueue } from "../ports/queues.ts";
import { attemptStep } from "./cluster-step.ts";
import { findCluster } from "./find-cluster.ts";
import { type ClusterRemover, removeFromCloud } from "./remove-from-cloud.ts";

interface RemovePorts {
  readonly pools: Pick<PoolStore, "listConfigs" | "getCluster" | "getClosedCluster">;
  readonly provider: ClusterRemover;
  readonly work: WorkQueue;
}

/** `removed` is what this attempt asked the cloud to delete. */
export type RemoveOutcome =
  /** Nothing is left. */
  | { readonly kind: "gone"; readonly removed: readonly string[] }
  | {
      readonly kind: "waiting";
      readonly step: TeardownStep;
      readonly note: string;
      readonly removed: readonly string[];
    }
  /** Left to the next pass of the janitor, which finds it again. */
  | {
      readonly kind: "givenUp";
      readonly step: TeardownStep;
      readonly note: string;
      readonly removed: readonly string[];
    }
  /** It has an open record: its own checklist is in charge. */
  | { readonly kind: "kept"; readonly state: ClusterState };

/** The part of a tear-down that needs neither record nor API server, in its order. */
const steps = ["compute", "interfaces", "cluster", "verify", "sweep"] as const satisfies readonly TeardownStep[];

/** Nobody waits for it: looking less often than a tear-down does spares the cloud's rate limits. */
const leastPauseSeconds = 15;
/** A quarter of an hour of pauses: then the janitor comes by again, and two chains of messages for one cluster gain nothing. */
const maxAttempts = 60;

/**
 * Removes from the cloud what is left of a cluster that has no open record, by the steps of every tear-down. Keeps no state: an
 * attempt goes through all steps from the first, each of which looks before it acts, and sends the message for the next
 * attempt where one must wait.
 */
export async function removeOrphan(
  { pools, provider, work }: RemovePorts,
  { clusterId, attempts }: Extract<WorkMessage, { kind: "removeOrphan" }>,
): Promise<RemoveOutcome> {
  const record = await findCluster(pools, clusterId);
  if (record && record.state !== "deleted") return { kind: "kept", state: record.state };
  const removed: string[] = [];
  for (const step of steps) {
    const outcome = await attemptStep(() => removeFromCloud(provider, clusterId, step));
    if ("removed" in outcome) removed.push(...(outcome.removed ?? []));
    if (outcome.kind === "done") continue;
    const { note } = outcome;
    if (outcome.kind === "failed" || attempts + 1 >= maxAttempts) return { kind: "givenUp", step, note, removed };
    const pause = Math.max(leastPauseSeconds, outcome.afterSeconds);
    await work.send({ kind: "removeOrphan", clusterId, attempts: attempts + 1 }, pause);
    return { kind: "waiting", step, note, removed };
  }
  return { kind: "gone", removed };
}
