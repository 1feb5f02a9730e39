import { QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Item } from "./attributes.ts";
import type { TableAccess } from "./client.ts";

/** Every item of a query, in its order, and how many requests that took. */
export async function queryAll(
  { client, tableName }: TableAccess,
  query: Omit<QueryCommandInput, "TableName" | "ExclusiveStartKey">,
): Promise<{ readonly items: readonly Item[]; readonly count: number; readonly pages: number }> {
  const items: Item[] = [];
  let count = 0;
  let pages = 0;
  let start: QueryCommandInput["ExclusiveStartKey"];
  do {
    const page = await client.send(
      new QueryCommand({ ...query, TableName: tableName, ...(start && { ExclusiveStartKey: start }) }),
    );
    items.push(...(page.Items ?? []));
    count += page.Count ?? 0;
    pages++;
    start = page.LastEvaluatedKey;
  } while (start);
  return { items, count, pages };
}
