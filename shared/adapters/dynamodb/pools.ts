import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { PoolStore } from "../../ports/pool-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import {
  decodeAddress,
  decodeBuildFailures,
  decodeCapacity,
  decodeClosedCluster,
  decodeCluster,
  decodeConfig,
  decodeCounters,
  decodeOperation,
  decodePlan,
  decodeSlot,
  encodeAddress,
  encodeConfig,
} from "./codec.ts";
import { writeAll } from "./conditional-write.ts";
import {
  addressKey,
  closedClusterKey,
  clusterPrefix,
  type Key,
  lastSlot,
  poolKeys,
  poolListKey,
  poolListPartition,
  slotPrefix,
  slotSortKey,
} from "./keys.ts";
import { queryAll } from "./query.ts";

type Pools = Pick<
  PoolStore,
  | "listConfigs"
  | "getConfig"
  | "putConfig"
  | "getCounters"
  | "readPool"
  | "readSlots"
  | "getSlot"
  | "countWaitingBefore"
  | "getCluster"
  | "getClosedCluster"
  | "getAddress"
  | "saveAddress"
>;

const isWaiting = "confirmed = :yes AND attribute_not_exists(clusterId) AND attribute_not_exists(ticketGone)";

/** Configurations, and the reads of a pool's partition, all strongly consistent. */
export function dynamoPools(access: TableAccess): Pools {
  const { client, tableName } = access;
  const get = async <T>(Key: Key, decode: (item: Item) => T): Promise<T | undefined> => {
    const { Item } = await client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }));
    return Item && decode(Item);
  };
  const partition = (pk: string) =>
    queryAll(access, {
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": pk },
      ConsistentRead: true,
    });

  return {
    async listConfigs() {
      return (await partition(poolListPartition)).items.map(decodeConfig);
    },

    getConfig: (poolId) => get(poolKeys.config(poolId), decodeConfig),

    async putConfig(config) {
      const item = encodeConfig(config);
      await writeAll(access, {
        config: { Put: { Item: { ...item, ...poolKeys.config(config.poolId) } } },
        listed: { Put: { Item: { ...item, ...poolListKey(config.poolId) } } },
      });
    },

    async getCounters(poolId) {
      return (await get(poolKeys.counters(poolId), decodeCounters)) ?? decodeCounters();
    },

    async readPool(poolId) {
      const { items, pages } = await partition(poolKeys.partition(poolId));
      const single = ({ sk }: Key) => items.find((it) => it.sk === sk);
      const all = (prefix: string) => items.filter(({ sk }) => typeof sk === "string" && sk.startsWith(prefix));
      const config = single(poolKeys.config(poolId));
      if (!config) return undefined;
      const capacity = single(poolKeys.capacity(poolId));
      const failures = single(poolKeys.buildFailures(poolId));
      return {
        config: decodeConfig(config),
        operation: decodeOperation(single(poolKeys.operation(poolId))),
        ...(capacity && { capacity: decodeCapacity(capacity) }),
        ...(failures && { buildFailures: decodeBuildFailures(failures) }),
        counters: decodeCounters(single(poolKeys.counters(poolId))),
        observations: decodePlan(single(poolKeys.plan(poolId))).observations,
        slots: all(slotPrefix).map(decodeSlot),
        clusters: all(clusterPrefix).map(decodeCluster),
        pages,
      };
    },

    async readSlots(poolId, last = lastSlot) {
      const { items } = await queryAll(access, {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
        ExpressionAttributeValues: {
          ":pk": poolKeys.partition(poolId),
          ":first": slotSortKey(0),
          ":last": slotSortKey(last),
        },
        ConsistentRead: true,
      });
      return items.map(decodeSlot);
    },

    getSlot: (poolId, n) => get(poolKeys.slot(poolId, n), decodeSlot),

    async countWaitingBefore(poolId, ticket) {
      const { count } = await queryAll(access, {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
        FilterExpression: isWaiting,
        ExpressionAttributeValues: {
          ":pk": poolKeys.partition(poolId),
          ":first": slotSortKey(0),
          ":last": slotSortKey(ticket - 1),
          ":yes": true,
        },
        Select: "COUNT",
        ConsistentRead: true,
      });
      return count;
    },

    getCluster: (poolId, clusterId) => get(poolKeys.cluster(poolId, clusterId), decodeCluster),
    getClosedCluster: (clusterId) => get(closedClusterKey(clusterId), decodeClosedCluster),
    getAddress: (clusterId) => get(addressKey(clusterId), decodeAddress),

    async saveAddress(clusterId, address) {
      const Item = { ...encodeAddress(address), ...addressKey(clusterId) };
      await client.send(new PutCommand({ TableName: tableName, Item }));
    },
  };
}
