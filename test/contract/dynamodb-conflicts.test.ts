import { TransactionCanceledException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import { asId, type OwnerId, type SandboxId } from "../../shared/domain/ids.ts";
import { claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import { deleteSandbox } from "../../shared/usecases/delete-sandbox.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { aPoolConfig, now } from "../support/builders.ts";
import { type LocalDynamoDb, startDynamoDbLocal } from "../support/dynamodb-local.ts";
import { acme, cls, small, warm } from "./scene.ts";

/** Writers meet conflicts of transactions, which DynamoDB Local never raises; claims by others go on as if there were none. */
const kinds = {
  counters: "1#COUNTERS",
  plan: "2#PLAN",
  slot: "3#SLOT#",
  cluster: "4#CLUSTER#",
  sandbox: "SANDBOX",
  owner: "OWNER",
} as const;
type Kind = keyof typeof kinds;

interface Key {
  readonly pk: string;
  readonly sk: string;
}

interface Write {
  readonly command: string;
  readonly keys: readonly string[];
  readonly attempts: number;
}

let dynamo: LocalDynamoDb;
let tableName: string;
const config = aPoolConfig({ poolId: small });

beforeAll(async () => {
  dynamo = await startDynamoDbLocal();
});
afterAll(() => dynamo.stop());
beforeEach(async () => {
  tableName = await dynamo.createTable();
  const stores = storesOf(dynamo.client);
  await stores.pools.putConfig(config);
  for (let n = 1; n <= warmClusters; n++) await warm(stores, n, cls(n));
});

const warmClusters = 4;
const othersClaims = 3;

describe.each(Object.keys(kinds) as Kind[])("while one writer meets conflicts on its %s item", (kind) => {
  it("claims by others need three calls each, no retry, and share no item with its transactions", async () => {
    const others = aWriter("other");
    const othersDone = Promise.withResolvers<void>();
    const troubled = aWriter("troubled");
    const conflicts = meetConflicts(troubled.client, kind, othersDone.promise);

    const work = kind === "plan" ? troubled.refill() : troubled.claim(0);
    await conflicts.met;
    const claims = [];
    for (let n = 1; n <= othersClaims; n++) claims.push(await others.claim(n));
    const writesMeanwhile = [...others.writes];
    othersDone.resolve();
    const outcome = await work;

    expect(claims.map((it) => it.ok && it.value.kind)).toEqual(Array.from({ length: othersClaims }, () => "ready"));
    expect(others.calls()).toEqual(
      Array.from({ length: othersClaims }, () => [
        "UpdateItemCommand",
        "UpdateItemCommand",
        "TransactWriteItemsCommand",
      ]).flat(),
    );
    expect(writesMeanwhile.map(({ attempts }) => attempts)).toEqual(writesMeanwhile.map(() => 1));
    expect(conflicts.count()).toBe(2);
    if (kind === "plan") expect(outcome).toMatchObject({ done: expect.arrayContaining(["create"]) });
    else expect(outcome).toMatchObject({ ok: true, value: { kind: "ready" } });

    await troubled.end(0);
    const inItsTransactions = keysIn(troubled.writes.filter(isTransaction));
    expect(inItsTransactions.size).toBeGreaterThan(0);
    expect(common(inItsTransactions, keysIn(others.writes))).toEqual([]);
    expect(common(keysIn(others.writes.filter(isTransaction)), keysIn(troubled.writes))).toEqual([]);
  });
});

function storesOf(client: DynamoDBDocumentClient) {
  const access = { client, tableName };
  return { pools: dynamoPoolStore(access), sandboxes: dynamoSandboxStore(access) };
}

/** Somebody with a connection of its own, whose calls are seen. */
function aWriter(name: string) {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const requestHandler = { requestTimeout: 30_000 };
  const client = createDocumentClient({ endpoint: dynamo.endpoint, region: "local", credentials, requestHandler });
  const commands: string[] = [];
  const writes: Write[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context.commandName);
      commands.push(command);
      const result = await next(args);
      const keys = keysOf(args.input).map(({ pk, sk }) => `${pk} ${sk}`);
      if (keys.length > 0) writes.push({ command, keys, attempts: attemptsOf(result.output) });
      return result;
    },
    { step: "initialize", name: "watch" },
  );
  const { pools, sandboxes } = storesOf(client);
  const { refill, work } = memoryQueues();
  const clock = () => now;
  // Configuration is read once, as the api function caches it.
  const ports = { pools: { ...pools, getConfig: async () => config }, sandboxes, refill, work, clock };
  const sandboxId = (n: number) => asId<SandboxId>(`sbx_${name}_${n}`);
  let clusters = 0;
  return {
    client,
    writes,
    calls: () => [...commands],
    claim: (n: number) =>
      claimSandbox(ports, {
        sandboxId: sandboxId(n),
        requestDigest: "d",
        tenant: acme,
        ownerId: asId<OwnerId>(name),
        poolId: small,
        reuse: "never",
        onEmpty: "queue",
        labels: {},
        metadata: {},
        parameters: {},
      }),
    end: (n: number) => deleteSandbox(ports, acme, sandboxId(n)),
    refill: () => refillPool({ ...ports, newClusterId: () => cls(100 + ++clusters) }, small),
  };
}

/**
 * Lets the client's writes of such items fail as AWS would when a transaction on them is in flight: the first at once, the
 * second only when `until` resolves.
 */
function meetConflicts(client: DynamoDBDocumentClient, kind: Kind, until: Promise<void>) {
  const met = Promise.withResolvers<void>();
  let count = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const touched = keysOf(args.input).map(({ sk }) => sk.startsWith(kinds[kind]));
      if (!touched.includes(true) || count === 2) return next(args);
      count++;
      met.resolve();
      if (count === 2) await until;
      const meta = { $metadata: {}, message: "injected" };
      if (!isRecord(args.input) || !("TransactItems" in args.input)) throw new TransactionConflictException(meta);
      const CancellationReasons = touched.map((it) => ({ Code: it ? "TransactionConflict" : "None" }));
      throw new TransactionCanceledException({ ...meta, CancellationReasons });
    },
    { step: "initialize", priority: "low", name: "conflict" },
  );
  return { met: met.promise, count: () => count };
}

/** The items that a write names, in its order; none for a read. */
function keysOf(input: unknown): readonly Key[] {
  if (!isRecord(input) || "ConsistentRead" in input) return [];
  if (Array.isArray(input.TransactItems)) {
    return input.TransactItems.flatMap((item: object) => Object.values(item)).flatMap(keysOf);
  }
  const key = input.Key ?? input.Item;
  return isKey(key) ? [key] : [];
}

function attemptsOf(output: unknown): number {
  return isRecord(output) && isRecord(output.$metadata) ? Number(output.$metadata.attempts) : Number.NaN;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isKey(value: unknown): value is Key {
  return isRecord(value) && typeof value.pk === "string" && typeof value.sk === "string";
}

function isTransaction({ command }: Write): boolean {
  return command === "TransactWriteItemsCommand";
}

function keysIn(writes: readonly Write[]): Set<string> {
  return new Set(writes.flatMap(({ keys }) => keys));
}

function common(some: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  return [...some].filter((key) => others.has(key));
}
