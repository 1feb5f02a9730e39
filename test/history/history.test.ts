import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { asId, type SandboxId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import { aPoolConfig } from "../support/builders.ts";
import { type LocalDynamoDb, startDynamoDbLocal } from "../support/dynamodb-local.ts";
import { checkHistory, pairCalls } from "./check.ts";
import { type HistoryEvent, monotonicNow, openRecorder, readHistory } from "./event.ts";
import { play } from "./play.ts";

const seed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 1_000_000) + 1);

let dynamo: LocalDynamoDb;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandlot-history-"));
  dynamo = await startDynamoDbLocal();
});
afterAll(async () => {
  await dynamo.stop();
  await rm(folder, { recursive: true });
});

/** A pool that is short of clusters now and then, and whose forgotten sandboxes end within seconds of its fast clock. */
const config: PoolConfig = aPoolConfig({
  policy: { minWarm: 8, maxTotal: 24, bufferPercent: 30, maxConcurrent: 12, trimCoolDownSeconds: 60 },
  lease: {
    defaultTtlSeconds: 60,
    maxTtlSeconds: 60,
    maxLifetimeSeconds: 60,
    activationDeadlineSeconds: 60,
    maxQueueSeconds: 240,
  },
  quotas: { owner: 20, tenant: 10_000 },
});

describe("processes that claim and release while they are killed", () => {
  it("leave a history in which ownership is linearizable", { timeout: 240_000 }, async () => {
    const tableName = await dynamo.createTable();
    const access = { client: dynamo.client, tableName };
    const pools = dynamoPoolStore(access);
    const sandboxes = dynamoSandboxStore(access);
    await pools.putConfig(config);

    const { poolId } = config;
    async function recordedSandboxes() {
      const ids: SandboxId[] = [];
      let start: Record<string, unknown> | undefined;
      do {
        const page = await dynamo.client.send(
          new ScanCommand({ TableName: tableName, ...(start && { ExclusiveStartKey: start }) }),
        );
        const found = (page.Items ?? []).filter(({ sk }) => sk === "SANDBOX");
        ids.push(...found.map(({ id }) => asId<SandboxId>(String(id))));
        start = page.LastEvaluatedKey;
      } while (start);
      return ids;
    }
    async function isAtRest() {
      const view = await pools.readPool(poolId);
      const settled = view?.clusters.every(({ state }) => state === "available" || state === "claimed");
      const waiting = view?.slots.some(({ sandbox }) => sandbox !== undefined);
      const all = await Promise.all((await recordedSandboxes()).map((id) => sandboxes.get(id)));
      return settled === true && waiting === false && all.every((it) => it?.state !== "terminating");
    }

    const { endpoint } = dynamo;
    const settings = { seed, endpoint, tableName, config, folder, isAtRest };
    const { files, kills } = await play({
      ...settings,
      processes: 6,
      callersEach: 2,
      busySeconds: [15, 75],
      handOuts: 25,
    });

    const restFile = join(folder, "rest.jsonl");
    const rest = openRecorder(restFile, "rest");
    for (const id of await recordedSandboxes()) {
      const sandbox = await sandboxes.get(id);
      if (!sandbox) continue;
      const clusterId = "clusterId" in sandbox ? sandbox.clusterId : undefined;
      rest.write({ kind: "sandbox", at: monotonicNow(), sandboxId: id, state: sandbox.state, clusterId });
    }
    for (const cluster of (await pools.readPool(poolId))?.clusters ?? []) {
      const sandboxId = "sandboxId" in cluster ? cluster.sandboxId : undefined;
      rest.write({ kind: "cluster", at: monotonicNow(), clusterId: cluster.id, state: cluster.state, sandboxId });
    }
    rest.close();

    const history: readonly HistoryEvent[] = [...files, restFile].flatMap(readHistory);
    const { calls } = pairCalls(history);
    const claims = calls.filter(({ call }) => call === "claim");
    const handedOut = new Set(
      calls.flatMap(({ answer }) => (answer && "clusterId" in answer && answer.clusterId ? [answer.clusterId] : [])),
    );
    const counts = {
      seed,
      claims: claims.length,
      sandboxes: new Set(claims.map(({ sandboxId }) => sandboxId)).size,
      handedOut: handedOut.size,
      releases: calls.filter(({ call }) => call === "release").length,
      kills,
      pending: calls.filter(({ answer }) => !answer).length,
    };
    console.log(`history: ${JSON.stringify(counts)}`);
    expect(checkHistory(history), `HISTORY_SEED=${seed}`).toEqual([]);
    expect(counts.kills).toBeGreaterThan(10);
    expect(counts.handedOut).toBeGreaterThan(10);
    expect(counts.pending).toBeGreaterThan(5);
  });
});
