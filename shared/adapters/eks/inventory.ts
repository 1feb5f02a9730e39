import { paginateListClusters } from "@aws-sdk/client-eks";
import type { ClusterId } from "../../domain/ids.ts";
import type { Holding } from "../../domain/reconcile.ts";
import type { CloudInventory } from "../../ports/cloud-inventory.ts";
import type { Held, StepOutcome } from "../../ports/cluster-provider.ts";
import { type EksAccount, type Found, find } from "./deployment.ts";
import { clusterIdOf, clusterName } from "./naming.ts";
import { anyOf, listOwned, type Owned, type Owners, only, resourceOf } from "./owned.ts";
import { nodegroupsOf } from "./teardown.ts";

/** Everything that the cloud holds of one cluster, before its tear-down deletes any of it. Deletes nothing. */
export async function inventory(account: EksAccount, id: ClusterId): Promise<StepOutcome<Held>> {
  const found = await find(account, id);
  if (found.kind === "foreign") return { kind: "done", found: [] };
  const name = clusterName(account.deploymentId, id);
  const parts = found.kind === "ours" ? [`cluster/${name}`, ...(await nodegroupsOf(account, name)).map(asPart)] : [];
  const owned = await listOwned(account, only(account, id));
  return { kind: "done", found: [...parts, ...owned.map(resourceOf)] };
}

function asPart(nodegroup: string): string {
  return `nodegroup/${nodegroup}`;
}

/** Clusters looked up at once: EKS admits few calls a second. */
const lookUpsAtOnce = 5;

/**
 * What EKS, EC2 and load balancing hold for the deployment. Beyond what the worker may, its role must be allowed
 * `eks:ListClusters` on `*`; of the rest it needs the Describe actions and `eks:DescribeCluster` only.
 */
export function eksInventory(account: EksAccount): CloudInventory {
  return {
    async look() {
      const ids: ClusterId[] = [];
      for await (const page of paginateListClusters({ client: account.eks }, {})) {
        ids.push(...(page.clusters ?? []).flatMap((name) => clusterIdOf(account.deploymentId, name) ?? []));
      }
      const listed = new Map<ClusterId, Found>();
      for (let start = 0; start < ids.length; start += lookUpsAtOnce) {
        const some = ids.slice(start, start + lookUpsAtOnce);
        const found = await Promise.all(some.map(async (id) => [id, await find(account, id)] as const));
        for (const [id, it] of found) listed.set(id, it);
      }
      return lookOf(account, listed, anyOf(account));
    },
    async lookAt(id) {
      const found = await find(account, id);
      const isListed = found.kind !== "absent" || (await lists(account, id));
      return lookOf(account, isListed ? new Map([[id, found]]) : new Map(), only(account, id));
    },
  };
}

async function lists({ eks: client, deploymentId }: EksAccount, id: ClusterId): Promise<boolean> {
  const name = clusterName(deploymentId, id);
  for await (const page of paginateListClusters({ client }, {})) if (page.clusters?.includes(name)) return true;
  return false;
}

async function lookOf(account: EksAccount, listed: ReadonlyMap<ClusterId, Found>, owners: Owners) {
  const clusters = [...listed].flatMap(([clusterId, found]): Holding[] => {
    if (found.kind !== "ours") return [];
    const resource = `cluster/${clusterName(account.deploymentId, clusterId)}`;
    const { createdAt } = found.cluster;
    return [{ clusterId, resource, ...(createdAt && { createdAt: createdAt.getTime() }) }];
  });
  const parts = (await listOwned(account, owners)).flatMap((it) => {
    const clusterId = clusterIdOf(account.deploymentId, it.cluster);
    // What carries the name of a cluster that somebody else made is theirs.
    return clusterId && listed.get(clusterId)?.kind !== "foreign" ? [holdingOf(clusterId, it)] : [];
  });
  const ghosts = [...listed].flatMap(([id, { kind }]) => (kind === "absent" ? [id] : []));
  return { held: [...clusters, ...parts], ghosts };
}

function holdingOf(clusterId: ClusterId, owned: Owned): Holding {
  const { createdAt } = owned;
  return { clusterId, resource: resourceOf(owned), ...(createdAt !== undefined && { createdAt }) };
}
