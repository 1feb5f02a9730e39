import type { ClusterProvider } from "../../shared/ports/cluster-provider.ts";
import type { KubernetesAdministration } from "../../shared/ports/kubernetes-access.ts";

const done = async () => ({ kind: "done" }) as const;
const removed = async () => ({ kind: "done", removed: [] }) as const;
const well = async () => ({ kind: "well" }) as const;
const address = { endpoint: "https://cluster", certificateAuthority: "" };

/** A cloud in which every step is done at once, for tests that are not about how a cluster is built. */
export const instantCloud: ClusterProvider = {
  create: done,
  awaitActive: async () => ({ kind: "done", address }),
  grantAccess: done,
  provideNodes: done,
  inspect: well,
  inventory: async () => ({ kind: "done", found: [] }),
  removeCompute: removed,
  removeInterfaces: removed,
  removeCluster: removed,
  verifyGone: done,
  sweep: removed,
};

export const instantKubernetes: KubernetesAdministration = {
  bootstrap: done,
  validate: done,
  probe: well,
  reach: well,
  revokeCredentials: done,
  removeExternals: removed,
};
