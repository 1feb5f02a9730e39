import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { memoryQueues } from "../../shared/adapters/memory/queues.ts";
import {
  asId,
  type ClusterId,
  type OwnerId,
  type PoolId,
  type SandboxId,
  type TenantId,
} from "../../shared/domain/ids.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import { claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import { placeCluster } from "../../shared/usecases/place-cluster.ts";
import { aCluster, aHealth, aPoolConfig } from "../support/builders.ts";
import { type LocalDynamoDb, startDynamoDbLocal } from "../support/dynamodb-local.ts";

const poolId = asId<PoolId>("small");
let local: LocalDynamoDb;
/** Calls and refused conditions, as the client saw them. */
const seen = { calls: [] as string[], refused: 0 };

beforeAll(async () => {
  local = await startDynamoDbLocal();
  local.client.middlewareStack.add(
    (next, context) => async (args) => {
      seen.calls.push(String(context.commandName));
      try {
        return await next(args);
      } catch (error) {
        const name = error instanceof Error ? error.name : "";
        if (name === "ConditionalCheckFailedException" || name === "TransactionCanceledException") seen.refused++;
        throw error;
      }
    },
    { step: "initialize", name: "countCalls" },
  );
});
afterAll(() => local.stop());

/** A table whose pool has `count` warm clusters; configuration is read once, as the api function caches it. */
async function aPool(count: number) {
  const access = { client: local.client, tableName: await local.createTable() };
  const pools = dynamoPoolStore(access);
  const sandboxes = dynamoSandboxStore(access);
  const config = { ...aPoolConfig({ poolId }), quotas: { owner: 100, tenant: 1000 } };
  await pools.putConfig(config);
  const clock = () => Date.now();
  const pass = await pools.beginPass(poolId);
  for (let n = 1; n <= count; n++) {
    const id = asId<ClusterId>(`cls-${n}`);
    await pools.createCluster(aCluster.requested({ id, version: 1 }), pass);
    await pools.saveCluster(aCluster.validating({ id, version: 2 }));
    await placeCluster({ pools, sandboxes, clock }, aCluster.validating({ id, version: 2 }), aHealth);
  }
  const cached: PoolStore = { ...pools, getConfig: async () => config };
  const ports = { pools: cached, sandboxes, refill: memoryQueues().refill, clock };
  const claim = (n: number) =>
    claimSandbox(ports, {
      sandboxId: asId<SandboxId>(`sbx_${n}`),
      requestDigest: "d",
      tenant: asId<TenantId>("acme"),
      ownerId: asId<OwnerId>(`owner-${n}`),
      poolId,
      reuse: "never",
      onEmpty: "queue",
      labels: {},
      metadata: {},
      parameters: {},
    });
  seen.calls.length = 0;
  seen.refused = 0;
  return { pools, sandboxes, claim };
}

describe("50 claims at once on 20 warm clusters", () => {
  it("give 20 winners, 30 queued, no duplicate, and no failed conditional write", async () => {
    const { pools, sandboxes, claim } = await aPool(20);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => claim(n)));
    const refusedWrites = seen.refused;
    const kinds = outcomes.map((it) => (it.ok ? it.value.kind : it.refusal.code));
    expect(kinds.filter((it) => it === "ready")).toHaveLength(20);
    expect(kinds.filter((it) => it === "queued")).toHaveLength(30);
    expect(refusedWrites).toBe(0);

    const held = new Set<string>();
    const positions: number[] = [];
    for (const outcome of outcomes) {
      if (!outcome.ok) continue;
      const sandbox = await sandboxes.get(outcome.value.sandbox.id);
      if (sandbox?.state === "ready") held.add(sandbox.clusterId);
      if (sandbox?.state === "pending") positions.push(await pools.countWaitingBefore(poolId, sandbox.ticket));
    }
    expect(held.size).toBe(20);
    expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });
});

describe("a warm claim", () => {
  it("takes three calls: ticket, slot, match", async () => {
    const { claim } = await aPool(1);
    await claim(1);
    expect(seen.calls).toEqual(["UpdateItemCommand", "UpdateItemCommand", "TransactWriteItemsCommand"]);
  });
  it("writes no item in its transaction that another claim writes", async () => {
    const { claim, pools } = await aPool(2);
    const inTransactions: string[][] = [];
    local.client.middlewareStack.add(
      (next) => async (args) => {
        const { TransactItems } = args.input as {
          TransactItems?: Record<string, { Key?: object; Item?: { pk: string; sk: string } }>[];
        };
        if (TransactItems) {
          inTransactions.push(
            TransactItems.flatMap((it) =>
              Object.values(it).map(({ Key, Item }) => JSON.stringify(Key ?? { pk: Item?.pk, sk: Item?.sk })),
            ),
          );
        }
        return next(args);
      },
      { step: "initialize", name: "lookIntoTransactions" },
    );
    await Promise.all([claim(1), claim(2)]);
    local.client.middlewareStack.remove("lookIntoTransactions");
    const [first = [], second = []] = inTransactions;
    expect(inTransactions).toHaveLength(2);
    expect(first.length).toBeGreaterThanOrEqual(4);
    expect(first.filter((key) => second.includes(key))).toEqual([]);
    expect((await pools.readPool(poolId))?.slots).toEqual([]);
  });
});
