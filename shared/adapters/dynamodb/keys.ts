import type { ClusterId, OwnerId, PoolId, SandboxId, TenantId } from "../../domain/ids.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

const slotDigits = 12;

/** The highest number that a slot's key has room for. */
export const lastSlot = 10 ** slotDigits - 1;

/**
 * A pool's partition. Its sort keys begin with a digit, so that one query reads configuration, operation, counters, plan, slots
 * and clusters in the order that a `PoolView` promises.
 */
export const poolKeys = {
  partition: (poolId: PoolId) => `POOL#${poolId}`,
  config: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "0#CONFIG" }),
  operation: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "0#OPERATION" }),
  capacity: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "0#CAPACITY" }),
  buildFailures: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "0#BUILD_FAILURES" }),
  counters: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "1#COUNTERS" }),
  plan: (poolId: PoolId): Key => ({ pk: poolKeys.partition(poolId), sk: "2#PLAN" }),
  slot: (poolId: PoolId, n: number): Key => ({ pk: poolKeys.partition(poolId), sk: slotSortKey(n) }),
  cluster: (poolId: PoolId, clusterId: ClusterId): Key => ({
    pk: poolKeys.partition(poolId),
    sk: `${clusterPrefix}${clusterId}`,
  }),
};

export const slotPrefix = "3#SLOT#";
export const clusterPrefix = "4#CLUSTER#";

export function slotSortKey(n: number): string {
  return `${slotPrefix}${String(n).padStart(slotDigits, "0")}`;
}

/** All pools' configurations once more, so that listing them reads no other item. */
export const poolListPartition = "POOLS";

export function poolListKey(poolId: PoolId): Key {
  return { pk: poolListPartition, sk: poolId };
}

/** What clusters of a revision are built from; none of a pool's own partition, which each plan reads whole. */
export function classKey(poolId: PoolId, revision: string): Key {
  return { pk: `CLASS#${poolId}`, sk: revision };
}

export function addressKey(clusterId: ClusterId): Key {
  return { pk: `CLUSTER#${clusterId}`, sk: "ADDRESS" };
}

export function closedClusterKey(clusterId: ClusterId): Key {
  return { pk: `CLUSTER#${clusterId}`, sk: "CLUSTER" };
}

export function sandboxKey(id: SandboxId): Key {
  return { pk: `SANDBOX#${id}`, sk: "SANDBOX" };
}

/** Encoded, so that no tenant or owner can spell another pair's key with a separator of its own. */
export function ownerKey(tenant: TenantId, ownerId: OwnerId): Key {
  return { pk: `OWNER#${encodeURIComponent(tenant)}#${encodeURIComponent(ownerId)}`, sk: "OWNER" };
}

export function dueKey(poolId: PoolId): string {
  return `DUE#${poolId}`;
}
