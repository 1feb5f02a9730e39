import type { ClusterIn } from "../../domain/cluster.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import type { MatchAnswer, PoolStore } from "../../ports/pool-store.ts";
import type { TableAccess } from "./client.ts";
import { decodeSandbox, encodeSandbox } from "./codec.ts";
import { type TransactionPart, writeAll } from "./conditional-write.ts";
import { ownerKey, poolKeys } from "./keys.ts";
import { slotIs } from "./slot-writes.ts";

const isAbsent = "attribute_not_exists(pk)";
const isPendingAtVersion = "#version = :before AND #state = :pending";
const ownerHasRoom = "(attribute_not_exists(live) OR size(live) < :limit)";
const isAvailableInSlot = "#state = :available AND #slot = :slot";

/** The two transactions of a claim. Each holds items of this one claim only: its sandbox, owner, cluster and slot. */
export function dynamoMatch(access: TableAccess): Pick<PoolStore, "match" | "enqueue"> {
  return {
    async match({ slot, clusterId, sandbox, countedTicket, ownerQuota, now }) {
      const { poolId, version } = sandbox;
      const isNew = version === 1;
      const failed = await writeAll(access, {
        sandbox: isNew ? newSandbox(sandbox) : readied(sandbox),
        owner: isNew ? takeQuota(sandbox, ownerQuota) : undefined,
        cluster: {
          Update: {
            Key: poolKeys.cluster(poolId, clusterId),
            UpdateExpression:
              "SET #state = :claimed, sandboxId = :sandboxId, tenant = :tenant, ownerId = :ownerId, " +
              "countedTicket = :counted, claimedAt = :now, updatedAt = :now, #version = #version + :one REMOVE #slot",
            ConditionExpression: isAvailableInSlot,
            ExpressionAttributeNames: { "#state": "state", "#slot": "slot", "#version": "version" },
            ExpressionAttributeValues: {
              ":claimed": "claimed" satisfies ClusterIn<"claimed">["state"],
              ":available": "available" satisfies ClusterIn<"available">["state"],
              ":slot": slot,
              ":sandboxId": sandbox.id,
              ":tenant": sandbox.tenant,
              ":ownerId": sandbox.ownerId,
              ":counted": countedTicket,
              ":now": now,
              ":one": 1,
            },
          },
        },
        slot: {
          Delete: {
            Key: poolKeys.slot(poolId, slot),
            ConditionExpression: `${slotIs.heldBySandbox} AND ${slotIs.heldByCluster}`,
            ExpressionAttributeValues: { ":sandboxId": sandbox.id, ":clusterId": clusterId },
          },
        },
      });
      if (failed.size === 0) return { kind: "matched", sandbox };
      if (failed.has("sandbox")) return moved(failed.get("sandbox"), clusterId);
      if (failed.has("owner")) return { kind: "ownerQuota" };
      const holdsSandbox = !failed.has("slot") || failed.get("slot")?.sandboxId === sandbox.id;
      return { kind: holdsSandbox && failed.has("cluster") ? "clusterMoved" : "slotMoved" };
    },

    async enqueue(sandbox, ownerQuota) {
      const failed = await writeAll(access, {
        sandbox: newSandbox(sandbox),
        owner: takeQuota(sandbox, ownerQuota),
        slot: {
          Update: {
            Key: poolKeys.slot(sandbox.poolId, sandbox.ticket),
            UpdateExpression: "SET confirmed = :yes",
            ConditionExpression: `${slotIs.heldBySandbox} AND ${slotIs.ticketValid}`,
            ExpressionAttributeValues: { ":yes": true, ":sandboxId": sandbox.id },
          },
        },
      });
      if (failed.size === 0) return { kind: "enqueued" };
      const inPlace = failed.get("sandbox");
      if (inPlace) {
        const existing = decodeSandbox(inPlace);
        // A ticket is drawn once: a record that waits with it was written by this very call.
        const isOwn = existing.state === "pending" && existing.ticket === sandbox.ticket;
        return isOwn ? { kind: "enqueued" } : { kind: "exists", sandbox: existing };
      }
      return { kind: failed.has("owner") ? "ownerQuota" : "slotMoved" };
    },
  };
}

function newSandbox(sandbox: Sandbox): TransactionPart {
  return { Put: { Item: encodeSandbox(sandbox), ConditionExpression: isAbsent } };
}

function readied(sandbox: Sandbox): TransactionPart {
  return {
    Put: {
      Item: encodeSandbox(sandbox),
      ConditionExpression: isPendingAtVersion,
      ExpressionAttributeNames: { "#version": "version", "#state": "state" },
      ExpressionAttributeValues: { ":before": sandbox.version - 1, ":pending": "pending" },
    },
  };
}

function takeQuota({ tenant, ownerId, id }: Sandbox, limit: number): TransactionPart {
  return {
    Update: {
      Key: ownerKey(tenant, ownerId),
      UpdateExpression: "ADD live :id",
      ConditionExpression: ownerHasRoom,
      ExpressionAttributeValues: { ":id": new Set([id]), ":limit": limit },
    },
  };
}

/** A record that is ready with this very cluster is this match's earlier success, whoever completed it. */
function moved(item: Record<string, unknown> | undefined, clusterId: string): MatchAnswer {
  const inPlace = item && decodeSandbox(item);
  if (inPlace?.state === "ready" && inPlace.clusterId === clusterId) {
    return { kind: "matched", sandbox: inPlace };
  }
  return { kind: "sandboxMoved", sandbox: inPlace };
}
