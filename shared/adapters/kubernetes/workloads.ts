import type { KubernetesClient } from "./client.ts";

/**
 * Ends all workloads in the namespaces that hold volume claims: Kubernetes keeps a claim for as long as a pod uses it.
 * Other namespaces stay as they are, since a controller that somebody installed there may have to clean up. `kube-system`
 * is where a storage driver may run.
 */
export async function removeWorkloads({ core, apps, batch }: KubernetesClient): Promise<void> {
  const { items } = await core.listPersistentVolumeClaimForAllNamespaces();
  const namespaces = new Set(items.flatMap((it) => it.metadata?.namespace ?? []));
  namespaces.delete("kube-system");
  for (const namespace of namespaces) {
    const all = { namespace, propagationPolicy: "Background" };
    // What makes pods goes before the pods, or it would make others.
    await Promise.all([
      batch.deleteCollectionNamespacedCronJob(all),
      batch.deleteCollectionNamespacedJob(all),
      apps.deleteCollectionNamespacedDeployment(all),
      apps.deleteCollectionNamespacedStatefulSet(all),
      apps.deleteCollectionNamespacedDaemonSet(all),
      apps.deleteCollectionNamespacedReplicaSet(all),
      core.deleteCollectionNamespacedReplicationController(all),
    ]);
    await core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 1 });
  }
}
