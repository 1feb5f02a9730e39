import type { ClusterIn } from "../../shared/domain/cluster.ts";
import { asId, type ClusterId, type PoolId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import type { SandboxIn } from "../../shared/domain/sandbox.ts";
import type { MatchAnswer, PoolStore } from "../../shared/ports/pool-store.ts";
import type { SandboxStore } from "../../shared/ports/sandbox-store.ts";
import { aCluster, aClusterHalf, aSandbox, aSandboxHalf, now } from "../support/builders.ts";

export interface Stores {
  readonly pools: PoolStore;
  readonly sandboxes: SandboxStore;
}

/** An implementation under contract; every call opens stores that nobody wrote to. */
export type OpenStores = () => Promise<Stores>;

export const small = asId<PoolId>("small");
export const acme = asId<TenantId>("acme");
export const cls = (n: number) => asId<ClusterId>(`cls-${n}`);
export const sbx = (n: number) => asId<SandboxId>(`sbx_${n}`);

/** A row of the pool, written by a pass of its own. */
export async function requestCluster({ pools }: Stores, id = cls(1)): Promise<ClusterIn<"requested">> {
  const cluster = aCluster.requested({ id });
  await pools.createCluster(cluster, await pools.beginPass(small));
  return cluster;
}

/** A cluster whose record names the slot, without the slot naming it. */
export async function makeAvailable(stores: Stores, slot = 1, id = cls(1)): Promise<ClusterIn<"available">> {
  await requestCluster(stores, id);
  const cluster = aCluster.available({ id, slot, version: 2 });
  await stores.pools.saveCluster(cluster);
  return cluster;
}

/** A warm cluster in its slot. */
export async function warm(stores: Stores, slot = 1, id = cls(1)): Promise<ClusterIn<"available">> {
  const cluster = await makeAvailable(stores, slot, id);
  await stores.pools.takeSlotForCluster(small, slot, aClusterHalf({ clusterId: id }));
  return cluster;
}

/** A claim on its way: its half is in the slot, its record is not written. */
export async function arrive({ pools }: Stores, slot = 1, sandboxId = sbx(1)): Promise<void> {
  await pools.takeSlotForSandbox(small, slot, aSandboxHalf({ sandboxId, countedTicket: slot }));
}

/** A recorded claim that waits in the slot. */
export async function wait(stores: Stores, ticket = 1, id = sbx(1)): Promise<SandboxIn<"pending">> {
  await arrive(stores, ticket, id);
  const sandbox = aSandbox.pending({ id, ticket });
  await stores.pools.enqueue(sandbox, 100);
  return sandbox;
}

/** The match of slot 1 with cluster 1, for what the test does not say otherwise. */
export function matchOf(
  { pools }: Stores,
  sandbox: SandboxIn<"ready">,
  facts: Partial<Parameters<PoolStore["match"]>[0]> = {},
): Promise<MatchAnswer> {
  return pools.match({
    slot: 1,
    clusterId: sandbox.clusterId,
    sandbox,
    countedTicket: 1,
    ownerQuota: 100,
    now,
    ...facts,
  });
}

/** A sandbox that holds cluster 1, straight from the warm pool. */
export async function handOut(stores: Stores): Promise<SandboxIn<"ready">> {
  await warm(stores);
  await arrive(stores);
  const sandbox = aSandbox.ready();
  await matchOf(stores, sandbox);
  return sandbox;
}
