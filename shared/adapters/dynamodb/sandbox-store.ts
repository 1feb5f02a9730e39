import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { asId, type SandboxId } from "../../domain/ids.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import { tableSchema } from "../../domain/table.ts";
import type { SandboxStore } from "../../ports/sandbox-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import { decodeSandbox, encodeCluster, encodeSandbox } from "./codec.ts";
import { writeAll, writeIf } from "./conditional-write.ts";
import { isDeepStrictEqual } from "./deep-equal.ts";
import { dueKey, ownerKey, sandboxKey } from "./keys.ts";
import { queryAll } from "./query.ts";
import { listSandboxes } from "./sandbox-list.ts";
import { slotIs, voidTicket } from "./slot-writes.ts";

const isAtVersion = "#version = :before";
const isClaimedBySandbox = "#state = :claimed AND sandboxId = :sandboxId";
const slotIsNobodyElses = `(${slotIs.freeOfSandbox} OR ${slotIs.heldBySandbox})`;
const { byDue } = tableSchema.indexes;

/** Sandboxes and owners in the one table. */
export function dynamoSandboxStore(access: TableAccess): SandboxStore {
  const { client, tableName } = access;
  const get = async (Key: Item) =>
    (await client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item;
  return {
    async get(id) {
      const item = await get({ ...sandboxKey(id) });
      return item && decodeSandbox(item);
    },

    list: (tenant, filter, page) => listSandboxes(access, tenant, filter, page),

    async listLiveOfOwner(tenant, ownerId) {
      const owner = await get({ ...ownerKey(tenant, ownerId) });
      return owner?.live instanceof Set ? [...(owner.live as Set<SandboxId>)].sort() : [];
    },

    async listDue(poolId, until) {
      const { items } = await queryAll(access, {
        IndexName: byDue.name,
        KeyConditionExpression: "#due = :due AND #at <= :until",
        ProjectionExpression: "#id",
        ExpressionAttributeNames: { "#due": byDue.partitionKey, "#at": byDue.sortKey, "#id": "id" },
        ExpressionAttributeValues: { ":due": dueKey(poolId), ":until": until },
      });
      return items.map(({ id }) => asId<SandboxId>(String(id)));
    },

    async save(sandbox) {
      const put = new PutCommand({
        TableName: tableName,
        Item: encodeSandbox(sandbox),
        ConditionExpression: isAtVersion,
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":before": sandbox.version - 1 },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const saved = await writeIf(() => client.send(put));
      return saved.written || isSame(saved.inPlace, sandbox);
    },

    async end(before, ended, cluster) {
      const { id, tenant, ownerId, poolId } = ended;
      const failed = await writeAll(access, {
        sandbox: {
          Put: {
            Item: encodeSandbox(ended),
            ConditionExpression: isAtVersion,
            ExpressionAttributeNames: { "#version": "version" },
            ExpressionAttributeValues: { ":before": ended.version - 1 },
          },
        },
        owner: {
          Update: {
            Key: ownerKey(tenant, ownerId),
            UpdateExpression: "DELETE live :id",
            ExpressionAttributeValues: { ":id": new Set([id]) },
          },
        },
        cluster: cluster && {
          Put: {
            Item: encodeCluster(cluster),
            ConditionExpression: `${isAtVersion} AND ${isClaimedBySandbox}`,
            ExpressionAttributeNames: { "#version": "version", "#state": "state" },
            ExpressionAttributeValues: { ":before": cluster.version - 1, ":claimed": "claimed", ":sandboxId": id },
          },
        },
        slot:
          before.state === "pending" ? { Update: voidTicket(poolId, before.ticket, id, slotIsNobodyElses) } : undefined,
      });
      if (failed.size === 0) return true;
      if (failed.has("sandbox")) return isSame(failed.get("sandbox"), ended);
      if (failed.has("cluster")) return false;
      throw new Error(`${id} waits in a slot that another sandbox holds: ${JSON.stringify(failed.get("slot"))}.`);
    },
  };
}

/** The very record that the write carries is in place: its earlier success. */
function isSame(inPlace: Item | undefined, sandbox: Sandbox): boolean {
  return inPlace !== undefined && isDeepStrictEqual(decodeSandbox(inPlace), decodeSandbox(encodeSandbox(sandbox)));
}
