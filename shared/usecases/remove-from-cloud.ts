import type { TeardownStep } from "../domain/checklist.ts";
import type { ClusterId } from "../domain/ids.ts";
import type { ClusterProvider, Removed, StepOutcome } from "../ports/cluster-provider.ts";

/** What of a provider removes a cluster. */
export type ClusterRemover = Pick<
  ClusterProvider,
  "removeCompute" | "removeInterfaces" | "removeCluster" | "verifyGone" | "sweep"
>;

/** One attempt at a step that needs the cloud only. */
export function removeFromCloud(
  provider: ClusterRemover,
  id: ClusterId,
  step: Extract<TeardownStep, "compute" | "interfaces" | "cluster" | "verify" | "sweep">,
): Promise<StepOutcome<Partial<Removed>>> {
  switch (step) {
    case "compute":
      return provider.removeCompute(id);
    case "interfaces":
      return provider.removeInterfaces(id);
    case "cluster":
      return provider.removeCluster(id);
    case "verify":
      return provider.verifyGone(id);
    case "sweep":
      return provider.sweep(id);
  }
}
