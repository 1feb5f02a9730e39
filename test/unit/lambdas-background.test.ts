import type { Context, ScheduledEvent, SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { createHandler as createReaper } from "../../lambdas/reaper/reaper.ts";
import { createHandler as createRefiller } from "../../lambdas/refiller/refiller.ts";
import { createHandler as createWorker } from "../../lambdas/worker/worker.ts";
import { asId, type ClusterId, type SandboxId } from "../../shared/domain/ids.ts";
import { anApi, inMemory, lambdaContext, quiet, small } from "../support/api.ts";
import { instantCloud, instantKubernetes } from "../support/instant-cloud.ts";

const messages = (...bodies: readonly unknown[]): SQSEvent => ({
  Records: bodies.map((body, n) => ({
    messageId: `m${n}`,
    receiptHandle: "",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "0",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue",
    awsRegion: "us-east-1",
  })),
});

const minute: ScheduledEvent = {
  id: "",
  version: "0",
  account: "",
  time: "",
  region: "",
  resources: [],
  source: "aws.events",
  "detail-type": "Scheduled Event",
  detail: {},
};

const invoke = async (
  handler: (event: SQSEvent & ScheduledEvent, context: Context) => unknown,
  event: SQSEvent | ScheduledEvent,
) => handler(event as SQSEvent & ScheduledEvent, lambdaContext);

async function aDeployment() {
  const parts = await inMemory();
  let clusters = 0;
  const newClusterId = () => asId<ClusterId>(`cls-${++clusters}`);
  const refiller = createRefiller({ ...parts.ports, newClusterId, parseMessage: JSON.parse }, quiet);
  const work = { ...parts.ports, provider: instantCloud, kubernetes: instantKubernetes, parseMessage: JSON.parse };
  return { ...parts, refiller, work, worker: createWorker(work, quiet) };
}

describe("the refiller", () => {
  it("makes a pass over the pool that a message names, and tells its counts", async () => {
    const { refiller, queues, recorded } = await aDeployment();
    expect(await invoke(refiller, messages({ poolId: "small" }))).toEqual({ batchItemFailures: [] });
    expect(queues.sent).toHaveLength(2);
    expect(recorded).toEqual([
      [{ pool: "small" }, expect.objectContaining({ ClustersTarget: 2, ClustersAvailable: 0 })],
    ]);
  });
  it("nudges every pool each minute", async () => {
    const { refiller, queues } = await aDeployment();
    await invoke(refiller, minute);
    expect(queues.nudges.map((it) => it.poolId)).toEqual([small.poolId]);
  });
  it("lets a message about an unknown pool pass", async () => {
    const { refiller } = await aDeployment();
    expect(await invoke(refiller, messages({ poolId: "gone" }))).toEqual({ batchItemFailures: [] });
  });
});

describe("the worker", () => {
  it("builds a cluster step by step until it is warm, and measures that", async () => {
    const { refiller, worker, queues, recorded, ports, time } = await aDeployment();
    await invoke(refiller, messages({ poolId: "small" }));
    for (let next = 0; next < queues.sent.length; next++) {
      time.now += 1000;
      // A warm cluster's probes go on and on, each after a delay.
      if (queues.sent[next]?.delaySeconds === 0) await invoke(worker, messages(queues.sent[next]?.message));
    }
    const view = await ports.pools.readPool(small.poolId);
    expect(view?.clusters.map((it) => it.state)).toEqual(["available", "available"]);
    expect(recorded.filter(([, values]) => "ProvisionSeconds" in values)).toHaveLength(2);
  });

  it("tells when a cluster was asked for whose Kubernetes version will soon be out of support", async () => {
    const { work, refiller, queues, recorded } = await aDeployment();
    await invoke(refiller, messages({ poolId: "small" }));
    const create = async () => ({ kind: "done" as const, supportEndsAt: 1 });
    await invoke(
      createWorker({ ...work, provider: { ...instantCloud, create } }, quiet),
      messages(queues.sent[0]?.message),
    );
    expect(recorded.at(-1)).toEqual([{ pool: "small" }, { VersionSupportEndsSoon: 1 }]);
  });

  it("fails the message that it cannot read, and that one only", async () => {
    const { worker, refiller, queues } = await aDeployment();
    await invoke(refiller, messages({ poolId: "small" }));
    const answer = await invoke(worker, messages("not json", queues.sent[0]?.message));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m0" }] });
  });

  it("fails a message whose record cannot be read or written, so that the queue delivers it again", async () => {
    const { work } = await aDeployment();
    const getCluster = async () => {
      throw new Error("throttled");
    };
    const worker = createWorker({ ...work, pools: { ...work.pools, getCluster } }, quiet);
    const message = { kind: "advanceCluster", poolId: "small", clusterId: "cls-1", version: 1 };
    expect(await invoke(worker, messages(message))).toEqual({ batchItemFailures: [{ itemIdentifier: "m0" }] });
  });

  it("tells when the cloud has no room, and when a step failed for good", async () => {
    const { work, refiller, queues, recorded, time } = await aDeployment();
    await invoke(refiller, messages({ poolId: "small" }));
    const create = async () => ({ kind: "capacityBlocked" as const, afterSeconds: 60, note: "quota" });
    await invoke(
      createWorker({ ...work, provider: { ...instantCloud, create } }, quiet),
      messages(queues.sent[0]?.message),
    );
    const failed = async () => ({ kind: "failed" as const, note: "bad role" });
    const refusing = createWorker({ ...work, provider: { ...instantCloud, create: failed } }, quiet);
    time.now += 60_000;
    await invoke(refusing, messages(queues.sent[1]?.message));
    expect(recorded.slice(1).map(([, values]) => values)).toEqual([{ StepBlocked: 1 }, { StepFailed: 1 }]);
  });
});

describe("the reaper", () => {
  it("ends what is due, by reason, and has the worker end to the second what falls due within the minute", async () => {
    const api = await anApi();
    await api.warm("cls-1");
    const first = await api.claim("k1");
    api.time.now += 600_000 - 30_000;
    const reaper = createReaper(api.ports, quiet);
    await invoke(reaper, minute);
    const scheduled = api.queues.sent.at(-1);
    expect(scheduled).toEqual({ message: { kind: "reapSandbox", sandboxId: first.body.id }, delaySeconds: 30 });

    api.time.now += 30_000;
    const worker = createWorker(
      { ...api.ports, provider: instantCloud, kubernetes: instantKubernetes, parseMessage: JSON.parse },
      quiet,
    );
    await invoke(worker, messages(scheduled?.message));
    expect(await api.ports.sandboxes.get(asId<SandboxId>(first.body.id))).toMatchObject({
      state: "terminating",
      reason: "not_activated",
    });
    const waiting = await api.claim("k2");
    api.time.now += 300_000;
    await invoke(reaper, minute);
    expect((await api.send("GET", `/v1/sandboxes/${waiting.body.id}`)).body).toMatchObject({
      state: "failed",
      stateReason: "queue_timeout",
    });
    const reaped = api.recorded.filter(([, values]) => "Reaped" in values);
    expect(reaped).toEqual([
      [{ pool: "small", reason: "not_activated" }, { Reaped: 1 }],
      [{ pool: "small", reason: "queue_timeout" }, { Reaped: 1 }],
    ]);
  });
});
