import type { ProvisionStep, TeardownStep } from "../domain/checklist.ts";
import type { Cluster } from "../domain/cluster.ts";
import type { ClusterProvider } from "../ports/cluster-provider.ts";
import type { KubernetesAdministration } from "../ports/kubernetes-access.ts";
import type { RefillQueue, WorkQueue } from "../ports/queues.ts";
import type { PlacePorts } from "./place-cluster.ts";

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

/** Asks for the next step of what was just written. A lost message is made good by the refiller's pass. */
export async function sendNext(
  work: WorkQueue,
  { poolId, id, version }: Pick<Cluster, "poolId" | "id" | "version">,
  delaySeconds = 0,
): Promise<void> {
  await work.send({ kind: "advanceCluster", poolId, clusterId: id, version }, delaySeconds);
}
