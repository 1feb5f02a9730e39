import type { Cluster } from "../domain/cluster.ts";
import type { ClassRevision } from "../domain/cluster-class.ts";
import type { PoolConfig } from "../domain/pool.ts";
import type { PoolStore } from "../ports/pool-store.ts";

/**
 * The class that the cluster is built from, which its pool may have left behind meanwhile. For a revision that nobody saved
 * it is the pool's class as it is now.
 *
 * @throws when that leaves manifests out.
 */
export async function builtClass(
  pools: Pick<PoolStore, "getClass">,
  { id, poolId, revision }: Pick<Cluster, "id" | "poolId" | "revision">,
  { clusterClass }: Pick<PoolConfig, "clusterClass">,
): Promise<ClassRevision> {
  const built = await pools.getClass(poolId, revision);
  if (built) return built;
  if (clusterClass.manifests?.length) throw new Error(`${id} is of revision ${revision}, which is not on record.`);
  return { revision, clusterClass, manifests: [] };
}
