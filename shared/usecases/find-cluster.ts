import type { Cluster } from "../domain/cluster.ts";
import type { ClusterId } from "../domain/ids.ts";
import type { PoolStore } from "../ports/pool-store.ts";

/** A cluster's record, whichever pool it is in, or the closed one; `undefined` when there never was one or it is past its retention. */
export async function findCluster(
  pools: Pick<PoolStore, "listConfigs" | "getCluster" | "getClosedCluster">,
  id: ClusterId,
): Promise<Cluster | undefined> {
  const configs = await pools.listConfigs();
  const open = await Promise.all(configs.map(({ poolId }) => pools.getCluster(poolId, id)));
  // Closing moves the record in one write: one that is not in its pool by now is closed already.
  return open.find((it) => it !== undefined) ?? pools.getClosedCluster(id);
}
