import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createDocumentClient } from "../../shared/adapters/dynamodb/client.ts";
import { dynamoPoolStore } from "../../shared/adapters/dynamodb/pool-store.ts";
import { dynamoSandboxStore } from "../../shared/adapters/dynamodb/sandbox-store.ts";
import { asId, type ClusterId } from "../../shared/domain/ids.ts";
import type { RefillQueue, WorkQueue } from "../../shared/ports/queues.ts";
import type { SandboxStore } from "../../shared/ports/sandbox-store.ts";
import { advanceCluster } from "../../shared/usecases/advance-cluster.ts";
import { reapDue, reapSandbox } from "../../shared/usecases/reap-due.ts";
import { refillPool } from "../../shared/usecases/refill-pool.ts";
import { chanceFrom } from "../simulation/chance.ts";
import { instantCloud, instantKubernetes } from "../support/instant-cloud.ts";
import { openKeyOf, playCaller } from "./caller.ts";
import { openRecorder, type Recorder, readHistory } from "./event.ts";
import { type FromProcess, type Job, type ProcessSettings, readClock, type ToProcess } from "./messages.ts";

const settings: ProcessSettings = JSON.parse(process.argv[2] ?? "");
const { endpoint, tableName, poolId } = settings;
const predecessors = existsSync(settings.file) ? readHistory(settings.file) : [];
const recorder = openRecorder(settings.file, settings.name);
const chance = chanceFrom(settings.seed);
let skipped = 0;
let calm = false;

const credentials = { accessKeyId: "local", secretAccessKey: "local" };
const access = { client: createDocumentClient({ endpoint, region: "local", credentials }), tableName };
const sent = new Map<number, () => void>();
let sends = 0;
const clock = () => readClock(settings.clock, skipped);
const pools = dynamoPoolStore(access);
const sandboxes = dynamoSandboxStore(access);
const work: WorkQueue = {
  send: (message, delaySeconds = 0) => enqueue((send) => ({ kind: "send", send, message, delaySeconds })),
};
const refill: RefillQueue = { nudge: () => enqueue((send) => ({ kind: "nudge", send })) };
const newClusterId = () => asId<ClusterId>(`cls-${randomUUID()}`);
const random = () => chance.between(0, 999_999) / 1_000_000;
const cloud = { provider: instantCloud, kubernetes: instantKubernetes };
const common = { pools, refill, work, clock, random, newClusterId, ...cloud };
const ports = { ...common, sandboxes };
/** The reaper's releases are recorded where they are written: what it ends, it finds by itself. */
const reaperPorts = { ...common, sandboxes: recordingEnds(sandboxes, recorder) };

process.on("message", (message: ToProcess) => {
  switch (message.kind) {
    case "job":
      void consume(message.id, message.job);
      return;
    case "sent":
      sent.get(message.send)?.();
      sent.delete(message.send);
      return;
    case "calm":
      calm = true;
      return;
    case "skipped":
      skipped = message.milliseconds;
  }
});
process.once("disconnect", () => process.exit());
tell({ kind: "up" });
await Promise.all(
  settings.callers.map((number) =>
    playCaller({ ports, recorder, chance, poolId, isCalm: () => calm }, number, openKeyOf(number, predecessors)),
  ),
);
tell({ kind: "idle" });

function tell(message: FromProcess): void {
  process.send?.(message);
}

/** Resolves when the queue has the message, as SQS answers. */
function enqueue(message: (send: number) => FromProcess): Promise<void> {
  const send = ++sends;
  return new Promise((resolve) => {
    sent.set(send, resolve);
    tell(message(send));
  });
}

async function consume(id: number, job: Job): Promise<void> {
  try {
    await run(job);
    tell({ kind: "done", id });
  } catch (error) {
    tell({ kind: "done", id, error: String(error) });
  }
}

async function run(job: Job): Promise<void> {
  switch (job.kind) {
    case "advanceCluster":
      await advanceCluster(ports, job);
      return;
    case "refill":
      await refillPool(ports, job.poolId);
      return;
    case "sweep":
      await reapDue(reaperPorts);
      return;
    case "reapSandbox":
      await reapSandbox(reaperPorts, job.sandboxId);
  }
}

function recordingEnds(store: SandboxStore, { call }: Recorder): SandboxStore {
  return {
    ...store,
    async end(before, ended, cluster) {
      const clusterId = "clusterId" in ended ? ended.clusterId : undefined;
      const answer = await call({ call: "release", sandboxId: ended.id, clusterId }, async () =>
        (await store.end(before, ended, cluster))
          ? { state: ended.state, clusterId }
          : { refused: "changed_meanwhile" },
      );
      return "state" in answer;
    },
  };
}
