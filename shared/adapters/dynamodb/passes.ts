import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { PoolStore } from "../../ports/pool-store.ts";
import type { TableAccess } from "./client.ts";
import { ceilingAttribute, decodeCounters, decodePlan } from "./codec.ts";
import { writeIf } from "./conditional-write.ts";
import { poolKeys } from "./keys.ts";

const isNewest = "#pass = :pass";

/** The refiller's own writes. */
export function dynamoPasses({
  client,
  tableName,
}: TableAccess): Pick<PoolStore, "beginPass" | "savePass" | "getOutlook" | "setCeiling"> {
  const onFailure = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  return {
    async beginPass(poolId) {
      const begin = new UpdateCommand({
        TableName: tableName,
        Key: poolKeys.plan(poolId),
        UpdateExpression: "ADD #pass :one",
        ExpressionAttributeNames: { "#pass": "pass" },
        ExpressionAttributeValues: { ":one": 1 },
        ReturnValues: "UPDATED_NEW",
      });
      const begun = await writeIf(() => client.send(begin));
      return decodePlan(begun.written ? begun.output.Attributes : undefined).pass;
    },

    async savePass(poolId, pass, { observations, outlook }) {
      const save = new UpdateCommand({
        ...onFailure,
        Key: poolKeys.plan(poolId),
        UpdateExpression: "SET #observations = :observations, #outlook = :outlook",
        ConditionExpression: isNewest,
        ExpressionAttributeNames: { "#pass": "pass", "#observations": "observations", "#outlook": "outlook" },
        ExpressionAttributeValues: { ":pass": pass, ":observations": observations, ":outlook": outlook },
      });
      return (await writeIf(() => client.send(save))).written;
    },

    async getOutlook(poolId) {
      const get = new GetCommand({ TableName: tableName, Key: poolKeys.plan(poolId) });
      return decodePlan((await client.send(get)).Item).outlook;
    },

    async setCeiling(poolId, tenant, from, to) {
      const move = new UpdateCommand({
        ...onFailure,
        Key: poolKeys.counters(poolId),
        UpdateExpression: "SET #ceiling = :to",
        ConditionExpression: from === undefined ? "attribute_not_exists(#ceiling)" : "#ceiling = :from",
        ExpressionAttributeNames: { "#ceiling": ceilingAttribute(tenant) },
        ExpressionAttributeValues: { ":to": to, ...(from !== undefined && { ":from": from }) },
      });
      const moved = await writeIf(() => client.send(move));
      return moved.written || decodeCounters(moved.inPlace).ceiling[tenant] === to;
    },
  };
}
