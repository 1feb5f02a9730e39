import type { ClusterId, PoolId, SandboxId } from "../../domain/ids.ts";
import type { TransactionPart } from "./conditional-write.ts";
import { poolKeys } from "./keys.ts";

type SlotUpdate = Extract<TransactionPart, { Update: unknown }>["Update"];

export const sandboxHalf = "sandboxId, tenant, ownerId, countedTicket, sandboxSince, confirmed";
export const clusterHalf = "clusterId, clusterSince";

/** The named clauses of the conditions on a slot. */
export const slotIs = {
  freeOfSandbox: "attribute_not_exists(sandboxId)",
  freeOfCluster: "attribute_not_exists(clusterId)",
  ticketValid: "attribute_not_exists(ticketGone)",
  heldBySandbox: "sandboxId = :sandboxId",
  heldByCluster: "clusterId = :clusterId",
  unconfirmed: "(attribute_not_exists(confirmed) OR confirmed = :no)",
} as const;

/** Both halves out, and the mark that names who left in. */
export function voidTicket(poolId: PoolId, n: number, sandboxId: SandboxId, condition: string): SlotUpdate {
  return {
    Key: poolKeys.slot(poolId, n),
    UpdateExpression: `SET n = :n, ticketGone = :sandboxId REMOVE ${sandboxHalf}, ${clusterHalf}, clusterGone`,
    ConditionExpression: condition,
    ExpressionAttributeValues: { ":n": n, ":sandboxId": sandboxId },
  };
}

/** The cluster's half out, and the mark that names it in. */
export function takeClusterOut(
  poolId: PoolId,
  n: number,
  clusterId: ClusterId,
  condition: string = slotIs.heldByCluster,
): SlotUpdate {
  return {
    Key: poolKeys.slot(poolId, n),
    UpdateExpression: `SET clusterGone = :clusterId REMOVE ${clusterHalf}`,
    ConditionExpression: condition,
    ExpressionAttributeValues: { ":clusterId": clusterId },
  };
}
