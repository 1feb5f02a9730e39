import {
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { type Item, toItem } from "./attributes.ts";
import type { TableAccess } from "./client.ts";

/** What a conditional write came to; `inPlace` is the item that made its condition fail, absent when there is none. */
export type WriteOutcome<Output> =
  | { readonly written: true; readonly output: Output }
  | { readonly written: false; readonly inPlace: Item | undefined };

/**
 * Sends a write whose command asks for `ALL_OLD` on a failed condition; a failed condition is an answer, not a fault.
 *
 * @throws every other error, and a conflict with a transaction that outlasts the retries.
 */
export async function writeIf<Output>(send: () => Promise<Output>): Promise<WriteOutcome<Output>> {
  return retryConflicts(async () => {
    try {
      return { written: true, output: await send() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { written: false, inPlace: error.Item && toItem(error.Item) };
    }
  });
}

type TransactItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
type Part<Kind extends keyof TransactItem> = Omit<
  NonNullable<TransactItem[Kind]>,
  "TableName" | "ReturnValuesOnConditionCheckFailure"
>;

/** One write or check of a transaction, without what all of them share. */
export type TransactionPart =
  | { readonly Put: Part<"Put"> }
  | { readonly Update: Part<"Update"> }
  | { readonly Delete: Part<"Delete"> }
  | { readonly ConditionCheck: Part<"ConditionCheck"> };

/** The parts of a transaction whose conditions failed, by the name that the caller gave them. */
export type FailedParts<Name extends string> = ReadonlyMap<Name, Item | undefined>;

/**
 * Writes all or nothing.
 *
 * @param parts by name; an absent one is left out.
 * @returns the parts whose condition failed, with the item in place; empty when everything was written.
 * @throws when the transaction was cancelled for any other reason, conflicts and throttling after some retries.
 */
export async function writeAll<Name extends string>(
  { client, tableName }: TableAccess,
  parts: Readonly<Partial<Record<Name, TransactionPart | undefined>>>,
): Promise<FailedParts<Name>> {
  const named = Object.entries(parts).filter(([, part]) => part !== undefined) as [Name, TransactionPart][];
  const shared = { TableName: tableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const TransactItems = named.map(([, part]): TransactItem => {
    if ("Put" in part) return { Put: { ...shared, ...part.Put } };
    if ("Update" in part) return { Update: { ...shared, ...part.Update } };
    if ("Delete" in part) return { Delete: { ...shared, ...part.Delete } };
    return { ConditionCheck: { ...shared, ...part.ConditionCheck } };
  });
  return retryConflicts(async () => {
    try {
      await client.send(new TransactWriteCommand({ TransactItems }));
      return new Map();
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const reasons = error.CancellationReasons ?? [];
      const failed = named.flatMap(([name], index) => {
        const reason = reasons[index];
        return isFailedCondition(reason) ? [[name, reason?.Item && toItem(reason.Item)] as const] : [];
      });
      if (failed.length === 0 || reasons.some(isTransient)) throw error;
      return new Map(failed);
    }
  });
}

function isFailedCondition(reason: CancellationReason | undefined): boolean {
  return reason?.Code === "ConditionalCheckFailed";
}

/** Cancelled by others' doing, and worth another attempt. The SDK retries none of these. */
function isTransient({ Code: code }: CancellationReason): boolean {
  return code === "TransactionConflict" || code === "ThrottlingError" || code === "ProvisionedThroughputExceeded";
}

const maxAttempts = 8;
const firstPauseMs = 20;
const longestPauseMs = 500;

async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      const again =
        error instanceof TransactionConflictException ||
        (error instanceof TransactionCanceledException && error.CancellationReasons?.some(isTransient));
      if (!again || attempts === maxAttempts) throw error;
      // Full jitter: two writers that met once should not meet again.
      const pause = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** attempts);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
