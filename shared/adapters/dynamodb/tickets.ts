import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Slot } from "../../domain/slot.ts";
import type { PoolStore, TakeAnswer } from "../../ports/pool-store.ts";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";
import { ceilingAttribute, decodeCounters, decodeSlot, drawnAttribute } from "./codec.ts";
import { type WriteOutcome, writeIf } from "./conditional-write.ts";
import { poolKeys } from "./keys.ts";
import { clusterHalf, sandboxHalf, slotIs, takeClusterOut, voidTicket } from "./slot-writes.ts";

type Tickets = Pick<
  PoolStore,
  | "drawTicket"
  | "redrawTicket"
  | "takeSlotForSandbox"
  | "nextSlot"
  | "takeSlotForCluster"
  | "leaveSlot"
  | "abandonTicket"
  | "dropCluster"
>;

/** Absent counters are 0. */
const clusterIsWaiting = "(#head < #tail OR (attribute_not_exists(#head) AND #tail > :zero))";
const underQuota = "(attribute_not_exists(#ceiling) AND (attribute_not_exists(#drawn) OR #drawn < :quota))";
const underCeiling = "#drawn < #ceiling";
const gateIsOpen = "attribute_not_exists(#closed)";

/** Who voided a ticket whose holder died, where a sandbox's id stands otherwise. */
const dead = "dead";

/** The counters, and the writes that touch one slot: single plain writes all. */
export function dynamoTickets({ client, tableName }: TableAccess): Tickets {
  const onFailure = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  type Update = Omit<ConstructorParameters<typeof UpdateCommand>[0], keyof typeof onFailure>;
  const update = (input: Update) => writeIf(() => client.send(new UpdateCommand({ ...onFailure, ...input })));

  return {
    async drawTicket(poolId, tenant, tenantQuota, onlyIfWarm) {
      const drawn = await update({
        Key: poolKeys.counters(poolId),
        UpdateExpression: "ADD #head :one, #drawn :one",
        ConditionExpression: `${gateIsOpen} AND (${underQuota} OR ${underCeiling})${onlyIfWarm ? ` AND ${clusterIsWaiting}` : ""}`,
        ExpressionAttributeNames: {
          "#head": "head",
          "#drawn": drawnAttribute(tenant),
          "#ceiling": ceilingAttribute(tenant),
          "#closed": "closed",
          ...(onlyIfWarm && { "#tail": "tail" }),
        },
        ExpressionAttributeValues: { ":one": 1, ":quota": tenantQuota, ...(onlyIfWarm && { ":zero": 0 }) },
        ReturnValues: "UPDATED_NEW",
      });
      if (drawn.written) return { kind: "drawn", ticket: counter(drawn.output.Attributes, "head") };
      const counters = decodeCounters(drawn.inPlace);
      if (counters.closed) return { kind: "closed" };
      if ((counters.drawn[tenant] ?? 0) >= (counters.ceiling[tenant] ?? tenantQuota)) return { kind: "tenantQuota" };
      if (onlyIfWarm && counters.head >= counters.tail) return { kind: "empty" };
      throw unclaimed("drawTicket", drawn.inPlace);
    },

    async redrawTicket(poolId, onlyIfWarm) {
      const drawn = await update({
        Key: poolKeys.counters(poolId),
        UpdateExpression: "ADD #head :one",
        ExpressionAttributeNames: { "#head": "head", ...(onlyIfWarm && { "#tail": "tail" }) },
        ExpressionAttributeValues: { ":one": 1, ...(onlyIfWarm && { ":zero": 0 }) },
        ReturnValues: "UPDATED_NEW",
        ...(onlyIfWarm && { ConditionExpression: clusterIsWaiting }),
      });
      return drawn.written ? counter(drawn.output.Attributes, "head") : undefined;
    },

    async takeSlotForSandbox(poolId, n, half) {
      const taken = await update({
        Key: poolKeys.slot(poolId, n),
        UpdateExpression:
          "SET n = :n, sandboxId = :sandboxId, tenant = :tenant, ownerId = :ownerId, countedTicket = :counted, " +
          "sandboxSince = :since, confirmed = :confirmed",
        ConditionExpression: `${slotIs.freeOfSandbox} AND ${slotIs.ticketValid}`,
        ExpressionAttributeValues: {
          ":n": n,
          ":sandboxId": half.sandboxId,
          ":tenant": half.tenant,
          ":ownerId": half.ownerId,
          ":counted": half.countedTicket,
          ":since": half.since,
          ":confirmed": half.confirmed,
        },
        ReturnValues: "ALL_NEW",
      });
      return answer(taken, (slot) => slot.sandbox?.sandboxId === half.sandboxId);
    },

    async nextSlot(poolId) {
      const next = await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: poolKeys.counters(poolId),
          UpdateExpression: "ADD #tail :one",
          ExpressionAttributeNames: { "#tail": "tail" },
          ExpressionAttributeValues: { ":one": 1 },
          ReturnValues: "UPDATED_NEW",
        }),
      );
      return counter(next.Attributes, "tail");
    },

    async takeSlotForCluster(poolId, n, half) {
      const Key = poolKeys.slot(poolId, n);
      const taken = await update({
        Key,
        UpdateExpression: "SET n = :n, clusterId = :clusterId, clusterSince = :since REMOVE clusterGone",
        ConditionExpression: `${slotIs.freeOfCluster} AND ${slotIs.ticketValid}`,
        ExpressionAttributeValues: { ":n": n, ":clusterId": half.clusterId, ":since": half.since },
        ReturnValues: "ALL_NEW",
      });
      const met = answer(taken, (slot) => slot.cluster?.clusterId === half.clusterId);
      if (met.slot.ticketGone) {
        // The mark was for this number's cluster. It has read it and goes elsewhere, so the slot can go.
        await writeIf(() =>
          client.send(new DeleteCommand({ ...onFailure, Key, ConditionExpression: "attribute_exists(ticketGone)" })),
        );
      }
      return met;
    },

    async leaveSlot(poolId, n, sandboxId) {
      const left = await update(voidTicket(poolId, n, sandboxId, slotIs.heldBySandbox));
      return left.written || left.inPlace?.ticketGone === sandboxId;
    },

    async abandonTicket(poolId, n, tail) {
      const Key = poolKeys.slot(poolId, n);
      if (n <= tail) {
        const removed = await writeIf(() =>
          client.send(
            new DeleteCommand({
              ...onFailure,
              Key,
              ConditionExpression: slotIs.unconfirmed,
              ExpressionAttributeValues: { ":no": false },
            }),
          ),
        );
        return removed.written;
      }
      const marked = await update({
        Key,
        UpdateExpression:
          "SET n = :n, ticketGone = if_not_exists(ticketGone, :dead) " +
          `REMOVE ${sandboxHalf}, ${clusterHalf}, clusterGone`,
        ConditionExpression: `${slotIs.unconfirmed} AND ${slotIs.freeOfCluster}`,
        ExpressionAttributeValues: { ":n": n, ":dead": dead, ":no": false },
      });
      return marked.written;
    },

    async dropCluster(poolId, n, clusterId) {
      const dropped = await update(takeClusterOut(poolId, n, clusterId));
      return dropped.written || dropped.inPlace?.clusterGone === clusterId;
    },
  };
}

/** A half that is there already is this very write's earlier success. */
function answer(
  taken: WriteOutcome<{ readonly Attributes?: Item | undefined }>,
  isOwn: (slot: Slot) => boolean,
): TakeAnswer {
  const item = taken.written ? taken.output.Attributes : taken.inPlace;
  if (!item) throw unclaimed("takeSlot", item);
  const slot = decodeSlot(item);
  return { kind: taken.written || isOwn(slot) ? "taken" : "refused", slot };
}

function counter(attributes: Item | undefined, name: "head" | "tail"): number {
  const value = attributes?.[name];
  if (typeof value !== "number") throw new TypeError(`The write of ${name} did not answer it.`);
  return value;
}

/** A condition failed though each of its clauses holds on the item in place: the clauses and the reading of them disagree. */
function unclaimed(write: string, inPlace: Item | undefined): Error {
  return new Error(`The condition of ${write} failed without a reason on ${JSON.stringify(inPlace)}.`);
}
