import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import type { TableAccess } from "../../shared/adapters/dynamodb/client.ts";
import { encodeCluster } from "../../shared/adapters/dynamodb/codec.ts";
import { poolKeys } from "../../shared/adapters/dynamodb/keys.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { asId, type ClusterId, type PoolId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { aCluster, aPoolConfig } from "../support/builders.ts";

/** The name of the cluster in slot `n` of a new pool. */
export function clusterIn(n: number): ClusterId {
  return asId<ClusterId>(`cls-${String(n).padStart(12, "0")}`);
}

/** A pool with `count` warm clusters in its next slots, at rest unless its policy says otherwise. */
export async function aWarmPool(
  access: TableAccess,
  name: string,
  count: number,
  { policy, quotas }: Partial<Pick<PoolConfig, "policy" | "quotas">> = {},
  firstSlot = 1,
): Promise<PoolConfig> {
  const poolId = asId<PoolId>(name);
  const config = aPoolConfig({
    poolId,
    policy: policy ?? {
      minWarm: count,
      maxTotal: count,
      bufferPercent: 0,
      maxConcurrent: 100,
      trimCoolDownSeconds: 3600,
    },
    quotas: quotas ?? { owner: 1_000, tenant: 1_000_000 },
  });
  await dynamoPoolStore(access).putConfig(config);
  const now = Date.now();
  const items = Array.from({ length: count }, (_, index) => index + firstSlot).flatMap((n) => {
    const id = clusterIn(n);
    const times = { availableAt: now, createdAt: now - 180_000 };
    const cluster = aCluster.available({ id, poolId, slot: n, version: 3, ...times });
    return [encodeCluster(cluster), { ...poolKeys.slot(poolId, n), n, clusterId: id, clusterSince: now }];
  });
  await putAll(access, [...items, { ...poolKeys.counters(poolId), head: firstSlot - 1, tail: firstSlot - 1 + count }]);
  return config;
}

const batchSize = 25;

export async function putAll({ client, tableName }: TableAccess, items: readonly object[]): Promise<void> {
  for (let from = 0; from < items.length; from += batchSize) {
    const puts = items.slice(from, from + batchSize).map((item) => ({ PutRequest: { Item: { ...item } } }));
    await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: puts } }));
  }
}
