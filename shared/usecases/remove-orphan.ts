import type { TeardownStep } from "../domain/checklist.ts";
import type { ClusterId } from "../domain/ids.ts";
import type { ClusterState } from "../domain/lifecycle.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolStore } from "../ports/pool-store.ts";
import type { WorkMessage, WorkQueue } from "../ports/queues.ts";
import { attemptStep } from "./cluster-step.ts";
import { findCluster } from "./find-cluster.ts";
import { type ClusterRemover, removeFromCloud } from "./remove-from-cloud.ts";

interface RemovePorts {
  readonly pools: Pick<PoolStore, "listConfigs" | "getCluster" | "getClosedCluster" | "saveClosedCluster">;
  readonly provider: ClusterRemover;
  readonly work: WorkQueue;
  readonly clock: Clock;
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

type RemoveMessage = Extract<WorkMessage, { kind: "removeOrphan" }>;

/** The part of a tear-down that needs neither record nor API server, in its order. */
const steps = ["compute", "interfaces", "cluster", "verify", "sweep"] as const satisfies readonly TeardownStep[];

/** Nobody waits for it: looking less often than a tear-down does spares the cloud's rate limits. */
const leastPauseSeconds = 15;
/** A quarter of an hour of pauses: then the janitor comes by again, and two chains of messages for one cluster gain nothing. */
const maxAttempts = 60;

/**
 * Removes from the cloud what is left of a cluster that has no open record, by the steps of every tear-down. Keeps no state: an
 * attempt goes through all steps from the first, each of which looks before it acts, and sends the message for the next
 * attempt where one must wait. The closed record, if there is one, tells what was removed.
 */
export async function removeOrphan(ports: RemovePorts, message: RemoveMessage): Promise<RemoveOutcome> {
  const record = await findCluster(ports.pools, message.clusterId);
  if (record && record.state !== "deleted") return { kind: "kept", state: record.state };
  const outcome = await attempt(ports, message);
  if (outcome.removed.length > 0) await amend(ports, message.clusterId, outcome.removed);
  return outcome;
}

async function attempt(
  { provider, work }: RemovePorts,
  { clusterId, attempts }: RemoveMessage,
): Promise<Exclude<RemoveOutcome, { kind: "kept" }>> {
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

/** Attempts while another message for the same cluster writes its part. */
const maxAmendments = 3;

/** Adds to the closed record's report what came to light after it. */
async function amend({ pools, clock }: RemovePorts, id: ClusterId, removed: readonly string[]): Promise<void> {
  for (let attempts = 0; attempts < maxAmendments; attempts++) {
    const record = await pools.getClosedCluster(id);
    if (!record) return;
    const now = clock();
    const findings = removed.map((resource) => ({ resource, by: "us" as const, at: now }));
    const report = { ...record.report, removed: [...record.report.removed, ...findings] };
    if (await pools.saveClosedCluster({ ...record, report, updatedAt: now, version: record.version + 1 })) return;
  }
}
