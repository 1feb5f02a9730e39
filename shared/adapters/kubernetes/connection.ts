import type { ClusterId } from "../../domain/ids.ts";
import type { KubernetesTarget } from "../../ports/kubernetes-access.ts";
import { type KubernetesClient, withClient } from "./client.ts";

/** How the adapter makes itself known to a cluster. */
export interface ClusterIdentity {
  /** A bearer token for the API server of the cluster of that name in the cloud. */
  readonly clusterToken: (clusterName: string) => Promise<string>;
  readonly clusterName: (id: ClusterId) => string;
}

/** Calls `act` with a client for the cluster, as who `clusterToken` says. */
export async function connect<T>(
  { clusterToken, clusterName }: ClusterIdentity,
  target: KubernetesTarget,
  act: (client: KubernetesClient) => Promise<T>,
): Promise<T> {
  return withClient(target, await clusterToken(clusterName(target.id)), act);
}
