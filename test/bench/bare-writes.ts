import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { TableAccess } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { asId, type OwnerId, type SandboxId, type TenantId } from "../../shared/domain/ids.ts";
import type { PoolConfig } from "../../shared/domain/pool.ts";
import type { PoolStore } from "../../shared/ports/pool-store.ts";
import { claimSandbox } from "../../shared/usecases/claim-sandbox.ts";
import type { BareRun, BareThread } from "./bare-thread.ts";
import { aWarmPool } from "./warm-pool.ts";

/** Twelve digits, as wide as a slot's number in its key, so that one replacement renames every part of a claim. */
const recordedNumber = 424_242_424_242;
const recordedPool = "pool-of-the-recording";

/** The three requests of one claim as JSON, with its names in place. */
export interface RecordedClaim {
  readonly ticket: string;
  readonly slot: string;
  readonly match: string;
}

/** A request as claim number `n` of a pool would send it. */
export function rename(request: string, poolId: string, n: number): string {
  return request.replaceAll(String(recordedNumber), String(n).padStart(12, "0")).replaceAll(recordedPool, poolId);
}

/** Claims a warm cluster with the product's own code in this thread, its pool's configuration known. */
export async function claimHere(access: TableAccess, config: PoolConfig, name: string): Promise<void> {
  const pools: PoolStore = { ...dynamoPoolStore(access), getConfig: async () => config };
  const refill = { nudge: async () => undefined };
  const ports = { pools, sandboxes: dynamoSandboxStore(access), refill, clock: Date.now };
  const claimed = await claimSandbox(ports, {
    sandboxId: asId<SandboxId>(`sbx_${name}`),
    requestDigest: "0".repeat(64),
    tenant: asId<TenantId>("acme"),
    ownerId: asId<OwnerId>(`owner-${name}`),
    poolId: config.poolId,
    reuse: "never",
    onEmpty: "queue",
    labels: {},
    metadata: {},
    parameters: {},
  });
  if (!claimed.ok || claimed.value.kind !== "ready") throw new Error("A warm cluster was not to be had.");
}

/** Makes one claim of a warm cluster and keeps what it sent. */
export async function recordClaim(access: TableAccess): Promise<RecordedClaim> {
  const config = await aWarmPool(access, recordedPool, 1, {}, recordedNumber);
  const inputs: string[] = [];
  access.client.middlewareStack.add(
    (next) => async (args) => {
      inputs.push(JSON.stringify(args.input));
      return next(args);
    },
    { step: "serialize", name: "recordInputs" },
  );
  await claimHere(access, config, `${recordedPool}-${recordedNumber}`);
  access.client.middlewareStack.remove("recordInputs");
  const [ticket, slot, match, ...others] = inputs;
  if (!ticket || !slot || !match || others.length > 0) {
    throw new Error(`A warm claim sent ${inputs.length} requests, not ticket, slot and match.`);
  }
  return { ticket, slot, match };
}

/** Sends a claim's bare writes with the SDK alone, from a thread of its own. */
export interface BareWriter {
  /** Milliseconds for the writes of `count` claims on a pool with that many warm clusters, `width` claims at a time. */
  run(run: BareRun): Promise<number>;
  stop(): Promise<void>;
}

export async function startBareWriter(thread: BareThread): Promise<BareWriter> {
  const worker = new Worker(new URL("bare-thread.ts", import.meta.url), {
    workerData: thread,
    stdout: true,
    stderr: true,
  });
  await once(worker, "online");
  return {
    async run(run) {
      worker.postMessage(run);
      const [milliseconds] = (await once(worker, "message")) as [number];
      return milliseconds;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
