import type { ProvisionStep, TeardownStep } from "../domain/checklist.ts";
import type { Cluster, TeardownReport } from "../domain/cluster.ts";
import type { Instant } from "../domain/time.ts";
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
      /** What the step threw, when it waits for that. */
      readonly error?: unknown;
    }
  | {
      readonly kind: "advanced";
      readonly step: ProvisionStep | TeardownStep;
      /** It was asked for with a Kubernetes version whose standard support ends soon. */
      readonly supportEndsAt?: Instant;
    }
  | { readonly kind: "available"; readonly seconds: number }
  /** Warm before, in doubt for a while, and back in a slot. */
  | { readonly kind: "cleared" }
  | { readonly kind: "failed"; readonly step: ProvisionStep; readonly note: string }
  | { readonly kind: "well" }
  /** The look itself failed. */
  | { readonly kind: "unseen"; readonly error: unknown }
  /** A claimed cluster did not answer. */
  | { readonly kind: "ailing"; readonly note: string }
  /** A warm cluster left its slot and is validated again. */
  | { readonly kind: "suspected"; readonly note: string }
  /** A claimed cluster will not come back: its sandbox has ended. */
  | { readonly kind: "lost"; readonly note: string }
  | { readonly kind: "quarantined"; readonly step: TeardownStep; readonly note: string }
  | { readonly kind: "deleted"; readonly seconds: number; readonly report: TeardownReport };

/** Asks for the next step of what was just written. A lost message is made good by the refiller's pass. */
export async function sendNext(
  work: WorkQueue,
  { poolId, id, version }: Pick<Cluster, "poolId" | "id" | "version">,
  delaySeconds = 0,
): Promise<void> {
  await work.send({ kind: "advanceCluster", poolId, clusterId: id, version }, delaySeconds);
}

/** Pause before a step is tried again that met an answer nobody expected. */
const surprisedSeconds = 30;

/**
 * What the step came to, when the answer of the cloud may be one that nobody expected: it is tried again within the step's
 * budget like anything else, and the record says what it was. A queue's redelivery would count attempts instead of time.
 */
export async function attemptStep<Outcome>(
  step: () => Promise<Outcome>,
): Promise<Outcome | { kind: "again"; afterSeconds: number; note: string; error: unknown }> {
  try {
    return await step();
  } catch (error) {
    const note = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: "again", afterSeconds: surprisedSeconds, note: note.slice(0, 500), error };
  }
}
