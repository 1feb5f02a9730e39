import { isDeepStrictEqual } from "node:util";
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { CapacityBlock } from "../../domain/capacity.ts";
import type { PoolStore } from "../../ports/pool-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import { decodeCapacity, decodeOperation, encodeCapacity, encodeOperation } from "./codec.ts";
import { writeIf } from "./conditional-write.ts";
import { type Key, poolKeys } from "./keys.ts";

const isAbsent = "attribute_not_exists(pk)";
const isAtVersion = "#version = :before";
const gateIsOlder = "(attribute_not_exists(#gate) OR #gate < :version)";
const isThatBlock = "#until = :until AND #attempts = :attempts";

/** What operators ask of a pool, and what the cloud refuses it: plain writes to an item each, and the counters' gate. */
export function dynamoOperations({
  client,
  tableName,
}: TableAccess): Pick<PoolStore, "getOperation" | "saveOperation" | "setGate" | "getCapacity" | "saveCapacity"> {
  const onFailure = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const get = async (key: Key): Promise<Item | undefined> =>
    (await client.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }))).Item;

  return {
    async getOperation(poolId) {
      return decodeOperation(await get(poolKeys.operation(poolId)));
    },

    async saveOperation(poolId, operation) {
      const before = operation.version - 1;
      const put = new PutCommand({
        ...onFailure,
        Item: { ...encodeOperation(operation), ...poolKeys.operation(poolId) },
        ...(before === 0
          ? { ConditionExpression: isAbsent }
          : {
              ConditionExpression: isAtVersion,
              ExpressionAttributeNames: { "#version": "version" },
              ExpressionAttributeValues: { ":before": before },
            }),
      });
      const saved = await writeIf(() => client.send(put));
      return saved.written || isDeepStrictEqual(decodeOperation(saved.inPlace), operation);
    },

    async setGate(poolId, closed, version) {
      const set = new UpdateCommand({
        ...onFailure,
        Key: poolKeys.counters(poolId),
        UpdateExpression: closed ? "SET #gate = :version, #closed = :closed" : "SET #gate = :version REMOVE #closed",
        ConditionExpression: gateIsOlder,
        ExpressionAttributeNames: { "#gate": "gate", "#closed": "closed" },
        ExpressionAttributeValues: { ":version": version, ...(closed && { ":closed": true }) },
      });
      const written = await writeIf(() => client.send(set));
      return written.written || written.inPlace?.gate === version;
    },

    async getCapacity(poolId) {
      const item = await get(poolKeys.capacity(poolId));
      return item && decodeCapacity(item);
    },

    async saveCapacity(poolId, from, to) {
      const key = poolKeys.capacity(poolId);
      const condition = { ...onFailure, ...isBlock(from) };
      const saved = await writeIf<unknown>(() =>
        to
          ? client.send(new PutCommand({ ...condition, Item: { ...encodeCapacity(to), ...key } }))
          : client.send(new DeleteCommand({ ...condition, Key: key })),
      );
      return saved.written || isDeepStrictEqual(saved.inPlace && decodeCapacity(saved.inPlace), to);
    },
  };
}

function isBlock(block: CapacityBlock | undefined) {
  if (!block) return { ConditionExpression: isAbsent };
  return {
    ConditionExpression: isThatBlock,
    ExpressionAttributeNames: { "#until": "until", "#attempts": "attempts" },
    ExpressionAttributeValues: { ":until": block.until, ":attempts": block.attempts },
  };
}
