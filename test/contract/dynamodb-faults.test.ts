import { TransactionCanceledException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { end } from "../../shared/domain/lease.ts";
import { clusterRetentionDays, sandboxRetentionDays, tableSchema } from "../../shared/domain/table.ts";
import { aCluster, aPoolConfig, aSandbox, aSandboxHalf, now } from "../support/builders.ts";
import { type LocalDynamoDb, startDynamoDbLocal } from "../support/dynamodb-local.ts";
import { acme, arrive, cls, handOut, matchOf, requestCluster, type Stores, sbx, small, wait, warm } from "./scene.ts";

/** What DynamoDB does and DynamoDB Local never shows, and what the table holds beyond the port's view. */
let dynamo: LocalDynamoDb;
let client: DynamoDBDocumentClient;
let tableName: string;
let stores: Stores;
/** Errors that the next calls meet: before they are sent, or in place of their answer. */
let refusals: Error[] = [];
let lostAnswers = 0;
let transactions: { readonly pk: string; readonly sk: string }[][] = [];

beforeAll(async () => {
  dynamo = await startDynamoDbLocal();
  client = dynamo.client;
  client.middlewareStack.add(
    (next) => async (args) => {
      const refusal = refusals.shift();
      if (refusal) throw refusal;
      if ("TransactItems" in args.input) transactions.push(keysOf(args.input));
      return next(args);
    },
    { step: "initialize", priority: "high", name: "refuse" },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (lostAnswers === 0) return answer;
      lostAnswers--;
      throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
    },
    { step: "deserialize", priority: "high", name: "loseAnswer" },
  );
});
afterAll(() => dynamo.stop());

beforeEach(async () => {
  refusals = [];
  lostAnswers = 0;
  transactions = [];
  tableName = await dynamo.createTable();
  const access = { client, tableName };
  stores = { pools: dynamoPoolStore(access), sandboxes: dynamoSandboxStore(access) };
});

// biome-ignore lint/suspicious/noExplicitAny: the middleware stack types a command's input as an empty object.
function keysOf({ TransactItems }: any) {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  return TransactItems.flatMap((item: any) => Object.values(item)).map((part: any) => part.Key ?? part.Item);
}

const meta = { $metadata: {}, message: "injected" };
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({ ...meta, CancellationReasons: codes.map((Code) => ({ Code })) });
const raw = async (Key: Record<string, string>) =>
  (await client.send(new GetCommand({ TableName: tableName, Key }))).Item;

describe("a transaction", () => {
  it.each(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])(
    "cancelled by %s is sent again, also when a condition failed beside it",
    async (code) => {
      await arrive(stores);
      refusals = [cancelled("None", code, "None"), cancelled("ConditionalCheckFailed", code, "None")];
      expect(await stores.pools.enqueue(aSandbox.pending(), 1)).toEqual({ kind: "enqueued" });
    },
  );

  it("that never gets through is given up as a fault", async () => {
    await arrive(stores);
    refusals = Array.from({ length: 8 }, () => cancelled("TransactionConflict"));
    await expect(stores.pools.enqueue(aSandbox.pending(), 1)).rejects.toThrow(TransactionCanceledException);
    expect(refusals).toEqual([]);
  });

  it("cancelled for another reason is a fault at once", async () => {
    refusals = [cancelled("ValidationError")];
    await expect(stores.pools.enqueue(aSandbox.pending(), 1)).rejects.toThrow(TransactionCanceledException);
  });

  it("never holds an item that other claims write", async () => {
    await stores.pools.drawTicket(small, acme, 5, false);
    await handOut(stores);
    const pending = await wait(stores, 2, sbx(2));
    await stores.sandboxes.end(pending, end(pending, "queue_timeout", now));
    const available = await warm(stores, 3, cls(3));
    await stores.pools.withdrawCluster(aCluster.draining({ id: cls(3), version: available.version + 1 }), 3);
    const shared = transactions.flat().filter(({ sk }) => sk === "1#COUNTERS" || sk === "0#CONFIG");
    expect(transactions).not.toHaveLength(0);
    expect(shared).toEqual([]);
  });
});

describe("a plain write", () => {
  it("that meets a transaction in flight is sent again", async () => {
    refusals = [new TransactionConflictException(meta), new TransactionConflictException(meta)];
    expect(await stores.pools.drawTicket(small, acme, 1, false)).toEqual({ kind: "drawn", ticket: 1 });
  });
});

describe("a write whose answer was lost", () => {
  const losing = <T>(write: () => Promise<T>) => {
    lostAnswers = 1;
    return write();
  };

  it("succeeds on the repeat", async () => {
    const { pools, sandboxes } = stores;
    await warm(stores);
    expect(await losing(() => pools.takeSlotForSandbox(small, 1, aSandboxHalf()))).toMatchObject({ kind: "taken" });
    expect(await losing(() => matchOf(stores, aSandbox.ready(), { ownerQuota: 1 }))).toMatchObject({ kind: "matched" });
    const renamed = { ...aSandbox.ready(), version: 2, labels: { team: "blue" } };
    expect(await losing(() => sandboxes.save(renamed))).toBe(true);
    expect(await losing(() => sandboxes.end(renamed, end(renamed, "expired", now)))).toBe(true);
    await arrive(stores, 2, sbx(2));
    expect(await losing(() => pools.enqueue(aSandbox.pending({ id: sbx(2), ticket: 2 }), 1))).toEqual({
      kind: "enqueued",
    });
    await arrive(stores, 3, sbx(3));
    expect(await losing(() => pools.leaveSlot(small, 3, sbx(3)))).toBe(true);
    await requestCluster(stores, cls(2));
    expect(await losing(() => pools.saveCluster(aCluster.provisioning({ id: cls(2), version: 2 })))).toBe(true);
    expect(lostAnswers).toBe(0);
  });
});

describe("the table", () => {
  it("reads a pool of several pages whole", async () => {
    await stores.pools.putConfig(aPoolConfig());
    const pass = await stores.pools.beginPass(small);
    const progress = { ...aCluster.requested().progress, note: "x".repeat(200_000) };
    for (let n = 1; n <= 7; n++) await stores.pools.createCluster(aCluster.requested({ id: cls(n), progress }), pass);
    const view = await stores.pools.readPool(small);
    expect(view?.clusters).toHaveLength(7);
    expect(view?.pages).toBe(2);
  });

  it("reads records that carry attributes of another release", async () => {
    await handOut(stores);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
    for (const Item of Items) {
      await client.send(
        new PutCommand({ TableName: tableName, Item: { ...Item, colour: "blue", nested: { a: [1] } } }),
      );
    }
    expect(await stores.sandboxes.get(sbx(1))).toEqual(aSandbox.ready());
    const cluster = await stores.pools.getCluster(small, cls(1));
    expect(cluster).toMatchObject({ state: "claimed" });
    expect(cluster).not.toHaveProperty("colour");
  });

  it("refuses a record that is not one, rather than decide on it", async () => {
    await handOut(stores);
    await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { pk: "SANDBOX#sbx_1", sk: "SANDBOX" },
        UpdateExpression: "REMOVE clusterId",
      }),
    );
    await expect(stores.sandboxes.get(sbx(1))).rejects.toThrow(/clusterId/);
  });

  it("forgets ended sandboxes and closed clusters after their retention, and live ones never", async () => {
    const pending = await wait(stores);
    const key = { pk: "SANDBOX#sbx_1", sk: "SANDBOX" };
    const live = await raw(key);
    expect(live).toMatchObject({ dueKey: "DUE#small", dueAt: pending.queueDeadline, tenantKey: acme });
    expect(live).not.toHaveProperty(tableSchema.timeToLive);
    await stores.sandboxes.end(pending, end(pending, "queue_timeout", now));
    const over = await raw(key);
    expect(over).toMatchObject({ ttl: now / 1000 + sandboxRetentionDays * 86_400, tenantKey: acme });
    expect(over).not.toHaveProperty("dueKey");
    expect(over).not.toHaveProperty("dueAt");
    await requestCluster(stores);
    await stores.pools.closeCluster(aCluster.deleted({ version: 2 }));
    expect(await raw({ pk: "CLUSTER#cls-1", sk: "CLUSTER" })).toMatchObject({
      ttl: now / 1000 + clusterRetentionDays * 86_400,
    });
  });
});
