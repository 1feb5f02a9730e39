import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod/mini";
import type { TenantId } from "../../domain/ids.ts";
import { tableSchema } from "../../domain/table.ts";
import { InvalidCursor, type SandboxFilter, type SandboxPage } from "../../ports/sandbox-store.ts";
import type { TableAccess } from "./client.ts";
import { decodeSandbox } from "./codec.ts";

const { byTenant } = tableSchema.indexes;

/** One page from the index; the filter applies to what the page read, so a page may hold fewer than `limit`. */
export async function listSandboxes(
  { client, tableName }: TableAccess,
  tenant: TenantId,
  filter: SandboxFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<SandboxPage> {
  const wanted = conditionOf(filter);
  const page = await client.send(
    new QueryCommand({
      TableName: tableName,
      IndexName: byTenant.name,
      KeyConditionExpression: "#tenant = :tenant",
      ScanIndexForward: false,
      Limit: limit,
      ExpressionAttributeNames: { "#tenant": byTenant.partitionKey, ...wanted.names },
      ExpressionAttributeValues: { ":tenant": tenant, ...wanted.values },
      ...(wanted.clauses.length > 0 && { FilterExpression: wanted.clauses.join(" AND ") }),
      ...(cursor !== undefined && { ExclusiveStartKey: decodeCursor(cursor, tenant) }),
    }),
  );
  const next = page.LastEvaluatedKey;
  return {
    items: (page.Items ?? []).map(decodeSandbox),
    ...(next && { nextCursor: Buffer.from(JSON.stringify(next)).toString("base64url") }),
  };
}

function conditionOf({ labels = {}, ownerId, poolId, state }: SandboxFilter) {
  const names: Record<string, string> = {};
  const values: Record<string, string> = {};
  const clauses: string[] = [];
  const equals = (path: readonly string[], value: string) => {
    const n = clauses.length;
    for (const [depth, name] of path.entries()) names[`#f${n}_${depth}`] = name;
    values[`:f${n}`] = value;
    clauses.push(`${path.map((_, depth) => `#f${n}_${depth}`).join(".")} = :f${n}`);
  };
  for (const [name, value] of Object.entries({ ownerId, poolId, state })) {
    if (value !== undefined) equals([name], value);
  }
  for (const [label, value] of Object.entries(labels)) equals(["labels", label], value);
  return { names, values, clauses };
}

const lastKey = z.strictObject({
  pk: z.string(),
  sk: z.string(),
  [byTenant.partitionKey]: z.string(),
  [byTenant.sortKey]: z.string(),
});

/** The cursor is the last key of the page before; its index key names the tenant that it was handed out to. */
function decodeCursor(cursor: string, tenant: TenantId): z.output<typeof lastKey> {
  try {
    const key = lastKey.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    if (key[byTenant.partitionKey] === tenant) return key;
  } catch {
    // Not JSON, or not a key: not ours.
  }
  throw new InvalidCursor("This cursor was not handed out to this tenant.");
}
