import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { TableAccess } from "../../../shared/adapters/dynamodb/client.ts";
import { tableSchema } from "../../../shared/domain/table.ts";
import type { Bench, Outcome } from "../bench-context.ts";
import { claim } from "../claims.ts";
import { aWarmPool, putAll } from "../warm-pool.ts";

const claimers = 100;

/** What a strategy came to: writes whose condition failed, and claimers who hold a cluster. */
export interface Contest {
  readonly strategy: "ticket" | "first ready" | "random of 25";
  readonly clusters: number;
  readonly failedWrites: number;
  readonly winners: number;
  readonly failedPerWinner: number;
}

/** A hundred claimers at once, on as many clusters and on a fifth, by the product's tickets and by two usual ways. */
export async function contention(bench: Bench): Promise<Outcome & { data: readonly Contest[] }> {
  const contests: Contest[] = [];
  for (const clusters of [100, 20]) {
    contests.push(await byTicket(bench, clusters));
    contests.push(await byIndex(bench, "first ready", clusters, () => 0));
    contests.push(await byIndex(bench, "random of 25", clusters, (found) => Math.floor(Math.random() * found)));
    bench.say(
      contests
        .slice(-3)
        .map((it) => `${it.strategy} ${it.failedPerWinner.toFixed(1)}`)
        .join(", "),
    );
  }
  const findings = contests.map(({ strategy, clusters, failedPerWinner, winners }) => ({
    scenario: `${claimers} claimers on ${clusters} clusters, ${strategy}`,
    measure: "failed conditional writes per winner",
    value: `${failedPerWinner.toFixed(2)} (${winners} winners)`,
    ...(strategy === "ticket" && { aim: "0", met: failedPerWinner === 0 && winners === clusters }),
  }));
  return { findings, data: contests };
}

async function byTicket({ table, api }: Bench, clusters: number): Promise<Contest> {
  const { poolId } = await aWarmPool(table, `contention-${clusters}`, clusters);
  await api.takeCount();
  const answers = await Promise.all(
    Array.from({ length: claimers }, (_, n) => claim(api.url, { poolId, ownerId: `owner-${n}` })),
  );
  const { refused } = await api.takeCount();
  return contest("ticket", clusters, refused, answers.filter((it) => it.status === 201).length);
}

function contest(strategy: Contest["strategy"], clusters: number, failedWrites: number, winners: number): Contest {
  return { strategy, clusters, failedWrites, winners, failedPerWinner: failedWrites / winners };
}

const { byDue } = tableSchema.indexes;
const candidates = 25;

/** Asks an index for ready clusters, tries to take one of them, and asks again when somebody else was faster. */
async function byIndex(
  { table }: Bench,
  strategy: "first ready" | "random of 25",
  clusters: number,
  choose: (found: number) => number,
): Promise<Contest> {
  const ready = `READY#${strategy}-${clusters}`;
  const items = Array.from({ length: clusters }, (_, n) => ({
    pk: `${ready}#${n}`,
    sk: "CLUSTER",
    state: "available",
  }));
  await putAll(
    table,
    items.map((it, n) => ({ ...it, [byDue.partitionKey]: ready, [byDue.sortKey]: n })),
  );
  let failed = 0;
  const take = async (claimer: number): Promise<boolean> => {
    for (;;) {
      const found = await findReady(table, ready);
      const chosen = found[choose(found.length)];
      if (!chosen) return false;
      if (await takeIfAvailable(table, chosen, claimer)) return true;
      failed++;
    }
  };
  const taken = await Promise.all(Array.from({ length: claimers }, (_, n) => take(n)));
  return contest(strategy, clusters, failed, taken.filter(Boolean).length);
}

interface Key {
  readonly pk: string;
  readonly sk: string;
}

async function findReady({ client, tableName }: TableAccess, ready: string): Promise<readonly Key[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: tableName,
      IndexName: byDue.name,
      KeyConditionExpression: "#ready = :ready",
      ExpressionAttributeNames: { "#ready": byDue.partitionKey },
      ExpressionAttributeValues: { ":ready": ready },
      Limit: candidates,
    }),
  );
  return Items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }));
}

async function takeIfAvailable({ client, tableName }: TableAccess, key: Key, claimer: number): Promise<boolean> {
  try {
    await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { pk: key.pk, sk: key.sk },
        UpdateExpression: "SET #state = :claimed, claimer = :claimer REMOVE #ready, #at",
        ConditionExpression: "#state = :available",
        ExpressionAttributeNames: { "#state": "state", "#ready": byDue.partitionKey, "#at": byDue.sortKey },
        ExpressionAttributeValues: { ":claimed": "claimed", ":available": "available", ":claimer": claimer },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
