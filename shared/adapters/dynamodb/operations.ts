import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { BuildFailures } from "../../domain/build-failures.ts";
import type { CapacityBlock } from "../../domain/capacity.ts";
import type { PoolStore } from "../../ports/pool-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import {
  decodeBuildFailures,
  decodeCapacity,
  decodeOperation,
  encodeBuildFailures,
  encodeCapacity,
  encodeOperation,
} from "./codec.ts";
import { writeIf } from "./conditional-write.ts";
import { isDeepStrictEqual } from "./deep-equal.ts";
import { type Key, poolKeys } from "./keys.ts";

const isAbsent = "attribute_not_exists(pk)";
const isAtVersion = "#version = :before";
const gateIsOlder = "(attribute_not_exists(#gate) OR #gate < :version)";
const isThatBlock = "#until = :until AND #attempts = :attempts";
const areThoseFailures = "#revision = :revision AND #count = :count AND #at = :at";

type Operations = Pick<
  PoolStore,
  | "getOperation"
  | "saveOperation"
  | "setGate"
  | "getCapacity"
  | "saveCapacity"
  | "getBuildFailures"
  | "saveBuildFailures"
>;

/**
 * What operators ask of a pool, what the cloud refuses it, and what failed in it: plain writes to an item each, and the
 * counters' gate.
 */
export function dynamoOperations({ client, tableName }: TableAccess): Operations {
  const onFailure = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const get = async (key: Key): Promise<Item | undefined> =>
    (await client.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }))).Item;

  /** Puts or, without an item, deletes, if what is there meets the condition; otherwise tells what is there. */
  const replace = async (Key: Key, condition: object, to: Item | undefined) => {
    const input = { ...onFailure, ...condition };
    const saved = await writeIf<unknown>(() =>
      to
        ? client.send(new PutCommand({ ...input, Item: { ...to, ...Key } }))
        : client.send(new DeleteCommand({ ...input, Key })),
    );
    return saved.written ? { written: true } : { written: false, item: saved.inPlace };
  };

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
      const inPlace = await replace(poolKeys.capacity(poolId), isBlock(from), to && encodeCapacity(to));
      return inPlace.written || isDeepStrictEqual(inPlace.item && decodeCapacity(inPlace.item), to);
    },

    async getBuildFailures(poolId) {
      const item = await get(poolKeys.buildFailures(poolId));
      return item && decodeBuildFailures(item);
    },

    async saveBuildFailures(poolId, from, to) {
      const inPlace = await replace(poolKeys.buildFailures(poolId), areFailures(from), to && encodeBuildFailures(to));
      return inPlace.written || isDeepStrictEqual(inPlace.item && decodeBuildFailures(inPlace.item), to);
    },
  };
}

function areFailures(failures: BuildFailures | undefined) {
  if (!failures) return { ConditionExpression: isAbsent };
  return {
    ConditionExpression: areThoseFailures,
    ExpressionAttributeNames: { "#revision": "revision", "#count": "count", "#at": "at" },
    ExpressionAttributeValues: { ":revision": failures.revision, ":count": failures.count, ":at": failures.at },
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
