import type { ProvisionStep, TeardownStep } from "../domain/checklist.ts";
import type { Cluster } from "../domain/cluster.ts";
import { isInFlight, isTearingDown } from "../domain/cluster.ts";
import type { ClusterId, PoolId } from "../domain/ids.ts";
import type { ClusterProvider } from "../ports/cluster-provider.ts";
import type { KubernetesAdministration } from "../ports/kubernetes-access.ts";
import type { RefillQueue, WorkMessage, WorkQueue } from "../ports/queues.ts";
import type { PlacePorts } from "./place-cluster.ts";
import { provision } from "./provision-cluster.ts";
import { tearDown } from "./tear-down-cluster.ts";

export interface AdvancePorts extends PlacePorts {
  readonly provider: ClusterProvider;
  readonly kubernetes: KubernetesAdministration;
  readonly work: WorkQueue;
  readonly refill: RefillQueue;
}

/** What came of one step, for logs and metrics. */
export type AdvanceOutcome =
  /** The message is a duplicate, or the cluster has nothing to do. */
  | { readonly kind: "nothing" }
  | {
      readonly kind: "waiting";
      readonly step: ProvisionStep | TeardownStep;
      readonly note: string;
      readonly blocked: boolean;
    }
  | { readonly kind: "advanced"; readonly step: ProvisionStep | TeardownStep }
  | { readonly kind: "available"; readonly seconds: number }
  | { readonly kind: "failed"; readonly step: ProvisionStep; readonly note: string }
  | { readonly kind: "quarantined"; readonly step: TeardownStep; readonly note: string }
  | { readonly kind: "deleted"; readonly seconds: number };

/**
 * Takes a cluster one short step along its checklist and, if more is to come, sends the message for the next. Every step
 * looks before it acts, so a repeated or interrupted one does no harm; the record's version tells duplicates apart.
 *
 * @throws what the cloud answers unexpectedly: the queue delivers the message again.
 */
export async function advanceCluster(
  ports: AdvancePorts,
  message: Extract<WorkMessage, { kind: "advanceCluster" }>,
): Promise<AdvanceOutcome> {
  const cluster = await ports.pools.getCluster(message.poolId, message.clusterId);
  if (!cluster || cluster.version !== message.version) return { kind: "nothing" };
  if (isInFlight(cluster)) return provision(ports, cluster);
  if (isTearingDown(cluster)) return tearDown(ports, cluster);
  return { kind: "nothing" };
}

/** Asks for the next step of what was just written. A lost message is made good by the refiller's pass. */
export async function sendNext(
  work: WorkQueue,
  { poolId, id, version }: Pick<Cluster, "version"> & { poolId: PoolId; id: ClusterId },
  delaySeconds = 0,
): Promise<void> {
  await work.send({ kind: "advanceCluster", poolId, clusterId: id, version }, delaySeconds);
}
