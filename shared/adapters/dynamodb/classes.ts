import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod/mini";
import { clusterRetentionDays, tableSchema } from "../../domain/table.ts";
import { after } from "../../domain/time.ts";
import type { PoolStore } from "../../ports/pool-store.ts";
import { classRevisionSchema } from "./class-schema.ts";
import type { TableAccess } from "./client.ts";
import { classKey } from "./keys.ts";
import { queryAll } from "./query.ts";

/** As text: an owner's manifests hold keys and numbers that DynamoDB's own types would change. */
const itemSchema = z.object({ content: z.string() });

/** Classes by revision, each in an item of its own. */
export function dynamoClasses(access: TableAccess): Pick<PoolStore, "getClass" | "saveClass"> {
  const { client, tableName } = access;
  return {
    async getClass(poolId, revision) {
      const get = new GetCommand({ TableName: tableName, Key: classKey(poolId, revision), ConsistentRead: true });
      const { Item } = await client.send(get);
      return Item && classRevisionSchema.parse(JSON.parse(itemSchema.parse(Item).content));
    },

    async saveClass(poolId, built, now) {
      const key = classKey(poolId, built.revision);
      const Item = { ...key, content: JSON.stringify(classRevisionSchema.parse(built)) };
      await client.send(new PutCommand({ TableName: tableName, Item }));
      const { items } = await queryAll(access, {
        KeyConditionExpression: "pk = :pk",
        FilterExpression: "attribute_not_exists(#ttl)",
        ProjectionExpression: "pk, sk",
        ExpressionAttributeNames: { "#ttl": tableSchema.timeToLive },
        ExpressionAttributeValues: { ":pk": key.pk },
        ConsistentRead: true,
      });
      for (const { pk, sk } of items.filter((it) => it.sk !== key.sk)) {
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { pk, sk },
            UpdateExpression: "SET #ttl = :until",
            ExpressionAttributeNames: { "#ttl": tableSchema.timeToLive },
            ExpressionAttributeValues: { ":until": Math.ceil(after(now, clusterRetentionDays * 86_400) / 1000) },
          }),
        );
      }
    },
  };
}
