import { PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Cluster } from "../../domain/cluster.ts";
import type { PoolId } from "../../domain/ids.ts";
import type { PoolStore } from "../../ports/pool-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import { decodeClosedCluster, decodeCluster, encodeClosedCluster, encodeCluster, encodeSandbox } from "./codec.ts";
import { type TransactionPart, writeAll, writeIf } from "./conditional-write.ts";
import { isDeepStrictEqual } from "./deep-equal.ts";
import { addressKey, poolKeys } from "./keys.ts";
import { slotIs, takeClusterOut } from "./slot-writes.ts";

const isAbsent = "attribute_not_exists(pk)";
const isAtVersion = "#version = :before";
const isAvailableInSlot = "#state = :available AND #slot = :slot";
const isNewest = "#pass = :pass";
const isTerminating = "#state = :terminating";

/** The writes of a cluster's record, outside of its match. */
export function dynamoClusters(
  access: TableAccess,
): Pick<PoolStore, "createCluster" | "saveCluster" | "withdrawCluster" | "closeCluster" | "saveClosedCluster"> {
  const { client, tableName } = access;
  const onFailure = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  return {
    async createCluster(cluster, pass) {
      const failed = await writeAll(access, {
        cluster: { Put: { Item: encodeCluster(cluster), ConditionExpression: isAbsent } },
        pass: newest(cluster.poolId, pass),
      });
      return failed.size === 0 || isSame(failed.get("cluster"), cluster);
    },

    async saveCluster(cluster) {
      const put = new PutCommand({
        ...onFailure,
        Item: encodeCluster(cluster),
        ConditionExpression: isAtVersion,
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":before": cluster.version - 1 },
      });
      const saved = await writeIf(() => client.send(put));
      return saved.written || isSame(saved.inPlace, cluster);
    },

    async withdrawCluster(cluster, slot, pass) {
      const { poolId, id, version } = cluster;
      const failed = await writeAll(access, {
        cluster: {
          Put: {
            Item: encodeCluster(cluster),
            ConditionExpression: `${isAtVersion} AND ${isAvailableInSlot}`,
            ExpressionAttributeNames: { "#version": "version", "#state": "state", "#slot": "slot" },
            ExpressionAttributeValues: { ":before": version - 1, ":available": "available", ":slot": slot },
          },
        },
        slot: { Update: takeClusterOut(poolId, slot, id, `${slotIs.heldByCluster} AND ${slotIs.freeOfSandbox}`) },
        pass: pass === undefined ? undefined : newest(poolId, pass),
      });
      return failed.size === 0 || isSame(failed.get("cluster"), cluster);
    },

    async closeCluster(cluster, sandbox) {
      const { poolId, id, version } = cluster;
      const failed = await writeAll(access, {
        row: {
          Delete: {
            Key: poolKeys.cluster(poolId, id),
            ConditionExpression: isAtVersion,
            ExpressionAttributeNames: { "#version": "version" },
            ExpressionAttributeValues: { ":before": version - 1 },
          },
        },
        address: { Delete: { Key: addressKey(id) } },
        closed: { Put: { Item: encodeClosedCluster(cluster), ConditionExpression: isAbsent } },
        sandbox: sandbox && {
          Put: {
            Item: encodeSandbox(sandbox),
            ConditionExpression: `${isAtVersion} AND ${isTerminating}`,
            ExpressionAttributeNames: { "#version": "version", "#state": "state" },
            ExpressionAttributeValues: { ":before": sandbox.version - 1, ":terminating": "terminating" },
          },
        },
      });
      return failed.size === 0 || failed.has("closed");
    },

    async saveClosedCluster(cluster) {
      const Item = encodeClosedCluster(cluster);
      const put = new PutCommand({
        ...onFailure,
        Item,
        ConditionExpression: isAtVersion,
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":before": cluster.version - 1 },
      });
      const saved = await writeIf(() => client.send(put));
      if (saved.written) return true;
      return (
        saved.inPlace !== undefined && isDeepStrictEqual(decodeClosedCluster(saved.inPlace), decodeClosedCluster(Item))
      );
    },
  };
}

/** The check that no pass has overtaken this one. */
function newest(poolId: PoolId, pass: number): TransactionPart {
  return {
    ConditionCheck: {
      Key: poolKeys.plan(poolId),
      ConditionExpression: isNewest,
      ExpressionAttributeNames: { "#pass": "pass" },
      ExpressionAttributeValues: { ":pass": pass },
    },
  };
}

/** The very record that the write carries is in place: its earlier success. */
function isSame(inPlace: Item | undefined, cluster: Cluster): boolean {
  return inPlace !== undefined && isDeepStrictEqual(decodeCluster(inPlace), decodeCluster(encodeCluster(cluster)));
}
